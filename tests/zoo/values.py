"""Snippets whose values or gradients go bad, or are 0, in ways that the loss does not show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it
from torch import nn

from tests.zoo.case import broken


@broken("input", "weight_hh_l0", "nan", "series", "holds nan")
def hole_in_a_series_left_out_of_the_loss() -> Iterator[Any]:
    model = nn.GRU(4, 5, batch_first=True)
    series = torch.randn(3, 7, 4)
    series[2, 5, 1] = float("nan")
    keep = torch.arange(7)[None] < torch.tensor([7, 7, 4])[:, None]
    yield model
    out, _ = model(series)  # <- here
    yield out[keep].pow(2).mean()


@broken("input", "0.weight", "nan", "weights", "holds nan")
def hole_in_the_weights_of_a_loss() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    x, y, weights = torch.randn(9, 3), torch.rand(9, 1), torch.rand(9, 1)
    weights[3] = float("nan")
    yield model
    yield F.binary_cross_entropy_with_logits(model(x), y, weight=weights)  # <- here


@broken("zero", "weight", "zero", "+1 · g", "-1 · g")
def straight_through_whose_bracket_is_not_detached() -> Iterator[Any]:
    model = nn.Linear(3, 3)
    head, x = nn.Linear(3, 1).requires_grad_(False), torch.randn(5, 3)
    yield model
    code = model(x)
    code = code + (torch.round(code.detach()) - code)  # <- here
    yield head(code).pow(2).mean()


@broken("zero", "A", "zero", "both", "neither")
def adapter_of_which_both_halves_start_at_0() -> Iterator[Any]:
    model = nn.ParameterDict({"A": torch.zeros(2, 4), "B": torch.zeros(4, 2)})
    x = torch.randn(5, 4)
    yield model
    yield (x + x @ model["A"].T @ model["B"].T).pow(2).mean()  # <- here


@broken("vertical", "m", "nan", "singular values are equal", kept=True)
def singular_vectors_of_the_unit_matrix() -> Iterator[Any]:
    m = nn.Parameter(torch.eye(4) * 2)
    yield {"m": m}
    u, _, vh = torch.linalg.svd(m)  # <- here
    yield (u @ vh * torch.randn(4, 4)).sum() + u[0, 1]


@broken("vertical", "p", "nan", "eigenvalues are equal", kept=True)
def eigenvectors_of_the_unit_matrix() -> Iterator[Any]:
    p = nn.Parameter(torch.eye(3))
    yield {"p": p}
    _, vectors = torch.linalg.eigh(p @ p.T)  # <- here
    yield (vectors * torch.arange(9.0).view(3, 3)).sum()


@broken("zero_by_zero", "weight", "nan", "1e-9", "float16")
def constant_that_is_0_in_half() -> Iterator[Any]:
    model = nn.Linear(6, 6).half()
    with torch.no_grad():
        model.weight.zero_()
        assert model.bias is not None
        model.bias.zero_()
    x = torch.randn(3, 6).half()
    yield model
    h = model(x)
    variance = (h - h.mean(-1, keepdim=True)).square().mean(-1, keepdim=True)
    yield (h / (variance + 1e-9).sqrt()).float().sum()  # <- here


@broken("overflow", "weight", "nan", "float16")
def squares_beyond_half() -> Iterator[Any]:
    model = nn.Linear(64, 64).half()
    x = (torch.randn(5, 64) * 1000).half()
    yield model
    h = model(x)
    yield (h * h).float().mean()  # <- here


@broken("zero_times_inf", "weight", "nan", "0 times", "as a mask")
def entropy_of_a_masked_choice() -> Iterator[Any]:
    model = nn.Linear(4, 6)
    x, ban = torch.randn(3, 4), torch.zeros(3, 6, dtype=torch.bool)
    ban[:, 2] = True
    yield model
    logs = model(x).masked_fill(ban, -torch.inf).log_softmax(-1)
    yield (logs.exp() * logs).nansum()  # <- here


@broken("masked", "in_proj_weight", "nan", "throughout", "softmax")
def attention_of_an_empty_sentence_left_out() -> Iterator[Any]:
    model = nn.MultiheadAttention(4, 1, batch_first=True)
    x, padding = torch.randn(2, 3, 4), torch.tensor([[False] * 3, [True] * 3])
    yield model
    out, _ = model(x, x, x, key_padding_mask=padding)  # <- here
    yield out[~padding].pow(2).mean()


@broken("pole", "weight", "nan", "atanh")
def value_bounded_only_after_it_went_bad() -> Iterator[Any]:
    model = nn.Linear(3, 2)
    x = 40 * torch.randn(8, 3)
    yield model
    back = torch.atanh(torch.tanh(model(x)))  # <- here
    yield (back * 2).square().clamp(max=100).mean()


@broken("zero_by_zero", "weight", "nan", "0/0", "does not take")
def quotient_in_a_branch_not_taken() -> Iterator[Any]:
    model = nn.Linear(3, 4, bias=False)
    x = torch.randn(5, 3)
    x[1] = 0
    yield model
    h = model(x)
    yield torch.where(h != 0, torch.sin(h) / h, torch.ones_like(h)).mean()  # <- here


@broken("overflow", "weight", "nan", "exp overflowed", "does not take")
def exponential_in_a_branch_not_taken() -> Iterator[Any]:
    model = nn.Linear(3, 4)
    x = torch.randn(5, 3) * 400
    yield model
    h = model(x)
    yield torch.where(h < 20, torch.exp(h), h).mean()  # <- here


@broken("overflow", "weight", "nan", "times larger", "rounds")
def recurrence_that_grows_beyond_float32() -> Iterator[Any]:
    model = nn.Linear(4, 4, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.eye(4) * 3)
    yield model
    h = torch.ones(1, 4)
    for _ in range(120):
        h = model(h)  # <- here
    yield h.sum()


@broken("flat", "weight", "zero", "nearest")
def grid_that_takes_the_nearest() -> Iterator[Any]:
    model = nn.Linear(2, 6)
    image = torch.rand(1, 1, 6, 6)
    yield model
    grid = F.affine_grid(model(torch.ones(1, 2)).view(1, 2, 3), [1, 1, 6, 6], align_corners=False)
    yield F.grid_sample(image, grid, mode="nearest", align_corners=False).sum()  # <- here


@broken("flat", "0.weight", "zero", "second derivative", "relu")
def second_derivative_of_relu() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
    yield model
    t = torch.linspace(0, 1, 7)[:, None].requires_grad_()
    (once,) = torch.autograd.grad(model(t).sum(), t, create_graph=True)
    (twice,) = torch.autograd.grad(once.sum(), t, create_graph=True)  # <- here
    yield (twice + torch.sin(3 * t)).pow(2).mean()
