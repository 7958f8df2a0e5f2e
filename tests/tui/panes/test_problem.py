"""What is wrong, in two lines at most; the rest of it can be opened."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.content import Content

from gradtui.snapshot.model import Problem, Snapshot
from gradtui.tui.answers import Answers
from gradtui.tui.dialogs.in_full import in_full
from gradtui.tui.keys import works
from gradtui.tui.node.panel import NodePanel
from gradtui.tui.panes.problem import ProblemLine
from gradtui.tui.saved import session_of
from gradtui.tui.texts import NOTHING_YET
from tests import examples


class ProblemApp(App[None]):
    CSS = "ProblemLine { height: auto; }"

    def compose(self) -> ComposeResult:
        yield ProblemLine()


@pytest.mark.parametrize("width", [30, 60])
@pytest.mark.parametrize("words", ["a long explanation of what was wrong", "变量的形状不对", "abc" * 30, "🚀 läuft"])
async def test_what_is_cut_has_a_mark(words: str, width: int) -> None:
    async with ProblemApp().run_test(size=(width, 8)) as pilot:
        line = pilot.app.query_one(ProblemLine)
        for times in (1, 3, 30):
            message = " ".join([words] * times)
            line.show(Content(), Content(), Problem("domain", message))
            await pilot.pause()
            shown = [strip.text.rstrip() for strip in line.render_lines(line.size.region)]
            assert len(shown) <= 2
            assert all(cell_len(text) <= width for text in shown)
            assert shown[-1].endswith("…") or " ".join(shown) == message


def test_what_is_wrong_can_be_opened_even_where_there_is_no_answer_yet() -> None:
    session, answers = session_of(examples.quadratic()), Answers()
    message = "the shapes of " + "what is long " * 30
    answers.receive(Snapshot(1, "", problem=Problem("domain", message, hint="look at them")))
    assert works("in_full", session, answers.shown, typing=False)
    told = dict(in_full(session, answers, NOTHING_YET, None, NodePanel()))
    assert any(message in text and "look at them" in text for text in told.values())
