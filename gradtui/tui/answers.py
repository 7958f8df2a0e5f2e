"""What the evaluation service has said: the last good picture, and what is still to come."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from gradtui.snapshot.curve import Curve, CurveRequest
from gradtui.snapshot.model import Problem, Request, Snapshot

Light = Literal["problem", "starting", "working", "ready"]
"""How the evaluation is doing."""


class Answers:
    """The last good Snapshot stays until a newer good one comes, whatever happens in between.

    shown: that Snapshot. derived: the last one of the same expression that came with its symbolic derivative.
    curve: the last curve that came, with this Snapshot or before. problem: why the newest request has no answer.
    behind: whether it has no picture either: with an exception may come the graph of what ran before it.
    files: text of the user's files, as they last ran or failed to.
    asked, answered: ids of the newest request and of the newest answer.
    """

    def __init__(self) -> None:
        self.shown: Snapshot | None = None
        self._refused: Snapshot | None = None
        self.derived: Snapshot | None = None
        self.curve: Curve | None = None
        self.problem: Problem | None = None
        self.behind = False
        self.files: dict[str, str] = {}
        self.asked = self.answered = 0
        self._asked_curve: str | None = None
        self._looked_at: tuple[Snapshot | None, int, Snapshot | None] = None, 1, None

    @property
    def waiting(self) -> bool:
        """Whether the newest request has no answer yet."""
        return self.answered < self.asked

    @property
    def underived(self) -> bool:
        """Whether the symbolic derivative of what is shown is still to come."""
        return self.shown is not None and self.shown.derivative is None

    def looked_at(self, order: int) -> Snapshot | None:
        """What is shown, or the derivative of one order less than `order` with its own graph, as far as that is there."""
        from gradtui.graph.higher_orders import picture  # not wanted before the first paint

        if self._looked_at[0] is not self.shown or self._looked_at[1] != order:
            told = self.shown if self.shown is None else picture(self.shown, order)
            self._looked_at = self.shown, order, told
        return self._looked_at[2]

    @property
    def whole(self) -> Snapshot | None:
        """What is shown with its curve, which came once for all places on it."""
        lacks = self.shown is not None and self.shown.curve is None and self.curve is not None
        return replace(self.shown, curve=self.curve) if lacks and self.shown is not None else self.shown

    @property
    def failure(self) -> Snapshot | None:
        """The newest answer, where that is none but says why."""
        return self._refused if self.problem is not None else None

    def light(self, stale: bool) -> Light:
        """What went wrong is of the request before where another is at work."""
        at_work = stale and self.waiting
        if self.problem is not None:
            return "working" if at_work else "problem"
        if self.shown is None:
            return "starting"
        return "working" if at_work else "ready"

    def lacking(self, curve: CurveRequest | None) -> CurveRequest | None:
        """The request, unless the curve held is already that one.

        It is asked again until it comes: a request still waiting is dropped for a newer one, with its curve.
        """
        return None if curve is None or (self.curve is not None and self.curve.key == curve.key) else curve

    def ask(self, request: Request) -> None:
        self.asked = request.id
        self._asked_curve = request.curve.key if request.curve is not None else None

    def receive(self, snapshot: Snapshot) -> bool:
        """Take an answer; False where a newer one is here already, or where it is the failure of a request no longer wanted."""
        if snapshot.id < self.answered or (snapshot.problem is not None and snapshot.id < self.asked):
            return False
        self.answered = snapshot.id
        self.problem = snapshot.problem
        self.behind = snapshot.problem is not None and not snapshot.graph.nodes
        self._refused = snapshot
        self.files = snapshot.files or self.files
        if not self.behind:
            self.shown = snapshot
            if snapshot.derivative is not None:
                self.derived = snapshot
            elif self.derived is not None and self.derived.expression != snapshot.expression:
                self.derived = None
            here = snapshot.id == self.asked and self._asked_curve is not None
            if snapshot.curve is not None or here or not snapshot.variables:
                self.curve = snapshot.curve  # None where it cannot be drawn: better no curve than another function's
        return True

    def derive(self, snapshot: Snapshot) -> bool:
        """Take the newest answer once more, now with its derivative; False where a newer one is here already."""
        if self.shown is None or snapshot.id != self.answered:
            return False
        self.shown = self.derived = snapshot
        return True
