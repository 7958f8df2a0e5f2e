"""Where one stands on a curve."""

from __future__ import annotations

from gradtui.graph.agreement import is_spoilt
from gradtui.snapshot.curve import Curve
from gradtui.snapshot.model import Snapshot, Values

Point = tuple[float, float | None, float | None]
"""x, f and f'; None for what is not known."""


def standing(snapshot: Snapshot, curve: Curve) -> Point | None:
    """x, f and f' of a Snapshot along its curve."""
    return point(snapshot, curve.variable, curve.element, alone=curve.alone)


def point(
    snapshot: Snapshot, variable: str, element: int, *, alone: bool = False, judged: Snapshot | None = None
) -> Point | None:
    """The same along an element of a variable; None where the Snapshot does not tell. alone: f of that element, not the sum.

    What an experiment brings is no slope of the curve, nor is a number of which rounding has left no digit. judged: the Snapshot
    that knows that.
    """
    state = snapshot.variables.get(variable)
    if state is None or (x := _element(state.value, element)) is None:
        return None
    f = _element(snapshot.value, element) if alone else _total(snapshot.value)
    spoilt = snapshot.experiments or is_spoilt(judged or snapshot, variable, element)
    return x, f, None if spoilt else _element(state.grad, element)


def _element(values: Values | None, index: int) -> float | None:
    return values.numbers[index] if values is not None and index < len(values.numbers) else None


def _total(values: Values | None) -> float | None:
    """A vector is summed, as it is for its gradient."""
    known = values is not None and values.summary is None and values.unread is None
    return sum(values.numbers) if values is not None and known else None
