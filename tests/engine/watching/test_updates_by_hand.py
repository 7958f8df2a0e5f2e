"""Updates that a script makes itself, in whatever way it is written: each is one update, and what is told of it is true."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pytest
import torch
from torch import Tensor, nn

from gradtui.engine.watching.watch import Watch
from gradtui.findings.over_time.history import YOUR_CODE
from gradtui.runs.run import Update
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Snapshot

SEED = 1234
"""Not 0, where most tests begin: an optimizer that one of them has left would have weights of the same numbers, as one has whose
copies are trained."""
RATE = 0.1
UPDATES = 12


class Kept:
    """What a watch tells."""

    watch: Watch
    findings: Sequence[Finding] = ()

    def __init__(self) -> None:
        self.optimizers: list[str] = []
        self.updates: list[Update] = []
        self.ended = ""

    def optimizer(self, name: str) -> None:
        self.optimizers.append(name)

    def shards(self, names: Sequence[str]) -> None: ...

    def update(self, update: Update) -> None:
        self.updates.append(update)

    def snapshot(self, update: int, snapshot: Snapshot) -> None: ...

    def finding(self, finding: Finding) -> None: ...

    def watch_ended(self, why: str) -> None:
        self.ended = why


@pytest.fixture
def kept() -> Iterable[Kept]:
    kept = Kept()
    kept.watch = Watch(kept)
    yield kept
    kept.watch.close()


def told(kept: Kept) -> Kept:
    kept.watch.close()
    assert kept.ended == ""
    kept.findings = kept.watch.findings
    return kept


Step = Callable[[Sequence[Tensor]], object]


def under_no_grad(leaves: Sequence[Tensor]) -> None:
    with torch.no_grad():
        for one in leaves:
            one -= RATE * one.grad  # type: ignore[operator]


def by_sub_(leaves: Sequence[Tensor]) -> None:
    with torch.no_grad():
        for one in leaves:
            one.sub_(one.grad, alpha=RATE)  # type: ignore[arg-type]


def by_data(leaves: Sequence[Tensor]) -> None:
    for one in leaves:
        one.data -= RATE * one.grad  # type: ignore[operator]


def by_new_data(leaves: Sequence[Tensor]) -> None:
    for one in leaves:
        one.data = one.data - RATE * one.grad  # type: ignore[operator]


def by_detach(leaves: Sequence[Tensor]) -> None:
    for one in leaves:
        one.detach().add_(one.grad, alpha=-RATE)  # type: ignore[arg-type]


def by_copy(leaves: Sequence[Tensor]) -> None:
    with torch.no_grad():
        new = [one - RATE * one.grad for one in leaves]  # type: ignore[operator]
        for one, other in zip(leaves, new, strict=True):
            one.copy_(other)


def by_elements(leaves: Sequence[Tensor]) -> None:
    with torch.no_grad():
        for one in leaves:
            assert one.grad is not None
            for place in range(len(one)):
                one[place] -= RATE * one.grad[place]


def by_out(leaves: Sequence[Tensor]) -> None:
    with torch.no_grad():
        for one in leaves:
            torch.sub(one, one.grad, alpha=RATE, out=one)  # type: ignore[arg-type]


def by_foreach(leaves: Sequence[Tensor]) -> None:
    with torch.no_grad():
        torch._foreach_add_([*leaves], [one.grad for one in leaves], alpha=-RATE)  # type: ignore[misc]


STEPS: list[Step] = [
    under_no_grad, by_sub_, by_data, by_new_data, by_detach, by_copy, by_elements, by_out, by_foreach,
]  # fmt: skip


def clear(leaves: Iterable[Tensor]) -> None:
    for one in leaves:
        one.grad = None


def zero(leaves: Iterable[Tensor]) -> None:
    for one in leaves:
        if one.grad is not None:
            one.grad.zero_()


def points() -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(SEED)
    given = torch.randn(50, 3)
    return given, given @ torch.tensor([1.0, -2.0, 3.0]) + 0.5, torch.randn(3)


@pytest.mark.parametrize("clears", [zero, clear])
@pytest.mark.parametrize("step", STEPS)
def test_each_is_an_update(kept: Kept, step: Step, clears: Callable[[Iterable[Tensor]], object]) -> None:
    given, wanted, w = points()
    b = torch.zeros(1, requires_grad=w.requires_grad_().requires_grad)
    true: list[tuple[float, list[float]]] = []
    for _ in range(UPDATES):
        loss = (given @ w + b - wanted).square().mean()
        torch.autograd.backward(loss)
        before = [one.detach().clone() for one in (w, b)]
        grads = [one.grad.clone() for one in (w, b) if one.grad is not None]
        step([w, b])
        pairs = zip(before, grads, (w, b), strict=True)
        sizes = [(each.norm(), grad.norm(), (now - each).norm()) for each, grad, now in pairs]
        true.append((loss.item(), [size.item() for three in sizes for size in three]))
        clears([w, b])
    told(kept)
    assert kept.optimizers == [YOUR_CODE]
    assert [one.loss for one in kept.updates] == [loss for loss, _ in true]
    for update, (_, norms) in zip(kept.updates, true, strict=True):
        every = [update.parameters[name] for name in ("w", "b")]
        assert [size for one in every for size in (one.weight, one.grad, one.change)] == pytest.approx(norms, abs=1e-7)
    assert not kept.findings


@pytest.mark.parametrize("step", STEPS)
def test_gradients_that_are_never_cleared(kept: Kept, step: Step) -> None:
    given, wanted, w = points()
    w.requires_grad_()
    for _ in range(UPDATES):
        torch.autograd.backward((given @ w - wanted).square().mean())
        step([w])
    (found,) = [one for one in told(kept).findings if one.kind == "zero_grad"]
    assert (found.certainty, found.parameter) == ("proved", "w")


@pytest.mark.parametrize("step", STEPS)
def test_a_leaf_that_is_left_out(kept: Kept, step: Step) -> None:
    given, wanted, w = points()
    w.requires_grad_()
    b = torch.zeros(1, requires_grad=True)
    for _ in range(UPDATES):
        torch.autograd.backward((given @ w + b - wanted).square().mean())
        step([w])
        clear([w, b])
    (found,) = told(kept).findings
    assert (found.kind, found.parameter) == ("not_in_optimizer", "b")


def test_one_that_overshoots(kept: Kept) -> None:
    given, wanted, w = points()
    w.requires_grad_()
    for _ in range(60):
        torch.autograd.backward((30 * given @ w - wanted).square().mean())
        by_data([w])
        clear([w])
    found = told(kept).findings[0]
    assert found.kind == "divergence"
    assert "nan" not in found.text


def test_two_that_take_turns(kept: Kept) -> None:
    """Each clears its own before its own pass: what the other's has left there is no fault."""
    torch.manual_seed(SEED)
    made, judge = nn.Linear(2, 2), nn.Linear(2, 1)
    for _ in range(UPDATES):
        clear(judge.parameters())
        torch.autograd.backward(judge(made(torch.randn(8, 2)).detach()).sigmoid().mean())
        by_data([*judge.parameters()])
        clear(made.parameters())
        torch.autograd.backward(judge(made(torch.randn(8, 2))).neg().sigmoid().mean())
        by_data([*made.parameters()])
    told(kept)
    assert kept.optimizers == [YOUR_CODE, YOUR_CODE]
    assert [one.optimizer for one in kept.updates] == [0, 1] * UPDATES
    assert not kept.findings


def test_momentum_and_several_passes(kept: Kept) -> None:
    torch.manual_seed(SEED)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    momenta = [torch.zeros_like(one) for one in model.parameters()]
    for _ in range(UPDATES):
        model.zero_grad()
        for _ in range(2):
            torch.autograd.backward(model(torch.randn(16, 3)).square().mean() / 2)
        for one, momentum in zip(model.parameters(), momenta, strict=True):
            momentum.mul_(0.9).add_(one.grad)  # type: ignore[arg-type]
            one.data.sub_(momentum, alpha=RATE)
    told(kept)
    assert len(kept.updates) == UPDATES
    assert {*kept.updates[0].parameters} == {name for name, _ in model.named_parameters()}
    assert not kept.findings


def test_what_an_optimizer_has_is_its_own(kept: Kept) -> None:
    """What is written over before its step, by a look at the gradient, is no update of its own; nor is it after the first."""
    torch.manual_seed(SEED)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    for _ in range(UPDATES):
        optimizer.zero_grad()
        torch.autograd.backward(model(torch.randn(16, 3)).square().mean())
        with torch.no_grad():
            for one in model.parameters():
                one.mul_(1 - 0.01 * (one.grad is not None))
        optimizer.step()
    told(kept)
    assert kept.optimizers == ["SGD"]
    assert len(kept.updates) == UPDATES


def test_first_by_hand_and_then_by_an_optimizer(kept: Kept) -> None:
    given, wanted, w = points()
    w.requires_grad_()
    for _ in range(UPDATES):
        torch.autograd.backward((given @ w - wanted).square().mean())
        by_data([w])
        clear([w])
    optimizer = torch.optim.Adam([w], lr=RATE)
    for _ in range(UPDATES):
        optimizer.zero_grad()
        torch.autograd.backward((given @ w - wanted).square().mean())
        optimizer.step()
    told(kept)
    assert kept.optimizers == [YOUR_CODE, "Adam"]
    assert [one.optimizer for one in kept.updates] == [0] * UPDATES + [1] * UPDATES


@pytest.mark.parametrize("reads", [False, True])
def test_what_is_written_without_a_gradient_is_no_update(kept: Kept, reads: bool) -> None:
    """Weights are set anew after a look at the gradients; or a tensor is that has none."""
    given, wanted, w = points()
    w.requires_grad_()
    other = torch.zeros(3)
    for _ in range(UPDATES):
        loss = (given @ w - wanted).square().mean()
        torch.autograd.backward(loss)
        with torch.no_grad():
            if reads:
                other += w.grad  # type: ignore[arg-type]
            else:
                w.normal_()
    assert told(kept).updates == []


@pytest.mark.parametrize("place", [0, 1])
def test_a_model_that_never_gets_a_gradient_though_it_is_asked_for(kept: Kept, place: int) -> None:
    """What comes before it is cut off. place: of it in the order of updating."""
    torch.manual_seed(SEED)
    body, head = nn.Linear(3, 4), nn.Linear(4, 1)
    models = [head]
    models.insert(place, body)
    for _ in range(UPDATES):
        torch.autograd.backward(head(body(torch.randn(8, 3)).tanh().detach()).square().mean())
        with torch.no_grad():
            for one in (one for model in models for one in model.parameters()):
                if one.grad is not None:
                    one.sub_(RATE * one.grad)
                    one.grad = None
    (found,) = told(kept).findings
    assert (found.kind, found.parameter) == ("detached", "body.weight")
    assert found.source is not None


@pytest.mark.parametrize("first", [UPDATES, 2 * UPDATES])
def test_a_model_that_is_not_trained_yet(kept: Kept, first: int) -> None:
    """One part of a GAN waits for the other, for ever or until this update; its gradients are cleared meanwhile."""
    torch.manual_seed(SEED)
    made, judge = nn.Linear(2, 2), nn.Linear(2, 1)
    for update in range(2 * UPDATES):
        torch.autograd.backward(judge(made(torch.randn(8, 2)).detach()).sigmoid().mean())
        by_data([*judge.parameters()])
        zero([*judge.parameters(), *made.parameters()])
        if update >= first:
            torch.autograd.backward(judge(made(torch.randn(8, 2))).neg().sigmoid().mean())
            by_data([*made.parameters()])
            zero([*made.parameters(), *judge.parameters()])
    assert not told(kept).findings


def test_what_a_loop_calls_the_same_has_the_name_of_its_place(kept: Kept) -> None:
    torch.manual_seed(SEED)
    weights = [torch.randn(3, 3).requires_grad_() for _ in range(3)]
    models = [nn.Linear(3, 3), nn.Linear(3, 1)]
    for _ in range(UPDATES):
        made = torch.randn(8, 3)
        for weight in weights:
            made = made @ weight
        for model in models:
            made = model(made)
        torch.autograd.backward(made.square().mean())
        for one in (*weights, *(one for model in models for one in model.parameters())):
            one.data -= RATE * one.grad  # type: ignore[operator]
            one.grad = None
    names = {*told(kept).updates[0].parameters}
    assert {f"weights[{place}]" for place in range(3)} <= names
    assert {f"models[{place}].weight" for place in range(2)} <= names


def test_variables_have_their_own_names(kept: Kept) -> None:
    given, wanted, w = points()
    b = torch.zeros(1, requires_grad=w.requires_grad_().requires_grad)
    leaves = [w, b]
    for _ in range(UPDATES):
        torch.autograd.backward((given @ w + b - wanted).square().mean())
        for one in leaves:
            by_data([one])
            clear([one])
    assert [*told(kept).updates[0].parameters] == ["w", "b"]
