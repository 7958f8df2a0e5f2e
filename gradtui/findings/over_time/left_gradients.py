"""Gradients that add up, are changed too late, or are the sum of several batches."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import History


def uncleared(history: History) -> Iterator[Fault]:
    closure = history.of("closure_uncleared")
    for one in closure[:1]:
        yield Fault("closure adds up", one.first, {}, "proved", source=one.source)
    found = history.of("uncleared")
    count = sum(one.updates for one in found)
    if not closure and found and (count >= 3 or count >= history.updates - 1) and count >= 0.5 * (history.updates - 1):
        yield Fault("gradients add up", found[0].first, {"count": count}, "proved", source=found[0].source)


def late(history: History) -> Iterator[Fault]:
    found = history.of("late")
    if sum(one.count for one in found) >= 2:
        yield Fault("gradient is changed after the step", max(0, found[0].first - 1), {}, source=found[0].source)


def accumulated(history: History) -> Iterator[Fault]:
    for one in history.optimizers:
        if len(one.passes) <= 2 and one.undivided >= max(2, 0.9 * one.steps):
            count = max(one.passes, key=lambda passes: one.passes[passes])
            yield Fault("not divided", one.first, {"count": count}, "perhaps", source=one.passed)
