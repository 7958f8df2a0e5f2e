"""Operations that are met seldom, and their rules done in tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from tests.grad_fns.case import Case, Gradients, as_of, case, linear, moves, put_back, quiet, ties

INDEX = torch.tensor([0, 2, 0])
ONCE = torch.tensor([2, 0])
COLUMN = torch.tensor([[1], [0], [3]])
MASK = torch.tensor([[True, False], [True, True]])
aten = torch.ops.aten
special: Any = torch.special


def var_mean(g: tuple[Tensor, Tensor], y: Any, a: Tensor) -> Tensor:
    return 2 * g[0] * (a - a.mean()) / 3 + g[1] / 4


def std_mean(g: tuple[Tensor, Tensor], y: tuple[Tensor, Tensor], a: Tensor) -> Tensor:
    return g[0] * (a - a.mean()) / (y[0] * 3) + g[1] / 4


def amin_amax(g: tuple[Tensor, Tensor], y: tuple[Tensor, Tensor], a: Tensor) -> Tensor:
    return ties(g[0], y[0], a) + ties(g[1], y[1], a)


def cdist(p: float) -> Callable[..., Any]:
    def rule(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Gradients:
        d = a[:, None] - b[None]
        each = g[..., None] * d.sign() * (d.abs() / y[..., None]) ** (p - 1)
        return each.sum(1), -each.sum(0)

    return rule


def pdist(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    first, second = torch.triu_indices(len(a), len(a), 1)
    d = a[first] - a[second]
    each = g[:, None] * d / y[:, None]
    return torch.zeros_like(a).index_add_(0, first, each).index_add_(0, second, -each)


def renorm(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    """torch divides by a norm that is larger by 1e-7."""
    norm = a.norm(dim=1, keepdim=True)
    divisor = norm + 1e-7
    cut = 0.5 * (g - a * (g * a).sum(1, keepdim=True) / (norm * divisor)) / divisor
    return torch.where(norm > 0.5, cut, g)


def multi_margin(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    target = torch.tensor([1, 0])
    within = (1 - a.gather(1, target[:, None]) + a > 0).double().scatter(1, target[:, None], 0.0)
    return g * within.scatter(1, target[:, None], -within.sum(1, keepdim=True)) / a.numel()


MANY = torch.tensor([[2, 0, -1, 1]])


def multilabel(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    found = torch.zeros_like(a)
    for right in (2, 0):
        for wrong in (1, 3):
            if 1 - (a[0, right] - a[0, wrong]) > 0:
                found[0, wrong] += g / 4
                found[0, right] -= g / 4
    return found


def alignments(a: Tensor) -> Tensor:
    """-log of the sum over all ways to spell [1, 2] in three steps: blanks (0) and repeats fall away."""
    ways = [(1, 2, 0), (1, 0, 2), (0, 1, 2), (1, 1, 2), (1, 2, 2)]
    return -torch.stack(
        [torch.stack([a[step, 0, sign] for step, sign in enumerate(way)]).sum() for way in ways]
    ).logsumexp(0)


def ctc(a: Tensor) -> Tensor:
    one = torch.tensor([3]), torch.tensor([2])
    return functional.ctc_loss(a, torch.tensor([[1, 2]]), *one, reduction="none")


def ctc_rule(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    """torch gives the gradient of log_softmax's operand: exp(a) less the share of the alignments that pass there."""
    leaf = a.detach().clone().requires_grad_()
    (shares,) = torch.autograd.grad(-alignments(leaf), leaf)
    return g * (a.exp() - shares)


def pooled(pool: Callable[[Tensor], Any]) -> Callable[..., Tensor]:
    """ḡ put where the indices beside the result say."""

    def rule(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
        _, indices = pool(a)
        flat = torch.zeros(a.numel(), dtype=a.dtype)
        return flat.index_add_(0, indices.reshape(-1), g.reshape(-1)).reshape(a.shape)

    return rule


SAMPLES_2D = torch.tensor([[[[0.3, 0.6]]]], dtype=torch.float64)
SAMPLES_3D = torch.tensor([[[[[0.3, 0.6, 0.4]]]]], dtype=torch.float64)


def adaptive(size: int) -> Callable[[Tensor], Any]:
    return lambda a: functional.adaptive_max_pool3d(a, size, return_indices=True)


def fractional_2d(a: Tensor) -> Any:
    return functional.fractional_max_pool2d(a, 2, 2, return_indices=True, _random_samples=SAMPLES_2D[0])


def fractional_3d(a: Tensor) -> Any:
    return functional.fractional_max_pool3d(a, 2, 2, return_indices=True, _random_samples=SAMPLES_3D[0, 0])


def max_unpool(spread: Callable[..., Tensor], indices: Tensor) -> Case:
    """ḡ at indices."""
    return case(indices.shape)(
        lambda a: spread(a, indices, 2), lambda g, y, a: g.flatten()[indices.flatten()].reshape(a.shape)
    )


FLAT_PLACES = torch.tensor([[[0, 3], [9, 14]]])
DEEP_PLACES = torch.tensor([[[[0, 3], [9, 14]], [[16, 22], [40, 60]]]])


def sampled(a: Tensor, b: Tensor) -> Tensor:
    """Bilinear, by hand: the corners of each place with their weights; what is outside counts as 0."""
    height, width = a.shape[-2:]
    x, y = ((b[..., 0] + 1) * width - 1) / 2, ((b[..., 1] + 1) * height - 1) / 2
    left, top = x.detach().floor(), y.detach().floor()
    found = torch.zeros_like(x)
    for down in (0, 1):
        for right in (0, 1):
            row, column = (top + down).long(), (left + right).long()
            weight = (1 - (x - left - right).abs()) * (1 - (y - top - down).abs())
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            value = a[0, 0][row.clamp(0, height - 1), column.clamp(0, width - 1)]
            found = found + torch.where(inside, weight * value, 0.0)
    return found[None] if found.dim() == 3 else found[:, None]


def sampled_3d(a: Tensor, b: Tensor) -> Tensor:
    depth, height, width = a.shape[-3:]
    sizes = (width, height, depth)
    places = [((b[..., axis] + 1) * size - 1) / 2 for axis, size in enumerate(sizes)]
    lows = [place.detach().floor() for place in places]
    found = torch.zeros_like(lows[0])
    for corner in range(8):
        steps = [corner >> axis & 1 for axis in range(3)]
        at = [(low + step).long() for low, step in zip(lows, steps, strict=True)]
        weight: Any = 1
        inside: Any = True
        for place, low, step, index, size in zip(places, lows, steps, at, sizes, strict=True):
            weight = weight * (1 - (place - low - step).abs())
            inside = inside & (index >= 0) & (index < size)
        x, y, z = (index.clamp(0, size - 1) for index, size in zip(at, sizes, strict=True))
        found = found + torch.where(inside, weight * a[0, 0][z, y, x], 0.0)
    return found[:, None]


def trilinear(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return torch._trilinear(a, b, c, [1, 3], [0], [1, 2], [2, 3])


def reduced(how: str) -> Callable[..., Tensor]:
    return lambda a, b: a.scatter_reduce(1, COLUMN, b, how)


def index_reduced(how: str) -> Callable[..., Tensor]:
    return quiet(lambda a, b: a.index_reduce(0, ONCE, b, how))


def extremes(index: Callable[[Tensor], Tensor]) -> Callable[..., Any]:
    """Random numbers have no ties: ḡ goes where the value came from."""
    return lambda g, y, a, b: (g * (a == y), index(g) * (b == index(y)))


def rows(t: Tensor) -> Tensor:
    return t[ONCE]


def picked(t: Tensor) -> Tensor:
    return t.gather(1, COLUMN)


def touched(a: Tensor) -> Tensor:
    """1, and 2 where another element is averaged in."""
    return torch.ones_like(a).scatter_add(1, COLUMN, torch.ones(3, 1, dtype=a.dtype))


def touched_rows(a: Tensor) -> Tensor:
    return torch.ones_like(a).index_add(0, ONCE, torch.ones(2, a.shape[1], dtype=a.dtype))


def put(t: Tensor, place: Any, value: float) -> Tensor:
    """A copy with `value` at `place`."""
    copy = t.clone()
    copy[place] = value
    return copy


def transposed_by(map_: Callable[[Tensor], Tensor], g: Tensor, a: Tensor) -> Tensor:
    """ḡ shared out by the matrix of a linear map."""
    columns = [map_(unit.reshape(a.shape)).reshape(-1) for unit in torch.eye(a.numel(), dtype=a.dtype)]
    return (torch.stack(columns) @ g.reshape(-1)).reshape(a.shape)


def multiplied(index: Callable[[Tensor], Tensor]) -> Callable[..., Gradients]:
    return lambda g, y, a, b: (g * y / a, index(g * y) / b)


def averaged(count: Callable[[Tensor], Tensor], index: Callable[[Tensor], Tensor]) -> Callable[..., Gradients]:
    return lambda g, y, a, b: (g / count(a), index(g / count(a)))


def interpolated(mode: str, **settings: Any) -> Callable[[Tensor], Tensor]:
    settings = settings or {"scale_factor": 2.0}
    return lambda a: functional.interpolate(a, mode=mode, **settings)


def sampling(mode: str) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda a, b: functional.grid_sample(a, b, mode=mode, align_corners=False)


def nearest(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Gradients:
    return transposed_by(lambda t: sampling("nearest")(t, b), g, a), 0 * b


def mvlgamma(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    return g * sum(torch.digamma(a + 2 - k / 2) for k in range(3))


PLACES = [INDEX[:2].expand(2, 2)]


def masked_index(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    return put_back(a, (PLACES[0][MASK],), g[MASK])


def batch_norm(norm: Callable[..., Any], *settings: object) -> Case:
    statistics = (
        (torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)) if settings[0] == "kept" else ()
    )
    return case((5, 3), (3,), (3,))(
        lambda a, b, c: norm(a, b, c, *statistics, *settings[1:])[0],
        as_of(lambda a, b, c: functional.batch_norm(a, None, None, b, c, True)),
    )


FURTHER = [
    ("VarMeanBackward0", case((4,))(torch.var_mean, var_mean)),
    ("StdMeanBackward0", case((4,))(torch.std_mean, std_mean)),
    ("AminmaxBackward0", case((4,))(lambda a: tuple(torch.aminmax(a)), amin_amax)),
    ("NanmedianBackward0", case((5,))(torch.nanmedian, ties)),
    ("NanmedianBackward1", case((3, 5))(lambda a: a.nanmedian(1)[0], lambda g, y, a: g[:, None] * (a == y[:, None]))),
    ("SortBackward1", case((5,))(lambda a: a.sort(stable=True)[0], lambda g, y, a: put_back(a, a.argsort(), g))),
    ("CdistBackward0", case((3, 4), (2, 4))(lambda a, b: torch.cdist(a, b, 3), cdist(3))),
    ("PdistBackward0", case((4, 3))(torch.pdist, pdist)),
    ("RenormBackward0", case((3, 4))(lambda a: torch.renorm(a, 2, 0, 0.5), renorm)),
    (
        "MultiMarginLossBackward0",
        case((2, 3))(lambda a: functional.multi_margin_loss(a, torch.tensor([1, 0])), multi_margin),
    ),
    ("MultilabelMarginLossBackward0", case((1, 4))(lambda a: functional.multilabel_margin_loss(a, MANY), multilabel)),
    ("CtcLossBackward0", case((3, 1, 3))(ctc, ctc_rule)),
    ("AdaptiveMaxPool3DBackward0", case((1, 4, 4, 4))(lambda a: adaptive(2)(a)[0], pooled(adaptive(2)))),
    ("FractionalMaxPool2DBackward0", case((1, 1, 6, 6))(lambda a: fractional_2d(a)[0], pooled(fractional_2d))),
    ("FractionalMaxPool3DBackward0", case((1, 6, 6, 6))(lambda a: fractional_3d(a)[0], pooled(fractional_3d))),
    ("MaxUnpool2DBackward0", max_unpool(functional.max_unpool2d, FLAT_PLACES)),
    ("MaxUnpool3DBackward0", max_unpool(functional.max_unpool3d, DEEP_PLACES)),
    ("AdaptiveAvgPool3DBackward0", linear((1, 1, 4, 4, 4), lambda a: functional.adaptive_avg_pool3d(a, 2))),
    ("UpsampleNearest3DBackward0", moves((1, 1, 2, 2, 2), interpolated("nearest"))),
    (
        "UpsampleNearestExact1DBackward0",
        moves((1, 1, 3), interpolated("nearest-exact")),
    ),
    (
        "UpsampleNearestExact2DBackward0",
        moves((1, 1, 2, 3), interpolated("nearest-exact")),
    ),
    (
        "UpsampleNearestExact3DBackward0",
        moves((1, 1, 2, 2, 2), interpolated("nearest-exact")),
    ),
    (
        "UpsampleTrilinear3DBackward0",
        linear((1, 1, 2, 2, 2), interpolated("trilinear")),
    ),
    (
        "UpsampleBilinear2DAaBackward0",
        linear((1, 1, 4, 4), interpolated("bilinear", size=(3, 3), antialias=True)),
    ),
    (
        "UpsampleBicubic2DAaBackward0",
        linear((1, 1, 4, 4), interpolated("bicubic", size=(3, 3), antialias=True)),
    ),
    (
        "GridSampler2DBackward0",
        case((1, 1, 4, 5), (1, 2, 3, 2))(
            lambda a, b: functional.grid_sample(a, b, align_corners=False),
            as_of(lambda a, b: sampled(a, b).reshape(1, 1, 2, 3)),
        ),
    ),
    (
        "GridSampler2DBackward0",
        case((1, 1, 4, 5), (1, 2, 3, 2))(
            lambda a, b: functional.grid_sample(a, b, mode="nearest", align_corners=False),
            lambda g, y, a, b: (
                transposed_by(lambda t: functional.grid_sample(t, b, mode="nearest", align_corners=False), g, a),
                0 * b,
            ),
        ),
    ),
    (
        "GridSampler3DBackward0",
        case((1, 1, 3, 4, 5), (1, 2, 2, 1, 3))(
            lambda a, b: functional.grid_sample(a, b, align_corners=False),
            as_of(lambda a, b: sampled_3d(a, b).reshape(1, 1, 2, 2, 1)),
        ),
    ),
    (
        "TrilinearBackward0",
        case((2, 3), (4, 3, 5), (2, 5))(trilinear, as_of(lambda a, b, c: torch.einsum("ni,oij,nj->no", a, b, c))),
    ),
    (
        "MvlgammaBackward0",
        case((3,), positive=True)(lambda a: torch.mvlgamma(a + 2, 3), mvlgamma),
    ),
    *(
        (f"Special{name}Backward0", case((3,), positive=True)(function, rule))
        for name, function, rule in (
            ("BesselJ0", special.bessel_j0, lambda g, y, a: -g * special.bessel_j1(a)),
            ("BesselJ1", special.bessel_j1, lambda g, y, a: g * (special.bessel_j0(a) - y / a)),
            ("BesselY0", special.bessel_y0, lambda g, y, a: -g * special.bessel_y1(a)),
            ("BesselY1", special.bessel_y1, lambda g, y, a: g * (special.bessel_y0(a) - y / a)),
            ("ModifiedBesselK0", special.modified_bessel_k0, lambda g, y, a: -g * special.modified_bessel_k1(a)),
            (
                "ModifiedBesselK1",
                special.modified_bessel_k1,
                lambda g, y, a: -g * (special.modified_bessel_k0(a) + y / a),
            ),
        )
    ),
    ("FrexpBackward0", case((3,))(lambda a: torch.frexp(a)[0], lambda g, y, a: g / 2.0 ** torch.frexp(a)[1])),
    ("NextafterBackward0", case((3,), (3,))(torch.nextafter, lambda g, y, a, b: (g, 0 * g))),
    ("NormalBackward3", case((3,), (3,), positive=True)(torch.normal, lambda g, y, a, b: (0 * g, 0 * g))),
    ("ReflectionPad2DBackward0", moves((1, 3, 3), lambda a: functional.pad(a, (1, 2, 1, 0), mode="reflect"))),
    ("ReflectionPad3DBackward0", moves((1, 3, 3, 3), lambda a: functional.pad(a, (1, 1, 1, 0, 0, 1), mode="reflect"))),
    ("ReplicationPad2DBackward0", moves((1, 3, 3), lambda a: functional.pad(a, (1, 2, 1, 0), mode="replicate"))),
    (
        "ReplicationPad3DBackward0",
        moves((1, 3, 3, 3), lambda a: functional.pad(a, (1, 1, 1, 0, 0, 1), mode="replicate")),
    ),
    ("TransposeBackward1", moves((2, 3), lambda a: (a * 1).transpose_(0, 1))),
    ("ChannelShuffleBackward0", moves((1, 4, 2, 2), lambda a: functional.channel_shuffle(a, 2))),
    ("BlockDiagBackward0", case((2, 2), (1, 3))(torch.block_diag, lambda g, y, a, b: (g[:2, :2], g[2:, 2:]))),
    ("NarrowCopyBackward0", moves((4, 3), lambda a: torch.narrow_copy(a, 0, 1, 2))),
    ("AliasBackward0", case((3,))(aten.alias.default, lambda g, y, a: g)),
    (
        "DiagonalScatterBackward0",
        case((3, 3), (3,))(torch.diagonal_scatter, lambda g, y, a, b: (g - torch.diag(g.diagonal()), g.diagonal())),
    ),
    (
        "SelectScatterBackward0",
        case((3, 2), (2,))(lambda a, b: torch.select_scatter(a, b, 0, 1), lambda g, y, a, b: (put(g, 1, 0.0), g[1])),
    ),
    (
        "SliceScatterBackward0",
        case((4, 2), (2, 2))(
            lambda a, b: torch.slice_scatter(a, b, 0, 1, 3), lambda g, y, a, b: (put(g, slice(1, 3), 0.0), g[1:3])
        ),
    ),
    ("PutBackward0", case((5,), (2,))(lambda a, b: a.put(ONCE, b), lambda g, y, a, b: (put(g, ONCE, 0.0), g[ONCE]))),
    (
        "PutBackward0 accumulate=True",
        case((5,), (3,))(lambda a, b: a.put(INDEX, b, accumulate=True), lambda g, y, a, b: (g, g[INDEX])),
    ),
    (
        "IndexFillBackward1",
        case((3, 2), ())(lambda a, b: a.index_fill(0, ONCE, b), lambda g, y, a, b: (put(g, ONCE, 0.0), g[ONCE].sum())),
    ),
    (
        "ScatterReduceBackward0 reduce=prod",
        case((3, 4), (3, 1))(reduced("prod"), multiplied(picked)),
    ),
    (
        "ScatterReduceBackward0 reduce=mean",
        case((3, 4), (3, 1))(reduced("mean"), averaged(touched, picked)),
    ),
    ("ScatterReduceBackward0", case((3, 4), (3, 1))(reduced("amax"), extremes(picked))),
    ("ScatterReduceBackward0", case((3, 4), (3, 1))(reduced("amin"), extremes(picked))),
    (
        "IndexReduceBackward0 reduce=prod",
        case((3, 2), (2, 2))(index_reduced("prod"), multiplied(rows)),
    ),
    (
        "IndexReduceBackward0 reduce=mean",
        case((3, 2), (2, 2))(index_reduced("mean"), averaged(touched_rows, rows)),
    ),
    ("IndexReduceBackward0", case((3, 2), (2, 2))(index_reduced("amax"), extremes(rows))),
    ("FillBackward0", case((3,))(lambda a: torch.fill(a, 5.0), lambda g, y, a: 0 * a)),
    (
        "UnsafeMaskedIndexBackward0",
        case((3,))(
            lambda a: aten._unsafe_masked_index(a, MASK, [INDEX[:2].expand(2, 2)], 0.0),
            lambda g, y, a: put_back(a, (INDEX[:2].expand(2, 2)[MASK],), g[MASK]),
        ),
    ),
    (
        "UnsafeMaskedIndexPutAccumulateBackward0",
        case((3,), (2, 2))(
            lambda a, b: aten._unsafe_masked_index_put_accumulate(a, MASK, [INDEX[:2].expand(2, 2)], b),
            lambda g, y, a, b: (g, g[INDEX[:2].expand(2, 2)] * MASK),
        ),
    ),
    (
        "NativeBatchNormLegitBackward0",
        case((5, 3), (3,), (3,))(
            lambda a, b, c: aten._native_batch_norm_legit(
                a, b, c, torch.zeros(3).double(), torch.ones(3).double(), True, 0.1, 1e-5
            )[0],
            as_of(lambda a, b, c: functional.batch_norm(a, None, None, b, c, True)),
        ),
    ),
    (
        "NativeBatchNormLegitBackward1",
        case((5, 3), (3,), (3,))(
            lambda a, b, c: aten._native_batch_norm_legit.no_stats(a, b, c, True, 0.1, 1e-5)[0],
            as_of(lambda a, b, c: functional.batch_norm(a, None, None, b, c, True)),
        ),
    ),
    (
        "BatchNormWithUpdateBackward0",
        case((5, 3), (3,), (3,))(
            lambda a, b, c: aten._batch_norm_with_update(
                a, b, c, torch.zeros(3).double(), torch.ones(3).double(), 0.1, 1e-5
            )[0],
            as_of(lambda a, b, c: functional.batch_norm(a, None, None, b, c, True)),
        ),
    ),
]
