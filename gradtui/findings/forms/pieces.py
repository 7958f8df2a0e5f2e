"""Is a node, with what its operands are made of, such a piece as a pattern says?"""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.forms.piece_operands import (
    is_above_0,
    is_number,
    is_power,
    is_same,
    is_scaled,
    made_by,
    maker_of,
    terms_of_sum,
    times_1,
)
from gradtui.grad_fns.stable_forms import Pattern, Piece
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_finite, operand, operation
from gradtui.snapshot.model import Graph, Node

POWERS = {"Root": 0.5, "Reciprocal": -1.0}
"""What is written as a power, too."""
NAMED = {"Root": "Sqrt"}


class Match:
    """Of one pattern: what its letters stand for, and which nodes are in it."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._letters: dict[str, tuple[Node, int]] = {}
        self._nodes: set[int] = set()

    def has(self, root: Node, piece: Piece, node: Node) -> bool:
        """Whether the root is such a piece, and the node in it."""
        if (one := times_1(self._graph, root)) is not None:
            self._nodes.add(root.id)
            root = one
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
        if name == "Total":
            terms = terms_of_sum(self._graph, node)
            rest = [(*term, self._like(*term, patterns[0], place)) for place, term in enumerate(terms)]
            for place, term in enumerate(terms):
                yield [(*term, patterns[0]), *rest[:place], *rest[place + 1 :]]
        elif name == "Square":
            by_itself = own == "Mul" and is_same(self._graph, (node, 0), (node, 1))
            if by_itself or is_power(self._graph, node, 2.0):
                yield [(node, 0, patterns[0])]
        elif own == NAMED.get(name, name) or is_power(self._graph, node, POWERS.get(name)):
            if is_scaled(node):
                return
            for order in (patterns, patterns[::-1]) if name in ("Add", "Mul") else (patterns,):
                yield [(node, number, one) for number, one in enumerate(order)]

    def _like(self, node: Node, number: int, pattern: Pattern, place: int) -> Pattern:
        """Of another term of a sum: a constant above 0, or what the operation of the pattern makes of anything."""
        return f"+{place}" if maker_of(self._graph, node, number) is None else (pattern[0],)

    def _holds(self, node: Node, number: int, pattern: Pattern) -> bool:
        """Whether an operand of a node is such a piece."""
        if not isinstance(pattern, str):
            if pattern[0].startswith("+"):
                if not is_above_0(operand(self._graph, node, number)):
                    return False
                pattern = pattern[0][1:], *pattern[1:]
            maker = made_by(self._graph, node, number, pattern[0])
            return maker is not None and self._is(maker, pattern)
        is_constant, values = maker_of(self._graph, node, number) is None, operand(self._graph, node, number)
        if pattern == "1":
            return is_constant and is_number(self._graph, node, number, 1.0)
        if pattern == "c":
            return is_constant and (values is None or is_above_0(values))
        if pattern == "0":
            return (
                values is not None and spread(values).zeros > 0 and (node.value is None or spread(node.value).nan > 0)
            )
        if not is_finite(values) or (pattern[0] == "+" and not is_above_0(values)):
            return False
        if pattern[0] == "!" and (values is None or spread(values).zeros):
            return False
        known = self._letters.setdefault(pattern, (node, number))
        return is_same(self._graph, known, (node, number))
