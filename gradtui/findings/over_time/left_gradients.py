"""Gradients that add up, are changed too late, or are the sum of several batches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import cast

from gradtui.findings.over_time.clipping import made_smaller
from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import LEAST_UPDATES, MOSTLY, OFTEN, History, Noted, OptimizerHistory
from gradtui.snapshot.source import Source

TWICE = 2
"""However few steps there are: what is left once may be meant."""
NEARLY = 0.01
"""To what part of itself a factor by hand is one over the number of passes."""
ROWS = {False: "gradients add up", True: "gradients of some add up"}
"""Whether of some parameters only."""
OF_ONE = "gradients of one optimizer add up"


def uncleared(history: History) -> Iterator[Fault]:
    if closure := history.of("closure_uncleared"):
        yield Fault("closure adds up", closure[0].first, {}, "proved", source=closure[0].source)
        return
    of_one: dict[Source | None, list[Fault]] = {}
    for fault in _uncleared_of_each(history):
        if fault.row == OF_ONE:
            of_one.setdefault(fault.source, []).append(fault)
        else:
            yield fault
    for faults in of_one.values():
        yield faults[0] if len(faults) == 1 else _of_several(faults)


def _uncleared_of_each(history: History) -> Iterator[Fault]:
    """Of each optimizer by itself."""
    kinds = {"uncleared", "carried"} if _clipped_late(history) else {"uncleared"}
    for number, optimizer in enumerate(history.optimizers):
        for some, row in ROWS.items():
            found = [one for key, one in history.noted.items() if one.kind in kinds and key[2] == (number, some)]
            count = sum(one.updates for one in found)
            if found and _is_often(count, optimizer):
                facts = {"count": count, "optimizer": optimizer.name, "of": optimizer.steps}
                several = len(history.optimizers) > 1
                row = OF_ONE if several and not some else row
                row = "gradients add up by hand" if optimizer.by_hand else row
                about = found[0].facts["names"] if some or several or optimizer.by_hand else ()
                yield Fault(row, found[0].first, facts, "likely" if some else "proved", about, found[0].source)
                break


def _is_often(times: int, optimizer: OptimizerHistory) -> bool:
    """Of its steps but the first, before which no step has left a gradient."""
    return times >= max(TWICE, OFTEN * (optimizer.steps - 1))


def _of_several(faults: Sequence[Fault]) -> Fault:
    """Optimizers with parts of a model each, whose gradients one line of backward makes."""
    facts = {"optimizers": len(faults), **{name: sum(one.facts[name] for one in faults) for name in ("count", "of")}}
    about = tuple(name for one in faults for name in one.about)
    first = faults[0]
    return Fault("gradients of several optimizers add up", first.update, facts, first.certainty, about, first.source)


def carried(history: History) -> Iterator[Fault]:
    """What a step leaves is changed in place by hand, and the next pass adds to that: as a momentum of one's own does."""
    if _clipped_late(history):
        return
    for one in history.of("carried"):
        optimizer = history.optimizers[one.facts["optimizer"]]
        if _is_often(one.updates, optimizer):
            facts = {"count": one.updates, "of": optimizer.steps, "optimizer": optimizer.name}
            yield Fault("gradients are carried on", one.first, facts, "perhaps", one.facts["names"], one.source)


def foreign(history: History) -> Iterator[Fault]:
    for one in history.of("leaked"):
        first, second = (history.optimizers[number] for number in one.facts["optimizers"])
        if _is_often(one.updates, second):
            facts = {"count": one.updates, "first": first.name, "second": second.name}
            yield Fault("gradients of another loss", None, facts, "perhaps", one.facts["names"], one.source)


def twice(history: History) -> Iterator[Fault]:
    for one in history.of("stepped_twice"):
        first, second = (history.optimizers[number] for number in one.facts["optimizers"])
        if one.updates >= max(TWICE, MOSTLY * second.steps):
            facts = {"count": one.updates, "first": first.name, "second": second.name}
            yield Fault("two optimizers step it", None, facts, "likely", one.facts["names"], one.source)


def _clipped_late(history: History) -> list[Noted]:
    return [one for key, one in history.noted.items() if one.kind == "late" and key[2] == "clip"]


def late(history: History) -> Iterator[Fault]:
    clipped = _clipped_late(history)
    for one in clipped:
        if one.count >= TWICE:
            yield Fault("clipped after the step", max(0, one.first - 1), {}, source=one.source)
    places = {one.source for one in clipped if one.count >= TWICE}
    found = [one for one in history.of("late") if one not in clipped and one.source not in places]
    if sum(one.count for one in found) >= TWICE:
        yield Fault("gradient is changed after the step", max(0, found[0].first - 1), {}, source=found[0].source)


def repeated(history: History) -> Iterator[Fault]:
    """Backward goes twice through one loss, and what it leaves adds up. A part of another loss may be meant to count twice."""
    steps = max((one.steps for one in history.optimizers), default=0)
    for key, one in history.noted.items():
        if one.kind == "repeated_loss" and one.updates >= max(LEAST_UPDATES, OFTEN * min(steps, one.last + 1)):
            facts = {"count": one.updates}
            if key[2] == "same":
                yield Fault("backward of a loss twice", one.since, facts, "likely", source=one.source)
            else:
                yield Fault("backward of a part before the whole", one.since, facts, "perhaps", source=one.source)


def left_over(history: History) -> Iterator[Fault]:
    """What accumulates before zero_grad, and comes to no step, as at the end of each epoch."""
    for key, one in history.noted.items():
        if one.kind != "left_over":
            continue
        optimizer = history.optimizers[cast(int, key[2])]
        usual = max(optimizer.passes, key=lambda passes: optimizer.passes[passes], default=0)
        if 1 < usual < one.facts["passes"] and TWICE <= one.updates <= OFTEN * optimizer.steps:
            facts = {"count": one.updates, "passes": one.facts["passes"] - usual, "usual": usual}
            yield Fault("passes are left over", one.since, facts, "perhaps", source=one.source)


def accumulated(history: History) -> Iterator[Fault]:
    told = any(True for _ in repeated(history))
    for one in history.optimizers:
        if one.thrown_away >= max(TWICE, MOSTLY * (one.steps - 1)):  # before its first step nobody knows its parameters
            count = max(one.passes, key=lambda passes: one.passes[passes])
            yield Fault("cleared between passes", one.first, {"count": count}, "likely", source=one.passed)
            continue
        if not told and len(one.passes) <= 2 and one.undivided >= max(TWICE, MOSTLY * one.steps):
            count = max(one.passes, key=lambda passes: one.passes[passes])
            if any(_divides(1 / made_smaller(each), count) for each in history.of("made_smaller")):
                continue  # the gradients are divided
            yield Fault("not divided", one.first, {"count": count}, "perhaps", source=one.passed)


def _divides(by: float, count: int) -> bool:
    """Whether gradients are divided by the number of passes, or by that of those that reach one part of a model."""
    whole = round(by)
    return whole > 1 and math.isclose(by, whole, rel_tol=NEARLY) and count % whole == 0
