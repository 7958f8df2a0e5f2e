"""Graphs of earlier updates: kept alive from update to update, or run over again and again."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import LEAST_UPDATES, History


def detect(history: History) -> Iterator[Fault]:
    alive = [one for one in history.of("kept_graph") if "alive" in one.facts]
    least = min(LEAST_UPDATES, max(1, history.updates - 2))
    retained = [one for one in history.of("kept_graph") if one.facts.get("crossed", 0) >= least]
    used = sorted(history.of("old_graph"), key=lambda one: -one.updates)
    used = [one for one in used if one.updates >= least]
    fixed = next((one for one in used if one.facts["made"] == one.latest["made"]), None)
    holder = alive[0].latest.get("variable", "") if alive else ""
    moved = [one for one in used if one.facts["made"] != one.latest["made"]]
    named = (one for one in moved if one.facts["variable"] and holder.endswith(one.facts["variable"]))
    moving = next(named, moved[0] if moved else None)
    if retained and fixed is not None and retained[0].updates >= LEAST_UPDATES:
        facts = {"variable": fixed.facts["variable"] or "a tensor", "made": fixed.facts["made"]}
        yield Fault("old graph is used again", None, facts, "likely", source=fixed.source)
    elif alive and alive[0].last >= history.updates - 2 and alive[0].latest["alive"] >= min(8, history.updates - 2):
        if moving is None and alive[0].source is None and not history.ended:
            return  # what holds them may yet be seen
        variable = holder or (moving.facts["variable"] if moving is not None else "")
        facts = {"variable": variable or "something", "alive": alive[0].latest["alive"]}
        first = max(0, alive[0].first - alive[0].facts["alive"])
        yield Fault(
            "graphs are kept", first, facts, "likely", source=moving.source if moving is not None else alive[0].source
        )
    elif retained and moving is not None:
        facts = {"variable": moving.facts["variable"] or "a tensor", "alive": moving.updates}
        yield Fault("graphs are kept", moving.first - 1, facts, "likely", source=moving.source)
