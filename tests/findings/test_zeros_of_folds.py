"""What folds elements, takes others, or is at its best, and so sends zeros: which are torch's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import gradtui

X, ZEROS = torch.arange(15.0).reshape(5, 3).sin(), torch.zeros(5, dtype=torch.long)
FAR, ONES = torch.tensor([200.0, 0, 0, 0]), torch.ones(5, 4)


def over_one_key(z: Tensor) -> Tensor:
    return functional.scaled_dot_product_attention(z[None, :1], z[None, :1], torch.ones(1, 1, 4)).sum()


def over_one_key_in_heads(z: Tensor, value: Tensor = ONES) -> Tensor:
    """Which takes another kernel."""
    q, k = z[None, None, :1], z[None, None, 1:2]
    return functional.scaled_dot_product_attention(q, k, value[None, None, :1]).sum()


def cut_off(z: Tensor) -> Tensor:
    return torch.zeros(5, 4).scatter(1, torch.zeros(5, 4, dtype=torch.long), z)[:, 1:].sum()


CASES: dict[str, tuple[Callable[[Tensor], Tensor], str, str]] = {
    "std of one": (lambda z: z[:1].std(0, unbiased=False).mean(), "constant", "proved"),
    "var of one": (lambda z: z[:, :1].var(1, unbiased=False).mean(), "constant", "proved"),
    "var of equals": (lambda z: z[:1].expand(5, 4).var(0).mean(), "zero", "perhaps"),
    "two factors of 0": (lambda z: (z * torch.tensor([1.0, 0, 0, 1])).prod(1).mean(), "masked", "likely"),
    "one key": (over_one_key, "constant", "proved"),
    "one key in heads": (over_one_key_in_heads, "constant", "proved"),
    "scatter": (cut_off, "masked", "perhaps"),
    "index_fill": (lambda z: z.index_fill(1, torch.arange(4), 0.0).sum(), "masked", "perhaps"),
    "tril": (lambda z: z.tril(-5).sum(), "masked", "perhaps"),
    "multi_margin": (lambda z: functional.multi_margin_loss(z + FAR, ZEROS), "zero", "perhaps"),
    "soft_margin": (lambda z: functional.soft_margin_loss(z + 200, ONES), "zero", "perhaps"),
    "with_logits": (lambda z: functional.binary_cross_entropy_with_logits(z + 200, ONES), "zero", "perhaps"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_told_why(name: str) -> None:
    function, kind, certainty = CASES[name]
    torch.manual_seed(0)
    model = nn.Linear(3, 4)
    with gradtui.trace(model) as trace:
        loss = function(model(X))
    (found,) = trace.capture(loss).findings
    assert (found.kind, found.certainty) == (kind, certainty)
    assert "zeros go out" not in found.text
    assert not any(one.any() for one in torch.autograd.grad(loss, [*model.parameters()]))


@pytest.mark.parametrize("seed", range(12))
def test_attention_to_one_key_where_rounding_may_be_left(seed: int) -> None:
    """Of a gradient of 0 some kernels, of some numbers, leave what rounding makes of it."""
    torch.manual_seed(seed)
    model, value = nn.Linear(3, 8), torch.rand(1, 8)
    with gradtui.trace(model) as trace:
        loss = over_one_key_in_heads(model(X), value).pow(3)
    (found,) = trace.capture(loss).findings
    is_left = any(one.any() for one in torch.autograd.grad(loss, [*model.parameters()]))
    assert (found.kind, found.certainty) == ("constant", "likely" if is_left else "proved")
    assert "key" in found.remedy


def test_attention_to_several_keys_is_no_fault() -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 4)
    with gradtui.trace(model) as trace:
        z = model(X)[None, None]
        loss = functional.scaled_dot_product_attention(z, z, torch.rand(1, 1, 5, 4)).square().sum()
    assert not trace.capture(loss).findings
