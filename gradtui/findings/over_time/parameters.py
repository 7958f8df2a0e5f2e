"""Parameters that have a gradient and stay as they are, or have none and move."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from gradtui.dtypes import NARROW, limits
from gradtui.findings.over_time import clipping
from gradtui.findings.over_time.biases import is_bias, weights_beside
from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import (
    DIVIDING,
    EARLY,
    LEAST_UPDATES,
    MOSTLY,
    History,
    OptimizerHistory,
    ParameterHistory,
)
from gradtui.findings.over_time.loss_curve import far_steps
from gradtui.snapshot.finding import Certainty

IN_NO_OPTIMIZER: tuple[tuple[str, bool, Certainty], ...] = (
    ("in no parameters()", False, "likely"),
    ("in no optimizer", True, "perhaps"),
)
VANISHING = 1e-5
"""Of the largest gradient beside it: what is below does not arrive."""
ARRIVING = 0.01
"""Of the largest gradient beside it: what is above does."""
EATEN, HALF = 0.1, 0.5
"""Of the norm at first: what decay has left of it, and what it has where the loss rises, too, or hardly falls."""
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


def unowned(history: History) -> list[ParameterHistory]:
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
    found = unowned(history)
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
                if names:
                    # what comes later to a model that learns, or alone could learn, is hardly meant to stay as it is
                    surer: Certainty = "likely" if later or history.are_idle else certainty
                    yield Fault(row, min(one.comes for one in group) or None, {}, surer, names)


def unfelt(history: History) -> Iterator[Fault]:
    """Those of which the gradient is far below that of another, and that move all the same, by decay say. Of those that stay as
    they are `unmoved` tells."""
    for number, _ in enumerate(history.optimizers) if not clipping.is_far(history) else ():
        own = [
            one
            for one in history.parameters.values()
            if one.optimizer == number and one.trained >= LEAST_UPDATES and not _cancels(history, one)
        ]
        others = [one for one in own if not _is_unfelt(one)]
        nearest = max((one.largest for one in others), default=0.0)
        far = [one for one in own if _is_unfelt(one) and one.largest < VANISHING * nearest]
        if any(one.still.count < MOSTLY * one.trained for one in far):
            yield _vanished(history, number, far, others)


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
            of_the_rate = history.optimizers[number].name in DIVIDING
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


def _is_unfelt(one: ParameterHistory) -> bool:
    return one.unfelt.count >= MOSTLY * one.steps


def _cancels(history: History, one: ParameterHistory) -> bool:
    """A bias of which next to nothing is left beside the weight of its own layer, as before a normalisation."""
    if not is_bias(one.name):
        return False
    weights = [
        each for each in weights_beside(history, one.name) if each.optimizer is not None and not _is_unfelt(each)
    ]
    rounding = max(VANISHING, limits(one.dtype).unit)  # what it leaves of terms that cancel, beside those
    return any(one.largest < rounding * each.largest for each in weights)


def _vanished(history: History, number: int, group: list[ParameterHistory], others: list[ParameterHistory]) -> Fault:
    """Those whose gradient is far below that of another parameter of the same optimizer."""
    nearest = max(others, key=lambda one: one.largest)
    facts = {
        "gradient": max(one.largest for one in group),
        "nearest": nearest.name,
        "largest": nearest.largest,
        "count": group[0].unfelt.count,
        "optimizer": history.optimizers[number].name,
    }
    is_still = all(one.still.count >= MOSTLY * one.trained for one in group)
    names = tuple(one.name for one in group)
    order = list(history.parameters)
    first = min(map(order.index, names))
    if any(one.largest >= ARRIVING * nearest.largest and order.index(one.name) < first for one in others):
        # it is not lost on the way to the first layers
        return Fault(f"gradient of a branch{'' if is_still else ', unfelt'}", None, facts, "perhaps", names)
    return Fault(f"gradient vanishes{'' if is_still else ', unfelt'}", None, facts, "likely", names)


def eaten(history: History) -> Iterator[Fault]:
    """Weights that decay takes to 0 against their gradients. Each group of an optimizer has a decay of its own."""
    groups: dict[tuple[int, float, float], list[ParameterHistory]] = {}
    for one in history.parameters.values():
        if one.optimizer is not None and one.trained >= LEAST_UPDATES and one.decay:
            groups.setdefault((one.optimizer, one.decay, one.rate), []).append(one)
    for (number, decay, rate), own in groups.items():
        optimizer = history.optimizers[number]
        is_harsh = rate * decay >= HARSH
        least = HALF if is_harsh and decay >= 1 else 1
        if rate * decay * optimizer.steps < least or any(one.bad.count for one in own):
            continue
        if is_harsh:  # beside those that it leaves next to nothing of, others of the group may have grown
            own = [one for one in own if one.weight < EATEN * (one.first_weight or 0.0)] or own
        before, after = (math.hypot(*(norm or 0.0 for norm in norms)) for norms in (
            (one.first_weight for one in own), (one.weight for one in own)
        ))  # fmt: skip
        learns_little = _rises(optimizer.losses) or (least < 1 and _hardly_falls(optimizer.losses))
        if after < EATEN * before or (after < HALF * before and learns_little):
            facts = {"optimizer": optimizer.name, "decay": decay, "rate": rate, "before": before, "after": after}
            yield Fault("decay eats the weights", None, facts, "likely", tuple(one.name for one in own))


def _rises(losses: Sequence[tuple[int, float]]) -> bool:
    """Whether the loss is larger in the last quarter than in the one before, and in that than in the one before it."""
    size = len(losses) // 4
    last, middle, first = (sum(one[1] for one in losses[-size * n :][:size]) for n in (1, 2, 3))
    return size > 0 and last > middle > first


def _hardly_falls(losses: Sequence[tuple[int, float]]) -> bool:
    """Whether the loss of the last quarter is more than half of that of the first."""
    size = len(losses) // 4
    first, last = (sum(loss for _, loss in part) for part in (losses[:size], losses[-size:]))
    return size > 0 and last > HALF * first > 0
