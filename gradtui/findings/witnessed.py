"""What the numbers that a witness saw prove: which row of the tables of causes holds of them. No words."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gradtui.findings.cause import Fact
from gradtui.findings.record import Record
from gradtui.findings.unwitnessed.reasons import holds, stable_form
from gradtui.grad_fns.causes import BACKWARD, BY_THE_EXPONENT, FORWARD, Cause
from gradtui.grad_fns.traits import has
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_finite, operation
from gradtui.snapshot.model import Node, Operand, Witness

NARROW = ("float16", "bfloat16")
SECOND = ("other", "exponent")
FIRST = ("self", "input", "vec1")
GIVEN = ("masked_fill", "where", "fill", "full", "masked_fill_", "__setitem__", "index_put_", "triu", "tril", "pad")
"""They bring in an infinity that was asked for, as a mask does."""
ADDITIONS = ("add", "sub", "add_", "sub_", "__add__", "__radd__", "baddbmm", "__sub__", "rsub")
PRODUCTS = ("mul", "mul_", "__mul__", "__rmul__", "mm", "bmm", "addmm", "matmul", "linear", "dot", "mv")
SOFTMAX = ("_softmax", "_log_softmax", "_safe_softmax", "logsumexp", "softmax", "log_softmax")
SPREADS = ("std", "var", "std_mean", "var_mean")
LOSSES = ("nll_loss", "nll_loss_forward", "nll_loss2d_forward", "cross_entropy")
ALIGNING = ("_ctc_loss", "ctc_loss")
DETERMINANTS = ("logdet", "slogdet", "linalg_slogdet", "_linalg_slogdet")
OVERFLOWING = {
    "add", "sub", "rsub", "mul", "div", "true_divide", "reciprocal", "pow", "float_power", "square", "sum", "mean", "nansum",
    "prod", "cumsum", "cumprod", "mm", "bmm", "addmm", "baddbmm", "addbmm", "addmv", "addr", "matmul", "linear", "dot", "vdot",
    "mv", "outer", "inner", "einsum", "tensordot", "bilinear", "convolution", "conv1d", "conv2d", "conv3d", "norm",
    "linalg_vector_norm", "linalg_norm", "mse_loss", "l1_loss", "addcmul", "addcdiv", "lerp", "softplus", "elu", "celu", "selu",
    "gelu", "silu", "hypot", "scatter_add", "index_add", "scatter_reduce", "cosh", "sinh", "exp", "exp2", "expm1", "logaddexp",
    "logsumexp", "dist", "cdist", "euclidean_dist", "lgamma", "mvlgamma", "to", "_to_copy", "half", "type", "var", "std",
    "scaled_dot_product_attention", "multi_head_attention_forward", "huber_loss", "smooth_l1_loss", "poisson_nll_loss", "mul_",
}  # fmt: skip
"""What makes infinity of finite numbers as it is more than the dtype holds; of others it may be a pole."""
EXPONENTIALS = ("exp", "exp2", "expm1", "cosh", "sinh")
_BY_LOWER = {name.lower(): name for name in FORWARD}


def operand_of(witness: Witness, names: tuple[str, ...]) -> Operand | None:
    return next((one for one in witness.operands if one.name in names), None)


def number_of(witness: Witness, name: str) -> float | None:
    return next((one.number for one in witness.operands if one.name == name), None)


def numbers_of(witness: Witness) -> list[float | None]:
    """Of the first and the second operand at the bad element, as far as they are known."""
    first, second = operand_of(witness, FIRST), operand_of(witness, SECOND)
    return [None if one is None else one.number for one in (first, second)]


def name_in_table(witness: Witness) -> str:
    """`Log1P` for aten's `log1p`."""
    return _BY_LOWER.get(witness.operation.replace("_", "").lower(), "")


def cause_of_value(witness: Witness) -> Cause | None:
    """The row that holds of the very numbers that were seen."""
    causes = FORWARD.get(name_in_table(witness), ())
    return next((cause for cause in causes if holds(cause, numbers_of(witness))), None)


def cause_of_derivative(witness: Witness, node: Node) -> Cause | None:
    """The same, of a derivative; of a function that keeps its result, that tells where it is 0."""
    numbers, name = numbers_of(witness), operation(node)
    kept = operand_of(witness, ("result",))
    if numbers[0] is None and kept is not None and kept.number is not None and name in ("Sqrt", "Rsqrt", "Reciprocal"):
        numbers = [0.0 if kept.number == 0 or math.isinf(kept.number) else None, None]
    if name == "Div" and numbers[0] is None and numbers[1] == 0:
        numbers[0] = math.nan
    causes = BACKWARD.get(BY_THE_EXPONENT if name == "Pow" and _by_the_exponent(witness, node) else name, ())
    return next((cause for cause in causes if holds(cause, numbers)), None)


def _by_the_exponent(witness: Witness, node: Node) -> bool:
    return witness.edge == 1 or node.name == "PowBackward2"


def bad_data(witness: Witness) -> Operand | None:
    """An operand without a gradient in which there is nan, or an infinity."""
    return next(
        (one for one in witness.operands if not one.carries and one.values is not None and not is_finite(one.values)),
        None,
    )


def is_given(witness: Witness) -> bool:
    """Whether what it brought in are infinities that were asked for."""
    if witness.result is None or math.isnan(witness.result):
        return False
    if witness.result > 0 and witness.operation in ADDITIONS:
        return False  # a mask is -inf
    data = bad_data(witness)
    return witness.operation.rstrip("_") in GIVEN or (witness.operation in ADDITIONS and data is not None)


def product_of_zero(witness: Witness) -> tuple[float, float] | None:
    """The factors, where one is 0 and the other is infinite."""
    a, b = numbers_of(witness)
    if witness.operation not in PRODUCTS or a is None or b is None:
        return None
    return (a, b) if {a == 0, b == 0} == {True, False} and (math.isinf(a) or math.isinf(b)) else None


def facts_of(record: Record, witness: Witness) -> dict[str, Fact]:
    """What sentences may want to say of it."""
    a, b = numbers_of(witness)
    facts: dict[str, Fact] = {"a": _plain(a), "b": _plain(b), "bad": witness.bad, "result": witness.result}
    facts["index"] = index_of(witness)
    facts["operation"] = witness.operation.strip("_")
    node = at_work(record, witness)
    facts["node"] = node
    facts["dtype"] = node.dtype or "its dtype"
    facts["elements"] = math.prod(node.shape)
    return facts


def at_work(record: Record, witness: Witness) -> Node:
    """The node that it is of. What came about without a gradient has none, and stands for one: its id is below 0."""
    node = None if witness.node is None else record.nodes[witness.node]
    if node is not None and (witness.source is None or witness.phase == "backward" or node.source == witness.source):
        return node
    values = next((one.values for one in witness.operands if one.values is not None), None)
    shape = () if values is None else values.shape
    return Node(-1, witness.operation, shape, "", "", None, None, (), source=witness.source, module=witness.module)


def index_of(witness: Witness) -> str:
    return f"[{', '.join(map(str, witness.index))}]" if witness.index else ""


def form(record: Record, node: Node) -> str:
    return "" if node.id < 0 else stable_form(record.graph, node)


def holds_exponential(witness: Witness, node: Node) -> bool:
    return witness.operation in EXPONENTIALS or has(operation(node), "exponential")


def bad_of(operand: Operand) -> Mapping[str, Fact]:
    """How many of its elements are bad, and what they are."""
    assert operand.values is not None
    found = spread(operand.values)
    return {"what": "nan" if found.nan else "inf", "count": found.nan or found.inf, "of": found.elements}


def _plain(value: float | None) -> float | None:
    return None if value is None else value + 0.0
