"""What is to be said of a gradient with which nothing is wrong, or which is not there though nothing was seen to be wrong."""

from __future__ import annotations

from gradtui.findings.cause import Cause, Extent, Fact, Facts, Part, Place
from gradtui.findings.layer_sizes import size_of
from gradtui.findings.record import Record
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_finite
from gradtui.snapshot.model import Parameter


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


def _reason(record: Record) -> Fact:
    """What the engine said of it."""
    problem = record.snapshot.problem
    notes = [note.text for note in record.snapshot.notes if note.kind == "backward"]
    return problem.message if problem else notes[0] if notes else Part("not reached")


def _way(record: Record) -> Fact:
    problem = record.snapshot.problem
    return problem.hint if problem is not None and problem.hint else Part("capture again")
