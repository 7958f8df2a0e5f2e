"""What is wrong with what is shown, and why: looked for once an answer, in a thread where that takes longer than a frame."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from textual.app import App
from textual.message import Message

from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Graph, Snapshot
from gradtui.tui.textual_fixes import run_beside

if TYPE_CHECKING:
    from gradtui.graph.replay import Replay

MOST_AT_ONCE = 2000
"""Nodes up to which it takes less than a frame to find what is wrong."""


class Found(Message):
    """`all` is of another Snapshot now."""


class Explained(Message):
    """`reasons` are those that were asked for last."""


class Looked(Struct, frozen=True):
    """What is looked at: `shown`, which is the picture of a derivative of `whole` where `order` is more than 1; its `replay`."""

    shown: Snapshot
    whole: Snapshot
    replay: Replay
    order: int = 1


class Findings:
    """all: of the Snapshot looked at last; empty while they are looked for (`looking`). reasons: those that a person goes
    through.
    """

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._graph = Graph()
        self.all: tuple[Finding, ...] = ()
        self.reasons: tuple[Finding, ...] = ()
        self.looking = self._awaited = False

    def look(self, at: Looked | None) -> None:
        """Of a large graph `Found` comes later. They are those of the graph: not looked for again in the same one."""
        if at is None or (at.shown.graph is self._graph and at.shown.graph.nodes):
            return
        self._graph, self.all, self._awaited = at.shown.graph, (), False
        self.looking = len(at.shown.graph.nodes) > MOST_AT_ONCE
        if self.looking:  # once it is painted: a thread would take the processor from that
            run = partial(run_beside, self._app, partial(self._look, at), group="findings", exclusive=True)
            self._app.call_after_refresh(run)
        else:
            self.all = _findings(at)

    async def _look(self, at: Looked) -> None:
        found = await asyncio.to_thread(_findings, at)
        if at.shown.graph is self._graph:
            self.all, self.looking = found, False
            self._app.post_message(Found())
            if self._awaited:
                self.reasons, self._awaited = found, False
                self._app.post_message(Explained())

    def explain(self, at: Looked | None, parameter: str | None, by: str | None) -> bool:
        """Why the gradient of `parameter` is what it is; None: all that is wrong, and of a derivative how the one by the
        variable `by` comes about where nothing is. False where `Explained` comes later."""
        if at is None or (parameter is None and (at.order == 1 or self.all or by is None)):
            self.reasons, self._awaited = self.all, self.looking
            return not self.looking
        if len(at.shown.graph.nodes) > MOST_AT_ONCE:
            run_beside(self._app, partial(self._explain, at, parameter, by), group="why", exclusive=True)
            return False
        self.reasons = _why(at, parameter, by)
        return True

    async def _explain(self, at: Looked, parameter: str | None, by: str | None) -> None:
        found = await asyncio.to_thread(_why, at, parameter, by)
        if at.shown.graph is self._graph:
            self.reasons = found
            self._app.post_message(Explained())

    def after(self, told: Finding | None) -> Finding | None:
        """The reason after `told`, the first one again after the last; None where there are none."""
        if not self.reasons:
            return None
        place = self.reasons.index(told) + 1 if told in self.reasons else 0
        return self.reasons[place % len(self.reasons)]


def _findings(at: Looked) -> tuple[Finding, ...]:
    from gradtui.findings.findings import findings_of_derivative  # not wanted before the first paint

    used = at.replay.used  # what the next node that is looked at would have to wait for
    return findings_of_derivative(at.whole, at.order, used)


def _why(at: Looked, parameter: str | None, by: str | None) -> tuple[Finding, ...]:
    from gradtui.findings.findings import why, why_derivative  # not wanted before the first paint

    return why_derivative(at.whole, at.order, by or "") if parameter is None else why(at.shown, parameter)
