"""The explorer: a function, its value, gradient, graph, backward pass and curves, live."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.reactive import var
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Footer, Input, Static

from gradtui.expression.notation import write
from gradtui.expression.parser import ExpressionError, parse
from gradtui.service.client import Service
from gradtui.snapshot.model import Device, Dtype, Problem, Snapshot
from gradtui.tui import commands, readings
from gradtui.tui.answers import Answers
from gradtui.tui.evaluator import MakeEvaluator, SnapshotArrived
from gradtui.tui.keys import KEYS, works
from gradtui.tui.picture import Picture
from gradtui.tui.point import read_point, read_points
from gradtui.tui.session import Session, backward_step
from gradtui.tui.widgets.chart import Chart
from gradtui.tui.widgets.expression_input import ExpressionInput
from gradtui.tui.widgets.graph_view import GraphView
from gradtui.tui.widgets.stepper import Stepper
from gradtui.tui.widgets.value_entry import ValueEntry, ValueInput

PATIENCE = 0.15
"""Seconds that the old picture stands unmarked while the new one is on its way: less would flicker."""

FRAME = 0.012
"""Seconds: an answer mostly comes sooner, and then key and answer are one frame and not two."""


class GradtuiApp(App[None]):
    """Holds what was chosen (`session`), what was answered (`answers`) and a cursor; the widgets are views of those."""

    TITLE = "gradtui"
    CSS_PATH = "gradtui.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [(0, "-no-width"), (40, "-narrow"), (64, "-medium"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-no-height"), (10, "-flat"), (18, "-low"), (30, "-tall")]

    selected: var[int | None] = var(None, init=False)
    steps_done: var[int | None] = var(None, init=False)
    maximised: var[str | None] = var(None, init=False)

    def __init__(
        self,
        expression: str = "x^2 + 3x + 1",
        at: dict[str, str | tuple[str, ...]] | None = None,
        dtype: Dtype = "float32",
        device: Device = "cpu",
        window: tuple[float, float] | None = None,
        step: str = "0.1",
        theme: str | None = None,
        names: tuple[str, ...] = (),
        *,
        service: MakeEvaluator = Service,
    ) -> None:
        super().__init__()
        self.session = Session(
            expression,
            read_points(at or {}),
            dtype=dtype,
            device=device,
            window=window,
            step=read_point(step).elements[0],
            names=names,
        )
        self.answers = Answers()
        self.service = service(self.arrived)
        self.text_problem: Problem | None = None
        self.reads_as = ""
        self.patient = True
        self._working: list[bool] = []
        self._patience: Timer | None = None
        self._unpainted: asyncio.TimerHandle | None = None
        if theme is not None:
            self.theme = theme

    def compose(self) -> ComposeResult:
        self.picture = Picture(self.session, id="picture")
        yield self.picture
        yield Static("too small: gradtui needs 40 x 10", id="too-small")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        if not self.is_headless:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, self.exit)
        self.take(self.session.text)
        self.call_after_refresh(self.service.start)  # before the first frame it would take the processor from it

    def on_resize(self) -> None:
        self.call_after_refresh(self.show_variables)  # what stands where depends on the widths
        self.call_after_refresh(self.settle)

    async def on_unmount(self) -> None:
        if self._unpainted is not None:
            self._unpainted.cancel()
        await self.service.close()

    def arrived(self, snapshot: Snapshot) -> None:
        self.post_message(SnapshotArrived(snapshot))

    # What is typed

    def read(self, text: str) -> None:
        """Evaluate `text` where it is an expression; where it is none, say where and keep the picture."""
        try:
            expression = parse(text, self.session.names)
        except ExpressionError as error:
            self.text_problem = Problem(error.kind, error.message, error.start, error.end, error.hint)
        else:
            self.text_problem, self.reads_as = None, write(expression)
            self.session.accept(expression)
            self.ask()
        self.settle()

    def take(self, text: str) -> None:
        """Another function, not typed."""
        self.picture.formula.value = text
        self.picture.formula.history.add(text)
        self.read(text)
        self.picture.lay_out(self.session)

    def on_input_blurred(self, event: Input.Blurred) -> None:
        """The title follows only now: sooner, it would shift the text under the cursor."""
        if event.input is self.picture.formula and self.text_problem is None:
            self.picture.formula.history.add(event.value)
            self.picture.lay_out(self.session)

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.value != self.session.text or self.text_problem is not None:
            self.read(event.value)

    def on_expression_input_left(self, message: ExpressionInput.Left) -> None:
        if self.text_problem is None or not message.accepted:
            self.set_focus(None)

    def on_value_entry_left(self, message: ValueEntry.Left) -> None:
        self.picture.close_value()
        self.set_focus(None)
        if message.point is not None:
            self.session.put(message.point)
            self.picture.lay_out(self.session)
            self.ask()

    # Question and answer

    def ask(self) -> None:
        """Have the session evaluated. What was changed is painted with the answer, or alone where that takes longer."""
        curve = self.session.curve_request(readings.samples(self.picture.chart.size.width))
        request = self.session.request(self.answers.lacking(curve))
        self.answers.ask(request)
        self.service.submit(request)
        if self._unpainted is None:
            self._unpainted = asyncio.get_running_loop().call_later(FRAME, self.show_variables)
        self.settle()

    def show_variables(self) -> None:
        """The values as they are now, beside what the last answer says of them."""
        if self._unpainted is not None:
            self._unpainted.cancel()
            self._unpainted = None
        self.picture.show_variables(self.session, self.answers, patient=self.patient)

    def on_snapshot_arrived(self, message: SnapshotArrived) -> None:
        before = self.answers.shown
        if self.answers.receive(message.snapshot):
            self.show_answer()
            self.settle(answered=True)
            if not readings.same_graph(before, self.answers.shown):
                self.steps_done, self.selected = None, readings.first_node(self.answers.shown)
            self.picture.show_cursor(self.answers.shown, self.selected, self.steps_done)
            self.show_keys()

    def settle(self, *, answered: bool = False) -> None:
        """Say what is wrong, and lose patience where the answer, or its derivative, stays away."""
        self.picture.show_text(self.session, self.reads_as, self.text_problem or self.answers.problem)
        if not (self.outdated or self.answers.underived):
            if self._patience is not None:
                self._patience.stop()
            self._patience, self.patient = None, True
        elif self._patience is None:
            self._patience = self.set_timer(PATIENCE, self.lose_patience)
        elif answered and self.patient:
            self._patience.reset()
        self.picture.show_status(self.session, self.answers.light(self.stale))

    def lose_patience(self) -> None:
        self.patient = False
        self.show_answer()
        self.picture.show_status(self.session, self.answers.light(self.stale))

    def show_answer(self) -> None:
        self.picture.show_answer(self.answers, stale=self.stale)
        self.show_variables()

    @property
    def outdated(self) -> bool:
        """Whether the picture is not that of the text and the values as they stand now."""
        return bool(self.text_problem or self.answers.problem or self.answers.waiting)

    @property
    def stale(self) -> bool:
        """Outdated for longer than a person would take for flicker: then it is marked."""
        return self.outdated and not self.patient

    # What a person points at

    def watch_selected(self) -> None:
        self.picture.show_cursor(self.answers.shown, self.selected, self.steps_done)

    def watch_steps_done(self) -> None:
        self.picture.show_cursor(self.answers.shown, self.selected, self.steps_done)

    def watch_maximised(self) -> None:
        self.picture.maximise(self.maximised)

    def on_graph_view_selected(self, message: GraphView.Selected) -> None:
        self.selected = message.node

    def on_chart_window_changed(self, message: Chart.WindowChanged) -> None:
        self.session.window = (message.low, message.high)
        self.ask()

    def on_chart_xpicked(self, message: Chart.XPicked) -> None:
        self.session.move_to(Decimal(repr(message.x)))
        self.ask()

    def on_stepper_chosen(self, message: Stepper.Chosen) -> None:
        self.session.choose(message.name, message.element)
        self.ask()

    def on_stepper_stepped(self, message: Stepper.Stepped) -> None:
        self.session.choose(message.name, message.element)
        self.action_step(message.ticks)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The footer shows the keys that work now; while a line is typed, letters are letters."""
        typing = isinstance(self.focused, ExpressionInput | ValueInput) or len(self.screen_stack) > 1
        return works(action, self.session, self.answers.shown, typing=typing)

    def show_keys(self) -> None:
        """Have the footer made anew, which takes a while, only where other keys work now."""
        working = [works(key.action.partition("(")[0], self.session, self.answers.shown, typing=False) for key in KEYS]
        if working != self._working:
            self._working = working
            self.refresh_bindings()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        return commands.commands(self)

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

    def action_edit(self) -> None:
        self.set_focus(self.picture.formula)  # focus() would be later than the next key

    def action_edit_value(self) -> None:
        self.picture.open_value(self.session)

    async def action_move_node(self, way: str) -> None:
        await self.picture.graph.run_action(way)

    def action_backward(self, by: int) -> None:
        order = readings.engine_order(self.answers.shown)
        self.steps_done = backward_step(self.steps_done, len(order), by)
        if self.steps_done:
            self.selected = order[self.steps_done - 1]

    def action_backward_end(self) -> None:
        self.steps_done = None

    def action_backward_start(self) -> None:
        self.steps_done = 0

    def action_zoom(self, factor: float) -> None:
        self.picture.chart.zoom(factor)

    def action_pan(self, fraction: float) -> None:
        self.picture.chart.pan(fraction)

    def action_fit(self) -> None:
        self.picture.chart.fit()

    def action_toggle_derivative(self) -> None:
        self.picture.chart.derivative_shown = not self.picture.chart.derivative_shown

    def action_toggle_saved(self) -> None:
        self.picture.node_panel.saved_shown = not self.picture.node_panel.saved_shown

    def action_maximise(self, pane: str = "") -> None:
        pane = pane or self.picture.focused_pane(self.focused)
        self.maximised = None if self.maximised == pane else pane

    def action_restore(self) -> None:
        self.maximised = None

    def action_dtype(self, dtype: Dtype) -> None:
        self.session.dtype = dtype
        self.ask()

    def action_copy(self) -> None:
        commands.copy(self)

    def action_help(self) -> None:
        from gradtui.tui.help import HelpScreen  # not wanted before the first paint

        self.push_screen(HelpScreen())


def run(
    *,
    expression: str,
    at: dict[str, str | tuple[str, ...]],
    dtype: Dtype,
    device: Device,
    window: tuple[float, float] | None,
    step: str,
    theme: str | None,
    names: tuple[str, ...] = (),
) -> None:
    """Open the explorer and stay in it until it is left. Raises PointError for an `at` that is no value."""
    GradtuiApp(expression, at, dtype, device, window, step, theme, names).run()
