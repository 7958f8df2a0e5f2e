"""All keys and the language on one screen, also at 80 x 24."""

from __future__ import annotations

from itertools import zip_longest
from typing import ClassVar

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from gradtui.expression.functions import TABLE
from gradtui.tui.keys import ROWS, in_short
from gradtui.tui.textual_fixes import Sized

LANGUAGE = (
    ("x^2 + 3x + 1", "f(x) = …  y = …"),
    ("x**2 + 3*x + 1", "is the same"),
    ("2 pi x  x sin x", "no sign needed"),
    ("1/2x", "is (1/2)*x"),
    ("-x^2  x^2^3", "-(x^2)  x^(2^3)"),
    ("|x|  x²  √x  e^x", "as on paper"),
    ("sin x  sin^2(x)", "as on paper"),
    ("torch.sin(x)", "F.relu x.pow(2)"),
    ("log", "natural, as ln"),
    ("a = x^2; a + a", "shares a node"),
    ("[2.1, 5.4, 3.2]", "a vector"),
    ("where(x > 0, x, 1)", "a choice"),
    ("x  w_2  x1  theta", "variables"),
    ("pi  e  1e-3  .5", "numbers"),
    ("sum(x^2)", "one of a vector"),
)
"""What can be typed, and what it means."""


class HelpScreen(Sized, ModalScreen[None]):
    """Any of the keys that one would try closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "dismiss", "close", key_display="esc"),
    ]

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static(_columns())
            names = sorted(function.name for function in TABLE if not function.operator)
            yield Static(Content.assemble(("functions ", "$text-accent"), " ".join(names)), id="functions")


def _columns() -> Content:
    """Keys at the left, the language at the right: 76 cells."""
    keys = [(in_short(row), row.short) for row in ROWS]
    lines = [
        Content.assemble(
            (set_cell_size(key, 12), "$text-accent"),
            set_cell_size(does, 31),
            (set_cell_size(typed, 18), "$text-accent"),
            means,
        )
        for (key, does), (typed, means) in zip_longest(keys, LANGUAGE, fillvalue=("", ""))
    ]
    return Content("\n").join(lines)
