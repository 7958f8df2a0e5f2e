"""Room: which panes are shown at which size, and what is never cut away or touches."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.widgets._toast import Toast

from gradtui.file.snapshot_format import load
from gradtui.report.export import SUFFIXES
from gradtui.snapshot.model import Origin
from gradtui.tui.answers import Answers
from gradtui.tui.dialogs.in_full import in_full
from gradtui.tui.node.panel import NodePanel
from gradtui.tui.saved import session_of
from gradtui.tui.texts import NOTHING_YET
from tests import examples
from tests.tui.fakes import make_app
from tests.tui.test_app import press, text_of, until
from tests.tui.training.engine import trained_app


@pytest.mark.parametrize("size", [(60, 20), (48, 12), (100, 16)])
async def test_panes_as_tabs(size: tuple[int, int]) -> None:
    """The rule and the ledger are one key away, and the way back is one, too."""
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        panes = app.picture.panes
        assert [pane.id for pane in panes.children if pane.display] == ["graph"]
        await press(pilot, "shift+tab")
        assert "AddBackward0" in text_of(app)
        assert [pane.id for pane in panes.children if pane.display] == ["node"]
        await press(pilot, "tab", "l")
        assert [pane.id for pane in panes.children if pane.display] == ["node"]
        await press(pilot, "escape", "tab", "tab")
        assert [pane.id for pane in panes.children if pane.display] == ["chart"]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_value_step_and_f_never_touch(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        for value in ("4", "123456.789", "0.000123456789"):
            await press(pilot, "x", *value, "enter")
            await pilot.pause()
            lines = text_of(app).splitlines()
            line = next(line for line in lines if "step" in line)
            assert "  step 0.1  " in f"{line}  "
            assert not any(f"{before}f(x) =" in line for before in "0123456789.")


async def test_a_graph_of_few_rows_leaves_its_room_to_the_node() -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        graph, node = app.picture.graph.region, app.picture.node_panel.region
        assert node.y == graph.bottom
        assert node.x == graph.x
        assert node.height > graph.height
        assert app.picture.chart.region.height == graph.height + node.height


async def test_widths_shrink_again() -> None:
    """A long number takes room from the source only for as long as it is there."""
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = app.picture.graph._widths
        await press(pilot, "x", *"1234.5678", "enter")
        assert app.picture.graph._widths != before
        await press(pilot, "x", "4", "enter", *["right", "left"] * 7)
        assert app.picture.graph._widths == before


async def test_what_is_cut_can_be_opened() -> None:
    text = "x^2 + 3x + 1"
    app = make_app()
    async with app.run_test(size=(44, 14)) as pilot:
        await press(pilot, "i")
        screen = text_of(app)
        assert text in screen
        assert "8 by way of x^2 + 3 by way of" in " ".join(screen.split())
        await press(pilot, "escape")
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize(("origin", "name"), [("function", "folder/model.py:loss"), ("capture", "output")])
def test_the_name_of_a_program_in_full(origin: Origin, name: str) -> None:
    """As it was given, and once."""
    session = session_of(replace(examples.quadratic(), expression=name, origin=origin))
    assert next(iter(in_full(session, Answers(), NOTHING_YET, None, NodePanel()))) == ("the function", name)


async def test_variables_without_room_leave_a_mark() -> None:
    """On the side where they are."""
    names = [f"x{number}" for number in range(1, 9)]
    app = trained_app(" + ".join(names), dict.fromkeys(names, "1"), None)

    def marks() -> str:
        stepper = app.picture.stepper
        lines = [stepper.render_line(y).text.rstrip() for y in range(stepper.size.height)]
        assert not any(line[-1] in "↑↓↕" for line in lines[1:-1])
        return "".join(line[-1] if line[-1] in "↑↓↕" else "-" for line in (lines[0], lines[-1]))

    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.answers.shown is not None, "the answer")
        await press(pilot)
        assert marks() == "-↓"
        await press(pilot, *"vvvvv")
        assert marks() == "↑↓"
        await press(pilot, *"vv")
        assert marks() == "↑-"
        await pilot.resize_terminal(120, 60)
        await press(pilot)
        assert marks() == "--"


async def test_for_a_projector() -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await press(pilot, "M")
        assert [pane.id for pane in app.picture.panes.children if pane.display] == ["chart"]
        assert "q quit" not in text_of(app)
        await press(pilot, "tab")
        assert [pane.id for pane in app.picture.panes.children if pane.display] == ["node"]
        await press(pilot, "escape")
        assert "q quit" in text_of(app)


async def test_a_maximised_pane_is_there_again_after_the_projector() -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await press(pilot, "m", "M", "tab", "tab", "M")
        assert [pane.id for pane in app.picture.panes.children if pane.display] == ["graph"]
        await press(pilot, "m", "M", "M")
        assert app.picture.panes.maximised is None


async def test_the_pane_that_is_seen_is_maximised() -> None:
    """Not the one that has the keys, where only one is seen."""
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        for _ in range(3):
            await press(pilot, "tab", "m")
            seen = [pane.id for pane in app.picture.panes.children if pane.display]
            assert (seen, app.picture.panes.maximised) == ([app.picture.panes.tab], app.picture.panes.tab)
            await press(pilot, "m")
            assert app.picture.panes.maximised is None


async def test_what_a_key_changes_is_seen() -> None:
    """Where there is room for one pane."""
    rows = [
        *((pane, key, "chart") for pane in ("graph", "node") for key in ("plus", "f", "d", "number_sign", "h")),
        *(("chart", key, "graph") for key in ("n", "P", "down", "r", "space", "ctrl+f", "t")),
        *(("node", key, "node") for key in ("n", "P", "down", "w")),
        *(("chart", key, "node") for key in ("w", "l")),
    ]
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        for before, key, after in rows:
            app.picture.panes.tab = before
            await press(pilot, key)
            seen = [pane.id for pane in app.picture.panes.children if pane.display]
            assert (before, key, seen) == (before, key, [after])
            await press(pilot, "escape")


@pytest.mark.parametrize(("key", "size"), [("i", (80, 24)), ("question_mark", (80, 24)), ("question_mark", (120, 36))])
async def test_the_keys_of_what_lies_over_the_panes(key: str, size: tuple[int, int]) -> None:
    """How it is left is told, and that q quits is not: there it does not."""
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await press(pilot, key)
        foot = text_of(app).splitlines()[-1]
        assert "esc close" in foot
        assert "quit" not in foot
        await press(pilot, "q")
        assert len(app.screen_stack) == 1
        assert "q quit" in text_of(app).splitlines()[-1]


async def test_plain_names() -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await press(pilot, "a")
        screen = text_of(app)
        assert "Backward0" not in screen
        assert "AccumulateGrad" not in screen
        assert "· 3 ▾" in screen
        assert "operation " in screen
        await press(pilot, "a")
        assert "MulBackward0" in text_of(app)


async def test_files_from_the_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await press(pilot, "a", "ctrl+s")
        for name in ("nothing.xyz", "f.gradtui", "f.chart.svg", "g.svg", "f.json"):
            if not app.picture.file.display:
                await press(pilot, "ctrl+s")
            await press(pilot, "ctrl+u", "ctrl+k", *name, "enter")
            if name == "nothing.xyz":
                await until(pilot, lambda: "must end in one of" in text_of(app), "what is wrong")
            else:
                await until(pilot, lambda: not app.picture.file.display, name)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["f.chart.svg", "f.gradtui", "f.json", "g.svg"]
        assert load("f.gradtui").curve is not None
        assert "AddBackward0" not in Path("g.svg").read_text()
        assert "slope 11" in Path("f.chart.svg").read_text()


async def test_what_is_said_of_a_file_is_whole() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "ctrl+s")
        assert all(suffix in text_of(app) for suffix in SUFFIXES)
        await press(pilot, "ctrl+u", "ctrl+k", *"f.xyz", "enter")
        await until(pilot, lambda: "f.xyz must end in one of" in text_of(app), "what is wrong")
        assert "what is written" in text_of(app)
        await press(pilot, "escape")
        assert "f(x) = 29" in text_of(app)


async def test_the_border_does_not_move_to_and_fro() -> None:
    """It makes room for more digits, and keeps it until there is another function."""
    app = trained_app("(w*x + b - y)^2", {"w": "0.5", "x": "2", "b": "0", "y": "3"}, None)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.answers.shown is not None, "the answer")
        graph = app.picture.graph
        await press(pilot, "x", *"123.45678", "enter")
        await until(pilot, lambda: graph.outer_size.width > 66, "more room")
        wide = graph.outer_size.width
        await press(pilot, "x", *"0.5", "enter", *["right", "left"] * 7)
        assert graph.wanted_size[0] < wide
        assert graph.outer_size.width == wide
        await press(pilot, "slash", "ctrl+u", *"x", "enter")
        await until(pilot, lambda: graph.outer_size.width < wide, "the room of another function")


async def test_what_is_opened_uses_the_width_that_it_has() -> None:
    """And is not broken where the narrow pane had to."""
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "i")
        assert "where backward starts with ḡ = 1. That" in text_of(app)


@pytest.mark.parametrize("size", [(80, 24), (64, 18), (40, 12)])
async def test_a_note_covers_no_more_than_its_lines(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size, notifications=True) as pilot:
        await press(pilot, "right")
        for _ in range(2):
            app.notify("written: function.json", timeout=60)
        while len(notes := [*app.screen.query(Toast)]) < 2 or not all(note.region.height for note in notes):
            await pilot.pause(0.01)
        first, second = (note.region for note in notes)
        assert first.height == second.height == 1
        assert first.bottom == second.y
        assert first.width < 30
