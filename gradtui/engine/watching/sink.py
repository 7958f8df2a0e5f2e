"""Where a watch writes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gradtui.runs.run import Update
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Snapshot


class Sink(Protocol):
    """A `RunWriter`, or what does the same."""

    def optimizer(self, name: str) -> object: ...
    def shards(self, names: Sequence[str]) -> object: ...
    def update(self, update: Update) -> None: ...
    def snapshot(self, update: int, snapshot: Snapshot) -> None: ...
    def finding(self, finding: Finding) -> None: ...
    def watch_ended(self, why: str) -> None: ...
