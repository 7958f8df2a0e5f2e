"""The screen on a run: what it shows is what the run has, it follows the file, and nothing that arrives takes it down."""

from __future__ import annotations

import csv
import json
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

from gradtui.file.run_reading import Following, load
from gradtui.file.run_writing import RunWriter, save
from gradtui.runs.binned_norms import View
from gradtui.runs.packed_updates import Record
from gradtui.runs.run import ParameterNorms, Run, Update
from gradtui.settings.read_settings import Settings
from gradtui.tui.run import following
from gradtui.tui.run.app import RunApp
from gradtui.tui.run.following import Source
from gradtui.tui.run.heat_map import HeatMap, Scale
from gradtui.tui.run.lines import status
from gradtui.tui.run.look import FIRST_ROWS, Look
from gradtui.tui.run.opened import UpdateApp, by_rank, explorer
from gradtui.tui.run.panes import Output
from gradtui.tui.run.ranks import RanksApp
from gradtui.tui.typing.file_entry import FileInput
from tests import examples
from tests.runs import made
from tests.runs.test_side_by_side import none_from_5, rank

WIDE = (120, 36)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / ("of-a-long-name-" * 10) / "run.gradtui"
    path.parent.mkdir()
    save(made.run(), path)
    return path


async def until(pilot: Pilot[Any], true: Callable[[], bool]) -> None:
    """Wait for a condition; a screen on which it never comes is a failure by the clock of the tests."""
    for _ in range(3_000):
        await pilot.pause(0.01)
        if true():
            return
    raise AssertionError("it never came")


def of(pilot: Pilot[Any]) -> RunApp:
    assert isinstance(pilot.app, RunApp)
    return pilot.app


async def shown(pilot: Pilot[Any]) -> None:
    app = of(pilot)
    await until(pilot, lambda: app.look.count > 0 and app.loss.settled)


def screen(app: App[Any]) -> list[str]:
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


def rows(app: RunApp) -> dict[str, str]:
    """The cells of the heat map by the label of their row."""
    heat = app.heat
    lines = [heat.line(y).pieces for y in range(heat.line_count)]
    return {app.look.rows[y].path: "".join(text for text, _ in line[2:]) for y, line in enumerate(lines)}


def text(app: RunApp) -> str:
    views = (app.findings, app.numbers, app.output, app.loss)
    lines = ["".join(one for one, _ in view.line(y).pieces) for view in views for y in range(view.line_count)]
    return "\n".join([str(app.what.content), str(app.doing.content), *lines])


async def test_it_begins_where_it_went_wrong(path: Path) -> None:
    app = RunApp(Source(str(path)))
    async with app.run_test(size=WIDE) as pilot:
        await shown(pilot)
        assert app.look.update is not None
        assert (app.look.update.update, app.look.selected and app.look.selected.path) == (37, "encoder.0.weight")
        told = text(app)
        assert all(word in told for word in ("train.py --epochs 3", "60 updates", "ended with 1", "train.py:21"))
        assert made.FOUND.text in told
        assert made.FOUND.remedy in told
        cells = rows(app)
        width = app.heat.cell_count
        assert cells["encoder.2.bias"] == "∅" * width
        assert cells["head.bias"] == "0" * width
        begins = width * 37 // 60
        assert "×" not in cells["encoder.0.weight"][:begins]
        assert cells["encoder.0.weight"][begins + 1 :].strip("×") == ""
        assert cells["head.weight"].endswith("∞")
        await pilot.press("home")
        assert "loss 2 " in text(app)
        await pilot.press("up", "up", "up")
        assert app.look.selected is not None
        assert app.look.selected.path == ""
        assert next(line for line in text(app).splitlines() if line.startswith("encoder.2.bias")).split()[1] == "None"


async def test_in_full_a_finding_is_headed_as_beside_its_update(path: Path) -> None:
    """How sure it is stands there too."""
    app = RunApp(Source(str(path)))
    async with app.run_test(size=WIDE) as pilot:
        await shown(pilot)
        await pilot.press("w")
        head = next(line for line in text(app).splitlines() if line.startswith(made.FOUND.certainty))
        await pilot.press("i")
        await until(pilot, lambda: any(head in line for line in screen(app)[12:24]))


async def test_keys(path: Path) -> None:
    app = RunApp(Source(str(path)))
    async with app.run_test(size=WIDE) as pilot:
        await shown(pilot)
        look, heat = app.look, app.heat
        await pilot.press("home", "full_stop", "full_stop", "comma")
        assert look.place == 1
        await pilot.press("plus", "plus", "right")
        low, high = look.window
        assert (high - low, look.place) == (15, 2)
        await pilot.press("f")
        assert look.window == (0, 60)
        before, title = rows(app), heat.border_title
        await pilot.press("c")
        assert heat.border_title != title
        assert rows(app) != before
        await pilot.press("w")
        assert look.place == 37
        await pilot.press("S")
        assert look.update is not None
        assert look.update.update == 20
        count = len(look.rows)
        await pilot.press("space")
        assert len(look.rows) < count
        snapshot = look.run.snapshots[37]
        await pilot.press("end", "enter")
        look.take(Run(), View(Record()))  # another run in its place, or that of another rank
    assert app.opened == 37
    assert app.snapshots[37].expression == snapshot.expression


@pytest.mark.parametrize(("size", "is_open"), [((140, 50), True), ((80, 24), False)])
async def test_modules_are_opened_as_far_as_there_is_room(size: tuple[int, int], is_open: bool, tmp_path: Path) -> None:
    names = [f"layers.{number}.{kind}" for number in range(9) for kind in ("weight", "bias")]
    save(
        Run(updates=[Update(0, 0, 1.0, (0.1,), 1.0, dict.fromkeys(names, ParameterNorms(1.0, 1.0, 0.1)))]),
        tmp_path / "r",
    )
    async with RunApp(Source(str(tmp_path / "r"))).run_test(size=size) as pilot:
        await shown(pilot)
        app = of(pilot)
        assert ({*names} <= rows(app).keys()) is is_open
        assert len(app.look.rows) <= max(FIRST_ROWS, app.heat.scrollable_content_region.height)


async def test_a_click_chooses_update_and_module(path: Path) -> None:
    app = RunApp(Source(str(path)))
    async with app.run_test(size=WIDE) as pilot:
        await shown(pilot)
        heat = app.heat
        await pilot.click(HeatMap, offset=(heat.name_width + 2 + heat.cell_count // 2, 2))
        await until(pilot, lambda: app.look.row == 1)
        assert abs(app.look.place - 30) <= 1


@pytest.mark.parametrize("size", [(60, 20), (80, 24), WIDE])
async def test_a_file_is_asked_for(size: tuple[int, int], path: Path) -> None:
    """The keys are those of the line, and what is said of the name is whole."""
    app = RunApp(Source(str(path)))
    async with app.run_test(size=size) as pilot:
        await shown(pilot)
        await pilot.press("ctrl+s")
        await pilot.pause()
        lines = screen(app)
        assert any(line.rstrip().endswith(".gradtui .json .csv") for line in lines)
        assert "zoom" not in lines[-1]
        await pilot.press("ctrl+u", "ctrl+k", *"run.xyz", "enter")
        await until(pilot, lambda: "in none of them" in " ".join(" ".join(screen(app)).split()))
        await pilot.press("plus", "f1")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("escape", "escape")
        await until(pilot, lambda: not app.file.display)
        assert app.look.window == (0, 60), "+ was a letter"


async def test_what_is_cut_of_a_finding_has_a_mark(path: Path) -> None:
    app = RunApp(Source(str(path)))
    async with app.run_test(size=(60, 20)) as pilot:
        await shown(pilot)
        assert screen(app)[1].rstrip().endswith("…")


async def test_of_a_run_that_goes_on_it_is_said_that_most_is_looked_for_later(tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    app = RunApp(Source(str(path)))
    with RunWriter(path) as writer:
        writer.optimizer("SGD")
        writer.update(made.update(0))
        async with app.run_test(size=WIDE) as pilot:
            await shown(pilot)
            assert "no fault found yet" in text(app)
            writer.end(0)
            await until(pilot, lambda: app.look.run.ended)
            await until(pilot, lambda: "no fault found yet" not in text(app))
            assert "no fault found" in text(app)


@pytest.mark.parametrize("size", [(1, 1), (40, 10), (200, 60)])
async def test_any_size_and_every_key(size: tuple[int, int], path: Path) -> None:
    app = RunApp(Source(str(path)))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.look.count > 0)
        await pilot.press(*"mm,.ococ-+fwsSjjjk ", "home", "end", "left", "shift+right", "escape", "question_mark")
        await pilot.press("escape", "i", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert made.FOUND.text in text(app)


async def test_what_a_script_without_updates_printed_is_seen(tmp_path: Path) -> None:
    """It is all that there is, and the numbers of an update have its place where there is room for one of them."""
    save(Run(what="train.py", printed="Traceback\nValueError: no data\n", exit=1, ended=True), tmp_path / "run.gradtui")
    app = RunApp(Source(str(tmp_path / "run.gradtui")))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.output.display and "no data" in text(app))
        await pilot.press("o")
        await until(pilot, lambda: not app.output.display)


async def test_no_sign_of_the_map_is_cut(path: Path) -> None:
    app = RunApp(Source(str(path)))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.look.count > 0)
        for width in (60, 72, 80, 90, 100, 110, 120, 140):
            await pilot.resize_terminal(width, 30)
            room = app.heat.size.width - 4
            await until(pilot, lambda: cell_len(str(app.heat.border_subtitle)) <= room)  # noqa: B023
            assert "0 zero" in str(app.heat.border_subtitle)
            assert cell_len(str(app.heat.border_title)) <= room


async def test_it_follows(tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    app = RunApp(Source(str(path)))
    with RunWriter(path, what="train.py") as writer:
        writer.optimizer("SGD")
        async with app.run_test(size=WIDE) as pilot:
            await until(pilot, lambda: "train.py" in text(app))
            assert "no update has run yet" in text(app)
            assert "░" not in str(app.heat.border_subtitle), "no number that a shade could stand for"
            for key in ("w", "enter", "s"):  # not that nothing is wrong, nor how a backward pass of none is kept
                await pilot.press(key)
                await until(pilot, lambda: len(app._notifications) > 0)
                assert {told.message for told in app._notifications} == {"no update has run yet"}
                app.clear_notifications()
            for number in range(30):
                writer.update(made.update(number))
            await until(pilot, lambda: app.look.count == 30)
            assert app.look.place == 29
            assert "goes on" in text(app)
            await pilot.press("left", "question_mark")
            here = app.look.place
            for number in range(30, 40):
                writer.update(made.update(number))
            writer.finding(made.FOUND)
            writer.snapshot(37, examples.quadratic())
            writer.printed("epoch 1\n")
            await until(pilot, lambda: bool(app.look.run.printed))
            assert app.look.place == here
            assert made.FOUND.text in text(app)
            assert "epoch 1" in text(app)
            await pilot.press("escape", "end")
            writer.update(made.update(40))
            await until(pilot, lambda: app.look.place == 40)
            writer.end(0)
            await until(pilot, lambda: "ended" in text(app))
            assert app.look.place == 37  # where it went wrong


@pytest.mark.parametrize("count", [0, 5])
async def test_a_watch_that_was_given_up(count: int, tmp_path: Path) -> None:
    """That no fault was found says nothing of what came after."""
    path = tmp_path / "run.gradtui"
    save(replace(made.run(count), findings=(), watch_ended="ZeroDivisionError: it", exit=0), path)
    app = RunApp(Source(str(path)))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.look.run.ended)
        assert "ZeroDivisionError: it" in text(app)
        assert "not watched after that" in text(app)
        assert "no update was made" not in text(app)


async def test_a_file_that_is_being_read_is_none_in_which_nothing_happens(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Following):
        share = 0.69

        def more(self, seconds: float | None = None) -> bool:
            grown = super().more(seconds)
            self.unread = self.share
            return grown

    monkeypatch.setattr(following, "Following", Slow)
    save(replace(made.run(), ended=False), path)
    os.utime(path, (0, 0))
    app = RunApp(Source(str(path)))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "31 % of the file read" in text(app))
        Slow.share = 0.0
        await until(pilot, lambda: "nothing for" in text(app))


async def test_what_cannot_be_read_is_said_and_the_picture_stays(path: Path) -> None:
    app = RunApp(Source(str(path)))
    whole = path.read_bytes()
    async with app.run_test(size=WIDE) as pilot:
        await shown(pilot)
        path.write_bytes(whole + b"\1" * 100)
        await until(pilot, lambda: "damaged" in text(app))
        assert app.look.count == 60
        path.unlink()
        await until(pilot, lambda: "No such file" in text(app))
        assert app.look.count == 60
        save(made.run(5), path)
        await until(pilot, lambda: app.look.count == 5)
        assert "damaged" not in text(app)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), WIDE])
async def test_a_snapshot_says_whose_it_is_and_is_left_by_escape(size: tuple[int, int]) -> None:
    app = explorer(examples.quadratic(), 37, None, None)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        first, *_, last = screen(app)
        assert "update 37" in first
        assert "esc back to the run" in last
        await pilot.press("l", "escape")
        assert not app.back
        await pilot.press("escape")
    assert isinstance(app, UpdateApp)
    assert app.back


STRANGE: dict[str, Run] = {
    "names": replace(made.run(0), updates=[Update(0, parameters={"[red]x[/].\x1b[31m": ParameterNorms(1.0, 1.0, 0.1)})]),
    "no loss": replace(made.run(0), updates=[Update(0), Update(1)]),
    "nothing finite": replace(made.run(0), updates=[Update(n, loss=math.nan, grad_norm=math.inf) for n in range(3)]),
    "huge": replace(
        made.run(0), updates=[Update(n, loss=10.0**n, parameters={"w": ParameterNorms(1e308, 1e-320, 1e300)}) for n in (0, 300)]
    ),
    "empty": made.run(0),
    "one update": made.run(1),
    "many findings": replace(made.run(3), findings=(made.FOUND,) * 50),
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
async def test_strange_runs(name: str, tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    save(STRANGE[name], path)
    app = RunApp(Source(str(path)))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "ended" in text(app))
        await pilot.press("w", "c", "plus", "left", "space", "enter", "i", "escape", "o")
        assert app._exception is None
        assert "\x1b" not in text(app)


@pytest.mark.parametrize("size", [(80, 24), (97, 18)])
async def test_the_mark_is_over_the_selected_update(size: tuple[int, int], path: Path) -> None:
    """Also where a scrollbar takes a cell: the first nan is at the update that is marked, in chart and heat map."""
    app = RunApp(Source(str(path)))
    async with app.run_test(size=size) as pilot:
        await shown(pilot)
        assert app.look.place == 37
        here = app.look.column(app.heat.cell_count)
        assert here is not None
        assert rows(app)["encoder.0.weight"].index("×") <= here
        marked = [
            sum(len(one) for one, _ in pieces[: [style for _, style in pieces].index("chart--here")])
            for pieces in (app.loss.line(y).pieces for y in range(1, 3))
        ]
        assert marked == [app.heat.name_width + 1 + here] * 2


async def test_once_all_ranks_have_ended_the_screen_goes_to_where_it_went_wrong(tmp_path: Path) -> None:
    for number, change in enumerate((None, none_from_5)):
        save(rank(number, change, ended=number == 0, exit=None), tmp_path / f"{number}.gradtui")
    app = RanksApp([Source(one) for one in by_rank(str(tmp_path))])
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "no gradient in rank 1" in text(app))
        save(rank(1, none_from_5), tmp_path / "1.gradtui")
        await until(pilot, lambda: app.look.place == 5)


async def test_ranks_side_by_side(tmp_path: Path) -> None:
    for number, change in enumerate((None, none_from_5)):
        save(rank(number, change), tmp_path / f"{number}.gradtui")
    app = RanksApp([Source(one) for one in by_rank(str(tmp_path))])
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "no gradient in rank 1" in text(app) and app.loss.settled)
        lines = ["".join(one for one, _ in app.by_rank.line(y).pieces) for y in range(app.by_rank.line_count)]
        assert [line.split()[:3] for line in lines] == [["▶", "rank", "0"], ["rank", "1", "40"]]
        assert (app.look.place, app.look.selected and app.look.selected.path) == (5, "head.weight")
        told = [line.split()[:3] for line in text(app).splitlines() if line.startswith("rank ")]
        assert [line[2] != "None" for line in told][-2:] == [True, False]
        assert "∅" not in rows(app)["head.weight"]
        await pilot.press("r")
        assert "∅" in rows(app)["head.weight"]
        assert app.look.place == 5


async def test_keys_of_the_settings(path: Path) -> None:
    """Those of a person's config.toml and of a keymap: an action of the explorer alone is no mistake here."""
    settings = Settings({"keymap": "vim", "keys": {"why": ("x",), "node.open": ("g",)}})
    app = RunApp(Source(str(path)), settings=settings)
    async with app.run_test(size=WIDE) as pilot:
        await shown(pilot)
        assert not app.wrong
        before = app.look.place
        await pilot.press("h")
        assert app.look.place < before
        await pilot.press("l", "0")
        assert app.look.place == 0
        await pilot.press("x")
        assert app.look.finding is not None


async def test_export(path: Path, tmp_path: Path) -> None:
    """By the line of the explorer; what cannot be written is said, and the line stays."""
    app = RunApp(Source(str(path)))
    async with app.run_test(size=WIDE) as pilot:
        await shown(pilot)
        await pilot.press("ctrl+s")
        line = app.query_one(FileInput)
        assert line.has_focus
        line.value = str(tmp_path / "run.dot")
        await pilot.press("enter")
        await pilot.pause()
        assert app.file.display
        assert ".csv" in str(app.query_one("#file-said", Static).render())
        for name in ("run.csv", "run.json", "again.gradtui"):
            app.file.open(str(tmp_path / name))
            await pilot.press("enter")
            await until(pilot, lambda: not app.file.display)
            app.action_export()
        await pilot.press("escape")
        await until(pilot, lambda: not app.file.display)
    told = made.run()
    with (tmp_path / "run.csv").open() as file:
        assert [float(row["loss"]) for row in csv.DictReader(file)][:5] == [one.loss for one in told.updates[:5]]
    assert len(json.loads((tmp_path / "run.json").read_text())["updates"]) == len(told.updates)
    assert load(str(tmp_path / "again.gradtui")).findings == told.findings


@pytest.mark.parametrize(("each", "told"), [(0.00075, "1,333"), (0.0064, "156"), (0.08, "12.5"), (40.0, "0.025")])
def test_how_fast_it_is_stands_in_plain_digits(each: float, told: str) -> None:
    updates = tuple(Update(number, seconds=each * number) for number in range(20))
    assert f" {told} a second " in status(Run(updates=updates), quiet=None)


@pytest.mark.parametrize(("ended", "how"), [(True, "ended"), (False, "goes on")])
@pytest.mark.parametrize("size", [(40, 12), (64, 20), (120, 36)])
async def test_what_runs_and_how_it_ended_have_room(
    size: tuple[int, int], ended: bool, how: str, tmp_path: Path
) -> None:
    updates = tuple(Update(number, loss=1.0, seconds=0.0123 * number) for number in range(1234))
    save(Run(what="train.py", arguments=("--lr", "0.1"), updates=updates, ended=ended), tmp_path / "run.gradtui")
    app = RunApp(Source(str(tmp_path / "run.gradtui")))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.look.count == len(updates))
        await until(pilot, lambda: how in screen(app)[0] or "nothing for" in screen(app)[0])
        first = screen(app)[0]
        assert "train.py" in first
        assert "1,234 updates · " in first
        assert first.endswith(("ended ", "on ")) or "nothing for" in first


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 3e3), (1e-3, 1e3), (1e-9, 1e3), (2.0, 1e24), (0.02, 24.5)])
def test_what_shades_say_of_numbers(low: float, high: float) -> None:
    """The numbers that have a shade lie where the legend says."""
    scale = Scale((low, high))
    told = [text.split() for text in scale.shades()]
    begins = [float(words[-1]) for words in told]
    for value in (low, high, math.sqrt(low * high), low * 1.5, 30.0):
        if low < value < high:
            level = scale.level(value)
            assert "below" in told[level] or value >= begins[level] * 0.6
            assert level == len(begins) - 1 or value <= begins[level + 1] * 1.6
    assert ("below" in scale.span()) == (high / low > 1e8)
    assert float(scale.span().split()[-1]) == pytest.approx(high, rel=0.5)
    assert not re.search(r"e[12]\b", scale.span())


@pytest.mark.parametrize("count", [1, 9, 10, 60, 99, 100, 12_345, 1_000_000])
def test_what_is_told_to_keep_backward_passes_would_have_kept_some(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Look, "count", count)
    told = RunApp(Source("run.gradtui"))._no_snapshot
    (every,) = map(int, re.findall(r"--every (\d+)", told))
    assert min(count, 10) <= count / every <= 100


async def test_the_end_of_what_is_printed_stays_in_sight(tmp_path: Path) -> None:
    """At any size of the terminal, unless one scrolls up; and again once one is back at the end."""
    path = tmp_path / "run.gradtui"
    app = RunApp(Source(str(path)))

    def seen() -> str:
        return "\n".join(screen(app))

    with RunWriter(path) as writer:
        for number in range(3):
            writer.update(made.update(number))
        writer.printed("\n".join(f"line {number}" for number in range(30)) + "\n")
        async with app.run_test(size=WIDE) as pilot:
            await until(pilot, lambda: "line 29" in seen())
            for size in (200, 90), (110, 30), (80, 24), (20, 5), (110, 30):
                await pilot.resize_terminal(*size)
                await pilot.pause()
            await until(pilot, lambda: "line 29" in seen())
            output = app.query_one(Output)
            output.scroll_to(y=0, animate=False)
            await until(pilot, lambda: "line 29" not in seen())
            writer.printed("line 30\n")
            await until(pilot, lambda: "line 30" in app.look.run.printed)
            await pilot.resize_terminal(110, 34)
            await until(pilot, lambda: "line 0 " in seen())
            output.scroll_end(animate=False)
            writer.printed("line 31\n")
            await until(pilot, lambda: "line 31" in seen())


@pytest.mark.parametrize("size", [(60, 20), (80, 24), WIDE])
async def test_no_column_is_named_by_two(size: tuple[int, int], path: Path) -> None:
    """`weight by weight`: what is divided stands in the name, where there is room for the change itself or not."""
    app = RunApp(Source(str(path)))
    async with app.run_test(size=size) as pilot:
        await shown(pilot)
        (head,) = [line for line in text(app).splitlines() if line.startswith("parameter ")]
        assert head.split() in (
            ["parameter", "gradient", "weight", "Δ/weight"],
            ["parameter", "gradient", "weight", "change", "change/weight"],
        )


@pytest.mark.parametrize("ended", [True, False])
async def test_ctrl_c_says_how_one_leaves_and_what_goes_on_then(ended: bool, tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    app = RunApp(Source(str(path)))
    with RunWriter(path) as writer:
        writer.update(made.update(0))
        if ended:
            writer.end(0)
        async with app.run_test(size=WIDE) as pilot:
            await until(pilot, lambda: app.look.count == 1 and app.look.run.ended == ended)
            await pilot.press("ctrl+c")
            await until(pilot, lambda: len(app._notifications) == 1)
            (told,) = app._notifications
            assert told.message.startswith("q ")
            assert ("goes on" in told.message) != ended


async def test_what_is_cut_where_nothing_was_found_has_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    app = RunApp(Source(str(path)))
    with RunWriter(path) as writer:
        writer.update(made.update(0))
        writer.end(1)
        async with app.run_test(size=(60, 20)) as pilot:
            await until(pilot, lambda: app.look.count == 1 and app.look.run.ended)
            assert screen(app)[1].rstrip().endswith("…")
