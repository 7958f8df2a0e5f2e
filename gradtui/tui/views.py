"""All the views of the explorer in their places: the one place that pushes data into them, and hears what is done to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Digits

from gradtui.expression.point import Point
from gradtui.snapshot.finding import Finding
from gradtui.tui import texts
from gradtui.tui.answers import Answers
from gradtui.tui.backward import Backward, Cursor
from gradtui.tui.pane_layout import PaneLayout
from gradtui.tui.panes import orders
from gradtui.tui.panes.chart import Chart
from gradtui.tui.panes.problem import ProblemLine
from gradtui.tui.panes.readout import GAP, TextLine
from gradtui.tui.panes.source import SourceView
from gradtui.tui.panes.stepper import Stepper
from gradtui.tui.session import Session
from gradtui.tui.training.optimizer_entry import OptimizerEntry
from gradtui.tui.training.trainer import Trainer
from gradtui.tui.typing.file_entry import FileEntry
from gradtui.tui.typing.formula import Formula
from gradtui.tui.typing.formula_line import FormulaLine
from gradtui.tui.typing.line_input import LineInput
from gradtui.tui.typing.search_entry import SearchEntry
from gradtui.tui.typing.value_entry import ValueEntry

MARKS_ABOVE = 88
"""Cells of a line in which the check marks stand beside the numbers; where there are less, beside the derivative."""

MOST_ROWS, PART_OF_ROWS = 5, 5
"""Variables that are shown at a time, or the part of the screen that they get if that is more; the others scroll."""

LEAST_COLUMN, BETWEEN = 21, 3
"""Cells for the one variable, and those between it and the numbers."""


class Picture(Vertical):
    """Under the line of the function its reading; variables and readout; graph, chart and node panel.

    What a person types into them and points at in them goes into the session and the cursor. ask: called where the session is to
    be evaluated anew. settle: where it cannot be, because of what was typed. typed: at each change of the function's line.
    What changes a value waits for the updates that were asked of the trainer before it. keys: how those of actions are called.
    """

    def __init__(
        self,
        session: Session,
        answers: Answers,
        backward: Backward,
        line: FormulaLine,
        trainer: Trainer,
        keys: Mapping[str, str],
        *,
        ask: Callable[[], None],
        settle: Callable[[], None],
        typed: Callable[[], None],
    ) -> None:
        super().__init__(id="picture")
        self._session, self._answers, self._backward = session, answers, backward
        self._ask, self._settle, self._after, self._keys = ask, settle, trainer.after, keys
        self.line, self.formula, self.status = line, line.formula, line.status
        line.listener = self
        heard = {"ask": ask, "settle": settle, "typed": typed, "lay_out": self.lay_out}
        self.typed = Formula(session, self.formula, **heard)
        self.source = SourceView(session.name, id="source") if session.origin != "expression" else None
        self.problem_line, self.entry = ProblemLine(id="problem"), ValueEntry(id="entry")
        self.optimizer = OptimizerEntry(id="optimizer")
        self.search, self.file = SearchEntry(keys, id="search"), FileEntry(id="file")
        self.stepper = Stepper(id="stepper")
        self.numbers = TextLine(self._show_reading, id="numbers")
        self.derivation = TextLine(self._show_reading, id="derivation")
        self.point = Container(id="point")
        self.panes = PaneLayout(keys, id="panes")
        self.graph, self.chart, self.node_panel = self.panes.graph, self.panes.chart, self.panes.node_panel
        self.big = Digits(id="big")
        self.reading = texts.NOTHING_YET
        self.trains = False  # there is a chart of updates, also where there is none of f
        self._columns: str | None = None
        self._column, self._height = LEAST_COLUMN, 0

    def compose(self) -> ComposeResult:
        if self.source is not None:
            yield self.source
        with Container(id="under"):
            yield self.problem_line
            yield self.entry
            yield self.search
            yield self.optimizer
            yield self.file
        yield self.big
        self.point.set_class(texts.is_single(self._session), "-single")  # else all in it would be styled twice
        with self.point:
            yield self.stepper
            yield self.numbers
            yield self.derivation
        yield self.panes.tabs
        yield self.panes

    def on_mount(self) -> None:
        self.watch(self.graph, "selected", self._follow, init=False)

    def lay_out(self) -> None:
        """The title and the room for the variables. Not while one types: all would jump at every letter."""
        session = self._session
        self.line.show_title()
        rows = max(1, min(len(session.variables), max(MOST_ROWS, self.app.size.height // PART_OF_ROWS)))
        self._column = LEAST_COLUMN
        self.stepper.styles.height = rows
        self.stepper.show(texts.variable_rows(session, self._answers.shown))  # the room is that of these values
        self.point.styles.grid_rows = f"1 {max(1, rows - 1)}"
        self.point.set_class(texts.is_single(session), "-single")
        self._give_room_to_the_variable()  # the answer may have come before, while one typed
        no_curve = session.active is None and self.source is not None
        self.panes.set_class(no_curve and not self.trains, "-no-chart")
        self.panes.set_class(self.trains and self.source is not None, "-code")
        if self.source is not None:
            self.source.set_class(self.trains, "-training")

    def begin(self, plain: bool) -> None:
        self.call_plainly(plain)
        self.panes.begin()

    # What is typed

    def take(self, text: str) -> None:
        """Another function, not typed."""
        self.typed.take(text)

    def typing_begins(self) -> None:
        self._session.begin_typing()

    def text_changed(self) -> None:
        self.typed.changed(self.formula.value)

    def line_blurred(self, text: str) -> None:
        """The title follows only now: sooner, it would shift the text under the cursor."""
        if not self._session.held:
            self.formula.history.add(text)
            self.lay_out()

    def text_left(self, accepted: bool) -> None:
        if not accepted:
            self.typed.give_up()
        elif not self.typed.accept():
            self.formula.show_bad()
            self.show_text()
            self.formula.decided()
            return
        self.leave_line()

    def toggle_presenting(self) -> None:
        self.panes.toggle_presenting()
        self._show_reading()

    def finish_line(self, line: LineInput) -> None:
        """Tab went on from it: what is typed there counts where it can be read."""
        if line is self.formula:
            if not self.typed.accept():
                self.typed.give_up()
        elif line.has_class("-value"):
            self.entry.finish()
        else:
            self.leave_line()

    def text_pointed(self, place: int) -> None:
        self.call_after_refresh(self._point_at_problem)
        node = texts.innermost(self._backward.shown, self.formula.value, place)
        if node is not None:
            self._backward.select(node)

    def open_formula(self) -> None:
        self.screen.set_focus(self.formula)  # focus() would be later than the next key

    def open_value(self) -> None:
        """Ask for a value of the active variable, in the line under the expression."""
        session = self._session
        if session.active is not None:
            self.problem_line.display, self.entry.display = False, True
            self.entry.open(session.active, session.points[session.active].text, session.variables)

    def on_value_entry_left(self, message: ValueEntry.Left) -> None:
        self.leave_line()
        if message.points is not None:
            self._after(partial(self._assign, message.points))

    def _assign(self, points: dict[str, Point]) -> None:
        self._session.assign(points)
        self.lay_out()
        self._ask()

    def open_search(self) -> None:
        """Ask for a text to be searched in the graph, in the same line."""
        self.problem_line.display, self.search.display = False, True
        self.search.open(self.graph.query_text)

    def on_optimizer_entry_left(self) -> None:
        self.leave_line()

    def open_optimizer(self, text: str) -> None:
        """Ask by what is trained, in the same line."""
        self.problem_line.display, self.optimizer.display = False, True
        self.optimizer.open(text)

    def on_search_entry_typed(self, message: SearchEntry.Typed) -> None:
        self.search.tell(message.text, self.graph.find(message.text))

    def on_search_entry_left(self) -> None:
        self.leave_line()

    def open_file(self, path: str = "") -> None:
        """Ask for the name of a file to be written, in the same line."""
        self.problem_line.display, self.file.display = False, True
        self.file.open(path or "function.gradtui")

    def leave_line(self) -> None:
        """Back to the picture from whatever line is typed in."""
        self.problem_line.display, self.entry.display, self.search.display = True, False, False
        self.optimizer.display = False
        self.file.display = False
        line = self.screen.focused
        if isinstance(line, LineInput):
            self.screen.set_focus(None)
            line.decided()

    # What a person points at

    def _follow(self, node: int | None) -> None:
        """A person chose a node of the graph. A message would be a frame later, and other keys would come before it."""
        if node is not None:
            self._backward.select(node)

    def on_chart_window_changed(self, message: Chart.WindowChanged) -> None:
        self._session.see((message.low, message.high))
        self._ask()

    def on_chart_xpicked(self, message: Chart.XPicked) -> None:
        self._after(partial(self._move_to, Decimal(repr(message.x))))

    def _move_to(self, place: Decimal) -> None:
        self._session.move_to(place)
        self._ask()

    def on_stepper_chosen(self, message: Stepper.Chosen) -> None:
        self._session.choose(message.name, message.element)
        self._ask()

    def on_stepper_stepped(self, message: Stepper.Stepped) -> None:
        self._after(partial(self._move, message))

    def _move(self, stepped: Stepper.Stepped) -> None:
        self._session.choose(stepped.name, stepped.element)
        self._session.move(stepped.ticks)
        self._ask()

    def call_plainly(self, plain: bool) -> None:
        """Nodes by plain names, or by torch's."""
        self.graph.plain = self.node_panel.plain = plain

    # What is shown

    def show_text(self) -> None:
        """What is wrong, with the text or with the answer, and where; else how the text is read."""
        problem = self._session.problem or self._answers.problem
        self.formula.bad = None
        if problem is not None and problem.start is not None:
            self.formula.bad = (problem.start, max(problem.end or 0, problem.start + 1))
            self.call_after_refresh(self._point_at_problem)  # the line may scroll to the cursor
        echo = texts.echo(self._session)
        self.problem_line.show(echo, self.reading.remark, problem, self._problem_column())

    def _point_at_problem(self) -> None:
        self.problem_line.point_at(self._problem_column())

    def _problem_column(self) -> int | None:
        """Where the bad place of the expression stands, in cells of the line under it."""
        if self.formula.bad is None:
            return None
        return self.formula.column(self.formula.bad[0]) + self.formula.region.x - self.problem_line.content_region.x

    @property
    def samples(self) -> int:
        """Points of a curve as wide as the chart."""
        return texts.samples(self.chart.size.width)

    def show_variables(self, *, patient: bool) -> None:
        """The values as they are now, with what the last answer says of them."""
        session, answers = self._session, self._answers
        self.stepper.show(texts.variable_rows(session, answers.shown))
        self._give_room_to_the_variable()
        self.reading = texts.reading(session, answers, self._keys, patient=patient)
        self._show_reading()
        point = texts.chart_point(session, answers.shown, answers.curve, answers.derived)
        if point is not None:
            self.chart.show_point(*point, texts.taylor(session, answers.shown))
        self.node_panel.order_lines = orders.lines(session, answers.whole)

    def on_resize(self) -> None:
        if self.size.height != self._height:
            self._height = self.size.height
            self.lay_out()
        self.call_after_refresh(self._resized)  # once its parts have their sizes

    def _resized(self) -> None:
        self.panes.fit()
        self._give_room_to_the_variable()
        self._show_reading()

    def _give_room_to_the_variable(self) -> None:
        """So that value, step and f(x) never touch; it grows while one steps, and shrinks with another function."""
        if not self.point.has_class("-single"):
            longest = self.stepper.longest_scalar + BETWEEN
            wide = self.screen.has_class("-wide") and longest > self.size.width * 2 // 5 > 0
            columns = f"{min(longest, self.size.width * 3 // 5)} 1fr" if wide else None
        else:
            self._column = min(
                max(self._column, self.stepper.longest + BETWEEN), max(LEAST_COLUMN, self.size.width // 2)
            )
            columns = f"{self._column} 1fr"
        if self._columns != columns:
            self._columns = columns
            if columns is None:
                self.point.styles.clear_rule("grid_columns")
            else:
                self.point.styles.grid_columns = columns
            self.point.refresh(layout=True)

    def _show_reading(self) -> None:
        """The check marks stand where there is room for them, and are shortened before the derivative is cut."""
        reading = self.reading
        if self.panes.presenting:  # else nobody sees them, and another length would lay out the whole screen
            self.big.update(texts.large(self._session, self._answers.shown))
        room = self.numbers.size.width
        numbers = reading.within(room)
        above = room >= MARKS_ABOVE and numbers.cell_length + GAP + reading.marks.cell_length <= room
        fit = reading.derivative.cell_length + GAP + reading.marks.cell_length <= self.derivation.size.width
        self.numbers.show(numbers, reading.marks if above else Content())
        self.derivation.show(reading.derivative, Content() if above else reading.marks if fit else reading.agreement)

    def show_answer(self, *, stale: bool) -> None:
        """Another Snapshot, or the same one marked."""
        answers = self._answers
        experiment = answers.shown is not None and bool(answers.shown.experiments)
        for view in (self.stepper, self.numbers, self.derivation, self.chart, self.node_panel):
            view.set_class(stale, "-stale")  # not once on them all: Textual would style everything inside anew
        for marked in (self.graph, self.node_panel, self.status):
            marked.set_class(experiment, "-experiment")
        of = texts.graph_of(self._session, answers.shown)
        self.graph.show(self._backward.shown or answers.failure, stale=stale, of=of)
        if answers.answered and (answers.curve is not None or self.chart.known or not answers.waiting):
            self.chart.show_curve(
                answers.curve
            )  # as long as none was there and one is waited for, it is not known that there is none
        self.panes.fit()

    def show_cursor(self, findings: tuple[Finding, ...], *, looking: bool = False) -> None:
        """The selected node, its chosen edge, the place in backward and the finding told, wherever they are seen.

        looking: whether findings are still looked for.
        """
        answers, cursor = self._answers, self._backward.cursor
        self.graph.steps_done, self.graph.selected = cursor.steps_done, cursor.selected
        self.node_panel.ledger_shown = self._session.ledger
        self.node_panel.show(
            self._backward.shown,
            cursor.selected,
            replay=self._backward.replay,
            steps_done=cursor.steps_done,
            chosen=cursor.chosen,
            told=cursor.told,
            findings=findings,
            looking=looking,
            traceback=answers.problem.traceback if answers.problem is not None else (),
        )
        if self.source is None:
            self.formula.lit = texts.lit(self._backward.shown, cursor.selected, self.formula.value)
        else:
            self._show_source(self.source, answers, cursor, findings)

    def _show_source(self, view: SourceView, answers: Answers, cursor: Cursor, findings: tuple[Finding, ...]) -> None:
        """The place that ended the run, that a finding speaks of, or that made the selected node."""
        bad = answers.problem.source if answers.problem is not None else None
        of_node = texts.source_of(self._backward.shown, cursor.selected)
        told = cursor.told or (findings[0] if findings and cursor.selected is None else None)
        if not view.follow(
            answers.files, (bad, told.source if told is not None else None, of_node), bad=bad is not None
        ):
            view.display = self._session.live  # of a saved one no other answer will have a file
