"""Columns of inputs whose rows float32 can hardly tell apart. Truth: how many different numbers it makes of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui

ROWS = 256


def column(first: float, step: float, dtype: torch.dtype = torch.float32) -> Tensor:
    times = first + step * torch.arange(ROWS, dtype=torch.float64)
    return torch.stack([torch.linspace(-1, 1, ROWS), times.to(dtype)], 1)


GIVEN: dict[str, tuple[Callable[[], Tensor], bool]] = {
    "seconds since 1970": (lambda: column(1.7e9, 60), True),
    "degrees that hardly change": (lambda: column(293.15, 1e-5), True),
    "seconds since the first": (lambda: column(0, 60), False),
    "years": (lambda: column(1770, 1), False),
    "a column of ones": (lambda: column(1, 0), False),
    "seconds in float64": (lambda: column(1.7e9, 60, torch.float64), False),
}


@pytest.mark.parametrize("name", GIVEN)
def test_told_where_rows_are_hardly_told_apart(name: str) -> None:
    make, is_told = GIVEN[name]
    x = make()
    torch.manual_seed(0)
    model = nn.Linear(2, 1).to(x.dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-30)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(3):
            optimizer.zero_grad()
            torch.autograd.backward(model(x).square().mean())
            optimizer.step()
    found = [one for one in watch.findings if one.kind == "lost_digits"]
    assert [one.certainty for one in found] == ["perhaps"] * is_told
    if is_told:
        different = torch.unique(x[:, 1])
        gap = torch.nextafter(different[-1], torch.tensor(torch.inf)) - different[-1]
        assert (different[-1] - different[0]) / gap < 1000
        assert "column 1" in found[0].text
