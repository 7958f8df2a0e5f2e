"""Texts over all panes, for as long as one reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from gradtui.tui.compositor import Mended
from gradtui.tui.panes.key_footer import KeyFooter


class KeysHelp(Mended, ModalScreen[None]):
    """What the keys do, and what there is to know beside them. Any of the keys that one would try closes it."""

    AUTO_FOCUS = "#help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter,f1", "dismiss", "close", key_display="esc"),
    ]

    def __init__(self, keys: Sequence[Binding]) -> None:
        super().__init__()
        self.keys = keys

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield from self.told()
        yield KeyFooter()

    def told(self) -> ComposeResult:
        """What stands in it."""
        raise NotImplementedError


def glossary(terms: Sequence[tuple[str, str]]) -> ComposeResult:
    """What each word and sign means, under a heading."""
    yield Static(heading("words and signs"), classes="heading")
    for term, means in terms:
        yield from entry(term, means)


def entry(term: str, means: str) -> ComposeResult:
    with Horizontal(classes="entry"):
        yield Static(Content.styled(term, "$text-accent"), classes="term")
        yield Static(Content(means))


HEAD = "bold $text-primary"


def heading(text: str) -> Content:
    return Content.styled(text, HEAD)
