"""Does a sample, or the choice of the nearest rows, go on into a layer, though its leaves learn by other terms of the loss?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradtui.findings.cause import Cause, Place
from gradtui.findings.record import Record
from gradtui.findings.zeros.zero_factor import leaves_below
from gradtui.graph.operands import is_zero, operation


def detect(record: Record) -> Iterator[Cause]:
    """Of what does not learn at all `cut_off` and `zero_gradient` tell."""
    if record.is_expression or not record.has_run:
        return
    for event in record.events:
        about = _learning(record, event.fed)
        if event.reached and about:
            kind = "sample goes on" if event.kind == "sampled" else "nearest goes on"
            place = Place(event.node, event.source)
            yield Cause(kind, place, {"event": event, "what": event.what}, "perhaps", about)
    for node in record.nodes:
        if operation(node) == "Normal" and node.grad_output is not None and not is_zero(node.grad_output):
            about = _learning(record, sorted(leaves_below(record, node)))
            if about:
                yield Cause("draw goes on", Place(node.id), {"node": node}, "perhaps", about)


def _learning(record: Record, names: Iterable[str]) -> tuple[str, ...]:
    there = (name for name in names if name in record.wanted and record.leaves[name].node is not None)
    return tuple(name for name in there if not is_zero(record.leaves[name].grad))
