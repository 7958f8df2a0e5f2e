"""A weight behind a product with data that are not 0, and whose products add up to 0: that is no data of 0."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import gradtui

ONES, SIGNS = torch.ones(3, 3), torch.tensor([1.0, -2.0, 1.0])


@pytest.mark.parametrize(
    "product",
    [
        lambda h: (h @ ONES) * SIGNS,
        lambda h: torch.bmm(h[None], ONES[None])[0] * SIGNS,
        lambda h: torch.einsum("bi,ij->bj", h, ONES) * SIGNS,
        lambda h: functional.conv1d(h[:, None], torch.ones(3, 1, 3))[..., 0] * SIGNS,
        lambda h: functional.linear(h, ONES, torch.zeros(3)) * SIGNS,
        lambda h: torch.mv(h, torch.ones(3))[:, None] * SIGNS,
    ],
    ids=["mm", "bmm", "einsum", "conv", "linear", "stretched"],
)
def test_what_adds_up_to_0(product: Callable[[Tensor], Tensor]) -> None:
    torch.manual_seed(0)
    model = nn.Linear(2, 3, bias=False)
    with gradtui.trace(model) as trace:
        loss = product(model(torch.randn(4, 2))).sum()
    snapshot = trace.capture(loss)
    grad = snapshot.parameters["weight"].grad
    assert grad is not None
    assert not any(grad.numbers), "by torch"
    (found,) = snapshot.findings
    assert (found.kind, found.certainty) == ("masked", "likely")
    assert "adds up to 0" in found.text


def test_data_of_0_are_still_told() -> None:
    model = nn.Linear(2, 3, bias=False)
    with gradtui.trace(model) as trace:
        loss = (model(torch.zeros(4, 2)) @ ONES - 1).square().sum()
    assert "data" in trace.capture(loss).findings[0].text


@pytest.mark.parametrize(
    ("of", "certainty"),
    [
        (lambda h: h - h.mean(1, keepdim=True), "likely"),  # single elements, or squares of them, may be wanted
        (lambda h: h[:, :1] / h[:, :1].sum(1, keepdim=True), "proved"),
    ],
)
def test_a_share_is_not_centred(of: Callable[[torch.Tensor], torch.Tensor], certainty: str) -> None:
    torch.manual_seed(0)
    model, x = torch.nn.Linear(3, 4, dtype=torch.float64), torch.rand(5, 3, dtype=torch.float64)
    with gradtui.trace(model) as trace:
        loss = of(model(x).exp()).sum()
    found = trace.capture(loss).findings
    assert {(one.kind, one.certainty) for one in found} == {("zero", certainty)}
