"""Each derivative by differences of the one before it, in float64: the last step is not autograd's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import torch

from gradtui.engine.orders.chain import chain, is_separable, numbers
from gradtui.engine.typed import forward
from gradtui.engine.typed.curve import dependents
from gradtui.engine.typed.differences import OFFSETS, Scale, of_samples, scales
from gradtui.engine.typed.limits import operations
from gradtui.expression.parser import ExpressionError
from gradtui.expression.syntax import Expression
from gradtui.snapshot.differences import Differences

MIXED_ELEMENTS = 4
"""Elements of a vector that f mixes, up to which there are differences: each costs 17 evaluations."""
MOST_OPERATIONS = 200
"""Of f, times the elements that are moved one after the other: some tenths of a second."""


def differences(
    expression: Expression, leaves: Mapping[str, torch.Tensor], data: Mapping[str, torch.Tensor], most: int
) -> list[dict[str, Differences]]:
    """Of the orders 2 to `most`. What would take long is left out."""
    still = {name: leaf.detach().double() for name, leaf in {**leaves, **data}.items()}
    told: list[dict[str, Differences]] = [{} for _ in range(2, most + 1)]
    for name in leaves:
        here = still[name].reshape(-1).tolist()
        found = [_samples(expression, still, name, most, scale) for scale in scales(here)]
        for place, rows in enumerate(zip(*found, strict=True)):
            told[place][name] = of_samples(rows, here)
    return told


def _samples(
    expression: Expression, still: Mapping[str, torch.Tensor], name: str, most: int, scale: Scale
) -> list[list[list[float]]]:
    """For each order from 1 to most - 1 a row of values of that derivative for each element, at OFFSETS."""
    here = still[name]
    scales = torch.tensor([scale(number) for number in here.reshape(-1).tolist()], dtype=torch.float64).reshape(
        here.shape
    )
    if here.ndim == 0 and dependents(expression, name)[1]:
        moved = here + OFFSETS * scales
        wide = any(other.ndim for key, other in still.items() if key != name)
        told = _derivatives(expression, still, name, moved[:, None] if wide else moved, most - 1)
        return [[one.reshape(-1).tolist()] for one in told]
    if operations(expression) * (1 if is_separable(expression, name) else here.numel()) > MOST_OPERATIONS:
        return []
    if here.ndim == 0 or is_separable(expression, name):
        found = [_derivatives(expression, still, name, here + offset * scales, most - 1) for offset in OFFSETS]
        return [_columns([each[order].reshape(-1).tolist() for each in found]) for order in range(most - 1)]
    if here.numel() > MIXED_ELEMENTS:
        return []
    rows: list[list[list[float]]] = [[] for _ in range(most - 1)]
    for element in range(here.numel()):
        step = torch.zeros_like(here)
        step[element] = scales[element]
        found = [_derivatives(expression, still, name, here + offset * step, most - 1) for offset in OFFSETS]
        for order in range(most - 1):
            rows[order].append([each[order][element].item() for each in found])
    return rows


def _columns(rows: list[list[float]]) -> list[list[float]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _derivatives(
    expression: Expression, still: Mapping[str, torch.Tensor], name: str, place: torch.Tensor, most: int
) -> list[torch.Tensor]:
    """Of the orders 1 to `most`, nan where f has no value there."""
    leaf = place.detach().requires_grad_()
    try:
        f = forward.output(expression, {**still, name: leaf})
        separable = partial(is_separable, expression)
        derivatives = chain(f, {name: leaf}, most, separable, recorded=False).derivatives[1:]
        derivatives += [{name: (torch.full_like(place, math.nan),)}] * (most - len(derivatives))
        return [numbers(told[name], leaf.shape).detach() for told in derivatives]
    except (ExpressionError, RuntimeError):
        return [torch.full_like(place, math.nan)] * most
