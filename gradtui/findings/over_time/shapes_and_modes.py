"""What is wrong from the first update on and looks like learning: shapes that broadcast, a mode, an index that is padding."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import LEAST_UPDATES, History, ModeHistory
from gradtui.snapshot.finding import Certainty

BROADCAST: dict[str, tuple[str, Certainty]] = {
    "loss": ("broadcast", "proved"),
    "difference": ("broadcast", "likely"),
    "pairs": ("broadcast", "perhaps"),
    "product": ("broadcast in a product", "perhaps"),
}
PADDING: dict[bool, tuple[str, Certainty]] = {
    True: ("padding is a real index", "likely"),
    False: ("padding may be a real index", "perhaps"),
}
"""Whether it stands between two that are real."""


def broadcast(history: History) -> Iterator[Fault]:
    for one in history.of("broadcast"):
        row, certainty = BROADCAST[one.facts["of"]]
        yield Fault(row, one.since, dict(one.facts), certainty, source=one.source)


def softmax_twice(history: History) -> Iterator[Fault]:
    for update, found in history.passes.items():
        for one in found:
            if one.kind == "softmax_twice":
                yield Fault("softmax twice", update or None, {}, one.certainty, source=one.source, begun_by=one)
                return


def constant_part(history: History) -> Iterator[Fault]:
    """A part of weights that learn is of no account, in each of the first passes."""
    for begun in {one.first: None for one in history.optimizers}:
        looked_at = range(begun + bool(begun), min(begun + bool(begun) + LEAST_UPDATES, history.updates))
        first = [history.passes.get(update, ()) for update in looked_at]
        for one in first[0] if first else ():
            known = history.parameters.get(one.parameter or "")
            always = all(any((other.kind, other.source) == (one.kind, one.source) for other in of) for of in first)
            if one.kind == "constant" and known is not None and known.trained and always:
                yield Fault("constant part", begun or None, {}, one.certainty, (known.name,), one.source, begun_by=one)
                return


def single_element(history: History) -> Iterator[Fault]:
    """What is normalised is one element, in all of the first updates; where nothing at all goes through, a pass tells it."""
    silent = {name for name, one in history.parameters.items() if one.zero.since is not None}
    told = {one.source for found in history.passes.values() for one in found if one.parameter in silent}
    for seen in history.of("single_element"):
        if seen.updates >= LEAST_UPDATES and seen.source not in told:
            row = "normalises one element by its size" if seen.facts["by_size"] else "normalises one element"
            yield Fault(row, seen.since, dict(seen.facts), source=seen.source)


def zero_derivative(history: History) -> Iterator[Fault]:
    """The loss is made of a derivative that is 0 in each of the first updates, as of functions of straight pieces."""
    for seen in history.of("zero_derivative"):
        found = (one for one in history.passes.get(seen.last, ()) if one.kind == "flat" and one.parameter is None)
        cause = next(found, None)
        if cause is not None and seen.updates >= LEAST_UPDATES:
            yield Fault("derivative is 0", seen.since, {"count": seen.updates}, source=seen.source, begun_by=cause)
            return


def evaluating(history: History) -> Iterator[Fault]:
    found = [
        one
        for one in history.modes.values()
        if one.learning is not None
        and one.evaluating.since is not None
        and history.updates - one.evaluating.since >= LEAST_UPDATES
    ]
    if again := [one for one in history.modes.values() if one.between >= LEAST_UPDATES]:
        first = min(again, key=lambda one: one.first)
        since = first.evaluating.since
        count = first.between + (0 if since is None else history.updates - since)
        facts = {"modules": _in_short(first, len(again)), "count": count, "of": history.updates}
        yield Fault(
            "eval mode comes again", first.first, facts, "likely" if first in found and first.whole else "perhaps"
        )
    elif found:
        first = min(found, key=lambda one: one.evaluating.since or 0)
        facts = {"modules": _in_short(first, len(found))}
        yield Fault("eval mode stays", first.evaluating.since, facts, "likely" if first.whole else "perhaps")


def never_training(history: History) -> Iterator[Fault]:
    """Of a model that learns."""
    found = [one for one in history.modes.values() if one.learning is None and one.learns]
    if found and all(one.whole and one.evaluating.count >= LEAST_UPDATES for one in found):
        facts = {"modules": _in_short(found[0], len(found))}
        yield Fault("never in train mode", None, facts, "perhaps")


def _in_short(one: ModeHistory, count: int) -> str:
    """`drop (Dropout)`, `drop (Dropout) and 3 more`."""
    return f"{one.name} ({one.kind}){f' and {count - 1} more' if count > 1 else ''}"


def padding(history: History) -> Iterator[Fault]:
    for one in history.of("padding"):
        facts = one.facts
        if facts["among"] or facts["loose"] or (facts["after"] and facts["before"]):
            name = f"{facts['module']}.weight"
            known = next((each for each in history.parameters if each.endswith(name)), name)
            row, certainty = PADDING[bool(facts["among"])]
            yield Fault(row, None, {"index": facts["index"]}, certainty, facts["names"] or (known,))
