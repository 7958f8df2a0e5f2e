"""What the operands of a node are: constants, terms of a sum, powers, the same value twice."""

from __future__ import annotations

import math

from gradtui.dtypes import NARROW
from gradtui.grad_fns.traits import Trait, has, traits_of
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_finite, kept, maker, operand, operand_number, operation
from gradtui.snapshot.model import Graph, Node, Values

SUMMED = ("Add", "Sum")
PARTS: tuple[Trait, ...] = ("part", "looking up")
"""What takes some elements: log(exp(x)[0]/sum(exp(x))) is a piece, too."""
MOST_SUMS = 50
"""Sums within a sum that are looked at."""
DEEP = 6
"""Operations of two operands that are held against each other, one within the other."""
TELLING = 0.1
"""Of the logarithm of a base by whose power the exponent is known."""
EXACT, IN_NARROW = 1e-5, 1e-2
"""To what part of itself a constant is known by the sum that it is in."""


def is_power(graph: Graph, node: Node, exponent: float | None) -> bool:
    """Whether it takes that power; of an exponent that is not kept, by what was made of which numbers."""
    if exponent is None or operation(node) != "Pow":
        return False
    if operand(graph, node, 1) is not None or node.name != "PowBackward0":
        return is_number(graph, node, 1, exponent)
    base, made = operand(graph, node, 0), node.value
    pairs = zip(base.numbers, made.numbers, strict=False) if base is not None and made is not None else ()
    logs = [(math.log(abs(a)), math.log(abs(b))) for a, b in pairs if a and b and math.isfinite(a) and math.isfinite(b)]
    telling = [(a, b) for a, b in logs if abs(a) > TELLING]
    close = IN_NARROW if node.dtype in NARROW else EXACT
    return bool(telling) and all(math.isclose(b, exponent * a, abs_tol=close) for a, b in telling)


def is_scaled(node: Node) -> bool:
    """Whether it adds or subtracts so many times its second operand."""
    scale = kept(node, "alpha")
    return scale is not None and scale.numbers != (1.0,)


def terms_of_sum(graph: Graph, node: Node) -> list[tuple[Node, int]]:
    """What a sum, and those that are its operands, add up; nothing of too many sums, and of what is none."""
    if operation(node) not in SUMMED:
        return []
    sums, known, found = [node], {node.id}, list[tuple[Node, int]]()
    for one in sums:  # which grows
        if len(sums) > MOST_SUMS or is_scaled(one):
            return []
        for number in range(1 if operation(one) == "Sum" else 2):
            made = maker_of(graph, one, number)
            if made is None or operation(made) not in SUMMED:
                found.append((one, number))
            elif made.id not in known:
                known.add(made.id)
                sums.append(made)
    return found


def maker_of(graph: Graph, node: Node, number: int) -> Node | None:
    place = number - operand_number(node, 0)
    return maker(graph, node.edges[place]) if 0 <= place < len(node.edges) else None


def made_by(graph: Graph, node: Node, number: int, wanted: str) -> Node | None:
    """What made an operand, or that of which it is a part, or 1 times, where that is no such operation itself."""
    made = maker_of(graph, node, number)
    while made is not None and operation(made) != wanted:
        if any(has(operation(made), one) for one in PARTS):
            made = maker_of(graph, made, 0)
        elif (one := times_1(graph, made)) is not None:
            made = one
        else:
            break
    return made


def times_1(graph: Graph, node: Node) -> Node | None:
    """Of a product with 1, as torch makes of 1/x, what made the other factor."""
    ones = [one for one in (0, 1) if _is_constant(graph, node, one, 1.0)] if operation(node) == "Mul" else []
    return maker_of(graph, node, 1 - ones[0]) if ones else None


def _is_constant(graph: Graph, node: Node, number: int, wanted: float) -> bool:
    return maker_of(graph, node, number) is None and is_number(graph, node, number, wanted)


def is_number(graph: Graph, node: Node, number: int, wanted: float) -> bool:
    """Whether an operand is that number; of a constant that a sum or difference does not keep, by what it made."""
    values = operand(graph, node, number)
    if values is not None:
        return values.numbers == (wanted,)
    other, made = _one_of(operand(graph, node, 1 - number)), _one_of(node.value)
    signs = traits_of(operation(node)).signs
    if other is None or made is None or not signs or is_scaled(node):
        return False
    found = (made - signs[1 - number] * other) * signs[number]
    return math.isclose(found, wanted, rel_tol=IN_NARROW if node.dtype in NARROW else EXACT)


def _one_of(values: Values | None) -> float | None:
    """The first element, where that is finite."""
    return values.numbers[0] if values is not None and values.numbers and math.isfinite(values.numbers[0]) else None


def is_above_0(values: Values | None) -> bool:
    """Whether all elements are known, and above 0."""
    if values is None or not is_finite(values):
        return False
    least = spread(values).min
    return least is not None and least > 0


def is_same(graph: Graph, one: tuple[Node, int], other: tuple[Node, int], deep: int = DEEP) -> bool:
    """Whether two operands are one value, or two that were made alike."""
    if one == other:
        return True
    first, second = maker_of(graph, *one), maker_of(graph, *other)
    if first is None or second is None:
        values = operand(graph, *one), operand(graph, *other)
        return first is second and values[0] is not None and values[0] == values[1]
    if first.id == second.id:
        return True
    if not deep or not first.edges or not _is_made_alike(first, second):
        return False
    numbers = [operand_number(first, edge) for edge in range(len(first.edges))]
    return all(is_same(graph, (first, number), (second, number), deep - 1) for number in numbers)


def _is_made_alike(one: Node, other: Node) -> bool:
    """With the same settings, such as an exponent, too."""
    alike = operation(one) == operation(other) and len(one.edges) == len(other.edges)
    return alike and one.value == other.value and one.saved == other.saved
