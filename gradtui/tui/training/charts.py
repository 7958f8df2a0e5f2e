"""Which chart of a training is seen, and what it is drawn from: f by update, the contour with its path, the fit."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

from gradtui.chart.by_update import MOST_POINTS, Track, draw_values
from gradtui.chart.plane import Cells
from gradtui.chart.window import Position, Window, zoomed
from gradtui.graph.hessian_curvature import axes
from gradtui.graph.hessian_digits import believed
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.surface import Surface, SurfaceRequest
from gradtui.snapshot.training import Optimizer
from gradtui.training.optimizers import DEFAULT
from gradtui.tui.answers import Answers
from gradtui.tui.session import Session
from gradtui.tui.training.trainer import Trainer

if TYPE_CHECKING:
    from gradtui.chart.contour import Axis

Kind = Literal["curve", "updates", "contour", "fit"]
Drawing = Callable[[int, int], Cells | None]

TITLES: dict[Kind, str] = {
    "curve": "f and f'",
    "updates": "f by update",
    "contour": "contour of f",
    "fit": "data and fit",
}
NAMELESS = "what is to fit the data is drawn where it has a name:", "p = w*x + b; (p - y)^2"
MOST_KEPT = 3
"""Runs that are seen beside the present one."""
NEAREST = 2.0
"""Half of a contour's window at least, where there is no path."""
NARROWEST = 0.2
"""What is seen beside a path at least, as a part of its longer side."""


class Charts:
    """kind: what is seen. kept: earlier runs, drawn beside this one."""

    def __init__(self, session: Session, answers: Answers, trainer: Trainer) -> None:
        self._session, self._answers, self._trainer = session, answers, trainer
        self.kind: Kind = "curve"
        self._kept: list[tuple[Track, tuple[str, str] | None]] = []
        self._windows: dict[tuple[str, str], tuple[Window, Window]] = {}
        self._surface: Surface | None = None
        self._active, self._before = session.active, session.active

    def begin(self) -> None:
        """The chart that shows most of what the command line asks for."""
        if self._session.data:
            self.kind = "fit"
        elif self._trainer.active and self.pair is not None:
            self.kind = "contour"
        elif self._trainer.of_file and self._trainer.active:
            self.kind = "updates"

    @property
    def kinds(self) -> list[Kind]:
        """What there is to be seen now."""
        found: list[Kind] = ["curve"] if self._session.variables or not self._trainer.active else []
        if self._trainer.active:
            found.append("updates")
        if self.pair is not None:
            found.append("contour")
        if len(self._session.data) > 1:
            found.append("fit")
        return found

    @property
    def seen(self) -> Kind:
        """What was chosen; where that cannot be, the first that can."""
        kinds = self.kinds
        return self.kind if self.kind in kinds or not kinds else kinds[0]

    def next(self) -> None:
        kinds = self.kinds
        self.kind = kinds[(kinds.index(self.kind) + 1) % len(kinds)] if self.kind in kinds else kinds[0]

    @property
    def pair(self) -> tuple[str, str] | None:
        """Two scalar variables, in their order on the screen: the active one, and the one active before it, or the first other.

        While a training is on, only what it moves. None where there are no two, or where other variables move with them.
        """
        session, trainer = self._session, self._trainer
        if trainer.active and len(trainer.stepped) < len(trainer.trained):
            return None  # others move too, and with them what f is over these two
        moving = trainer.stepped if trainer.active else session.variables if session.live else ()
        numbers = [name for name in moving if not session.points[name].vector]
        if len(numbers) < 2:
            return None
        wanted = [name for name in (session.active, self._before) if name in numbers]
        one, other, *_ = dict.fromkeys((*wanted, *numbers))
        first, second = sorted((one, other), key=numbers.index)
        return first, second

    # What is asked

    def prepare(self) -> None:
        """Have the session's next request bring what this chart lacks."""
        session = self._session
        if session.active != self._active:
            self._before, self._active = self._active, session.active
        session.fit = self.seen == "fit"
        wanted = self._wanted() if self.seen == "contour" else None
        known = self._surface is not None and wanted is not None and self._surface.key == wanted.key
        session.surface = None if known else wanted

    def _wanted(self) -> SurfaceRequest | None:
        pair = self.pair
        if pair is None:
            return None
        session = self._session
        fixed = [f"{name}={session.points[name].text}" for name in session.variables if name not in pair]
        windows = self._window(pair)
        key = "|".join(map(str, (session.text, *pair, *windows, *fixed, *session.data, session.dtype, session.saves)))
        return SurfaceRequest(pair, windows, key=key)

    def _window(self, pair: tuple[str, str]) -> tuple[Window, Window]:
        """It stays until the path leaves it."""
        known = self._windows.get(pair)
        here = self._here(pair)
        if known is not None and all(low <= place <= high for place, (low, high) in zip(here, known, strict=True)):
            return known
        self._windows[pair] = self._around(pair, here)
        return self._windows[pair]

    def _around(self, pair: tuple[str, str], here: Position) -> tuple[Window, Window]:
        """Half as much beside the paths as they are wide; where there is none, or one is narrow, some of the other axis."""
        kept = [place for track, of in self._kept if of == pair for place in track.path]
        ends = []
        for axis, name in enumerate(pair):
            places = [*self._trainer.history.places(name), *(place[axis] for place in kept), here[axis]]
            finite = [place for place in places if math.isfinite(place)]
            ends.append((min(finite, default=0.0), max(finite, default=0.0)))
        widest = max(high - low for low, high in ends)
        least = widest * NARROWEST if widest else max(NEAREST, *(abs(place) / 2 for place in here))
        first, second = ((low - half, high + half) for low, high in ends for half in [max((high - low) / 2, least)])
        return first, second

    def fit(self) -> None:
        """A window around the paths."""
        if self.pair is not None:
            self._windows.pop(self.pair, None)

    def zoom(self, factor: float) -> None:
        pair = self.pair
        if pair is not None:
            windows = self._window(pair)
            first, second = (
                zoomed(window, factor, place) for window, place in zip(windows, self._here(pair), strict=True)
            )
            self._windows[pair] = first, second

    def _here(self, pair: tuple[str, str]) -> Position:
        first, second = (float(self._session.points[name].elements[0]) for name in pair)
        return first, second

    # What is drawn

    def keep(self) -> Optimizer | None:
        """Have this run beside the next ones, and the window around all of them; that of the oldest, where it must go."""
        every = [*self._kept, (self._track(self.pair), self.pair)]
        self._kept = every[-MOST_KEPT:]
        self.fit()
        return every[0][0].optimizer if len(every) > MOST_KEPT else None

    def _track(self, pair: tuple[str, str] | None) -> Track:
        trainer, history = self._trainer, self._trainer.history
        values = [*history.values[: history.here]]
        if trainer.next is not None:
            values.append(trainer.next.updates[0].value)
        path: tuple[Position, ...] = ()
        if pair is not None:
            first, second = (history.places(name)[-MOST_POINTS:] for name in pair)
            path = (*zip(first, second, strict=False), self._here(pair))
        return Track(trainer.optimizer or DEFAULT, tuple(values), path)

    def drawing(self) -> Drawing | None:
        """What draws the chart that is seen; None for the curve."""
        shown = self._answers.shown
        if shown is not None and shown.surface is not None:
            self._surface = shown.surface
        if self.seen == "curve":
            return None
        from gradtui.chart.contour import draw_contour  # not wanted before the first paint
        from gradtui.chart.data_fit import draw_fit

        if self.seen == "fit":
            if shown is not None and shown.fit is not None:
                return partial(draw_fit, shown.fit)
            return _nothing if self._answers.waiting else _nameless
        if self.seen == "updates":
            return partial(draw_values, (*(track for track, _ in self._kept), self._track(None)))
        pair = self.pair
        if pair is None or self._surface is None or self._surface.names != pair:
            return _nothing
        tracks = (*(track for track, of in self._kept if of == pair), self._track(pair))
        return partial(
            draw_contour,
            self._surface,
            tracks,
            _gradient(shown, pair),
            axes=_axes(shown, pair),
            named=self._trainer.active,
        )


def _nothing(width: int, height: int) -> Cells | None:
    return None


def _nameless(width: int, height: int) -> Cells | None:
    """What is fitted is found by its name."""
    lines = [line for part in NAMELESS for line in wrap(part, max(1, width - 2))]
    above = max(0, (height - len(lines)) // 2)
    return tuple(
        tuple((character, "label") for character in f"{line:^{width}}") for line in (*[""] * above, *lines[:height])
    )


def _axes(shown: Snapshot | None, pair: tuple[str, str]) -> tuple[Axis, ...]:
    """Those of the Hessian by these two alone, where the answer has it."""
    from gradtui.chart.contour import Axis

    told = believed(shown) if shown is not None else None
    if told is None:
        return ()
    return tuple(Axis(value, direction) for value, direction in axes(told.hessian, pair))


def _gradient(shown: Snapshot | None, pair: tuple[str, str]) -> Position | None:
    if shown is None or any(name not in shown.variables for name in pair):
        return None
    first, second = (shown.variables[name].grad.numbers[0] for name in pair)
    return first, second
