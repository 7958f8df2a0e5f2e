"""The rules of operations that mix or move elements: what each says in words, done in tensors, is torch's gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from gradtui.engine.autograd.saved import saved
from gradtui.grad_fns.other_devices import KERNELS
from gradtui.grad_fns.rule_of_node import rule, rule_of
from gradtui.grad_fns.tensor_rules import TENSORS
from gradtui.snapshot import model
from tests.grad_fns.case import Case, Gradients, case, linear, moves, operand, put_back, ties
from tests.grad_fns.decompositions import DECOMPOSITIONS
from tests.grad_fns.further import FURTHER
from tests.grad_fns.spectra import SPECTRA
from tests.torch_version import VERSION

INDEX = torch.tensor([0, 2, 0])
COLUMN = torch.tensor([[1], [0], [3]])
MASK = torch.tensor([True, False, True])
TARGET = torch.tensor([1, 0, 3])
WEIGHT = torch.tensor([0.5, 2.0, 1.0, 3.0], dtype=torch.float64)


def from_here_to_the_end(a: Tensor) -> Tensor:
    return torch.stack([a[i:].sum(0) for i in range(len(a))])


def product_of_the_others(a: Tensor) -> Tensor:
    return torch.stack([torch.cat([a[:i], a[i + 1 :]]).prod(0) for i in range(len(a))])


def normalised(a: Tensor, dims: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """â and σ, with torch's eps."""
    deviation = (a.var(dims, correction=0, keepdim=True) + 1e-5).sqrt()
    return (a - a.mean(dims, keepdim=True)) / deviation, deviation


def normalisation(g: Tensor, a: Tensor, b: Tensor, dims: tuple[int, ...]) -> Tensor:
    ahat, deviation = normalised(a, dims)
    h = g * b
    return (h - h.mean(dims, keepdim=True) - ahat * (h * ahat).mean(dims, keepdim=True)) / deviation


def attention(g: Tensor, y: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Gradients:
    root = math.sqrt(a.shape[-1])
    p = (a @ b.mT / root).softmax(-1)
    h = g @ c.mT
    s = p * (h - (h * p).sum(-1, keepdim=True))
    return s @ b / root, s.mT @ a / root, p.mT @ g


def group_norm(g: Tensor, y: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Gradients:
    groups = a.reshape(2, 2, 6)
    ahat = normalised(groups, (2,))[0].reshape(a.shape)
    wide = b[:, None].expand(4, 3).reshape(1, 2, 6)
    to_a = normalisation(g.reshape(2, 2, 6), groups, wide, (2,)).reshape(a.shape)
    return to_a, (g * ahat).sum((0, 2)), g.sum((0, 2))


def batch_norm_at_rest(g: Tensor, y: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Gradients:
    deviation = (WEIGHT + 1e-5).sqrt()
    return g * b / deviation, (g * (a - 1) / deviation).sum(0), g.sum(0)


def correlation(a: Tensor, g: Tensor) -> Tensor:
    """Over the batch: (n, i, ...) and (n, o, ...) -> (o, i, ...)."""
    return functional.conv2d(a.transpose(0, 1), g.transpose(0, 1)).transpose(0, 1)


def wide(t: Tensor) -> Tensor:
    """Each element of the last two dims as a 2x2 window."""
    return t.repeat_interleave(2, -1).repeat_interleave(2, -2)


def cube(t: Tensor) -> Tensor:
    return wide(t).repeat_interleave(2, -3)


def glu(g: Tensor, y: Tensor, a: Tensor) -> Gradients:
    left, right = a.chunk(2)
    s = right.sigmoid()
    return torch.cat([g * s, g * left * s * (1 - s)])


def weight_norm(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Gradients:
    length, along = a.norm(dim=1, keepdim=True), (g * a).sum(1, keepdim=True)
    return b * (g - a * along / length**2) / length, along / length


def gelu_tanh(g: Tensor, y: Tensor, a: Tensor) -> Gradients:
    t = torch.tanh(math.sqrt(2 / math.pi) * (a + 0.044715 * a**3))
    return g * ((1 + t) / 2 + a * (1 - t**2) * (1 + 0.134145 * a**2) / math.sqrt(2 * math.pi))


def solve(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Gradients:
    to_b = torch.linalg.solve(a.T, g)
    return -torch.outer(to_b, y), to_b


def changed(a: Tensor, change: Callable[[Tensor], Any]) -> Tensor:
    """A copy of `a` after a change in place."""
    copy = a * 1
    change(copy)
    return copy


def power(a: Tensor, y: Tensor, p: float) -> Tensor:
    return a.sign() * (a.abs() / y) ** (p - 1)


def at(t: Tensor, place: Any, value: Tensor | float) -> Tensor:
    """A copy with `value` at `place`."""
    copy = t.clone()
    copy[place] = value
    return copy


def nearest(a: Tensor) -> Tensor:
    return functional.interpolate(a, scale_factor=2.0)


def interpolated(mode: str) -> Callable[[Tensor], Tensor]:
    return lambda a: functional.interpolate(a, scale_factor=2.0, mode=mode)


REDUCTIONS = [
    ("SumBackward0", case((2, 3))(torch.sum, lambda g, y, a: g.expand(2, 3))),
    ("SumBackward1", case((2, 3))(lambda a: a.sum(1), lambda g, y, a: g[:, None].expand(2, 3))),
    (
        "NansumBackward0",
        case((2,))(lambda a: torch.nansum(a + torch.tensor([0, math.nan])), lambda g, y, a: g * torch.tensor([1, 0])),
    ),
    ("MeanBackward0", case((2, 3))(torch.mean, lambda g, y, a: (g / 6).expand(2, 3))),
    ("MeanBackward1", case((2, 3))(lambda a: a.mean(1), lambda g, y, a: (g / 3)[:, None].expand(2, 3))),
    ("ProdBackward0", case((4,))(torch.prod, lambda g, y, a: g * product_of_the_others(a))),
    ("ProdBackward0", case((4,))(lambda a: torch.prod(a - a.detach()), lambda g, y, a: torch.zeros(4))),
    ("ProdBackward1", case((4, 2))(lambda a: a.prod(0), lambda g, y, a: g * product_of_the_others(a))),
    ("VarBackward0", case((4,))(lambda a: a.var(correction=0), lambda g, y, a: 2 * g * (a - a.mean()) / 4)),
    ("VarBackward0", case((4,))(lambda a: a.var(0), lambda g, y, a: 2 * g * (a - a.mean()) / 3)),
    ("VarBackward0 correction=None", case((4,))(torch.var, lambda g, y, a: 2 * g * (a - a.mean()) / 3)),
    ("StdBackward0", case((4,))(lambda a: a.std(correction=0), lambda g, y, a: g * (a - a.mean()) / (y * 4))),
    ("StdBackward0 correction=None", case((4,))(torch.std, lambda g, y, a: g * (a - a.mean()) / (y * 3))),
    ("MaxBackward0", case((3, 4))(lambda a: a.max(1)[0], lambda g, y, a: g[:, None] * (a == y[:, None]))),
    ("MinBackward0", case((3, 4))(lambda a: a.min(1)[0], lambda g, y, a: g[:, None] * (a == y[:, None]))),
    ("MaxBackward1", case((4,))(torch.max, ties)),
    ("MaxBackward1", case((4,))(lambda a: torch.max(a - a.detach()), lambda g, y, a: (g / 4).expand(4))),
    ("MinBackward1", case((4,))(torch.min, ties)),
    ("AmaxBackward0", case((4,))(torch.amax, ties)),
    ("AmaxBackward0", case((4,))(lambda a: torch.amax(a - a.detach()), lambda g, y, a: (g / 4).expand(4))),
    ("AminBackward0", case((4,))(torch.amin, ties)),
    ("MedianBackward0", case((5,))(torch.median, ties)),
    ("MedianBackward1", case((3, 5))(lambda a: a.median(1)[0], lambda g, y, a: g[:, None] * (a == y[:, None]))),
    ("KthvalueBackward0", case((5,))(lambda a: a.kthvalue(2)[0], lambda g, y, a: g * (a == y))),
    ("ModeBackward0", case((5,))(lambda a: a.mode()[0], lambda g, y, a: g * (a == y))),
    ("SortBackward0", case((5,))(lambda a: a.sort()[0], lambda g, y, a: put_back(a, a.argsort(), g))),
    ("TopkBackward0", case((5,))(lambda a: a.topk(2)[0], lambda g, y, a: put_back(a, (-a).argsort()[:2], g))),
    ("LogsumexpBackward0", case((4,))(lambda a: a.logsumexp(0), lambda g, y, a: g * (a - y).exp())),
    ("SoftmaxBackward0", case((4,))(lambda a: a.softmax(0), lambda g, y, a: y * (g - (g * y).sum()))),
    (
        "SafeSoftmaxBackward0",
        case((4,))(lambda a: torch.ops.aten._safe_softmax(a, 0), lambda g, y, a: y * (g - (g * y).sum())),
    ),
    ("LogSoftmaxBackward0", case((4,))(lambda a: a.log_softmax(0), lambda g, y, a: g - y.exp() * g.sum())),
    ("CumsumBackward0", case((4,))(lambda a: a.cumsum(0), lambda g, y, a: from_here_to_the_end(g))),
    ("CumprodBackward0", case((4,))(lambda a: a.cumprod(0), lambda g, y, a: from_here_to_the_end(g * y) / a)),
    (
        "LogcumsumexpBackward0",
        case((4,))(lambda a: a.logcumsumexp(0), lambda g, y, a: a.exp() * from_here_to_the_end(g * (-y).exp())),
    ),
    ("CummaxBackward0", case((6,))(lambda a: a.cummax(0)[0], lambda g, y, a: g @ (y[:, None] == a).double())),
    ("CumminBackward0", case((6,))(lambda a: a.cummin(0)[0], lambda g, y, a: g @ (y[:, None] == a).double())),
    (
        "LinalgVectorNormBackward0",
        case((4,))(lambda a: torch.linalg.vector_norm(a, 3), lambda g, y, a: g * power(a, y, 3)),
    ),
    (
        "LinalgVectorNormBackward0",
        case((4,))(lambda a: torch.linalg.vector_norm(a - a.detach(), 3), lambda g, y, a: torch.zeros(4)),
    ),
    ("LinalgVectorNormBackward0 ord=2", case((4,))(torch.norm, lambda g, y, a: g * a / y)),
    (
        "LinalgVectorNormBackward0 ord=2",
        case((4,))(lambda a: torch.norm(a - a.detach()), lambda g, y, a: torch.zeros(4)),
    ),
    (
        "LinalgVectorNormBackward0 ord=1",
        case((4,))(lambda a: torch.linalg.vector_norm(a, 1), lambda g, y, a: g * a.sign()),
    ),
    (
        "LinalgVectorNormBackward0 ord=inf",
        case((4,))(lambda a: torch.linalg.vector_norm(a, math.inf), lambda g, y, a: a.sign() * ties(g, y, a.abs())),
    ),
    (
        "NormBackward1",
        case((4,))(lambda a: torch.ops.aten.norm.ScalarOpt_dim(a, 3, [0]), lambda g, y, a: g * power(a, y, 3)),
    ),
    (
        "NormBackward1 p=2",
        case((4,))(lambda a: torch.ops.aten.norm.ScalarOpt_dim(a, 2, [0]), lambda g, y, a: g * a / y),
    ),
    (
        "DistBackward0",
        case((4,), (4,))(
            lambda a, b: torch.dist(a, b, 3), lambda g, y, a, b: (g * power(a - b, y, 3), -g * power(a - b, y, 3))
        ),
    ),
    ("DistBackward0 p=2", case((4,), (4,))(torch.dist, lambda g, y, a, b: (g * (a - b) / y, -g * (a - b) / y))),
    (
        "CdistBackward0 p=2",
        case((3, 4), (2, 4))(
            torch.cdist,
            lambda g, y, a, b: tuple(
                sign * ((g / y)[:, :, None] * (a[:, None] - b[None])).sum(over) for sign, over in ((1, 1), (-1, 0))
            ),
        ),
    ),
    ("TraceBackward0", case((3, 3))(torch.trace, lambda g, y, a: torch.diag(g.expand(3)))),
]

PRODUCTS = [
    ("DotBackward0", case((3,), (3,))(torch.dot, lambda g, y, a, b: (g * b, g * a))),
    ("VdotBackward0", case((3,), (3,))(torch.vdot, lambda g, y, a, b: (g * b, g * a))),
    ("MvBackward0", case((2, 3), (3,))(torch.mv, lambda g, y, a, b: (torch.outer(g, b), a.T @ g))),
    ("MmBackward0", case((2, 3), (3, 4))(torch.mm, lambda g, y, a, b: (g @ b.T, a.T @ g))),
    ("BmmBackward0", case((5, 2, 3), (5, 3, 4))(torch.bmm, lambda g, y, a, b: (g @ b.mT, a.mT @ g))),
    (
        "AddmmBackward0",
        case((2, 4), (2, 3), (3, 4))(
            lambda a, b, c: torch.addmm(a, b, c, beta=2, alpha=3),
            lambda g, y, a, b, c: (2 * g, 3 * g @ c.T, 3 * b.T @ g),
        ),
    ),
    (
        "AddmvBackward0",
        case((2,), (2, 3), (3,))(
            lambda a, b, c: torch.addmv(a, b, c, beta=2, alpha=3),
            lambda g, y, a, b, c: (2 * g, 3 * torch.outer(g, c), 3 * b.T @ g),
        ),
    ),
    (
        "AddrBackward0",
        case((2, 3), (2,), (3,))(
            lambda a, b, c: torch.addr(a, b, c, beta=2, alpha=3),
            lambda g, y, a, b, c: (2 * g, 3 * g @ c, 3 * g.T @ b),
        ),
    ),
    (
        "BaddbmmBackward0",
        case((5, 2, 4), (5, 2, 3), (5, 3, 4))(
            lambda a, b, c: torch.baddbmm(a, b, c, beta=2, alpha=3),
            lambda g, y, a, b, c: (2 * g, 3 * g @ c.mT, 3 * b.mT @ g),
        ),
    ),
    (
        "AddbmmBackward0",
        case((2, 4), (5, 2, 3), (5, 3, 4))(
            lambda a, b, c: torch.addbmm(a, b, c, beta=2, alpha=3),
            lambda g, y, a, b, c: (2 * g, 3 * g @ c.mT, 3 * b.mT @ g),
        ),
    ),
    (
        "LinalgCrossBackward0",
        case((3,), (3,))(torch.linalg.cross, lambda g, y, a, b: (torch.linalg.cross(b, g), torch.linalg.cross(g, a))),
    ),
    ("LinalgInvExBackward0", case((3, 3))(torch.linalg.inv, lambda g, y, a: -(y.T @ g @ y.T))),
    ("LinalgDetBackward0", case((3, 3))(torch.linalg.det, lambda g, y, a: g * y * torch.linalg.inv(a).T)),
    (
        "LinalgSlogdetBackward0",
        case((3, 3))(lambda a: torch.linalg.slogdet(a)[1], lambda g, y, a: g * torch.linalg.inv(a).T),
    ),
    ("LinalgSolveExBackward0", case((3, 3), (3,))(torch.linalg.solve, solve)),
]

BCE, LOGITS = functional.binary_cross_entropy, functional.binary_cross_entropy_with_logits
SOME = torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64)


def losses(reduction: str, n: int) -> list[tuple[str, Case]]:
    def of(loss: Callable[..., Tensor], **settings: Any) -> Callable[..., Tensor]:
        return lambda *operands: loss(*operands, reduction=reduction, **settings)

    def opposite(rule: Callable[..., Tensor]) -> Callable[..., Gradients]:
        return lambda g, y, a, b: (rule(g, a - b), -rule(g, a - b))

    def nll(target: Tensor, weight: Tensor | None) -> Callable[..., Tensor]:
        return lambda a: functional.nll_loss(a, target, weight, reduction=reduction)

    def at_target(weight: Tensor, averaged: float) -> Callable[..., Tensor]:
        return lambda g, y, a: put_back(a, (torch.arange(3), TARGET), -weight[TARGET] * g / (averaged if n > 1 else 1))

    def at_target_2d(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
        return at(torch.zeros_like(a), (0, TARGET, torch.arange(3), 0), -g.reshape(-1) / n)

    signs = torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)
    pair = case((3,), (3,), positive=True)
    return [
        ("MseLossBackward0", pair(of(functional.mse_loss), opposite(lambda g, d: 2 * g * d / n))),
        (
            "SmoothL1LossBackward0",
            pair(of(functional.smooth_l1_loss, beta=0.2), opposite(lambda g, d: g * (d / 0.2).clamp(-1, 1) / n)),
        ),
        (
            "HuberLossBackward0",
            pair(of(functional.huber_loss, delta=0.2), opposite(lambda g, d: g * d.clamp(-0.2, 0.2) / n)),
        ),
        (
            "SoftMarginLossBackward0",
            case((3,))(
                lambda a: functional.soft_margin_loss(a, signs, reduction=reduction),
                lambda g, y, a: -g * signs * torch.sigmoid(-signs * a) / n,
            ),
        ),
        (
            "BinaryCrossEntropyBackward0",
            pair(
                of(BCE, weight=SOME),
                lambda g, y, a, b: (g * SOME * (a - b) / (a * (1 - a)) / n, -g * SOME * torch.logit(a) / n),
            ),
        ),
        (
            "BinaryCrossEntropyBackward0",
            pair(of(BCE), lambda g, y, a, b: (g * (a - b) / (a * (1 - a)) / n, -g * torch.logit(a) / n)),
        ),
        (
            "BinaryCrossEntropyWithLogitsBackward0",
            pair(
                of(LOGITS, weight=SOME, pos_weight=2 * SOME),
                lambda g, y, a, b: (
                    g * SOME * ((1 + (2 * SOME - 1) * b) * torch.sigmoid(a) - 2 * SOME * b) / n,
                    g * SOME * (functional.logsigmoid(-a) - 2 * SOME * functional.logsigmoid(a)) / n,
                ),
            ),
        ),
        (
            "BinaryCrossEntropyWithLogitsBackward0 pos_weight=None",
            pair(of(LOGITS), lambda g, y, a, b: (g * (torch.sigmoid(a) - b) / n, -g * a / n)),
        ),
        ("NllLossBackward0", case((3, 4))(nll(TARGET, None), at_target(torch.ones_like(WEIGHT), 3))),
        ("NllLossBackward0", case((3, 4))(nll(TARGET, WEIGHT), at_target(WEIGHT, float(WEIGHT[TARGET].sum())))),
        ("NllLoss2DBackward0", case((1, 4, 3, 1))(nll(TARGET.reshape(1, 3, 1), None), at_target_2d)),
    ]


LAYERS = [
    (
        "NativeLayerNormBackward0",
        case((3, 4), (4,), (4,))(
            lambda a, b, c: functional.layer_norm(a, (4,), b, c),
            lambda g, y, a, b, c: (normalisation(g, a, b, (1,)), (g * normalised(a, (1,))[0]).sum(0), g.sum(0)),
        ),
    ),
    (
        "NativeBatchNormBackward0",
        case((3, 4), (4,), (4,))(
            lambda a, b, c: functional.batch_norm(a, None, None, b, c, training=True),
            lambda g, y, a, b, c: (normalisation(g, a, b, (0,)), (g * normalised(a, (0,))[0]).sum(0), g.sum(0)),
        ),
    ),
    (
        "NativeBatchNormBackward0 training=False",
        case((3, 4), (4,), (4,))(
            lambda a, b, c: functional.batch_norm(a, torch.ones(4).double(), WEIGHT, b, c), batch_norm_at_rest
        ),
    ),
    (
        "NativeGroupNormBackward0",
        case((2, 4, 3), (4,), (4,))(lambda a, b, c: functional.group_norm(a, 2, b, c), group_norm),
    ),
    (
        "ConvolutionBackward0",
        case((2, 3, 5, 5), (4, 3, 3, 3), (4,))(
            functional.conv2d,
            lambda g, y, a, b, c: (functional.conv_transpose2d(g, b), correlation(a, g), g.sum((0, 2, 3))),
        ),
    ),
    (
        "ConvolutionBackward0 transposed=True",
        case((2, 3, 5, 5), (3, 4, 3, 3), (4,))(
            functional.conv_transpose2d,
            lambda g, y, a, b, c: (functional.conv2d(g, b), correlation(g, a), g.sum((0, 2, 3))),
        ),
    ),
    (
        "MaxPool2DWithIndicesBackward0",
        case((1, 2, 4, 4))(lambda a: functional.max_pool2d(a, 2), lambda g, y, a: wide(g) * (a == wide(y))),
    ),
    (
        "MaxPool3DWithIndicesBackward0",
        case((1, 2, 4, 4, 4))(lambda a: functional.max_pool3d(a, 2), lambda g, y, a: cube(g) * (a == cube(y))),
    ),
    (
        "AdaptiveMaxPool2DBackward0",
        case((1, 2, 4, 4))(lambda a: functional.adaptive_max_pool2d(a, 2), lambda g, y, a: wide(g) * (a == wide(y))),
    ),
    ("AvgPool2DBackward0", case((1, 2, 4, 4))(lambda a: functional.avg_pool2d(a, 2), lambda g, y, a: wide(g) / 4)),
    ("AvgPool3DBackward0", case((1, 2, 4, 4, 4))(lambda a: functional.avg_pool3d(a, 2), lambda g, y, a: cube(g) / 8)),
    (
        "AdaptiveAvgPool2DBackward0",
        case((1, 2, 4, 4))(lambda a: functional.adaptive_avg_pool2d(a, 2), lambda g, y, a: wide(g) / 4),
    ),
    ("UpsampleNearest1DBackward0", case((1, 2, 3))(nearest, lambda g, y, a: g.unflatten(2, (3, 2)).sum(3))),
    (
        "UpsampleNearest2DBackward0",
        case((1, 2, 3, 3))(nearest, lambda g, y, a: g.unflatten(3, (3, 2)).sum(4).unflatten(2, (3, 2)).sum(3)),
    ),
    ("UpsampleLinear1DBackward0", linear((1, 2, 3), interpolated("linear"))),
    ("UpsampleBilinear2DBackward0", linear((1, 2, 3, 3), interpolated("bilinear"))),
    ("UpsampleBicubic2DBackward0", linear((1, 2, 3, 3), interpolated("bicubic"))),
    (
        "EmbeddingBackward0",
        case((5, 4))(lambda a: functional.embedding(INDEX, a), lambda g, y, a: put_back(a, INDEX, g)),
    ),
    (
        "EmbeddingBagBackward0",
        case((5, 4))(
            lambda a: functional.embedding_bag(INDEX[None], a), lambda g, y, a: put_back(a, INDEX, (g / 3).expand(3, 4))
        ),
    ),
    (
        "EmbeddingBagBackward0 mode=0",
        case((5, 4))(
            lambda a: functional.embedding_bag(INDEX[None], a, mode="sum"),
            lambda g, y, a: put_back(a, INDEX, g.expand(3, 4)),
        ),
    ),
    (
        "ScaledDotProductFlashAttentionForCpuBackward0",
        case((1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4))(functional.scaled_dot_product_attention, attention),
    ),
    (
        "NativeDropoutBackward0",
        case((9,))(lambda a: torch.native_dropout(a, 0.25, True)[0], lambda g, y, a: g * (y != 0) / 0.75),
    ),
    ("GluBackward0", case((6,))(lambda a: functional.glu(a, 0), glu)),
    (
        "RreluWithNoiseBackward0",
        case((9,))(lambda a: functional.rrelu(a, training=True), lambda g, y, a: torch.where(a > 0, g, g * y / a)),
    ),
    ("RreluWithNoiseBackward0", case((9,))(functional.rrelu, lambda g, y, a: torch.where(a > 0, g, g * y / a))),
    ("WeightNormInterfaceBackward0", case((3, 4), (3, 1))(torch._weight_norm, weight_norm)),
    ("GeluBackward0 approximate=tanh", case((9,))(lambda a: functional.gelu(a, approximate="tanh"), gelu_tanh)),
    ("DigammaBackward0", case((9,))(torch.digamma, lambda g, y, a: g * torch.polygamma(1, a))),
    ("PolygammaBackward0", case((9,))(lambda a: torch.polygamma(1, a), lambda g, y, a: g * torch.polygamma(2, a))),
    ("BernoulliBackward0", case((9,), positive=True)(torch.bernoulli, lambda g, y, a: 0 * g)),
    ("NormalBackward1", case((9,))(lambda a: torch.normal(a, 1.0), lambda g, y, a: 0 * g)),
    ("RoundBackward1", case((9,))(lambda a: torch.round(a, decimals=1), lambda g, y, a: 0 * g)),
    (
        "NanToNumBackward0",
        case((3,))(
            lambda a: torch.nan_to_num(a + torch.tensor([0, math.inf, math.nan])),
            lambda g, y, a: g * torch.tensor([1, 0, 0]),
        ),
    ),
]

SHAPES = [
    ("ViewBackward0", case((3, 4))(lambda a: a.view(2, 6), lambda g, y, a: g.reshape(3, 4))),
    (
        "UnsafeViewBackward0",
        case((3, 4))(lambda a: torch.ops.aten._unsafe_view(a, (2, 6)), lambda g, y, a: g.reshape(3, 4)),
    ),
    (
        "ReshapeAliasBackward0",
        case((3, 4))(lambda a: torch.ops.aten._reshape_alias(a, (2, 6), (6, 1)), lambda g, y, a: g.reshape(3, 4)),
    ),
    ("SqueezeBackward0", case((2, 1, 3))(lambda a: a.squeeze(), lambda g, y, a: g.reshape(2, 1, 3))),
    ("SqueezeBackward1", case((2, 1, 3))(lambda a: a.squeeze(1), lambda g, y, a: g.reshape(2, 1, 3))),
    ("SqueezeBackward2", case((2, 1, 3))(lambda a: a.squeeze((1,)), lambda g, y, a: g.reshape(2, 1, 3))),
    ("SqueezeBackward4", case((2, 1, 3))(lambda a: (a * 1).squeeze_(1), lambda g, y, a: g.reshape(2, 1, 3))),
    ("UnsqueezeBackward0", case((2, 3))(lambda a: a.unsqueeze(1), lambda g, y, a: g.reshape(2, 3))),
    ("TBackward0", case((2, 3))(torch.t, lambda g, y, a: g.T)),
    ("TransposeBackward0", case((2, 3, 4))(lambda a: a.transpose(0, 2), lambda g, y, a: g.transpose(0, 2))),
    ("PermuteBackward0", case((2, 3, 4))(lambda a: a.permute(2, 0, 1), lambda g, y, a: g.permute(1, 2, 0))),
    ("ExpandBackward0", case((3, 1))(lambda a: a.expand(2, 3, 4), lambda g, y, a: g.sum((0, 2)).reshape(3, 1))),
    ("RepeatBackward0", case((3,))(lambda a: a.repeat(2, 2), lambda g, y, a: g.reshape(4, 3).sum(0))),
    (
        "CatBackward0",
        case((2,), (3,), (1,))(lambda *parts: torch.cat(parts), lambda g, y, a, b, c: (g[:2], g[2:5], g[5:])),
    ),
    (
        "StackBackward0",
        case((2,), (2,), (2,))(lambda *parts: torch.stack(parts), lambda g, y, a, b, c: (g[0], g[1], g[2])),
    ),
    ("SplitBackward0", case((5,))(lambda a: a.split(2), lambda g, y, a: torch.cat(g))),
    ("SplitWithSizesBackward0", case((5,))(lambda a: a.split([1, 4]), lambda g, y, a: torch.cat(g))),
    ("UnsafeSplitBackward0", case((5,))(lambda a: torch.unsafe_split(a, 2), lambda g, y, a: torch.cat(g))),
    ("UnbindBackward0", case((2, 3))(torch.unbind, lambda g, y, a: torch.stack(g))),
    ("SelectBackward0", case((3, 4))(lambda a: a[1], lambda g, y, a: at(torch.zeros_like(a), 1, g))),
    ("SliceBackward0", case((3, 4))(lambda a: a[1:], lambda g, y, a: at(torch.zeros_like(a), slice(1, 3), g))),
    ("DiagonalBackward0", case((3, 3))(torch.diagonal, lambda g, y, a: torch.diag(g))),
    ("DiagonalBackward0", case((3, 3))(torch.diag, lambda g, y, a: torch.diag(g))),
    ("DiagEmbedBackward0", case((3,))(torch.diag_embed, lambda g, y, a: g.diagonal())),
    ("AsStridedBackward0", moves((6,), lambda a: a.as_strided((2, 3), (2, 1)))),
    ("UnfoldBackward0", moves((6,), lambda a: a.unfold(0, 3, 1))),
    ("Im2ColBackward0", moves((1, 2, 4, 4), lambda a: functional.unfold(a, 2))),
    (
        "Col2ImBackward0",
        case((1, 8, 9))(lambda a: functional.fold(a, (4, 4), 2), lambda g, y, a: functional.unfold(g, 2)),
    ),
    ("TriuBackward0", case((3, 4))(torch.triu, lambda g, y, a: g * (torch.arange(4) >= torch.arange(3)[:, None]))),
    ("TrilBackward0", case((3, 4))(torch.tril, lambda g, y, a: g * (torch.arange(4) <= torch.arange(3)[:, None]))),
    ("ConstantPadNdBackward0", case((3,))(lambda a: functional.pad(a, (1, 2)), lambda g, y, a: g[1:-2])),
    ("ReflectionPad1DBackward0", moves((2, 3), lambda a: functional.pad(a, (2, 1), mode="reflect"))),
    ("ReplicationPad1DBackward0", moves((2, 3), lambda a: functional.pad(a, (2, 1), mode="replicate"))),
    ("RollBackward0", case((5,))(lambda a: a.roll(2), lambda g, y, a: torch.cat([g[2:], g[:2]]))),
    ("FlipBackward0", case((5,))(lambda a: a.flip(0), lambda g, y, a: g[torch.arange(4, -1, -1)])),
    ("Rot90Backward0", case((3, 4))(torch.rot90, lambda g, y, a: g.T.flip(1))),
    (
        "PixelShuffleBackward0",
        case((1, 4, 2, 2))(lambda a: functional.pixel_shuffle(a, 2), lambda g, y, a: functional.pixel_unshuffle(g, 2)),
    ),
    (
        "PixelUnshuffleBackward0",
        case((1, 1, 4, 4))(lambda a: functional.pixel_unshuffle(a, 2), lambda g, y, a: functional.pixel_shuffle(g, 2)),
    ),
]

FIRST_AND_LAST = torch.tensor([0, 2])
MIDDLE_ONLY = torch.tensor([[0.0], [1.0], [0.0]], dtype=torch.float64)

PLACES = [
    ("IndexBackward0", case((3, 4))(lambda a: a[INDEX], lambda g, y, a: put_back(a, INDEX, g))),
    (
        "IndexSelectBackward0",
        case((3, 4))(lambda a: a.index_select(0, INDEX), lambda g, y, a: put_back(a, INDEX, g)),
    ),
    (
        "GatherBackward0",
        case((3, 4))(
            lambda a: a.gather(1, COLUMN), lambda g, y, a: put_back(a, (torch.arange(3), COLUMN[:, 0]), g[:, 0])
        ),
    ),
    ("TakeBackward0", case((3, 4))(lambda a: a.take(INDEX), lambda g, y, a: put_back(a.view(-1), INDEX, g).view(3, 4))),
    (
        "IndexPutBackward0",
        case((3, 4), (2, 4))(
            lambda a, b: a.index_put((FIRST_AND_LAST,), b), lambda g, y, a, b: (g * MIDDLE_ONLY, g[FIRST_AND_LAST])
        ),
    ),
    (
        "IndexPutBackward0 accumulate=True",
        case((3, 4), (3, 4))(lambda a, b: a.index_put((INDEX,), b, accumulate=True), lambda g, y, a, b: (g, g[INDEX])),
    ),
    (
        "IndexAddBackward0",
        case((3, 4), (3, 4))(lambda a, b: a.index_add(0, INDEX, b, alpha=3), lambda g, y, a, b: (g, 3 * g[INDEX])),
    ),
    (
        "IndexCopyBackward0",
        case((3, 4), (2, 4))(
            lambda a, b: a.index_copy(0, FIRST_AND_LAST, b), lambda g, y, a, b: (g * MIDDLE_ONLY, g[FIRST_AND_LAST])
        ),
    ),
    (
        "IndexFillBackward0",
        case((3, 4))(lambda a: a.index_fill(0, FIRST_AND_LAST, 5.0), lambda g, y, a: g * MIDDLE_ONLY),
    ),
    (
        "ScatterBackward0",
        case((3, 4), (3, 1))(
            lambda a, b: a.scatter(1, COLUMN, b),
            lambda g, y, a, b: (at(g, (torch.arange(3), COLUMN[:, 0]), 0.0), g.gather(1, COLUMN)),
        ),
    ),
    (
        "ScatterBackward1",
        case((3, 4))(lambda a: a.scatter(1, COLUMN, 5.0), lambda g, y, a: at(g, (torch.arange(3), COLUMN[:, 0]), 0.0)),
    ),
    (
        "ScatterAddBackward0",
        case((3, 4), (3, 1))(lambda a, b: a.scatter_add(1, COLUMN, b), lambda g, y, a, b: (g, g.gather(1, COLUMN))),
    ),
    (
        "ScatterReduceBackward0 reduce=sum",
        case((3, 4), (3, 1))(
            lambda a, b: a.scatter_reduce(1, COLUMN, b, "sum"), lambda g, y, a, b: (g, g.gather(1, COLUMN))
        ),
    ),
    ("MaskedFillBackward0", case((3,))(lambda a: a.masked_fill(MASK, 5.0), lambda g, y, a: g * ~MASK)),
    (
        "MaskedFillBackward1",
        case((3,), ())(lambda a, b: a.masked_fill(MASK, b), lambda g, y, a, b: (g * ~MASK, g[MASK].sum())),
    ),
    ("MaskedSelectBackward0", case((3,))(lambda a: a.masked_select(MASK), lambda g, y, a: at(0 * a, MASK, g))),
    (
        "MaskedScatterBackward0",
        case((3,), (3,))(
            lambda a, b: a.masked_scatter(MASK, b), lambda g, y, a, b: (g * ~MASK, at(0 * b, slice(0, 2), g[MASK]))
        ),
    ),
    ("CloneBackward0", case((3,))(torch.clone, lambda g, y, a: g)),
    ("ToCopyBackward0", case((3,))(lambda a: a.to(torch.float32), lambda g, y, a: g.double())),
    ("CopyBackwards", case((3,), (3,))(lambda a, b: (a * 1).copy_(b), lambda g, y, a, b: (0 * g, g))),
    (
        "CopySlices",
        case((3,))(lambda a: changed(a, lambda copy: copy[1:].mul_(2)), lambda g, y, a: torch.cat([g[:1], 2 * g[1:]])),
    ),
    (
        "CopySlices",
        case((3,), (2,))(
            lambda a, b: changed(a, lambda copy: copy[1:].copy_(b)),
            lambda g, y, a, b: (torch.cat([g[:1], 0 * g[1:]]), g[1:]),
        ),
    ),
    ("FillBackward2", case((3,))(lambda a: (a * 1).fill_(5.0), lambda g, y, a: 0 * g)),
    ("ZeroBackward0", case((3,))(lambda a: (a * 1).zero_(), lambda g, y, a: 0 * g)),
]

WITH_FACTORS = {
    "VarBackward0",
    "StdBackward0",
    "VarMeanBackward0",
    "StdMeanBackward0",
    *(key for key, _ in losses("mean", 3)),
}

CASES = [
    *REDUCTIONS,
    *PRODUCTS,
    *losses("mean", 3),
    *losses("sum", 1),
    *losses("none", 1),
    *LAYERS,
    *SHAPES,
    *PLACES,
    *DECOMPOSITIONS,
    *SPECTRA,
    *FURTHER,
]


@pytest.mark.long
@pytest.mark.parametrize(("key", "tried"), CASES, ids=[key for key, _ in CASES])
def test_rule(key: str, tried: Case) -> None:
    """On random operands and a random ḡ, to 1e-10 in float64."""
    if not hasattr(torch._C._functions, key.partition(" ")[0]):
        pytest.skip(f"torch {torch.__version__} has no such node")
    with torch.random.fork_rng():
        torch.manual_seed(7)
        operands = [operand(shape, tried.positive) for shape in tried.shapes]
        result = tried.forward(*operands)
        outputs = result if isinstance(result, tuple) else (result,)
        grads = tuple(torch.randn_like(output) for output in outputs)
    try:
        expected = torch.autograd.grad(outputs, operands, grads, allow_unused=True, retain_graph=True)
    except RuntimeError as error:
        if VERSION >= (2, 13) or "not implemented" not in str(error):
            raise
        pytest.skip("this torch has no derivative of it")
    single = not isinstance(result, tuple)
    said = tried.rule(grads[0] if single else grads, result, *operands)
    for told, gradient in zip((said,) if isinstance(said, Tensor) else said, expected, strict=True):
        wanted = torch.zeros_like(told) if gradient is None else gradient
        torch.testing.assert_close(told.detach(), wanted, rtol=1e-10, atol=1e-12, check_dtype=False)
    check_row(key, outputs[0].grad_fn)


def check_row(key: str, grad_fn: Any) -> None:
    """That this node is told by the row of that key."""
    found, row = rule_of(as_node(grad_fn)), rule(key)
    assert found is not None
    assert row is not None
    assert grad_fn.name().rpartition("::")[2].removesuffix("_copy") == key.partition(" ")[0]
    assert len(found.gradients) in (1, len(grad_fn.next_functions))
    assert found == row or key in WITH_FACTORS
    assert not found.elementwise


def as_node(grad_fn: Any) -> model.Node:
    name = grad_fn.name().rpartition("::")[2]
    return model.Node(0, name, (), "float64", "cpu", 0, 0, (), saved=saved(grad_fn))


@pytest.mark.parametrize(
    ("output", "written"),
    [
        (lambda a: functional.mse_loss(a, 0 * a), "2·ḡ·(a - b)/n"),
        (lambda a: functional.mse_loss(a, 0 * a, reduction="sum"), "2·ḡ·(a - b)"),
        (lambda a: functional.smooth_l1_loss(a, 0 * a), "ḡ·clamp(a - b, -1, 1)/n"),
        (lambda a: functional.smooth_l1_loss(a, 0 * a, beta=2.0), "ḡ·clamp((a - b)/beta, -1, 1)/n"),
        (lambda a: BCE(a.sigmoid(), 0 * a, reduction="none"), "ḡ·(a - b)/(a·(1 - a))"),
        (lambda a: BCE(a.sigmoid(), 0 * a, weight=SOME), "ḡ·weight·(a - b)/(a·(1 - a))/n"),
        (lambda a: LOGITS(a, 0 * a), "ḡ·(sigmoid(a) - b)/n"),
        (lambda a: functional.nll_loss(a[None], INDEX[:1]), "-ḡ/n at the target of each row, 0 elsewhere"),
        (lambda a: functional.nll_loss(a[None], INDEX[:1], SOME), "-weight·ḡ/n at the target of each row, 0 elsewhere"),
        (lambda a: torch.addmm(a, torch.eye(3).double(), torch.eye(3).double()), "ḡ"),
        (lambda a: torch.addmm(a, torch.eye(3).double(), torch.eye(3).double(), beta=2), "beta·ḡ"),
        (lambda a: a.var(0), "2·ḡ·(a - mean(a))/(n - 1)"),
        (lambda a: a.var(0, correction=0), "2·ḡ·(a - mean(a))/(n - correction)"),
    ],
)
def test_factors_that_are_1_go_unwritten(output: Callable[[Tensor], Tensor], written: str) -> None:
    found = rule_of(as_node(output(torch.rand(3, dtype=torch.float64, requires_grad=True)).grad_fn))
    assert found is not None
    assert found.text(0) == f"to a: {written}"


def test_cases_and_table_cover_each_other() -> None:
    elsewhere = {f"{name}Backward0" for name in KERNELS.values()}  # of no CPU: see test_other_devices
    cases = {key for key, _ in CASES} | {"AccumulateGrad"}
    assert cases <= set(TENSORS)
    assert set(TENSORS) - cases <= elsewhere
