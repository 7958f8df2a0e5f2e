"""Graph -> rows for a tree: each node once, a node met again as a reference, linear runs without indent. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from gradtui.snapshot.model import Graph


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the graph view.

    kind: `node`, `reference` (the node stands elsewhere: `node` names it), or `constant` (an edge to nothing).
    node: the node shown or referred to; None for a constant. parent, edge: the edge by which it is reached (None at the root).
    guides: the tree lines before it (`│  ├─ `). open: True or False where it can be opened and closed, else None.
    """

    kind: Literal["node", "reference", "constant"]
    node: int | None
    parent: int | None
    edge: int | None
    guides: str
    open: bool | None = None


def rows(graph: Graph, closed: Collection[int] = frozenset()) -> list[Row]:
    """The rows from the output down, without what stands under the `closed` nodes. Iterative: chains may be 200,000 deep."""
    raise NotImplementedError
