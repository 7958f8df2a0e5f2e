"""The explorer: a function, its value, gradient, graph, backward pass and curves, live."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Input, Static

from gradtui.service.client import Service
from gradtui.snapshot.model import Dtype
from gradtui.snapshot.start import Start
from gradtui.training.reading import read_optimizer
from gradtui.tui import commands, texts
from gradtui.tui.answers import Answers
from gradtui.tui.asking import Asking
from gradtui.tui.backward import Backward
from gradtui.tui.evaluator import DerivativeArrived, MakeEvaluator, SnapshotArrived
from gradtui.tui.findings import Findings
from gradtui.tui.keys import EVERYWHERE, KEYS, asks, works
from gradtui.tui.panes.key_footer import KeyFooter
from gradtui.tui.player import Player
from gradtui.tui.session import Session
from gradtui.tui.textual_fixes import MendedApp
from gradtui.tui.training.charts import Charts
from gradtui.tui.training.optimizer_entry import OptimizerEntry
from gradtui.tui.training.trainer import Trainer
from gradtui.tui.typing.line_input import LineInput
from gradtui.tui.views import Picture


def by(part: Callable[[GradtuiApp], Callable[..., Any]]) -> Callable[..., Any]:
    """An action that one part does alone, with the argument of the key, where it has one."""
    return lambda app, *argument: part(app)(*argument)


class GradtuiApp(MendedApp):
    """Its parts: the `session` (what was chosen), `asking` (which fills the `answers`), `findings` (what is wrong with them),
    `backward` (where one looks), the `player`; the `picture` is a view of all those. Here they hear of each other.
    """

    TITLE = "gradtui"
    CSS_PATH = "gradtui.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [(0, "-no-width"), (40, "-narrow"), (64, "-medium"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-no-height"), (10, "-flat"), (18, "-low"), (30, "-tall")]

    def __init__(self, session: Session, service: MakeEvaluator, theme: str | None = None) -> None:
        super().__init__()
        self.session, self.answers = session, Answers()
        self.asking = Asking(session, self.answers, service, self.post_message)
        self.findings = Findings(self)
        self.player = Player(self, self.show_player)
        self.backward = Backward(
            self, session, self.answers, self.findings, self.player, moved=self.show_cursor, ask=self.ask
        )
        self.trainer = Trainer(
            self, session, self.answers, moved=self.ask, changed=self.show_training, look=self.look_at_trained
        )
        self.charts = Charts(session, self.answers, self.trainer)
        self._chart_chosen = True
        self._working: list[bool] = []
        if theme is not None:
            self.theme = theme

    def compose(self) -> ComposeResult:
        self.picture = Picture(
            self.session, self.answers, self.backward, ask=self.ask, settle=self.settle, id="picture"
        )
        yield self.picture
        yield Static("too small:\n40 x 10 at least", id="too-small")
        yield KeyFooter(compact=True)

    def on_mount(self) -> None:
        if self.session.origin == "expression" and self.session.live:
            self.picture.take(self.session.text)
        else:
            self.picture.lay_out()
            self.ask()
        self.call_after_refresh(self.begin)

    def begin_training(self, start: Start) -> None:
        """As the command line says."""
        self.trainer.begin(start)
        self._chart_chosen = start.optimizer is None and start.trained is None and not start.data

    async def begin(self) -> None:
        """The first frame is out. What starts now would have taken the processor from it."""
        gc.freeze()  # what is there now stays: to look through it again would cost a frame, now and then
        gc.enable()
        await self.asking.start()

    async def on_unmount(self) -> None:
        await self.asking.close()

    # What is asked, and answered

    def ask(self) -> None:
        """Have the session evaluated; of a saved one there is an answer the first time, and for the ledger."""
        if not self.session.live and self.answers.answered and not self.session.ledger:
            self.notify(texts.NOTHING_NEW, timeout=3)
        self.trainer.prepare()
        self.charts.prepare()
        self.asking.ask(texts.samples(self.picture.chart.size.width))
        self.settle()

    def on_snapshot_arrived(self, message: SnapshotArrived) -> None:
        before, came = self.answers.shown, message.snapshot
        if not self.asking.receive(came):
            return
        ended = (
            self.session.origin == "function" and came.problem is None
        )  # only then it is sure which variables there are
        if ended and self.session.adopt(came):
            self.picture.lay_out()
            self.ask()  # now with a curve
        self.findings.look(self.answers.shown)
        self.backward.renew(before)
        self.show_answer()
        self.settle(answered=True)
        if not self._chart_chosen:
            self._chart_chosen = True
            self.charts.begin()
        self.show_training()
        self.show_keys()
        self.trainer.arrived()

    def on_derivative_arrived(self, message: DerivativeArrived) -> None:
        if self.answers.derive(message.snapshot):
            self.show_variables()
            self.settle(answered=True)

    def on_unanswered(self) -> None:
        self.show_variables()

    def on_patience_lost(self) -> None:
        self.show_answer()
        self.settle()

    def on_file_saved(self) -> None:
        """The picture of before stays until the file has run again."""
        self.asking.interrupt()
        self.session.saved()
        self.ask()

    def on_found(self) -> None:
        self.show_cursor()

    def on_explained(self) -> None:
        self.backward.tell()

    # What is shown

    def settle(self, *, answered: bool = False) -> None:
        """Say what is wrong, and how the evaluation is doing."""
        self.picture.show_text()
        self.asking.settle(answered=answered)
        self.picture.show_status(self.asking.light)

    def show_answer(self) -> None:
        self.picture.show_answer(stale=self.asking.stale)
        self.show_variables()

    def show_variables(self) -> None:
        """The values as they are now, beside what the last answer says of them."""
        self.asking.painted()
        self.picture.show_variables(patient=self.asking.patient)

    def show_cursor(self) -> None:
        self.picture.show_rule(self.trainer, self.backward.cursor.selected)
        self.picture.show_cursor(self.findings.all)

    def show_training(self) -> None:
        """Why the selected variable moved, and what the run has come to."""
        self.picture.show_training(self.trainer, self.charts)
        self.show_cursor()

    def show_player(self) -> None:
        self.picture.graph.border_subtitle = self.player.text

    def show_keys(self) -> None:
        """Have the footer made anew, which takes a while, only where other keys work now.

        Not while a line is typed: the footer is that line's then, and leaving it makes it anew.
        """
        if isinstance(self.focused, Input):
            return
        working = [works(key.action.partition("(")[0], self.session, self.answers.shown, typing=False) for key in KEYS]
        if working != self._working:
            self._working = working
            self.refresh_bindings()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The footer shows the keys that work now; while a line is typed, letters are letters."""
        typing = isinstance(self.focused, LineInput) or len(self.screen_stack) > 1
        return works(action, self.session, self.answers.shown, typing=typing)

    def on_key(self, event: events.Key) -> None:
        """One that no action took: of a saved picture it may have asked for another answer."""
        if not self.session.live and (asks(event.key) or asks(event.character)):
            self.notify(texts.NOTHING_NEW, timeout=3)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        return commands.commands(self, self.session, self.answers.shown, self.command)

    async def command(self, action: str) -> None:
        """One of the palette, which is there also while a line is typed: that line is left."""
        if action.partition("(")[0] not in EVERYWHERE:
            self.picture.leave_line()
        await self.run_action(action)

    action_example = by(lambda app: app.picture.take)
    action_edit = by(lambda app: app.picture.open_formula)
    action_edit_value = by(lambda app: app.picture.open_value)
    action_search = by(lambda app: app.picture.open_search)
    action_maximise = by(lambda app: app.picture.toggle_maximised)
    action_restore = by(lambda app: app.picture.restore)
    action_move_node = by(lambda app: app.picture.graph.run_action)
    action_pan = by(lambda app: app.picture.chart.pan)
    action_fit = by(lambda app: app.picture.chart.fit)
    action_toggle_derivative = by(lambda app: app.picture.chart.toggle_derivative)
    action_toggle_saved = by(lambda app: app.picture.node_panel.toggle_saved)
    action_toggle_ledger = by(lambda app: app.backward.toggle_ledger)
    action_backward_end = by(lambda app: app.backward.to_end)
    action_backward_start = by(lambda app: app.backward.to_start)
    action_backward_to_node = by(lambda app: app.backward.to_node)
    action_play = by(lambda app: app.backward.play)
    action_speed = by(lambda app: (app.trainer.player if app.trainer.player.playing else app.player).rescale)
    action_update = by(lambda app: app.trainer.update)
    action_update_back = by(lambda app: app.trainer.back)
    action_update_start = by(lambda app: app.trainer.to_start)
    action_train = by(lambda app: app.trainer.play)
    action_learning_rate = by(lambda app: app.trainer.rescale)
    action_optimizer = by(lambda app: app.picture.open_optimizer)
    action_why = by(lambda app: app.backward.why)
    action_experiment = by(lambda app: app.backward.experiment)
    action_choose_edge = by(lambda app: app.backward.choose_edge)

    def action_undo_experiment(self) -> None:
        self.session.undo_experiment()
        self.ask()

    def action_zoom(self, factor: float) -> None:
        if self.charts.kind == "contour":
            self.charts.zoom(factor)
            self.ask()
        elif self.charts.kind == "curve":
            self.picture.chart.zoom(factor)

    def action_next_chart(self) -> None:
        self.charts.next()
        self.show_training()
        self.ask()

    def action_keep_run(self) -> None:
        """This run stays in the charts, and the next begins where it did."""
        self.charts.keep()
        self.trainer.again()
        self.picture.open_optimizer()

    def look_at_trained(self) -> None:
        """The panel is that of a variable that moved."""
        leaf = texts.leaf_of(self.answers.shown, self.session.active, self.trainer.trained)
        looked_at = texts.node_of(self.answers.shown, self.backward.cursor.selected)
        if leaf is not None and (looked_at is None or looked_at.variable not in self.trainer.trained):
            self.backward.select(leaf)

    def action_backward(self, by: int) -> None:
        """The update is one more step: forward, backward, update, again."""
        steps_done, total = self.backward.cursor.steps_done, len(self.backward.order)
        if self.trainer.active and steps_done == total and by > 0:
            self.backward.to_start()
            self.trainer.update()
        elif self.trainer.active and steps_done == 0 and by < 0 and self.trainer.history.here:
            self.backward.to_end()
            self.trainer.back()
        else:
            self.backward.step(by)

    def action_toggle_trained(self) -> None:
        if self.session.active is not None:
            self.trainer.toggle(self.session.active)
        else:
            self.session.take_back()
            self.ask()
        self.picture.lay_out()

    def action_choose_optimizer(self, text: str) -> None:
        self.trainer.choose(read_optimizer(text))

    def on_optimizer_entry_left(self, message: OptimizerEntry.Left) -> None:
        self.picture.leave_line()
        if message.optimizer is not None:
            self.trainer.choose(message.optimizer)

    def action_step(self, ticks: int) -> None:
        self.session.move(ticks)
        self.ask()

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

    def action_copy(self) -> None:
        if self.answers.shown is not None:
            commands.copy(self, self.answers.shown, self.session.active, self.backward.cursor.selected)

    def action_help(self) -> None:
        from gradtui.tui.help import HelpScreen  # not wanted before the first paint

        self.push_screen(HelpScreen())


def explorer(start: Start) -> GradtuiApp:
    """The screen on what a person named. Raises PointError for an `at` that is no value."""
    service = partial(Service, function=start.expression) if start.origin == "function" else Service
    app = GradtuiApp(Session(start), service, start.theme)
    app.begin_training(start)
    return app


def run(start: Start) -> int:
    """Open the explorer and stay in it until it is left; the exit status. Raises PointError for an `at` that is no value."""
    app = explorer(start)
    if start.theme is None:
        app.suit_terminal()
    app.run()
    return app.return_code or 0
