"""Where a relative error grows: the pieces of an expression at which f, or its gradient, loses the digits it lacks. Pure.

Followed back from the number that lost them: at each piece of the expression torch's value, gradient and what it sent are
measured by the exact ones, and where the relative error grows most, digits were lost.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from gradtui.dtypes import limits
from gradtui.findings.digits.cancelling_terms import cancel_in_sum, cancels, terms_of
from gradtui.graph.agreement import checks, value_check
from gradtui.graph.errors import Errors
from gradtui.snapshot.model import Snapshot

CLEAN = 8
"""Units of rounding that count as no loss."""
A_DIGIT = 10
"""Growth of a relative error that counts as a loss: a digit."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A place where a relative error grows. of: of a piece's value, of the gradients that add up at it, of the slope by which it
    sends them on, or of the sum of what its elements send to a number. before, after: the relative errors. to: that number."""

    piece: int
    of: Literal["value", "sum", "slope", "elements"]
    before: float
    after: float
    unit: float
    to: int | None = None

    @property
    def growth(self) -> float:
        return self.after / max(self.before, self.unit) if math.isfinite(self.before) else 1.0


class Spoilt(NamedTuple):
    """A number of f that lacks digits: `f`, or the gradient by a variable; how many are right."""

    variable: str | None
    digits: int


def losses(snapshot: Snapshot, errors: Errors, unit: float) -> Iterator[tuple[Loss, tuple[Spoilt, ...]]]:
    """A place for each that took digits of f's gradient, or half of those of f, with what it spoilt; the earliest first."""
    found: dict[int, tuple[Loss, list[Spoilt]]] = {}

    def add(loss: Loss | None, spoilt: Spoilt) -> None:
        if loss is not None and errors.node(loss.piece) is not None:
            found.setdefault(loss.piece, (loss, []))[1].append(spoilt)

    pieces, value = errors.pieces, value_check(snapshot)
    if value.right is None and value.digits is not None and value.digits <= limits(snapshot.dtype).digits // 2:
        add(_of_value(errors, len(pieces) - 1, unit), Spoilt(None, value.digits))
    places = {piece.variable: place for place, piece in enumerate(pieces) if piece.variable is not None}
    for name, told in checks(snapshot).items():
        if told.lost and told.digits is not None and name in places:
            add(_of_gradient(errors, places[name], unit), Spoilt(name, told.digits))
    return ((loss, tuple(spoilt)) for loss, spoilt in found.values())


def _of_value(errors: Errors, place: int, unit: float) -> Loss | None:
    """Down from a piece, each time to the operand whose error moves it most, as long as that has lost digits itself."""
    worst: Loss | None = None
    while True:
        operands, after = errors.pieces[place].operands, errors.of_values[place]
        if any(errors.node(operand) is None for operand in operands):
            return worst  # what came in is not known
        by = max(
            range(len(operands)),
            key=lambda slot: (errors.effect(place, slot), errors.of_values[operands[slot]]),
            default=None,
        )
        before = 0.0 if by is None else errors.of_values[operands[by]]
        worst = _larger(worst, Loss(place, "value", before, after, unit))
        if by is None or before <= CLEAN * unit:
            return worst
        place = operands[by]


def _of_gradient(errors: Errors, place: int, unit: float) -> Loss | None:
    """Up from a piece against the way of the gradient, to whatever sent most of the error; from there down where it was a
    value that had lost its digits before."""
    worst: Loss | None = None
    while errors.users[place] and all(errors.sent(*use) is not None for use in errors.users[place]):
        user, slot = max(errors.users[place], key=lambda use: errors.moved(*use))
        sent = errors.of_sent(user, slot)
        if len(errors.users[place]) > 1:
            worst = _larger(worst, Loss(place, "sum", sent, errors.of_gradients[place], unit))
        if sent <= CLEAN * unit:
            return _difference(errors, place, unit) or worst
        came = errors.of_gradients[user]
        if came * A_DIGIT < sent and cancel_in_sum(errors, user, slot):
            return _larger(worst, Loss(user, "elements", came, sent, unit, place))
        if came * A_DIGIT < sent:
            near = max((*errors.pieces[user].operands, user), key=lambda one: errors.of_values[one])
            known = errors.of_values[near]
            earlier = _of_value(errors, near, unit) if known > CLEAN * unit else None
            if earlier is not None and earlier.growth >= A_DIGIT:
                return earlier
            return _larger(worst, Loss(user, "slope", max(came, known), sent, unit))
        place = user
    return worst


def _difference(errors: Errors, place: int, unit: float) -> Loss | None:
    """The difference of nearly equal numbers that the two largest of the gradients come from that cancel at a piece."""
    largest = sorted(errors.users[place], key=lambda use: -errors.size(*use))[:2]
    meeting = min(set.intersection(*(errors.above(user) for user, _ in largest)), default=None)
    if meeting is None or not cancels(terms_of(errors, meeting)):
        return None
    before = max((errors.of_values[operand] for operand in errors.pieces[meeting].operands), default=0.0)
    return Loss(meeting, "value", before, errors.of_values[meeting], unit)


def _larger(one: Loss | None, other: Loss) -> Loss:
    return other if one is None or other.growth > one.growth else one
