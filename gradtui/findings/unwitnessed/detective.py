"""The detective: where f or its gradient goes wrong first, why, and what people do about it. Pure.

Looks at the record alone: the forward value of each node, the gradient that came in, what went out along each edge.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.findings.scale import told, without_scale
from gradtui.findings.unread import with_known_values
from gradtui.findings.unwitnessed.branches import double_where
from gradtui.findings.unwitnessed.fading import fading
from gradtui.findings.unwitnessed.lost_digits import lost_digits
from gradtui.findings.unwitnessed.reasons import cause_of, filled, holds, operands_at, remedy_of, shortened, stable_form
from gradtui.findings.unwitnessed.why import cut_off, findings_of_code
from gradtui.grad_fns.causes import (
    BACKWARD,
    BY_THE_EXPONENT,
    CONVENTION,
    FORWARD,
    SMALLER,
    SMALLER_EXPONENT,
)
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import (
    element,
    first_bad,
    is_finite,
    operand,
    operand_number,
    operand_quote,
    operation,
    quote,
)
from gradtui.graph.replay import Replay
from gradtui.snapshot.finding import Finding, Kind
from gradtui.snapshot.model import Graph, Node, Snapshot, Values

__all__ = ["Finding", "findings"]

EPSILON = {"float32": 2.0**-23, "float64": 2.0**-52}
MOST_NODES = 2000
"""Of an expression; each path and each element is looked at."""
NOT_0_AGAIN = "0 times that is nan"


def findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    """The first bad node of the forward pass, the first of the backward pass, where a gradient dies, where digits are lost.

    Nothing for an ordinary function. Of an experiment only the forward pass, which it does not change. Of user code what
    there is to say of its parameters, but where it is as small as an expression and all of its numbers are known.
    """
    snapshot = with_known_values(snapshot)
    return tuple(told(snapshot, _findings(without_scale(snapshot))))


def _findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    graph = snapshot.graph
    if not is_small(snapshot):
        return findings_of_code(snapshot)
    found = [*cut_off(snapshot), *_forward(snapshot)]
    if not snapshot.experiments:
        found += _backward(graph)
        found += fading(graph)
        explained = {one.node for one in found}
        found += (one for one in lost_digits(snapshot) if one.node not in explained)
    return tuple(found)


def is_small(snapshot: Snapshot) -> bool:
    """Whether it is an expression, or as good as one."""
    return snapshot.origin == "expression" or _is_like_an_expression(snapshot)


def _is_like_an_expression(snapshot: Snapshot) -> bool:
    """Of a function: no parameters but its variables take part, and every number is known."""
    nodes = snapshot.graph.nodes
    if snapshot.origin != "function" or not 0 < len(nodes) <= MOST_NODES:
        return False
    if any(
        parameter.node is not None for name, parameter in snapshot.parameters.items() if name not in snapshot.variables
    ):
        return False
    if any(node.grad_output is not None and node.grad_output.unread for node in nodes):
        return False
    return all(node.value is not None and node.value.summary is None for node in nodes)


def _forward(snapshot: Snapshot) -> Iterator[Finding]:
    graph = snapshot.graph
    made = sorted(graph.nodes, key=lambda node: -1 if node.sequence is None else node.sequence)
    node = next((node for node in made if not is_finite(node.value)), None)
    if node is None:
        yield from (_beside_a_pole(graph, node) for node in made if _is_beside_a_pole(graph, node))
        return
    kind, why, remedy = _why_not_finite(graph, node)
    yield Finding(kind, "forward", node.id, f"{_named(node, node.value)}: {why}{_seen(snapshot)}", remedy)


def _seen(snapshot: Snapshot) -> str:
    """What a person sees of it further on."""
    gradients = all(is_finite(state.grad) for state in snapshot.variables.values())
    if is_finite(snapshot.value):
        return "; f and its gradient do not show it" if gradients else "; f itself does not show it"
    if snapshot.value is not None and all(map(math.isnan, snapshot.value.numbers)) and gradients:
        return "; the finite gradient that torch gives is no derivative"
    return ""


def _why_not_finite(graph: Graph, node: Node) -> tuple[Kind, str, str]:
    if not node.edges:
        return "input", "it is not finite itself", "give it a finite number"
    constant = next((edge for place, edge in enumerate(node.edges) if _is_bad_constant(graph, node, place)), None)
    if constant is not None:
        return "input", f"the constant {operand_quote(constant)} in it is not finite", "write a finite number for it"
    assert node.value is not None
    place = first_bad(node.value) or 0
    operands = operands_at(graph, node, place, len(node.value.numbers))
    cause = cause_of(FORWARD.get(operation(node), ()), operands)
    if cause is not None:
        return cause.kind, filled(cause, operands), remedy_of(graph, node, cause)
    if math.isnan(node.value.numbers[place]):
        return "domain", "it has no value there", "keep its operands where it is defined"
    remedy = SMALLER_EXPONENT if has(operation(node), "exponential") else SMALLER
    why = f"it overflows, more than {node.dtype} holds"
    return "overflow", why, stable_form(graph, node) or remedy


def _is_bad_constant(graph: Graph, node: Node, edge: int) -> bool:
    return node.edges[edge].target is None and not is_finite(operand(graph, node, operand_number(node, edge)))


def _is_beside_a_pole(graph: Graph, node: Node) -> bool:
    """The pole of tan is at no float; where x cannot be told from it, f is finite and means nothing."""
    if operation(node) != "Tan" or node.value is None:
        return False
    at = operand(graph, node, 0)
    places = zip(at.numbers, node.value.numbers, strict=True) if at else ()
    return any(abs(tangent * x) * EPSILON.get(node.dtype, 0.0) > 0.5 for x, tangent in places)


def _beside_a_pole(graph: Graph, node: Node) -> Finding:
    text = f"{quote(node)}: its pole is nearer than the next float, so this large number is an accident of rounding"
    return Finding("pole", "forward", node.id, text, "stay clear of the pole: cos(x) is 0 there up to rounding")


def _backward(graph: Graph) -> Iterator[Finding]:
    """The first node that sends what is not finite, in the engine's order; else what is finite only by agreement."""
    replay = Replay(graph)
    for node in (graph.nodes[place] for place in replay.order):
        bad = next((place for place, edge in enumerate(node.edges) if not is_finite(edge.grad)), None)
        if bad is not None:
            yield _sends(replay, node, bad)
            return
    for node in graph.nodes:
        operands = operands_at(graph, node, 0, 1)
        if operation(node) == "Pow" and _is_variable_power(node) and holds(CONVENTION, operands):
            text = f"{quote(node)}: {filled(CONVENTION, operands)}"
            yield Finding(CONVENTION.kind, "backward", node.id, text, CONVENTION.remedy)


def _is_variable_power(node: Node) -> bool:
    return len(node.edges) > 1 and None not in (node.edges[0].target, node.edges[1].target)


def _sends(replay: Replay, node: Node, edge: int) -> Finding:
    """Why what goes out by `edge` is not finite, though all that ran before sent finite gradients."""
    graph, sent = replay.graph, node.edges[edge].grad
    place, count = first_bad(sent) or 0, len(sent.numbers) if sent else 1
    if not is_finite(node.grad_output):
        text = f"{_named(node, sent)}: the gradients that come in add up to more than {node.dtype} holds"
        return Finding("overflow", "backward", node.id, text, SMALLER)
    kind, why, remedy = _why_derivative(graph, node, edge, place, count)
    if element(node.grad_output, place, count) != 0:
        suffix = ", a vertical tangent" if kind == "vertical" else ""
        return Finding(kind, "backward", node.id, f"{_named(node, sent)}: {why}{suffix}", remedy)
    source, by = _sender_of_zero(replay, node, place)
    if operation(source) == "Where":
        branch = operand_quote(source.edges[by])
        text = f"{quote(source)}: the branch {branch} is not taken and gets a gradient of 0, but in {quote(node)} {why}"
        safe = double_where(source, by, _origin(graph, node))
        return Finding("branch", "backward", node.id, f"{text}, and {NOT_0_AGAIN}", safe)
    zero = f"a gradient of 0 comes in from {quote(source)}" if source is not node else "what comes in adds up to 0"
    text = f"{_named(node, sent)}: {zero}, but {why}, and {NOT_0_AGAIN}"
    return Finding("zero_times_inf", "backward", node.id, text, remedy)


def _why_derivative(graph: Graph, node: Node, edge: int, place: int, count: int) -> tuple[Kind, str, str]:
    """Why the derivative by the operand at `edge` is not finite at this element: kind, reason, remedy."""
    operands, number = operands_at(graph, node, place, count), operand_number(node, edge)
    if operation(node) == "Mul" and not is_finite(operand(graph, node, 1 - number)):
        origin = _origin(graph, node)
        kind, _, remedy = _why_not_finite(graph, origin)
        return kind, _by_the_other_factor(node, edge, operands[1 - number]), remedy
    name = BY_THE_EXPONENT if operation(node) == "Pow" and number == 1 else operation(node)
    cause = cause_of(BACKWARD.get(name, ()), operands)
    if cause is not None:
        return cause.kind, filled(cause, operands), remedy_of(graph, node, cause)
    if not is_finite(node.value):
        kind, _, remedy = _why_not_finite(graph, _origin(graph, node))
        value = shortened(element(node.value, place, count))
        return (
            kind,
            f"its value is {value}, and its derivative is not finite either",
            stable_form(graph, node) or remedy,
        )
    return "overflow", f"what it sends is more than {node.dtype} holds", stable_form(graph, node) or SMALLER


def _by_the_other_factor(node: Node, edge: int, value: float | None) -> str:
    other = operand_quote(node.edges[1 - edge])
    return f"its derivative is the other factor, {other}" + (
        "" if other == shortened(value) else f" = {shortened(value)}"
    )


def _origin(graph: Graph, node: Node) -> Node:
    """Where the value that is not finite came from: down the operands as long as one is not finite either."""
    while True:
        below = (graph.nodes[edge.target] for edge in node.edges if edge.target is not None)
        bad = next((target for target in below if target.edges and not is_finite(target.value)), None)
        if bad is None:
            return node
        node = bad


def _sender_of_zero(replay: Replay, node: Node, place: int) -> tuple[Node, int]:
    """The node, and its edge, that made a 0 of a gradient that was none; the node itself where a sum came out as 0."""
    while True:
        arrivals = [(arrival, arrival.grad) for arrival in replay.arrivals(node.id) if arrival.grad is not None]
        if not arrivals or any(element(grad, place, len(grad.numbers)) != 0 for _, grad in arrivals):
            return node, 0
        sender, by = replay.graph.nodes[arrivals[0][0].sender], arrivals[0][0].edge
        came_in = sender.grad_output
        not_taken = operation(sender) == "Where" and sender.edges[by].local == 0
        if not_taken or came_in is None or element(came_in, place, len(came_in.numbers)) != 0:
            return sender, by
        node = sender


def _named(node: Node, values: Values | None) -> str:
    """The node's text, and which element where there are several."""
    return f"{quote(node)}, element {first_bad(values)}" if values and len(values.numbers) > 1 else quote(node)
