"""Graph -> rows for a tree: each node once, a node met again as a reference, linear runs without indent. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from gradtui.snapshot.model import Graph

LEVELS = 16
"""So many levels are indented, then the indent starts again behind `⋯16`: guides stay short in a deep graph."""

INSIDE = "┆  "
"""The guide of what is inside an open group."""


class Row(Struct, frozen=True):
    """One line of the graph view.

    kind: `node`, `group` (`group` names it), `reference` (what stands elsewhere), `constant` (an edge to nothing), or
    `rest` (`edge` is then the number of edges that are left out).
    node: the node shown or referred to, the first one of a group; None for a constant. parent, edge: by which it is
    reached (None at the root, and where a whole group leads to it).
    guides: the tree lines before it (`│  ├─ `). open: True or False where it can be opened and closed, else None.
    """

    kind: Literal["node", "group", "reference", "constant", "rest"]
    node: int | None
    parent: int | None
    edge: int | None
    guides: str
    open: bool | None = None
    group: int | None = None


class Reach(NamedTuple):
    """Where an element leads: to another `element` of its group, or only to a `node`, elsewhere; neither for a constant.

    edge: the number of the edge, None where a whole group leads there; for the rest left out, how many that are.
    """

    edge: int | None
    element: int | None
    node: int | None
    rest: bool = False


class Structure(Protocol):
    """A graph whose nodes may be gathered in groups, each an element beside the nodes: ids from `len(graph.nodes)` on."""

    @property
    def trunk(self) -> bool:
        """Whether an only child that leads on comes last and without indent, as in a log: for deep graphs."""

    def seeds(self, group: int | None) -> Sequence[int]:
        """The elements of a group (None: of the whole) from which all others of it are reached."""

    def reaches(self, element: int) -> Sequence[Reach]:
        """Where it leads, in the order of next_functions."""

    def first(self, element: int) -> int:
        """The node itself, or the first one of a group."""

    def is_group(self, element: int) -> bool: ...

    def is_end(self, element: int) -> bool:
        """Whether it leads nowhere."""


class Plain:
    """A graph without groups."""

    trunk = False

    def __init__(self, graph: Graph) -> None:
        self._nodes, self._roots = graph.nodes, graph.roots

    def seeds(self, group: int | None) -> Sequence[int]:
        return self._roots if self._nodes else ()

    def reaches(self, element: int) -> Sequence[Reach]:
        return [
            Reach(number, edge.target, edge.target)
            for number, edge in enumerate(self._nodes[element].edges)
            if edge.target is not None or edge.constant is not None
        ]

    def first(self, element: int) -> int:
        return element

    def is_group(self, element: int) -> bool:
        return False

    def is_end(self, element: int) -> bool:
        return not self._nodes[element].edges


class _Place(NamedTuple):
    """A row still to come: what it shows, how it is reached, and the guides of its line and of those under it."""

    reach: Reach
    parent: int | None = None
    guides: str = ""
    below: str = ""
    level: int = 0


def rows(
    structure: Graph | Structure,
    closed: Collection[int] = frozenset(),
    *,
    levels: int = LEVELS,
    opened: Collection[int] = frozenset(),
) -> list[Row]:
    """The rows from the output down, without what stands only under the `closed` nodes. Iterative, at linear cost.

    A node stands where it is first met in reading order. An edge to nothing whose constant is not known is left out.
    What is inside a group is shown where it is among the `opened`, before what the group leads to.
    """
    tree: Structure = Plain(structure) if isinstance(structure, Graph) else structure
    found: list[Row] = []
    met: set[int] = set()
    waiting = [_Place(Reach(None, seed, seed)) for seed in reversed(tree.seeds(None))]
    while waiting:
        place = waiting.pop()
        (edge, element, node, rest), parent, guides = place.reach, place.parent, place.guides
        if rest:
            found.append(Row("rest", None, parent, edge, guides))
        elif node is None:
            found.append(Row("constant", None, parent, edge, guides))
        elif element is None or element in met:
            group = element if element is not None and edge is None and tree.is_group(element) else None
            found.append(Row("reference", node, parent, edge, guides, group=group))
        elif tree.is_group(element):
            met.add(element)
            is_open = element in opened
            found.append(Row("group", tree.first(element), parent, edge, guides, is_open, element))
            waiting.extend(reversed(_children(tree, place, element, met, levels)))
            if is_open:
                waiting.extend(reversed(_inside(tree, place, element, levels)))
        else:
            met.add(element)
            children = _children(tree, place, element, met, levels)
            shut = element in closed if children else None
            found.append(Row("node", element, parent, edge, guides, None if shut is None else not shut))
            if not shut:
                waiting.extend(reversed(children))
    return found


def _start(place: _Place, levels: int) -> str:
    """The guides of what is one level deeper."""
    return f"⋯{place.level} " if place.level and place.level % levels == 0 else place.below


def _inside(tree: Structure, place: _Place, group: int, levels: int) -> list[_Place]:
    guides = _start(place, levels) + INSIDE
    return [
        _Place(Reach(None, seed, tree.first(seed)), None, guides, guides, place.level + 1) for seed in tree.seeds(group)
    ]


def _children(tree: Structure, place: _Place, element: int, met: Collection[int], levels: int) -> list[_Place]:
    """The rows right under an element: a branch each; a single one not met yet goes on with the run."""
    reaches = list(tree.reaches(element))
    parent = None if tree.is_group(element) else element
    last = None
    if len(reaches) == 1 and reaches[0].element is not None and reaches[0].element not in met:
        last = reaches.pop()
    elif tree.trunk:
        on = [
            reach
            for reach in reaches
            if reach.element is not None and reach.element not in met and not tree.is_end(reach.element)
        ]
        if len({reach.element for reach in on}) == 1:
            last = on[0]
            reaches.remove(last)
    start, level = _start(place, levels), place.level + 1
    open_end = last is not None
    branches = [_Place(reach, parent, f"{start}├─ ", f"{start}│  ", level) for reach in reaches]
    if branches and not open_end:
        branches[-1] = _Place(reaches[-1], parent, f"{start}└─ ", f"{start}   ", level)
    return [*branches, *([_Place(last, parent, place.below, place.below, place.level)] if last is not None else [])]


def same_shape(one: Graph, other: Graph) -> bool:
    """Whether both have the same nodes and edges, whatever numbers flow along them."""
    return one is other or (
        len(one.nodes) == len(other.nodes)
        and all(
            a.name == b.name and [(e.target, e.constant) for e in a.edges] == [(e.target, e.constant) for e in b.edges]
            for a, b in zip(one.nodes, other.nodes, strict=True)
        )
    )
