"""Question and answer: the part of the app that asks the evaluation service and shows what comes back."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.reactive import var
from textual.timer import Timer
from textual.widgets import Input

from gradtui.service.watch import Watch
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Problem, Snapshot
from gradtui.tui import texts
from gradtui.tui.answers import Answers
from gradtui.tui.evaluator import FileSaved, MakeEvaluator, SnapshotArrived
from gradtui.tui.keys import KEYS, works
from gradtui.tui.session import Session
from gradtui.tui.textual_fixes import MendedApp
from gradtui.tui.views import Picture

PATIENCE = 0.15
"""Seconds that the old picture stands unmarked while the new one is on its way: less would flicker."""

FRAME = 0.012
"""Seconds: an answer mostly comes sooner, and then key and answer are one frame and not two."""


class Exchange(MendedApp):
    """Holds what was chosen (`session`), what was answered (`answers`) and a cursor; the `picture` is a view of those.

    selected: id of a node. chosen: one of its edges, for an experiment; None for all.
    steps_done: how many nodes backward has run, None where it is not stepped. told: the finding that was asked for.
    """

    selected: var[int | None] = var(None, init=False)
    chosen: var[int | None] = var(None, init=False)
    steps_done: var[int | None] = var(None, init=False)
    told: var[Finding | None] = var(None, init=False)

    def __init__(self, session: Session, service: MakeEvaluator) -> None:
        super().__init__()
        self.session, self.answers = session, Answers()
        self.service = service(self.arrived)
        self.file_watch = Watch(lambda: self.post_message(FileSaved())) if session.origin == "function" else None
        self.text_problem: Problem | None = None
        self.reads_as = ""
        self.patient = True
        self._working: list[bool] = []
        self._patience: Timer | None = None
        self._unpainted: asyncio.TimerHandle | None = None

    def compose(self) -> ComposeResult:
        self.picture = Picture(self.session, id="picture")
        yield self.picture

    async def on_unmount(self) -> None:
        if self._unpainted is not None:
            self._unpainted.cancel()
        if self.file_watch is not None:
            await self.file_watch.close()
        await self.service.close()

    def arrived(self, snapshot: Snapshot) -> None:
        self.post_message(SnapshotArrived(snapshot))

    def ask(self) -> None:
        """Have the session evaluated. What was changed is painted with the answer, or alone where that takes longer."""
        curve = self.session.curve_request(texts.samples(self.picture.chart.size.width))
        request = self.session.request(self.answers.lacking(curve))
        self.answers.ask(request)
        self.service.submit(request)
        if self._unpainted is None:
            self._unpainted = asyncio.get_running_loop().call_later(FRAME, self.show_variables)
        self.settle()

    def show_variables(self) -> None:
        """The values as they are now, beside what the last answer says of them."""
        if self._unpainted is not None:
            self._unpainted.cancel()
            self._unpainted = None
        self.picture.show_variables(self.session, self.answers, patient=self.patient)

    def on_snapshot_arrived(self, message: SnapshotArrived) -> None:
        before = self.answers.shown
        if self.file_watch is not None:
            self.file_watch.follow(message.snapshot.files)
        if self.answers.receive(message.snapshot):
            if self._is_run(message.snapshot) and self.session.adopt(message.snapshot):
                self.picture.lay_out(self.session)
                self.ask()  # now with a curve
            self.show_answer()
            self.settle(answered=True)
            if not texts.same_graph(before, self.answers.shown):
                self.steps_done, self.selected, self.chosen = None, texts.first_node(self.answers.shown), None
            self.set_reactive(Exchange.told, None)  # its numbers are those of the answer before
            self.show_cursor()
            self.show_keys()

    def _is_run(self, snapshot: Snapshot) -> bool:
        """Whether a function came to its end: only then it is sure which variables it has."""
        return self.session.origin == "function" and snapshot.problem is None

    def on_file_saved(self) -> None:
        """The picture of before stays until the file has run again."""
        self.service.interrupt()  # what still runs is of no interest any more
        self.session.saved()
        self.ask()

    def settle(self, *, answered: bool = False) -> None:
        """Say what is wrong, and lose patience where the answer, or its derivative, stays away."""
        self.picture.show_text(self.session, self.reads_as, self.text_problem or self.answers.problem)
        if not (self.outdated or self.answers.underived):
            if self._patience is not None:
                self._patience.stop()
            self._patience, self.patient = None, True
        elif self._patience is None:
            self._patience = self.set_timer(PATIENCE, self.lose_patience)
        elif answered and self.patient:
            self._patience.reset()
        self.picture.show_status(self.session, self.answers.light(self.stale))

    def lose_patience(self) -> None:
        self.patient = False
        self.show_answer()
        self.picture.show_status(self.session, self.answers.light(self.stale))

    def show_answer(self) -> None:
        self.picture.show_answer(self.answers, stale=self.stale)
        self.show_variables()

    @property
    def outdated(self) -> bool:
        """Whether the picture is not that of the text and the values as they stand now."""
        return bool(self.text_problem or self.answers.behind or self.answers.waiting)

    @property
    def stale(self) -> bool:
        """Outdated for longer than a person would take for flicker: then it is marked."""
        return self.outdated and not self.patient

    def follow(self, node: int | None) -> None:
        """A person chose a node of the graph. A message would be a frame later, and other keys would come before it."""
        if node is not None:
            self.selected = node

    def watch_selected(self) -> None:
        self.set_reactive(Exchange.chosen, None)
        if self.told is not None and self.told.node != self.selected:
            self.set_reactive(Exchange.told, None)
        self.show_cursor()

    def watch_told(self) -> None:
        self.show_cursor()

    def watch_chosen(self) -> None:
        self.show_cursor()

    def watch_steps_done(self) -> None:
        self.show_cursor()

    def show_cursor(self) -> None:
        self.picture.show_cursor(self.answers, self.selected, self.steps_done, self.chosen, self.told)

    def show_keys(self) -> None:
        """Have the footer made anew, which takes a while, only where other keys work now.

        Not while a line is typed: the footer is that line's then, and leaving it makes it anew.
        """
        if isinstance(self.focused, Input):
            return
        working = [works(key.action.partition("(")[0], self.session, self.answers.shown, typing=False) for key in KEYS]
        if working != self._working:
            self._working = working
            self.refresh_bindings()
