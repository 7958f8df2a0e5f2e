"""torch's own check of every function: first and second derivatives against differences, at several ordinary points."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from gradtui.engine.typed.operations import OPERATIONS
from gradtui.expression.functions import TABLE, Function

CPU = torch.device("cpu")
CALLED = [row for row in TABLE if not row.operator]

Operand = float | tuple[float, ...]

USUAL = (-1.7, -0.3, 0.3, 0.8, 2.3)
INSIDE = (-0.8, -0.3, 0.4, 0.9)
UNIT = (0.1, 0.4, 0.9)
POSITIVE = (0.2, 0.7, 2.3, 9.1)
DOMAINS: dict[str, tuple[float, ...]] = {
    **dict.fromkeys(("asin", "acos", "atanh", "erfinv"), INSIDE),
    **dict.fromkeys(("ndtri", "logit"), UNIT),
    **dict.fromkeys(("log", "log2", "log10", "sqrt", "rsqrt", "entr"), POSITIVE),
    "acosh": (1.2, 2.5, 9.0),
    "log1p": (-0.7, 0.3, 4.1),
    "digamma": (-1.7, 0.3, 2.3),
    "lgamma": (-1.7, 0.3, 2.3),
}
"""Ordinary places, where that is not everywhere."""

SETTINGS: dict[str, tuple[Operand, ...]] = {
    "clamp": (-1.0, 1.1),
    "lerp": (0.8, 0.4),
    "threshold": (0.1, 5.0),
    "nll_loss": (1.0,),
}
"""What the other arguments are, where it is not a second variable."""

VECTORS: tuple[tuple[float, ...], ...] = ((0.3, 0.7, 1.2), (-1.5, 2.0, 0.4, 0.9))

PAIRS: dict[str, list[tuple[Operand, ...]]] = {
    "beta": [(0.4, 1.3), (2.3, 0.7)],
    "nll_loss": [(x, 1.0) for x in VECTORS],
    "binary_cross_entropy": [((0.2, 0.6, 0.9), (0.1, 0.5, 0.8))],
    "kl_div": [((0.3, -0.7, 1.2), (0.1, 0.5, 0.8))],
}
"""Places where a function of two operands is defined and smooth."""

NO_SECOND = ("hardsigmoid",)
"""Functions whose derivative torch cannot differentiate."""


def points(row: Function) -> list[tuple[Operand, ...]]:
    """The operands to check at: a number or two, a vector or two."""
    if row.name in PAIRS:
        return PAIRS[row.name]
    if row.kind == "reduction":
        return [(x, *[tuple(0.5 - one for one in x)] * (row.least - 1)) for x in VECTORS]
    if row.name in SETTINGS:
        return [(x, *SETTINGS[row.name]) for x in USUAL]
    if row.name == "where":
        return [(bool(x > 0), x, 0.7) for x in USUAL]
    if row.least == 1:
        return [(x,) for x in DOMAINS.get(row.name, USUAL)]
    second = POSITIVE if row.name == "xlogy" else (-1.3, 0.9)
    return list(product((-1.7, 0.3, 2.3), second))


def applied(row: Function, point: tuple[Operand, ...]) -> tuple[Callable[..., torch.Tensor], list[torch.Tensor]]:
    """The function of those operands that may be variables, and these."""
    varies = [not isinstance(one, bool) and (place == 0 or row.name not in SETTINGS) for place, one in enumerate(point)]
    inputs = [
        torch.tensor(one, dtype=torch.float64, requires_grad=True)
        for one, flag in zip(point, varies, strict=True)
        if flag
    ]

    def function(*variables: torch.Tensor) -> torch.Tensor:
        rest = iter(variables)
        operands = [next(rest) if flag else one for one, flag in zip(point, varies, strict=True)]
        return OPERATIONS[row.name].apply(operands, torch.float64, CPU)  # type: ignore[arg-type]

    return function, inputs


@pytest.mark.long
@pytest.mark.parametrize("row", CALLED, ids=lambda row: row.name)
def test_first(row: Function) -> None:
    for point in points(row):
        assert gradcheck(*applied(row, point)), point


@pytest.mark.long
@pytest.mark.parametrize("row", [row for row in CALLED if row.name not in NO_SECOND], ids=lambda row: row.name)
def test_second(row: Function) -> None:
    for point in points(row):
        assert gradgradcheck(*applied(row, point)), point


@pytest.mark.parametrize("name", NO_SECOND)
def test_none(name: str) -> None:
    """The list is right: there is no second derivative, and torch says so."""
    x = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(OPERATIONS[name].apply([x], torch.float64, CPU), x, create_graph=True)
    with pytest.raises(RuntimeError, match="not implemented"):
        torch.autograd.grad(slope, x)
