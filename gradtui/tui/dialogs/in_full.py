"""What is cut on the screen, in full."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from gradtui.snapshot.visible import visible
from gradtui.tui import texts
from gradtui.tui.answers import Answers
from gradtui.tui.compositor import Mended
from gradtui.tui.node.panel import NodePanel
from gradtui.tui.panes.key_footer import KeyFooter
from gradtui.tui.session import Session
from gradtui.tui.typing.formula_line import title


class FullScreen(Mended, ModalScreen[None]):
    """Named texts, each with as many lines as it needs."""

    AUTO_FOCUS = "#help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i,q,enter", "dismiss", "close", key_display="esc"),
    ]

    def __init__(self, texts: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._texts = tuple(texts)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            for name, text in self._texts:
                yield Static(Content.styled(name, "bold $text-primary"))
                yield Static(
                    Content("\n").join(Content(visible(line)) for line in text.split("\n")), classes="entry-text"
                )
        yield KeyFooter()


def in_full(
    session: Session, answers: Answers, reading: texts.Reading, selected: int | None, panel: NodePanel
) -> Iterator[tuple[str, str]]:
    """Whatever may be cut on the screen: its name, and its text."""
    yield "the function", (title(session) if session.origin == "expression" else "") + session.text
    problem = session.problem or answers.problem
    if problem is not None:
        yield "what is wrong", "\n".join(filter(None, (problem.message, problem.hint)))
    if session.reads_as not in ("", session.text):
        yield "it reads as", session.reads_as
    numbers = reading.whole
    if reading.origin and answers.shown is not None and session.active is not None:
        told = texts.origin(answers.shown, session.active, longest=sys.maxsize)
        numbers = Content.assemble(reading.numbers, told, reading.further)
    shown = {
        "value and gradient": numbers,
        "derivative": reading.derivative,
        "checks": reading.marks,
        "remarks": reading.remark,
    }
    yield from ((name, content.plain) for name, content in shown.items() if content)
    for row in texts.variable_rows(session, answers.shown):
        gradient = f"   ∂f/∂{row.name} {row.gradient}" if row.gradient else ""
        yield f"variable {row.name}", f"{session.points[row.name].text}{gradient}"
    yield "the node", "\n".join(panel.whole())
    source = texts.source_of(answers.shown, selected)
    if source is not None:
        yield "made by", source.text
