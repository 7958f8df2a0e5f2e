"""The screen on a folder of runs: the ranks side by side, and one of them at a time in full."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import zip_longest

from msgspec.structs import replace
from textual.message import Message
from textual.widget import Widget

from gradtui.runs.run import Run
from gradtui.runs.side_by_side import Pace, Ranks, side_by_side
from gradtui.settings.read_settings import Settings
from gradtui.snapshot.finding import Finding
from gradtui.tui.run.app import RunApp
from gradtui.tui.run.following import Grown, Source
from gradtui.tui.run.look import Look
from gradtui.tui.run.panes import RanksPane
from gradtui.tui.textual_fixes import run_beside


class RanksApp(RunApp):
    """sources: of the files, in the order of their ranks."""

    CSS_PATH = ["../opening.tcss", "../gradtui.tcss", "run.tcss"]

    class Compared(Message):
        """findings: between the ranks, and in them."""

        def __init__(self, ranks: Ranks, findings: tuple[Finding, ...]) -> None:
            super().__init__()
            self.ranks, self.findings = ranks, findings

    def __init__(
        self,
        sources: Sequence[Source],
        look: Look | None = None,
        theme: str | None = None,
        settings: Settings | None = None,
    ) -> None:
        super().__init__(sources[look.rank if look is not None else 0], look, theme, settings)
        self.sources = [*sources]
        self._found: tuple[Finding, ...] = ()
        self._compared: list[Run] = []
        self._comparing = False
        # who comes back to the screen has been where it went wrong, and looks elsewhere now
        self._ended = not self.look.latest
        self._paces: Sequence[Pace] = ()

    def above(self) -> Iterable[Widget]:
        self.by_rank = RanksPane(id="ranks")
        return (self.by_rank,)

    def begin(self) -> None:
        super().begin()
        for source in self.sources[: self.look.rank] + self.sources[self.look.rank + 1 :]:
            run_beside(self, partial(source.follow, self.post_message), group="follow")

    def grown(self, message: Grown) -> None:
        """Only the rank that is seen is shown in full; a growth of any is compared."""
        if message.source is self.sources[self.look.rank]:
            self._quiet, self.said = message.quiet, ""
            if message.view is not self.look.view:
                self._take()
            else:
                self.show_head()
        runs = [source.run for source in self.sources]
        if not self._comparing and any(run is not other for run, other in zip_longest(runs, self._compared)):
            self._comparing = True
            run_beside(self, partial(self._compare, runs), group="compare")

    async def _compare(self, runs: list[Run]) -> None:
        from gradtui.report.run.ranks import all_findings

        try:
            self._compared = runs
            ranks = await asyncio.to_thread(side_by_side, runs)
            self.post_message(self.Compared(ranks, all_findings(ranks)))
        finally:
            self._comparing = False

    def on_ranks_app_compared(self, message: Compared) -> None:
        ended = all(run.ended for run in message.ranks.runs)
        first, self._ended = ended and not self._ended, ended
        self.ranks, self._found = message.ranks.runs, message.findings
        self.by_rank.show(message.ranks.paces, self.look.rank)
        self._paces = message.ranks.paces
        self._take()
        if first and self._found:  # nothing comes any more: where it went wrong is of more interest than where it ended
            self.look.finding = None
            self.look.next_finding()
            self.show()

    def _take(self, *, beside: bool = False) -> None:
        source, look = self.sources[self.look.rank], self.look
        take = look.take_beside if beside else look.take
        take(replace(source.run, findings=self._found or source.run.findings), source.view)
        self.show()

    def action_rank(self, by: int) -> None:
        """The same update and row of another rank."""
        self.look.rank = (self.look.rank + by) % len(self.sources)
        self.source = self.sources[self.look.rank]
        self._take(beside=True)
        self.by_rank.show(self._paces, self.look.rank)
