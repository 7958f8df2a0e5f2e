"""What is wrong with what is shown, and why: looked for once an answer, in a thread where that takes longer than a frame."""

from __future__ import annotations

import asyncio

from textual.app import App
from textual.message import Message

from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Graph, Snapshot

MOST_AT_ONCE = 2000
"""Nodes up to which it takes less than a frame to find what is wrong."""


class Found(Message):
    """`all` is of another Snapshot now."""


class Explained(Message):
    """`reasons` are those that were asked for last."""


class Findings:
    """all: of the Snapshot looked at last; empty while they are looked for. reasons: those that a person goes through."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._graph = Graph()
        self.all: tuple[Finding, ...] = ()
        self.reasons: tuple[Finding, ...] = ()

    def look(self, shown: Snapshot | None) -> None:
        """Of a large graph `Found` comes later. They are those of the graph: not looked for again in the same one."""
        if shown is None or (shown.graph is self._graph and shown.graph.nodes):
            return
        self._graph, self.all = shown.graph, ()
        if len(shown.graph.nodes) > MOST_AT_ONCE:
            self._app.run_worker(self._look(shown), group="findings", exclusive=True)
        else:
            self.all = _findings(shown)

    async def _look(self, shown: Snapshot) -> None:
        found = await asyncio.to_thread(_findings, shown)
        if shown.graph is self._graph:
            self.all = found
            self._app.post_message(Found())

    def explain(self, shown: Snapshot | None, parameter: str | None) -> bool:
        """Why the gradient of `parameter` is what it is; None: all that is wrong. False where `Explained` comes later."""
        if shown is None or parameter is None:
            self.reasons = self.all
        elif len(shown.graph.nodes) > MOST_AT_ONCE:
            self._app.run_worker(self._explain(shown, parameter), group="why", exclusive=True)
            return False
        else:
            self.reasons = _why(shown, parameter)
        return True

    async def _explain(self, shown: Snapshot, parameter: str) -> None:
        found = await asyncio.to_thread(_why, shown, parameter)
        if shown.graph is self._graph:
            self.reasons = found
            self._app.post_message(Explained())

    def after(self, told: Finding | None) -> Finding | None:
        """The reason after `told`, the first one again after the last; None where there are none."""
        if not self.reasons:
            return None
        place = self.reasons.index(told) + 1 if told in self.reasons else 0
        return self.reasons[place % len(self.reasons)]


def _findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    from gradtui.findings.findings import findings  # not wanted before the first paint

    return findings(snapshot)


def _why(snapshot: Snapshot, parameter: str) -> tuple[Finding, ...]:
    from gradtui.findings.findings import why  # not wanted before the first paint

    return why(snapshot, parameter)
