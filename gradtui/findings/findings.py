"""What is wrong with a snapshot, and why the gradient of a parameter is what it is: all detectors, asked in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradtui.findings import bad_gradient, bad_value, detective, storage
from gradtui.findings import why as old
from gradtui.findings.cause import Cause
from gradtui.findings.rank import gathered, ranked
from gradtui.findings.record import Record
from gradtui.findings.sentences import told
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Snapshot

Detector = Callable[[Record], Iterator[Cause]]

DETECTORS: tuple[Detector, ...] = (bad_value.detect, bad_gradient.detect, storage.detect)
"""In this order: a cause before what may come of it."""


NOT_FINITE = (
    "input", "domain", "pole", "zero_by_zero", "overflow", "vertical", "corner", "zero_times_inf", "branch", "nonfinite",
    "masked",
)  # fmt: skip


def findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    """All that is wrong, the cause of most first; each cause once, with all parameters that it explains. Nothing for a
    healthy function or model. Of an experiment only the forward pass, which it does not change."""
    record = Record.of(snapshot)
    found = [told(cause, snapshot) for detect in DETECTORS for cause in gathered(detect(record))]
    known = any(one.kind in NOT_FINITE for one in found)
    old = [one for one in detective.findings(snapshot) if not known or one.kind not in NOT_FINITE]
    return ranked([*found, *old])


def why(snapshot: Snapshot, parameter: str) -> tuple[Finding, ...]:
    """Why the gradient of one parameter, or other named leaf, is what it is: the root cause first, never empty.

    `ordinary` where nothing is wrong. KeyError for a name that the snapshot does not know.
    """
    return old.why(snapshot, parameter)
