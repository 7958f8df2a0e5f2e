"""Every key of the screen, on fixed Snapshots."""

from __future__ import annotations

import re
from typing import Any

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Input

from gradtui.snapshot.model import Problem
from gradtui.tui import asking
from gradtui.tui.app import GradtuiApp
from gradtui.tui.asking import PatienceLost
from gradtui.tui.dialogs.command_palette import UNLISTED
from gradtui.tui.dialogs.help import HelpScreen
from gradtui.tui.panes.key_footer import KeyFooter
from gradtui.tui.typing.line_input import LineInput
from tests.tui.fakes import FakeService, make_app, service

SIZE = (120, 36)


def text_of(app: GradtuiApp) -> str:
    """What is on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def place(app: GradtuiApp) -> tuple[int | None, int | None]:
    """Of the backward cursor, and of the selection."""
    return app.backward.cursor.steps_done, app.backward.cursor.selected


async def until(pilot: Pilot[Any], condition: Any, what: str) -> None:
    """Let the app run until `condition()`."""
    for _ in range(3_000):  # half a minute: beside others a thread may wait for seconds
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError(f"{what} did not come:\n{text_of(pilot.app)}")  # type: ignore[arg-type]


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """And let the picture come that waited for the end of what was typed."""
    await pilot.press(*keys)
    await pilot.pause()
    if isinstance(pilot.app, GradtuiApp):
        asking = pilot.app.asking
        await until(pilot, lambda: not asking.holds_back, "the picture of what was typed")
        await pilot.pause()


async def retype(pilot: Pilot[Any], text: str) -> None:
    """Replace the expression by typing."""
    await press(pilot, "slash", "ctrl+u", *text)


async def test_first_example() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        screen = text_of(app)
        for text in (
            "f(x) = x^2 + 3x + 1",
            "x^2 + 3*x + 1",
            "4.0",
            "29",
            "11",
            "2*x + 3",
            "AddBackward0",
            "AccumulateGrad",
        ):
            assert text in screen
        assert service(app).started
    assert service(app).closed


async def test_first_answer_is_a_problem() -> None:
    """Nothing is being started any more: the graph and the readout do not say so."""
    app = make_app(service=lambda on_snapshot: _slow(FakeService(on_snapshot)))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        service(app).answer(problem=Problem("memory", "that is too much"))
        await pilot.pause()
        assert "that is too much" in text_of(app)
        assert "starting PyTorch" not in text_of(app)


async def test_footer_cuts_no_key() -> None:
    app = make_app("x*y + sin(y)")
    async with app.run_test(size=(40, 30)) as pilot:
        await until(pilot, lambda: "quit" in _footer(app), "the footer")
        always = ["? help", "q quit", "^p palette"]
        keys = [
            "← → step",
            "↑ ↓ node",
            "n p backward",
            "/ edit",
            "x value",
            "v variable",
            *always[:2],
            "l ledger",
            "w why",
        ]
        keys += ["m max", "d f'", "y copy", "D f''", always[2]]
        for width in range(40, 130, 7):
            await pilot.resize_terminal(width, 30)
            await pilot.pause()
            line = _footer(app).replace("▏", " ")
            shown = [key for key in keys if key in line]
            assert " ".join(line.split()) == " ".join(shown), "no half of a key"
            assert {*always} <= {*shown}
            dropped = [key for key in keys if key not in shown]
            assert dropped == [key for key in keys if key not in always][len(shown) - len(always) :], "from the end on"


async def test_before_the_first_answer() -> None:
    """The start expression is there at once, and what is waited for."""
    app = make_app(service=lambda on_snapshot: _slow(FakeService(on_snapshot)))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "x^2 + 3x + 1" in text_of(app)
        assert "starting PyTorch" in text_of(app)
        service(app).answer()
        await pilot.pause()
        assert "starting PyTorch" not in text_of(app)
        assert "29" in text_of(app)


async def test_stepping() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        for keys, x in (
            (["right"], 4.1),
            (["left", "left"], 3.9),
            (["right", "right", "right"], 4.2),
            (["shift+right"], 5.2),
            (["shift+left", "shift+left"], 3.2),
            (["x", *"pi", "escape"], 3.2),
            (["x", *"-2.5", "enter"], -2.5),
            (["x", *"4", "enter", "left_square_bracket", "right"], 4.01),
            (["right_square_bracket", "right_square_bracket", "left"], 3.01),
        ):
            await press(pilot, *keys)
            assert service(app).requests[-1].at == {"x": x}
            assert app.answers.shown is not None
            assert app.answers.shown.variables["x"].value.numbers == (x,)


async def test_bad_value_stays_to_be_mended() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "x", *"1/0", "enter")
        assert "not a finite number" in text_of(app)
        assert service(app).requests[-1].at == {"x": 4.0}
        await press(pilot, "backspace", "4", "enter")
        assert service(app).requests[-1].at == {"x": 0.25}


async def test_x_is_painted_before_its_answer_comes() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        service(app).slow = True
        await press(pilot, "right")
        assert "4.1" in text_of(app)
        assert "29" in text_of(app)
        service(app).answer()
        await pilot.pause()
        assert "30.11" in text_of(app)


async def test_gradients_beside_the_values_are_marked_too() -> None:
    """The value that was typed is new; the gradient beside it is of the one before."""
    app = make_app("x*y + sin(y)")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        stepper = app.picture.stepper
        assert not stepper.get_component_rich_style("stepper--gradient").italic
        service(app).slow = True
        await press(pilot, "right")
        await until(pilot, lambda: app.asking.stale, "the stale mark")
        await pilot.pause()
        assert stepper.get_component_rich_style("stepper--gradient").italic
        assert not stepper.get_component_rich_style("stepper--active-value").italic
        service(app).answer()
        await pilot.pause()
        assert not stepper.get_component_rich_style("stepper--gradient").italic


async def test_stale_only_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 1.0)  # longer than the key takes on a busy machine
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        service(app).slow = True
        await press(pilot, "right")
        assert not app.asking.stale
        await until(pilot, lambda: app.asking.stale, "the stale mark")
        assert "29" in text_of(app)
        service(app).answer()
        await pilot.pause()
        assert not app.asking.stale


async def test_newest_answer_wins() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        service(app).slow = True
        await press(pilot, "right", "right")
        older, newer = service(app).requests[-2:]
        service(app).answer(newer)
        service(app).answer(older)
        await pilot.pause()
        assert app.answers.shown is not None
        assert app.answers.shown.id == newer.id
        assert "31.24" in text_of(app)


async def test_failure_of_an_older_request_is_not_shown() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        service(app).slow = True
        await press(pilot, "right", "right")
        service(app).answer(service(app).requests[-2], Problem("timeout", "no answer within 5 s"))
        await pilot.pause()
        assert "no answer" not in text_of(app)


async def test_problem_keeps_the_picture() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        service(app).slow = True
        await press(pilot, "right")
        service(app).answer(problem=Problem("timeout", "no answer within 5 s; PyTorch is started again"))
        await until(pilot, lambda: "no answer within 5 s" in text_of(app), "the sentence")
        await until(pilot, lambda: app.asking.stale, "the stale mark")
        assert "AccumulateGrad" in text_of(app)
        service(app).answer()
        await pilot.pause()
        assert "no answer" not in text_of(app)
        assert not app.asking.stale


@pytest.mark.long
async def test_typing_evaluates_as_one_types() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await retype(pilot, "x*y + sin(y)")
        assert service(app).requests[-1].expression == "x*y + sin(y)"
        assert "SinBackward0" in text_of(app)
        assert isinstance(app.focused, Input)
        await press(pilot, "enter")
        assert not isinstance(app.focused, Input)
        assert "f(x, y) = x*y + sin(y)" in text_of(app)


async def test_bad_text_keeps_the_picture_and_says_where() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "slash", "end", *"*(x +")
        screen = text_of(app).splitlines()
        assert screen[1].index("^") == screen[0].index("*(x +") + len("*(x +")
        assert "AccumulateGrad" in text_of(app)
        await until(pilot, lambda: app.asking.stale, "the stale mark")
        await press(pilot, "enter")
        assert isinstance(app.focused, Input), "a line that cannot be read is not accepted"
        await press(pilot, "escape")
        assert not isinstance(app.focused, Input)
        assert app.picture.formula.value == "x^2 + 3x + 1", "the old function is back"
        await press(pilot, "slash", "up")
        assert app.picture.formula.value == "x^2 + 3x + 1*(x +", "nothing typed is lost"


@pytest.mark.long
async def test_history() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await retype(pilot, "3 + 1")
        await press(pilot, "enter")
        await press(pilot, "slash", "up")
        assert app.picture.formula.value == "x^2 + 3x + 1"
        await press(pilot, "down")
        assert app.picture.formula.value == "3 + 1"
        await press(pilot, "ctrl+u", *"x + (", "up", "down")
        assert app.picture.formula.value == "x + ("


@pytest.mark.parametrize("text", ["[red]x[/red]", "[@click=app.quit]x[/]", "x\x1b[31m", "x\u202ey", "\\[x"])
async def test_text_of_a_person_is_never_markup(text: str) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        app.picture.formula.value = text
        await pilot.pause()
        await press(pilot, "escape")
        first = text_of(app).splitlines()[0]
        assert text.replace("\x1b", "␛").replace("\u202e", "�") in first
        assert "\x1b" not in text_of(app)
        assert "\u202e" not in text_of(app)


async def test_what_comes_while_the_app_ends_is_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of messages that were posted before its screens were closed."""
    app, heard = make_app(), []
    async with app.run_test(size=SIZE):
        monkeypatch.setattr(app, "show_answer", lambda: heard.append(app.is_running))
        for running in (False, True):
            monkeypatch.setattr(app, "_running", running)
            await app._dispatch_message(PatienceLost())
    assert heard == [True]


async def test_letters_are_letters_while_typing() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await retype(pilot, "n*x + q - v")
        assert app.picture.formula.value == "n*x + q - v"
        assert app.is_running


async def test_variables() -> None:
    app = make_app("x*y + sin(y)", {"x": "2", "y": "1.5"})
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "right")
        await press(pilot, "v", "right", "right")
        assert service(app).requests[-1].at == {"x": 2.1, "y": 1.7}
        await press(pilot, "V", "left")
        assert service(app).requests[-1].at == {"x": 2.0, "y": 1.7}


async def test_vector_element_by_element() -> None:
    app = make_app("(x * x) + (3 * x) + 1", {"x": "[2.1, 5.4, 3.2]"}, dtype="float64")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "right")
        await press(pilot, "e", "right")
        await press(pilot, "E", "E", "left")
        assert service(app).requests[-1].at == {"x": (2.2, 5.5, 3.1)}
        assert "[7.2, 13.8, 9.4]" in text_of(app)


async def test_curve_is_asked_once_a_window() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "right", "right")
        curves = [request.curve for request in service(app).requests]
        assert curves[0] is not None
        assert curves[1:] == [None] * len(curves[1:])
        await press(pilot, "plus")
        newest = service(app).requests[-1].curve
        assert newest is not None
        low, high = newest.window
        assert high - low == pytest.approx(10)


async def test_curve_is_asked_until_it_comes() -> None:
    """A request that waits is dropped for a newer one; its curve must not be lost with it."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        service(app).slow = True
        await press(pilot, "minus", "right", "right")
        assert all(request.curve is not None for request in service(app).requests[-3:])


@pytest.mark.parametrize(
    ("key", "window"), [("plus", (-1.0, 9.0)), ("ctrl+right", (-5.0, 15.0)), ("ctrl+left", (-15.0, 5.0))]
)
async def test_window_keys(key: str, window: tuple[float, float]) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, key)
        assert app.session.window != (-10.0, 10.0)
        await press(pilot, "f")
        low, high = app.session.window
        assert low <= 4.0 <= high


async def test_show_or_hide_the_derivative() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "d")
        assert not app.picture.chart.derivative_shown
        await press(pilot, "d")
        assert app.picture.chart.derivative_shown


async def test_saved_tensors() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down", "down")
        assert "saved" not in text_of(app)
        await press(pilot, "s")
        assert "saved" in text_of(app)


async def test_all_views_follow_a_node_at_once() -> None:
    """A message would come a frame later, and behind the keys that wait already."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        picture = app.picture
        shown = [picture.node_panel.line(0)]
        for _ in range(2):
            picture.graph.action_down()
            assert app.backward.cursor.selected == picture.graph.selected
            shown.append(picture.node_panel.line(0))
        assert len(set(shown)) == 3


async def test_selecting_a_node_lights_up_its_text() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "down")
        assert app.backward.cursor.selected == 1
        assert app.picture.formula.lit == (0, 8)
        await press(pilot, "up")
        assert app.backward.cursor.selected == 0


async def test_backward_steps() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert place(app) == (None, 0)
        await press(pilot, "n")
        assert place(app) == (1, 0)
        await press(pilot, "n", "n")
        assert place(app) == (3, 2)
        await press(pilot, "p")
        assert place(app) == (2, 1)
        await press(pilot, "P")
        assert place(app) == (0, 1)
        await press(pilot, "N")
        assert place(app) == (None, 1)


@pytest.mark.long
async def test_cursor_stays_while_stepping() -> None:
    """Another x is the same graph: what was selected stays selected. Another function begins anew."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "n", "n", "right")
        assert place(app) == (2, 1)
        await retype(pilot, "x*y + sin(y)")
        assert place(app) == (None, 0)


async def test_tab_goes_to_every_pane() -> None:
    app, seen = make_app(), []
    async with app.run_test(size=SIZE) as pilot:
        for _ in range(5):
            await press(pilot, "tab")
            seen.append(app.focused.id if app.focused is not None else None)
    assert seen == ["expression", "stepper", "graph", "chart", "node"]


@pytest.mark.parametrize("pane", ["graph", "chart", "node"])
async def test_maximise(pane: str) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.query_one(f"#{pane}").focus()
        await press(pilot, "m")
        shown = {name for name in ("graph", "chart", "node") if app.query_one(f"#{name}").region.area}
        assert shown == {pane}
        await press(pilot, "right")
        assert "4.1" in text_of(app), "the keys still work"
        await press(pilot, "escape")
        assert all(app.query_one(f"#{name}").region.area for name in ("graph", "chart", "node"))
        assert app.is_running, "escape never quits"


async def test_help() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        assert "where(x>0" in text_of(app)
        await press(pilot, "escape")
        assert not isinstance(app.screen, HelpScreen)
        assert app.is_running


@pytest.mark.parametrize("opened", ["question_mark", "i"])
async def test_what_is_longer_than_the_screen_is_scrolled_by_keys(opened: str) -> None:
    app = make_app()
    async with app.run_test(size=(80, 6)) as pilot:
        await press(pilot, opened)
        scrolled = app.screen.query_one("#help")
        await press(pilot, "end")
        assert scrolled.scroll_target_y == scrolled.max_scroll_y > 0
        await press(pilot, "home", "pagedown", "down")
        assert scrolled.scroll_target_y > 0


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_quit(key: str) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, key)
    assert not app.is_running
    assert service(app).closed


async def test_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "y")
        await until(pilot, lambda: "Copy the value" in text_of(app), "the choice")
        await press(pilot, *"gradient", "enter")
        await until(pilot, lambda: bool(copied), "the copy")
        assert copied == ["11"]


@pytest.mark.long
async def test_palette_has_every_action() -> None:
    app = make_app("x*y + sin(y)", {"x": "[2]", "y": "1.5"})
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        commands = [*app.get_system_commands(app.screen)]
        titles = {command.title for command in commands}
        assert len({re.sub(r"\W", "", title) for title in titles}) == len(commands), "each once"
        files = [command.help for command in commands if "under another name" in command.help]
        assert sorted(set(files)) == sorted(files), "one command a file"
        for binding in app.BINDINGS:
            assert isinstance(binding, Binding)
            if app.check_action(binding.action.partition("(")[0], ()) and binding.id not in UNLISTED:
                assert binding.tooltip in titles
        assert {"Theme", "Example: sigmoid", "Use float64"} <= titles
        await press(pilot, "ctrl+p", *"use float64")
        await until(pilot, lambda: "Use float64" in text_of(app), "the command")
        await press(pilot, "enter")
        await until(pilot, lambda: service(app).requests[-1].dtype == "float64", "the request")


@pytest.mark.long
@pytest.mark.parametrize("line", ["slash", "x", "ctrl+f"])
async def test_a_command_of_the_palette_works_while_a_line_is_typed(line: str) -> None:
    """The line is left for it."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, line)
        await press(pilot, "ctrl+p", *"one step up")
        await until(pilot, lambda: "One step up" in text_of(app), "the command")
        await press(pilot, "enter")
        await until(pilot, lambda: service(app).requests[-1].at == {"x": 4.1}, "the step")
        assert app.focused is None
        assert app.picture.problem_line.display


async def test_example_from_the_palette() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        app.picture.take("3 + 1")
        await pilot.pause()
        assert app.picture.formula.value == "3 + 1"
        assert "f is constant" in text_of(app)


async def test_footer_shows_what_works_now() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        keys = _footer(app)
        assert "variable" not in keys
        assert "edit" in keys
        await press(pilot, "slash")
        await until(pilot, lambda: "accept" in _footer(app), "the keys of the line")
        assert "edit" not in _footer(app)


async def test_mouse() -> None:
    app = make_app("x*y + sin(y)", {"x": "2", "y": "1.5"})
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.click("#stepper", offset=(2, 1))
        await pilot.pause()
        assert app.session.active == "y"
        await pilot._post_mouse_events([_scroll_up()], "#stepper", offset=(2, 0))
        await pilot.pause()
        assert service(app).requests[-1].at == {"x": 2.1, "y": 1.5}


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (140, 40), (64, 18), (40, 10), (200, 12), (41, 60), (300, 100)])
async def test_sizes(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        screen = text_of(app)
        assert "too small" not in screen
        assert all(text in screen for text in ("x^2 + 3x + 1", "4.0", "29", "AddBackward0"))


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (39, 30), (100, 9)])
async def test_too_small_and_back(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "right")
        await pilot.resize_terminal(*size)
        await pilot.pause()
        if size[0] >= 9 and size[1] > 1:
            assert "too small" in text_of(app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "30.11" in text_of(app)
        await press(pilot, "right")
        assert "31.24" in text_of(app)


@pytest.mark.parametrize("begun", ["x*y + sin(y)", "x^2 + 3x + 1"])
async def test_variables_have_their_room_once_a_function_is_typed(begun: str) -> None:
    """Also where its answer came before it was accepted."""
    app = make_app(begun)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("slash", "ctrl+u", *"x*y + sin(y)")
        await until(pilot, lambda: app.answers.shown and app.answers.shown.expression == "x*y + sin(y)", "its answer")
        await press(pilot, "enter")
        assert app.picture.stepper.size.width == app.size.width * 2 // 5 - 1


@pytest.mark.parametrize("text", ["x*y + sin(y)", "x^2 + 3x + 1"])
async def test_variables_have_the_room_of_the_size_that_is_there(text: str) -> None:
    """Whatever it was before."""
    widths = set()
    for columns in (120, 200, 100, 70):
        app = make_app(text, {"x": "123456789.123456789012345678901234567890"})
        async with app.run_test(size=(columns, 36)) as pilot:
            await pilot.pause()
            await pilot.resize_terminal(120, 36)
            await pilot.pause()
            widths.add(app.picture.stepper.size.width)
    assert len(widths) == 1


async def test_a_constant_has_no_curve() -> None:
    """Nor that of the function before it, which is there again with that."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "tangent" in text_of(app), "the curve")
        app.picture.take("3 + 1")
        await until(pilot, lambda: "f is constant" in text_of(app), "the constant")
        await until(pilot, lambda: "no curve" in text_of(app), "an empty chart")
        assert "tangent" not in text_of(app)
        await pilot.press("u")
        await until(pilot, lambda: "tangent" in text_of(app), "the curve")


@pytest.mark.parametrize("opening", ["slash", "x", "O", "ctrl+f", "ctrl+s", "shift+tab shift+tab"])
async def test_too_small_for_a_while(opening: str) -> None:
    """Whoever has the keys keeps them: what is typed meanwhile is neither lost nor taken for commands."""

    async def stands(meanwhile: tuple[int, int]) -> tuple[str | None, list[str]]:
        app = make_app()
        async with app.run_test(size=SIZE) as pilot:
            await pilot.pause()
            await pilot.press(*opening.split(), "1")
            await pilot.resize_terminal(*meanwhile)
            await pilot.pause()
            await pilot.press("2")
            await pilot.resize_terminal(*SIZE)
            await pilot.pause()
            return app.focused.id if app.focused else None, [line.value for line in app.query(LineInput)]

    assert await stands((20, 5)) == await stands((90, 30))


def _slow(made: FakeService) -> FakeService:
    made.slow = True
    return made


async def test_keys_that_work_stand_at_the_foot_wherever_the_focus_is() -> None:
    """What a pane inherits of Textual, to scroll by, would stand before them."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        places = [app.session.place]
        for name in ("#graph", "#chart", "#stepper"):
            app.query_one(name).focus()
            await until(pilot, lambda name=name: app.focused is app.query_one(name), f"the focus on {name}")
            assert "step" in _footer(app)
            await press(pilot, "right")
            assert app.session.place not in places
            places.append(app.session.place)


def _footer(app: GradtuiApp) -> str:
    footer = app.query_one(KeyFooter)
    return text_of(app).splitlines()[footer.region.y]


def _scroll_up() -> Any:
    from textual.events import MouseScrollUp

    return MouseScrollUp
