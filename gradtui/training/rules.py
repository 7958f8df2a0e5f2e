"""What one update did to one variable, in the field's notation, with the numbers of torch's own optimizer.

Each number is a gradient, a setting, or an entry of `optimizer.state` before or after: nothing is computed here. Where torch does
not keep what a line makes (`m̂`), the line ends with its operands. Sources: the algorithms in torch.optim's documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from msgspec import Struct

from gradtui.snapshot.numbers import NOT_KNOWN, as_factor, number
from gradtui.snapshot.training import Moved, Place, Remembered, Setting, State, Tensor

ELEMENTS = 3
"""Of a vector that are written out."""
DIGITS = 6
LONGER = {"m": "avg", "v": "sq", "u": "acc", "s": "sum", "a": "mean", "b": "buf"}
"""What an optimizer keeps is called by a letter, or so where a variable has that name."""


class Line(Struct, frozen=True):
    """`b ← μ·b + ḡ`, the same with its numbers, and what came of it; the last is empty where torch does not keep it."""

    rule: str
    numbers: str = ""
    result: str = ""

    @property
    def filled(self) -> str:
        return f"{self.numbers} = {self.result}" if self.numbers and self.result else self.numbers or self.result


class UpdateTexts:
    """The numbers of one update, as texts."""

    def __init__(
        self,
        optimizer: str,
        name: str,
        moved: Moved,
        before: State,
        settings: Mapping[str, Setting],
        names: Collection[str],
    ) -> None:
        self._optimizer = optimizer
        self.m, self.v, self.u, self.s, self.a, self.b = (
            longer if letter in names else letter for letter, longer in LONGER.items()
        )
        self.name, self._moved, self._before, self._settings = name, moved, before, settings

    @property
    def left(self) -> str:
        """The gradient as backward left it."""
        return _text(self._moved.grad)

    @property
    def decays_along(self) -> bool:
        """Whether weight decay goes into the gradient."""
        return self.on("weight_decay") and not self.decays_apart

    @property
    def grad(self) -> str:
        """The gradient that the rule takes: `ḡ` where a line before has made another one of it, which torch does not keep."""
        return "ḡ" if self.on("maximize") or self.decays_along else self.left

    @property
    def value(self) -> str:
        return _text(self._moved.value)

    @property
    def after(self) -> str:
        return _text(self._moved.after)

    @property
    def decays_apart(self) -> bool:
        """Whether weight decay moves the variable before the rule does, and not by way of the gradient."""
        return self.on("weight_decay") and (self._optimizer == "AdamW" or self.on("decoupled_weight_decay"))

    def had(self, entry: str) -> str:
        """Before the update; 0 where torch had not begun to keep it."""
        return _text(self._before[entry]) if entry in self._before else "0"

    def knew(self, entry: str) -> bool:
        return self._before.get(entry) is not None

    def has(self, entry: str) -> str:
        """After it."""
        return _text(self._moved.state.get(entry))

    @property
    def steps(self) -> str:
        return self.has("step")

    @property
    def at(self) -> str:
        """`, t = 3`; empty for a rule without numbers."""
        return "" if self.steps == NOT_KNOWN else f", t = {self.steps}"

    def on(self, name: str) -> bool:
        """Whether a setting is there and does something."""
        return bool(self._settings.get(name))

    def set(self, name: str) -> str:
        return _text(_number(self._settings.get(name)))

    def pair(self, name: str) -> tuple[str, str]:
        both = self._settings.get(name)
        first, second = both if isinstance(both, tuple) and len(both) == 2 else (None, None)
        return _text(first), _text(second)


def lines(
    optimizer: str,
    name: str,
    moved: Moved,
    before: State,
    settings: Mapping[str, Setting],
    names: Collection[str] = (),
) -> list[Line]:
    """The rule, line by line. before: the optimizer's state of this variable before the update. names: of all variables:
    what an optimizer keeps is not called by one of these."""
    if moved.grad is None:
        return [Line(f"{name} has no gradient: torch leaves it where it is")]
    rule = RULES.get(optimizer)
    told = UpdateTexts(optimizer, name, moved, before, settings, names)
    return [*_gradient(told), *(rule(told) if rule is not None else [Line(f"{name} ←", "", told.after)])]


def _gradient(told: UpdateTexts) -> Iterator[Line]:
    """What happens to the gradient before the rule proper."""
    if told.on("maximize"):
        yield Line("ḡ ← −ḡ", f"−{as_factor(told.left)}")
    if told.decays_along:
        grad = "ḡ" if told.on("maximize") else told.left
        yield Line(f"ḡ ← ḡ + λ·{told.name}", f"{grad} + {told.set('weight_decay')}·{as_factor(told.value)}")


def _decay(told: UpdateTexts) -> Iterator[Line]:
    if told.decays_apart:
        name = told.name
        numbers = f"{told.value} − {told.set('lr')}·{told.set('weight_decay')}·{as_factor(told.value)}"
        yield Line(f"{name} ← {name} − lr·λ·{name}", numbers)


def _moves(told: UpdateTexts, step: str, numbers: str) -> Line:
    start = told.name if told.decays_apart else told.value
    return Line(f"{told.name} ← {told.name} − {step}", f"{start} − {numbers}", told.after)


def _sgd(told: UpdateTexts) -> Iterator[Line]:
    lr, grad = told.set("lr"), as_factor(told.grad)
    if not told.on("momentum"):
        yield _moves(told, "lr·ḡ", f"{lr}·{grad}")
        return
    mu, held, kept = told.set("momentum"), told.has("momentum_buffer"), as_factor(told.had("momentum_buffer"))
    damp, b = told.on("dampening"), told.b
    if not told.knew("momentum_buffer"):
        yield Line(f"{b} ← ḡ  (the first time)", "", held)
    elif damp:
        yield Line(f"{b} ← μ·{b} + (1 − τ)·ḡ", f"{mu}·{kept} + (1 − {told.set('dampening')})·{grad}", held)
    else:
        yield Line(f"{b} ← μ·{b} + ḡ", f"{mu}·{kept} + {as_factor(told.grad)}", held)
    if told.on("nesterov"):
        yield _moves(told, f"lr·(ḡ + μ·{b})", f"{lr}·({as_factor(told.grad)} + {mu}·{as_factor(held)})")
    else:
        yield _moves(told, f"lr·{b}", f"{lr}·{as_factor(held)}")


def _moments(told: UpdateTexts, second: str = "exp_avg_sq") -> Iterator[Line]:
    m, v = told.m, told.v
    one, two = told.pair("betas")
    grad = as_factor(told.grad)
    yield Line(
        f"{m} ← β₁·{m} + (1 − β₁)·ḡ",
        f"{one}·{as_factor(told.had('exp_avg'))} + (1 − {one})·{grad}",
        told.has("exp_avg"),
    )
    if second == "exp_avg_sq":
        yield Line(f"{v} ← β₂·{v} + (1 − β₂)·ḡ²", f"{two}·{told.had(second)} + (1 − {two})·{grad}²", told.has(second))


def _adam(told: UpdateTexts) -> Iterator[Line]:
    one, two = told.pair("betas")
    t, lr, eps = told.steps, told.set("lr"), told.set("eps")
    yield from _decay(told)
    yield from _moments(told)
    yield Line(f"m̂ = {told.m}/(1 − β₁^t){told.at}", f"{told.has('exp_avg')}/(1 − {one}^{t})")
    largest = "max_exp_avg_sq" if told.on("amsgrad") else "exp_avg_sq"
    if told.on("amsgrad"):
        yield Line(
            f"{told.v} ← max({told.v} so far)", f"max({told.had(largest)}, {told.has('exp_avg_sq')})", told.has(largest)
        )
    yield Line(f"v̂ = {told.v}/(1 − β₂^t)", f"{told.has(largest)}/(1 − {two}^{t})")
    yield _moves(told, "lr·m̂/(√v̂ + ε)", f"{lr}·m̂/(√v̂ + {eps})")


def _nadam(told: UpdateTexts) -> Iterator[Line]:
    one, two = told.pair("betas")
    t = told.steps
    yield from _decay(told)
    kept = told.had("mu_product") if told.knew("mu_product") else "1"
    yield Line(
        "∏μ ← ∏μ·μₜ, μₜ = β₁·(1 − ½·0.96^(t·ψ))",
        f"{kept}·{one}·(1 − ½·0.96^({t}·{told.set('momentum_decay')}))",
        told.has("mu_product"),
    )
    yield from _moments(told)
    yield Line(
        f"m̂ = μₜ₊₁·{told.m}/(1 − ∏μ·μₜ₊₁) + (1 − μₜ)·ḡ/(1 − ∏μ)",
        f"{told.m} = {told.has('exp_avg')}, ∏μ = {told.has('mu_product')}",
    )
    yield Line(f"v̂ = {told.v}/(1 − β₂^t)", f"{told.has('exp_avg_sq')}/(1 − {two}^{t})")
    yield _moves(told, "lr·m̂/(√v̂ + ε)", f"{told.set('lr')}·m̂/(√v̂ + {told.set('eps')})")


def _radam(told: UpdateTexts) -> Iterator[Line]:
    one, two = told.pair("betas")
    t = told.steps
    yield from _decay(told)
    yield from _moments(told)
    yield Line(f"m̂ = {told.m}/(1 − β₁^t)", f"{told.has('exp_avg')}/(1 − {one}^{t})")
    yield Line("ρₜ = ρ∞ − 2t·β₂^t/(1 − β₂^t), ρ∞ = 2/(1 − β₂) − 1", f"t = {t}, β₂ = {two}")
    rectified = f"r·√(1 − β₂^t)/(√{told.v} + ε)"
    yield Line(f"ρₜ > 5: {rectified} goes before m̂, r from ρₜ; else 1", f"{told.v} = {told.has('exp_avg_sq')}")
    yield _moves(told, "lr·m̂·(that)", f"{told.set('lr')}·m̂·(that)")


def _adagrad(told: UpdateTexts) -> Iterator[Line]:
    grad = as_factor(told.grad)
    yield Line(f"{told.s} ← {told.s} + ḡ²", f"{told.had('sum')} + {grad}²", told.has("sum"))
    lr = told.set("lr")
    if told.on("lr_decay"):
        t = told.steps
        yield Line(f"η = lr/(1 + (t − 1)·d){told.at}", f"{lr}/(1 + ({t} − 1)·{told.set('lr_decay')})")
        yield _moves(told, f"η·ḡ/(√{told.s} + ε)", f"η·{grad}/(√{told.has('sum')} + {told.set('eps')})")
        return
    yield _moves(told, f"lr·ḡ/(√{told.s} + ε)", f"{lr}·{grad}/(√{told.has('sum')} + {told.set('eps')})")


def _adadelta(told: UpdateTexts) -> Iterator[Line]:
    rho, eps, grad = told.set("rho"), told.set("eps"), as_factor(told.grad)
    v, u = told.has("square_avg"), told.had("acc_delta")
    yield Line(f"{told.v} ← ρ·{told.v} + (1 − ρ)·ḡ²", f"{rho}·{told.had('square_avg')} + (1 − {rho})·{grad}²", v)
    yield Line(f"Δ = √({told.u} + ε)/√({told.v} + ε)·ḡ", f"√({u} + {eps})/√({v} + {eps})·{grad}")
    yield Line(f"{told.u} ← ρ·{told.u} + (1 − ρ)·Δ²", f"{rho}·{u} + (1 − {rho})·Δ²", told.has("acc_delta"))
    yield _moves(told, "lr·Δ", f"{told.set('lr')}·Δ")


def _rmsprop(told: UpdateTexts) -> Iterator[Line]:
    alpha, eps, grad, lr = told.set("alpha"), told.set("eps"), as_factor(told.grad), told.set("lr")
    v = told.has("square_avg")
    yield Line(f"{told.v} ← α·{told.v} + (1 − α)·ḡ²", f"{alpha}·{told.had('square_avg')} + (1 − {alpha})·{grad}²", v)
    root, filled = f"√{told.v}", f"√{v}"
    if told.on("centered"):
        mean = told.has("grad_avg")
        kept = as_factor(told.had("grad_avg"))
        yield Line(f"{told.a} ← α·{told.a} + (1 − α)·ḡ", f"{alpha}·{kept} + (1 − {alpha})·{grad}", mean)
        root, filled = f"√({told.v} − {told.a}²)", f"√({v} − {as_factor(mean)}²)"
    if told.on("momentum"):
        mu, held, b = told.set("momentum"), told.has("momentum_buffer"), told.b
        kept = as_factor(told.had("momentum_buffer"))
        yield Line(f"{b} ← μ·{b} + ḡ/({root} + ε)", f"{mu}·{kept} + {as_factor(told.grad)}/({filled} + {eps})", held)
        yield _moves(told, f"lr·{b}", f"{lr}·{as_factor(held)}")
        return
    yield _moves(told, f"lr·ḡ/({root} + ε)", f"{lr}·{grad}/({filled} + {eps})")


def _rprop(told: UpdateTexts) -> Iterator[Line]:
    small, large = told.pair("etas")
    least, most = told.pair("step_sizes")
    yield Line(
        "ḡ has the sign of the gradient before: step·η⁺; the other: step·η⁻, and ḡ counts as 0",
        f"before {told.had('prev')}",
    )
    kept = told.had("step_size") if told.knew("step_size") else told.set("lr")
    yield Line(f"step ← {least} to {most}", f"{kept}·({large} or {small} or 1)", told.has("step_size"))
    yield _moves(told, "sign(ḡ)·step", f"sign({told.has('prev')})·{told.has('step_size')}")


def _adamax(told: UpdateTexts) -> Iterator[Line]:
    one, two = told.pair("betas")
    t, grad, eps = told.steps, as_factor(told.grad), told.set("eps")
    yield from _moments(told, "exp_inf")
    yield Line(
        f"{told.u} ← max(β₂·{told.u}, |ḡ| + ε)",
        f"max({two}·{told.had('exp_inf')}, |{grad}| + {eps})",
        told.has("exp_inf"),
    )
    yield _moves(
        told,
        f"lr/(1 − β₁^t)·{told.m}/{told.u}{told.at}",
        f"{told.set('lr')}/(1 − {one}^{t})·{as_factor(told.has('exp_avg'))}/{told.has('exp_inf')}",
    )


def _asgd(told: UpdateTexts) -> Iterator[Line]:
    eta = told.had("eta") if told.knew("eta") else told.set("lr")
    name, value = told.name, told.value
    rule = f"{name} ← {name}·(1 − λ·η) − η·ḡ"
    yield Line(rule, f"{value}·(1 − {told.set('lambd')}·{eta}) − {eta}·{as_factor(told.grad)}", told.after)
    lr, lambd, alpha = told.set("lr"), told.set("lambd"), told.set("alpha")
    yield Line("η ← lr/(1 + λ·lr·t)^α", f"{lr}/(1 + {lambd}·{lr}·{told.steps})^{alpha}", told.has("eta"))
    yield Line(f"average of {name}, from update {told.set('t0')} on", "", told.has("ax"))


def _lbfgs(told: UpdateTexts) -> Iterator[Line]:
    yield Line(f"{told.name} ← {told.name} + t·d in each step, d = −H·ḡ with H from the steps before", "", told.after)
    if told.steps != "–" or told.has("n_iter") != "–":
        yield Line(f"in all {told.has('n_iter')} steps and {told.has('func_evals')} evaluations of f")


RULES: dict[str, Callable[[UpdateTexts], Iterator[Line]]] = {
    "SGD": _sgd,
    "Adam": _adam,
    "AdamW": _adam,
    "NAdam": _nadam,
    "RAdam": _radam,
    "Adagrad": _adagrad,
    "Adadelta": _adadelta,
    "RMSprop": _rmsprop,
    "Rprop": _rprop,
    "Adamax": _adamax,
    "ASGD": _asgd,
    "LBFGS": _lbfgs,
}


def _number(value: Setting) -> float | None:
    return value if isinstance(value, int | float) else None


def _text(value: Remembered | Place | None) -> str:
    if isinstance(value, Tensor):
        value = value.numbers if value.shape else value.numbers[0]
    if isinstance(value, tuple):
        shown = [number(one, DIGITS) for one in value[:ELEMENTS] if not isinstance(one, Tensor)]
        return f"[{', '.join([*shown, *(['…'] if len(value) > ELEMENTS else [])])}]"
    return number(value, DIGITS)
