"""The explorer: a function, its value, gradient, graph, backward pass and curves, live."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual import events
from textual.app import SystemCommand
from textual.screen import Screen
from textual.widgets import Input

from gradtui.settings.read_settings import Settings
from gradtui.settings.remembered import Memory
from gradtui.snapshot.model import Dtype, Snapshot
from gradtui.snapshot.start import Start
from gradtui.tui.answers import Answers
from gradtui.tui.evaluator import DerivativeArrived, Evaluator, MakeEvaluator, OtherArrived, SnapshotArrived
from gradtui.tui.findings import Findings
from gradtui.tui.keys import EVERYWHERE, UPDATE, working, works
from gradtui.tui.opening import Opening
from gradtui.tui.panes.key_footer import KeyFooter
from gradtui.tui.player import Player
from gradtui.tui.session import Session
from gradtui.tui.textual_fixes import by
from gradtui.tui.typing.line_input import LineInput

if TYPE_CHECKING:  # what is not wanted before the first paint
    from gradtui.tui.asking import Asking
    from gradtui.tui.backward import Backward
    from gradtui.tui.training.board import Board
    from gradtui.tui.typing.file_entry import FileEntry
    from gradtui.tui.views import Picture

STYLES = Path(__file__).with_name("gradtui.tcss")
STEPS = "graph", "node"  # the panes that show a step of backward


class GradtuiApp(Opening):
    """Its parts: the `session` (what was chosen), `asking` (which fills the `answers`), `findings` (what is wrong with them),
    `backward` (where one looks), the `player`; the `picture` is a view of all those. Here they hear of each other.
    """

    asking: Asking
    backward: Backward
    board: Board
    picture: Picture

    def __init__(
        self,
        session: Session,
        service: MakeEvaluator,
        theme: str | None = None,
        memory: Memory | None = None,
        training: Start | None = None,
    ) -> None:
        """training: how it begins; None where nothing is trained."""
        super().__init__(session, theme, memory)
        self.live_again: Start | None = None
        self.answers = Answers()
        self.findings = Findings(self)
        self.player = Player(self, self.show_player)
        self._service, self._training = service, training
        self._working: list[bool] = []
        self._typed = False, False
        self._other_window: tuple[float, float] | None = None

    async def open(self) -> None:
        """The parts, and the picture of them. The evaluation starts first: it loads by itself meanwhile."""
        from gradtui.tui.asking import Asking

        self.asking = Asking(self.session, self.answers, self._service, self.post_message)
        await self.asking.start()
        from gradtui.tui.backward import Backward
        from gradtui.tui.training.board import Board
        from gradtui.tui.views import Picture

        session, answers, heard = self.session, self.answers, {"moved": self.show_cursor, "ask": self.ask}
        self.backward = Backward(self, session, answers, self.findings, self.player, **heard)
        self.board = Board(self, session, answers, self.backward, foresee=self.asking.foresee, **heard)
        if self._training is not None:
            self.board.begin(self._training)
        typed = {"ask": self.ask, "settle": self.settle, "typed": self.asking.typed}
        self.picture = Picture(session, answers, self.backward, self.line, self.board.trainer, self.key_names, **typed)
        self.board.attach(self.picture)
        self.stylesheet.read(STYLES)
        if not self.screen.is_attached:  # the program ends already
            return
        await self.mount(self.picture, after=self.line)
        self.picture.begin(self.plain)
        if self.session.origin == "expression" and self.session.live:
            self.picture.take(self.session.text)
        else:
            self.picture.lay_out()
            self.ask()

    async def on_unmount(self) -> None:
        if hasattr(self, "asking"):  # it may end before it has begun
            self.remember()
            await self.asking.close()

    # What is asked, and answered

    def ask(self) -> None:
        """Have the session evaluated; of a saved one there is an answer the first time, and for the ledger."""
        if not self.session.live and self.answers.answered and not (self.session.ledger or self.session.most > 1):
            self.say_why_idle()
        self.board.prepare()
        self.asking.ask(self.picture.samples)
        self.settle()

    def on_snapshot_arrived(self, message: SnapshotArrived) -> None:
        came = message.snapshot
        if not self.asking.receive(came):
            return
        ended = self.session.origin == "function" and came.problem is None
        if ended and self.session.adopt(came):  # only one that ended says for sure which variables there are
            self.picture.lay_out()
            self.ask()  # now with a curve
        self.findings.look(self.backward.looked)
        self.show_answer()
        self.settle(answered=True)
        self.show_keys()
        self.board.arrived()
        self.paint_at_once()
        self.ask_other()

    def on_derivative_arrived(self, message: DerivativeArrived) -> None:
        if self.answers.derive(message.snapshot):
            self.show_variables()
            self.settle(answered=True)
            self.ask_other()

    def ask_other(self) -> None:
        """The curve that is kept beside the one shown, where the window is another one now. It waits for all else."""
        kept, curve = self.session.kept, self.answers.curve
        if kept is None or curve is None or self.answers.waiting or self.answers.underived:
            return
        if self._other_window != curve.window:
            self._other_window = curve.window
            self.asking.ask_other(self.session.other_request(curve.window))

    def on_other_arrived(self, message: OtherArrived) -> None:
        curve = message.snapshot.curve
        if self.session.kept is not None:
            self.picture.chart.show_other(None if curve is None else replace(curve, what=self.session.kept.expression))

    def on_patience_lost(self) -> None:
        self.show_answer()
        self.settle()

    def on_file_saved(self) -> None:
        """The picture of before stays until the file has run again."""
        self.asking.interrupt()
        self.session.saved()
        self.board.trainer.anew()
        self.ask()

    def on_explained(self) -> None:
        self.backward.tell()

    # What is shown

    def settle(self, *, answered: bool = False) -> None:
        """Say what is wrong, and how the evaluation is doing."""
        before, self._typed = self._typed, (self.session.held, self.session.base is not None)
        if self._typed != before:
            self.show_variables()
        self.picture.show_text()
        self.asking.settle(answered=answered)
        self.line.show_status(self.asking.light, self.answers.shown)

    def show_answer(self) -> None:
        self.picture.show_answer(stale=self.asking.stale)
        self.show_variables()

    def show_variables(self) -> None:
        """The values as they are now, beside what the last answer says of them."""
        self.asking.painted()
        self.picture.show_variables(patient=self.asking.patient)

    on_unanswered = show_variables

    def show_cursor(self) -> None:
        self.board.tell()
        self.picture.show_cursor(self.findings.all, looking=self.findings.looking)

    on_found = show_cursor

    def show_player(self) -> None:
        self.picture.graph.entitle(self.player.text, "subtitle")

    def show_keys(self) -> None:
        """Have the footer made anew, which takes a while, only where other keys work now.

        Not while a line is typed: the footer is that line's then, and leaving it makes it anew.
        """
        if isinstance(self.focused, Input):
            return
        now = [self.board.trainer.active, *working(self.session, self.answers.shown)]
        if now != self._working:
            self._working = now
            self.query_one(KeyFooter).left_out = () if now[0] else (UPDATE,)
            self.refresh_bindings()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The footer shows the keys that work now; while a line is typed, letters are letters."""
        typing = isinstance(self.focused, LineInput) or len(self.screen_stack) > 1
        return works(action, self.session, self.answers.shown, typing=typing)

    def on_key(self, event: events.Key) -> None:
        """One that no action took says why, where it is one of ours."""
        if not isinstance(self.focused, Input) and len(self.screen_stack) == 1:
            self.say_why_idle(event, self.answers.shown)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        from gradtui.tui.dialogs import command_palette  # not wanted before the first paint

        return command_palette.commands(self, self.keys, self.session, self.answers.shown, self.command)

    async def command(self, action: str) -> None:
        """One of the palette, which is there also while a line is typed: that line is left."""
        if action.partition("(")[0] not in EVERYWHERE:
            self.picture.leave_line()
        await self.run_action(action)

    action_example = by(lambda app: app.picture.take)

    def action_go_live(self) -> None:
        """Leave the saved state for the same function, evaluated anew; whoever runs the app opens that."""
        self.live_again = replace(self.board.live_again(), theme=self.theme)
        self.leave()

    action_edit = by(lambda app: app.picture.open_formula)
    action_edit_value = by(lambda app: app.picture.open_value)
    action_search = by(lambda app: app.picture.open_search, *STEPS)
    action_maximise = by(lambda app: app.picture.panes.toggle_maximised)
    action_move_node = by(lambda app: app.picture.graph.run_action, *STEPS)
    action_pan = by(lambda app: app.picture.chart.pan, "chart")
    action_fit = by(lambda app: app.board.fit, "chart")
    action_toggle_grid = by(lambda app: app.picture.chart.toggle_grid, "chart")
    action_export = by(lambda app: app.picture.open_file)
    action_present = by(lambda app: app.picture.toggle_presenting)
    action_toggle_derivative = by(lambda app: app.picture.chart.toggle_derivative, "chart")
    action_toggle_saved = by(lambda app: app.picture.node_panel.toggle_saved)
    action_backward = by(lambda app: app.board.step, *STEPS)
    action_backward_end = by(lambda app: app.backward.to_end, *STEPS)
    action_backward_start = by(lambda app: app.backward.to_start, *STEPS)
    action_backward_to_node = by(lambda app: app.backward.to_node, *STEPS)
    action_play = by(lambda app: app.backward.play, *STEPS)
    action_speed = by(
        lambda app: (app.board.trainer.player if app.board.trainer.player.playing else app.player).rescale
    )
    action_zoom = by(lambda app: app.board.zoom, "chart")
    action_next_chart = by(lambda app: app.board.next_chart, "chart")
    action_training = by(lambda app: app.board.act)
    action_choose_optimizer = by(lambda app: app.board.choose)
    on_optimizer_entry_left = by(lambda app: app.board.entered)
    action_turn = by(lambda app: app.backward.turn)
    action_experiment = by(lambda app: app.backward.experiment)
    action_choose_edge = by(lambda app: app.backward.choose_edge)

    def action_restore(self) -> None:
        if self.session.ledger and self.picture.panes.maximised is None:
            self.action_toggle_ledger()
        self.picture.panes.restore()

    def action_toggle_ledger(self) -> None:
        self.backward.toggle_ledger()
        if self.session.ledger:
            self.picture.panes.bring("node")

    def action_why(self) -> None:
        self.backward.why()
        self.picture.panes.bring("node")

    action_undo = by(lambda app: partial(app.board.trainer.after, app._undo))

    def _undo(self) -> None:
        self.session.undo()
        if self.session.origin == "expression":
            self.picture.typed.show()
        self.ask()

    def action_focus_next(self) -> None:
        self._go_on(super().action_focus_next, 1)

    def action_focus_previous(self) -> None:
        self._go_on(super().action_focus_previous, -1)

    def _go_on(self, move: Callable[[], None], by: int) -> None:
        """Tab always leaves the line that one types in; where there is room for one pane it brings the next."""
        line = self.focused
        if not isinstance(line, Input) and self.picture.panes.go_on(by):
            return
        move()
        if isinstance(line, LineInput):
            self.picture.finish_line(line)

    def action_step(self, ticks: int) -> None:
        self.board.trainer.after(partial(self._step, ticks))

    def _step(self, ticks: int) -> None:
        self.session.move(ticks)
        self.asking.soon(self.ask)

    def action_rescale_step(self, power: int) -> None:
        self.session.rescale_step(power)
        self.show_variables()

    def action_next_variable(self, by: int) -> None:
        self.session.next_variable(by)
        self.ask()

    def action_next_element(self, by: int) -> None:
        self.session.next_element(by)
        self.ask()

    def action_dtype(self, dtype: Dtype) -> None:
        self.session.dtype = dtype
        self.ask()

    def action_compare(self) -> None:
        """Keep the curve of this function; let it go where one is kept."""
        self._other_window = None
        if self.session.kept is not None:
            self.session.kept = None
            self.picture.chart.show_other(None)
            self.notify("only one curve again", timeout=3)
        else:
            self.session.keep(self.answers.curve)
            self.notify("this curve stays, drawn in ×: type the other function", timeout=4)
            self.ask_other()

    def action_toggle_names(self) -> None:
        self.plain = not self.plain
        self.picture.call_plainly(self.plain)

    def action_in_full(self) -> None:
        from gradtui.tui.dialogs.in_full import FullScreen, in_full  # not wanted before the first paint

        picture, selected = self.picture, self.backward.cursor.selected
        self.push_screen(FullScreen(in_full(self.session, self.answers, picture.reading, selected, picture.node_panel)))

    async def on_file_entry_left(self, message: FileEntry.Left) -> None:
        from gradtui.tui.training.in_file import in_file  # not wanted before the first paint
        from gradtui.tui.typing.file_entry import write, written

        whole = self.board.whole
        if message.path is None or whole is None:
            self.picture.leave_line()
            return
        shown = in_file(whole, self.session, self.board.trainer.history.here, self.key_names)
        told = await write(partial(shown.export, plain=self.plain, other=self.picture.chart.other), message.path)
        if told:
            self.picture.file.refuse(told)
        else:
            self.picture.leave_line()
            self.notify(written(message.path) + shown.told, markup=False, timeout=4)

    def action_copy(self) -> None:
        from gradtui.tui.dialogs import clipboard  # not wanted before the first paint

        if self.answers.shown is not None:
            clipboard.copy(self, self.session, self.backward.shown or self.answers.shown, self.backward.cursor.selected)

    def action_help(self) -> None:
        from gradtui.tui.dialogs.help import HelpScreen  # not wanted before the first paint

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.keys))

    action_explain = action_help


def explorer(start: Start, memory: Memory | None = None) -> GradtuiApp:
    """The screen on what a person named; what `memory` remembers. Raises PointError for an `at` that is no value."""

    def service(arrived: Callable[[Snapshot], None]) -> Evaluator:
        from gradtui.service.client import Service  # not wanted before the first paint

        return Service(arrived, function=start.expression if start.origin == "function" else None)

    return GradtuiApp(Session(start), service, start.theme, memory, start)


def run(start: Start, settings: Settings | None = None) -> int:
    """Open the explorer and stay in it until it is left; the exit status. Raises PointError for an `at` that is no value.
    settings: None for those of the file and the environment."""
    memory = Memory(settings=settings)
    app = explorer(start, memory)
    if start.theme is None:
        app.suit_terminal()
    app.run(mouse=memory.settings.mouse)
    return app.return_code or 0
