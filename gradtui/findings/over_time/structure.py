"""What a model is made of, from the start: one module in several places, units that are one, a part that is frozen."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import LEAST_UPDATES, History

CLOSE = 0.1
"""Of a derivative: what is sent in its place and is no further off may be computed in few digits on purpose."""
MADE_ANEW = 2
"""Updates of the first ones in which something is made anew."""


def shared(history: History) -> Iterator[Fault]:
    for one in history.of("shared"):
        paths = one.facts["paths"]
        facts = {
            "first": paths[0],
            "others": ", ".join(paths[1:4]) + (", ..." if len(paths) > 4 else ""),
            "count": len(paths),
        }
        yield Fault("one module in several places", None, facts, "perhaps")


def symmetric(history: History) -> Iterator[Fault]:
    found = [
        one
        for one in history.parameters.values()
        if one.alike and one.trained >= LEAST_UPDATES and 2 * one.still.count < one.trained
    ]
    if found:
        facts = {"rows": max(one.shape[0] for one in found), "count": min(one.trained for one in found)}
        yield Fault("all units are one", None, facts, "likely", tuple(one.name for one in found))


def frozen(history: History) -> Iterator[Fault]:
    """What an optimizer was given, and was never to be learned."""
    for number, optimizer in enumerate(history.optimizers):
        own = [one for one in history.parameters.values() if one.optimizer == number]
        still = [one for one in own if not one.trained and one.steps >= LEAST_UPDATES and one.frozen.count == one.steps]
        if still and len(still) < len(own):
            yield Fault(
                "frozen from the start",
                None,
                {"optimizer": optimizer.name},
                "perhaps",
                tuple(one.name for one in still),
            )


def frozen_in_name(history: History) -> Iterator[Fault]:
    """A module that was to be frozen, and learns."""
    for one in history.of("frozen_in_name"):
        own = [history.parameters[name] for name in one.facts["names"] if name in history.parameters]
        names = tuple(each.name for each in own if each.optimizer is not None and each.trained >= LEAST_UPDATES)
        if names:
            yield Fault("module is frozen in name", None, {"module": one.facts["path"] or "the model"}, "likely", names)


def made_anew(history: History) -> Iterator[Fault]:
    """A layer of the forward pass; but for copies of what then gets no gradient, which is told of that."""
    if any(one.optimizer is not None and one.none.count == one.steps for one in history.parameters.values()):
        return
    for one in history.of("made_anew"):
        if one.updates >= MADE_ANEW:
            yield Fault("weights are made anew", None, {}, "perhaps", source=one.source)


def wrong_backward(history: History) -> Iterator[Fault]:
    """Of a custom Function. Where the output is one number what comes in is mostly 1, and to leave it out is no fault then."""
    for one in history.of("custom"):
        facts = one.facts
        row = "backward is another by a factor" if facts["factor"] else "backward is another"
        row = "backward ignores what comes in" if facts["ignored"] else row
        row = "backward is a stand-in" if facts["meant"] else row
        sent, true = facts["sent"], facts["true"]
        is_close = not facts["factor"] and abs(sent - true) <= CLOSE * abs(true)
        doubtful = facts["meant"] or is_close or (facts["ignored"] and facts["is_one_number"])
        yield Fault(row, None, dict(facts), "perhaps" if doubtful else "likely", source=one.source)
