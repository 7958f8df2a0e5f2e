"""What is done between updates: an optimizer made anew, weights that are written over."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import History


def optimizer(history: History) -> Iterator[Fault]:
    again = [
        one
        for one in history.optimizers
        if one.follows is not None and one.keeps and history.optimizers[one.follows].last < one.first  # no two in turn
    ]
    if not again:
        return
    first = again[0]
    gaps = {one.first - history.optimizers[one.follows or 0].first for one in again}
    gap = max(gaps)
    facts = {
        "optimizer": first.name,
        "times": len(again),
        "every": "update" if gap == 1 else f"{gap:,} updates",
        "after": "1 update" if gap == 1 else f"{gap:,} updates",
        "state": ", ".join(first.keeps),
    }
    several = len(again) > 1
    row = "optimizer is made anew" if several else "optimizer is made once more"
    yield Fault(row, first.first, facts, "likely" if several else "perhaps", source=first.source)


def emptied(history: History) -> Iterator[Fault]:
    """One that stays, and whose state is cleared, or is loaded as it was before the first step."""
    for one in history.of("emptied"):
        optimizer = history.optimizers[one.facts["optimizer"]]
        times = one.count
        gap = (one.last - one.first) // (times - 1) if times > 1 else one.first - optimizer.first
        facts = {
            "optimizer": optimizer.name,
            "times": times,
            "every": "update" if gap == 1 else f"{gap:,} updates",
            "update": one.first,
            "state": ", ".join(optimizer.keeps),
        }
        row = "state is emptied again" if times > 1 else "state is emptied"
        yield Fault(row, one.first, facts, "likely" if times > 1 else "perhaps")


def written(history: History) -> Iterator[Fault]:
    found = history.of("written")
    if found:
        first = min(found, key=lambda one: one.first)
        times = sum(one.updates for one in found)
        facts = {"often": "once" if times == 1 else f"{times:,} times"}
        yield Fault("written between steps", first.first, facts, "perhaps", tuple(first.facts["names"]), first.source)


def lost(history: History) -> Iterator[Fault]:
    """What is made of weights and their gradients by hand is thrown away."""
    for one in history.of("lost_update"):
        yield Fault("update is lost", None, {"count": one.facts["count"]}, "likely", one.facts["names"], one.source)
    for one in history.of("no_leaf"):
        row = "update is no leaf" if one.facts["has_graph"] else "update needs no gradient"
        yield Fault(row, None, {}, "likely", one.facts["names"], one.source)


def off(history: History) -> Iterator[Fault]:
    """It may be an evaluation, by the same lines, with which a program ends."""
    for one in history.of("off"):
        yield Fault("gradients stay off", one.first, dict(one.facts), "perhaps", source=one.source)
