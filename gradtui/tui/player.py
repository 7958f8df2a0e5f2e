"""A film: the backward pass a node a tick, or a training an update a tick."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import App
from textual.timer import Timer

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Nodes a second."""
FIRST_SPEED = 2.0
MOST_TICKS = 16.0
"""A second; at a higher speed each of them is to do more."""


class Player:
    """A timer. changed: called where it starts, stops or takes another speed. speeds: in `unit`s a second."""

    def __init__(
        self,
        app: App[None],
        changed: Callable[[], None],
        speeds: Sequence[float] = SPEEDS,
        unit: str = "nodes",
    ) -> None:
        self._app, self._changed, self._speeds, self._unit = app, changed, speeds, unit
        self._advance: Callable[[], bool] = lambda: False
        self._timer: Timer | None = None
        self._told = False
        self.speed = FIRST_SPEED

    @property
    def playing(self) -> bool:
        return self._timer is not None

    @property
    def text(self) -> str:
        """How it plays, also while it pauses and after another speed was chosen; nothing where it was left."""
        if not self._told:
            return ""
        return f"{'▶' if self.playing else '‖'} {self.speed:g} {self._unit}/s"

    def play(self, advance: Callable[[], bool]) -> None:
        """Call `advance` now and then on, until it returns False: then the end is reached."""
        self._advance, self._told = advance, True
        self._restart()
        self._changed()
        self.tick()

    def stop(self, *, pause: bool = False) -> None:
        if not self._told or (pause and not self.playing):
            return
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._told = pause
        self._changed()

    def rescale(self, by: int) -> None:
        """The next speed, up or down; also while it plays."""
        place = self._speeds.index(self.speed) + by
        self.speed = self._speeds[max(0, min(place, len(self._speeds) - 1))]
        if self._timer is not None:
            self._restart()
        self._told = True
        self._changed()

    def tick(self) -> None:
        if not self._advance():
            self.stop()

    def _restart(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._app.set_interval(1 / min(self.speed, MOST_TICKS), self.tick)
