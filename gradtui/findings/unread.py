"""Tensors that are there and could not be read: what is to be said of them, and what nobody may take for known. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Node, Parameter, Snapshot, Values
from gradtui.snapshot.numbers import UNREAD

REFILL = "capture while it is there: before its storage is freed, or where what freed it has filled it again"
ELSEWHERE = "capture where its numbers are: on a device, gathered, outside of a transform"


def with_known_values(snapshot: Snapshot) -> Snapshot:
    """The same, with no value at the nodes whose value could not be read: it may be any."""
    nodes = snapshot.graph.nodes
    if not any(_is_unread(node.value) for node in nodes):
        return snapshot
    return replace(snapshot, graph=replace(snapshot.graph, nodes=tuple(map(_known, nodes))))


def freed(name: str, parameter: Parameter) -> Finding | None:
    """Of a parameter whose storage is gone; the name is not yet in the text."""
    if parameter.value.unread != "freed":
        return None
    text = f"{UNREAD['freed']}, so what it holds cannot be read"
    return Finding("freed", "forward", None, text, REFILL, name)


def unread(name: str, parameter: Parameter) -> Finding | None:
    """Of a parameter that has a gradient whose numbers are not known."""
    reason = parameter.grad.unread if parameter.grad is not None else None
    if reason is None:
        return None
    text = f"it has a gradient, which cannot be read: {UNREAD[reason]}"
    return Finding("unread", "backward", parameter.node, text, REFILL if reason == "freed" else ELSEWHERE, name)


def _known(node: Node) -> Node:
    return replace(node, value=None) if _is_unread(node.value) else node


def _is_unread(values: Values | None) -> bool:
    return values is not None and values.unread is not None
