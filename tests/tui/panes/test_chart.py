from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from gradtui.chart import drawing
from gradtui.snapshot.curve import Curve, Trouble
from gradtui.tui.configured_keys import key_names
from gradtui.tui.panes import chart as chart_module
from gradtui.tui.panes.chart import Chart
from tests.examples import curve


class Small(App[None]):
    """A chart and nothing else; keeps what the chart asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.windows: list[tuple[float, float]] = []
        self.picked: list[float] = []

    def compose(self) -> ComposeResult:
        yield Chart(key_names())

    def on_chart_window_changed(self, message: Chart.WindowChanged) -> None:
        self.windows.append((message.low, message.high))

    def on_chart_xpicked(self, message: Chart.XPicked) -> None:
        self.picked.append(message.x)

    @property
    def chart(self) -> Chart:
        return self.query_one(Chart)


def quadratic(low: float = -10, high: float = 10) -> Curve:
    return curve("x", lambda x: x * x + 3 * x + 1, lambda x: 2 * x + 3, low, high)


def screen(chart: Chart) -> list[str]:
    return ["".join(segment.text for segment in chart.render_line(y)) for y in range(chart.size.height)]


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await pilot.pause(0.005)
    await pilot.pause()


async def drawn(pilot: Pilot[None]) -> list[str]:
    """The lines, once nothing is left to draw."""
    assert isinstance(pilot.app, Small)
    chart = pilot.app.chart
    await until(pilot, lambda: not chart.workers._workers and not chart._wanted)
    return screen(chart)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[Curve]:
    """Every curve that was drawn, and never on the thread of the screen."""
    seen: list[Curve] = []

    def draw(curve: Curve, width: int, height: int, **kinds: Any) -> drawing.Picture | None:
        assert threading.current_thread() is not threading.main_thread()
        seen.append(curve)
        return drawing.draw(curve, width, height, **kinds)

    monkeypatch.setattr(chart_module, "draw", draw)
    return seen


async def test_nothing_yet() -> None:
    app = Small()
    async with app.run_test(size=(40, 15)):
        assert [line for line in screen(app.chart) if line.strip()] == [], "nobody knows yet whether there is a curve"
        app.chart.show_point(4.0, 29.0, 11.0)
        app.chart.show_curve(None)
        assert "no curve" in "".join(screen(app.chart))


@pytest.mark.parametrize("size", [(40, 15), (90, 30)])
async def test_some_cells_of_a_line_are_those_of_the_whole(size: tuple[int, int]) -> None:
    app = Small()
    async with app.run_test(size=size) as pilot:
        app.chart.show_curve(quadratic())
        await drawn(pilot)
        for x in (4.0, 4.1, -20.0):
            app.chart.show_point(x, x * x + 3 * x + 1, 2 * x + 3)
            for y in range(size[1]):
                whole = [(one, segment.style) for segment in app.chart.render_line(y) for one in segment.text]
                for start in range(size[0]):
                    some = app.chart.cells(y, start, min(start + 7, size[0]))
                    assert [(one, segment.style) for segment in some or () for one in segment.text] == whole[
                        start : start + 7
                    ]


async def test_legend_of_trouble_is_in_the_border() -> None:
    app = Small()
    async with app.run_test(size=(40, 15)):
        trouble = (Trouble(-10.0, 0.0, "gradient"),)
        app.chart.show_curve(msgspec.structs.replace(quadratic(), trouble=trouble))
        assert app.chart.border_subtitle == "◇f' not finite, sampled"
        app.chart.show_curve(quadratic())
        assert not app.chart.border_subtitle


async def test_the_point_moves_without_another_drawing(builds: list[Curve], monkeypatch: pytest.MonkeyPatch) -> None:
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_curve(shown := quadratic())
        app.chart.show_point(4.0, 29.0, 11.0)
        before = await drawn(pilot)
        assert sum(line.count("●") for line in before) == 1
        refreshed: list[Region] = []
        refresh = Chart.refresh

        def spy(chart: Chart, *regions: Region, **kinds: Any) -> Chart:
            refreshed.extend(regions or [chart.size.region])
            return refresh(chart, *regions, **kinds)

        monkeypatch.setattr(Chart, "refresh", spy)
        for step in range(1, 30):
            x = 4 + step / 10
            app.chart.show_point(x, x * x + 3 * x + 1, 2 * x + 3)
            app.chart.show_curve(shown)  # as an answer without another curve does
        after = screen(app.chart)
        assert len(builds) == 1
        assert after != before
        assert sum(line.count("●") for line in after) == 1
        assert refreshed
        assert sum(region.area for region in refreshed) / 29 < 70 * 20 / 4
        refreshed.clear()
        app.chart.show_point(x, x * x + 3 * x + 1, 2 * x + 3)
        assert not refreshed


async def test_what_is_painted_is_what_was_refreshed() -> None:
    """After many steps the terminal shows what a fresh paint of everything would."""
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_curve(quadratic())
        await drawn(pilot)
        for step in range(-10, 10):
            x = step
            app.chart.show_point(x, x * x + 3 * x + 1, 2 * x + 3)
            await pilot.pause()
        painted = ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]
        assert painted == screen(app.chart)


async def test_only_the_newest_curve_is_drawn_to_the_end(builds: list[Curve]) -> None:
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        curves = [quadratic(-10 - index, 10) for index in range(20)]
        for each in curves:
            app.chart.show_curve(each)
        await drawn(pilot)
        assert builds[-1] is curves[-1]
        assert len(builds) <= 3
        assert app.chart._picture is not None
        assert app.chart._picture.frame.x_window == curves[-1].window


async def test_the_old_picture_stays_until_the_new_one_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_curve(quadratic())
        before = await drawn(pilot)
        go = threading.Event()

        def slow(*args: Any, **kinds: Any) -> drawing.Picture | None:
            assert go.wait(10)
            return drawing.draw(*args, **kinds)

        monkeypatch.setattr(chart_module, "draw", slow)
        app.chart.show_curve(quadratic(-5, 5))
        await pilot.pause()
        assert screen(app.chart) == before
        go.set()
        assert await drawn(pilot) != before


async def test_a_curve_taken_away_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        go = threading.Event()
        monkeypatch.setattr(chart_module, "draw", lambda *a, **k: go.wait(10) and drawing.draw(*a, **k))
        app.chart.show_curve(quadratic())
        await pilot.pause()
        app.chart.show_curve(None)
        go.set()
        assert "no curve" in "".join(await drawn(pilot))


async def test_derivative_hidden_and_shown(builds: list[Curve]) -> None:
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_curve(quadratic())
        app.chart.show_point(4.0, 29.0, 11.0)
        both = await drawn(pilot)
        app.chart.derivative_shown = False
        alone = await drawn(pilot)
        assert "f'" in both[0]
        assert "○" in "".join(both)
        assert "f'" not in alone[0]
        assert "○" not in "".join(alone)
        app.chart.derivative_shown = True
        assert await drawn(pilot) == both
        assert len(builds) == 3


async def test_sizes() -> None:
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_curve(quadratic())
        app.chart.show_point(4.0, 29.0, 11.0)
        for size in ((20, 6), (120, 36), (200, 60), (12, 5), (40, 15)):
            await pilot.resize_terminal(*size)
            lines = await drawn(pilot)
            assert app.chart.size == size
            assert [len(line) for line in lines] == [size[0]] * size[1]
            assert "●" in "".join(lines)
        for size, told in (((40, 4), "too small here: m"), ((11, 5), "too small"), ((3, 1), "too"), ((1, 1), "t")):
            await pilot.resize_terminal(*size)
            lines = await drawn(pilot)
            assert "".join(lines).strip() == told
        await pilot.resize_terminal(70, 20)
        assert "●" in "".join(await drawn(pilot))


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light", "dracula"])
async def test_themes(theme: str) -> None:
    """f, f' and the tangent have three colours in each, and follow a change without another drawing."""
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_curve(quadratic())
        app.chart.show_point(4.0, 29.0, 11.0)
        await drawn(pilot)
        app.theme = theme
        await drawn(pilot)
        legend = list(app.chart.render_line(0))
        marks = [segment.style for segment in legend if segment.text in ("━━", "··", "╍╍")]
        assert len({style.color for style in marks if style is not None}) == 3
        expected = [app.chart.get_component_rich_style(f"chart--{role}") for role in ("f", "derivative", "tangent")]
        assert marks == expected


async def test_zoom_pan_and_fit_ask_for_windows() -> None:
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_curve(quadratic())
        app.chart.zoom(0.5)
        app.chart.show_point(4.0, 29.0, 11.0)
        app.chart.zoom(0.5)  # again, before the first was answered
        app.chart.pan(0.25)
        await pilot.pause()
        assert app.windows == [(-5, 5), (-0.5, 4.5), (0.75, 5.75)]


class Answering(Small):
    """Shows a cubic over whatever window the chart asks for."""

    def on_chart_window_changed(self, message: Chart.WindowChanged) -> None:
        super().on_chart_window_changed(message)
        self.chart.show_curve(cubic(message.low, message.high))


def cubic(low: float = -10, high: float = 10) -> Curve:
    return curve("x", lambda x: x**3 - 3 * x, lambda x: 3 * x * x - 3, low, high)


@pytest.mark.parametrize("window", [(-10.0, 10.0), (100.0, 101.0)])
async def test_fit_shows_roots_extrema_and_the_point(window: tuple[float, float], builds: list[Curve]) -> None:
    """The windows in which they are looked for are asked for, and never seen."""
    app = Answering()
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_curve(cubic(*window))
        app.chart.show_point(2.5, 8.125, 15.75)
        await drawn(pilot)
        app.chart.fit()
        await until(pilot, lambda: not app.chart._to_see and not app.chart._asked)
        lines = await drawn(pilot)
        low, high = app.windows[-1]
        assert -4 < low < -math.sqrt(3)
        assert 2.5 < high < 4
        assert [one.window for one in builds] == [window, (low, high)]
        assert "●" in "".join(lines)
        app.chart.fit()  # again: the same
        await until(pilot, lambda: not app.chart._to_see and not app.chart._asked)
        await drawn(pilot)
        assert app.chart._window == (low, high)


async def test_another_wish_ends_the_search_for_what_fits() -> None:
    """Zooming while it goes on starts from the window that is seen."""
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_curve(cubic(-4, 4))
        app.chart.fit()
        app.chart.zoom(0.5, 0.0)
        app.chart.show_curve(cubic(-10, 10))  # what was asked for before
        app.chart.show_curve(cubic(-2, 2))
        await pilot.pause()
        assert app.windows == [(-10, 10), (-2, 2)]
        assert app.chart._window == (-2, 2)
        app.chart.fit()
        app.chart.show_curve(None)
        app.chart.show_curve(cubic(-2, 2))
        await drawn(pilot)
        assert len(app.windows) == 3


@pytest.mark.long
async def test_a_point_on_an_arm_of_a_pole_has_the_window_follow(builds: list[Curve]) -> None:
    """Outside the window it is drawn anew with the point inside; back inside, as it was; and not at every step."""
    app = Small()
    pole = Trouble(0.0, 0.0, "value", unbounded=True)
    shown = msgspec.structs.replace(curve("x", lambda x: 1 / x, lambda x: -1 / x**2, -10, 10), trouble=(pole,))
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_point(4.0, 0.25, -0.0625)
        app.chart.show_curve(shown)
        first = await drawn(pilot)
        for count in range(1, 200):
            x = 2 - count / 100
            app.chart.show_point(x, 1 / x, -1 / x**2)
            lines = await drawn(pilot)
            assert "●" in "".join(lines)
            assert "▲" not in "".join(lines)
        assert 2 < len(builds) < 15
        app.chart.show_point(4.0, 0.25, -0.0625)
        assert await drawn(pilot) == first


async def test_another_curve_is_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture of before is not painted again while the new one is drawn."""
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_curve(quadratic())
        await drawn(pilot)
        before = app.chart._picture
        painted = []
        monkeypatch.setattr(app.chart, "refresh", lambda *_, **__: painted.append(app.chart._picture))
        app.chart.show_curve(quadratic(-5, 5))
        await until(pilot, lambda: app.chart._picture is not before)
        assert painted == [app.chart._picture]


async def test_answers_do_not_undo_later_wishes() -> None:
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_curve(quadratic())
        app.chart.zoom(0.5)
        app.chart.zoom(0.5)
        app.chart.show_curve(quadratic(-5, 5))  # the answer to the first
        app.chart.zoom(0.5)
        app.chart.show_curve(quadratic(-100, 100))  # what the app chose for itself
        app.chart.zoom(0.5)
        await pilot.pause()
        assert app.windows == [(-5, 5), (-2.5, 2.5), (-1.25, 1.25), (-50, 50)]


async def test_wheel_zooms_around_the_pointer() -> None:
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_curve(quadratic())
        app.chart.show_point(4.0, 29.0, 11.0)
        await drawn(pilot)
        picture = app.chart._picture
        assert picture is not None
        column = picture.left + picture.frame.columns - 1
        await pilot._post_mouse_events([events.MouseScrollUp], Chart, offset=(column, 8))
        assert app.windows == [pytest.approx((-6, 10), abs=0.1)]  # 10 stays at the right edge
        await pilot._post_mouse_events([events.MouseScrollDown], Chart, offset=(column, 8))
        assert app.windows[-1] == pytest.approx((-10, 10))
        await pilot._post_mouse_events([events.MouseScrollRight], Chart, offset=(column, 8))
        assert app.windows[-1] == pytest.approx((-8, 12))


async def test_a_click_picks_x_and_a_drag_pans() -> None:
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        await pilot.click(Chart, offset=(30, 8))
        app.chart.show_curve(quadratic())
        await drawn(pilot)
        picture = app.chart._picture
        assert picture is not None
        frame = picture.frame
        column = picture.left + frame.columns // 2
        await pilot.click(Chart, offset=(column, 8))
        await pilot.click(Chart, offset=(0, 8))  # on the labels
        assert app.picked == [pytest.approx(frame.x_at(frame.columns // 2), abs=20 / frame.columns)]
        assert app.windows == []
        await pilot.mouse_down(Chart, offset=(column, 8))
        await pilot.hover(Chart, offset=(column + 5, 9))
        await pilot.mouse_up(Chart, offset=(column + 5, 9))
        moved = 20 * 5 / frame.columns
        assert app.windows[-1] == pytest.approx((-10 - moved, 10 - moved))
        assert len(app.picked) == 1


async def test_bad_numbers_reach_the_screen_unharmed() -> None:
    app = Small()
    async with app.run_test(size=(70, 20)) as pilot:
        app.chart.show_curve(curve("x", math.tan, lambda x: 1 / math.cos(x) ** 2, -10, 10))
        for x in (4.0, math.inf, math.nan):
            for f in (1.0, math.inf, None):
                for slope in (-1e308, math.nan, None):
                    app.chart.show_point(x, f, slope)
                    await pilot.pause()
        app.chart.zoom(0.5)
        app.chart.fit()
        assert len(await drawn(pilot)) == 20
