"""Snippets with gradients of zero, next to nothing, or far too much."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it
from torch import nn

from tests.zoo.case import broken


def regression() -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(16, 4)
    return x, x.sum(1, keepdim=True)


@broken("dead", "0.weight", "zero", "flat", "0.*, 2.* (3 parameters)")
def relu_dead_by_its_bias() -> Iterator[Any]:
    first = nn.Linear(4, 8)
    nn.init.constant_(first.bias, -100.0)
    model = nn.Sequential(first, nn.ReLU(), nn.Linear(8, 1))
    x, y = regression()
    yield model
    yield F.mse_loss(model(x), y)  # <- here


@broken("saturated", "0.weight", "zero", "saturated")
def tanh_of_unscaled_inputs() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    x, y = regression()
    yield model
    hidden = model[1](1e6 * model[0](x))  # <- here
    yield F.mse_loss(model[2](hidden), y)


@broken("vanishing", "0.0.weight", "tiny", "the norm falls from", "Sigmoid", "x a layer")
def sigmoid_stack() -> Iterator[Any]:
    model = nn.Sequential(*(nn.Sequential(nn.Linear(16, 16), nn.Sigmoid()) for _ in range(12)), nn.Linear(16, 1))
    x = torch.randn(8, 16)
    yield model
    yield model(x).pow(2).mean()


@broken("exploding", "weight_hh_l0", "huge", "it grows by", "Addmm")
def exploding_rnn() -> Iterator[Any]:
    model = nn.RNN(4, 8, nonlinearity="relu")
    with torch.no_grad():
        model.get_parameter("weight_hh_l0").copy_(2.5 * torch.eye(8))
    yield model
    output, _ = model(torch.randn(30, 2, 4))  # <- here
    yield output[-1].sum()


@broken("exploding", "weight", "huge", "loss * 1e8")
def loss_times_a_large_number() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    x, y = regression()
    yield model
    loss = F.mse_loss(model(x), y)
    yield loss * 1e8  # <- here


@broken("masked", "0.weight", "zero", "0")
def mask_of_zeros() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    x, y = regression()
    lengths = torch.zeros(16)
    yield model
    mask = (torch.arange(16) < lengths).float().unsqueeze(1)
    yield (F.mse_loss(model(x), y, reduction="none") * mask).sum()  # <- here


@broken("clamped", "weight", "zero", "outside its bounds")
def clamp_saturates() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    nn.init.constant_(model.bias, 50.0)
    x, y = regression()
    yield model
    probability = model(x).clamp(0, 1)  # <- here
    yield F.mse_loss(probability, y.sigmoid())


@broken("flat", "weight", "zero", "flat between its jumps")
def rounding() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    x, y = regression()
    yield model
    yield F.mse_loss(torch.round(model(x)), y)  # <- here


@broken("constant", "weight", "zero", "one element")
def softmax_over_one_output() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    x, y = regression()
    yield model
    probability = F.softmax(model(x), dim=1)  # <- here
    yield F.binary_cross_entropy(probability, (y > 0).float())


@broken("masked", "A", "zero", "all 0")
def lora_in_its_first_step() -> Iterator[Any]:
    a, b = torch.randn(2, 4, requires_grad=True), torch.zeros(1, 2, requires_grad=True)
    x, y = regression()
    yield {"A": a, "B": b}
    yield F.mse_loss(F.linear(F.linear(x, a), b), y)  # <- here


class Silent(torch.autograd.Function):
    """A backward that somebody meant to write later."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> None:
        return None


@broken("zero", "weight", "none", "None", "Silent")
def backward_that_returns_nothing() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    x, y = regression()
    yield model
    yield F.mse_loss(Silent.apply(model(x)), y)  # type: ignore[no-untyped-call]  # <- here


@broken("underflow", "weight", "zero", "float16")
def half_precision_underflow() -> Iterator[Any]:
    model = nn.Linear(4, 1).half()
    x, y = regression()
    yield model
    loss = (model(x.half()) - y.half()).pow(2).mean()
    yield loss * 1e-4 * 1e-4  # <- here


@broken("constant", "0.weight", "fine", "the same for all its elements", "what is left is rounding")
def sum_of_a_softmax() -> Iterator[Any]:
    """Nothing is saturated: probabilities add up to 1."""
    model = nn.Sequential(nn.Linear(4, 4))
    yield model
    yield model(torch.randn(8, 4)).softmax(1).sum()  # <- here


@broken("constant", "0.weight", "tiny", "shift or scale its operand as a whole")
def sum_of_a_normalised_batch() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    x, _ = regression()
    yield model
    yield model(x).sum()  # <- here


@broken("constant", "0.weight", "zero", "of a single element")
def layer_norm_of_one_feature() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 1), nn.LayerNorm(1), nn.Linear(1, 1))
    x, y = regression()
    yield model
    yield F.mse_loss(model(x), y)  # <- here


@broken("masked", "weight", "zero", "the data that it is multiplied by")
def features_that_are_never_filled() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    _, y = regression()
    yield model
    yield F.mse_loss(model(torch.zeros(16, 4)), y)  # <- here


@broken("masked", "0.weight", "zero", "only padding")
def nothing_but_padding() -> Iterator[Any]:
    model = nn.Sequential(nn.Embedding(10, 4, padding_idx=0), nn.Linear(4, 1))
    yield model
    yield model(torch.zeros(8, dtype=torch.long)).pow(2).mean()  # <- here


@broken("masked", "0.weight", "zero", "nothing is selected")
def selection_of_nothing() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 4))
    yield model
    hidden = model(torch.randn(8, 4))
    yield hidden[hidden[:, 0] > 100].sum()  # <- here


@broken("flat", "0.weight", "zero", "draws at random")
def stochastic_neurons() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 1))
    x, y = regression()
    yield model
    hidden = torch.bernoulli(model[0](x).sigmoid())  # <- here
    yield F.mse_loss(model[1](hidden), y)


@broken("zero", "0.weight", "zero", "its operand is all 0")
def square_at_its_lowest_point() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 1))
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    yield model
    yield model(torch.randn(8, 4)).pow(2).sum()  # <- here


@broken("zero", "0.weight", "zero", "a hook makes zeros")
def hook_that_masks_all() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 1))
    x, y = regression()
    yield model
    hidden = model[0](x)
    hidden.register_hook(torch.zeros_like)  # <- here
    yield F.mse_loss(model[1](hidden), y)


@broken("zero", "weight", "zero", "a hook makes zeros")
def hook_on_the_parameter() -> Iterator[Any]:
    model = nn.Linear(4, 1)
    model.weight.register_hook(torch.zeros_like)  # type: ignore[no-untyped-call]
    x, y = regression()
    yield model
    yield F.mse_loss(model(x), y)


@broken("zero", "0.weight", "zero", "a backward hook of the module")
def backward_hook_of_a_module() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 1))
    model[1].register_full_backward_hook(lambda module, sent, came: (0 * sent[0],))  # type: ignore[index]  # <- here
    x, y = regression()
    yield model
    yield F.mse_loss(model(x), y)


@broken("vanishing", "0.weight", "tiny", "at once in a hook on")
def hook_that_clips_far_too_much() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 1))
    x, y = regression()
    yield model
    hidden = model[0](x)
    hidden.register_hook(lambda grad: grad.clamp(-1e-12, 1e-12))  # <- here
    yield F.mse_loss(model[1](hidden), y)


@broken("exploding", "0.weight", "huge", "most in a hook on")
def hook_that_scales_far_too_much() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 1))
    x, y = regression()
    yield model
    hidden = model[0](x)
    hidden.register_hook(lambda grad: grad * 2.0**30)  # <- here
    yield F.mse_loss(model[1](hidden), y)


@broken("zero", "0.weight", "zero", "the loss does not move")
def margin_that_is_kept() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 4))
    yield model
    anchor = model(torch.randn(8, 4))
    near, far = anchor.detach(), anchor.detach() + 100
    yield F.triplet_margin_loss(anchor, near, far)  # <- here


@broken("masked", "0.weight", "zero", "its weight", "is all 0")
def norm_that_starts_at_zero() -> Iterator[Any]:
    """As the last norm of a residual branch often does, on purpose."""
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
    nn.init.zeros_(model.get_parameter("1.weight"))
    x, y = regression()
    yield model
    yield F.mse_loss(model(x), y)  # <- here


@broken("clamped", "0.weight", "zero", "outside its bounds")
def modules_in_one_line_are_no_loss() -> Iterator[Any]:
    """What a Sequential does in one line of the person's is not one function of torch's that is at its best."""
    first = nn.Linear(4, 8)
    nn.init.constant_(first.bias, 90.0)
    model = nn.Sequential(first, nn.Hardtanh(), nn.Linear(8, 1))
    x, y = regression()
    yield model
    yield F.mse_loss(model(x), y)  # <- here


@broken("zero", "weight", "zero", "+1 · g and -1 · g")
def rounded_without_a_detach() -> Iterator[Any]:
    model = nn.Linear(4, 3, bias=False)
    nn.init.constant_(model.weight, 2.25)
    yield model
    weight = model.weight + (torch.round(model.weight) - model.weight)  # <- here
    yield F.linear(torch.randn(5, 4), weight).pow(2).mean()


@broken("overflow", "weight", "zero", "of which", "makes 0")
def scale_of_half_precision_is_infinite() -> Iterator[Any]:
    model = nn.Linear(4, 8).half()
    x = 1000 * torch.randn(3, 4).half()
    yield model
    h = model(x)
    square = h.pow(2)  # <- here
    yield (h * torch.rsqrt(square.mean(-1, keepdim=True) + 1)).float().sum()


@broken("underflow", "weight", "zero", "float16")
def half_precision_divided_by_a_count() -> Iterator[Any]:
    """What is divided is not 0, nor what comes of it: only its gradient is."""
    model = nn.Linear(4, 1).half()
    x, y = regression()
    yield model
    yield (model(x.half()) - y.half()).abs().mean() / 30000 / 3000  # <- here


@broken("underflow", "weight", "zero", "float16")
def half_precision_times_a_weight() -> Iterator[Any]:
    model = nn.Linear(4, 1).half()
    x, y = regression()
    small = torch.tensor(3e-5).half()
    yield model
    yield (model(x.half()) - y.half()).abs().mean() * small * small.float() * 1.0  # <- here


@broken("dead", "0.weight", "zero", "is negative or 0")
def bias_far_below_zero() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
    nn.init.constant_(model.get_parameter("0.bias"), -20)
    x, y = regression()
    yield model
    yield F.mse_loss(model(x), y)  # <- here


@broken("clamped", "shift", "zero", "outside of its input")
def grid_of_pixels() -> Iterator[Any]:
    shift, picture = nn.Parameter(torch.tensor([5.0, 6.0])), torch.rand(1, 1, 8, 8)
    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    yield {"shift": shift}
    places = torch.stack([columns, rows], -1) + shift
    yield (F.grid_sample(picture, places[None], align_corners=True) - 1).pow(2).mean()  # <- here


@broken("underflow", "weight", "zero", "float16")
def gradients_that_a_cast_loses() -> Iterator[Any]:
    model = nn.Linear(4, 1).half()
    x, y = torch.randn(64, 4) / 100, torch.randn(64, 1) / 100
    yield model
    out = model(x.half()).float()  # <- here
    yield (out - y).pow(2).mean() * 1e-6


@broken("underflow", "0.weight", "zero", "float16")
def gradients_that_autocast_loses() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    x, y = torch.randn(64, 4), torch.randn(64, 1)
    yield model
    with torch.autocast("cpu", dtype=torch.float16):
        out = model(x)
    yield F.mse_loss(out.float(), y) * 1e-8  # <- here


@broken("masked", "top", "zero", "none of this operand is taken")
def bound_that_nothing_reaches() -> Iterator[Any]:
    """Not wrong: one that is learned may be far above what a batch has."""
    layer, top = nn.Linear(3, 2), nn.Parameter(torch.tensor(60.0))
    yield {"weight": layer.weight, "top": top}
    yield torch.clamp(layer(torch.randn(5, 3)), max=top).pow(2).mean()  # <- here
