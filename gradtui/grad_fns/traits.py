"""What kind of function an operation is: a row each, by the name of its grad_fn without `Backward0`. Pure.

A test holds every name against torch, and every trait against torch's own numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

from gradtui.snapshot.model import Node, Values

Trait = Literal[
    "squashing",
    "underflowing",
    "exponential",
    "flat",
    "bounded",
    "flat within",
    "level at 0",
    "softmax",
    "attending",
    "mixing",
    "mean",
    "spread",
    "normalising",
    "multiplying",
    "matrix product",
    "loss",
    "falling",
    "product",
    "labels",
    "choosing",
    "taking",
    "masking",
    "turning off",
    "looking up",
    "embedding",
    "drawing",
    "view",
    "part",
    "power",
    "dividing",
    "ending at 0",
    "poles at no float",
    "logarithmic",
    "by columns",
    "casting",
    "singular values",
    "sampling",
]
"""squashing: rising or falling all the way, with a flat end; a small derivative is never that of an extremum. underflowing: 0
far out, and its derivative with it. exponential: overflows at ordinary numbers. flat: between its jumps. bounded: flat
outside of bounds; flat within: between them. level at 0: its derivative is 0 where the operand is. softmax: a share of 1 for
each element. attending: to keys, by a softmax of what a query makes of each. mixing: as many results as operands, each of
several of them. mean, spread: 0/0 of no element, of a single one. normalising: shift and scale of its operand make no
difference. multiplying: by the other operand; matrix product: by what is mostly data. loss: does not move at its best point;
falling: which is infinitely far. product: of all elements. labels: 0/0 where all are ignored. choosing: elements of an
operand that are not taken get no gradient; taking: at each element by itself. masking: may bring in a constant -inf. turning
off: may send a gradient of 0 on. looking up: by indices; embedding: by rows. drawing: at random. view: the same elements
again, all of them; part: some of them. power: of the first by the second. dividing: by the second. ending at 0: 0 or
infinite there, which its result tells. poles at no float: so that its values beside them are accidents. logarithmic: of what
adds up to 1. by columns: each normalised over the rows. casting: to another dtype. singular values: of a matrix, with the
vectors that go with them. sampling: of the first at places that the second gives, from -1 to 1."""
TRAITS: tuple[Trait, ...] = get_args(Trait)


class Operation(NamedTuple):
    """A row of the table.

    added: the operands that are only added, whose gradient is what comes in. joins: passes on a nan of an operand that needs no
    gradient, such as the data. tail: where, far out, it is flat. side: where it is flat, given its node's settings, but for
    corners. safe: an operand at which value and derivative are ordinary, as typed. culprit: the operand by which it goes wrong.
    signs: of the operands of a sum; of a constant that is subtracted from torch keeps no edge. flat_setting: with which
    it is flat between its jumps. pieces: of what is made of straight pieces, what a person calls it.
    """

    traits: frozenset[Trait] = frozenset()
    added: tuple[int, ...] = ()
    joins: bool = False
    tail: Callable[[float], bool] | None = None
    side: Callable[[Node, float], bool] | None = None
    safe: str = "1"
    culprit: int = 0
    signs: tuple[int, ...] = ()
    flat_setting: tuple[str, float] | None = None
    pieces: str = ""

    def has(self, trait: Trait) -> bool:
        return trait in self.traits


def _row(
    *traits: Trait,
    added: tuple[int, ...] = (),
    joins: bool = False,
    tail: Callable[[float], bool] | None = None,
    side: Callable[[Node, float], bool] | None = None,
    safe: str = "1",
    culprit: int = 0,
    signs: tuple[int, ...] = (),
    flat_setting: tuple[str, float] | None = None,
    pieces: str = "",
) -> Operation:
    return Operation(frozenset(traits), added, joins, tail, side, safe, culprit, signs, flat_setting, pieces)


def _setting(node: Node, name: str, otherwise: float) -> float:
    """A number that the node keeps."""
    values = next((kept.value for kept in node.saved if kept.name == name and isinstance(kept.value, Values)), None)
    return otherwise if values is None else values.numbers[0]


def _outside(node: Node, a: float) -> bool:
    return not _setting(node, "min_val", a) <= a <= _setting(node, "max_val", a)


def _within(node: Node, a: float) -> bool:
    return abs(a) < _setting(node, "lambd", 0.0)


OPERATIONS: dict[str, Operation] = {
    # of each element alone
    "Abs": _row("level at 0", pieces="abs"),
    "Acos": _row(safe="0"),
    "Acosh": _row(safe="2"),
    "Asin": _row(safe="0"),
    "Atan": _row("squashing"),
    "Atanh": _row(safe="0"),
    "Ceil": _row("flat"),
    "Celu": _row("squashing"),
    "Clamp": _row("bounded", "taking", "turning off", pieces="clamp"),
    "ClampMax": _row("bounded", pieces="clamp"),
    "ClampMin": _row("bounded", pieces="clamp"),
    "Cos": _row("level at 0"),
    "Cosh": _row("level at 0", "exponential", safe="0"),
    "Elu": _row("squashing"),
    "Erf": _row("squashing"),
    "Erfc": _row("squashing"),
    "Erfinv": _row(safe="0"),
    "FakeQuantizePerChannelAffineCachemask": _row("bounded"),
    "FakeQuantizePerTensorAffineCachemask": _row("bounded"),
    "Exp": _row("underflowing", "exponential", safe="0"),
    "Exp2": _row("underflowing", "exponential", safe="0"),
    "Expm1": _row("exponential", safe="0"),
    "Floor": _row("flat"),
    "Gelu": _row(tail=lambda a: a < -4),
    "Hardshrink": _row("flat within", side=_within, pieces="hardshrink"),
    "Hardsigmoid": _row("bounded", side=lambda node, a: abs(a) > 3, pieces="hardsigmoid"),
    "Hardswish": _row("bounded", side=lambda node, a: a < -3),
    "Hardtanh": _row("bounded", side=_outside, pieces="hardtanh"),
    "I0": _row("exponential"),
    "LeakyRelu": _row(side=lambda node, a: a < 0 and _setting(node, "negative_slope", 1.0) == 0, pieces="leaky_relu"),
    "LogSigmoid": _row("squashing"),
    "Logit": _row(safe="0.5"),
    "Mish": _row(tail=lambda a: a < -4),
    "Pow": _row("level at 0", "power"),
    "Reciprocal": _row("ending at 0"),
    "Relu": _row("turning off", side=lambda node, a: a < 0, pieces="relu"),
    "Round": _row("flat"),
    "Rsqrt": _row("ending at 0"),
    "Sgn": _row("flat", pieces="sign"),
    "Sigmoid": _row("squashing"),
    "Sign": _row("flat", pieces="sign"),
    "Silu": _row(tail=lambda a: a < -4),
    "Sinh": _row("exponential", safe="0"),
    "Softplus": _row("squashing"),
    "Softshrink": _row("flat within", side=_within, pieces="softshrink"),
    "SpecialErfcx": _row("exponential"),
    "SpecialI1": _row("exponential"),
    "SpecialLogNdtr": _row(tail=lambda a: a > 4),
    "SpecialNdtri": _row(safe="0.5"),
    "Sqrt": _row("ending at 0"),
    "Tan": _row("poles at no float", safe="0"),
    "Tanh": _row("squashing"),
    "Threshold": _row(side=lambda node, a: a < _setting(node, "threshold", -math.inf), pieces="relu"),
    "Trunc": _row("flat"),
    # of two elements, or more
    "Add": _row("masking", added=(0, 1), joins=True, signs=(1, 1)),
    "Addcmul": _row(joins=True),
    "Div": _row("dividing", joins=True, culprit=1),
    "Lerp": _row(joins=True),
    "Maximum": _row("choosing", "taking", pieces="max"),
    "Minimum": _row("choosing", "taking", pieces="min"),
    "Mul": _row("multiplying", "turning off", joins=True),
    "Sub": _row("masking", added=(0, 1), joins=True, signs=(1, -1)),
    "PreluKernel": _row(pieces="prelu"),
    "Prod": _row("product"),
    "Rsub": _row(signs=(-1, 1)),
    "Where": _row("choosing", "taking", "masking", "turning off", joins=True),
    "Xlogy": _row(culprit=1),
    # sums and products
    "Addmm": _row("multiplying", "matrix product", added=(0,), joins=True),
    "Baddbmm": _row("multiplying", "matrix product", added=(0,), joins=True),
    "Bmm": _row("multiplying", "matrix product", joins=True),
    "Convolution": _row("multiplying", "matrix product", added=(2,), joins=True),
    "Cumsum": _row("mixing"),
    "Dot": _row("multiplying", joins=True),
    "Linear": _row("multiplying", "matrix product", added=(2,), joins=True),
    "LinalgSvd": _row("singular values"),
    "LinalgVectorNorm": _row("level at 0"),
    "LogSoftmax": _row("softmax", "mixing", "logarithmic"),
    "Mean": _row("mean"),
    "Mm": _row("multiplying", "matrix product", joins=True),
    "Mv": _row("multiplying", "matrix product", joins=True),
    "Norm": _row("level at 0"),
    "SafeSoftmax": _row("softmax", "mixing"),
    "ScaledDotProductEfficientAttention": _row("attending"),
    "ScaledDotProductFlashAttentionForCpu": _row("attending"),
    "Softmax": _row("softmax", "mixing"),
    "Std": _row("spread"),
    "StdMean": _row("spread"),
    "Var": _row("spread"),
    "VarMean": _row("spread"),
    # layers and losses
    "BinaryCrossEntropy": _row("loss"),
    "BinaryCrossEntropyWithLogits": _row("falling", joins=True),
    "GridSampler2D": _row("sampling", flat_setting=("interpolation_mode", 1)),
    "GridSampler3D": _row("sampling", flat_setting=("interpolation_mode", 1)),
    "FusedRmsNorm": _row("normalising"),
    "HuberLoss": _row("loss", joins=True),
    "MseLoss": _row("loss", joins=True),
    "MultiMarginLoss": _row("loss"),
    "MultilabelMarginLoss": _row("loss"),
    "NativeBatchNorm": _row("normalising", "by columns", joins=True),
    "NativeGroupNorm": _row("normalising"),
    "NativeLayerNorm": _row("normalising", joins=True),
    "NllLoss": _row("loss", "labels"),
    "NllLoss2D": _row("loss", "labels"),
    "SmoothL1Loss": _row("loss", joins=True),
    "SoftMarginLoss": _row("falling"),
    # elements put, picked and moved
    "Alias": _row("view"),
    "Cat": _row(joins=True),
    "Clone": _row("view"),
    "CopySlices": _row("choosing", "masking", "turning off"),
    "Embedding": _row("embedding"),
    "EmbeddingBag": _row("embedding"),
    "Expand": _row("view"),
    "Fill": _row("choosing"),
    "Gather": _row("looking up"),
    "Index": _row("looking up", "turning off"),
    "IndexCopy": _row("choosing"),
    "IndexFill": _row("choosing"),
    "IndexPut": _row("choosing", "masking", "turning off"),
    "IndexSelect": _row("looking up"),
    "MaskedFill": _row("choosing", "masking", "turning off"),
    "MaskedScatter": _row("choosing", "masking", "turning off"),
    "MaskedSelect": _row("choosing"),
    "Permute": _row("view"),
    "ReshapeAlias": _row("view"),
    "Scatter": _row("choosing"),
    "Select": _row("part"),
    "SelectScatter": _row("choosing"),
    "Slice": _row("part"),
    "SliceScatter": _row("choosing"),
    "Split": _row("part"),
    "SplitWithSizes": _row("part"),
    "Squeeze": _row("view"),
    "Stack": _row(joins=True),
    "T": _row("view"),
    "ToCopy": _row("view", "casting"),
    "Transpose": _row("view"),
    "Tril": _row("choosing", "masking"),
    "Triu": _row("choosing", "masking"),
    "Unbind": _row("part"),
    "UnsafeView": _row("view"),
    "Unsqueeze": _row("view"),
    "View": _row("view"),
    "Zero": _row("choosing"),
    # at random
    "Bernoulli": _row("drawing"),
    "Cauchy": _row("drawing"),
    "Exponential": _row("drawing"),
    "Geometric": _row("drawing"),
    "Normal": _row("drawing"),
    "Poisson": _row("drawing"),
    "Random": _row("drawing"),
    "Uniform": _row("drawing"),
}

ROUNDED = {"DivBackward2", "DivBackward3"}
"""Quotients with a `rounding_mode`: where that is floor or trunc they are flat, and send zeros."""

NO_TRAIT = Operation()


def traits_of(operation: str) -> Operation:
    """What is known of an operation; nothing special of one that the table does not know."""
    return OPERATIONS.get(operation, NO_TRAIT)


def has(operation: str, trait: Trait) -> bool:
    return trait in OPERATIONS.get(operation, NO_TRAIT).traits


def replaces(operation: str) -> bool:
    """Whether it puts others in the place of elements of an operand, which then get a gradient of 0."""
    return has(operation, "choosing") and has(operation, "turning off")
