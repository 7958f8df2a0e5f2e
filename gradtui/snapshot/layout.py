"""Graph -> rows for a tree: each node once, a node met again as a reference, linear runs without indent. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, NamedTuple

from gradtui.snapshot.model import Graph

LEVELS = 16
"""So many levels are indented, then the indent starts again behind `⋯16`: guides stay short in a deep graph."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the graph view.

    kind: `node`, `reference` (the node stands elsewhere: `node` names it), or `constant` (an edge to nothing).
    node: the node shown or referred to; None for a constant. parent, edge: by which it is reached (None at the root).
    guides: the tree lines before it (`│  ├─ `). open: True or False where it can be opened and closed, else None.
    """

    kind: Literal["node", "reference", "constant"]
    node: int | None
    parent: int | None
    edge: int | None
    guides: str
    open: bool | None = None


class _Place(NamedTuple):
    """A row still to come: what it shows, how it is reached, and the guides of its line and of those under it."""

    node: int | None
    parent: int | None = None
    edge: int | None = None
    guides: str = ""
    below: str = ""
    level: int = 0


def rows(graph: Graph, closed: Collection[int] = frozenset(), *, levels: int = LEVELS) -> list[Row]:
    """The rows from the output down, without what stands only under the `closed` nodes. Iterative, at linear cost.

    A node stands where it is first met in reading order. An edge to nothing whose constant is not known is left out.
    """
    found: list[Row] = []
    met: set[int] = set()
    waiting = [_Place(0)] if graph.nodes else []
    while waiting:
        place = waiting.pop()
        if place.node is None:
            found.append(Row("constant", None, place.parent, place.edge, place.guides))
        elif place.node in met:
            found.append(Row("reference", place.node, place.parent, place.edge, place.guides))
        else:
            met.add(place.node)
            children = _children(graph, place, met, levels)
            is_open = place.node not in closed if children else None
            found.append(Row("node", place.node, place.parent, place.edge, place.guides, is_open))
            if is_open:
                waiting.extend(reversed(children))
    return found


def _children(graph: Graph, place: _Place, met: Collection[int], levels: int) -> list[_Place]:
    """The rows right under a node: a branch each; a single node not met yet goes on with the run."""
    assert place.node is not None
    edges = [
        (number, edge.target)
        for number, edge in enumerate(graph.nodes[place.node].edges)
        if edge.target is not None or edge.constant is not None
    ]
    if len(edges) == 1 and edges[0][1] is not None and edges[0][1] not in met:
        ((number, target),) = edges
        return [_Place(target, place.node, number, place.below, place.below, place.level)]
    start = f"⋯{place.level} " if place.level and place.level % levels == 0 else place.below
    level = place.level + 1
    branches = [
        _Place(target, place.node, number, f"{start}├─ ", f"{start}│  ", level) for number, target in edges[:-1]
    ]
    return [
        *branches,
        *(_Place(target, place.node, number, f"{start}└─ ", f"{start}   ", level) for number, target in edges[-1:]),
    ]
