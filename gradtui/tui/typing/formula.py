"""From what is typed to the function that is shown: which text becomes the picture, and when the old one comes back."""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer

from gradtui.tui.session import Session
from gradtui.tui.typing.expression_input import ExpressionInput, unfinished

GO_BACK = 0.8
"""Seconds that a piece of what is being typed may stand, where what came after it cannot be read: a person just thinks."""


class Formula:
    """The session's function and its line.

    ask: called where the session is to be evaluated anew. settle: where it cannot be. typed: at each change by a person.
    lay_out: where it is another function that nobody types.
    """

    def __init__(
        self,
        session: Session,
        line: ExpressionInput,
        *,
        ask: Callable[[], None],
        settle: Callable[[], None],
        typed: Callable[[], None],
        lay_out: Callable[[], None],
    ) -> None:
        self._session, self.line = session, line
        self._ask, self._settle, self._typed, self._lay_out = ask, settle, typed, lay_out
        self._going_back: Timer | None = None
        self._heard = line.value

    def take(self, text: str) -> None:
        """Another function, not typed."""
        self._session.begin_typing()
        self.line.put(text)
        self.line.history.add(text)
        self._read(text)
        self._session.end_typing()
        self._lay_out()

    def show(self) -> None:
        """The text of the function that stands, after it was changed elsewhere than in its line."""
        self.line.put(self._session.text)
        self._lay_out()

    def changed(self, text: str) -> None:
        """Evaluated as it is typed, but for a word that may go on: no piece of what is meant becomes the picture."""
        session, self._heard = self._session, text
        self._stop_going_back()
        if text == session.text and session.problem is None and not session.held:
            return
        self._typed()
        known = session.base.variables if session.base is not None else ()
        if self.line.has_focus and self.line.cursor_at_end and unfinished(text, (*known, *session.names)):
            session.problem, session.held = None, True
            self._settle()
        else:
            self._read(text)
        if session.held:
            self._going_back = self.line.set_timer(GO_BACK, self.go_back)

    def go_back(self) -> None:
        """To what stood before one typed: what is typed cannot be read, and a piece of it is not meant."""
        self._stop_going_back()
        if self._session.held and self._session.go_back():
            self._ask()

    def accept(self) -> bool:
        """Take what is typed for the function; False where it cannot be read."""
        session = self._session
        if self.line.value != self._heard:  # the message of a letter comes after a key that was typed at once with it
            session.begin_typing()
            self.changed(self.line.value)
        if session.held and session.problem is None:
            self._read(self.line.value)
        if session.problem is not None:
            self.go_back()
            return False
        self._stop_going_back()
        session.end_typing()
        self._settle()
        return True

    def give_up(self) -> None:
        """The old function again; what was typed is one key up."""
        self._stop_going_back()
        base = self._session.base
        if base is not None and self.line.value not in (base.text, ""):
            self.line.history.add(self.line.value)
        was = self._session.text
        self._session.give_up()
        self.line.history.add(self._session.text)
        self.show()
        if self._session.text != was:
            self._ask()
        self._settle()

    def _read(self, text: str) -> None:
        """Evaluate `text` where it is an expression; where it is none, say where and keep what is shown."""
        if self._session.read(text):
            self._ask()
        else:
            self._settle()

    def _stop_going_back(self) -> None:
        if self._going_back is not None:
            self._going_back.stop()
            self._going_back = None
