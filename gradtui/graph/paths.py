"""Where the 11 comes from: the gradient by its ways from the output to a leaf, `11 = 8 by way of x^2 + 3 by way of 3x`. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from gradtui.graph.incoming_edges import as_sum
from gradtui.graph.operands import LONGEST_QUOTE, operand_quote, quote
from gradtui.snapshot.model import Graph, Snapshot
from gradtui.snapshot.numbers import SIGNIFICANT, number, numbers

MOST_PATHS = 20
"""Beyond this a list of paths explains nothing; their number doubles with every x = x*x."""
MOST_LEAVES = 50
"""Leaves whose paths are listed in a report: each takes a sweep over the graph."""


class Path(Struct, frozen=True):
    """One way from the output to a leaf: the nodes it visits, the local derivatives along it and their product.

    edges: by which edge it leaves each node, that of the leaf apart.
    """

    nodes: tuple[int, ...]
    factors: tuple[float, ...]
    edges: tuple[int, ...]

    @property
    def product(self) -> float:
        return math.prod(self.factors)


class _Step(NamedTuple):
    """A node on a path, with the edge to it from the step before and the local derivative along that."""

    node: int
    factor: float = 1.0
    edge: int = 0
    before: _Step | None = None


def paths(graph: Graph, leaf: int, most: int = MOST_PATHS) -> tuple[Path, ...] | None:
    """Every path from the output to `leaf`; None for more than `most`, or a local derivative is not known."""
    ways = _ways_to(graph, leaf)
    if ways.get(0, 0) > most:
        return None
    found: list[Path] = []
    stack = [_Step(0)] if 0 in ways else []
    while stack:
        step = stack.pop()
        if step.node == leaf:
            found.append(_path(step))
        for place, edge in reversed(list(enumerate(graph.nodes[step.node].edges))):
            if edge.target is not None and edge.target in ways:
                if edge.local is None:
                    return None
                stack.append(_Step(edge.target, edge.local, place, step))
    return tuple(found)


def _path(step: _Step) -> Path:
    """The path whose last step this is."""
    steps = [step]
    while steps[-1].before is not None:
        steps.append(steps[-1].before)
    steps.reverse()
    return Path(
        tuple(step.node for step in steps),
        tuple(step.factor for step in steps[1:]),
        tuple(step.edge for step in steps[1:]),
    )


def ways(graph: Graph, paths: Sequence[Path], longest: int = LONGEST_QUOTE) -> tuple[str, ...]:
    """A name for each of several paths: the first operand on its way that no other takes, `x^2`; more where needed.

    longest: characters of an operand, beyond which it is cut.
    """
    steps = [list(zip(path.nodes, path.edges, strict=False)) for path in paths]
    taken = Counter(step for path in steps for step in path)
    forks = [[step for step in path if taken[step] < len(paths)] for path in steps]
    firsts = [next((step for step in path if taken[step] == 1), path[0]) for path in forks]
    levels = [
        [operand_quote(graph, graph.nodes[node].edges[edge], longest) for node, edge in firsts],
        [_turn(graph, node, edge, longest) for node, edge in firsts],
        [", ".join(_turn(graph, node, edge, longest) for node, edge in fork) for fork in forks],
    ]
    counts = Counter(name for names in levels for name in names)
    return tuple(next((n for n in names if counts[n] == 1), names[-1]) for names in zip(*levels, strict=True))


def sentence(snapshot: Snapshot, variable: str, longest: int = LONGEST_QUOTE) -> str:
    """`11 = 8 by way of x^2 + 3 by way of 3x`; empty where the paths cannot be listed, or there are none.

    longest: as for `ways`.
    """
    digits = SIGNIFICANT.get(snapshot.dtype, 7)
    leaf = next((node for node in snapshot.graph.nodes if node.variable == variable), None)
    found = paths(snapshot.graph, leaf.id) if leaf and leaf.shape == () else None
    if not found or leaf is None:
        return ""
    total = numbers(leaf.grad_output, digits)
    if len(found) == 1:
        factors = [_factor(factor, digits) for factor in found[0].factors if factor != 1]
        product = f" = {'·'.join(factors)}" if len(factors) > 1 else ""
        return f"{total}{product} along the only path"
    terms = zip(found, ways(snapshot.graph, found, longest), strict=True)
    return f"{total} = " + as_sum(f"{number(path.product, digits)} by way of {name}" for path, name in terms)


def summary(snapshot: Snapshot, variable: str) -> tuple[str, ...]:
    """The same in fewer words, each shorter than the one before; () where the paths cannot be listed, or are not several."""
    digits = SIGNIFICANT.get(snapshot.dtype, 7)
    leaf = next((node for node in snapshot.graph.nodes if node.variable == variable), None)
    found = paths(snapshot.graph, leaf.id) if leaf and leaf.shape == () else None
    if not found or len(found) < 2:
        return ()
    count = f"the sum of {len(found)} ways"
    most, name = max(zip(found, ways(snapshot.graph, found), strict=True), key=lambda way: abs(way[0].product))
    return f"{count}, the largest {number(most.product, digits)} by way of {name}", count


def _turn(graph: Graph, place: int, edge: int, longest: int) -> str:
    """`x in 3x`; where several operands are the same, `operand 2 of x*x`."""
    node = graph.nodes[place]
    same = sum(other.target == node.edges[edge].target for other in node.edges) > 1
    operand = f"operand {edge + 1} of" if same else f"{operand_quote(graph, node.edges[edge], longest)} in"
    return f"{operand} {quote(node, longest)}"


def _factor(value: float, digits: int) -> str:
    return f"({number(value, digits)})" if value < 0 else number(value, digits)


def _ways_to(graph: Graph, leaf: int) -> dict[int, int]:
    """How many paths lead to `leaf` from each node that reaches it."""
    found = {leaf: 1}
    for node in reversed(_from_users(graph)):
        count = sum(found.get(edge.target, 0) for edge in graph.nodes[node].edges if edge.target is not None)
        if count:
            found[node] = count
    return found


def _from_users(graph: Graph) -> Sequence[int]:
    """The nodes, each after all that lead to it: as they stand, but where backward has not run."""
    if all(edge.target is None or edge.target > node.id for node in graph.nodes for edge in node.edges):
        return range(len(graph.nodes))
    waiting = Counter(edge.target for node in graph.nodes for edge in node.edges if edge.target is not None)
    order = [node.id for node in graph.nodes if node.id not in waiting]
    for node in order:
        for edge in graph.nodes[node].edges:
            if edge.target is not None:
                waiting[edge.target] -= 1
                if not waiting[edge.target]:
                    order.append(edge.target)
    return order
