"""A snapshot as it would be without the penalties of its loss, where nothing but zeros is left of a gradient then. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from gradtui.graph.incoming_edges import Use, below, uses
from gradtui.graph.losses.penalties import Reached
from gradtui.graph.operands import is_zero
from gradtui.snapshot.model import Edge, Node, Snapshot, Values


def without_penalties(snapshot: Snapshot, reached: Reached[int]) -> Snapshot:
    """What runs for penalties alone is as if backward had not run it. A leaf whose gradient is not known without them keeps its
    own."""
    nodes = snapshot.graph.nodes
    alone = below(snapshot.graph, reached.by_penalties.values()) - reached.by_others
    used = uses(snapshot.graph)
    left = {leaf: _left(snapshot, used[leaf], alone) for leaf in reached.by_penalties}
    changed = tuple(_never_run(node) if node.id in alone else _with(node, left.get(node.id), alone) for node in nodes)
    parameters = {
        name: one if left.get(one.node or 0) is None or one.node is None else replace(one, grad=left[one.node])
        for name, one in snapshot.parameters.items()
    }
    return replace(snapshot, graph=replace(snapshot.graph, nodes=changed), parameters=parameters)


def _left(snapshot: Snapshot, users: list[Use], alone: set[int]) -> Values | None:
    """Zeros, where all that comes from others are; None where more does, or nothing."""
    sent = [snapshot.graph.nodes[user].edges[edge].grad for user, edge in users if user not in alone]
    known = [one for one in sent if one is not None]
    return known[0] if known and all(map(is_zero, known)) else None


def _never_run(node: Node) -> Node:
    return replace(node, step=None, grad_output=None, edges=tuple(replace(edge, grad=None) for edge in node.edges))


def _with(node: Node, left: Values | None, alone: set[int]) -> Node:
    edges = tuple(_cut(edge) if edge.target in alone else edge for edge in node.edges)
    return replace(node, edges=edges, grad_output=node.grad_output if left is None else left)


def _cut(edge: Edge) -> Edge:
    return replace(edge, target=None, grad=None)
