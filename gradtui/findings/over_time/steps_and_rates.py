"""Steps and learning rates by which nothing moves: no gradient yet, a rate of 0 or next to it, a GradScaler that skips steps."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.over_time import clipping
from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import LEAST_UPDATES, OFTEN, History, Noted, OptimizerHistory
from gradtui.snapshot.finding import NOT_FINITE, Certainty, Finding

PASSES = 10
"""Without a step: by then they are hardly accumulated for the first one."""
LBFGS = "LBFGS"
"""It wants a gradient of each evaluation. Of another one a closure may give the loss alone, as to a search along a line."""
GONE = 1e-5
"""Of the largest rate so far: what is below is next to 0."""
LASTING_RATE = 5
"""Steps in a row at such a rate, or at one of 0, which a schedule may pass through."""
LEAST_SKIPPED = 4
"""Steps: a GradScaler that is healthy skips a few as it looks for its scale."""
LITTLE, FALLS = 1e-4, 0.02
"""Of the norm of the weights, all steps together; of the loss, from the first to the last quarter."""
BY_SIZE = {"overflow", "masked"}
"""Kinds of which a scale may be the cause, or that are not only of nan and infinity."""
AT_THE_END = 0.2
"""Of all steps, for a rate that was not 0 from the first."""


EMPTIED = {"cleared": "cleared before step", "made 0": "made 0 before step", "unseen": "gone before step"}
"""The row, by how gradients went between backward and step."""


def is_told(history: History, number: int) -> bool:
    """Whether `order` says why this optimizer never has a gradient."""
    one = history.optimizers[number]
    return (
        one.steps >= 2
        and one.empty.count == one.steps
        and bool(one.empty_without_backward or history.of("cleared", "leaf_loss"))
        and not history.needs_no_gradient(number)
    )


def unwatched(history: History) -> Iterator[Fault]:
    if history.unwatched is not None:
        update, place, steps = history.unwatched
        yield Fault("in another thread", update or None, {"steps": steps}, "perhaps", source=place)
    for one in history.of("transformed"):
        if not history.updates or one.facts["count"] > 1:  # a single one beside a training may be its data
            yield Fault("by torch.func", one.first or None, {}, "perhaps", source=one.source)


def order(history: History) -> Iterator[Fault]:
    for number, one in enumerate(history.optimizers):
        facts = {"optimizer": one.name, "steps": one.steps}
        leaves = history.of("leaf_loss")
        idle = [each for each in history.of("idle_closure") if each.facts["optimizer"] == number]
        is_idle = bool(idle) and idle[0].updates == one.steps
        if is_told(history, number):
            if is_idle:
                yield Fault("closure makes no gradient", None, facts, "proved", source=one.source)
            elif one.empty_without_backward:
                yield Fault("step before backward", None, facts, "proved", source=one.source)
            elif sum(each.updates for each in leaves) >= one.steps or not history.of("cleared"):
                yield Fault("loss is a leaf", None, facts, "proved", source=leaves[0].source)
            else:
                emptied = max(history.of("cleared"), key=lambda each: each.updates)
                row = EMPTIED[emptied.latest["how"]]
                yield Fault(row, None, facts, "proved", source=emptied.source or one.source)
        elif is_idle and one.name == LBFGS and one.steps >= 2 and idle[0].facts["evaluations"] > 1:
            yield Fault("closure makes none anew", None, facts, "likely", source=one.source)
        elif one.steps > LEAST_UPDATES and _is_a_pass_ahead(one):
            yield Fault("first step is empty", 0, facts, "perhaps", source=one.source)


def _is_a_pass_ahead(one: OptimizerHistory) -> bool:
    """Whether its step stands before backward in the loop: the first finds nothing, and nothing takes what the last pass leaves.
    A step before the loop, as for a scheduler, or a backward that is left out the first time, is no such thing."""
    is_first_empty = one.empty_without_backward == one.empty.count == 1 and one.first == 0
    return is_first_empty and bool(one.behind) and not one.moved_on


def never(history: History) -> Iterator[Fault]:
    for one in history.of("unstepped"):
        likely = one.count >= PASSES and one.facts["alone"]
        facts = {"optimizer": one.facts["optimizer"], "passes": one.count}
        yield Fault("never a step", None, facts, "likely" if likely else "perhaps", one.facts["names"], one.source)


def rate(history: History) -> Iterator[Fault]:
    alike: dict[tuple[str, bool, float | None], list[OptimizerHistory]] = {}
    for one in history.optimizers:
        if one.no_rate.since is None or one.no_rate.length < LEAST_UPDATES:
            continue
        always = one.no_rate.count == one.steps
        if not always and (one.no_rate.length < max(LASTING_RATE, AT_THE_END * one.steps)):
            continue
        row = "rate is 0"
        if one.scheduled is not None:
            row = "rate is 0 by a schedule" if always else "rate comes to 0 by a schedule"
        alike.setdefault((row, always, one.scheduled), []).append(one)
    for (row, always, made), several in alike.items():
        facts = {
            "optimizer": several[0].name if len(several) == 1 else f"{len(several)} optimizers",
            "steps": sum(one.no_rate.length for one in several),
            "made": made,
        }
        begin = min(one.no_rate.since or 0 for one in several)
        yield Fault(row, begin or None, facts, "proved" if always else "likely")


def rate_below_0(history: History) -> Iterator[Fault]:
    """No optimizer is made with one: a schedule has gone on past its end."""
    for one in history.optimizers:
        if one.below_0.length >= LEAST_UPDATES:
            facts = {"optimizer": one.name, "steps": one.below_0.length, "now": max(one.rates)}
            yield Fault("rate is below 0", one.below_0.since, facts)


def misnamed(history: History) -> Iterator[Fault]:
    for one in history.optimizers:
        if one.misnamed is not None and one.misnamed[1] not in one.top_rates:
            place, set_to = one.misnamed
            facts = {"optimizer": one.name, "place": place, "set_to": set_to, "rate": max(one.rates, default=0.0)}
            yield Fault("rate is set in name", None, facts, "perhaps")


def rate_of_some(history: History) -> Iterator[Fault]:
    """Parameters of which the group has a rate of 0, where others of the same optimizer move."""
    for number, one in enumerate(history.optimizers):
        own = [
            each for each in history.parameters.values() if each.optimizer == number and each.trained >= LEAST_UPDATES
        ]
        still = [each for each in own if each.no_rate.count == each.steps]
        if still and len(still) < len(own):
            facts = {"optimizer": one.name, "steps": still[0].steps}
            yield Fault("rate of some is 0", None, facts, "perhaps", tuple(each.name for each in still))


def tiny(history: History) -> Iterator[Fault]:
    """Steps that come to next to nothing, all together, while the loss does not fall."""
    for one in history.optimizers:
        moved, size = sum(one.moves), len(one.losses) // 4
        if clipping.is_far(history):
            continue
        if size < LEAST_UPDATES or not 0 < moved < LITTLE or not one.rates or max(one.rates) < one.top_rate:
            continue
        first, last = (sum(loss for _, loss in part) for part in (one.losses[:size], one.losses[-size:]))
        if last >= first - FALLS * abs(first):
            facts = {"optimizer": one.name, "rate": one.top_rate, "moved": moved, "count": len(one.moves)}
            yield Fault("steps are tiny", None, facts, "perhaps")


def rate_gone(history: History) -> Iterator[Fault]:
    """A schedule that has taken the rate to next to nothing long before the end."""
    for one in history.optimizers:
        now = max(one.rates, default=0.0)
        if 0 < now < GONE * one.top_rate and one.low_rate.length >= max(LASTING_RATE, OFTEN * one.steps):
            facts = {"optimizer": one.name, "steps": one.low_rate.length, "top": one.top_rate, "now": now}
            yield Fault("rate is next to 0", one.low_rate.since, facts)


def skipped(history: History) -> Iterator[Fault]:
    noted, ran = history.of("skipped"), history.of("scaled")
    skips = sum(one.count for one in noted)
    tries = skips + sum(one.count for one in ran)
    if skips < max(LEAST_SKIPPED, OFTEN * tries):
        return
    scalers = {one.latest["scaler"] for one in noted} | {one.facts["scaler"] for one in noted}
    several = max(scalers) >= OFTEN * tries
    facts = {"skips": skips, "tries": tries, "scale": noted[0].facts["scale"], "last": noted[0].latest["scale"]}
    certainty: Certainty = "proved" if skips == tries else "likely"
    for cause in _not_by_the_scale(history, noted):
        row = "scaler skips what is not finite"
        yield Fault(row, noted[0].first, facts, certainty, source=cause.source, begun_by=cause)
        return
    row = "scaler made anew skips" if several else "scaler skips"
    if ran and not several and max(one.last for one in noted) <= min(one.first for one in ran):
        row, certainty = "scaler comes down", "perhaps"
    yield Fault(row, noted[0].first, facts, certainty, source=noted[0].source)


def _not_by_the_scale(history: History, noted: list[Noted]) -> Iterator[Finding]:
    """What makes nan or infinity at any scale, in a pass whose step was skipped."""
    first, last = min(one.first for one in noted), max(one.last for one in noted)
    for update, found in history.passes.items():
        if first <= update <= last:
            yield from (one for one in found if one.kind in NOT_FINITE - BY_SIZE)


def of(history: History, number: int | None) -> OptimizerHistory | None:
    return None if number is None else history.optimizers[number]
