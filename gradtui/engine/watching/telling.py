"""Findings of a training, told as soon as they are known for good."""

from __future__ import annotations

from collections.abc import Callable

from gradtui.engine.torch_private import asked
from gradtui.engine.watching.sink import Sink
from gradtui.findings.over_time.findings import findings
from gradtui.findings.over_time.history import History
from gradtui.snapshot.finding import Finding

Told = Callable[[Finding], object]
FIRST_LOOK = 8
"""Updates after which is looked for findings, and then whenever there are twice as many."""


class Telling:
    """found: what is wrong, the cause of most first. on_finding: is told of each once."""

    def __init__(self, history: History, sink: Sink, on_finding: Told | None) -> None:
        self.found: tuple[Finding, ...] = ()
        self._history, self._sink, self._on_finding = history, sink, on_finding
        self._told: set[tuple[object, ...]] = set()
        self._bad = 0
        self._raised: Exception | None = None

    def update_ends(self) -> None:
        count = self._history.updates
        bad = self._history.is_bad + self._history.is_lost
        if (count >= FIRST_LOOK and not count & (count - 1)) or bad > self._bad:
            self._bad = max(bad, self._bad)
            self.tell()

    def tell(self) -> None:
        """What is new; at the end all of it."""
        self.found = findings(self._history)
        for one in self.found:
            key = one.kind, one.parameter, one.source
            if self._history.ended or key not in self._told:
                self._sink.finding(one)
            if key not in self._told:
                self._told.add(key)
                self._call(one)

    def _call(self, one: Finding) -> None:
        try:
            if self._on_finding is not None:
                with asked():
                    self._on_finding(one)
        except Exception as error:
            self._raised, self._on_finding = error, None

    def raise_theirs(self) -> None:
        """What `on_finding` raised is no fault of the watch, but the training's to have. Then it is told of nothing more."""
        error, self._raised = self._raised, None
        if error is not None:
            raise error
