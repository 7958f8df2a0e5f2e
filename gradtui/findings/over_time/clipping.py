"""Gradients that are clipped at every update, far below what they are."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import History, Noted
from gradtui.snapshot.finding import Certainty

LEAST_ROUNDS, ALWAYS = 5, 0.95
"""Times that gradients are clipped, and of all times the part that is as good as always."""
FAR_LARGER, LARGER = 100.0, 3.0
"""How many times larger than what is let through gradients are, on average (geometric): far too large, or worth a word."""
SCALE_FREE = ("Ada", "Lamb", "Lion", "Muon", "NAdam", "RAdam", "RMSprop", "Rprop")
"""Beginnings of the names of optimizers whose steps are the same for gradients that are all so many times smaller, as long as
that leaves them far above what is added to a denominator."""
ABOVE_EPS = 1e-4


def by_hand(history: History) -> Iterator[Fault]:
    still = [
        one for one in history.parameters.values() if one.trained >= LEAST_ROUNDS and one.still.count == one.trained
    ]
    for one in history.of("made_smaller"):
        factor = made_smaller(one)
        if one.facts["divided"]:
            continue  # as of a sum
        if one.count >= max(LEAST_ROUNDS, ALWAYS * (_rounds(history) - 1)) and factor < 1 / FAR_LARGER:
            yield Fault(
                "gradients are made small",
                one.first if one.first > 1 else None,
                {"factor": factor, "count": one.count},
                "likely" if still else "perhaps",
                source=one.source,
            )


def made_smaller(one: Noted) -> float:
    """By what gradients are multiplied in place, on average."""
    return math.exp(one.facts["logs"] / one.count)


def _rounds(history: History) -> int:
    """How often it was gone round: of several optimizers each may step once in a round."""
    return max((one.steps for one in history.optimizers), default=history.updates)


NOTHING: tuple[tuple[bool, str, Certainty], ...] = (
    (False, "clipped before backward", "proved"),
    (True, "nothing is clipped", "likely"),
)
"""Whether a backward pass had run since the last step."""


def of_nothing(history: History) -> Iterator[Fault]:
    """There was no gradient when it was called, at any update."""
    effective = {one.source for one in history.of("clipped", "late")}
    without = all(one.empty.count == one.steps for one in history.optimizers)
    for passed, row, certainty in NOTHING:
        if passed and without:
            continue  # nowhere is a gradient: it is not what is given to it
        for key, one in history.noted.items():
            if one.kind != "clipped_nothing" or key[2] is not passed or one.source in effective:
                continue
            if one.updates >= max(LEAST_ROUNDS, ALWAYS * (_rounds(history) - 1)):
                yield Fault(row, one.first or None, {"count": one.count}, certainty, source=one.source)


def detect(history: History) -> Iterator[Fault]:
    late = {one.source for one in history.of("late")}
    scale_free = all(one.name.startswith(SCALE_FREE) for one in history.optimizers)
    for one in history.of("clamped"):
        if one.source not in late and one.count >= LEAST_ROUNDS and one.facts["count"] >= ALWAYS * one.count:
            yield Fault("always clipped to a value", one.first or None, dict(one.facts), "likely", source=one.source)
    for one in history.of("clipped"):
        if one.source in late:
            continue
        clipped, logs = one.facts["clipped"], one.facts["logs"]
        if one.count < LEAST_ROUNDS or clipped < ALWAYS * one.count:
            continue
        ratio = math.exp(logs / one.count)
        scale = one.latest["scale"]
        if scale > 1:
            facts = {
                "count": clipped,
                "of": one.count,
                "most": one.facts["most"],
                "scale": scale,
                "left": one.facts["most"] / scale,
            }
            yield Fault("clipped while scaled", None if one.first == 0 else one.first, facts, source=one.source)
            continue
        takes_it = not scale_free or one.facts["most"] < ABOVE_EPS
        if ratio >= (LARGER if takes_it else FAR_LARGER):
            facts = {
                "count": clipped,
                "of": one.count,
                "ratio": ratio,
                "most": one.facts["most"],
                "norm": one.facts["norm"],
            }
            certainty: Certainty = "likely" if takes_it and ratio >= FAR_LARGER else "perhaps"
            yield Fault("always clipped", None if one.first == 0 else one.first, facts, certainty, source=one.source)


def is_far(history: History) -> bool:
    """Whether next to nothing of the gradients is left by clipping, at every update."""
    return any(
        one.row in ("always clipped", "clipped while scaled") and one.certainty == "likely" for one in detect(history)
    ) or any(one.certainty == "likely" for one in by_hand(history))
