"""What the losses tell by themselves: they grow by powers, as the steps are too large; or one is far above all before it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, islice, pairwise
from statistics import median
from typing import NamedTuple

from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import History, OptimizerHistory
from gradtui.snapshot.finding import Finding

IN_A_ROW, FACTOR, DEEP = 4, 1e3, 1e3
"""So many updates in a row, and by so much in all."""
SLACK = 1.02
"""By less than this from one to the next, a loss is as good as the same."""
NEAR, JUMP = 3, 1e6
"""By so much within so few updates, and not finite after them, is a step that went too far."""
SLOW = 0.1
"""Of the growth of an update on average, in powers: where it is less, growing has not begun."""
NOTHING, LITTLE, FAR = 0.01, 0.1, 1.0
"""Of the norm of the weights: a step that changes them by so little lets no loss grow by powers, one by less than the second
makes no other loss, and one by more than all throws them away."""
THROWN = 1e3
"""Norms of the weights: a step that long leaves nothing of what they were."""
GAP = 6
"""Updates of which one has a loss below all that follow, where it grows and batches differ."""
SPIKE, BEFORE, SOON = 100.0, 5, 5
"""So many times as high as all before it, after so many losses at the least; so many after it tell whether it comes back."""
AWAY, HIGH, BETTER = 5.0, 10.0, 0.8
"""A step by so many times the norm of the weights, a loss that is soon so many times what it was, and the part of it below which
it is better at the end."""


REACH = 1.25
"""A step raises a loss by no more than its length times the largest gradient on its way: by so many times that of its ends."""


BEYOND = 0.1
"""Of what the loss has grown by: where it rose by less than that along the steps, where they ended, none went too far."""

LEAST_TO_CLIMB, CLIMBING = 10, 0.8
"""Updates at the least, and of these the part in which the loss grows."""
ENDS = 3
"""Losses at the begin and at the end, of which the median is taken."""
CLOSE = 0.1
"""So near a loss grows by what a step along the gradient makes of it: its length, times the mean of the gradients at its ends."""


class Growth(NamedTuple):
    """share: what the steps account for, of what the loss has grown by, at most. beyond: by how much of that it rose along them
    where they had ended."""

    optimizer: int
    first: int
    last: int
    begin: float
    end: float
    rate: float
    on_average: bool = False
    share: float = math.inf
    beyond: float = math.inf

    @property
    def is_by_steps(self) -> bool:
        """Whether the steps, that are too large, can account for it."""
        return REACH * self.share >= 1 and self.beyond >= BEYOND


def growth(history: History) -> list[Growth]:
    """Of each optimizer whose loss grew until its last finite one, by steps that are too large."""
    return [one for one in _grown(history) if one.is_by_steps]


def _grown(history: History) -> list[Growth]:
    found = []
    for number, optimizer in enumerate(history.optimizers):
        losses = [one for one in optimizer.losses if math.isfinite(one[1])]
        begin = len(losses) - 1
        while begin > 0 and losses[begin][1] > SLACK * losses[begin - 1][1] > 0:
            begin -= 1
        if begin < 0 or losses[begin][1] <= 0:
            continue
        values = [one[1] for one in losses]
        begin = _begin(values, begin)
        by_batches = _begin_by_batches(values)
        if by_batches is not None and _moved(optimizer, losses[by_batches][0], losses[-1][0]) >= LITTLE:
            found.append(
                _growth(history, number, optimizer, losses[min(begin, by_batches)], losses[-1], by_batches < begin)
            )
            continue
        count, factor = len(losses) - begin, losses[-1][1] / losses[begin][1]
        lost = len(losses) < len(optimizer.losses)
        if _moved(optimizer, losses[begin][0], losses[-1][0]) < NOTHING or values[-1] <= max(values[: begin + 1]):
            continue  # it is not by the steps that it grows, or it is no larger than it once was
        if (count > IN_A_ROW and factor >= FACTOR) or (lost and count > 2 and factor >= FACTOR**2):
            found.append(_growth(history, number, optimizer, losses[begin], losses[-1], False))
    return found


def _growth(
    history: History,
    number: int,
    optimizer: OptimizerHistory,
    first: tuple[int, float],
    last: tuple[int, float],
    on_average: bool,
) -> Growth:
    rate, share, beyond = _rate(optimizer, first[0], last[0]), math.inf, math.inf
    if not history.of("made_smaller"):
        grown = abs(last[1] - first[1])
        share = sum(_reach(one, first[0], last[0]) for one in history.optimizers) / grown
        beyond = sum(_beyond(one, first[0], last[0]) for one in history.optimizers) / grown
    return Growth(number, first[0], last[0], first[1], last[1], rate, on_average, share, beyond)


def _beyond(optimizer: OptimizerHistory, first: int, last: int) -> float:
    """By how much the loss rose along those of its steps that went too far, where they had ended."""
    if len(optimizer.along) < len(optimizer.losses):
        return math.inf
    ended = [
        along for (update, _), along in zip(optimizer.losses, optimizer.along, strict=True) if first < update <= last
    ]
    return sum(math.inf if math.isnan(along) else max(0.0, along) for along in ended)


def _reach(optimizer: OptimizerHistory, first: int, last: int) -> float:
    """By how much its steps can have raised the loss of `last` above that of `first`, if it is the same loss."""
    steps = [*zip(optimizer.losses, optimizer.gradients, optimizer.changes, strict=True)]
    return sum(
        change * max(here, there)
        for ((update, _), here, change), (_, there, _) in pairwise(steps)
        if first <= update < last
    )


def _begin_by_batches(losses: Sequence[float]) -> int | None:
    """Where it begins that the loss grows, though not at each update, as some batches have a smaller one than others.

    Of the losses that are below all after them there is one in every few updates, and the last is far above all until the first.
    """
    place = begin = len(losses) - 1
    count = 1
    while place > 0 and begin - place < GAP and losses[place - 1] > 0:
        place -= 1
        if SLACK * losses[place] < losses[begin]:
            begin, count = place, count + 1
    begin = _begin(losses, begin)
    return begin if count > IN_A_ROW + 1 and losses[-1] >= FACTOR * max(losses[: begin + 1]) else None


def _begin(losses: Sequence[float], begin: int) -> int:
    """Without what is slow beside the growth that follows."""
    steps = len(losses) - 1 - begin
    each = math.log(losses[-1] / losses[begin]) / steps if steps else 0.0
    while begin < len(losses) - 1 and math.log(losses[begin + 1] / losses[begin]) < SLOW * each:
        begin += 1
    return begin


def jump(history: History, update: int) -> Growth | None:
    """Of the loss before this update, the last that was finite, where it is far above all before it."""
    for number, optimizer in enumerate(history.optimizers):
        before = [one for one in optimizer.losses if one[0] < update and math.isfinite(one[1])]
        if len(before) < 2 or not _is_next(optimizer, before[-1][0], update):
            continue
        if before[-1][1] <= max(abs(loss) for _, loss in before[:-1]):
            continue
        usual = [one for one in before[-1 - NEAR :] if abs(one[1]) * JUMP < before[-1][1]]
        if usual:
            return _growth(history, number, optimizer, usual[-1], before[-1], False)
    return None


def ends_in(history: History, grown: Growth, update: int) -> bool:
    """Whether it grew until the loss, or a gradient, was not finite any more at this update."""
    return grown.last >= update or _is_next(history.optimizers[grown.optimizer], grown.last, update)


def _is_next(optimizer: OptimizerHistory, last: int, update: int) -> bool:
    """Whether this update comes no later than the next of the optimizer, which may take turns with others."""
    before = [one for one, _ in optimizer.losses if one < last]
    return update - last <= (last - before[-1] if before else 1)


def jumped(history: History, grown: Growth, after: str, about: tuple[str, ...], cause: Finding) -> Fault:
    """after: what the loss was seen to be then, or nothing. cause: what a backward pass tells of that, which comes of it."""
    optimizer = history.optimizers[grown.optimizer]
    moved = _moved(optimizer, grown.first, grown.last)
    facts = {
        "moved": moved,
        "begin": grown.begin,
        "first": grown.first,
        "end": grown.end,
        "last": grown.last,
        "after": after,
        "rate": grown.rate,
    }
    if moved < LITTLE:
        return Fault("loss jumps by a batch", grown.last, facts, "likely", about, cause.source, begun_by=cause)
    return Fault("loss jumps", grown.first, facts, "likely", about, cause.source, begun_by=cause)


def thrown(history: History, update: int, about: tuple[str, ...], cause: Finding) -> Fault | None:
    """Where the step right before this update threw the weights away. cause: what a backward pass tells of it, which comes of
    that."""
    for optimizer in history.optimizers:
        before = [one for one, _ in optimizer.losses if one < update]
        far = far_steps(optimizer)
        if before and _is_next(optimizer, before[-1], update) and before[-1] in far:
            facts = {"last": before[-1], **far[before[-1]]}
            return Fault("weights are thrown away", before[-1], facts, "likely", about, cause.source, begun_by=cause)
    return None


def far_steps(optimizer: OptimizerHistory) -> dict[int, dict[str, float]]:
    """Updates whose step threw the weights away: by how many times their norm, and at which rate."""
    steps = zip(optimizer.losses, optimizer.moves, optimizer.top_rates, strict=True)
    return {one: {"moved": moved, "rate": rate} for (one, _), moved, rate in steps if THROWN < moved < math.inf}


def _rate(optimizer: OptimizerHistory, first: int, last: int) -> float:
    """The largest learning rate of those steps."""
    rates = zip(optimizer.losses, optimizer.top_rates, strict=True)
    return max((rate for (update, _), rate in rates if first <= update < last), default=math.nan)


def _moved(optimizer: OptimizerHistory, first: int, last: int) -> float:
    """The largest of the steps after which the loss of `last` was computed."""
    steps = zip(optimizer.losses, optimizer.moves, strict=True)
    return max((moved for (update, _), moved in steps if first <= update < last), default=math.inf)


def spike(history: History) -> Iterator[Fault]:
    """A loss far above all before it, though the weights are nearly those of the update before."""
    growing = {one.optimizer for one in growth(history)}
    if history.bad_loss is not None and jump(history, history.bad_loss[0]) is not None:
        return  # told as what it came to
    for number, optimizer in enumerate(history.optimizers):
        losses, most = optimizer.losses, 0.0
        for place, (update, loss) in enumerate(losses):
            if not math.isfinite(loss) or number in growing:
                break
            if place >= BEFORE and abs(loss) > SPIKE * most > 0 and optimizer.moves[place - 1] < LITTLE:
                soon = [abs(one) for _, one in losses[place + 1 : place + 1 + SOON]]
                throws = optimizer.moves[place] > FAR
                if throws or (soon and min(soon) < most * math.sqrt(SPIKE)):
                    facts = {"begin": losses[place - 1][1], "first": losses[place - 1][0], "end": loss, "last": update,
                             "moved": optimizer.moves[place - 1]}  # fmt: skip
                    yield Fault("loss spikes", update, facts)
                break
            most = max(most, abs(loss))


def leaps(history: History) -> Iterator[Fault]:
    """A loss far above all before it, after a step that threw the weights away, and that stays there, or comes back to no less
    than it was."""
    growing = {one.optimizer for one in growth(history)}
    for number, optimizer in enumerate(history.optimizers):
        if number not in growing and all(math.isfinite(loss) for _, loss in optimizer.losses):
            by_one_step = chain(_stays_high(optimizer), _is_no_better(optimizer))
            yield from islice(chain(by_one_step, _does_not_fall(history, number, optimizer)), 1)


def _stays_high(optimizer: OptimizerHistory) -> Iterator[Fault]:
    losses, most = optimizer.losses, 0.0
    lowest = [*accumulate((loss for _, loss in reversed(losses)), min)][::-1]  # from each update on
    for place, (_, loss) in enumerate(losses[:-IN_A_ROW]):
        least = lowest[place]
        if place and most > 0 and min(loss, least * SPIKE) > FACTOR * most and optimizer.moves[place - 1] > FAR:
            yield Fault(
                "loss leaps", losses[place - 1][0], {"least": least, **_leap(optimizer, place - 1, loss)}, "likely"
            )
        most = max(most, abs(loss))


def _is_no_better(optimizer: OptimizerHistory) -> Iterator[Fault]:
    losses, most = [loss for _, loss in optimizer.losses], 0.0
    for place, moved in enumerate(optimizer.moves[: -IN_A_ROW - 1]):
        before, most = most, max(most, abs(losses[place]))
        if optimizer.by_hand or optimizer.uphill or not AWAY < moved < math.inf or (place and most > HIGH * before):
            continue  # what has made this loss large is the cause of what comes
        top, end = max(losses[place + 1 : place + 1 + SOON]), median(losses[-SOON:])
        if top > HIGH * most and end > BETTER * most:
            yield Fault("loss leaps for nothing", optimizer.losses[place][0],
                        {"last": end, **_leap(optimizer, place, top)}, "likely")  # fmt: skip


def _does_not_fall(history: History, number: int, optimizer: OptimizerHistory) -> Iterator[Fault]:
    """By no single step, but as all of them are so large."""
    losses, third = optimizer.losses, len(optimizer.losses) // 3
    if third < ENDS or optimizer.uphill:
        return
    parts = losses[:ENDS], losses[third:-third], losses[-third:]
    begin, before, end = (median(loss for _, loss in part) for part in parts)
    moved = median(optimizer.moves)
    is_far_above = end > HIGH * begin > 0
    if not (is_far_above or (0 < begin <= end >= BETTER * before)) or not LITTLE <= moved < math.inf:
        return
    if _growth(history, number, optimizer, (losses[0][0], begin), (losses[-1][0], end), False).is_by_steps:
        facts = {
            "begin": begin,
            "end": end,
            "moved": moved,
            "rate": optimizer.top_rate or math.nan,
            "steps": len(losses),
        }
        yield Fault("loss does not fall", None, facts, "likely" if is_far_above else "perhaps")


def _leap(optimizer: OptimizerHistory, place: int, top: float) -> dict[str, float]:
    """By the step after the loss at this place."""
    return {"begin": optimizer.losses[place][1], "end": top, "moved": optimizer.moves[place],
            "rate": optimizer.top_rate or math.nan}  # fmt: skip


def sinking(history: History) -> Iterator[Growth]:
    """Of each optimizer whose loss fell by powers, far below 0, until its last finite one."""
    for number, optimizer in enumerate(history.optimizers):
        depths = [(update, -loss) for update, loss in optimizer.losses if math.isfinite(loss)]
        begin = len(depths) - 1
        while begin > 0 and depths[begin][1] > SLACK * depths[begin - 1][1] > 0:
            begin -= 1
        if begin < 0 or len(depths) - begin <= IN_A_ROW:
            continue
        first, last = depths[begin], depths[-1]
        if last[1] > DEEP and last[1] > FACTOR * first[1] > 0:
            yield _growth(history, number, optimizer, first, last, False)


def sinks(history: History) -> Iterator[Fault]:
    """What is made small there has no least."""
    for one in sinking(history):
        each = (one.end / one.begin) ** (1 / (one.last - one.first))
        yield Fault("loss sinks", one.first, {"begin": -one.begin, "end": -one.end, "each": each})


def detect(history: History) -> Iterator[Fault]:
    """While the training goes on, where the loss is not finite any more: until then it may fall again."""
    for one in _grown(history):
        if not history.ended and math.isfinite(history.optimizers[one.optimizer].losses[-1][1]):
            continue
        each = (one.end / one.begin) ** (1 / (one.last - one.first))
        facts = {"each": each, "begin": one.begin, "end": one.end, "rate": one.rate, "share": one.share}
        if history.optimizers[one.optimizer].uphill:
            yield Fault("loss is made large", one.first, facts, "perhaps")
        elif one.is_by_steps:
            yield Fault("loss grows on average" if one.on_average else "loss grows", one.first, facts)
        else:
            row = "loss grows by itself" if REACH * one.share < 1 else "loss grows ahead of the steps"
            yield Fault(row, one.first, facts, "perhaps")


def climbs(history: History) -> Iterator[Fault]:
    """Steps that go along the gradient, not against it: a wrong sign, `w += lr * w.grad`, or an optimizer with maximize=True."""
    grown = {one.optimizer for one in _grown(history)}
    for number, one in enumerate(history.optimizers):
        losses = [loss for _, loss in one.losses]
        if number in grown or len(losses) < LEAST_TO_CLIMB or not all(map(math.isfinite, losses)):
            continue
        begin, end = median(losses[:ENDS]), median(losses[-ENDS:])
        facts = {"begin": begin, "end": end, "steps": len(losses), "optimizer": one.name}
        if end <= begin:
            continue
        if one.uphill and _share_along(one, math.inf) >= CLIMBING:
            yield Fault("loss is climbed", None, facts, "perhaps", source=one.source)
        elif not one.uphill and _share_along(one, CLOSE) >= CLIMBING:
            yield Fault("steps go along the gradient", None, facts, "perhaps", source=one.source)


def _share_along(optimizer: OptimizerHistory, close: float) -> float:
    """The part of the updates in which the loss grows, and by what such a step makes of it but for the part `close` of that."""
    steps = [*zip(optimizer.losses, optimizer.gradients, optimizer.changes, strict=True)]
    fitting = 0
    for ((_, before), here, change), ((_, after), there, _) in pairwise(steps):
        expected = change * (here + there) / 2
        fitting += after > before and (close == math.inf or abs(after - before - expected) <= close * expected)
    return fitting / (len(steps) - 1)
