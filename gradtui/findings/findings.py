"""What is wrong with a snapshot, and why the gradient of a parameter is what it is: all detectors, asked in turn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from msgspec.structs import replace

from gradtui.findings import (
    bad_gradient,
    bad_value,
    broadcast,
    cut_off,
    refused,
    scale,
    storage,
    strays,
    wrong_backward,
    zero_gradient,
)
from gradtui.findings.cause import Cause
from gradtui.findings.rank import collected, gathered, ranked
from gradtui.findings.record import Record
from gradtui.findings.unwitnessed import detective
from gradtui.findings.unwitnessed import why as old
from gradtui.findings.words import sentences
from gradtui.graph.operands import is_finite
from gradtui.graph.uses import above
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Snapshot

Detector = Callable[[Record], Iterator[Cause | Finding]]

DETECTORS: tuple[Detector, ...] = (
    refused.detect,
    bad_value.detect,
    bad_gradient.detect,
    cut_off.detect,
    strays.detect,
    broadcast.detect,
    zero_gradient.detect,
    wrong_backward.detect,
    storage.detect,
)
"""In this order: a cause before what may come of it."""

OF_VALUES: tuple[Detector, ...] = (
    bad_value.detect,
    bad_gradient.detect,
    zero_gradient.detect,
    wrong_backward.detect,
    storage.detect,
)
"""Those that explain a leaf that is in the graph."""

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
    if detective.is_small(snapshot):
        return tuple(_with_certainty(one) for one in detective.findings(snapshot))
    found: list[tuple[Finding, Collection[str]]] = []
    for detect in DETECTORS:
        causes = [*detect(record)]
        causes_told = [
            (told(one, snapshot), one.about) for one in gathered(one for one in causes if isinstance(one, Cause))
        ]
        rest = collected((one for one in causes if isinstance(one, Finding)), record.leaves)
        found += [one for one in causes_told if one[0].certainty != "perhaps"]
        found += [(one, (one.parameter,) if one.parameter else ()) for one in rest]
        found += [one for one in causes_told if one[0].certainty == "perhaps"]
    known = any(one.kind in NOT_FINITE and one.phase == "forward" for one, _ in found)
    known = known or any(
        not is_finite(record.leaves[name].grad) for _, about in found for name in about if name in record.leaves
    )
    dropped = CUT_OFF | (NOT_FINITE if known else set())
    old = [one for one in detective.findings(snapshot) if one.kind not in dropped]
    return ranked([*found, *((one, (one.parameter,) if one.parameter else ()) for one in old)])


def told(cause: Cause, snapshot: Snapshot) -> Finding:
    """In words; where a GradScaler multiplies, with one on that."""
    return next(scale.told(snapshot, [sentences.told(cause, snapshot)]))


def _with_certainty(finding: Finding) -> Finding:
    """Of an expression every number is known; but what is not taken is mostly meant so."""
    return finding if finding.kind in ("masked", "convention") else replace(finding, certainty="proved")


def why(snapshot: Snapshot, parameter: str) -> tuple[Finding, ...]:
    """Why the gradient of one parameter, or other named leaf, is what it is: the root cause first, never empty.

    `ordinary` where nothing is wrong. KeyError for a name that the snapshot does not know.
    """
    record = Record.of(snapshot)
    leaf = record.leaves[parameter]
    if snapshot.origin == "expression":
        return old.why(snapshot, parameter)
    if leaf.node is None and snapshot.parameters:
        stray = [cause for cause in strays.detect(record) if parameter in cause.about]
        fresh = next((event for event in record.events if event.kind == "fresh"), None)
        nothing_learns = not any(one.node is not None for one in record.leaves.values())
        causes = stray or [cut_off.of(record, parameter, leaf, nothing_learns, fresh)]
        return tuple(told(cause, snapshot) for cause in causes)
    found: list[Finding] = []
    for detect in OF_VALUES if leaf.node is not None and not record.nodes[leaf.node].edges else ():
        for one in detect(record):
            if isinstance(one, Cause) and _is_of(record, one, parameter, leaf.node):
                found.append(told(replace(one, about=(parameter,)), snapshot))
    return tuple(dict.fromkeys(found)) or old.why(snapshot, parameter)


def _is_of(record: Record, cause: Cause, parameter: str, node: int | None) -> bool:
    """Whether it explains this leaf: what made the output bad explains all, a bad gradient those that it came to."""
    if not cause.about:
        return True
    if parameter not in cause.about or node is None:
        return False
    return (
        parameter not in record.bad or cause.place.node is None or cause.place.node in above(record.uses, node) | {node}
    )
