"""What is drawn of a training: f over two variables, and what f makes of its data."""

from __future__ import annotations

from msgspec import Struct

Window = tuple[float, float]


class SurfaceRequest(Struct, frozen=True):
    """f over two variables, numbers both, at so many places each, the others staying. `key` is the asker's name for it."""

    names: tuple[str, str]
    windows: tuple[Window, Window]
    counts: tuple[int, int] = (49, 37)
    key: str = ""


class Surface(Struct, frozen=True):
    """The answer to a SurfaceRequest. values: row by row, the second variable at its lowest first."""

    names: tuple[str, str]
    windows: tuple[Window, Window]
    counts: tuple[int, int]
    values: tuple[float, ...]
    key: str = ""


class Fit(Struct, frozen=True):
    """Data, and the part of f that is to come near them. name: the binding's; column, target: of the data, across and up.

    points: both columns, row by row. line: the binding over its column, where it is known; from left to right.
    level: of a target with two classes, the value of the binding at which the decision changes; None for another target.
    surface: the binding over the two columns that it depends on, where the target has two classes; `points` are then of these
    two, and `classes` says which points are of the higher class.
    """

    name: str
    column: str
    target: str
    points: tuple[tuple[float, float], ...]
    line: tuple[tuple[float, float], ...]
    level: float | None = None
    surface: Surface | None = None
    classes: tuple[bool, ...] = ()
