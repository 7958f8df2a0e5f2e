"""Why a softmax, a normalisation or a narrow dtype leaves nothing, or next to nothing, of a gradient."""

from __future__ import annotations

import math

from gradtui.dtypes import LIMITS, NARROW
from gradtui.findings.cause import Fact, Part
from gradtui.findings.reason_at_node import Reason
from gradtui.findings.zeros import norms, zero_factor
from gradtui.grad_fns.traits import has
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_finite, operation, seen_value
from gradtui.snapshot.model import Graph, Node

LEFT_BY_CANCELLING = 1e-5
"""What is left of a sum in float32 whose terms cancel."""
NO_WEIGHT = 1e-6
"""An element of a softmax that is smaller has next to none."""


def softmax(node: Node, by_elements: bool) -> Reason:
    """Its derivative by an operand is 0 where one element has all the weight; else the gradient that comes in is even."""
    if by_elements:
        return Reason(
            "constant" if adds_up(node) else "saturated", "adds up to 1" if adds_up(node) else "all the weight"
        )
    if node.shape and 1 in node.shape[-1:]:
        return Reason("constant", "softmax of one", certainty="proved")
    came = spread(node.grad_output) if node.grad_output is not None else None
    made = spread(node.value) if node.value is not None else None
    logarithm = has(operation(node), "logarithmic")
    sharp = made is None or made.min is None or made.min < (math.log(NO_WEIGHT) if logarithm else NO_WEIGHT)
    if logarithm and not sharp:
        return Reason("zero", "at rest", certainty="perhaps")
    if not logarithm and (not sharp or (came is not None and came.min == came.max)):
        return Reason("constant", "adds up to 1", certainty="proved")
    return Reason("saturated", "all the weight")


def one_key(graph: Graph, node: Node) -> Reason | None:
    """Why the query and the keys of fused attention make no difference: there is but one key for each query."""
    target = node.edges[1].target if has(operation(node), "attending") else None
    key = graph.nodes[target].shape if target is not None else ()
    return Reason("constant", "softmax of one", certainty="proved") if key[-2:-1] == (1,) else None


def makes_shares(name: str) -> bool:
    """Whether an operation is a softmax, and not the logarithm of one."""
    return has(name, "softmax") and not has(name, "logarithmic")


def adds_up(node: Node) -> bool:
    """Whether a softmax is asked for the gradient of the sum of its elements, which is 1 whatever its operand."""
    return node.grad_output is not None and len(set(node.grad_output.numbers)) == 1


def takes_away(graph: Graph) -> bool:
    """Whether `taken_away` may say something of any node on a path: a walk along all of a long one is dear."""
    for node in graph.nodes:
        came = node.grad_output.finite_norm if node.grad_output is not None and _takes_away(operation(node)) else None
        sent = (
            [edge.grad.finite_norm for edge in node.edges if edge.grad is not None and edge.grad.finite_norm]
            if came
            else []
        )
        if came and any(taken_away(graph, node, norm / came) for norm in sent):
            return True
    return False


def _takes_away(name: str) -> bool:
    """Whether to its operand some gradients make no difference."""
    return has(name, "normalising") or has(name, "attending") or makes_shares(name)


def taken_away(graph: Graph, node: Node, kept: float) -> Reason | None:
    """Why the operand makes no difference, where but for rounding that is so. kept: of the norm that comes in."""
    name = operation(node)
    if not _takes_away(name):
        return None
    if has(name, "normalising"):
        if norms.has_one(node):
            return Reason("constant", "norm of one")
        deviation, weight = norms.deviation(seen_value(graph, node.edges[0])), norms.weight_of(graph, node)
        found = spread(weight.value) if weight is not None and weight.value is not None else None
        scale = max(abs(found.min or 0.0), abs(found.max or 0.0)) if found is not None else 1.0
        return (
            Reason("constant", "only shifts") if deviation and kept * deviation < LEFT_BY_CANCELLING * scale else None
        )
    if has(name, "attending"):
        return one_key(graph, node) if kept < LEFT_BY_CANCELLING else None
    found_softmax = softmax(node, False) if node.value is not None and kept < LEFT_BY_CANCELLING else None
    return found_softmax if found_softmax is not None and found_softmax.kind == "constant" else None


def underflow(node: Node) -> Reason:
    """A wide dtype ends where no gradient is of use any more: it is not the dtype that has to change."""
    facts = _underflown(node.dtype)
    return Reason("underflow", "sends too little" if node.dtype in NARROW else "has vanished", facts)


def cast_underflow(graph: Graph, node: Node, place: int) -> Reason | None:
    """Of a cast, which gives an operand of another dtype its gradient in that."""
    target = node.edges[place].target if has(operation(node), "casting") else None
    dtype = graph.nodes[target].dtype if target is not None else ""
    if dtype not in LIMITS or (node.dtype in LIMITS and LIMITS[dtype].smallest <= LIMITS[node.dtype].smallest):
        return None
    row = "sends too little" if dtype in NARROW else "has vanished"
    return Reason("underflow", row, _underflown(dtype), certainty="proved")


def _underflown(dtype: str) -> dict[str, Fact]:
    other = Part("or bfloat16" if dtype == "float16" else "nothing")
    return {"dtype": dtype, "least": LIMITS[dtype].smallest, "other": other}


def underflows(node: Node) -> bool:
    """Whether so small a gradient came in that the dtype is at its end."""
    came = node.grad_output
    if node.dtype not in LIMITS or came is None or came.finite_norm is None:
        return False
    return came.finite_norm < 1e3 * LIMITS[node.dtype].smallest


def loses_all(graph: Graph, node: Node, place: int) -> bool:
    """Whether what a product sends is 0 only where the dtype ends: of a matrix product in a narrow dtype that is likely."""
    if has(operation(node), "matrix product"):
        return node.dtype in NARROW and node.value is not None and not zero_factor.is_product_of_0(graph, node)
    return only_scales(node, place)


def only_scales(node: Node, place: int) -> bool:
    """Whether each element of the gradient is multiplied or divided by a number that is finite and not 0, as what it makes is so,
    and none are added up: what comes of it is 0 only where the dtype ends."""
    sent, made = node.edges[place].grad, node.value
    if made is None or not is_finite(made) or sent is None or math.prod(sent.shape) != math.prod(node.shape):
        return False
    return not made.summary.zero if made.summary is not None else bool(made.numbers) and all(made.numbers)
