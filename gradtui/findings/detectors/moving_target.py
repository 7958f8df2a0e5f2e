"""Is a target made of what is compared with it, or the weight of a log probability of what is fitted beside it? A detach() is
missing there, which moves the target, or the baseline, too."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.cause import Cause, Place
from gradtui.findings.record import Record
from gradtui.graph.losses.moving_advantages import MovingAdvantages
from gradtui.graph.losses.moving_targets import MovingTargets

ROWS: dict[str, type[MovingTargets[int]]] = {"target moves": MovingTargets, "advantage moves": MovingAdvantages}


def detect(record: Record) -> Iterator[Cause]:
    if record.is_expression:
        return
    nodes = record.nodes
    for row, moving in ROWS.items():
        found = moving(lambda node: nodes[node].name, lambda node: [edge.target for edge in nodes[node].edges])
        for node, _ in found.found(range(len(nodes))):
            yield Cause(row, Place(node), {"node": nodes[node]}, "perhaps")
