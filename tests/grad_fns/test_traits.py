"""Every name of the table is a grad_fn that torch has, and every trait is held against torch's own numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from gradtui.engine.autograd.saved import saved
from gradtui.grad_fns.traits import OPERATIONS, TRAITS, Trait, has
from gradtui.snapshot.model import Node
from tests.torch_version import VERSION

aten = torch.ops.aten
INDEX = torch.tensor([0, 2, 0])
MASK = torch.tensor([True, False, True])
NO_LABELS = torch.full((3,), -100)

EACH: dict[str, Callable[[Tensor], Tensor]] = {
    "Abs": torch.abs,
    "Acos": torch.acos,
    "Acosh": torch.acosh,
    "Asin": torch.asin,
    "Atan": torch.atan,
    "Atanh": torch.atanh,
    "Ceil": torch.ceil,
    "Celu": functional.celu,
    "Clamp": lambda a: a.clamp(-1, 1),
    "ClampMax": lambda a: aten.clamp_max(a, 1),
    "ClampMin": lambda a: aten.clamp_min(a, -1),
    "Cos": torch.cos,
    "FakeQuantizePerChannelAffineCachemask": lambda a: torch.fake_quantize_per_channel_affine(
        a[None], torch.ones(1), torch.zeros(1, dtype=torch.int32), 0, -3, 3
    ),
    "FakeQuantizePerTensorAffineCachemask": lambda a: torch.fake_quantize_per_tensor_affine(a, 1.0, 0, -3, 3),
    "Zero": lambda a: aten.zero(a),
    "Cosh": torch.cosh,
    "Elu": functional.elu,
    "Erf": torch.erf,
    "Erfc": torch.erfc,
    "Erfinv": torch.erfinv,
    "Exp": torch.exp,
    "Exp2": torch.exp2,
    "Expm1": torch.expm1,
    "Floor": torch.floor,
    "Gelu": functional.gelu,
    "Hardshrink": functional.hardshrink,
    "Hardsigmoid": functional.hardsigmoid,
    "Hardswish": functional.hardswish,
    "Hardtanh": functional.hardtanh,
    "I0": torch.i0,
    "LeakyRelu": lambda a: functional.leaky_relu(a, 0.0),
    "LogSigmoid": functional.logsigmoid,
    "Logit": torch.logit,
    "Mish": functional.mish,
    "Pow": lambda a: a**2,
    "Reciprocal": torch.reciprocal,
    "Relu": torch.relu,
    "Round": torch.round,
    "Rsqrt": torch.rsqrt,
    "Sgn": torch.sgn,
    "Sigmoid": torch.sigmoid,
    "Sign": torch.sign,
    "Silu": functional.silu,
    "Sinh": torch.sinh,
    "Softplus": functional.softplus,
    "Softshrink": functional.softshrink,
    "SpecialErfcx": torch.special.erfcx,
    "SpecialI1": torch.special.i1,
    "SpecialLogNdtr": torch.special.log_ndtr,
    "SpecialNdtri": torch.special.ndtri,
    "Sqrt": torch.sqrt,
    "Tan": torch.tan,
    "Tanh": torch.tanh,
    "Threshold": lambda a: functional.threshold(a, 0.5, 0.0),
    "Trunc": torch.trunc,
}
OF_SEVERAL: dict[str, tuple[Callable[..., Tensor], tuple[tuple[int, ...], ...]]] = {
    "Add": (torch.add, ((3,), (3,))),
    "Addcmul": (torch.addcmul, ((3,), (3,), (3,))),
    "Addmm": (torch.addmm, ((2, 4), (2, 3), (3, 4))),
    "Baddbmm": (torch.baddbmm, ((5, 2, 4), (5, 2, 3), (5, 3, 4))),
    "BinaryCrossEntropy": (functional.binary_cross_entropy, ((3,), (3,))),
    "BinaryCrossEntropyWithLogits": (functional.binary_cross_entropy_with_logits, ((3,), (3,))),
    "Bmm": (torch.bmm, ((5, 2, 3), (5, 3, 4))),
    "Cat": (lambda a, b: torch.cat([a, b]), ((3,), (3,))),
    "Convolution": (functional.conv1d, ((1, 2, 5), (3, 2, 2), (3,))),
    "CopySlices": (lambda a, b: _copied(a, b), ((3,), (2,))),
    "Cumsum": (lambda a: a.cumsum(0), ((3,),)),
    "Div": (torch.div, ((3,), (3,))),
    "Dot": (torch.dot, ((3,), (3,))),
    "FusedRmsNorm": (lambda a, b: aten._fused_rms_norm(a, [3], b, 1e-9)[0], ((2, 3), (3,))),
    "GridSampler2D": (lambda a, b: functional.grid_sample(a, b, align_corners=True), ((1, 1, 3, 3), (1, 2, 2, 2))),
    "GridSampler3D": (
        lambda a, b: functional.grid_sample(a, b, align_corners=True),
        ((1, 1, 3, 3, 3), (1, 2, 2, 2, 3)),
    ),
    "HuberLoss": (functional.huber_loss, ((3,), (3,))),
    "Fill": (lambda a, b: torch.fill(a, b), ((3,), ())),
    "IndexCopy": (lambda a, b: a.index_copy(0, INDEX[:2], b), ((3,), (2,))),
    "IndexFill": (lambda a, b: a.index_fill(0, INDEX[:2], b), ((3,), ())),
    "IndexPut": (lambda a, b: a.index_put((INDEX[:2],), b), ((3,), (2,))),
    "Lerp": (torch.lerp, ((3,), (3,), (3,))),
    "Linear": (lambda a, b, c: aten.linear(a, b, c), ((2, 3), (4, 3), (4,))),
    "LinalgSvd": (lambda a: torch.linalg.svd(a)[1], ((3, 3),)),
    "LinalgVectorNorm": (torch.linalg.vector_norm, ((3,),)),
    "LogSoftmax": (lambda a: a.log_softmax(-1), ((3,),)),
    "MaskedFill": (lambda a, b: a.masked_fill(MASK, b), ((3,), ())),
    "MaskedScatter": (lambda a, b: a.masked_scatter(MASK, b), ((3,), (3,))),
    "Maximum": (torch.maximum, ((3,), (3,))),
    "Mean": (torch.mean, ((3,),)),
    "Minimum": (torch.minimum, ((3,), (3,))),
    "Mm": (torch.mm, ((2, 3), (3, 4))),
    "MseLoss": (functional.mse_loss, ((3,), (3,))),
    "Mul": (torch.mul, ((3,), (3,))),
    "MultiMarginLoss": (lambda a: functional.multi_margin_loss(a, INDEX), ((3, 3),)),
    "MultilabelMarginLoss": (lambda a: functional.multilabel_margin_loss(a, INDEX), ((3,),)),
    "Mv": (torch.mv, ((2, 3), (3,))),
    "NativeBatchNorm": (
        lambda a, b, c: functional.batch_norm(a, None, None, b, c, True, eps=1e-9),
        ((5, 3), (3,), (3,)),
    ),
    "NativeGroupNorm": (lambda a, b, c: functional.group_norm(a, 1, b, c, 1e-9), ((2, 3), (3,), (3,))),
    "NativeLayerNorm": (lambda a, b, c: functional.layer_norm(a, (3,), b, c, 1e-9), ((2, 3), (3,), (3,))),
    "NllLoss": (lambda a: functional.nll_loss(a, INDEX), ((3, 3),)),
    "NllLoss2D": (lambda a: functional.nll_loss(a, INDEX.reshape(1, 1, 3)), ((1, 3, 1, 3),)),
    "Norm": (lambda a: aten.norm.ScalarOpt_dim(a, 2, [0]), ((3,),)),
    "Prod": (torch.prod, ((3,),)),
    "PreluKernel": (functional.prelu, ((3,), (1,))),
    "Rsub": (torch.rsub, ((3,), (3,))),
    "ScaledDotProductEfficientAttention": (
        functional.scaled_dot_product_attention,
        ((1, 1, 2, 3), (1, 1, 1, 3), (1, 1, 1, 3)),
    ),
    "ScaledDotProductFlashAttentionForCpu": (
        lambda a, b, c: aten._scaled_dot_product_flash_attention_for_cpu(a, b, c)[0],
        ((1, 1, 2, 3), (1, 1, 1, 3), (1, 1, 1, 3)),
    ),
    "SmoothL1Loss": (functional.smooth_l1_loss, ((3,), (3,))),
    "SafeSoftmax": (lambda a: aten._safe_softmax(a, -1), ((3,),)),
    "SoftMarginLoss": (lambda a: functional.soft_margin_loss(a, torch.ones_like(a)), ((3,),)),
    "Softmax": (lambda a: a.softmax(-1), ((3,),)),
    "Stack": (lambda a, b: torch.stack([a, b]), ((3,), (3,))),
    "Std": (torch.std, ((3,),)),
    "StdMean": (lambda a: torch.std_mean(a)[0], ((3,),)),
    "Sub": (torch.sub, ((3,), (3,))),
    "Tril": (torch.tril, ((3, 3),)),
    "Triu": (torch.triu, ((3, 3),)),
    "Var": (torch.var, ((3,),)),
    "VarMean": (lambda a: torch.var_mean(a)[0], ((3,),)),
    "Where": (lambda a, b: torch.where(MASK, a, b), ((3,), (3,))),
    "Xlogy": (torch.xlogy, ((3,), (3,))),
    "Alias": (aten.alias.default, ((3,),)),
    "Clone": (torch.clone, ((3,),)),
    "Embedding": (lambda a: functional.embedding(INDEX, a, padding_idx=2), ((3, 2),)),
    "EmbeddingBag": (lambda a: functional.embedding_bag(INDEX[None], a, padding_idx=2), ((3, 2),)),
    "Expand": (lambda a: a.expand(2, 3), ((3,),)),
    "Gather": (lambda a: a.gather(0, INDEX), ((3,),)),
    "Index": (lambda a: a[INDEX], ((3,),)),
    "IndexSelect": (lambda a: a.index_select(0, INDEX), ((3,),)),
    "MaskedSelect": (lambda a: a.masked_select(MASK), ((3,),)),
    "Permute": (lambda a: a.permute(1, 0), ((2, 3),)),
    "ReshapeAlias": (lambda a: aten._reshape_alias(a, [3, 2], [2, 1]), ((2, 3),)),
    "Scatter": (lambda a, b: a.scatter(0, INDEX[:2], b), ((3,), (2,))),
    "Select": (lambda a: a[1], ((3,),)),
    "SelectScatter": (lambda a, b: a.select_scatter(b, 0, 1), ((3,), ())),
    "Slice": (lambda a: a[1:], ((3,),)),
    "SliceScatter": (lambda a, b: a.slice_scatter(b, 0, 1), ((3,), (2,))),
    "Split": (lambda a: a.split(1)[0], ((3,),)),
    "SplitWithSizes": (lambda a: aten.split_with_sizes(a, [1, 2])[0], ((3,),)),
    "Squeeze": (torch.squeeze, ((1, 3),)),
    "T": (torch.t, ((2, 3),)),
    "ToCopy": (lambda a: a.to(torch.float32), ((3,),)),
    "Transpose": (lambda a: a.transpose(0, 1), ((2, 3),)),
    "Unbind": (lambda a: a.unbind()[0], ((3,),)),
    "UnsafeView": (lambda a: aten._unsafe_view(a, [3, 2]), ((2, 3),)),
    "Unsqueeze": (lambda a: a.unsqueeze(0), ((3,),)),
    "View": (lambda a: a.view(3, 2), ((2, 3),)),
    "Bernoulli": (torch.bernoulli, ((3,),)),
    "Cauchy": (lambda a: (a * 1).cauchy_(), ((3,),)),
    "Exponential": (lambda a: (a * 1).exponential_(), ((3,),)),
    "Geometric": (lambda a: (a * 1).geometric_(0.5), ((3,),)),
    "Normal": (lambda a: torch.normal(a, 1.0), ((3,),)),
    "Poisson": (torch.poisson, ((3,),)),
    "Random": (lambda a: (a * 1).random_(), ((3,),)),
    "Uniform": (lambda a: (a * 1).uniform_(), ((3,),)),
}


NEW = {"FusedRmsNorm"} if VERSION <= (2, 6) else set()
ELSEWHERE = {"FusedRmsNorm", "Linear", "ScaledDotProductEfficientAttention"}
"""Made of other operations on a CPU; accelerators have them whole."""


def _copied(a: Tensor, b: Tensor) -> Tensor:
    whole = a * 1
    whole[1:] = b
    return whole


def function_of(name: str) -> tuple[Callable[..., Tensor], tuple[tuple[int, ...], ...]]:
    return (EACH[name], ((3,),)) if name in EACH else OF_SEVERAL[name]


def operands_of(name: str) -> list[Tensor]:
    """Between 0.1 and 0.9, where most functions are defined."""
    torch.manual_seed(3)
    return [(torch.rand(shape, dtype=torch.float64) * 0.8 + 0.1).requires_grad_() for shape in function_of(name)[1]]


def slope(name: str, places: list[float]) -> Tensor:
    """The derivative of an operation on each element alone."""
    a = torch.tensor(places, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(EACH[name](a).sum(), a)[0]


def gradients(name: str, operands: list[Tensor]) -> tuple[Tensor, ...]:
    """Of the sum of what comes out."""
    found = torch.autograd.grad(function_of(name)[0](*operands).sum(), operands, allow_unused=True)
    return tuple(torch.zeros_like(a) if grad is None else grad for grad, a in zip(found, operands, strict=True))


def as_node(name: str, a: Tensor) -> Node:
    """With the settings that the operation's node keeps."""
    grad_fn = EACH[name](a).grad_fn
    assert grad_fn is not None
    return Node(0, grad_fn.name(), (), "float64", "cpu", 0, 0, (), saved=saved(grad_fn))


def test_every_name_is_a_grad_fn_of_torch() -> None:
    there = {re.sub(r"Backward\d*$", "", name) for name in dir(torch._C._functions)}
    assert not set(OPERATIONS) - there - NEW


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - ELSEWHERE))
def test_the_functions_tried_are_those_of_the_table(name: str) -> None:
    with torch.random.fork_rng():
        grad_fn = function_of(name)[0](*operands_of(name)).grad_fn
    assert grad_fn is not None
    assert re.sub(r"Backward\d*$", "", grad_fn.name().rpartition("::")[2]) == name


def squashing(name: str) -> bool:
    slopes = slope(name, [0.37 * step for step in range(-150, 151)])
    rises, falls = bool((slopes >= 0).all()), bool((slopes <= 0).all())
    return (rises or falls) and float(slopes[[0, -1]].abs().min()) < 1e-3


def underflowing(name: str) -> bool:
    return float(EACH[name](torch.tensor(-2000.0))) == 0 == float(slope(name, [-2000.0]))


def exponential(name: str) -> bool:
    at_1000 = EACH[name](torch.tensor([-1000.0, 1000.0]))
    return bool(at_1000.isinf().any()) and bool(EACH[name](torch.tensor([-9.0, 9.0])).isfinite().all())


def flat(name: str) -> bool:
    return not slope(name, [-2.3, -0.7, 0.4, 1.6, 5.1]).any()


def bounded(name: str) -> bool:
    return not slope(name, [-8.0, 8.0]).all() and bool(slope(name, [-0.5, 0.5]).all())


def flat_within(name: str) -> bool:
    return not slope(name, [-0.3, 0.3]).any() and bool(slope(name, [-8.0, 8.0]).all())


def level_at_0(name: str) -> bool:
    function, shapes = function_of(name)
    zeros = [torch.zeros(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    return not any(grad.any() for grad in torch.autograd.grad(function(*zeros).sum(), zeros))


def softmax(name: str) -> bool:
    made = function_of(name)[0](*operands_of(name))
    return math.isclose((made.exp() if name.startswith("Log") else made).sum().item(), 1)


def attending(name: str) -> bool:
    """Over a single key, query and key make no difference."""
    operands = operands_of(name)
    made = function_of(name)[0](*operands)
    query, key, *_ = torch.autograd.grad(made, operands, torch.rand_like(made))
    return bool(query.abs().max() < 1e-12 and key.abs().max() < 1e-12)


def mixing(name: str) -> bool:
    a, *rest = operands_of(name)
    made = function_of(name)[0](a, *rest)
    return made.shape == a.shape and int(torch.autograd.grad(made[-1], a)[0].count_nonzero()) > 1


def of_no_element(name: str) -> bool:
    return bool(function_of(name)[0](torch.zeros(0)).isnan())


def of_one_element(name: str) -> bool:
    with pytest.warns(UserWarning, match="degrees of freedom"):
        return bool(function_of(name)[0](torch.ones(1)).isnan())


def normalising(name: str) -> bool:
    """Three times as much makes no difference."""
    a, *rest = operands_of(name)
    function = function_of(name)[0]
    return torch.allclose(function(a, *rest), function(3 * a, *rest), atol=1e-6)


def factors(name: str) -> tuple[int, int]:
    """The operands that are multiplied."""
    added = OPERATIONS[name].added
    first, second, *_ = (place for place in range(len(function_of(name)[1])) if place not in added)
    return first, second


def multiplying(name: str) -> bool:
    """Where the other operand is 0, nothing goes back."""
    first, second = factors(name)
    operands = operands_of(name)
    operands[second] = torch.zeros_like(operands[second]).requires_grad_()
    return not gradients(name, operands)[first].any()


def matrix_product(name: str) -> bool:
    """An element of the result is made of several of each factor."""
    operands = operands_of(name)
    made = function_of(name)[0](*operands).flatten()[0]
    grads = torch.autograd.grad(made, operands)
    return multiplying(name) and all(int(grads[place].count_nonzero()) > 1 for place in factors(name))


def loss(name: str) -> bool:
    """One number; and where it compares two of a kind, it does not move where they are the same."""
    a, *rest = operands_of(name)
    function = function_of(name)[0]
    return function(a, *rest).dim() == 0 and (
        not rest or not torch.autograd.grad(function(a, a.detach()), a)[0].abs().max() > 1e-9
    )


def falling(name: str) -> bool:
    """With a label of 1 it does not move where all is right, and does where all is wrong."""
    function, shapes = function_of(name)
    labels = [torch.ones(3)] * (len(shapes) - 1)
    right, wrong = (torch.full((3,), far, requires_grad=True) for far in (1000.0, -1000.0))
    (of_right,), (of_wrong,) = (torch.autograd.grad(function(a, *labels), a) for a in (right, wrong))
    return not of_right.any() and bool(of_wrong.all())


def product(name: str) -> bool:
    """Of two zeros it does not move, of one it does."""
    ones = [torch.tensor(numbers, requires_grad=True) for numbers in ([0.0, 0.0, 2.0], [0.0, 1.0, 2.0])]
    of_two, of_one = (torch.autograd.grad(function_of(name)[0](a), a)[0] for a in ones)
    return not of_two.any() and of_one.tolist() == [2, 0, 0]


def labels(name: str) -> bool:
    shape = function_of(name)[1][0]
    ignored = NO_LABELS if len(shape) == 2 else NO_LABELS.reshape(1, 1, 3)
    return bool(functional.nll_loss(torch.zeros(shape), ignored).isnan())


def not_taken(name: str) -> bool:
    return any(bool((grad == 0).any()) for grad in gradients(name, outside(name)))


def outside(name: str) -> list[Tensor]:
    """Operands of which some are not taken: far out, or less than the other."""
    operands = operands_of(name)
    operands[0] = (operands[0].detach() * torch.tensor([-9.0, 9.0, 0.1], dtype=torch.float64)).requires_grad_()
    return operands


def taking(name: str) -> bool:
    made = function_of(name)[0](*outside(name))
    return not_taken(name) and made.shape == (3,)


def turning_off(name: str) -> bool:
    if name == "Mul":
        return multiplying(name)
    return not_taken(name)


def masking(name: str) -> bool:
    """-inf that a constant brings in stays where it is, and finite operands elsewhere stay finite."""
    function, shapes = function_of(name)
    if name in ("Triu", "Tril"):
        made = function(torch.full(shapes[0], -math.inf))
        return bool((made == 0).any()) and bool(made.isinf().any())
    made = function(torch.ones(shapes[0]), torch.full(shapes[1], -math.inf))
    return bool(made.isinf().any())


def looking_up(name: str) -> bool:
    (grad,) = gradients(name, operands_of(name))
    return grad.tolist() == [2, 0, 1]


def embedding(name: str) -> bool:
    (grad,) = gradients(name, operands_of(name))
    return bool(grad[0].all()) and not grad[1:].any()


def drawing(name: str) -> bool:
    return not any(grad.any() for grad in gradients(name, operands_of(name)))


def view(name: str) -> bool:
    (a,) = operands_of(name)
    made = function_of(name)[0](a)
    return set(made.flatten().tolist()) == set(a.detach().to(made.dtype).flatten().tolist())


def part(name: str) -> bool:
    (a,) = operands_of(name)
    made = function_of(name)[0](a)
    return set(made.flatten().tolist()) < set(a.flatten().tolist())


def power(name: str) -> bool:
    return EACH[name](torch.tensor(3.0)).item() == 9


def dividing(name: str) -> bool:
    return bool(function_of(name)[0](torch.ones(3), torch.zeros(3)).isinf().all())


def ending_at_0(name: str) -> bool:
    at_0, beside = EACH[name](torch.zeros(1)), EACH[name](torch.ones(1))
    return bool((at_0 == 0) | at_0.isinf()) and bool(beside != 0) and bool(beside.isfinite())


def poles_at_no_float(name: str) -> bool:
    a = torch.linspace(0, 100, 100_001, dtype=torch.float64)
    made = EACH[name](a)
    return bool(made.isfinite().all()) and float(made.abs().max()) > 1e3


def logarithmic(name: str) -> bool:
    made = function_of(name)[0](*operands_of(name))
    return bool((made < 0).all()) and math.isclose(made.exp().sum().item(), 1)


def by_columns(name: str) -> bool:
    a = operands_of(name)[0]
    made = function_of(name)[0](a, torch.ones(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64))
    return torch.allclose(made.mean(0), torch.zeros(3, dtype=torch.float64), atol=1e-9)


def casting(name: str) -> bool:
    (a,) = operands_of(name)
    return function_of(name)[0](a).dtype != a.dtype


def singular_values(name: str) -> bool:
    a = operands_of("LinalgSvd")[0].detach()
    made = function_of(name)[0](a).square().flatten()[:3]
    return torch.allclose(made, torch.linalg.eigvalsh(a.T @ a).flip(0))


def sampling(name: str) -> bool:
    """Beyond its ends it does not move with the places."""
    a, b = operands_of(name)
    at = {place: torch.full_like(b, place, requires_grad=True) for place in (0.1, 3.0, -3.0)}
    moves = {
        place: bool(torch.autograd.grad(function_of(name)[0](a, one).sum(), one)[0].any()) for place, one in at.items()
    }
    return moves == {0.1: True, 3.0: False, -3.0: False}


PROBES: dict[Trait, Callable[[str], bool]] = {
    "squashing": squashing,
    "underflowing": underflowing,
    "exponential": exponential,
    "flat": flat,
    "bounded": bounded,
    "flat within": flat_within,
    "level at 0": level_at_0,
    "softmax": softmax,
    "attending": attending,
    "mixing": mixing,
    "mean": of_no_element,
    "spread": of_one_element,
    "normalising": normalising,
    "multiplying": multiplying,
    "matrix product": matrix_product,
    "loss": loss,
    "falling": falling,
    "product": product,
    "labels": labels,
    "choosing": not_taken,
    "taking": taking,
    "masking": masking,
    "turning off": turning_off,
    "looking up": looking_up,
    "embedding": embedding,
    "drawing": drawing,
    "view": view,
    "part": part,
    "power": power,
    "dividing": dividing,
    "ending at 0": ending_at_0,
    "poles at no float": poles_at_no_float,
    "logarithmic": logarithmic,
    "by columns": by_columns,
    "casting": casting,
    "singular values": singular_values,
    "sampling": sampling,
}
HAVING = [(name, trait) for trait in TRAITS for name in OPERATIONS if has(name, trait)]


@pytest.mark.parametrize(("name", "trait"), HAVING, ids=[f"{trait}-{name}" for name, trait in HAVING])
def test_trait(name: str, trait: Trait) -> None:
    if name in NEW:
        pytest.skip(f"torch {torch.__version__} has no such operation")
    with torch.random.fork_rng():
        assert PROBES[trait](name)


def test_a_probe_can_fail() -> None:
    """Each is false of an operation that has not the trait."""
    assert not squashing("Cos")
    assert not underflowing("Sinh")
    assert not exponential("Tanh")
    assert not flat("Relu")
    assert not bounded("Tanh")
    assert not level_at_0("Add")
    assert not softmax("Clone")
    assert not attending("Baddbmm")
    assert not mixing("Clone")
    assert not of_no_element("LinalgVectorNorm")
    assert not multiplying("Maximum")
    assert not matrix_product("Mul")
    assert not not_taken("Add")
    assert not drawing("Clone")
    assert not view("Slice")
    assert not power("Abs")
    assert not dividing("Mul")
    assert not ending_at_0("Exp")
    assert not poles_at_no_float("Reciprocal")
    assert not logarithmic("Softmax")
    assert not by_columns("NativeLayerNorm")
    assert not casting("Clone")
    assert not singular_values("Clone")
    assert not sampling("Mul")
    assert not part("Clone")


@pytest.mark.parametrize("name", [name for name, row in OPERATIONS.items() if row.added])
def test_what_is_added_gets_what_comes_in(name: str) -> None:
    operands = operands_of(name)
    made = function_of(name)[0](*operands)
    came = torch.rand_like(made)
    sent = torch.autograd.grad(made, operands, came)
    for place in OPERATIONS[name].added:
        assert math.isclose(abs(float(sent[place].sum())), float(came.sum()))


@pytest.mark.parametrize("name", [name for name, row in OPERATIONS.items() if row.joins])
def test_nan_of_an_operand_without_a_gradient_is_passed_on(name: str) -> None:
    function, _ = function_of(name)
    first, *rest = operands_of(name)
    bad = [torch.full_like(each, math.nan).requires_grad_(False) for each in rest]
    if name.startswith("Native"):
        made = function(torch.full_like(first, math.nan).requires_grad_(False), *rest)
    else:
        made = function(first, *bad)
    assert made.isnan().any()
    assert made.requires_grad


@pytest.mark.parametrize("name", [name for name, row in OPERATIONS.items() if row.side])
def test_side(name: str) -> None:
    """Nothing goes back exactly where the row says so, but for the corners."""
    side = OPERATIONS[name].side
    assert side is not None
    places = [-7.3, -3.1, -2.9, -0.7, -0.4, -0.2, 0.2, 0.4, 0.7, 1.4, 2.9, 3.1, 7.3]
    node = as_node(name, torch.tensor(0.25, dtype=torch.float64, requires_grad=True))
    slopes = slope(name, places)
    assert [side(node, place) for place in places] == [found == 0 for found in slopes.tolist()]


@pytest.mark.parametrize("name", [name for name, row in OPERATIONS.items() if row.tail])
def test_tail(name: str) -> None:
    tail = OPERATIONS[name].tail
    assert tail is not None
    places = [0.25 * step for step in range(-80, 81) if tail(0.25 * step)]
    slopes = slope(name, places).abs()
    assert float(slopes.max()) < 0.1
    assert float(slopes.min()) < 1e-6


@pytest.mark.parametrize("name", sorted(EACH))
def test_safe_operand(name: str) -> None:
    safe = float(OPERATIONS[name].safe)
    assert math.isfinite(float(EACH[name](torch.tensor(safe, dtype=torch.float64))))
    assert slope(name, [safe]).isfinite().all()


@pytest.mark.parametrize("name", [name for name, row in OPERATIONS.items() if row.culprit])
def test_culprit(name: str) -> None:
    """At 0 of this operand the value or the derivative is infinite; at 0 of the other all is well."""
    one, zero = torch.ones(1), torch.zeros(1)
    function = function_of(name)[0]
    assert not function(one, zero).isfinite().all()
    assert function(zero, one).isfinite().all()


@pytest.mark.parametrize("name", sorted(name for name, row in OPERATIONS.items() if row.pieces))
def test_what_is_made_of_straight_pieces_has_no_second_derivative(name: str) -> None:
    operands = [operand.detach() * 9 for operand in operands_of(name)]
    a = operands[0].requires_grad_()
    first = torch.autograd.grad(function_of(name)[0](a, *operands[1:]).sum(), a, create_graph=True)[0]
    if name == "Hardsigmoid":  # torch does not even differentiate its slope
        with pytest.raises(RuntimeError, match="not implemented"):
            torch.autograd.grad(first.sum(), a)
        assert all(slope in (0, pytest.approx(1 / 6)) for slope in first.flatten().tolist())
        return
    assert not first.requires_grad or not any(
        grad is not None and grad.any() for grad in torch.autograd.grad(first.sum(), a, allow_unused=True)
    )


@pytest.mark.parametrize("name", sorted(name for name, row in OPERATIONS.items() if row.signs))
def test_the_signs_of_a_sum(name: str) -> None:
    assert tuple(int(grad[0]) for grad in gradients(name, operands_of(name))) == OPERATIONS[name].signs


@pytest.mark.parametrize("name", sorted(name for name, row in OPERATIONS.items() if row.flat_setting))
def test_a_setting_with_which_it_is_flat(name: str) -> None:
    a, grid = operands_of(name)
    modes = ("bilinear", "nearest")
    for number, mode in enumerate(modes):
        made = functional.grid_sample(a, grid, mode=mode, align_corners=True)
        kept = {one.name: one.value for one in saved(made.grad_fn)}  # type: ignore[arg-type]
        flat = OPERATIONS[name].flat_setting
        assert flat is not None
        (moves,) = torch.autograd.grad(made.sum(), grid)
        assert bool(moves.any()) == (number != flat[1])
        assert str(number) in str(kept[flat[0]])
