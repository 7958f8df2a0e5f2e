"""What a loss was given that it does not take, or that it should not move; and a model, that it can hardly tell apart."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.dtypes import limits
from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import History, Noted, Seen
from gradtui.snapshot.finding import Certainty

SEVERAL = 2
"""Of the first updates, in which a term is the same number."""
MOVING: dict[Seen, str] = {
    "learned_target": "target is learned",
    "moving_target": "target moves",
    "moving_advantage": "advantage moves",
}


def made_nan(history: History) -> Noted | None:
    """What a loss was given as it became nan, where that alone makes nan: `kl_div` takes the logarithm of its target."""
    begun = None if history.bad_loss is None else history.bad_loss[0]
    found = (
        one
        for one in history.of("loss_input")
        if one.facts["row"] == "kl_div of logarithms" and not one.facts["masked"]
    )
    return next((one for one in found if one.first == begun), None)


def given(history: History) -> Iterator[Fault]:
    told = made_nan(history)
    for one in history.of("loss_input"):
        if one is told:
            yield Fault("kl_div of logarithms is nan", one.first, dict(one.facts), "proved", source=one.source)
            continue
        certainty: Certainty = (
            "perhaps" if one.facts["masked"] else "likely"
        )  # what is wrong may be left out of the loss
        yield Fault(one.facts["row"], one.first or None, dict(one.facts), certainty, source=one.source)


def learned_target(history: History) -> Iterator[Fault]:
    """Of which an optimizer has what it is made from: others than the estimate, or the same."""
    for one in history.of("learned_target", "moving_target", "moving_advantage"):
        learned = [history.parameters[name] for name in one.facts["names"] if name in history.parameters]
        names = tuple(each.name for each in learned if each.optimizer is not None and each.trained)
        if names:
            yield Fault(MOVING[one.kind], one.first or None, dict(one.facts), "perhaps", names, one.source)


def constant_term(history: History) -> Iterator[Fault]:
    """In several of the first updates, all of them an optimizer's."""
    by_hand = any(one.by_hand for one in history.optimizers)
    for one in history.of("constant_term"):
        learned = [history.parameters[name] for name in one.facts["names"] if name in history.parameters]
        if one.updates >= SEVERAL and not by_hand and all(each.optimizer is None for each in learned):
            row = "term is of inputs" if one.latest["leaves"] else "term has no graph"
            yield Fault("term is cut" if one.facts["is_cut"] else row, one.since, {}, source=one.source)


def negated(history: History) -> Iterator[Fault]:
    for one in history.of("negated_loss"):
        yield Fault("loss is negated", None, dict(one.facts), "perhaps", source=one.source)


def alike_inputs(history: History) -> Iterator[Fault]:
    """Of each model the column of which the least is left."""
    told: set[str] = set()
    for one in sorted(history.of("alike_inputs"), key=lambda one: one.facts["spread"] / one.facts["size"]):
        model, dtype, share = one.facts["model"], limits(one.facts["dtype"]), one.facts["spread"] / one.facts["size"]
        if one.updates >= SEVERAL and model not in told:
            told.add(model)
            left = max(0, math.floor(math.log10(share / dtype.epsilon)))
            yield Fault("inputs are alike", None, {**one.facts, "digits": dtype.digits, "left": left}, "perhaps")


def row_order(history: History) -> Iterator[Fault]:
    for one in history.of("row_order"):
        row = "rows are shuffled apart" if one.facts["both"] else "rows of one are shuffled"
        yield Fault(row, one.first or None, {"rows": one.facts["rows"]}, "perhaps", source=one.source)
