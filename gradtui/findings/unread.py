"""Tensors that are there and could not be read: what nobody may take for known. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from gradtui.snapshot.model import Node, Snapshot, Values


def with_known_values(snapshot: Snapshot) -> Snapshot:
    """The same, with no value at the nodes whose value could not be read: it may be any."""
    nodes = snapshot.graph.nodes
    if not any(_is_unread(node.value) for node in nodes):
        return snapshot
    return replace(snapshot, graph=replace(snapshot.graph, nodes=tuple(map(_known, nodes))))


def _known(node: Node) -> Node:
    return replace(node, value=None) if _is_unread(node.value) else node


def _is_unread(values: Values | None) -> bool:
    return values is not None and values.unread is not None
