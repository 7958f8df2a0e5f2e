"""Whether a column of what a model is given hardly differs from row to row beside its size, as times in seconds do: of the digits
that its dtype holds next to none are left to tell the rows apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from gradtui.engine.tensors.readable_tensors import has_numbers
from gradtui.engine.tensors.values import PLAIN
from gradtui.engine.torch_private import without_torch_functions
from gradtui.findings.over_time.history import History

FEWEST_ROWS = 8
"""Fewer may be alike by chance."""
MOST_NUMBERS = 1_000_000
FEW_STEPS = 1000
"""Of the dtype, from the smallest to the largest number of a column."""


def look(history: History, model: str, given: Iterable[Any]) -> None:
    """given: the arguments of the outermost module."""
    for one in given:
        if (
            type(one) in PLAIN
            and one.dtype in (torch.float32, torch.float64)
            and one.ndim > 1
            and not one.requires_grad
        ):
            with without_torch_functions():
                if 0 < one.numel() <= MOST_NUMBERS and has_numbers(one):
                    _look_at_columns(history, model, one.detach().reshape(-1, one.shape[-1]))


def _look_at_columns(history: History, model: str, rows: torch.Tensor) -> None:
    if len(rows) < FEWEST_ROWS:
        return
    low, high = rows.aminmax(dim=0)
    size, spread = torch.maximum(low.abs(), high.abs()), high - low
    steps = spread / (size * torch.finfo(rows.dtype).eps)
    steps = torch.where((spread > 0) & steps.isfinite(), steps, torch.inf)
    column = int(steps.argmin())
    if float(steps[column]) < FEW_STEPS:
        history.note(
            "alike_inputs", None, (model, column), model=model, column=column, size=float(size[column]),
            spread=float(spread[column]), dtype=str(rows.dtype).removeprefix("torch."),
        )  # fmt: skip
