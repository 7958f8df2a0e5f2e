"""What is typed: no piece of it becomes the picture, the old function comes back, and all of it can be undone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual.events import Key, Paste
from textual.widgets import Input

from gradtui.tui.app import GradtuiApp
from gradtui.tui.texts import slope
from gradtui.tui.typing import formula
from gradtui.tui.typing.expression_input import unfinished
from gradtui.tui.typing.line_input import joined
from tests.tui.fakes import make_app, service
from tests.tui.test_app import press, retype, text_of, until

SIZE = (80, 24)


@pytest.mark.parametrize("typed", ["sin(x", "sqr", "e", "where(x > 0, s", "tan"])
async def test_no_prefix_becomes_the_picture(typed: str) -> None:
    """Nor after enter, where the text cannot be read or the word goes on; what stands is named."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await retype(pilot, typed)
        assert {request.expression for request in service(app).requests} <= {"x^2 + 3x + 1"}
        assert "still x^2 + 3x + 1" in text_of(app)
        assert "calculus ✓" not in text_of(app)


async def test_a_piece_that_could_be_read_goes_back() -> None:
    """x*y stands for a moment while one types what follows; with enter at once, else after a while."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await retype(pilot, "x*y+(")
        assert service(app).requests[-1].expression == "x*y"
        await press(pilot, "enter")
        assert isinstance(app.focused, Input)
        assert service(app).requests[-1].expression == "x^2 + 3x + 1"
        assert "still x^2 + 3x + 1" in text_of(app)


async def test_the_bad_place_is_seen_after_enter() -> None:
    """The caret stands under it, and not where it stood once the line is elsewhere."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        app.picture.open_formula()
        await retype(pilot, "x + $ + " + " + ".join(map(str, range(50))))
        line, problem = app.picture.formula, app.picture.problem_line
        assert line.column(4) < 0
        await press(pilot, "enter")
        await pilot.pause()
        assert line.cursor_position == 4
        for key in ("end", "home"):
            assert problem._column == app.picture._problem_column()
            await press(pilot, key)
            await pilot.pause()
        assert problem._column == app.picture._problem_column()


async def test_it_goes_back_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formula, "GO_BACK", 0.01)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await retype(pilot, "x*y+(")
        await until(pilot, lambda: service(app).requests[-1].expression == "x^2 + 3x + 1", "the old function")
        assert app.picture.formula.value == "x*y+("


async def test_enter_takes_a_letter_that_could_go_on() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await retype(pilot, "s")
        await press(pilot, "enter")
        assert app.session.text == "s"
        assert not app.session.held


async def test_escape_gives_the_old_function_back() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await retype(pilot, "x*y + sin(y)")
        assert app.session.text == "x*y + sin(y)"
        await press(pilot, "escape")
        assert app.session.text == app.picture.formula.value == service(app).requests[-1].expression == "x^2 + 3x + 1"
        await press(pilot, "slash", "up")
        assert app.picture.formula.value == "x*y + sin(y)", "nothing typed is lost"


async def test_undo_of_functions_and_values() -> None:
    """The steps of one variable are one; a function comes back with its values."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert not app.check_action("undo", ())
        await press(pilot, "right", "right", "x", *"2", "enter")
        await retype(pilot, "x*y + sin(y)")
        await press(pilot, "enter")
        seen = []
        for _ in range(3):
            await press(pilot, "u")
            seen.append((app.picture.formula.value, app.session.place, service(app).requests[-1].at["x"]))
        function = "x^2 + 3x + 1"
        assert seen == [(function, 2.0, 2.0), (function, 4.2, 4.2), (function, 4.0, 4.0)]
        assert not app.check_action("undo", ())


@pytest.mark.parametrize("key", ["tab", "shift+tab"])
@pytest.mark.parametrize(("typed", "stands"), [("x*y", "x*y"), ("x +", "x^2 + 3x + 1"), ("s", "s")])
async def test_tab_always_leaves(key: str, typed: str, stands: str) -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await retype(pilot, typed)
        await press(pilot, key)
        assert not isinstance(app.focused, Input)
        assert app.session.text == app.picture.formula.value == stands
        assert app.session.problem is None


async def test_tab_leaves_a_value() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "x", *"2", "tab")
        assert not isinstance(app.focused, Input)
        assert app.session.place == 2.0
        await press(pilot, "x", *"2,5", "tab")
        assert not isinstance(app.focused, Input)
        assert app.session.place == 2.0


async def test_pasted_lines_are_one() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "slash", "ctrl+u")
        app.picture.formula.post_message(Paste("a = x^2\n\n  b = a + 1\r\na*b\n"))
        await pilot.pause()
        assert app.picture.formula.value == "a = x^2; b = a + 1; a*b"


def test_joined() -> None:
    assert joined("def f(x):\n    a = x**2\n    return a\n") == "def f(x): a = x**2; return a"
    assert joined("a = 1;\nb") == "a = 1; b"
    assert joined("x\n") == "x"


def test_unfinished() -> None:
    assert unfinished("s", ())
    assert unfinished("x + lo", ())
    assert not unfinished("s", ("s",))
    assert not unfinished("s^2 + s", ()), "it stands there already"
    assert not unfinished("x^2 + 3x", ())
    assert not unfinished("sin(x)", ())


async def test_f1_explains_while_one_types() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "slash", "f1")
        assert "what can be typed" in text_of(app)
        await press(pilot, "escape")
        assert isinstance(app.focused, Input)


async def test_moving_keys_never_start_an_experiment() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "j", "j")
        assert app.backward.cursor.selected == 3
        await press(pilot, "k")
        assert app.backward.cursor.selected == 1
        assert not app.session.experiments


@pytest.mark.parametrize("leaving", [("tab",), ("tab", "tab"), ("shift+tab",)])
async def test_what_is_typed_after_tab_is_for_what_follows(leaving: tuple[str, ...]) -> None:
    """A slow moment, and all of it is there at once: none of it is lost, and none goes into the line."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "slash")
        for key in (*leaving, "n", "n"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: app.backward.cursor.steps_done == 2, "two steps of backward")
        assert app.picture.formula.value == "x^2 + 3x + 1"


async def test_of_a_file_the_dtype_is_that_of_the_answer() -> None:
    """The file may have chosen one; of what is typed it is the one that was asked for."""
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.answers.shown is not None, "an answer")
        assert "float32 · cpu" in app.line.status.render().plain
        answer = app.answers.shown
        assert answer is not None
        app.answers.shown = replace(answer, origin="function", dtype="bfloat16")
        app.settle()
        assert "bfloat16 · cpu" in app.line.status.render().plain


LONG = " + ".join(f"sin({number}x)" for number in range(1, 20))


def first_line(app: GradtuiApp) -> str:
    return text_of(app).splitlines()[0]


async def test_a_long_function_is_marked_where_it_is_cut() -> None:
    """As it is given, as it is accepted with the cursor at its end, and at another size; not while one types."""
    app = make_app(LONG)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "= sin(1x) + " in first_line(app) and "…  float32" in first_line(app), "the line")
        await press(pilot, "slash")
        await until(pilot, lambda: f"= {LONG[:8]}" not in first_line(app), "the line")
        assert "…" not in first_line(app)
        assert "+ sin(19x)" in first_line(app)
        await press(pilot, *"+1", "enter")
        await until(pilot, lambda: "= sin(1x) + " in first_line(app) and "…  float32" in first_line(app), "the line")
        await pilot.resize_terminal(400, 24)
        await until(pilot, lambda: f"= {LONG}+1 " in first_line(app), "the line")


async def test_what_is_lit_is_seen() -> None:
    app = make_app(LONG)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        start = LONG.index("sin(12x)")
        app.line.formula.lit = start, start + len("sin(12x)")
        await until(pilot, lambda: "sin(12x)…" in first_line(app), "the line")
        assert "f(x) = …" in first_line(app)
        app.line.formula.lit = 0, len(LONG)
        await until(pilot, lambda: "= sin(1x) + " in first_line(app), "the line")


async def test_the_name_of_a_function_leaves_the_numbers_their_room() -> None:
    app = make_app("somewhere/model.py:weighted_average_of_all_losses_over_batches_and_ranks", origin="function")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "model.py:weighted_average" in first_line(app)
        assert "…  float32" in first_line(app)
        assert slope(app.session).startswith("f'")
