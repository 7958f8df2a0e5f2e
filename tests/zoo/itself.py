"""Snippets whose gradient is 0, or rounding, since what is compared, divided or cut off does not move."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it
from torch import Tensor, nn
from torch.nn.utils import prune

from tests.zoo.case import broken
from tests.zoo.healthy import healthy
from tests.zoo.none import Classifier, batch


@broken("constant", "encoder.0.weight", "zero", "all 6 parameters", "one tensor")
def error_of_itself() -> Iterator[Any]:
    model = Classifier()
    x, _ = batch()
    yield model
    logits = model(x)
    yield F.mse_loss(logits, logits)  # <- here


@broken("constant", "encoder.0.weight", "zero", "all 6 parameters", "one tensor")
def distance_to_itself() -> Iterator[Any]:
    model = Classifier()
    x, _ = batch()
    yield model
    features = model(x)
    yield (features - features).abs().mean()  # <- here


@broken("constant", "encoder.0.weight", "zero", "all 6 parameters", "one tensor")
def ratio_to_itself() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    chosen = model(x).log_softmax(-1).gather(1, y[:, None])
    ratio = torch.exp(chosen - chosen)  # <- here
    yield -(ratio * torch.randn(5, 1)).mean()


class Experts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.router = nn.Linear(6, 3)
        self.experts = nn.ModuleList(nn.Linear(6, 6) for _ in range(3))

    def forward(self, x: Tensor, normed: bool) -> Tensor:
        share, chosen = self.router(x).softmax(-1).topk(1, -1)
        if normed:
            share = share / share.sum(-1, keepdim=True)  # <- here
        out = torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            out = out + (chosen == number) * share * expert(x)
        return out


@broken("constant", "router.weight", "tiny", "router.* (2 parameters)", "cancel but for rounding")
def share_of_the_only_expert() -> Iterator[Any]:
    model = Experts()
    x, y = torch.randn(24, 6), torch.randn(24, 6)
    yield model
    yield F.mse_loss(model(x, normed=True), y)


@healthy
def share_of_one_of_three_experts() -> Iterator[Any]:
    model = Experts()
    x, y = torch.randn(24, 6), torch.randn(24, 6)
    yield model
    yield F.mse_loss(model(x, normed=False), y)


@healthy
def ratio_to_a_copy() -> Iterator[Any]:
    """As in the first step of a policy gradient: 1 throughout, with a gradient."""
    model = Classifier()
    x, y = batch()
    yield model
    chosen = model(x).log_softmax(-1).gather(1, y[:, None])
    yield -(torch.exp(chosen - chosen.detach()) * torch.randn(5, 1)).mean()


@healthy
def distances_of_all_pairs() -> Iterator[Any]:
    """Those of each to itself are 0, which is no fault."""
    model = Classifier()
    x, _ = batch()
    yield model
    features = model(x)
    yield F.relu(1 - torch.cdist(features, features)).mean()


class Quantised(nn.Module):
    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.weight = nn.Parameter(torch.randn(4, 4) + 3)

    def forward(self, x: Tensor) -> Tensor:
        return x @ torch.fake_quantize_per_tensor_affine(self.weight, self.scale, 0, -128, 127)


@broken("clamped", "weight", "zero", "outside its bounds")
def scale_too_small_to_quantise() -> Iterator[Any]:
    model = Quantised(1e-3)
    yield model
    yield model(torch.randn(8, 4)).pow(2).mean()


@healthy
def scale_that_holds_the_weights() -> Iterator[Any]:
    model = Quantised(0.1)
    yield model
    yield model(torch.randn(8, 4)).pow(2).mean()


@broken("masked", "imaginary.weight", "zero", "imaginary.* (2 parameters)", "no imaginary part")
def imaginary_part_left_behind() -> Iterator[Any]:
    model = nn.ModuleDict({"real": nn.Linear(6, 3), "imaginary": nn.Linear(6, 3)})
    x, y = batch()
    yield model
    both = torch.complex(model["real"](x), model["imaginary"](x))  # <- here
    yield F.cross_entropy(both.real, y)


@broken("clamped", "weight", "zero", "cuts them off")
def boxes_that_do_not_overlap() -> Iterator[Any]:
    model = nn.Linear(4, 4)
    nn.init.zeros_(model.weight)
    with torch.no_grad():
        model.bias.copy_(torch.tensor([0.0, 0.0, 1.0, 1.0]))
    yield model
    box = model(torch.randn(5, 4))
    sides = (torch.min(box[:, 2:], torch.tensor([4.0, 4.0])) - torch.max(box[:, :2], torch.tensor([3.0, 3.0]))).clamp(
        min=0
    )
    common = sides.prod(1)  # <- here
    yield (1 - common / ((box[:, 2:] - box[:, :2]).prod(1) + 1 - common)).mean()


@broken("masked", "weight", "zero", "0 for this one of its parts")
def always_another_part() -> Iterator[Any]:
    model = nn.Linear(4, 4)
    yield model
    parts = torch.cat([torch.full((5, 1), 50.0), model(torch.randn(5, 4))], 1)  # <- here
    yield parts.max(1).values.mean()


@broken("overflow", "weight", "zero", "float16", "makes 0")
def norm_of_too_large_numbers_in_half() -> Iterator[Any]:
    model = nn.Linear(8, 8).half()
    x = (torch.randn(4, 8) * 3000).half()
    yield model
    hidden = model(x)
    scale = torch.rsqrt(hidden.pow(2).mean(-1, keepdim=True) + 1e-5)  # <- here
    yield (hidden * scale).float().pow(2).mean()


@healthy
def norm_of_large_numbers_in_float32() -> Iterator[Any]:
    model = nn.Linear(8, 8).half()
    x, y = (torch.randn(4, 8) * 3000).half(), torch.randn(4, 8)
    yield model
    hidden = model(x).float()
    yield F.mse_loss(hidden * torch.rsqrt(hidden.pow(2).mean(-1, keepdim=True) + 1e-5), y)


@broken("constant", "encoder.0.weight", "zero", "same numbers")
def error_between_two_passes() -> Iterator[Any]:
    model = Classifier()
    x, _ = batch()
    yield model
    yield F.mse_loss(model(x), model(x))  # <- here


@broken("constant", "encoder.0.weight", "zero", "same numbers")
def ratio_to_a_reference_that_is_the_model() -> Iterator[Any]:
    model = Classifier()
    x, _ = batch()
    yield model
    gain = model(x) - model(x)  # <- here
    yield -F.logsigmoid(gain * torch.randn(5, 3)).mean()


@broken("zero", "encoder.0.weight", "zero", "does not move")
def first_step_with_a_teacher_of_the_same_weights() -> Iterator[Any]:
    """Not told as two that are alike: the copy has weights of its own."""
    model = Classifier()
    teacher = copy.deepcopy(model).requires_grad_(False)
    x, _ = batch()
    yield model
    yield F.mse_loss(model(x), teacher(x))  # <- here


@healthy
def error_between_two_views() -> Iterator[Any]:
    model = Classifier()
    x, _ = batch()
    yield model
    yield F.mse_loss(model(x).softmax(-1), model(x + 0.1 * torch.randn(5, 6)).softmax(-1))


@broken("masked", "0.weight_orig", "zero", "0.weight_mask")
def all_of_a_weight_pruned() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
    x, y = batch()
    prune.l1_unstructured(model[0], "weight", amount=1.0)  # type: ignore[no-untyped-call]
    yield model
    yield F.cross_entropy(model(x), y)  # <- here


@healthy
def half_of_a_weight_pruned() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
    x, y = batch()
    prune.l1_unstructured(model[0], "weight", amount=0.5)  # type: ignore[no-untyped-call]
    yield model
    yield F.cross_entropy(model(x), y)
