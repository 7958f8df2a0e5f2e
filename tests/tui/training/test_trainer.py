"""Updates under one's hands: each is torch's, and each is there again on the way back."""

from __future__ import annotations

import csv
import json
import subprocess
from bisect import bisect_left
from pathlib import Path
from typing import Any

import pytest
import torch
from textual.pilot import Pilot
from textual.widgets import Static
from textual.widgets._toast import Toast

from gradtui.snapshot.training import Batches
from gradtui.tui.app import GradtuiApp
from gradtui.tui.panes.key_footer import KeyFooter
from gradtui.tui.training.charts import TITLES
from gradtui.tui.training.rate_ladder import next_rate
from gradtui.tui.training.summary import diverges, summaries, summary
from gradtui.tui.typing.file_entry import FileEntry
from tests import warm
from tests.tui.test_app import press, text_of
from tests.tui.test_app import until as holds
from tests.tui.test_configured_keys import app_with
from tests.tui.training.engine import Engine, trained_app

LINE, AT = "(w*x + b - y)^2", {"x": "2", "y": "3", "w": "0.5", "b": "0"}


def by_torch(count: int, optimizer: str = "SGD", **settings: Any) -> list[tuple[float, float]]:
    """Where w and b stand before each update, and after the last."""
    w, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (0.5, 0.0))
    real = getattr(torch.optim, optimizer)([w, b], **settings)
    places = [(w.item(), b.item())]
    for _ in range(count):
        real.zero_grad()
        ((w * 2 + b - 3) ** 2).backward()  # type: ignore[no-untyped-call]
        real.step()
        places.append((w.item(), b.item()))
    return places


async def until(pilot: Pilot[Any], update: int) -> None:
    app = pilot.app
    assert isinstance(app, GradtuiApp)
    for _ in range(3_000):
        if app.board.trainer.history.here == update and app.board.trainer.next is not None:
            return
        await pilot.pause(0.01)
    raise AssertionError(f"update {app.board.trainer.history.here} and not {update}")


def places(app: GradtuiApp) -> tuple[float, float]:
    w, b = (app.session.points[name].value for name in "wb")
    assert isinstance(w, float)
    assert isinstance(b, float)
    return w, b


def told(app: GradtuiApp) -> str:
    return "\n".join("".join(text for text, _ in line.pieces) for line in app.picture.node_panel._lines)


async def test_updates_and_why() -> None:
    app = trained_app(LINE, AT, "SGD(lr=0.1, momentum=0.9)", trained=("w", "b"))
    expected = by_torch(4, lr=0.1, momentum=0.9)
    async with app.run_test(size=(120, 36)) as pilot:
        for number in range(4):
            await until(pilot, number)
            assert places(app) == expected[number]
            assert app.answers.shown is not None
            state = app.answers.shown.variables["w"].value
            assert state.numbers == (expected[number][0],)
            await pilot.press("g")
        assert app.session.active == "w"
        text = told(app)
        for rule in ("update 3", "buf ← μ·buf + ḡ", "w ← w − lr·buf"):
            assert rule in text


async def test_back_in_time_exactly_and_on_again() -> None:
    app = trained_app(LINE, AT, "Adam(lr=0.1)", trained=("w", "b"))
    expected = by_torch(6, "Adam", lr=0.1)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        for key, number in [
            *(("g", number) for number in range(1, 7)),
            *(("z", number) for number in range(5, -1, -1)),
        ]:
            await pilot.press(key)
            await until(pilot, number)
            assert places(app) == expected[number]
        await pilot.press("g", "g")
        await until(pilot, 2)
        assert places(app) == expected[2]
        await pilot.press("Z")
        await until(pilot, 0)
        assert places(app) == expected[0]


async def test_edited_at_an_update_it_goes_on_from_there() -> None:
    """The optimizer remembers what it did; only the place is another."""
    app = trained_app(LINE, AT, "SGD(lr=0.1, momentum=0.9)", trained=("w", "b"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        await pilot.press("g")
        await until(pilot, 1)
        await pilot.press("x", *"0.25", "enter")
        await until(pilot, 1)
        await pilot.press("g")
        await until(pilot, 2)
        w, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (0.5, 0.0))
        real = torch.optim.SGD([w, b], lr=0.1, momentum=0.9)
        for number in range(2):
            real.zero_grad()
            ((w * 2 + b - 3) ** 2).backward()  # type: ignore[no-untyped-call]
            real.step()
            if number == 0:
                w.data.fill_(0.25)
        assert places(app) == (w.item(), b.item())
        await pilot.press("z")
        await until(pilot, 1)
        assert places(app)[0] == 0.25


async def test_the_update_is_one_more_step_of_backward() -> None:
    app = trained_app("x^2", {"x": "2"}, "SGD(lr=0.1)")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        await pilot.press("n", "n")
        assert app.backward.cursor.steps_done == 2
        await pilot.press("n")
        await until(pilot, 1)
        assert app.backward.cursor.steps_done == 0
        await pilot.press("p")
        await until(pilot, 0)
        assert app.session.points["x"].value == 2.0


async def test_nothing_moves_where_the_gradient_is_0() -> None:
    app = trained_app(LINE, {**AT, "y": "1"}, "SGD(lr=0.1, momentum=0.9)", trained=("w", "b"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        await pilot.press("g", "g", "g")
        await until(pilot, 3)
        assert places(app) == (0.5, 0.0)
        assert "gradient is 0" in told(app)


async def test_a_run_that_diverges_is_told_and_ends_before_infinity() -> None:
    app = trained_app("x^2", {"x": "1"}, "SGD(lr=1.1)")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        for number in range(5):
            await pilot.press("g")
            await until(pilot, number + 1)
        assert diverges(app.board.trainer) == pytest.approx(-1.2)
        assert "-1.2" in summary(app.board.trainer, app.session)
        app.board.trainer.player.speed = 1024.0
        await pilot.press("G")
        for _ in range(1000):
            if not app.board.trainer.player.playing:
                break
            await pilot.pause(0.01)
        x = app.session.points["x"].value
        assert isinstance(x, float)
        assert abs(x) > 1e100


async def test_a_run_of_two_variables_that_diverges_is_told() -> None:
    """By its largest eigenvalue: that of 2·w and 2·b is 2."""
    app = trained_app("w^2 + b^2", {"w": "1", "b": "2"}, "SGD(lr=1.1)", trained=("w", "b"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        for number in range(5):
            await pilot.press("g")
            await until(pilot, number + 1)
        assert diverges(app.board.trainer) == pytest.approx(1 - 1.1 * 2)
        assert "diverges" in summary(app.board.trainer, app.session)


async def test_without_a_word_the_first_update_begins_to_train() -> None:
    app = trained_app("x^2", {"x": "2"}, None)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert app.session.training is None
        await pilot.press("g")
        await until(pilot, 1)
        assert app.session.points["x"].value == pytest.approx(1.6)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_no_word_covers_that_of_the_training(size: tuple[int, int]) -> None:
    """What is told for some seconds leaves the borders at the foot of the panes alone."""
    app = trained_app("x^2", {"x": "2"}, None)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.press("g")
        await until(pilot, 1)
        app.clear_notifications()
        app.notify("a word", timeout=1_000)  # one of a few seconds may be gone before it is looked for
        await holds(pilot, lambda: [one.region.area > 0 for one in app.screen.query(Toast)] == [True], "a word")
        (toast,) = app.screen.query(Toast)
        below = text_of(app).splitlines()[app.picture.panes.region.bottom - 1]
        assert any(told in below for told in summaries(app.board.trainer, app.session))
        assert toast.region.bottom < app.picture.panes.region.bottom


async def test_optimizer_is_typed_and_its_rate_changed_by_keys() -> None:
    app = trained_app("x^2", {"x": "2"}, None)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await pilot.press("O", *"Adm()", "enter")
        assert app.picture.optimizer.display
        await pilot.press("ctrl+u", *"Adam(lr=0.1)", "enter")
        await pilot.pause()
        assert not app.picture.optimizer.display
        assert app.board.trainer.optimizer is not None
        assert app.board.trainer.optimizer.text == "Adam(lr=0.1)"
        await pilot.press("right_curly_bracket", "right_curly_bracket", "left_curly_bracket")
        assert app.board.trainer.optimizer.settings["lr"] == 0.2


async def test_a_contour_of_any_two() -> None:
    """Of the variable that is active and the one before."""
    app = trained_app("x^2 + y^2 + z^2", {"x": "2", "y": "1", "z": "3"}, "SGD(lr=0.1)")
    async with app.run_test(size=(120, 36)) as pilot:
        seen = [app.board.charts.pair]
        for key in "vvvV":
            await pilot.press(key)
            await pilot.pause()
            seen.append(app.board.charts.pair)
    assert seen == [("x", "y"), ("x", "y"), ("y", "z"), ("x", "z"), ("x", "z")]


async def test_a_function_without_a_contour_has_the_title_of_its_curve() -> None:
    """Of another function, of whose variables none was trained."""
    app = trained_app("x^2 + y^2", {"x": "2", "y": "1"}, "SGD(lr=0.1)")
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        before = app.picture.chart.border_title
        await pilot.press("slash", "ctrl+u", *"sin(z)", "enter")
        await holds(pilot, lambda: app.session.text == "sin(z)" and not app.asking.outdated, "answered")
        assert app.board.charts.drawing() is None
        assert (before, app.picture.chart.border_title) == (TITLES["contour"], TITLES["curve"])


async def test_a_function_without_the_variables_that_are_trained_has_no_word_of_their_updates() -> None:
    app = trained_app(LINE, AT, "SGD(lr=0.1)", trained=("w", "b"))
    async with app.run_test(size=(120, 36)) as pilot:
        panel = app.picture.node_panel
        await until(pilot, 0)
        await pilot.press("g")
        await until(pilot, 1)
        await holds(pilot, lambda: "1 update" in str(panel.border_subtitle), "the update told")
        await pilot.press("slash", "ctrl+u", *"2v", "enter")
        await holds(pilot, lambda: not panel.border_subtitle, "nothing told of it")
        await pilot.press("u")
        await holds(pilot, lambda: "1 update" in str(panel.border_subtitle), "the update told again")


@pytest.mark.parametrize("optimizer", [None, "Adam(lr=0.1)"])
async def test_data_are_there_with_their_fit_from_the_first(optimizer: str | None) -> None:
    data = {"x": (0.0, 1.0, 2.0), "y": (0.0, 1.5, 2.0)}
    app = trained_app("p = w*x + b; (p - y)^2", {"w": "1", "b": "0"}, optimizer, data=data, names=("w", "b", "x", "y"))
    async with app.run_test(size=(120, 36)) as pilot:
        await holds(pilot, lambda: app.answers.answered and not app.answers.waiting, "the answer")
        assert app.board.charts.seen == "fit"
        assert app.answers.shown is not None
        assert app.answers.shown.fit is not None


async def test_the_contour_is_there_from_the_first() -> None:
    app = trained_app("w^2 + b^2", {"w": "1", "b": "2"}, "SGD(lr=0.1)")
    async with app.run_test(size=(120, 36)) as pilot:
        await holds(pilot, lambda: app.answers.answered and not app.answers.waiting, "the answer")
        assert app.board.charts.seen == "contour"
        assert app.board.charts.drawing()(40, 10) is not None  # type: ignore[misc]


async def test_data_without_a_name_for_what_fits_them() -> None:
    data = {"x": (0.0, 1.0, 2.0), "y": (0.0, 1.5, 2.0)}
    app = trained_app("(w*x + b - y)^2", {"w": "1", "b": "0"}, "SGD(lr=0.1)", data=data, names=("w", "b", "x", "y"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        drawing = app.board.charts.drawing()
        assert drawing is not None
        for size in ((40, 10), (20, 4), (5, 1)):
            cells = drawing(*size)
            assert cells is not None
            assert len(cells) <= size[1]
            assert all(len(line) <= size[0] for line in cells)
        told = ["".join(character for character, _ in line).strip() for line in drawing(60, 5) or ()]
        assert "p = w*x + b; (p - y)^2" in told


@pytest.mark.parametrize(("key", "wrong"), [("O", "Adam(betas=0.9)"), ("x", "sqrt(-1) + foo")])
async def test_what_is_wrong_with_a_line_is_read_to_its_end(key: str, wrong: str) -> None:
    """On a narrow screen too."""
    app = trained_app("x^2", {"x": "2"}, "SGD(lr=0.1)")
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await pilot.press(key, "ctrl+u", *wrong, "enter")
        await pilot.pause()
        entry = app.picture.optimizer if key == "O" else app.picture.entry
        said = entry.query(Static).last()
        rows = [said.render_line(row).text.strip() for row in range(said.size.height)]
        assert said.region.right <= 60
        assert said.region.bottom <= 20
        assert " ".join(rows) == str(said.content)
        await pilot.press("ctrl+u")
        await pilot.pause()
        assert not said.display


async def test_what_is_trained_is_chosen_by_a_key() -> None:
    app = trained_app("a*sum((v - 1)^2)", {"a": "2", "v": "[1, 2, 3]"}, "SGD(lr=0.1)")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        assert [*app.board.trainer.trained] == ["a", "v"]
        await pilot.press("A")
        await until(pilot, 0)
        assert [*app.board.trainer.trained] == ["v"]
        await pilot.press("A", "v", "A", "A")
        await until(pilot, 0)
        assert ([*app.board.trainer.trained], [*app.session.data]) == (["a"], ["v"])
        assert app.answers.shown is not None
        assert {*app.answers.shown.variables} == {"a"}


async def test_many_updates_from_the_command_line_come_first() -> None:
    app = trained_app(LINE, AT, "SGD(lr=0.01)", trained=("w", "b"), updates=700)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 700)
        assert places(app) == by_torch(700, lr=0.01)[700]


@pytest.mark.parametrize(
    ("rate", "by", "expected"),
    [
        (0.1, 1, 0.2),
        (0.2, 1, 0.5),
        (0.5, 1, 1.0),
        (1.0, -1, 0.5),
        (0.3, 1, 0.5),
        (1.1, -1, 1.0),
        (1e-3, -1, 5e-4),
        (0, 1, 1e-3),
    ],
)
def test_next_rate(rate: float, by: int, expected: float) -> None:
    assert next_rate(rate, by) == expected


async def test_an_update_by_its_number() -> None:
    app = trained_app(LINE, AT, "SGD(lr=0.1, momentum=0.9)", trained=("w", "b"))
    expected = by_torch(5, lr=0.1, momentum=0.9)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        for number in range(5):
            await pilot.press("g")
            await until(pilot, number + 1)
        for typed, number in (("2", 2), ("99", 5), ("0", 0), ("4", 4)):
            await pilot.press("U", *typed, "enter")
            await until(pilot, number)
            assert places(app) == expected[number]
            assert app.answers.shown is not None
            assert app.answers.shown.variables["w"].value.numbers == (expected[number][0],)


@pytest.mark.child
async def test_what_is_exported_has_all_updates(tmp_path: Path) -> None:
    """The script that the screen writes after three updates makes the same three."""
    app = trained_app(LINE, AT, "SGD(lr=0.1, momentum=0.9)", trained=("w", "b"))
    expected = by_torch(3, lr=0.1, momentum=0.9)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        for number in range(3):
            await pilot.press("g")
            await until(pilot, number + 1)
        for name in ("run.csv", "run.py"):
            await app.on_file_entry_left(FileEntry.Left(str(tmp_path / name)))
    rows = [*csv.DictReader((tmp_path / "run.csv").read_text(encoding="utf-8").splitlines())]
    assert [(float(row["w"]), float(row["b"])) for row in rows] == expected[:3]
    ended = subprocess.run([*warm.python(), str(tmp_path / "run.py")], capture_output=True, text=True, check=True)
    assert f"w = {expected[3][0]!r}" in ended.stdout


@pytest.mark.parametrize("name", ["run.csv", "run.py", "run.json"])
async def test_what_is_written_during_an_experiment_keeps_no_update_silently(tmp_path: Path, name: str) -> None:
    """They are in the file, or it is said that they are not, and what to do."""
    app = trained_app(LINE, AT, "SGD(lr=0.1)", trained=("w", "b"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, 0)
        await pilot.press("g")
        await until(pilot, 1)
        await pilot.press("up", "up", "c")
        await holds(pilot, lambda: app.answers.shown is not None and bool(app.answers.shown.experiments), "experiment")
        await app.on_file_entry_left(FileEntry.Left(str(tmp_path / name)))
        await pilot.pause()
        said = [str(app.query_one("#file-said", Static).render()), *(note.message for note in app._notifications)]
        assert any("experiment" in one for one in said)
        assert (tmp_path / name).exists() == (name == "run.json")
        assert not any("--" in one for one in said)
        await pilot.press("u")
        await until(pilot, 1)
        await app.on_file_entry_left(FileEntry.Left(str(tmp_path / name)))
    assert (tmp_path / name).stat().st_size


@pytest.mark.parametrize("optimizer", ["SGD(lr=0.1)", None])
async def test_updates_that_nobody_made_are_not_written(tmp_path: Path, optimizer: str | None) -> None:
    """Neither the next one, which is there before it is taken; the way out is a key."""
    app = trained_app("x^2", {"x": "2"}, optimizer)
    async with app.run_test(size=(120, 36)) as pilot:
        await holds(pilot, lambda: app.answers.shown is not None, "picture")
        if optimizer is not None:
            await until(pilot, 0)
        await app.on_file_entry_left(FileEntry.Left(str(tmp_path / "run.csv")))
        said = str(app.query_one("#file-said", Static).render())
        assert "g " in said
        assert "--" not in said
        assert not (tmp_path / "run.csv").exists()
        await app.on_file_entry_left(FileEntry.Left(str(tmp_path / "x.json")))
    assert json.loads((tmp_path / "x.json").read_text()).get("training") is None


@pytest.mark.parametrize("optimizer", ["SGD(lr=0.1)", None])
async def test_the_key_of_an_update_is_in_the_footer(optimizer: str | None) -> None:
    """Where something is trained; help and the way out are there always."""
    app = trained_app("x^2", {"x": "2"}, optimizer)
    async with app.run_test(size=(80, 24)) as pilot:
        while app.answers.shown is None or (app.board.trainer.active and app.board.trainer.next is None):
            await pilot.pause(0.01)
        await pilot.pause()
        footer = app.query_one(KeyFooter).render_line(0).text
        assert ("g update" in footer) is (optimizer is not None)
        assert all(key in footer for key in ("n p backward", "/ edit", "? help", "q quit", "^p palette"))


async def test_the_point_of_a_minibatch_lies_on_its_curve() -> None:
    """Of one variable the values of no other say that the curve is another one with each update."""
    data = {"x": (1.0, 2.0, 3.0, 4.0), "y": (2.1, 3.9, 6.2, 7.8)}
    app = trained_app("(w*x - y)^2", {"w": "1"}, "SGD(lr=0.01)", data=data, batches=Batches(2, 0))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        for number in range(3):
            await pilot.press("g")
            await holds(pilot, lambda: app.board.trainer.history.here == number + 1, "the update")  # noqa: B023
            await pilot.pause()
            curve, shown = app.answers.curve, app.answers.shown
            assert curve is not None
            assert shown is not None
            assert shown.value is not None
            w = float(app.session.points["w"].elements[0])
            near = bisect_left(curve.x, w)
            part = (w - curve.x[near - 1]) / (curve.x[near] - curve.x[near - 1])
            between = (1 - part) * curve.f[near - 1] + part * curve.f[near]
            assert between == pytest.approx(shown.value.numbers[0], abs=0.1)


async def test_what_marks_of_the_chart_mean_stands_under_it() -> None:
    """Beside the chart that is offered, and without it where there is no room for both."""
    app = trained_app("sqrt(x) + w", {"x": "2", "w": "1"}, None)
    async with app.run_test(size=(120, 36)) as pilot:
        chart = app.picture.chart
        await holds(pilot, lambda: "not finite" in str(chart.border_subtitle), "the meaning of the marks")
        assert "contour" in str(chart.border_subtitle)
        await pilot.press("h")
        await holds(pilot, lambda: "not finite" not in str(chart.border_subtitle), "no marks on the contour")
        await pilot.press("h")
        await pilot.resize_terminal(80, 24)
        await holds(pilot, lambda: str(chart.border_subtitle).endswith("sampled"), "the meaning alone")


async def test_a_sentence_names_the_key_that_an_action_has(tmp_path: Path) -> None:
    chosen = 'update = "ctrl+g"\noptimizer = "ctrl+o"\n"search.next" = "f7"\n"view.filter" = "f8"\nsearch = "f9"\n'
    app = app_with(tmp_path, f"[keys]\n{chosen}", Engine)
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "ctrl+g")
        assert any("^o" in notice.message.split() for notice in app._notifications)
        await press(pilot, "f7", "b")
        assert any(notice.message.endswith(": f9") for notice in app._notifications)
        assert any("(f8)" in notice.message for notice in app._notifications)
        await press(pilot, "f9", "m", "u", "l")
        assert "f7 next" in text_of(app)
        await press(pilot, "escape", "f8", "f8")
        assert "f8 shows the others" in text_of(app)


async def test_what_goes_wrong_is_told_with_the_key_that_says_why(tmp_path: Path) -> None:
    app = app_with(tmp_path, '[keys]\nwhy = "k"\n', Engine)
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "slash", "ctrl+u", *"log(-x^2)", "enter")
        await holds(pilot, lambda: "LogBackward0" in text_of(app), "the graph")
        await press(pilot, "down")
        await holds(pilot, lambda: "k: something goes wrong" in text_of(app), "the key")


async def test_no_word_of_a_run_is_cut_where_fewer_say_it() -> None:
    data = {"x": (1.0, 2.0, 3.0, 4.0), "y": (2.1, 3.9, 6.2, 8.1)}
    app = trained_app("p = w*x + b; (p - y)^2", {"w": "1", "b": "1"}, "SGD(lr=0.1)", data=data, batches=Batches(2, 0))
    async with app.run_test(size=(140, 30)) as pilot:
        await until(pilot, 0)
        seen = set()
        for width in (140, 120, 110, 100, 90, 80):
            await pilot.resize_terminal(width, 30)
            told = str(app.picture.node_panel.border_subtitle)
            ways = summaries(app.board.trainer, app.session)
            assert told in ways
            assert len(told) <= app.picture.node_panel.size.width - 4
            seen.add(ways.index(told))
        assert len(seen) > 1
