"""Every line of a rule that has an equation has a true one: its numbers come to what torch made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from gradtui.engine.training.evaluate import evaluate
from gradtui.snapshot.model import Request
from gradtui.snapshot.training import Moved, Place, TrainingRequest
from gradtui.training.optimizer_text import read_optimizer
from gradtui.training.optimizers import OPTIMIZERS
from gradtui.training.rules import Line, lines
from tests.torch_version import takes

PLAIN = "x^4 - 3x^2 + x + sum((c - [1, -2])^2) + b^2"
EXPRESSIONS: dict[str, dict[str, Place]] = {
    PLAIN: {"x": 2.0, "c": (0.5, 0.25), "b": -0.75},
    "m^2 + v^4 + 2u^2 + s^2 + a^4 - a + b^2": {"m": 2.0, "v": -1.5, "u": 0.5, "s": 3.0, "a": 1.25, "b": -0.75},
}
"""The second is of the letters by which rules call what an optimizer keeps."""
OPTIMIZER_TEXTS = (
    "SGD(lr=0.01)",
    "SGD(lr=0.01, weight_decay=0.3)",
    "SGD(lr=0.01, maximize=True)",
    "SGD(lr=0.01, maximize=True, weight_decay=0.3)",
    "SGD(lr=0.01, momentum=0.9)",
    "SGD(lr=0.01, momentum=0.9, dampening=0.1, weight_decay=0.3)",
    "SGD(lr=0.01, momentum=0.9, nesterov=True)",
    "SGD(lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.3, maximize=True)",
    "Adam(lr=0.1, betas=(0.8, 0.99))",
    "Adam(lr=0.1, amsgrad=True, weight_decay=0.3)",
    "Adam(lr=0.1, weight_decay=0.3, decoupled_weight_decay=True)",
    "Adam(lr=0.1, maximize=True)",
    "AdamW(lr=0.1, weight_decay=0.3)",
    "AdamW(lr=0.1, amsgrad=True, maximize=True)",
    "NAdam(lr=0.1)",
    "NAdam(lr=0.1, weight_decay=0.3, momentum_decay=0.1)",
    "NAdam(lr=0.1, weight_decay=0.3, decoupled_weight_decay=True, maximize=True)",
    "RAdam(lr=0.1)",
    "RAdam(lr=0.1, weight_decay=0.3, maximize=True)",
    "RAdam(lr=0.1, weight_decay=0.3, decoupled_weight_decay=True)",
    "Adagrad(lr=0.5)",
    "Adagrad(lr=0.5, lr_decay=0.1, initial_accumulator_value=0.1, weight_decay=0.3)",
    "Adagrad(lr=0.5, lr_decay=0.1, maximize=True)",
    "Adadelta(lr=1.0, rho=0.8)",
    "Adadelta(lr=1.0, weight_decay=0.3, maximize=True)",
    "RMSprop(lr=0.05)",
    "RMSprop(lr=0.05, centered=True, weight_decay=0.3)",
    "RMSprop(lr=0.05, momentum=0.9, maximize=True)",
    "RMSprop(lr=0.05, momentum=0.9, centered=True, weight_decay=0.3)",
    "Rprop(lr=0.05)",
    "Rprop(lr=0.05, step_sizes=(0.04, 0.06))",
    "Rprop(lr=0.05, etas=(0.3, 1.9), maximize=True)",
    "Adamax(lr=0.1)",
    "Adamax(lr=0.1, weight_decay=0.3, maximize=True)",
    "ASGD(lr=0.01, t0=3)",
    "ASGD(lr=0.01, t0=2, lambd=0.1, weight_decay=0.3, maximize=True)",
    "LBFGS(lr=0.5, max_iter=4)",
    "LBFGS(max_iter=1)",
    "LBFGS(line_search_fn='strong_wolfe', history_size=3)",
    "LBFGS(lr=0.001, max_iter=2, maximize=True)",
)
UPDATES = 7
"""So that the sixth of RAdam is there, its first whose step is rectified."""


def test_every_optimizer_is_asked() -> None:
    assert {text.partition("(")[0] for text in OPTIMIZER_TEXTS} == {*OPTIMIZERS}


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("text", OPTIMIZER_TEXTS)
def test_every_equation_is_true(text: str, expression: str) -> None:
    at = EXPRESSIONS[expression]
    optimizer = read_optimizer(text)
    asked = Request(1, expression, at, "float64", training=TrainingRequest(optimizer, tuple(at), count=UPDATES))
    lacking = [setting for setting in optimizer.settings if not takes(optimizer.name, setting)]
    snapshot = evaluate(asked)
    if lacking:
        assert snapshot.problem is not None
        assert all(setting in snapshot.problem.message for setting in lacking)
        return
    training = snapshot.training
    assert training is not None
    before = training.before
    ended = dict.fromkeys(at, 0)
    for update in training.updates:
        for name, moved in update.variables.items():
            told = lines(optimizer.name, name, moved, before.get(name, {}), training.settings, tuple(at))
            ended[name] += check(told, name, moved)
        before = {name: moved.state for name, moved in update.variables.items()}
    for name, count in ended.items():
        if optimizer.name not in ("LBFGS", "RAdam", "NAdam"):
            assert count == UPDATES, f"the last line of {name} ends where torch put it, each time"


def check(told: list[Line], name: str, moved: Moved) -> int:
    """How many of the lines tell where the variable stands at last."""
    known = {"ḡ": number(moved.grad), name: number(moved.value)}
    unknown = {"(that)"}
    ends = 0
    for line in told:
        left = re.split(" ←| =", line.rule)[0].strip()
        if not line.numbers or any(word in line.numbers for word in unknown):
            values = []
        elif line.result:
            values = [*evaluated(line.numbers, known)]
        else:
            values = [] if " = " in line.numbers or "before" in line.numbers else [*evaluated(line.numbers, known)]
        if line.result:
            whole = number(line.result)
            close = [torch.allclose(value, whole, rtol=2e-4, atol=2e-5) for value in values]
            assert any(close) or not values, f"{line.rule}: {line.filled}, {values}"
            ends += left == name and torch.allclose(whole, number(moved.after), rtol=1e-5, atol=1e-12)
            values = [whole]
        known |= dict.fromkeys([left], *values) if values else {}
        unknown |= set() if values else {left}
    return ends


def number(value: Any) -> torch.Tensor:
    return as_tensor(eval(value) if isinstance(value, str) else value)  # noqa: S307 - a text of gradtui's


def evaluated(text: str, known: dict[str, torch.Tensor]) -> Iterator[torch.Tensor]:
    """A text in the field's notation; of `(a or b or c)` each of them."""
    choice = re.search(r"\(([^()]*) or ([^()]*) or ([^()]*)\)", text)
    if choice is not None:
        for one in choice.groups():
            yield from evaluated(text.replace(choice[0], one), known)
        return
    names = {f"N{place}": value for place, value in enumerate(known.values())}
    for name, found in sorted(zip(known, names, strict=True), key=lambda one: -len(one[0])):
        text = re.sub(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", found, text)
    text = re.sub(r"\[([^]]*)\]", r"tensor([\1])", text)
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    text = re.sub(r"√(tensor\([^)]*\)|\d[\d.]*(?:e-?\d+)?|N\d+)", r"sqrt(\1)", text).replace("√", "sqrt")
    for sign, python in {"·": "*", "−": "-", "²": "**2", "^": "**", "½": "0.5"}.items():
        text = text.replace(sign, python)
    yield as_tensor(eval(text, {"__builtins__": {}}, names | FUNCTIONS))  # noqa: S307 - a text of gradtui's


def _two(function: Any) -> Any:
    return lambda one, other: function(*map(as_tensor, (one, other)))


def as_tensor(value: Any) -> torch.Tensor:
    return torch.as_tensor(value, dtype=torch.float64)


FUNCTIONS: dict[str, Any] = {
    "tensor": as_tensor,
    "sqrt": lambda value: as_tensor(value).sqrt(),
    "sign": lambda value: as_tensor(value).sign(),
    "abs": lambda value: as_tensor(value).abs(),
    "max": _two(torch.maximum),
    "min": _two(torch.minimum),
}
