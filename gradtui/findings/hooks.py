"""Hooks of user code that change a gradient on its way, seen by what they leave. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradtui.graph.incoming_edges import Use
from gradtui.graph.operands import operation
from gradtui.snapshot.model import Event, Graph, Node, Source, Values

CHECKPOINT = "CheckpointFunction"
"""A reentrant checkpoint, whose backward runs what is in it again."""
MODULE_HOOK = "BackwardHookFunction"
"""The operation that torch puts around a module with a backward hook."""
ZEROS_OF = {MODULE_HOOK: "module hook of zeros", CHECKPOINT: "zeros within a checkpoint"}
"""The reasons for their zeros."""
OF_HOOKS = {"hook of zeros", "module hook of zeros"}
LOOK = "look for a register_hook on it, and for a backward hook of its module: return None there to leave it as it is"
SAME_NORM = 1e-3
"""Of a norm: by less it is off by rounding alone, in whatever dtype."""


def place(events: Sequence[Event], node: Node) -> Source | None:
    """Where the only hook that was seen on it, or on its module, was put on, or begins."""
    on_it = [event for event in events if event.kind == "hooked" and event.node == node.id]
    around = [one for one in events if one.kind == "hooked" and one.node is None and one.module == node.module]
    found = on_it or (around if operation(node) == MODULE_HOOK else [])
    return found[0].source if len(found) == 1 else None


def changed(graph: Graph, used: Sequence[Sequence[Use]], node: int) -> Values | None:
    """What was sent to `node`, where that is a single gradient, and another one came in: a hook has changed it."""
    came = graph.nodes[node].grad_output
    edges = [graph.nodes[user].edges[place] for user, place in used[node] if graph.nodes[user].step is not None]
    sent = [edge.grad for edge in edges if edge.grad is not None]
    if came is None or len(sent) != 1 or node in graph.roots or any(edge.input for edge in edges):
        return None
    return None if _alike(sent[0].finite_norm, came.finite_norm) else sent[0]


def _alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or math.isclose(one, other, rel_tol=SAME_NORM)
