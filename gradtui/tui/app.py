"""The explorer: a function, its value, gradient, graph, backward pass and curves, live."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.reactive import var
from textual.screen import Screen
from textual.widgets import Input, Static

from gradtui.expression.notation import write
from gradtui.expression.parser import ExpressionError, parse
from gradtui.expression.point import read_point, read_points
from gradtui.service.client import Service
from gradtui.snapshot.model import Device, Dtype, Origin
from gradtui.snapshot.start import Start
from gradtui.snapshot.target import split
from gradtui.tui import commands, texts
from gradtui.tui.backward import Debugger
from gradtui.tui.evaluator import MakeEvaluator
from gradtui.tui.keys import KEYS, works
from gradtui.tui.panes.chart import Chart
from gradtui.tui.panes.key_footer import KeyFooter
from gradtui.tui.panes.stepper import Stepper
from gradtui.tui.session import Session
from gradtui.tui.typing.expression_input import ExpressionInput
from gradtui.tui.typing.line_input import LineInput
from gradtui.tui.typing.search_entry import SearchEntry
from gradtui.tui.typing.value_entry import ValueEntry


class GradtuiApp(Debugger):
    """What a person types, points at and presses, and what it does."""

    TITLE = "gradtui"
    CSS_PATH = "gradtui.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [(0, "-no-width"), (40, "-narrow"), (64, "-medium"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-no-height"), (10, "-flat"), (18, "-low"), (30, "-tall")]

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
        origin: Origin = "expression",
        live: bool = True,
        service: MakeEvaluator = Service,
    ) -> None:
        (tick,) = read_point(step).elements
        session = Session(
            expression,
            read_points(at or {}),
            dtype=dtype,
            device=device,
            window=window,
            step=tick,
            names=names,
            origin=origin,
            live=live,
        )
        super().__init__(session, service)
        if theme is not None:
            self.theme = theme

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield Static("too small:\n40 x 10 at least", id="too-small")
        yield KeyFooter(compact=True)

    def on_mount(self) -> None:
        self.watch(self.picture.graph, "selected", self.follow, init=False)
        if self.session.origin == "expression" and self.session.live:
            self.take(self.session.text)
        else:
            self.picture.lay_out(self.session)
            self.ask()
        self.call_after_refresh(self.begin)

    async def begin(self) -> None:
        """The first frame is out. What starts now would have taken the processor from it."""
        gc.freeze()  # what is there now stays: to look through it again would cost a frame, now and then
        gc.enable()
        await self.service.start()
        if self.file_watch is not None:
            self.file_watch.follow([split(self.session.text)[0]])

    # What is typed

    def read(self, text: str) -> None:
        """Evaluate `text` where it is an expression; where it is none, say where and keep the picture."""
        try:
            expression = parse(text, self.session.names)
        except ExpressionError as error:
            self.text_problem = error.problem
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

    def on_expression_input_pointed(self, message: ExpressionInput.Pointed) -> None:
        node = texts.innermost(self.answers.shown, self.picture.formula.value, message.place)
        if node is not None:
            self.selected = node

    def on_search_entry_typed(self, message: SearchEntry.Typed) -> None:
        self.picture.search.say(message.text, self.picture.graph.find(message.text))

    def on_search_entry_left(self) -> None:
        self.picture.close_search()
        self.set_focus(None)

    def on_value_entry_left(self, message: ValueEntry.Left) -> None:
        self.picture.close_value()
        self.set_focus(None)
        if message.point is not None:
            self.session.put(message.point)
            self.picture.lay_out(self.session)
            self.ask()

    # What a person points at

    def watch_maximised(self) -> None:
        self.picture.maximise(self.maximised)

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
        typing = isinstance(self.focused, LineInput) or len(self.screen_stack) > 1
        return works(action, self.session, self.answers.shown, typing=typing)

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

    def action_search(self) -> None:
        self.picture.open_search()

    def action_edit_value(self) -> None:
        self.picture.open_value(self.session)

    async def action_move_node(self, way: str) -> None:
        await self.picture.graph.run_action(way)

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


def run(start: Start) -> int:
    """Open the explorer and stay in it until it is left; the exit status. Raises PointError for an `at` that is no value."""
    service = partial(Service, function=start.expression) if start.origin == "function" else Service
    app = GradtuiApp(
        start.expression,
        start.at,
        start.dtype,
        start.device,
        start.window,
        start.step,
        start.theme,
        start.names,
        origin=start.origin,
        service=service,
    )
    app.run()
    return app.return_code or 0
