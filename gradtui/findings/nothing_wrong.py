"""What is to be said of a gradient with which nothing is wrong, or which is not there though nothing was seen to be wrong."""

from __future__ import annotations

from gradtui.findings.cause import Cause, Extent, Fact, Facts, Part, Place
from gradtui.findings.layer_sizes import size_of
from gradtui.findings.record import Record
from gradtui.graph import paths
from gradtui.graph.gradients import spread
from gradtui.graph.higher_orders import by, several
from gradtui.graph.operands import is_finite
from gradtui.snapshot.model import Parameter, Snapshot
from gradtui.snapshot.numbers import numbers

LONGEST_SENTENCE = 160
"""Ways of a derivative that are told one by one."""


def cause(record: Record, name: str, leaf: Parameter) -> Cause:
    place = Place(leaf.node)
    if leaf.grad is None:
        return Cause("no gradient", place, {"reason": _reason(record), "way": _way(record)}, about=(name,))
    if not is_finite(leaf.grad):
        return Cause("bad gradient unseen", place, about=(name,))
    found = spread(leaf.grad)
    facts: dict[str, Fact] = {"norm": found.finite_norm or 0.0, "size": size_of(leaf)}
    share = 100 * found.zeros / found.elements if found.elements else 0.0
    facts["zeros"] = Part("zeros of it", {"percent": f"{share:.0f}"}) if found.zeros else ""
    evidence: tuple[tuple[str, Facts], ...] = (("spreads", {"reach": Extent.of(leaf.grad)}),)
    return Cause("ordinary", place, facts, "likely", (name,), evidence)


def of_derivative(snapshot: Snapshot, shown: Snapshot, order: int, variable: str) -> Cause:
    """Of a derivative with which nothing is wrong. shown: the picture of the one before, whose graph it came from."""
    root = by(snapshot.orders.along, order - 1, several(snapshot)) if snapshot.orders is not None else ""
    facts: dict[str, Fact] = {"before": root, "name": variable}
    if not shown.graph.nodes:
        return Cause("further: same everywhere", Place(), facts, "proved")
    leaf = next((node for node in shown.graph.nodes if node.variable == variable), None)
    if leaf is None:
        return Cause("further: without it", Place(), facts, "proved")
    said = paths.sentence(shown, variable)
    if not said or len(said) > LONGEST_SENTENCE:
        few = paths.summary(shown, variable)
        said = f"{numbers(leaf.grad_output)} = {few[0]}" if few else numbers(leaf.grad_output)
    return Cause("further: ordinary", Place(leaf.id), facts | {"ways": said}, "likely")


def _reason(record: Record) -> Fact:
    """What the engine said of it."""
    problem = record.snapshot.problem
    notes = [note.text for note in record.snapshot.notes if note.kind == "backward"]
    return problem.message if problem else notes[0] if notes else Part("not reached")


def _way(record: Record) -> Fact:
    problem = record.snapshot.problem
    return problem.hint if problem is not None and problem.hint else Part("capture again")
