"""Does a gradient go into f that has no graph, taken without `create_graph` or detached, while the rest of f learns?"""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.detectors.cut_off import READ
from gradtui.findings.record import Record
from gradtui.graph.agreement import checks
from gradtui.snapshot.finding import Certainty


def detect(record: Record) -> Iterator[Cause]:
    """Of a leaf that is not in the graph at all it is told why."""
    snapshot = record.snapshot
    if record.asked is not None or snapshot.problem is not None:
        return
    for event in record.events:
        leaves = [record.leaves[name] for name in event.leaves if name in record.leaves]
        if not event.reached or not any(leaf.node is not None for leaf in leaves):
            continue
        if event.of_gradient:
            in_vain = not any(node.order for node in record.nodes)  # nothing of the graph of a gradient goes into f
            certainty: Certainty = "likely" if in_vain else "perhaps"
            yield Cause("gradient detached", Place(None, event.source), {"event": event}, certainty)
        if event.kind != "ungraphed":
            continue
        facts: dict[str, Fact] = {"event": event}
        kind = "gradient read without a graph" if event.operation == READ else "gradient without a graph"
        wrong = [name for name, one in checks(snapshot).items() if one.autograd is False and one.differences]
        central = [one for name in wrong for one in snapshot.differences[name].central[:1]]
        if not wrong:
            yield Cause(kind, Place(None, event.source), facts, "perhaps")
            continue
        seen: dict[str, Fact] = {
            "name": wrong[0],
            "number": snapshot.variables[wrong[0]].grad.numbers[0],
            "true": central[0],
        }
        yield Cause(kind, Place(None, event.source), facts, "proved", (), (("by differences", seen),))
