"""The screen on a run, and on a file that grows."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from gradtui.runs.run import Run
from gradtui.runs.since import none_found, since
from gradtui.settings.read_settings import Settings
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.visible import visible
from gradtui.tui.configured_keys import bound, key_names, shown
from gradtui.tui.panes.key_footer import KeyFooter
from gradtui.tui.panes.line_view import cut
from gradtui.tui.panes.screen_sizes import HEIGHTS, TOO_SMALL, WIDTHS
from gradtui.tui.run import lines
from gradtui.tui.run.following import STOPPED, Failed, Grown, Source
from gradtui.tui.run.heat_map import HeatMap
from gradtui.tui.run.keys import EVERYWHERE, KEYS
from gradtui.tui.run.look import PANES, Look
from gradtui.tui.run.loss_chart import LossChart
from gradtui.tui.run.panes import FindingsPane, Numbers, Output, may_judge
from gradtui.tui.textual_fixes import MendedApp, run_beside
from gradtui.tui.typing.file_entry import FileEntry, write, written
from gradtui.tui.typing.key_order import Successor

ROOM_OF_TITLE = 14
"""Cells, with the gap behind them, that are left for what runs where it is long."""


class RunApp(Successor, MendedApp):
    """look: where one looks, which outlives the screen: it is left for an update's backward pass and come back to.

    opened: the update whose Snapshot is asked for, when it has been left so; snapshots: of the run that was seen then.
    """

    TITLE = "gradtui"
    CSS_PATH = ["../opening.tcss", "../gradtui.tcss", "run.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(
        self, source: Source, look: Look | None = None, theme: str | None = None, settings: Settings | None = None
    ) -> None:
        super().__init__()
        settings = settings or Settings()
        self.keys, wrong = bound(settings.keys, KEYS, settings.sources)
        self.key_names = key_names(self.keys)
        self.wrong = (*settings.wrong, *wrong)
        self.set_keymap({str(key.id): key.key for key, usual in zip(self.keys, KEYS, strict=True) if key is not usual})
        self.source, self.look = source, look or Look()
        self.opened: int | None = None
        self.snapshots: Mapping[int, Snapshot] = {}
        self.ranks: Sequence[Run] = ()
        self.said = ""
        self._quiet: float | None = None
        self._head: tuple[Content, Content] | None = None
        if theme is not None:
            self.theme = theme

    def compose(self) -> ComposeResult:
        look = self.look
        self.what, self.doing, self.findings = Static(id="what"), Static(id="doing"), FindingsPane(look, id="findings")
        self.loss, self.heat = LossChart(look, id="loss"), HeatMap(look, id="heat")
        self.numbers, self.output = Numbers(id="numbers"), Output(id="output")
        self.file = FileEntry((".gradtui", ".json", ".csv"), id="file")
        self.beside = Vertical(self.numbers, self.output, id="beside")
        self.body = Container(Vertical(self.loss, self.heat, id="by-update"), self.beside, id="body")
        parts = (self.findings, *self.above(), self.body, self.file)
        yield Container(Horizontal(self.what, self.doing, id="head"), *parts, id="picture")
        yield Static(TOO_SMALL, id="too-small")
        yield KeyFooter()

    def above(self) -> Iterable[Widget]:
        """What stands over the charts."""
        return ()

    def on_mount(self) -> None:
        self.show()
        self._arrange()
        self.warn("Settings", self.wrong)
        self.call_after_refresh(self.begin)

    def begin(self) -> None:
        """The first frame is out."""
        gc.enable()
        self.own_errors.begin()
        self.ready()
        run_beside(self, partial(self.source.follow, self.post_message), group="follow")

    def on_resize(self) -> None:
        self.call_after_refresh(self.show)

    def on_sized(self) -> None:
        self.look.room = self.heat.scrollable_content_region.height
        self.show()

    # What arrives

    def on_grown(self, message: Grown) -> None:
        self.grown(message)

    def grown(self, message: Grown) -> None:
        self._quiet, before, self.said = message.quiet, self.look.run, ""
        if message.run is not before:
            self.look.take(message.run, message.view)
            self.show()
        else:
            self.show_head()

    def on_failed(self, message: Failed) -> None:
        self.said = message.sentence
        self.show_head()

    # What is shown

    def show(self) -> None:
        look = self.look
        self.show_head()
        has_output = bool(look.run.printed.strip())
        self.beside.set_class(has_output, "-printed")
        self.beside.set_class(look.printed, "-output")
        self.findings.show()
        self.heat.show()
        self.loss.show(self.heat.name_width, self.heat.cell_count)
        self.numbers.show(look, self.ranks)
        if has_output:
            self.output.show(look.run)

    def show_head(self) -> None:
        """What runs, at the left, and how it is doing, at the right."""
        run, width = self.look.run, self.size.width - 2
        room = width - min(ROOM_OF_TITLE, len(lines.title(run)) + 2)
        doing = Content(lines.status(run, quiet=self._quiet, unread=self.source.unread, width=room))
        if said := STOPPED if self.source.stopped else self.said:
            doing = Content.styled(visible(cut(said, max(10, width - 4))), "$text-error")
        what = Content.styled(cut(lines.title(run), max(0, width - doing.cell_length - 2)), "bold")
        if (what, doing) != self._head:  # to say it again would lay out the whole screen
            self._head = what, doing
            self.what.update(what)
            self.doing.update(doing)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the help is open, keys are those of the help; while a line is typed, letters are letters."""
        if action in EVERYWHERE:
            return True
        free = len(self.screen_stack) == 1 and not isinstance(self.focused, Input)
        return free and hasattr(self, f"action_{action}")

    @property
    def _working(self) -> list[Binding]:
        """Without those of several ranks where there is one run."""
        return [key for key in self.keys if hasattr(self, f"action_{key.action.partition('(')[0]}")]

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        for key in self._working:
            if key.id != "restore":
                yield SystemCommand(key.tooltip, _title(key), partial(self.run_action, key.action))
        yield SystemCommand("Theme", "Choose the colours", self.action_change_theme)
        yield SystemCommand("Screenshot", "Save the screen as SVG", self.action_screenshot)

    def action_move(self, by: int) -> None:
        self._went()
        self.look.move(by, self.heat.cell_count)
        self.show()

    def action_update(self, by: int) -> None:
        self._went()
        self.look.go(self.look.place + by)
        self.show()

    def action_first(self) -> None:
        self._went()
        self.look.go(0)
        self.show()

    def action_last(self) -> None:
        self._went()
        self.look.go(self.look.count - 1)
        self.show()

    def action_row(self, by: int) -> None:
        self.look.move_row(by)
        self.show()

    def action_open(self) -> None:
        self.look.toggle()
        self.show()

    def action_zoom(self, factor: float) -> None:
        self.look.zoom(factor)
        self.show()

    def action_fit(self) -> None:
        self.look.fit()
        self.show()

    def action_colour(self) -> None:
        self.look.measure = "change" if self.look.measure == "gradient" else "gradient"
        self.show()

    def action_why(self) -> None:
        before = self.look.finding
        if self.look.next_finding() is None:
            self.say(self._none)
        elif self.look.finding == before:
            self.say("there is no other finding")
        self.show()

    def action_next_snapshot(self, by: int) -> None:
        self._went()
        if not self.look.next_snapshot(by):
            self.notify(self._no_snapshot if not self.look.run.snapshots else "no other in this direction", timeout=3)
        self.show()

    def action_snapshot(self) -> None:
        """Leave the screen for that of the Snapshot; whoever runs the app opens it, and this one again."""
        self.opened, self.snapshots = self.look.nearest(), self.look.run.snapshots
        if self.opened is None:
            self.notify(self._no_snapshot, timeout=4)
        else:
            self.leave()

    @property
    def _no_snapshot(self) -> str:
        """With a distance that would have kept from ten to a hundred, of so many updates."""
        if not self.look.count:
            return lines.no_update(self.look.run)
        every = 10 ** max(0, len(str(self.look.count)) - 2)
        return f"no backward pass of this run was kept whole: run it with --every {every}, say"

    def action_output(self) -> None:
        if not self.look.run.printed.strip():
            self.notify("the script has printed nothing", timeout=3)
            return
        self.look.printed = not self.look.printed
        self._arrange()

    def action_maximise(self) -> None:
        """The heat map with the loss, then what stands beside them, then all again."""
        self.look.only = PANES[(PANES.index(self.look.only) + 1) % len(PANES)]
        self._arrange()

    def action_restore(self) -> None:
        self.look.only, self.look.printed = None, False
        self._went()
        self._arrange()

    def _arrange(self) -> None:
        for pane in filter(None, PANES):
            self.body.set_class(self.look.only == pane, f"-{pane}")
        self.call_after_refresh(self.show)

    def action_in_full(self) -> None:
        from gradtui.tui.dialogs.in_full import FullScreen  # not wanted before the first paint

        findings = self.look.run.findings
        told = [
            (
                f"{one.certainty}, {since(one, ' · ')}",
                "\n".join((one.text, *(f"· {evidence}" for evidence in one.evidence), f"→ {one.remedy}")),
            )
            for one in findings
        ]
        self.push_screen(FullScreen(told or [("findings", self._none)]))

    @property
    def _none(self) -> str:
        """What is said where there is no finding."""
        return none_found(self.look.run) if may_judge(self.look.run) else lines.NO_UPDATE

    @property
    def how_to_leave(self) -> str:
        goes_on = "; a training that this command has started goes on, and ctrl+c ends it then"
        return f"{{key}} leaves the screen{'' if self.look.run.ended else goes_on}"

    def action_help(self) -> None:
        from gradtui.tui.run.help import HelpScreen

        self.push_screen(HelpScreen(self._working))

    action_explain = action_help

    def action_export(self) -> None:
        """Ask for the name of a file, which may be mended."""
        self.file.display = True
        self.file.open("run.csv")

    async def on_file_entry_left(self, message: FileEntry.Left) -> None:
        """The line stays where nothing was written, with what is wrong behind it."""
        from gradtui.report.run.export import export  # not wanted before the first paint

        if message.path is not None:
            wrong = await write(partial(export, self.look.run), message.path)
            if wrong:
                self.file.refuse(wrong)
                return
            self.notify(written(message.path), markup=False, timeout=4)
        self.file.display = False
        self.screen.set_focus(None)

    def on_heat_map_picked(self, message: HeatMap.Picked) -> None:
        self.look.row = message.row
        if message.place is not None:
            self._went()
            self.look.go(message.place)
        self.show()

    def _went(self) -> None:
        """Elsewhere than to the finding that was told."""
        self.look.finding = None


def _title(key: Binding) -> str:
    return f"{key.description} ({shown(key)})"
