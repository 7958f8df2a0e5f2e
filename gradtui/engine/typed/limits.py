"""How much one answer may cost. Whatever the language accepts stays within these, and within what docs/language.md says of them.

The text has limits of its own (gradtui/expression), and each child process a deadline (gradtui/service).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from gradtui.engine.tensors import values
from gradtui.expression.syntax import Binary, Call, Comparison, Element, Expression, Negation, Slice, Vector, postorder

MOST_NUMBERS = 10_000_000
"""Numbers that an evaluation makes: its operations, times the elements of the longest vector. 80 MB in float64, and three
or four times that with all gradients."""

MOST_SHOWN = 200_000
"""Numbers that all nodes of a graph show, of each kind: values, gradients, saved tensors."""

MOST_WORK = 200_000_000
"""Work that goes into finite differences: half a second. See `work`."""

OVERHEAD = 5_000
"""Numbers that torch adds in the time that it takes to call it at all."""


@lru_cache(maxsize=64)
def operations(expression: Expression) -> int:
    kinds = (Binary, Negation, Call, Comparison, Vector, Element, Slice)
    return sum(isinstance(node, kinds) for node in postorder(expression))


def shown_of_each(nodes: int) -> int:
    """Numbers up to which the tensor of a node is shown whole, in a graph of so many: 4,096 in one of 48."""
    return min(values.MOST_NUMBERS, MOST_SHOWN // max(1, nodes))


def longest(expression: Expression, at: Mapping[str, float | Sequence[float]]) -> int:
    """The elements of the longest vector, 1 where there is none."""
    variables = (len(value) for value in at.values() if isinstance(value, Sequence))
    return max([1, *variables, _longest_literal(expression)])


@lru_cache(maxsize=64)
def _longest_literal(expression: Expression) -> int:
    return max((len(node.items) for node in postorder(expression) if isinstance(node, Vector)), default=1)


def work(operations: int, elements: int) -> int:
    """What an evaluation costs: the numbers that it makes, and torch's own time for each operation in the same unit."""
    return max(1, operations) * (elements + OVERHEAD)
