"""Is a loss given what it does not take? Numbers of another kind, or shapes [n, 1] and [n], which are broadcast to [n, n] without
an error, so that each prediction is compared with every target. Or is one made large, by a minus before it?"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.grad_fns.losses import is_never_below_0
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import operation
from gradtui.snapshot.finding import Certainty
from gradtui.snapshot.model import Node

DISTANCES = {"Pow", "Abs", "Mul"}
MEANS = {"Mean", "Sum"}
SUMMED = {"Add", "Sub"}
SCALED = {"Sqrt", "Neg", "Mul", "Div"}
MOST_TERMS = 100
"""Of a loss that are looked at."""


def detect(record: Record) -> Iterator[Cause]:
    yield from _misgiven(record)
    yield from _broadcast(record)
    yield from _negated(record)


def _misgiven(record: Record) -> Iterator[Cause]:
    """Of nll_loss the graph itself tells. alone: whether all of it counts."""
    for event in record.events:
        if event.kind == "misgiven" and event.reached and event.given != "no log probabilities":
            facts: dict[str, Fact] = {
                "event": replace(event, operation=""),
                "loss": event.operation,
                **dict(event.numbers),
            }
            certainty: Certainty = "likely" if event.alone else "perhaps"
            yield Cause(f"given: {event.given}", Place(event.node, event.source), facts, certainty)


def _broadcast(record: Record) -> Iterator[Cause]:
    for end in _ends(record):
        if (found := _square(record, end)) is not None:
            node, before = found
            size = node.shape[0]
            facts: dict[str, Fact] = {"node": node, "before": str([*before.shape]), "shape": str([*node.shape])}
            facts["other"] = str([size] if len(before.shape) == 2 else [size, 1])
            yield Cause("loss broadcast", Place(node.id), facts, "likely")


def _negated(record: Record) -> Iterator[Cause]:
    """Of losses that are never below 0: a gradient below 0 that comes in from above is that of a minus."""
    if record.is_expression or not record.nodes or len(record.graph.roots) != 1:
        return
    node = record.nodes[record.graph.roots[0]]
    while operation(node) in (MEANS | {"Neg"} if node.shape else MEANS | SCALED - {"Sqrt"}):
        below = [edge.target for edge in node.edges if edge.target is not None]
        if len(below) != 1:
            return
        node = record.nodes[below[0]]
    came = node.grad_output
    if came is not None and came.numbers and came.numbers[0] < 0 and _is_loss(record, node):
        yield Cause("loss is negated", Place(node.id), {"node": node}, "perhaps")


def _is_loss(record: Record, node: Node) -> bool:
    below = [operation(record.nodes[edge.target]) for edge in node.edges if edge.target is not None]
    return is_never_below_0(operation(node), below)


def _ends(record: Record) -> Iterator[Node]:
    """Of what the loss is the sum, as it is or scaled, or the root of it."""
    waiting = [root for root in record.graph.roots if root < len(record.nodes)]
    seen = {*waiting}
    while waiting:
        node = record.nodes[waiting.pop()]
        below = {edge.target for edge in node.edges if edge.target is not None} - seen
        if node.shape or not (operation(node) in SUMMED or (operation(node) in SCALED and len(below) == 1)):
            yield node
        elif len(seen) < MOST_TERMS:
            seen |= below
            waiting += sorted(below)


def _square(record: Record, root: Node) -> tuple[Node, Node] | None:
    """The node that is [n, n], and the one that was [n, 1] or [n] before: in a loss of torch's, or in the mean of squares."""
    nodes = record.nodes

    def below(node: Node) -> list[Node]:
        return [nodes[edge.target] for edge in node.edges if edge.target is not None]

    node = root
    if operation(node) in MEANS and len(below(node)) == 1:
        node = below(node)[0]
        if operation(node) in DISTANCES and below(node) and len({one.id for one in below(node)}) == 1:
            node = below(node)[0]
            if (
                operation(node) == "Sub" and len(below(node)) == 1
            ):  # of two that are learned all pairs may well be wanted
                return next(((node, one) for one in _sources(record, node) if _grew(one, node)), None)
    if not has(operation(node), "loss") or len(below(node)) > 1:
        return None
    expanded = [one for one in below(node) if operation(one) == "Expand" and one.source == node.source]
    return next(((one, lower) for one in expanded for lower in below(one) if _grew(lower, one)), None)


def _sources(record: Record, node: Node) -> Iterator[Node]:
    """What comes in, by way of the Expand that a loss of torch's puts between."""
    for edge in node.edges:
        if edge.target is not None:
            below = record.nodes[edge.target]
            step = below.edges[0].target if operation(below) == "Expand" and below.edges else None
            yield below if step is None else record.nodes[step]


def _grew(before: Node, after: Node) -> bool:
    shape = after.shape
    return len(shape) == 2 and shape[0] == shape[1] > 1 and before.shape in ((shape[0], 1), (1, shape[0]), (shape[0],))
