"""The first line of the screen, which is there before all else: the function by its name, its text, and the light."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.visible import visible
from gradtui.tui.answers import Light
from gradtui.tui.session import Session
from gradtui.tui.typing.expression_input import ExpressionInput

WIDEST_TITLE = 16
"""Cells that `f(x, y) = ` may take before the expression."""

LONGEST_CALL = 14
"""Characters of `f(x, y)` before the value."""


LIGHTS = {
    "starting": ("○", "$foreground-muted"),
    "ready": ("●", "$text-success"),
    "working": ("◐", "$text-warning"),
    "problem": ("✗", "$text-error"),
}


class Status(Widget):
    """Number type and device, and a light: ○ starting, ● ready, ◐ at work, ✗ the last request has no answer."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._kind, self._light = "", "starting"

    def show(self, kind: str, light: str) -> None:
        kind = visible(kind)
        if (kind, light) != (self._kind, self._light):
            wider = len(kind) != len(self._kind)
            self._kind, self._light = kind, light
            self.refresh(layout=wider)

    def render(self) -> Content:
        lamp, style = LIGHTS[self._light]
        quiet = "$foreground" if self.has_class("-experiment") else "$foreground-muted"
        return Content.assemble((f"{self._kind} ", quiet), (lamp, style))


class Listener(Protocol):
    """Hears what is done to the line."""

    def typing_begins(self) -> None: ...
    def text_changed(self) -> None: ...
    def text_left(self, accepted: bool) -> None: ...
    def line_blurred(self, text: str) -> None: ...
    def text_pointed(self, place: int) -> None: ...


class FormulaLine(Horizontal):
    """`listener`: who hears what is done to it, once there is someone."""

    def __init__(self, session: Session, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._session = session
        self.title = Static(Content(title(session)), id="title")
        self.formula = ExpressionInput(session.text, session.names, id="expression")
        self.formula.can_focus = session.live
        self.status = Status(id="status")
        if session.origin != "expression":
            self.formula.display = False
            self.title.styles.width = "1fr"
        self.listener: Listener | None = None
        self.show_status("starting")

    def compose(self) -> ComposeResult:
        yield self.title
        yield self.formula
        yield self.status

    def show_title(self) -> None:
        self.title.update(Content(title(self._session)))

    def show_status(self, light: Light, shown: Snapshot | None = None) -> None:
        """`shown`: the answer that is on the screen; a function of a file may be of a dtype of its own."""
        session = self._session
        of = shown if shown is not None and shown.origin == "function" else session
        kind = f"{'' if session.live else f'{session.source} · '}{of.dtype} · {of.device}"
        self.status.show(f"EXPERIMENT · {kind}" if session.experiments else kind, light)

    def on_descendant_focus(self) -> None:
        if self.listener is not None and self.formula.has_focus:
            self.listener.typing_begins()

    def on_input_changed(self) -> None:
        if self.listener is not None:
            self.listener.text_changed()

    def on_input_blurred(self, event: Input.Blurred) -> None:
        if self.listener is not None:
            self.listener.line_blurred(event.value)

    def on_expression_input_left(self, message: ExpressionInput.Left) -> None:
        if self.listener is not None:
            self.listener.text_left(message.accepted)

    def on_expression_input_pointed(self, message: ExpressionInput.Pointed) -> None:
        if self.listener is not None:
            self.listener.text_pointed(message.place)


def title(session: Session) -> str:
    """`f(x) = ` to stand before the typed text, empty where that says so itself; of a file `model.py:loss(w, b)`."""
    if session.origin == "function":
        return visible(f"{Path(session.text).name}({', '.join(session.variables)})")
    if session.origin == "capture":
        return visible(session.text)
    if session.named:
        return ""
    written = f"{call(session)} = "
    return written if len(written) <= WIDEST_TITLE else "f = "


class Called(Protocol):
    """A function as it is called: the session's, or the one of an older picture."""

    @property
    def name(self) -> str: ...
    @property
    def variables(self) -> tuple[str, ...]: ...
    @property
    def active(self) -> str | None: ...


def function_name(function: Called) -> str:
    """Of the function, where it stands before a number: a long one of a file would leave that no room."""
    return function.name if len(function.name) <= LONGEST_CALL else "f"


def call(function: Called) -> str:
    """`f(x, y)`; only `f` for a constant, and where that is long."""
    written = visible(f"{function_name(function)}({', '.join(function.variables)})")
    return written if function.variables and len(written) <= LONGEST_CALL else function_name(function)
