"""Where the backward pass of user code first makes what is not finite; tensors may be known by their summaries. Pure."""

from __future__ import annotations

from collections.abc import Collection

from gradtui.findings import hooks
from gradtui.findings.unwitnessed.branches import double_where
from gradtui.findings.unwitnessed.nonfinite import MOST, NARROW, WIDER, bad_count, cause_among, counts, why_value
from gradtui.findings.unwitnessed.reasons import filled, remedy_of, stable_form
from gradtui.findings.words.whereabouts import where
from gradtui.grad_fns.causes import BACKWARD, NOT_0
from gradtui.grad_fns.traits import has
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_finite, operand, operand_number, operation
from gradtui.graph.uses import uses
from gradtui.snapshot.finding import Finding, Kind
from gradtui.snapshot.model import Graph, Node, Values

INFINITE_SLOPES = ("vertical", "pole", "corner", "zero_by_zero", "domain")
BEGINS = "the gradient is not finite; it begins with"
ANY_DERIVATIVE = "keep its operands away from where its derivative has no value"


def backward(graph: Graph, within: Collection[int] | None = None) -> Finding | None:
    """The first node, in the engine's order, that sends what is not finite though it got a finite gradient.

    within: only by edges between these nodes.
    """
    for node in graph.nodes:
        if node.step is None or (within is not None and node.id not in within):
            continue
        if node.grad_output is not None and not is_finite(node.grad_output):
            if hooks.changed(graph, uses(graph), node.id) is not None:
                text = f"{BEGINS} {where(node)}: a hook makes that of a finite gradient"
                return Finding("nonfinite", "backward", node.id, text, hooks.LOOK, None, node.source)
            text = f"{BEGINS} {where(node)}: the gradients that come in add up to more than {node.dtype} holds"
            return Finding("overflow", "backward", node.id, text, WIDER, None, node.source, counts(graph, node))
        for place, edge in enumerate(node.edges):
            if edge.grad is None or is_finite(edge.grad) or edge.target is None:
                continue
            if within is None or edge.target in within:
                return _sends(graph, node, place)
    return None


def _sends(graph: Graph, node: Node, place: int) -> Finding:
    sent, came = node.edges[place].grad, node.grad_output
    assert sent is not None
    found = spread(sent)
    kind, why, remedy = _why_derivative(graph, node, place)
    evidence = (
        f"{bad_count(found)} of the {found.elements} elements that it sends are not finite",
        *counts(graph, node),
    )
    if found.nan and came is not None and spread(came).zeros and kind in INFINITE_SLOPES:
        kind, text, remedy = _zero_times(graph, node, place, kind, why, remedy)
    else:
        text = f"{BEGINS} {where(node)}: {why}" + (", a vertical tangent" if kind == "vertical" else "")
    return Finding(kind, "backward", node.id, text, remedy, None, node.source, evidence)


def _zero_times(graph: Graph, node: Node, place: int, kind: Kind, why: str, remedy: str) -> tuple[Kind, str, str]:
    """A gradient of 0 met an infinite derivative: who sent the 0."""
    source, by = sender_of_zeros(graph, node)
    if source is not None and operation(source) in ("Where", "MaskedFill"):
        safe = double_where(source, by, node)
        text = f"{BEGINS} {where(source)}: the branch not taken gets a gradient of 0, but in {where(node)} {why}"
        return "branch", f"{text}, and 0 times that is nan", safe
    zero = f"a gradient of 0 comes in from {where(source)}" if source is not None else "a gradient of 0 comes in"
    return "zero_times_inf", f"{BEGINS} {where(node)}: {zero}, but {why}, and 0 times that is nan", remedy


def sender_of_zeros(graph: Graph, node: Node) -> tuple[Node | None, int]:
    """Up from `node`, the first that sends more zeros than it got."""
    used, at = uses(graph), node.id
    while True:
        sending = ((graph.nodes[user], place) for user, place in used[at])
        found = next(((sender, place) for sender, place in sending if _has_zero(sender.edges[place].grad)), None)
        if found is None:
            return None, 0
        if has(operation(found[0]), "turning off") or not _has_zero(found[0].grad_output):
            return found
        at = found[0].id


def _why_derivative(graph: Graph, node: Node, place: int) -> tuple[Kind, str, str]:
    """Why the derivative by the operand at this edge is not finite somewhere."""
    number_ = operand_number(node, place)
    name = operation(node)
    operands = [operand(graph, node, each) for each in (0, 1)]
    cause = cause_among(BACKWARD.get(name, ()), operands, False)
    if cause is not None:
        return cause[0].kind, filled(*cause), remedy_of(graph, node, cause[0])
    if name == "Pow" and _has_zero(operands[0]):
        return "vertical", "the derivative of a power below 1 is infinite at 0", BACKWARD["Pow"][0].remedy
    if name == "Div" and number_ == 0 and len(node.edges) == 1:
        return "pole", "its derivative divides by 0", NOT_0
    if not is_finite(node.value):
        reason = why_value(graph, node)
        return reason[0], f"already its value is not finite: {reason[1]}", reason[2]
    bad = next((values for each, values in enumerate(operands) if each != number_ and not is_finite(values)), None)
    if bad is not None:
        return "input", "the other factor in its derivative is not finite", ANY_DERIVATIVE
    if name == hooks.MODULE_HOOK:
        return "nonfinite", "a backward hook of the module makes that of a finite gradient", hooks.LOOK
    target = node.edges[place].target
    received = node.dtype if target is None else graph.nodes[target].dtype  # a cast sends what its operand is of
    narrow = next((dtype for dtype in (received, node.dtype) if dtype in NARROW), None)
    if narrow is not None:
        return "overflow", f"what it sends is more than {narrow} holds, {MOST[narrow]}", WIDER
    return "nonfinite", "its derivative is not finite there", stable_form(graph, node) or ANY_DERIVATIVE


def _has_zero(values: Values | None) -> bool:
    return values is not None and spread(values).zeros > 0
