"""Question and answer: has the session evaluated, and keeps what comes back. It touches no widget; it posts messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.message import Message

from gradtui.service.file_watcher import Watch
from gradtui.snapshot.model import Request, Snapshot
from gradtui.snapshot.target import split
from gradtui.tui.answers import Answers, Light
from gradtui.tui.evaluator import DerivativeArrived, FileSaved, MakeEvaluator, OtherArrived, SnapshotArrived
from gradtui.tui.session import Session

PATIENCE = 0.15
"""Seconds that the old picture stands unmarked while the new one is on its way: less would flicker."""

FRAME = 0.012
"""Seconds: an answer mostly comes sooner, and then key and answer are one frame and not two."""

REST = 0.015
"""Seconds from an answer until the next is prepared: the frame is painted, and who holds a key has not pressed it again."""

HASTE = 0.1
"""Seconds: who types the next letter sooner is looking at the line, and the picture waits until no letter came for so long."""


class Unanswered(Message):
    """What was changed is to be painted without its answer, which takes longer than a frame."""


class PatienceLost(Message):
    """The answer, or its derivative, stays away for longer than a person would take for flicker."""


class Asking:
    """patient: whether the old picture may stand unmarked; not once it has for too long."""

    def __init__(
        self, session: Session, answers: Answers, service: MakeEvaluator, post: Callable[[Message], object]
    ) -> None:
        self._session, self._answers, self._post = session, answers, post
        self.service = service(self._arrived)
        follows = session.live and session.origin == "function"
        self._watch = Watch(lambda: post(FileSaved())) if follows else None
        self.patient = True
        self._last: Snapshot | None = None
        self._others: set[int] = set()
        self._frame: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._foreseeing: asyncio.TimerHandle | None = None
        self._points = 0
        self._soon = False
        self._typed, self._hasty = -HASTE, False
        self._held: Snapshot | None = None
        self._holding: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        await self.service.start()
        if self._watch is not None:
            self._watch.follow([split(self._session.text)[0]])

    async def close(self) -> None:
        for timer in filter(None, (self._frame, self._patience, self._holding, self._foreseeing)):
            timer.cancel()
        if self._watch is not None:
            await self._watch.close()
        await self.service.close()

    def soon(self, ask: Callable[[], None]) -> None:
        """Call `ask` once, however many keys are there to be heard before the loop turns."""
        if not self._soon:
            self._soon = True
            asyncio.get_running_loop().call_soon(self._now, ask)

    def _now(self, ask: Callable[[], None]) -> None:
        self._soon = False
        ask()

    def ask(self, points: int) -> None:
        """Have the session evaluated, with a curve at so many `points` where it is not there already."""
        request = self._session.request(self._answers.lacking(self._session.curve_request(points)))
        self._answers.ask(request)
        self.service.submit(request)
        self._points = points
        if self._frame is None:
            self._frame = asyncio.get_running_loop().call_later(HASTE if self._hasty else FRAME, self._unanswered)

    def foresee(self, following: Callable[[], Session | None]) -> None:
        """Have the answer for what is likely to follow at hand, once nothing else is to be done. None: nobody knows."""
        if self._foreseeing is not None:
            self._foreseeing.cancel()
        self._foreseeing = asyncio.get_running_loop().call_later(REST, self._foresee, following)

    def _foresee(self, following: Callable[[], Session | None]) -> None:
        session = None if self._answers.waiting else following()
        if session is not None:
            self.service.foresee(session.request(self._answers.lacking(session.curve_request(self._points))))

    def ask_other(self, request: Request) -> None:
        """Have another function evaluated, whose answer is not one for the session."""
        self._others.add(request.id)
        self.service.submit(request)

    def interrupt(self) -> None:
        """What still runs is of no interest any more."""
        self.service.interrupt()

    def _arrived(self, snapshot: Snapshot) -> None:
        """The service gives an answer without its derivative, where that is late, and then the same one with it."""
        if snapshot.id in self._others:
            self._post(OtherArrived(snapshot))
            return
        if self._hasty and self._quiet_at > asyncio.get_running_loop().time():
            self._held = snapshot
            if self._holding is None:
                self._let_go()
            return
        last, self._last = self._last, snapshot
        again = last is not None and last.id == snapshot.id and last.graph is snapshot.graph
        if again and snapshot.derivative is not None:
            self._post(DerivativeArrived(snapshot))
        else:
            self._post(SnapshotArrived(snapshot))

    # Haste

    def typed(self) -> None:
        """A letter of a function was typed, or taken away."""
        now = asyncio.get_running_loop().time()
        self._hasty, self._typed = now < self._quiet_at, now

    @property
    def holds_back(self) -> bool:
        """Whether an answer waits for the end of what is typed."""
        return self._held is not None

    @property
    def _quiet_at(self) -> float:
        return self._typed + HASTE

    def _let_go(self) -> None:
        """The newest answer, once no letter came for a while: what came before it nobody has seen."""
        loop, held = asyncio.get_running_loop(), self._held
        self._holding = None
        if loop.time() < self._quiet_at:
            self._holding = loop.call_at(self._quiet_at, self._let_go)
        elif held is not None:
            self._held, self._last = None, held
            self._post(SnapshotArrived(held))

    def receive(self, snapshot: Snapshot) -> bool:
        """Take an answer; False where a newer one is here already, or one of another text is on its way: who types on would
        wait for the picture of what is past."""
        if self._watch is not None:
            self._watch.follow(snapshot.files)
        typed_on = self._session.origin == "expression" and snapshot.expression != self._session.text
        if typed_on and snapshot.id < self._answers.asked and self._answers.shown is not None:
            return False
        return self._answers.receive(snapshot)

    def painted(self) -> None:
        """What was changed is on the screen."""
        if self._frame is not None:
            self._frame.cancel()
            self._frame = None

    def _unanswered(self) -> None:
        self._frame = None
        self._post(Unanswered())

    # Patience

    @property
    def outdated(self) -> bool:
        """Whether the picture is not that of the text and the values as they stand now."""
        return bool(self._session.problem or self._answers.behind or self._answers.waiting)

    @property
    def stale(self) -> bool:
        """Outdated for longer than a person would take for flicker: then it is marked."""
        return self.outdated and not self.patient

    @property
    def light(self) -> Light:
        return self._answers.light(self.stale)

    def settle(self, *, answered: bool = False) -> None:
        """Begin to lose patience where the answer, or its derivative, stays away; anew after each that came."""
        if not (self.outdated or self._answers.underived):
            if self._patience is not None:
                self._patience.cancel()
            self._patience, self.patient = None, True
        elif self._patience is None:
            self._wait()
        elif answered and self.patient:
            self._patience.cancel()
            self._wait()

    def _wait(self) -> None:
        self._patience = asyncio.get_running_loop().call_later(PATIENCE, self._lose_patience)

    def _lose_patience(self) -> None:
        self.patient = False
        self._post(PatienceLost())
