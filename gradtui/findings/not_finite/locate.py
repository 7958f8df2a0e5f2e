"""The laws of place for what is not finite: the first node that made it of good numbers, forward and backward."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gradtui.findings.not_finite import explored
from gradtui.findings.not_finite.witness import is_given
from gradtui.findings.record import Record
from gradtui.grad_fns.traits import has
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_finite, operation
from gradtui.snapshot.model import Graph, Node, Witness


class Origin(NamedTuple):
    """node: None where it was not seen. symptom: by what it shows; empty where each number is on the screen anyway."""

    node: Node | None
    witness: Witness | None
    symptom: str


def bad_value(record: Record) -> Origin | None:
    """Where the forward pass went bad, so that the loss shows it, or a gradient; of what is explored wherever it did."""
    value = record.snapshot.value
    if record.is_explored:
        node = explored.first_bad_value(record)
        return None if node is None else Origin(node, None, "")
    if not is_finite(value):
        symptom = "nan" if value is not None and spread(value).nan else "infinite"
        leading = [*leads_to_output(record.graph)]
        if (witness := _witness(record, {node.id for node in leading})) is not None and witness.node is not None:
            return Origin(record.nodes[witness.node], witness, symptom)
        known = sorted((node for node in leading if node.value is not None), key=when_made)
        sure = bool(known) and (record.is_traced or is_clear(record.graph, known[0]))
        return Origin(known[0] if sure else None, None, symptom)
    if record.is_expression and record.bad:
        node = next((node for node in explored.made(record.graph) if not is_finite(node.value)), None)
        return None if node is None else Origin(node, None, "gradient")
    if record.bad and (witness := behind_the_gradient(record)) is not None and witness.node is not None:
        return Origin(record.nodes[witness.node], witness, "gradient")
    return None


def when_made(node: Node) -> int:
    """A leaf before all that is made of it."""
    return -1 if node.sequence is None or not node.edges else node.sequence


def leads_to_output(graph: Graph) -> Iterator[Node]:
    """The nodes that lead to an output by nodes that are not finite, or whose value is not known."""
    waiting = list(graph.roots) if graph.nodes else []
    seen = set(waiting)
    while waiting:
        node = graph.nodes[waiting.pop()]
        if node.value is not None and is_finite(node.value):
            continue
        yield node
        for edge in node.edges:
            if edge.target is not None and edge.target not in seen:
                seen.add(edge.target)
                waiting.append(edge.target)


def is_clear(graph: Graph, node: Node) -> bool:
    """Whether it is known to be the first even where only leaves and outputs have values, as without a trace."""
    return not node.edges or (has(operation(node), "mean") and 0 in operand_shape(graph, node))


def operand_shape(graph: Graph, node: Node) -> tuple[int, ...]:
    target = node.edges[0].target
    return () if target is None else graph.nodes[target].shape


def _witness(record: Record, within: set[int]) -> Witness | None:
    """The first that went bad among these nodes, but for infinities that were asked for."""
    there = [one for one in record.witnesses("forward") if one.node in within and one.bad]
    return next((one for one in there if not is_given(one)), None)


def behind_the_gradient(record: Record) -> Witness | None:
    """Down from the first node that sent a bad gradient, along operands that are bad themselves."""
    first = bad_gradient(record)
    return None if first is None or first.node is None else behind(record, first.node)


def behind(record: Record, node: int) -> Witness | None:
    """Down from a node, along operands that are bad themselves: what was the first to go bad."""
    waiting, seen = [node], {node}
    while waiting:
        for edge in record.nodes[waiting.pop()].edges:
            target = edge.target
            if target is None or target in seen:
                continue
            value = record.nodes[target].value
            if value is None or not is_finite(value):
                seen.add(target)
                waiting.append(target)
    source = record.nodes[node].source
    whole = {node.id for node in record.nodes if source is not None and node.source == source}
    return _witness(record, {place for place in seen | whole if not is_finite(record.nodes[place].value)})


def before_it_raised(record: Record) -> Witness | None:
    """Of a step that raised as nan or infinity came in where they may not be: what made them; else the first that went bad."""
    seen = [one for one in record.witnesses("forward") if one.bad and not is_given(one)]
    return next((one for one in seen if one.refused), seen[0] if seen else None)


def bad_gradient(record: Record) -> Witness | None:
    """What was seen of the first node that sent a bad gradient on the way to the leaf that is asked for."""
    return next((one for one in record.witnesses("backward") if one.bad and record.is_on_the_way(one.node)), None)


def first_sender(record: Record) -> tuple[Node, int | None] | None:
    """The first node, in the engine's order, that sends what is not finite, and by which edge; None where the gradient that
    comes in is not finite although none that was sent was not."""
    for node in record.nodes:
        if node.step is None or not record.is_on_the_way(node.id):
            continue
        if node.grad_output is not None and not is_finite(node.grad_output):
            return node, None
        for place, edge in enumerate(node.edges):
            if edge.grad is None or is_finite(edge.grad):
                continue
            if record.is_explored or (edge.target is not None and record.is_on_the_way(edge.target)):
                return node, place
    return None


def origin(graph: Graph, node: Node) -> Node:
    """Where a value that is not finite came from: down the operands as long as one is not finite either."""
    while True:
        below = (graph.nodes[edge.target] for edge in node.edges if edge.target is not None)
        bad = next((target for target in below if target.edges and not is_finite(target.value)), None)
        if bad is None:
            return node
        node = bad
