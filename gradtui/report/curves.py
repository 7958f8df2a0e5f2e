"""The curves of f and f' as lines of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradtui.report.drawing import Cell, Role, draw, overlay
from gradtui.snapshot.model import Curve, CurveRequest, Snapshot, Values, default_at
from gradtui.snapshot.plotting import Window, fitted

ROWS = 20

ANSI: dict[Role, int] = {"f": 36, "derivative": 33, "tangent": 35, "point": 31, "variable": 31}
"""Foreground colours of the terminal's own palette."""

WITHOUT_COLOUR: dict[Role, str] = {"derivative": "·"}
"""What tells a curve from f on paper."""


def curve_request(
    variables: Sequence[str], at: Mapping[str, float | tuple[float, ...]], window: Window | None
) -> CurveRequest | None:
    """The curve along the first variable, over `window` or else one that holds its place; None for a constant."""
    if not variables:
        return None
    place = at.get(variables[0], default_at(variables[0]))
    first = place[0] if isinstance(place, tuple) else place
    return CurveRequest(variables[0], window or fitted(first))


def lines(snapshot: Snapshot, curve: Curve, *, columns: int, colour: bool) -> list[str]:
    """A chart of `columns` x ROWS cells; with ANSI colours, or else f' in dots."""
    picture = draw(curve, columns, ROWS)
    if picture is None:
        return []
    state = snapshot.variables[curve.variable]
    x, slope = _element(state.value, curve.element), _element(state.grad, curve.element)
    over = {} if x is None else overlay(picture, x, _total(snapshot.value), slope)
    painted = [
        "".join(_painted(over.get(row, {}).get(column, cell), colour) for column, cell in enumerate(cells))
        for row, cells in enumerate(picture.cells)
    ]
    return [line.rstrip() for line in painted]


def _painted(cell: Cell, colour: bool) -> str:
    character, role = cell
    if colour:
        return f"\x1b[{ANSI[role]}m{character}\x1b[0m" if role in ANSI else character
    return WITHOUT_COLOUR.get(role, character)


def _element(values: Values, index: int) -> float | None:
    return values.numbers[index] if index < len(values.numbers) else None


def _total(values: Values | None) -> float | None:
    """f as it is drawn: a vector as its sum."""
    return sum(values.numbers) if values is not None and values.summary is None else None
