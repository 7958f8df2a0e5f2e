"""Where the gradient of a node comes from: a piece by each edge that leads to it; their sum is its grad_output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from gradtui.snapshot.model import Graph, Node, Source, Values
from gradtui.snapshot.numbers import NOT_KNOWN
from gradtui.snapshot.uncollected import uncollected

Use = tuple[int, int]
"""An edge: the node it leaves, and its number there."""


class Contribution(Struct, frozen=True):
    """What `node` sent by its edge number `edge`; grad is None where it sent none, or has not run yet."""

    node: int
    edge: int
    grad: Values | None


def uses(graph: Graph) -> list[list[Use]]:
    """For each node the edges that lead to it, in the order of the forward pass."""
    with uncollected():
        found: list[list[Use]] = [[] for _ in graph.nodes]
        for node in reversed(graph.nodes):
            for number, edge in enumerate(node.edges):
                if edge.target is not None:
                    found[edge.target].append((node.id, number))
    return found


def first_use(graph: Graph, used: Sequence[Sequence[Use]], leaf: Node) -> Source | None:
    """Where in the code what was made before comes in. used: `uses` of the graph."""
    users = sorted((graph.nodes[user] for user, _ in used[leaf.id]), key=lambda user: user.sequence or 0)
    return next((user.source for user in users if user.source is not None), None)


def uses_of(graph: Graph, node: int) -> list[Use]:
    """The same for one node alone."""
    users = dict.fromkeys(user.id for user in reversed(graph.nodes) for edge in user.edges if edge.target == node)
    return [
        (user, number) for user in users for number, edge in enumerate(graph.nodes[user].edges) if edge.target == node
    ]


def above(used: Sequence[Sequence[Use]], node: int) -> set[int]:
    """The nodes from which `node` is reached. used: `uses` of the graph."""
    found: set[int] = set()
    waiting = [node]
    while waiting:
        for user, _ in used[waiting.pop()]:
            if user not in found:
                found.add(user)
                waiting.append(user)
    return found


def below(graph: Graph, nodes: Iterable[int]) -> set[int]:
    """These, and all that they are made of."""
    waiting = [*nodes]
    found = {*waiting}
    while waiting:
        for edge in graph.nodes[waiting.pop()].edges:
            if edge.target is not None and edge.target not in found:
                found.add(edge.target)
                waiting.append(edge.target)
    return found


def contributions(
    graph: Graph, node: int, *, steps_done: int | None = None, used: Sequence[Use] | None = None
) -> list[Contribution]:
    """What came into `node`, in the order of the forward pass, once the first `steps_done` nodes of backward have run.

    used: its `uses_of`, where they are at hand.
    """
    return [
        Contribution(user, number, graph.nodes[user].edges[number].grad if has_run(graph, user, steps_done) else None)
        for user, number in (uses_of(graph, node) if used is None else used)
    ]


def has_run(graph: Graph, node: int, steps_done: int | None) -> bool:
    """Whether `node` is among the first `steps_done` that backward ran; None is all that it ever runs."""
    step = graph.nodes[node].step
    return step is not None and (steps_done is None or step < steps_done)


def as_sum(terms: Iterable[str]) -> str:
    """`8 + 3`, `8 - 3` for the numbers `8` and `-3` as text; `– + (-3)` where `–` stands before, which is no number."""
    text = ""
    for term in terms:
        if not text:
            text = term
        elif not term.startswith("-"):
            text += f" + {term}"
        elif text.endswith(NOT_KNOWN):
            text += f" + ({term})"
        else:
            text += f" - {term[1:]}"
    return text
