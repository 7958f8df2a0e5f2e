"""Parameters that a loss has in terms of their own alone, sums of squares say: what the model makes sends them nothing. Pure.

Of a graph as torch has it, and of that of a Snapshot: what is asked of a node is asked of functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple

from gradtui.graph.losses.nodes import N, Nodes

ADDING = {"Add", "Sub", "Rsub", "Neg", "Sum", "Mean", "Stack", "Cat", "View", "Squeeze", "Unsqueeze", "Clone", "ToCopy"}
"""What adds up the terms of a loss, or hands on a sum of them."""
FOLDING = {"Sum", "Mean"}
SCALING = {"Mul", "Div"}
OF_WEIGHTS = ADDING | SCALING | {
    "Pow", "Sqrt", "Abs", "Sign", "Norm", "LinalgVectorNorm", "Max", "Maximum", "Relu", "Clamp", "ClampMin", "Dot", "Mm", "T",
    "Transpose", "Permute", "ReshapeAlias", "UnsafeView",
}  # fmt: skip
"""What people make penalties with. Nothing that runs a layer, or looks something up: that is learned of data."""
PRODUCTS = {"Dot", "Mm"}
"""Of which a constant operand is data."""
MOST_BELOW = 5_000
"""Nodes of one term."""


class Reached(NamedTuple, Generic[N]):
    """by_penalties: the leaves of penalties, each with the node of one. by_others: all nodes below the other terms. has_others:
    whether there are any, a constant one at least."""

    by_penalties: dict[N, N]
    by_others: set[N]
    has_others: bool

    @property
    def alone(self) -> dict[N, N]:
        """Those to which nothing but penalties leads."""
        return {leaf: term for leaf, term in self.by_penalties.items() if leaf not in self.by_others}


class Penalties(Nodes[N]):
    """size: of what a node made, in elements."""

    def __init__(
        self,
        name: Callable[[N], str],
        following: Callable[[N], Sequence[N | None]],
        size: Callable[[N], int],
    ) -> None:
        super().__init__(name, following)
        self._size = size

    def found(self, roots: Iterable[N]) -> Reached[N]:
        penalties: dict[N, N] = {}
        others: list[N] = []
        terms = self._terms(roots)
        learned = [one for one in terms if one is not None]
        for term in learned:
            leaves = self._of_weights(term)
            if leaves is None:
                others.append(term)
            else:
                penalties |= dict.fromkeys(leaves, term)
        has_others = bool(others) or len(learned) < len(terms)
        return Reached(penalties, self._below(others) if penalties else set(), has_others)

    def _terms(self, roots: Iterable[N]) -> list[N | None]:
        """What the loss is the sum of; None for a constant."""
        waiting: list[N] = [*roots]
        found: list[N | None] = []
        seen: set[N] = set()
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            operation, learned = self._operation(node), self._learned(node)
            is_sum = operation in ADDING or (operation in SCALING and len(learned) == 1)
            is_folded = (
                operation in FOLDING and self._of_weights(node) is not None
            )  # `(bias**2).sum()`, of a bias of one element
            if learned and is_sum and not is_folded and all(map(self._is_of_numbers, learned)):
                waiting += learned
                found += [one for one in self._following(node) if one is None and operation in ADDING]
            else:
                found.append(node)
        return found

    def _is_of_numbers(self, node: N) -> bool:
        return self._size(node) == 1 or self._operation(node) == "Stack"

    def _of_weights(self, term: N) -> set[N] | None:
        """The leaves of a term that is made of them alone; None of any other, and of a leaf."""
        waiting, seen, leaves = [term], {term}, set[N]()
        while waiting:
            node = waiting.pop()
            learned = self._learned(node)
            if not learned:
                leaves.add(node)
                continue
            if not self._is_of_weights(node, learned):
                return None
            new = [one for one in learned if one not in seen]
            seen.update(new)
            waiting += new
            if len(seen) > MOST_BELOW:
                return None
        return leaves if term not in leaves else None

    def _is_of_weights(self, node: N, learned: Sequence[N]) -> bool:
        """Of a constant operand the size tells whether it is data, a row of it for each sample."""
        operation, operands = self._operation(node), self._following(node)
        has_constant = len(learned) < len(operands)
        if has_constant and (operation in PRODUCTS or self._size(node) > max(map(self._size, learned))):
            return False
        return operation in OF_WEIGHTS
