"""A loss that is a constant made on the spot, as nothing was found that goes into it; what was read to see that is innocent."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui
from gradtui.snapshot.finding import Finding


def told(loss: Callable[[Tensor], Tensor]) -> Finding:
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    with gradtui.trace(model) as trace:
        value = loss(model(torch.randn(3, 2)))
    return trace.capture(value).findings[0]


def by_item(p: Tensor) -> Tensor:
    loss = torch.tensor(0.0)
    for one in p:
        if one.item() > 1e9:
            loss = loss + one.sum()
    return loss


def by_float(p: Tensor) -> Tensor:
    return p.sum() if float(p.detach().max()) > 1e9 else torch.zeros(())


def by_list(p: Tensor) -> Tensor:
    terms = [one for one, value in zip(p, p.flatten().tolist(), strict=True) if value > 1e9]
    return torch.stack(terms).mean() if terms else torch.as_tensor(0.0)


def by_array(p: Tensor) -> Tensor:
    return p.sum() if (p.detach().numpy() > 1e9).any() else p.new_zeros(())


def by_count(p: Tensor) -> Tensor:
    return p.sum() if (p > 1e9).sum().item() else torch.full((), 0.0)


def with_a_gradient(p: Tensor) -> Tensor:
    return p.sum() if p[0].item() > 1e9 else torch.tensor(0.0, requires_grad=True)


def alike(p: Tensor) -> Tensor:
    return p.sum() if p[0] > 1e9 else torch.zeros_like(p).sum()


@pytest.mark.parametrize("loss", [by_item, by_float, by_list, by_array, by_count, with_a_gradient, alike])
def test_what_was_only_looked_at_is_innocent(loss: Callable[[Tensor], Tensor]) -> None:
    found = told(loss)
    assert (found.kind, found.certainty) == ("constant", "proved")
    assert found.source is not None
    assert found.source.line != loss.__code__.co_firstlineno


def of_item(p: Tensor) -> Tensor:
    return torch.tensor(p.mean().item())


def of_log(p: Tensor) -> Tensor:
    return torch.tensor(math.log(p.detach().square().mean()))


def of_sum(p: Tensor) -> Tensor:
    return torch.tensor(0.0) + sum(p.flatten().tolist())  # type: ignore[no-any-return]


def of_array(p: Tensor) -> Tensor:
    return torch.from_numpy(2 * p.detach().numpy()).sum()


def filled(p: Tensor) -> Tensor:
    return torch.full((), 2 * p[0].item())


def put_in(p: Tensor) -> Tensor:
    loss = torch.zeros(())
    loss.fill_(abs(p[0].item()))
    return loss


@pytest.mark.parametrize("loss", [of_item, of_log, of_sum, of_array, filled, put_in])
def test_what_is_computed_outside_of_torch_is_no_constant(loss: Callable[[Tensor], Tensor]) -> None:
    assert told(loss).kind == "left_torch"
