"""What people write instead of the piece of a graph that a node is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gradtui.grad_fns.stable_forms import STABLE, Pattern, Piece
from gradtui.grad_fns.traits import Trait, has
from gradtui.graph.incoming_edges import Use
from gradtui.graph.operands import maker, operand, operand_number, operation
from gradtui.snapshot.model import Graph, Node

ABOVE = 3
"""Nodes, one after the other, that use the value of a node and are in one piece with it."""
MOST_USERS = 50
"""Nodes above one that are looked at."""
DEEP = 6
"""Operations of two operands that are held against each other, one within the other."""
SUMMED = ("Add", "Sub", "Rsub", "Sum")
PARTS: tuple[Trait, ...] = ("part", "looking up")
"""What takes some elements: log(exp(x)[0]/sum(exp(x))) is a piece, too."""
MOST_SUMS = 50
"""Sums within a sum that are looked at."""


def stable_form(graph: Graph, used: Sequence[Sequence[Use]], node: Node) -> str:
    """Of this node with its operands, or with those that use its value; "" where none is known. used: `uses`."""
    return "" if node.id < 0 else _first(graph, node, [*_above(graph, used, node)], STABLE)


def form_of(graph: Graph, node: Node, forms: Iterable[tuple[Piece, str]]) -> str:
    """The first of these forms of a piece that ends with this node; "" for none."""
    return _first(graph, node, [node], forms)


def _first(graph: Graph, node: Node, roots: Sequence[Node], forms: Iterable[tuple[Piece, str]]) -> str:
    """That of a piece which ends with one of the roots, and has the node in it."""
    return next((form for piece, form in forms if any(_Match(graph).has(root, piece, node) for root in roots)), "")


def _above(graph: Graph, used: Sequence[Sequence[Use]], node: Node) -> Iterator[Node]:
    """The node, and those that use its value, the nearest first."""
    now, found = [node.id], {node.id}
    for _ in range(ABOVE + 1):
        yield from (graph.nodes[place] for place in now)
        users = dict.fromkeys(user for place in now for user, _ in used[place] if user not in found)
        now = [*users][: MOST_USERS - len(found)]
        found.update(now)


class _Match:
    """Of one pattern: what its letters stand for, and which nodes are in it."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._letters: dict[str, tuple[Node, int]] = {}
        self._nodes: set[int] = set()

    def has(self, root: Node, piece: Piece, node: Node) -> bool:
        """Whether the root is such a piece, and the node in it."""
        return self._is(root, piece) and node.id in self._nodes

    def _is(self, node: Node, piece: Piece) -> bool:
        known = self._letters, self._nodes
        for operands in self._readings(node, *piece):
            self._letters, self._nodes = {**known[0]}, {*known[1], node.id}
            if all(self._holds(*one) for one in operands):
                return True
        self._letters, self._nodes = known
        return False

    def _readings(self, node: Node, name: str, *patterns: Pattern) -> Iterator[list[tuple[Node, int, Pattern]]]:
        """What which operands have to be: in one of several ways."""
        own = operation(node)
        if name == "Square":
            exponent = operand(self._graph, node, 1) if own == "Pow" else None
            by_itself = own == "Mul" and _is_same(self._graph, (node, 0), (node, 1))
            if by_itself or (exponent is not None and exponent.numbers == (2.0,)):
                yield [(node, 0, patterns[0])]
        elif name == "Total" and own in SUMMED:
            yield from ([(of, number, patterns[0])] for of, number in _summed(self._graph, node))
        elif own == name:
            for order in (patterns, patterns[::-1]) if name in ("Add", "Mul") else (patterns,):
                yield [(node, number, one) for number, one in enumerate(order)]

    def _holds(self, node: Node, number: int, pattern: Pattern) -> bool:
        """Whether an operand of a node is such a piece."""
        made = _made(self._graph, node, number)
        if pattern == "1":
            value = operand(self._graph, node, number)
            return made is None and (value is None or value.numbers == (1.0,))
        if pattern == "0":
            value = operand(self._graph, node, number)
            zeros = value is not None and (
                value.summary.zero > 0 if value.summary is not None else 0.0 in value.numbers
            )
            return value is None or zeros
        if isinstance(pattern, str):
            known = self._letters.setdefault(pattern, (node, number))
            return _is_same(self._graph, known, (node, number))
        while made is not None and operation(made) != pattern[0] and any(has(operation(made), one) for one in PARTS):
            made = _made(self._graph, made, 0)
        return made is not None and self._is(made, pattern)


def _summed(graph: Graph, node: Node) -> Iterator[tuple[Node, int]]:
    """The operands of a sum, and of those that are its operands."""
    sums, known = [node], {node.id}
    for one in sums:  # which grows
        for number in (0, 1):
            yield one, number
            made = _made(graph, one, number)
            if made is not None and operation(made) in SUMMED and made.id not in known and len(sums) < MOST_SUMS:
                known.add(made.id)
                sums.append(made)


def _made(graph: Graph, node: Node, number: int) -> Node | None:
    place = number - operand_number(node, 0)
    return maker(graph, node.edges[place]) if 0 <= place < len(node.edges) else None


def _is_same(graph: Graph, one: tuple[Node, int], other: tuple[Node, int], deep: int = DEEP) -> bool:
    """Whether two operands are one value, or two that were made alike."""
    if one == other:
        return True
    first, second = _made(graph, *one), _made(graph, *other)
    if first is None or second is None:
        values = operand(graph, *one), operand(graph, *other)
        return first is second and values[0] is not None and values[0] == values[1]
    if first.id == second.id:
        return True
    if not deep or operation(first) != operation(second) or not first.edges or len(first.edges) != len(second.edges):
        return False
    numbers = [operand_number(first, edge) for edge in range(len(first.edges))]
    return all(_is_same(graph, (first, number), (second, number), deep - 1) for number in numbers)
