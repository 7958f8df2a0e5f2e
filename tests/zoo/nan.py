"""Snippets in which something is nan or infinite, and those in which backward fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it
from torch import nn

from tests.zoo.case import broken


@broken("pole", "weight", "nan", "the logarithm of 0")
def log_of_zero() -> Iterator[Any]:
    model = nn.Linear(4, 3)
    x, y = 1e4 * torch.randn(8, 4), torch.randint(3, (8,))
    yield model
    probabilities = F.softmax(model(x), dim=1)
    entropy = -(probabilities * torch.log(probabilities)).sum()  # <- here
    yield entropy + F.cross_entropy(model(x), y)


@broken("vertical", "weight", "nan", "1/(2*sqrt(0))", "vertical tangent")
def distance_of_equal_points() -> Iterator[Any]:
    model = nn.Linear(4, 3)
    x = torch.randn(8, 4)
    yield model
    points = model(x)
    difference = points.unsqueeze(0) - points.unsqueeze(1)
    yield difference.pow(2).sum(-1).sqrt().mean()  # <- here


@broken("branch", "weight", "nan", "not taken", "0 times that is nan")
def where_without_a_second_where() -> Iterator[Any]:
    model = nn.Linear(4, 8, bias=False)
    x = torch.randn(8, 4)
    x[3] = 0
    yield model
    h = model(x).pow(2)
    yield torch.where(h > 0, torch.sqrt(h), torch.zeros_like(h)).sum()  # <- here


@broken("zero_by_zero", "weight", "nan", "0/0")
def normalising_a_vector_of_zeros() -> Iterator[Any]:
    model = nn.Linear(4, 8, bias=False)
    x = torch.randn(8, 4)
    x[3] = 0
    yield model
    h = model(x)
    unit = h / h.norm(dim=1, keepdim=True)  # <- here
    yield unit.sum()


@broken("inplace", "weight", "fails", "h.relu_()", "torch.sigmoid(model(x))", kept=True)
def relu_in_place_after_sigmoid() -> Iterator[Any]:
    model = nn.Linear(4, 8)
    x = torch.randn(8, 4)
    yield model
    h = torch.sigmoid(model(x))
    h.relu_()  # <- here
    yield h.sum()


@broken("inplace", "weight", "fails", "e += 1", "torch.exp(h)", kept=True)
def counting_in_place_after_exp() -> Iterator[Any]:
    model = nn.Linear(4, 8)
    x = torch.randn(8, 4)
    yield model
    h = F.relu(model(x))
    e = torch.exp(h)
    e += 1  # <- here
    yield e.log().sum()


@broken("inplace", "weight", "fails", "writes over", kept=True)
def parameter_stepped_before_backward() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    named = dict(model.named_parameters())
    names = {"weight": named["1.weight"], "first": named["0.weight"]}
    x = torch.randn(8, 4)
    yield names
    loss = model(x).sum()
    with torch.no_grad():
        names["weight"].add_(0.1)  # <- here
    yield loss


@broken("masked", "in_proj_weight", "nan", "masked with -inf throughout")
def row_of_attention_masked_throughout() -> Iterator[Any]:
    model = nn.MultiheadAttention(8, 2, batch_first=True)
    x = torch.randn(2, 5, 8)
    padding = torch.zeros(2, 5, dtype=torch.bool)
    padding[1] = True
    yield model
    output, _ = model(x, x, x, key_padding_mask=padding)  # <- here
    yield output.sum()


@broken("masked", "weight", "fine", "a row is masked with -inf throughout")
def own_attention_masked_throughout() -> Iterator[Any]:
    model = nn.Linear(8, 8)
    x = torch.randn(5, 8)
    allowed = torch.ones(5, 5).tril(-1).bool()
    yield model
    scores = model(x) @ x.T
    scores = scores.masked_fill(~allowed, float("-inf"))  # <- here
    yield (scores.softmax(-1) @ x).sum()


@broken("overflow", "0.weight", "nan", "float16")
def half_precision_overflow() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 64), nn.Linear(64, 64), nn.Linear(64, 1)).half()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1000)
    x = torch.randn(8, 4).half()
    yield model
    yield model(x).pow(2).mean()  # <- here


@broken("input", "0.weight", "nan", "before the forward pass")
def weights_gone_after_a_step() -> Iterator[Any]:
    last = nn.Linear(8, 1)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), last)
    with torch.no_grad():
        last.weight[0, 3] = float("nan")
    x = torch.randn(8, 4)
    yield model
    yield model(x).pow(2).mean()  # <- here


@broken("input", "0.weight", "nan", "holds nan")
def nan_in_the_data() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    x = torch.randn(8, 4)
    x[2, 1] = float("nan")
    yield model
    yield model(x).pow(2).mean()  # <- here


@broken("zero_by_zero", "weight", "zero", "no elements")
def mean_of_nothing() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    x, labelled = torch.randn(8, 4), torch.zeros(8, dtype=torch.bool)
    yield model
    yield model(x)[labelled].pow(2).mean()  # <- here


@broken("zero_by_zero", "weight", "zero", "no label")
def all_labels_ignored() -> Iterator[Any]:
    model = nn.Linear(4, 3)
    x, y = torch.randn(8, 4), torch.full((8,), -100)
    yield model
    yield F.cross_entropy(model(x), y)  # <- here


@broken("overflow", "weight", "nan", "overflow")
def softmax_by_hand() -> Iterator[Any]:
    model = nn.Linear(4, 3)
    x = 1000 * torch.randn(8, 4)
    yield model
    e = torch.exp(model(x))  # <- here
    yield (e / e.sum(1, keepdim=True))[:, 0].mean()


@broken("domain", "weight", "nan", "no real")
def square_root_of_a_negative_variance() -> Iterator[Any]:
    model = nn.Linear(4, 8)
    x = torch.randn(8, 4)
    yield model
    h = model(x)
    variance = h.mean(1) ** 2 - (h**2).mean(1)
    yield torch.sqrt(variance).sum()  # <- here


@broken("domain", "weight", "nan", "single element")
def spread_of_a_batch_of_one() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    x = torch.randn(1, 4)
    yield model
    advantage = model(x)
    yield ((advantage - advantage.mean()) / advantage.std()).sum()  # <- here


@broken("nonfinite", "0.weight", "nan", "a hook makes that of a finite gradient")
def hook_that_divides_by_zero() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 1))
    x = torch.randn(8, 4)
    yield model
    hidden = model[0](x)
    hidden.register_hook(lambda grad: grad / 0)  # <- here
    yield model[1](hidden).pow(2).mean()


@broken("zero_by_zero", "weight", "nan", "what it is divided by is 0 too")
def mean_under_a_mask_of_nothing() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    x, mask = torch.randn(8, 4), torch.zeros(8, 1)
    yield model
    yield (model(x).pow(2) * mask).sum() / mask.sum()  # <- here


@broken("domain", "weight", "nan", "a number below 0")
def fractional_power() -> Iterator[Any]:
    model = nn.Linear(4, 8)
    x = torch.randn(8, 4)
    yield model
    yield (model(x) ** 0.3).sum()  # <- here


@broken("domain", "weight", "nan", "single element")
def spread_over_a_batch_of_one() -> Iterator[Any]:
    model = nn.Linear(4, 3)
    x = torch.randn(1, 4)
    yield model
    h = model(x)
    yield ((h - h.mean(0)) / h.std(0)).sum()  # <- here


@broken("pole", "weight", "fine", "0 times -inf is nan in")
def entropy_of_a_certain_target() -> Iterator[Any]:
    model = nn.Linear(4, 3)
    target = F.one_hot(torch.tensor([0, 2, 1]), 3).float()
    yield model
    told = F.log_softmax(model(torch.randn(3, 4)), -1)
    yield (target * (target.log() - told)).sum()  # <- here


@broken("inplace", "0.weight", "fails", "embedding", "writes over", kept=True)
def embedding_that_scales_its_rows() -> Iterator[Any]:
    """`max_norm` writes over the weight whenever a row is looked up."""
    model = nn.ModuleList([nn.Embedding(6, 3, max_norm=0.5), nn.Linear(3, 2)])
    words = torch.tensor([1, 4])
    yield model
    table = model[1](model[0].weight)
    rows = model[0](words)  # <- here
    yield table.sum() + rows.sum()


@broken("inplace", "0.weight", "fails", "embedding_bag", "writes over", kept=True)
def bags_that_scale_their_rows() -> Iterator[Any]:
    model = nn.ModuleList([nn.EmbeddingBag(6, 3, max_norm=0.5), nn.Linear(3, 2)])
    yield model
    table = model[1](model[0].get_parameter("weight"))
    rows = model[0](torch.tensor([[1, 4], [2, 3]]))  # <- here
    yield table.sum() + rows.sum()


@broken("overflow", "weight", "nan", "grows", "rounds")
def state_multiplied_until_its_sum_has_no_value() -> Iterator[Any]:
    model = nn.Linear(8, 8, bias=False)
    nn.init.normal_(model.weight)
    state, notes = torch.zeros(8), torch.randn(120, 8)
    yield model
    for note in notes:
        state = state @ model.weight + note  # <- here
    yield state.pow(2).mean()


@broken("overflow", "w", "nan", "its sum overflowed")
def sum_of_products_of_both_signs() -> Iterator[Any]:
    w = (torch.randn(50, 4) * 1e20).requires_grad_()
    yield {"w": w}
    yield torch.einsum("ij,jk->ik", torch.randn(3, 50) * 1e20, w).square().mean()  # <- here
