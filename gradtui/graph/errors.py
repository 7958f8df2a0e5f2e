"""How far torch's numbers are from those of mathematics, piece by piece of a typed expression. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

from gradtui.graph.digits import relative_error
from gradtui.graph.incoming_edges import Use, above, uses
from gradtui.snapshot.model import Graph, Node, Values
from gradtui.snapshot.truth import Piece, Truth

Numbers = Sequence[float | None]


class Errors:
    """Relative errors of each piece's value, of the gradient at it and of what it sends, the largest of its elements.

    Of a piece that no node of the graph stands for, as of one whose text was read twice, there is nothing to measure: 0.
    """

    def __init__(self, graph: Graph, truth: Truth) -> None:
        self.graph, self.truth, self.pieces = graph, truth, truth.pieces
        self.nodes: list[list[Node]] = _nodes(graph, truth.pieces)

    @cached_property
    def of_values(self) -> list[float]:
        return [_largest(self._value(place), piece.value) for place, piece in enumerate(self.pieces)]

    @cached_property
    def of_gradients(self) -> list[float]:
        return [_largest(self._gradient(place), piece.gradient) for place, piece in enumerate(self.pieces)]

    @cached_property
    def users(self) -> list[list[tuple[int, int]]]:
        """For each piece those that use its value: (place, slot)."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.pieces]
        for place, piece in enumerate(self.pieces):
            for slot, operand in enumerate(piece.operands):
                found[operand].append((place, slot))
        return found

    def node(self, place: int) -> Node | None:
        """The node that made the piece's value; a leaf's own."""
        return self.nodes[place][-1] if self.nodes[place] else None

    def of_sent(self, place: int, slot: int) -> float:
        """Of what the piece sends to its operand in `slot`."""
        sent = self.sent(place, slot)
        return _largest(sent, self.pieces[place].sent[slot]) if sent is not None else 0.0

    def moved(self, place: int, slot: int) -> float:
        """By how much what it sends is off, at the worst element."""
        sent = self.sent(place, slot)
        return _furthest(sent, self.pieces[place].sent[slot]) if sent is not None else 0.0

    def size(self, place: int, slot: int) -> float:
        """The largest of what it sends to its operand in `slot`."""
        return max(map(abs, self.sent(place, slot) or ()), default=0.0)

    def above(self, place: int) -> set[int]:
        """The piece, and all that is made of it."""
        return {place} | above(self.users, place)

    def effect(self, place: int, slot: int) -> float:
        """How much the error of the operand in `slot` changes f by way of this piece, to first order."""
        operand = self.pieces[self.pieces[place].operands[slot]]
        value = self._value(self.pieces[place].operands[slot])
        if value is None:
            return 0.0
        rows = zip(value, operand.value, self.pieces[place].sent[slot], strict=False)
        return sum(abs((got - exact) * slope) for got, exact, slope in rows if exact is not None and slope is not None)

    def growth(self, place: int) -> float:
        """How many times the relative error of an exact operand that is rounded becomes that of the piece, to first order."""
        piece, found = self.pieces[place], 0.0
        for operand, sent in zip(piece.operands, piece.sent, strict=True):
            for at, (value, slope) in enumerate(zip(self.pieces[operand].value, sent, strict=False)):
                came, own = _element(piece.gradient, at), _element(piece.value, at)
                if value and slope and came and own is not None:
                    found = max(found, abs(value * slope / came / own) if own else math.inf)
        return found

    def growth_of_sum(self, place: int) -> float:
        """The same of the gradients that add up at a piece."""
        largest = max((self.size(*use) for use in self.users[place]), default=0.0)
        least = min((abs(one) for one in self.pieces[place].gradient if one), default=0.0)
        return largest / least if least else math.inf

    def sent(self, place: int, slot: int) -> tuple[float, ...] | None:
        """What torch sent from the piece to its operand, by all edges together; None where no node stands for either."""
        target = self.node(self.pieces[place].operands[slot])
        if target is None:
            return None
        own = {node.id for node in self.nodes[place]}
        grads = [self.graph.nodes[user].edges[edge].grad for user, edge in self._uses[target.id] if user in own]
        return _added(grad.numbers for grad in grads if grad is not None and grad.summary is None)

    def worst_element(self, place: int) -> int | None:
        """Of the piece's value; None where that was not seen."""
        got, exact = self._value(place), self.pieces[place].value
        known = [at for at, one in enumerate(exact) if one is not None] if got and len(got) == len(exact) else []
        return max(known, key=lambda at: relative_error(got[at], exact[at] or 0.0), default=None) if got else None

    def value(self, place: int, at: int | None) -> float | None:
        """torch's value at one element; of a scalar its only one."""
        return _element(self._value(place) or (), at)

    def exact(self, place: int, at: int | None) -> float | None:
        return _element(self.pieces[place].value, at)

    @cached_property
    def _uses(self) -> list[list[Use]]:
        return uses(self.graph)

    def _value(self, place: int) -> tuple[float, ...] | None:
        node = self.node(place)
        return _whole(node.value) if node is not None else None

    def _gradient(self, place: int) -> tuple[float, ...] | None:
        node = self.node(place)
        return _whole(node.grad_output) if node is not None else None


def _nodes(graph: Graph, pieces: Sequence[Piece]) -> list[list[Node]]:
    """For each piece the nodes that it made, in the order of the forward pass, or the leaf that it is."""
    leaves = {node.variable: node for node in graph.nodes if node.variable is not None}
    made: dict[tuple[int, int], list[Node]] = {}
    for node in reversed(graph.nodes):
        if node.variable is None and node.source is not None:
            made.setdefault((node.source.start, node.source.end), []).append(node)
    for nodes in made.values():
        nodes.sort(key=lambda node: node.sequence or 0)
    times = Counter((piece.start, piece.end) for piece in pieces if piece.variable is None)
    found: list[list[Node]] = []
    for piece in pieces:
        span = piece.start, piece.end
        if piece.variable is not None:
            found.append([leaves[piece.variable]] if piece.variable in leaves else [])
        else:
            found.append(made.get(span, []) if times[span] == 1 else [])
    return found


def _whole(values: Values | None) -> tuple[float, ...] | None:
    return None if values is None or values.summary is not None else values.numbers


def _added(numbers: Iterable[tuple[float, ...]]) -> tuple[float, ...] | None:
    rows = list(numbers)
    return tuple(map(sum, zip(*rows, strict=False))) if rows else None


def _element(numbers: Numbers, at: int | None) -> float | None:
    if len(numbers) == 1:
        return numbers[0]
    return numbers[at] if at is not None and at < len(numbers) else None


def _largest(got: Numbers | None, exact: Numbers) -> float:
    pairs = zip(got, exact, strict=False) if got is not None and len(got) == len(exact) else ()
    return max((relative_error(a, b) for a, b in pairs if a is not None and b is not None), default=0.0)


def _furthest(got: Numbers, exact: Numbers) -> float:
    pairs = zip(got, exact, strict=False) if len(got) == len(exact) else ()
    return max((abs(a - b) for a, b in pairs if a is not None and b is not None), default=0.0)
