"""Gradients of a loss that a GradScaler has multiplied: they are judged without its factor. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Edge, Node, Parameter, Snapshot, Values
from gradtui.snapshot.numbers import number

SKIPS = "no fault now and then: GradScaler leaves such a step out, and lowers its scale for the next one"


def without_scale(snapshot: Snapshot) -> Snapshot:
    """The same with the gradients that there would be without the scale, as after `unscale_`."""
    scale = snapshot.scale
    if not scale or not snapshot.graph.nodes:
        return snapshot
    above = _above(snapshot)
    nodes = tuple(_unscaled_node(node, scale, node.id not in above) for node in snapshot.graph.nodes)
    parameters = {name: _unscaled_parameter(each, scale) for name, each in snapshot.parameters.items()}
    return replace(snapshot, graph=replace(snapshot.graph, nodes=nodes), parameters=parameters)


def scaled(snapshot: Snapshot, finding: Finding) -> Finding:
    """Of `without_scale(snapshot)`, what speaks of gradients, with a word on that."""
    said = f"all of it without the GradScaler's factor of {number(snapshot.scale)}"
    remedy = SKIPS if finding.kind == "overflow" else finding.remedy
    return replace(finding, remedy=remedy, evidence=(*finding.evidence, said))


def _above(snapshot: Snapshot) -> set[int]:
    """The nodes that backward runs before it has multiplied by the scale, and those that do."""
    ends = {note.node for note in snapshot.notes if note.kind == "scaled"}
    found: set[int] = set()
    for root in snapshot.graph.roots:
        node: int | None = root
        while node is not None and node not in found:
            found.add(node)
            onward = (edge.target for edge in snapshot.graph.nodes[node].edges if edge.target is not None)
            node = None if node in ends else next(onward, None)
    return found


def _unscaled_node(node: Node, scale: float, below: bool) -> Node:
    came = _unscaled(node.grad_output, scale) if below else node.grad_output
    return replace(node, grad_output=came, edges=tuple(_unscaled_edge(edge, scale) for edge in node.edges))


def _unscaled_edge(edge: Edge, scale: float) -> Edge:
    return edge if edge.grad is None else replace(edge, grad=_unscaled(edge.grad, scale))


def _unscaled_parameter(parameter: Parameter, scale: float) -> Parameter:
    return parameter if parameter.grad is None else replace(parameter, grad=_unscaled(parameter.grad, scale))


def _unscaled(values: Values | None, scale: float) -> Values | None:
    if values is None:
        return None
    summary = values.summary
    if summary is not None:
        sizes = {name: getattr(summary, name) for name in summary.__struct_fields__}  # its counts are no floats
        summary = replace(summary, **{name: size / scale for name, size in sizes.items() if isinstance(size, float)})
    return replace(values, numbers=tuple(each / scale for each in values.numbers), summary=summary)
