"""What is wrong with a snapshot, and why the gradient of a parameter is what it is: all detectors, asked once each."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module

from msgspec.structs import replace

from gradtui.findings import detectors, nothing_wrong
from gradtui.findings.cause import Cause
from gradtui.findings.rank import gathered, ranked
from gradtui.findings.record import Record
from gradtui.findings.words.sentences import told
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Snapshot

Detector = Callable[[Record], Iterator[Cause]]

DETECTORS: tuple[Detector, ...] = tuple(
    import_module(f"{detectors.__name__}.{module.name}").detect for module in pkgutil.iter_modules(detectors.__path__)
)
"""Whatever stands in the package; what is told first is a question of words, by the order of their topics."""


def findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    """All that is wrong, the cause of most first; each cause once, with all parameters that it explains. Nothing for a
    healthy function or model. Of an experiment only the forward pass, which it does not change."""
    found = ranked(cause for cause in gathered(_causes(Record.of(snapshot))) if not cause.aside)
    return tuple(told(cause, snapshot) for cause in found)


def why(snapshot: Snapshot, parameter: str) -> tuple[Finding, ...]:
    """Why the gradient of one parameter, or other named leaf, is what it is: the root cause first, never empty.

    `ordinary` where nothing is wrong. KeyError for a name that the snapshot does not know.
    """
    record = Record.of(snapshot, parameter)
    leaf = record.leaves[parameter]
    found = ranked(cause for cause in _causes(record) if _explains(cause, parameter, leaf.node is not None))
    found = found or [nothing_wrong.cause(record, parameter, leaf)]
    return tuple(told(replace(cause, about=(parameter,)), snapshot, named=True) for cause in found)


def _causes(record: Record) -> Iterator[Cause]:
    return (cause for detect in DETECTORS for cause in detect(record))


def _explains(cause: Cause, parameter: str, there: bool) -> bool:
    """A cause of no parameter in particular explains all that are in the graph."""
    return parameter in cause.about or (not cause.about and there)
