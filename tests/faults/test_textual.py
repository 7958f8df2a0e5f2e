"""What the monkey found in Textual's own widgets, each by itself."""

from __future__ import annotations

import gc
import itertools
import signal
import time
from functools import partial
from types import SimpleNamespace

import pytest
from rich.style import Style
from textual._styles_cache import StylesCache
from textual.command import CommandList
from textual.events import Click, Resize
from textual.geometry import Size
from textual.notifications import Notification
from textual.widgets._toast import Toast, ToastRack

from gradtui.tui.textual_fixes import run_beside
from gradtui.tui.typing.palette import Palette
from tests.tui.fakes import make_app
from tests.tui.test_app import until


async def test_a_palette_that_is_closed_twice() -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p")
        palette = app.screen
        assert isinstance(palette, Palette)
        palette._action_escape()
        palette._action_escape()
        await pilot.pause()
        assert len(app.screen_stack) == 1


async def test_a_palette_that_is_closed_while_it_searches() -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p")
        palette = app.screen
        assert isinstance(palette, Palette)
        palette._action_escape()
        await pilot.pause()
        palette._list_visible = not palette._list_visible
        palette._show_busy = not palette._show_busy
        palette._gather_commands("sin")
        await app.workers.wait_for_complete()
        assert len(app.screen_stack) == 1


async def test_a_palette_that_is_closed_before_it_says_that_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Palette, "_NO_MATCHES_COUNTDOWN", 0.001)
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p")
        palette = app.screen
        assert isinstance(palette, Palette)
        await palette.query_one(CommandList).remove()
        palette._start_no_matches_countdown("nothing is called this")
        timer = palette._no_matches_timer
        assert timer is not None
        assert timer._task is not None
        await timer._task
        await pilot.pause()
        assert app._exception is None


async def test_a_palette_without_room() -> None:
    app = make_app()
    async with app.run_test(size=(1, 1)) as pilot:
        for key in ("ctrl+p", "pageup", "pagedown", "up", "home", "end", "down", "enter", "escape"):
            await pilot.press(key)
        assert len(app.screen_stack) == 1


async def test_a_resize_while_the_process_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time that a timer looks at the clock, for a while, it is later than the end of Textual's timer for that."""
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        late = itertools.count()
        clock = SimpleNamespace(get_time=lambda: time.monotonic() + 0.02 * min(next(late), 200))
        monkeypatch.setattr("textual.timer._time", clock)
        await pilot.resize_terminal(30, 8)
        while not app.query_one("#too-small").display:
            await pilot.pause()


@pytest.mark.parametrize("opened", [(), ("ctrl+p",), ("question_mark",)], ids=["panes", "palette", "help"])
async def test_a_resize_that_is_over(opened: tuple[str, ...]) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press(*opened)
        app.screen.post_message(Resize(Size(20, 5), Size(20, 5)))
        await pilot.pause()
        assert all(screen.outer_size == Size(100, 30) for screen in app.screen_stack)
        assert app.screen.has_class("-wide")


@pytest.mark.parametrize("columns", [1, 4, 6])
async def test_a_palette_on_a_few_columns(columns: int) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("ctrl+p", "s")
        while not app.screen.query_one(CommandList).option_count:
            await pilot.pause()
        await pilot.resize_terminal(columns, 8)
        await pilot.press("i")
        await pilot.resize_terminal(100, 30)
        assert app.screen.query_one(CommandList).region.width > columns


async def test_a_click_on_a_command_that_has_gone() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        commands = app.screen.query_one(CommandList)
        while not commands.option_count:
            await pilot.pause()
        style = Style(meta={"option": commands.option_count})
        event = Click(commands, 5, 5, 0, 0, 1, False, False, False, style=style)
        await commands._on_message(event)
        await pilot.pause()
        assert len(app.screen_stack) == 2


async def test_a_click_outside_of_a_screen_that_became_smaller() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        palette = app.screen
        assert isinstance(palette, Palette)
        palette.post_message(Click(palette, 5, 30, 0, 0, 1, False, False, False, 5, 30))
        while app.screen is palette:
            await pilot.pause()
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize("key", ["escape", "question_mark", "i", "ctrl+p"])
async def test_a_click_where_a_widget_has_just_gone(key: str) -> None:
    """On whatever screen that key brings."""
    app = make_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press(key)
        app.notify("here")
        while not app.screen.query(Toast):
            await pilot.pause()
        toast = app.screen.query_one(Toast)
        x, y = toast.region.x + 1, toast.region.y + 1
        assert app.screen.get_widget_and_offset_at(x, y)[0] is toast
        parent = toast._parent
        toast._detach()
        assert app.screen.get_widget_and_offset_at(x, y) == (None, None)
        assert parent is not None
        toast._attach(parent)


async def test_the_other_palettes() -> None:
    """Themes and what can be copied are asked for in the same way."""
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press("y")
        assert isinstance(app.screen, Palette)
        await pilot.press("escape")
        app.action_change_theme()
        await pilot.pause()
        assert isinstance(app.screen, Palette)


async def test_lines_of_screens_that_were_left_are_forgotten() -> None:
    app = make_app()
    kept = []
    async with app.run_test() as pilot:
        for _ in range(3):
            await pilot.press("question_mark", "escape")
            gc.collect()
            kept.append(sum(isinstance(one, StylesCache) for one in gc.get_objects()))
    assert kept[-1] <= kept[0]


async def test_a_note_whose_time_is_over_before_it_is_shown() -> None:
    """Textual counts from there to the next time that is not past yet, backwards, for ever."""

    hung = []

    def give_up(number: int, frame: object) -> None:
        hung.append(frame)
        raise TimeoutError

    app = make_app()
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(10)
    try:
        async with app.run_test(notifications=True) as pilot:
            await app.screen.query_one(ToastRack).mount(Toast(Notification("late", timeout=-1.0)))
            while app.screen.query(Toast) and not hung:
                await pilot.pause()
    except TimeoutError:
        assert hung
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert not hung


async def test_a_worker_writes_nothing_out_of_what_it_is_given() -> None:
    """Textual describes one by the function and its arguments, which may be a graph of 200,000 nodes."""
    written: list[str] = []
    begun: list[object] = []

    class Graph:
        def __repr__(self) -> str:
            written.append("all of it")
            return "Graph()"

    async def work(graph: Graph) -> None:
        begun.append(graph)

    app = make_app()
    async with app.run_test() as pilot:
        run_beside(app.screen, partial(work, Graph()), group="work")
        await until(pilot, lambda: bool(begun), "the worker")
    assert not written
