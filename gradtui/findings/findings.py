"""What is wrong with a snapshot, and why the gradient of a parameter is what it is: all detectors, asked in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradtui.findings import bad_gradient, bad_value, cut_off, detective, refused, storage, strays
from gradtui.findings import why as old
from gradtui.findings.cause import Cause
from gradtui.findings.rank import gathered, ranked
from gradtui.findings.record import Record
from gradtui.findings.sentences import told
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Snapshot

Detector = Callable[[Record], Iterator[Cause]]

DETECTORS: tuple[Detector, ...] = (
    refused.detect,
    bad_value.detect,
    bad_gradient.detect,
    cut_off.detect,
    strays.detect,
    storage.detect,
)
"""In this order: a cause before what may come of it."""

CUT_OFF = {
    "frozen",
    "unused",
    "not_in_graph",
    "detached",
    "no_grad",
    "integer",
    "left_torch",
    "not_differentiable",
    "new_leaf",
}


NOT_FINITE = {
    "input", "domain", "pole", "zero_by_zero", "overflow", "vertical", "corner", "zero_times_inf", "branch", "nonfinite",
    "masked",
}  # fmt: skip


def findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    """All that is wrong, the cause of most first; each cause once, with all parameters that it explains. Nothing for a
    healthy function or model. Of an experiment only the forward pass, which it does not change."""
    record = Record.of(snapshot)
    if snapshot.problem is not None and snapshot.problem.raised is not None:
        return tuple(told(cause, snapshot) for cause in refused.detect(record))
    found = [told(cause, snapshot) for detect in DETECTORS for cause in gathered(detect(record))]
    known = CUT_OFF | (NOT_FINITE if any(one.kind in NOT_FINITE for one in found) else set())
    old = [one for one in detective.findings(snapshot) if one.kind not in known]
    return ranked([*found, *old])


def why(snapshot: Snapshot, parameter: str) -> tuple[Finding, ...]:
    """Why the gradient of one parameter, or other named leaf, is what it is: the root cause first, never empty.

    `ordinary` where nothing is wrong. KeyError for a name that the snapshot does not know.
    """
    record = Record.of(snapshot)
    leaf = record.leaves.get(parameter)
    if leaf is None or leaf.node is not None or not snapshot.parameters:
        return old.why(snapshot, parameter)
    stray = [cause for cause in strays.detect(record) if parameter in cause.about]
    fresh = next((event for event in record.events if event.kind == "fresh"), None)
    nothing_learns = not any(one.node is not None for one in record.leaves.values())
    causes = stray or [cut_off.of(record, parameter, leaf, nothing_learns, fresh)]
    return tuple(told(cause, snapshot) for cause in causes)
