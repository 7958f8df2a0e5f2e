"""A loss that grows by powers: the steps are too large."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import History
from gradtui.snapshot.finding import Finding

LEAST, FACTOR = 4, 1e3
"""So many updates in a row, and by so much in all."""
SLACK = 1.02
NEAR, JUMP = 3, 1e6
"""By so much within so few updates, and not finite after them, is a step that went too far."""


class Growth(NamedTuple):
    optimizer: int
    first: int
    last: int
    begin: float
    end: float


def growth(history: History) -> list[Growth]:
    """Of each optimizer whose loss grew until its last finite one."""
    found = []
    for number, optimizer in enumerate(history.optimizers):
        losses = [one for one in optimizer.losses if math.isfinite(one[1])]
        begin = len(losses) - 1
        while begin > 0 and losses[begin][1] > SLACK * losses[begin - 1][1] > 0:
            begin -= 1
        if begin < 0 or losses[begin][1] <= 0:
            continue
        count, factor = len(losses) - begin, losses[-1][1] / losses[begin][1]
        lost = len(losses) < len(optimizer.losses)
        if (count > LEAST and factor >= FACTOR) or (lost and count > 2 and factor >= FACTOR**2):
            found.append(Growth(number, losses[begin][0], losses[-1][0], losses[begin][1], losses[-1][1]))
    return found


def jump(history: History, update: int) -> Growth | None:
    """Of the loss before this update, the last that was finite, where it is far above all before it."""
    for number, optimizer in enumerate(history.optimizers):
        before = [one for one in optimizer.losses if one[0] < update and math.isfinite(one[1])]
        if len(before) < 2 or before[-1][0] != update - 1:
            continue
        usual = [one for one in before[-1 - NEAR :] if abs(one[1]) * JUMP < before[-1][1]]
        if usual:
            return Growth(number, usual[-1][0], before[-1][0], usual[-1][1], before[-1][1])
    return None


def jumped(history: History, grown: Growth, what: str, about: tuple[str, ...], cause: Finding) -> Fault:
    """what: the loss is afterwards. cause: what a backward pass tells of that, which comes of it."""
    rate = max(history.optimizers[grown.optimizer].rates, default=math.nan)
    facts = {
        "begin": grown.begin,
        "first": grown.first,
        "end": grown.end,
        "last": grown.last,
        "what": what,
        "rate": rate,
    }
    return Fault("loss jumps", grown.first, facts, "likely", about, cause.source, begun_by=cause)


def detect(history: History) -> Iterator[Fault]:
    for one in growth(history):
        each = (one.end / one.begin) ** (1 / (one.last - one.first))
        rates = history.optimizers[one.optimizer].rates
        facts = {"each": each, "begin": one.begin, "end": one.end, "rate": max(rates, default=math.nan)}
        yield Fault("loss grows", one.first, facts)
