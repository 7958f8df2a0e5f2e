"""Did a value grow round by round: the same line again and again, each time by about the same factor?"""

from __future__ import annotations

import math
from typing import NamedTuple

from gradtui.findings.record import Record
from gradtui.snapshot.model import Node, Source

LEAST_ROUNDS = 5
LEAST_FACTOR = 1.2


class Growth(NamedTuple):
    node: Node
    factor: float
    times: int


def growth(record: Record, node: Node) -> Growth | None:
    """Down along the largest operands: the line that comes most often, and by what factor its values grow each time."""
    lines: dict[Source, list[tuple[float, Node]]] = {}
    at: Node | None = node
    while at is not None:
        size = at.value.finite_norm if at.value is not None else None
        if at.source is not None and size:
            lines.setdefault(at.source, []).append((size, at))
        below = [record.nodes[edge.target] for edge in at.edges if edge.target is not None]
        at = max(below, key=lambda one: (bool(one.edges), _size(one)), default=None)
    found = max(lines.values(), key=len, default=[])
    if len(found) < LEAST_ROUNDS:
        return None
    rounds = len(found) - 1
    factor = math.exp((math.log(found[0][0]) - math.log(found[-1][0])) / rounds)
    return Growth(found[0][1], factor, rounds) if factor >= LEAST_FACTOR else None


def _size(node: Node) -> float:
    return (node.value.finite_norm if node.value is not None else None) or 0.0
