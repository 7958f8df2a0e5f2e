"""What is painted of a frame leaves the screen that a whole one would, in any order; and what is typed comes first."""

from __future__ import annotations

from typing import Any, cast

import pyte
import pytest
from rich.segment import Segment
from textual._compositor import CompositorUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget

from gradtui.tui import asking
from gradtui.tui.app import GradtuiApp
from gradtui.tui.compositor import CellsCompositor, between
from gradtui.tui.graph.view import GraphView
from gradtui.tui.session import Session
from gradtui.tui.textual_fixes import MendedScreen
from gradtui.tui.typing import formula
from tests.tui.fakes import make_app, service
from tests.tui.test_app import press, retype, text_of, until

SIZE = (120, 36)
KEYS = (
    *("right", "down", "n", "n", "plus", "l", "l", "slash", "ctrl+u", *"x*y + sin(y)", "enter"),
    *("x", *"2.5", "enter", "question_mark", "down", "escape", "f", "t", "t", "t", "z", "right", "z", "D", "right"),
    *("slash", "ctrl+u", *"日x", "left", "x", "escape", "ctrl+p", *"gr", "escape", "left"),
)


class Painted:
    """A terminal in which all that an app writes is seen; and a second one, for a whole frame."""

    def __init__(self, app: GradtuiApp, monkeypatch: pytest.MonkeyPatch) -> None:
        self._app, self.updates = app, 0
        self._screen, self._whole = pyte.Screen(*SIZE), pyte.Screen(*SIZE)
        monkeypatch.setattr(app, "_display", self._display)

    def _display(self, screen: Screen[Any], update: CompositorUpdate | None) -> None:
        if update is not None:
            self.updates += 1
            pyte.Stream(self._screen).feed(update.render_segments(self._app.console).replace("\n", ""))

    def assert_whole(self, after: str) -> None:
        compositor = self._app.screen._compositor
        assert not compositor._dirty_regions
        update = compositor.render_full_update()
        pyte.Stream(self._whole).feed(update.render_segments(self._app.console).replace("\n", ""))
        for y in range(SIZE[1]):
            seen, expected = ([screen.buffer[y][x] for x in range(SIZE[0])] for screen in (self._screen, self._whole))
            assert seen == expected, f"row {y} after {after}"


def is_painted(app: GradtuiApp) -> bool:
    """Whether all that has changed is on the screen, also what the screen has not heard of yet."""
    screen = app.screen
    waiting = [one for one in screen.query(Widget) if one._repaint_required or one._layout_required]
    unpainted = screen._dirty_widgets or screen._compositor._dirty_regions or screen.message_queue_size
    return not (waiting or unpainted or app.answers.waiting)


async def test_changed_cells_leave_the_screen_that_a_whole_frame_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "HASTE", 0.0)
    app = make_app()
    painted = Painted(app, monkeypatch)
    async with app.run_test(size=SIZE) as pilot:
        for key in KEYS:
            await press(pilot, key)
            await until(pilot, lambda: is_painted(app), "the end of a frame")
            painted.assert_whole(key)
    assert painted.updates > len(KEYS)


async def test_what_changes_between_two_parts_of_a_frame_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    painted = Painted(app, monkeypatch)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "slash")
        await until(pilot, lambda: is_painted(app), "the end of a frame")
        screen, graph = cast(MendedScreen, app.screen), app.query_one(GraphView)
        screen._compositor._dirty_regions.add(Region(0, 0, SIZE[0], SIZE[1] - 1))
        screen._compositor_refresh()
        assert screen._compositor.unpainted, "a whole frame in one"
        graph.entitle("another")
        graph._repaint_required = False
        screen._dirty_widgets.add(graph)  # as its message does
        await until(pilot, lambda: is_painted(app), "the end of a frame")
        painted.assert_whole("another title")


async def test_a_letter_is_painted_before_anything_is_made_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    done: list[str] = []
    read = Session.read

    def reading(session: Session, text: str) -> bool:
        done.append(f"read {text}")
        return read(session, text)

    def displayed(screen: Screen[Any], update: Any) -> None:
        written = "" if update is None else "".join(segment.text for _, _, part in update.written for segment in part)
        if "x+7" in written:
            done.append("painted")

    async with app.run_test(size=SIZE) as pilot:
        await retype(pilot, "x+")
        monkeypatch.setattr(Session, "read", reading)
        monkeypatch.setattr(app, "_display", displayed)
        monkeypatch.setattr(app.screen._update_timer, "resume", lambda: None)  # no frame comes by itself
        await press(pilot, "7")
        await until(pilot, lambda: "read x+7" in done, "the text read")
    assert done[:2] == ["painted", "read x+7"]


async def test_who_types_fast_gets_one_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text is asked for at once, and none of the answers is painted until none came for a while; what stands is named."""
    monkeypatch.setattr(asking, "HASTE", 3600.0)
    monkeypatch.setattr(formula, "GO_BACK", 3600.0)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "slash", "end")
        taken, asked = app.answers.answered, len(service(app).requests)
        await pilot.press(*" + 12")
        await pilot.pause()
        texts = [request.expression for request in service(app).requests[asked:]]
        assert texts == ["x^2 + 3x + 1 ", "x^2 + 3x + 1 + 1", "x^2 + 3x + 1 + 12"]
        await until(pilot, lambda: app.asking.stale, "the old picture marked")
        assert app.answers.answered <= taken + 1, "the first letter after a pause may have its answer"
        await pilot.press(*" + s")
        await pilot.pause()
        assert "still x^2 + 3x + 1" in text_of(app)
        assert "still x^2 + 3x + 1 + 12" not in text_of(app)
        monkeypatch.setattr(asking, "HASTE", 0.0)
        app.asking._let_go()
        await until(pilot, lambda: app.answers.answered == app.answers.asked, "the picture of the last text")
        assert app.answers.shown is not None
        assert app.answers.shown.expression.strip() == "x^2 + 3x + 1 + 12"


async def test_the_answer_to_what_was_typed_before_is_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not so that of another place: who holds a key wants to see the point move."""
    monkeypatch.setattr(asking, "HASTE", 0.0)
    app = make_app()
    shown: list[int] = []
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        service(app).slow = True
        monkeypatch.setattr(app, "show_answer", lambda: shown.append(app.answers.answered))
        await press(pilot, "right", "right")
        place = service(app).requests[-2]
        service(app).answer(place)
        await retype(pilot, "x*y")
        await press(pilot, *" + y")
        before, last = (one for one in service(app).requests if one.expression in ("x*y", "x*y + y"))
        service(app).answer(before)
        service(app).answer(last)
        await until(pilot, lambda: last.id in shown, "the last text's answer")
    assert place.id in shown
    assert before.id not in shown


def test_a_wide_character_is_not_torn() -> None:
    segments = [Segment("ab日"), Segment("c⣿d")]
    assert ["".join(one.text for one in between(segments, *ends)) for ends in ((0, 7), (1, 5), (3, 6), (0, 3))] == [
        "ab日c⣿d",
        "b日c",
        " c⣿",
        "ab ",
    ]


async def test_what_lies_before_another_is_seen() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "slash", "ctrl+u", *"sin(")  # a sentence lies over the line below
        compositor = app.screen._compositor
        assert isinstance(compositor, CellsCompositor)
        for y in range(SIZE[1]):
            seen = compositor._seen_in(y)
            assert [one[0] for one in seen] == [0, *(one[1] for one in seen[:-1])]
            assert seen[-1][1] == SIZE[0]
            for first, end, widget, _ in seen:
                assert {app.screen.get_widget_at(x, y)[0] for x in (first, end - 1)} == {widget}
