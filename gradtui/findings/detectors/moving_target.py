"""Is a target made of what is compared with it? A detach() that is missing moves the target towards the estimate, too."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.cause import Cause, Place
from gradtui.findings.record import Record
from gradtui.graph.moving_targets import MovingTargets


def detect(record: Record) -> Iterator[Cause]:
    if record.is_expression:
        return
    nodes = record.nodes
    targets = MovingTargets[int](
        lambda node: nodes[node].name, lambda node: [edge.target for edge in nodes[node].edges]
    )
    for node, _ in targets.found(range(len(nodes))):
        yield Cause("target moves", Place(node), {"node": nodes[node]}, "perhaps")
