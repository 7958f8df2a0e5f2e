"""Parameters that have a gradient and stay as they are, or have none and move, or have one no longer."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise

from gradtui.dtypes import NARROW, limits
from gradtui.findings.over_time import clipping
from gradtui.findings.over_time.fault import UNSEEN, Fault
from gradtui.findings.over_time.history import (
    EARLY,
    LASTING,
    LEAST_UPDATES,
    MOSTLY,
    History,
    OptimizerHistory,
    ParameterHistory,
    Run,
)
from gradtui.findings.over_time.loss_curve import far_steps, growth, jump, jumped, leaps, thrown
from gradtui.findings.over_time.steps_and_rates import is_told
from gradtui.snapshot.finding import CUT_OFF, Certainty, Finding

IN_NO_OPTIMIZER: tuple[tuple[str, bool, Certainty], ...] = (
    ("in no parameters()", False, "likely"),
    ("in no optimizer", True, "perhaps"),
)
BY_THE_RATE = {"Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop"}
"""Their changes are about as large as the learning rate, whatever the gradient is."""
DYING = {"dead", "saturated", "flat", "clamped", "zero", "constant", "shrinking", "underflow", "vanishing", "masked"}
NONE = CUT_OFF | {"zero"}
"""Of what gets no gradient; `zero` where a backward of a person's own sends None."""
VANISHING = 1e-5
"""Of the largest gradient beside it: what is below does not arrive."""
ARRIVING = 0.01
"""Of the largest gradient beside it: what is above does."""
EATEN, HALF = 0.1, 0.5
"""Of the norm at first: what decay has left of it, and what it has where the loss rises, too."""
HARSH = 0.01
"""Of a weight, at each step: a decay that large is hardly meant."""
MOVED_EARLY = 0.1
"""Of the first steps with a gradient: a parameter that so many move is not still from the start."""
LAST_DIGITS = 8
"""Epsilons of the dtype: of a gradient that is smaller, beside its weight, no ordinary rate makes a step."""


def replaced(history: History) -> Iterator[Fault]:
    """After steps of its own: the optimizer goes on to hold what the model has no more."""
    groups: dict[tuple[int, int], list[str]] = {}
    for one in history.parameters.values():
        if one.optimizer is not None and one.replaced.since is not None and one.replaced.count >= LEAST_UPDATES:
            groups.setdefault((one.optimizer, one.replaced.since), []).append(one.name)
    for (number, update), names in groups.items():
        optimizer = history.optimizers[number]
        yield _orphaned(optimizer, update, tuple(names))


def _orphaned(optimizer: OptimizerHistory, update: int | None, names: tuple[str, ...]) -> Fault:
    facts = {"optimizer": optimizer.name, "orphans": len(optimizer.orphans), "held": min(optimizer.orphans)}
    row = "another module in the optimizer" if optimizer.of_another else "replaced after the optimizer"
    return Fault(row, update, facts, "proved", names)


def _unowned(history: History) -> list[ParameterHistory]:
    """Those that no optimizer has, and that have gradients and stay as they are."""
    written = {name for one in history.of("written") for name in (*one.facts["names"], *one.latest["names"])}
    return [
        one
        for one in history.parameters.values()
        if one.optimizer is None
        and one.trained >= LEAST_UPDATES
        and one.frozen.since is None
        and not one.anew
        and one.weight == one.first_weight
        and one.name not in written
    ]


def in_no_optimizer(history: History) -> Iterator[Fault]:
    found = _unowned(history)
    if not found or not history.optimizers:
        return
    names = tuple(one.name for one in found)
    orphans = next((one for one in history.optimizers if one.orphans), None)
    if orphans is not None:
        yield _orphaned(orphans, None, names)
    else:
        begins = {0, *(one.first for one in history.optimizers)}
        for row, registered, certainty in IN_NO_OPTIMIZER:
            for later in (False, True):
                group = [one for one in found if one.registered is registered and (one.comes not in begins) is later]
                names = tuple(one.name for one in group)
                if names:  # what comes later to a model that learns is hardly meant to stay as it is
                    yield Fault(
                        row, min(one.comes for one in group) or None, {}, "likely" if later else certainty, names
                    )


def unmoved(history: History) -> Iterator[Fault]:
    if clipping.is_far(history):
        return  # that takes what they would move by
    found = [
        one
        for one in history.parameters.values()
        if one.optimizer is not None and one.trained >= LEAST_UPDATES and _is_still(one)
    ]
    found = [one for one in found if not _cancels(history, one)]
    for last, far_step, stuck in _thrown_out_of_reach(history):
        found = [one for one in found if one not in stuck]
        names = tuple(one.name for one in stuck)
        yield Fault("nothing moves after a far step", last, {"last": last, **far_step}, "likely", names)
    groups: dict[tuple[str, int | None], list[ParameterHistory]] = {}
    for one in found:
        groups.setdefault((one.dtype, one.optimizer), []).append(one)
    for (dtype, number), group in groups.items():
        assert number is not None
        others = [one for one in history.parameters.values() if one.optimizer == number and one not in group]
        nearest = max((one.largest for one in others), default=0.0)
        far = [one for one in group if one.largest < VANISHING * nearest]
        if far:
            yield _vanished(history, number, far, others)
            group = [one for one in group if one.largest >= ARRIVING * nearest]  # the rest stands between
        if group and history.optimizers[number].by_hand:
            count, names = group[0].still.count, tuple(one.name for one in group)
            yield Fault("left out by hand", None, {"count": count}, "perhaps", names)
            continue
        if not group:
            continue
        rate = max(history.optimizers[number].rates, default=0.0)
        facts = {
            "dtype": dtype,
            "rate": rate,
            "count": group[0].still.count,
            "optimizer": history.optimizers[number].name,
        }
        least = LAST_DIGITS * limits(dtype).epsilon
        if dtype not in NARROW and all(one.largest < least * (one.first_weight or 0.0) for one in group):
            facts |= {
                "gradient": max(one.largest for one in group),
                "size": max(one.first_weight or 0.0 for one in group),
            }
            yield Fault("gradient is next to nothing", None, facts, "perhaps", tuple(one.name for one in group))
            continue
        row = "change is lost"
        if dtype in NARROW:
            of_the_rate = history.optimizers[number].name in BY_THE_RATE
            by_the_gradient = "change by the gradient is lost in a narrow dtype"
            row = "change is lost in a narrow dtype" if of_the_rate else by_the_gradient
        yield Fault(row, None, facts, "proved" if dtype in NARROW else "likely", tuple(one.name for one in group))


def _thrown_out_of_reach(history: History) -> Iterator[tuple[int, dict[str, float], list[ParameterHistory]]]:
    """Steps that threw the weights away, and what no step has changed since, by whatever gradient."""
    for number, optimizer in enumerate(history.optimizers):
        updates = [update for update, _ in optimizer.losses]
        after = dict(pairwise(updates))
        for last, far_step in far_steps(optimizer).items():
            stuck = [
                one
                for one in history.parameters.values()
                if one.optimizer == number
                and one.still.length >= LEAST_UPDATES
                and one.still.since == after.get(last, math.nan)
            ]
            if stuck:
                yield last, far_step, stuck


def _is_still(one: ParameterHistory) -> bool:
    """From the first steps on; not what stays where it has come to."""
    return one.still.count >= MOSTLY * one.trained and one.moved_early <= MOVED_EARLY * min(one.trained, EARLY)


def _cancels(history: History, one: ParameterHistory) -> bool:
    """A bias of which next to nothing is left beside the weight of its own layer, as before a normalisation."""
    module, _, name = one.name.rpartition(".")
    weight = history.parameters.get(f"{module}.weight" if module else "weight")
    if name != "bias" or weight is None or weight.optimizer is None or _is_still(weight):
        return False
    rounding = max(VANISHING, limits(one.dtype).unit)  # what it leaves of terms that cancel, beside those
    return one.largest < rounding * weight.largest


def _vanished(history: History, number: int, group: list[ParameterHistory], others: list[ParameterHistory]) -> Fault:
    """Those whose gradient is far below that of another parameter of the same optimizer."""
    nearest = max(others, key=lambda one: one.largest)
    facts = {
        "gradient": max(one.largest for one in group),
        "nearest": nearest.name,
        "largest": nearest.largest,
        "count": group[0].still.count,
        "optimizer": history.optimizers[number].name,
    }
    names = tuple(one.name for one in group)
    order = list(history.parameters)
    first = min(map(order.index, names))
    if any(one.largest >= ARRIVING * nearest.largest and order.index(one.name) < first for one in others):
        # it is not lost on the way to the first layers
        return Fault("gradient of a branch", None, facts, "perhaps", names)
    return Fault("gradient vanishes", None, facts, "likely", names)


def eaten(history: History) -> Iterator[Fault]:
    """Weights that decay takes to 0 against their gradients. Each group of an optimizer has a decay of its own."""
    groups: dict[tuple[int, float, float], list[ParameterHistory]] = {}
    for one in history.parameters.values():
        if one.optimizer is not None and one.trained >= LEAST_UPDATES and one.decay:
            groups.setdefault((one.optimizer, one.decay, one.rate), []).append(one)
    for (number, decay, rate), own in groups.items():
        optimizer = history.optimizers[number]
        if rate * decay * optimizer.steps < 1 or any(one.bad.count for one in own):
            continue
        if rate * decay >= HARSH:  # beside those that it leaves next to nothing of, others of the group may have grown
            own = [one for one in own if one.weight < EATEN * (one.first_weight or 0.0)] or own
        before, after = (math.hypot(*(norm or 0.0 for norm in norms)) for norms in (
            (one.first_weight for one in own), (one.weight for one in own)
        ))  # fmt: skip
        if after < EATEN * before or (after < HALF * before and _rises(optimizer.losses)):
            facts = {"optimizer": optimizer.name, "decay": decay, "rate": rate, "before": before, "after": after}
            yield Fault("decay eats the weights", None, facts, "likely", tuple(one.name for one in own))


def _rises(losses: Sequence[tuple[int, float]]) -> bool:
    """Whether the loss is larger in the last quarter than in the one before, and in that than in the one before it."""
    size = len(losses) // 4
    last, middle, first = (sum(one[1] for one in losses[-size * n :][:size]) for n in (1, 2, 3))
    return size > 0 and last > middle > first


def drifting(history: History) -> Iterator[Fault]:
    """One that moves by weight decay or momentum alone."""
    groups: dict[tuple[int, float], list[ParameterHistory]] = {}
    for one in history.parameters.values():
        if (
            one.optimizer is not None
            and not one.trained
            and one.drift.count >= LEAST_UPDATES
            and one.drift.count >= MOSTLY * one.steps
            and not _is_after_bad(history, one.drift.since)
        ):
            groups.setdefault((one.optimizer, one.decay), []).append(one)
    if any(one.bad.count for group in groups.values() for one in group):
        return
    for (number, decay), found in groups.items():
        if history.needs_no_gradient(number):
            continue
        row = "decay alone moves it" if decay else "moves without a gradient"
        facts = {"optimizer": history.optimizers[number].name, "decay": decay, "count": found[0].drift.count,
                 "before": found[0].first_weight, "after": found[0].weight}  # fmt: skip
        yield Fault(row, None, facts, "likely", tuple(one.name for one in found))


def cut_off(history: History) -> Iterator[Fault]:
    """One that had a gradient and has none any more, or never had one."""
    for (update, frozen), group in _without(history, lambda one: one.none).items():
        names = tuple(one.name for one in group)
        began = update if any(one.trained for one in group) else None
        if frozen:
            yield Fault("frozen later", began, {"update": update}, "perhaps", names)
            continue
        yield from _by_pass(
            history, update, began, names, NONE, "no gradient any more" if began else "never a gradient"
        )


def dead(history: History) -> Iterator[Fault]:
    """One whose gradient has become 0 for good; or that has none any more, where what is left is set to 0 and not to None."""
    for (update, frozen), group in sorted(_without(history, lambda one: one.zero).items()):
        names = tuple(one.name for one in group)
        began = update if any(one.trained for one in group) else None
        explained = history.explained.get(update, {})
        cut = any(one.kind in CUT_OFF for name in names for one in explained.get(name, ()))
        if frozen:
            yield Fault("frozen later", began, {"update": update}, "perhaps", names)
        elif began and cut:
            yield from _by_pass(history, update, began, names, CUT_OFF, "no gradient any more")
        else:
            yield from _by_pass(
                history, update, began, names, DYING, "gradient is 0 for good" if began else "gradient is always 0"
            )


def _without(
    history: History, lacking: Callable[[ParameterHistory], Run]
) -> dict[tuple[int, bool], list[ParameterHistory]]:
    """Those of optimizers that lack something to the end: since when, and whether they are frozen. Without those of which it is
    told otherwise why."""
    groups: dict[tuple[int, bool], list[ParameterHistory]] = {}
    are_told = bool(_unowned(history)) or any(True for _ in replaced(history))
    for one in history.parameters.values():
        run, frozen = lacking(one), one.frozen.since is not None
        if one.optimizer is None or run.since is None or run.length < LASTING or _is_spoilt(history, one):
            continue
        optimizer = history.optimizers[one.optimizer]
        if (frozen and not one.trained) or (are_told and one.name in optimizer.orphans):
            continue
        is_known = is_told(history, one.optimizer) or history.needs_no_gradient(one.optimizer)
        if frozen or not is_known:
            groups.setdefault((run.since, frozen), []).append(one)
    return groups


def _by_pass(
    history: History, update: int, began: int | None, names: tuple[str, ...], kinds: Collection[str], row: str
) -> Iterator[Fault]:
    """What the backward pass of that update says of them, of each cause of its own, where there is one."""
    groups: dict[Finding | None, list[str]] = {}
    for name in names:
        groups.setdefault(_cause(history, update, name, kinds), []).append(name)
    for cause, group in groups.items():
        about = tuple(group)
        if cause is None:
            yield Fault(UNSEEN[row], began, {}, "perhaps", about)
            continue
        grown = jump(history, update) if kinds is DYING and began else None
        if grown is not None:
            if not any(
                one.first <= grown.first and grown.last <= one.last for one in growth(history)
            ):  # that tells of it
                yield jumped(history, grown, "", about, cause)
            continue
        far = thrown(history, update, about, cause) if kinds is DYING and began else None
        if far is not None:
            yield far
            continue
        if kinds is DYING and began and any((leap.update or 0) < began for leap in leaps(history)):
            continue  # that tells of it
        empty = cause.kind == "masked" and not began  # data that is 0 in all updates may be a beginning that is meant
        certainty: Certainty = "perhaps" if empty else cause.certainty
        yield Fault(row, began, {}, certainty, about, cause.source, begun_by=cause)


def _cause(history: History, update: int, name: str, kinds: Collection[str]) -> Finding | None:
    """Of the first pass from that update on, in which it was looked at and seen."""
    for looked_at in sorted(one for one in history.passes if one >= update):
        of_none = (one for one in history.passes[looked_at] if one.parameter is None and looked_at == update)
        found = (*history.explained.get(looked_at, {}).get(name, ()), *of_none)
        if (cause := next((one for one in found if one.kind in kinds), None)) is not None:
            return cause
    return None


def _is_spoilt(history: History, one: ParameterHistory) -> bool:
    """After the loss has become nan nothing that follows is a finding."""
    return _is_after_bad(history, one.none.since if one.none.since is not None else one.zero.since)


def _is_after_bad(history: History, since: int | None) -> bool:
    bad = [found[0] for found in (history.bad_loss, history.bad_gradient) if found is not None]
    return bool(bad) and since is not None and since >= min(bad)
