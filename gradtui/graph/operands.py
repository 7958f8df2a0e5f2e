"""The numbers that a node works on, element by element, and how it is called in a sentence. Pure."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from gradtui.grad_fns.other_devices import known_as
from gradtui.grad_fns.traits import has
from gradtui.graph.short_names import again
from gradtui.snapshot.model import Edge, Graph, Node, Values

LONGEST_QUOTE = 32
SAVED = {"Clamp": ("self", "min", "max"), "Lerp": ("self", "end", "weight"), "Pow": ("self", "exponent")}
"""torch's names of the operands, under which a node keeps them, where these are not `self` and `other`."""


def operation(node: Node) -> str:
    """`Log` for LogBackward0, `Pow` for PowBackward1."""
    return operation_of(node.name)


@lru_cache(maxsize=1024)
def operation_of(name: str) -> str:
    """The same of the name alone."""
    return re.sub(r"Backward\d*$", "", known_as(name))


def quote(node: Node, longest: int = LONGEST_QUOTE) -> str:
    """The piece of text that made it, on one line and not too long; torch's name where there is none."""
    return node.name if node.source is None else short(again(node) + node.source.text, longest)


def operand_quote(graph: Graph, edge: Edge, longest: int = LONGEST_QUOTE) -> str:
    """The piece of text that is the operand; of what a backward pass worked on the node that made it."""
    if edge.source is not None:
        return short(edge.source.text, longest)
    made = None if edge.target is None else graph.nodes[edge.target]
    if made is not None and (made.order or made.variable or (made.source is not None and made.source.file is None)):
        return made.variable or quote(made, longest)
    return short(edge.constant or "its operand", longest)


def short(text: str, longest: int = LONGEST_QUOTE) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def operand_number(node: Node, edge: int) -> int:
    """Which operand comes in by an edge: of 2^x, the only edge of which is the exponent's, the second."""
    return edge + (node.name == "PowBackward2")


def operand(graph: Graph, node: Node, number: int) -> Values | None:
    """The operand's forward value, from the node that made it or as this one keeps it; None where neither is known."""
    place = number - operand_number(node, 0)
    if 0 <= place < len(node.edges):
        edge = node.edges[place]
        if edge.target is not None and edge.input == 0 and graph.nodes[edge.target].value is not None:
            return graph.nodes[edge.target].value
    names = SAVED.get(operation(node), ("self", "other"))
    stored = kept(node, names[number]) if 0 <= number < len(names) else None
    return stored or _typed(node.edges[place].constant if 0 <= place < len(node.edges) else None)


def seen_value(graph: Graph, edge: Edge) -> Values | None:
    """The value that comes in by an edge; of what was not seen to be made, that of which it is but another view."""
    while edge.target is not None and edge.input == 0:
        node = graph.nodes[edge.target]
        if node.value is not None or not has(operation(node), "view") or not node.edges:
            return node.value
        edge = node.edges[0]
    return None


def maker(graph: Graph, edge: Edge) -> Node | None:
    """What made the value that comes in by an edge, or of which it is another view; None where that is not in the graph."""
    target = edge.target
    while target is not None:
        node = graph.nodes[target]
        if not has(operation(node), "view") or not node.edges:
            return node
        target = node.edges[0].target
    return None


def _typed(constant: str | None) -> Values | None:
    """A plain number as it stands in the text, where the node keeps none."""
    try:
        return None if constant is None else Values((), (float(constant),))
    except ValueError:
        return None


def kept(node: Node, name: str) -> Values | None:
    """A number or tensor that the node keeps for its backward."""
    return next((s.value for s in node.saved if s.name == name and isinstance(s.value, Values)), None)


def element(values: Values | None, place: int, count: int) -> float | None:
    """One element of a tensor that takes part in an elementwise operation with `count` results."""
    if values is None or values.summary is not None:
        return None
    if len(values.numbers) == 1:
        return values.numbers[0]
    return values.numbers[place] if len(values.numbers) == count else None


def first_bad(values: Values | None) -> int | None:
    """The place of the first number that is nan or infinite."""
    if values is None:
        return None
    return next((place for place, number in enumerate(values.numbers) if not math.isfinite(number)), None)


def is_finite(values: Values | None) -> bool:
    """Whether no element of a tensor is known to be nan or infinite: of all of them, not only of those that are kept."""
    if values is not None and values.summary is not None:
        return not values.summary.nan and not values.summary.inf
    return values is None or all(map(math.isfinite, values.numbers))


def is_zero(values: Values | None) -> bool:
    """Whether there are numbers, and all of them are 0."""
    if values is not None and values.summary is not None:
        return values.summary.zero == math.prod(values.shape)
    return values is not None and bool(values.numbers) and not any(values.numbers)
