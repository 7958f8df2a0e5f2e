"""f and f' over a window of one variable: what is asked, and what is answered; and which window that is."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class CurveRequest(Struct, frozen=True):
    """f and f' over `window` along `variable` (its element `element` where it is a vector), at `points` places.

    `key` is the asker's own name for this curve and comes back with it. order: of the highest derivative that is wanted.
    """

    variable: str
    window: tuple[float, float]
    points: int = 400
    element: int = 0
    key: str = ""
    order: int = 1


class Trouble(Struct, frozen=True):
    """A stretch of the curve's window where f, or only f', is not finite.

    Found by sampling, its ends by bisection: a shorter stretch between two samples may be missed. A single place has
    low == high. unbounded: whether |f| grows without end towards it, as at a pole.
    """

    low: float
    high: float
    kind: Literal["value", "gradient"]
    unbounded: bool = False


class Jump(Struct, frozen=True):
    """A place between two floats, or nearly so, at which f, or f' (`gradient`), changes at once."""

    low: float
    high: float
    kind: Literal["value", "gradient"]


class Curve(Struct, frozen=True):
    """The answer to a CurveRequest: `f` and `derivative` at each `x`, non-finite where they are so.

    x rises; beside as many places at equal distances as were asked for there are some more, where something happens
    between those. `what` says what is drawn where it is not simply f(x): `sum(f) along x[1]`, `f of one element`.
    alone: whether it is f of one element, and not the sum of all. higher: the derivatives of the orders from 2 on.
    """

    variable: str
    window: tuple[float, float]
    x: tuple[float, ...]
    f: tuple[float, ...]
    derivative: tuple[float, ...]
    element: int = 0
    key: str = ""
    what: str = ""
    trouble: tuple[Trouble, ...] = ()
    jumps: tuple[Jump, ...] = ()
    alone: bool = False
    higher: tuple[tuple[float, ...], ...] = ()


class FollowedWindow(Struct, frozen=True):
    """chosen: by a person, or the usual one. seen: the same, or where the point has led from there."""

    chosen: tuple[float, float]
    seen: tuple[float, float]

    def after(self, place: float | None) -> FollowedWindow:
        """Where the point has left it, the one that was chosen; where it lies outside of that, one as wide around it."""
        if place is None or _holds(self.seen, place):
            return self
        if _holds(self.chosen, place):
            return FollowedWindow(self.chosen, self.chosen)
        low, high = self.chosen
        half = max((high - low) / 2, abs(place) * 1e-6)  # wide enough to have an inside in floats
        return FollowedWindow(self.chosen, (place - half, place + half))


def _holds(window: tuple[float, float], place: float) -> bool:
    low, high = window
    return low <= place <= high
