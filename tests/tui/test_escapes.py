"""Escapes in every text that a Snapshot may hold, and the bytes that the screen writes to the terminal."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.drivers.headless_driver import HeadlessDriver
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from gradtui.snapshot.model import Problem, Request, Snapshot
from gradtui.tui.app import GradtuiApp
from gradtui.tui.dialogs.clipboard import copies, copy_text
from gradtui.tui.saved import explorer
from gradtui.tui.textual_fixes import VISIBLE
from tests import examples
from tests.file.test_snapshot_format import EVERYTHING
from tests.hostile import ATTACK, acting, holds, hostile, obeyed, text_fields
from tests.tui.fakes import FakeService, make_app, service
from tests.tui.test_snapshots import unsettled

SNAPSHOTS: dict[str, Snapshot] = {
    "expression": examples.two_variables(),
    "function": replace(EVERYTHING, problem=None),
    "problem": EVERYTHING,
}
IN_A_PROBLEM = ("Problem", "Source", "Snapshot")
"""The Structs of what is shown where there is a problem and is not shown otherwise."""

TOUR = (
    *("l", "n", "n", "l", "P", "n", "N", "w", "s", "v", "e", "m", "escape", "tab", "m", "escape"),
    *("t", "down", "T", "down", "T", "t", "F", "F", "F", "end", "enter", "home", "ctrl+f", "x", "escape"),
    *("question_mark", "escape", "ctrl+p", "down", "escape", "y", "down", "enter"),
)
"""All panes and lists: ledger, backward, findings, saved tensors, lanes, tables, search, help, palette, copy."""

PANES = {"tree": (), "ledger": ("l",), "backward": ("l", "n", "s"), "parameters": ("T", "T")}
"""The panes that a Snapshot is seen in, and the keys from one to the next; all others are beside them all the time."""
GROUPS = 4
"""How many pictures the fields are spread over in each pane."""


class Terminal(list[str]):
    """What was written, piece by piece."""

    def read(self) -> str:
        """What was written since the last look."""
        text = "".join(self)
        self.clear()
        return text


class HostileService(FakeService):
    """Its answer to everything is one Snapshot."""

    snapshot: Snapshot

    def answer(self, request: Request | None = None, problem: Problem | None = None) -> None:
        request, curve = request or self.requests[-1], self.snapshot.curve
        if request.curve is not None and curve is not None:
            curve = replace(curve, key=request.curve.key)
        self.on_snapshot(replace(self.snapshot, id=request.id, curve=curve))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The bytes for the terminal: a screen that thinks it has one writes all that it would write."""
    written = Terminal()
    monkeypatch.setattr(HeadlessDriver, "is_headless", False)
    monkeypatch.setattr(HeadlessDriver, "write", lambda _, data: written.append(data))
    return written


@pytest.mark.long
@pytest.mark.parametrize("name", SNAPSHOTS)
async def test_all_fields_on_a_tour(terminal: Terminal, name: str) -> None:
    """Through every pane, list and screen, with tooltips and notices, in two sizes."""
    app = explorer(hostile(SNAPSHOTS[name], *text_fields()))
    async with app.run_test(size=(120, 36), notifications=True, tooltips=True) as pilot:
        await settle(pilot)
        await pilot.press(*TOUR)
        await settle(pilot)
        for widget in (app.picture.derivation, app.picture.problem_line, app.picture.numbers):
            await pilot.hover(widget)
        await pilot.resize_terminal(60, 20)
        await settle(pilot)
    written = terminal.read()
    assert written.count("\x1b[") > 1000
    assert "␛[7777m" in written
    assert obeyed(written) == []


@pytest.mark.long
@pytest.mark.parametrize("name", SNAPSHOTS)
async def test_a_few_fields_at_a_time(terminal: Terminal, name: str) -> None:
    """As they come from the evaluation, in every pane: a field may hide another one, so that not all are tried at once."""
    fields = [field for field in text_fields() if holds(SNAPSHOTS[name], field)]
    if name == "problem":
        fields = [field for field in fields if field.struct in IN_A_PROBLEM]
    app = live(SNAPSHOTS[name])
    async with app.run_test(size=(120, 36)) as pilot:
        fake = service(app)
        assert isinstance(fake, HostileService)
        for pane, keys in PANES.items():
            fake.snapshot = SNAPSHOTS[name]
            app.ask()
            await pilot.press(*keys)
            for few in (fields[start::GROUPS] for start in range(GROUPS)):
                fake.snapshot = hostile(SNAPSHOTS[name], *few)
                app.ask()
                await settle(pilot)
                assert (pane, list(map(str, few)), obeyed(terminal.read())) == (pane, list(map(str, few)), [])


async def settle(pilot: Pilot[None]) -> None:
    """Until nothing is left to do, or all is lost."""
    app = pilot.app
    assert isinstance(app, GradtuiApp)
    await pilot.pause()
    while unsettled(app) and app._exception is None:
        await pilot.pause(0.01)
    await pilot.pause()


@pytest.mark.parametrize("name", SNAPSHOTS)
async def test_every_line_keeps_its_width(name: str) -> None:
    """What has no width of its own, and gets one as it is shown, pushes nothing aside; and a picture of the screen is XML."""
    app = explorer(hostile(SNAPSHOTS[name], *text_fields()))
    async with app.run_test(size=(120, 36)) as pilot:
        for keys in PANES.values():
            await pilot.press(*keys)
            await settle(pilot)
            lines = ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]
            assert {cell_len(line) for line in lines} == {120}
        clickable = {str(segment.style and segment.style.meta.get("@click")) for segment in segments(app)}
        assert "app.quit" not in clickable
        ElementTree.fromstring(app.export_screenshot())


def segments(app: GradtuiApp) -> list[Segment]:
    return [segment for strip in app.screen._compositor.render_strips() for segment in strip]


async def test_a_widget_that_nobody_thought_of(terminal: Terminal) -> None:
    """The last step before the screen: whoever forgets it, text that is pasted into Textual's own palette say, is covered."""
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        app.notify(ATTACK, title=ATTACK, markup=False)
        app.picture.chart.border_subtitle = Content(ATTACK, strip_control_codes=False)
        app.picture.graph.tooltip = Content(ATTACK, strip_control_codes=False)
        await pilot.hover(app.picture.graph)
        await pilot.press("ctrl+p")
        app.screen.query_one(Input).post_message(Paste(ATTACK))
        await settle(pilot)
    assert obeyed(terminal.read()) == []


async def test_what_is_copied_can_be_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    app = explorer(hostile(examples.quadratic(), *text_fields()))
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert app.answers.shown is not None
        for title, text in copies(app.answers.shown, app.session.active, app.answers.shown.graph.nodes[0]).items():
            copy_text(app, title, text)
    assert len(copied) >= 5
    assert [acting(text.replace("\r\n", "\n"), but="\n\t") for text in copied] == [[]] * len(copied)


def test_the_last_step() -> None:
    """Where all is well the line stays as it is: nothing is made anew for it."""
    plain = [Segment("ḡ 1 · ∂f/∂x ⣀⡠ 你好"), Segment(" " * 20)]
    assert VISIBLE.apply(plain, Color(0, 0, 0)) is plain
    told = VISIBLE.apply([Segment("a\x1b[1m\x9b\u202eb"), Segment("  │")], Color(0, 0, 0))
    assert "".join(segment.text for segment in told) == "a␛[1m��b"
    assert cell_len("a\x1b[1m\x9b\u202eb  │") == cell_len("a␛[1m��b")


def live(snapshot: Snapshot) -> GradtuiApp:
    class Service(HostileService): ...

    Service.snapshot = snapshot
    at = dict.fromkeys(snapshot.variables, "1")
    return make_app(snapshot.expression, at, origin=snapshot.origin, service=Service)
