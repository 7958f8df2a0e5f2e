"""All the views of the explorer in their places, and the one place that pushes data into them."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Problem
from gradtui.tui import texts
from gradtui.tui.answers import Answers
from gradtui.tui.graph.view import GraphView
from gradtui.tui.node.panel import NodePanel
from gradtui.tui.panes.chart import Chart
from gradtui.tui.panes.problem import ProblemLine
from gradtui.tui.panes.readout import GAP, Status, TextLine
from gradtui.tui.panes.source import SourceView
from gradtui.tui.panes.stepper import Stepper
from gradtui.tui.session import Session
from gradtui.tui.typing.expression_input import ExpressionInput
from gradtui.tui.typing.search_entry import SearchEntry
from gradtui.tui.typing.value_entry import ValueEntry

PANES = ("graph", "chart", "node")

MARKS_ABOVE = 88
"""Cells of a line in which the check marks stand beside the numbers; where there are less, beside the derivative."""

MOST_ROWS = 5
"""Variables that are shown at a time; more of them scroll."""


class Picture(Vertical):
    """The expression above its reading; variables and readout; graph, chart and node panel. It decides nothing."""

    def __init__(self, session: Session, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.title = Static(id="title")
        self.formula = ExpressionInput(session.text, session.names, id="expression")
        self.status = Status(id="status")
        self.source = SourceView(id="source") if session.origin != "expression" else None
        self.problem_line, self.entry = ProblemLine(id="problem"), ValueEntry(id="entry")
        self.search = SearchEntry(id="search")
        self.stepper = Stepper(id="stepper")
        self.numbers, self.derivation = TextLine(id="numbers"), TextLine(id="derivation")
        self.graph, self.chart, self.node_panel = GraphView(id="graph"), Chart(id="chart"), NodePanel(id="node")
        self.graph.border_title, self.chart.border_title, self.node_panel.border_title = "graph", "f and f'", "node"
        self.point = Container(id="point")
        self.panes = Container(self.graph, Container(self.chart, self.node_panel, id="side"), id="panes")
        self.reading = texts.NOTHING_YET

    def compose(self) -> ComposeResult:
        with Horizontal(id="formula"):
            yield self.title
            yield self.formula
            yield self.status
        if self.source is not None:
            self.formula.display = False
            self.title.styles.width = "1fr"
            yield self.source
        with Container(id="under"):
            yield self.problem_line
            yield self.entry
            yield self.search
        with self.point:
            yield self.stepper
            yield self.numbers
            yield self.derivation

    def on_mount(self) -> None:
        self.call_after_refresh(self._mount_panes)

    async def _mount_panes(self) -> None:
        """Behind the first frame, which comes sooner without them. Someone may have quit by then."""
        if self.is_attached and self.is_running:
            await self.mount(self.panes)

    def lay_out(self, session: Session) -> None:
        """The title and the room for the variables. Not while one types: all would jump at every letter."""
        self.title.update(Content(texts.title(session)))
        rows = max(1, min(len(session.variables), MOST_ROWS))
        self.stepper.styles.height = rows
        self.point.styles.grid_rows = f"1 {max(1, rows - 1)}"
        self.point.set_class(texts.is_single(session), "-single")
        self.panes.set_class(session.active is None and self.source is not None, "-no-chart")

    def show_text(self, session: Session, reads_as: str, problem: Problem | None) -> None:
        """What is wrong with the text, and where; else how it is read."""
        self.formula.bad = None
        if problem is not None and problem.start is not None:
            self.formula.bad = (problem.start, max(problem.end or 0, problem.start + 1))
            self.call_after_refresh(self._point_at_problem)  # the line may scroll to the cursor
        self.problem_line.show(texts.echo(session, reads_as), self.reading.remark, problem, self._problem_column())

    def _point_at_problem(self) -> None:
        self.problem_line.point_at(self._problem_column())

    def _problem_column(self) -> int | None:
        """Where the bad place of the expression stands, in cells of the line under it."""
        if self.formula.bad is None:
            return None
        return self.formula.column(self.formula.bad[0]) + self.formula.region.x - self.problem_line.content_region.x

    def open_value(self, session: Session) -> None:
        """Ask for a value of the active variable, in the line under the expression."""
        if session.active is not None:
            self.problem_line.display, self.entry.display = False, True
            self.entry.open(session.active, session.points[session.active].text)

    def open_search(self) -> None:
        """Ask for a text to be searched in the graph, in the same line."""
        self.problem_line.display, self.search.display = False, True
        self.search.open(self.graph.query_text)

    def close_search(self) -> None:
        self.problem_line.display, self.search.display = True, False

    def close_value(self) -> None:
        self.problem_line.display, self.entry.display = True, False

    def show_status(self, session: Session, light: str) -> None:
        kind = f"{'' if session.live else 'saved · '}{session.dtype} · {session.device}"
        self.status.show(f"EXPERIMENT · {kind}" if session.experiments else kind, light)

    def show_variables(self, session: Session, answers: Answers, *, patient: bool) -> None:
        """The values as they are now, with what the last answer says of them."""
        self.stepper.show(texts.variable_rows(session, answers.shown))
        self.reading = texts.reading(session, answers, patient=patient)
        self._show_reading()
        point = texts.chart_point(session, answers.shown, answers.curve, answers.derived)
        if point is not None:
            self.chart.show_point(*point)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_reading)  # once its parts have their sizes

    def _show_reading(self) -> None:
        """The check marks stand where there is room for them, and are shortened before the derivative is cut."""
        reading = self.reading
        room = self.numbers.size.width
        above = room >= MARKS_ABOVE and reading.numbers.cell_length + GAP + reading.marks.cell_length <= room
        fit = reading.derivative.cell_length + GAP + reading.marks.cell_length <= self.derivation.size.width
        self.numbers.show(reading.numbers, reading.marks if above else Content())
        self.derivation.show(reading.derivative, Content() if above else reading.marks if fit else reading.agreement)

    def show_answer(self, answers: Answers, *, stale: bool) -> None:
        """Another Snapshot, or the same one marked."""
        experiment = answers.shown is not None and bool(answers.shown.experiments)
        for view in (self.numbers, self.derivation, self.chart, self.node_panel):
            view.set_class(stale, "-stale")  # not once on them all: Textual would style everything inside anew
        for marked in (self.graph, self.node_panel, self.status):
            marked.set_class(experiment, "-experiment")
        self.graph.show(answers.shown or answers.failure, stale=stale)
        self.chart.show_curve(answers.curve)

    def show_cursor(
        self,
        answers: Answers,
        selected: int | None,
        steps_done: int | None,
        chosen: int | None,
        told: Finding | None,
    ) -> None:
        """The selected node, its chosen edge, the place in backward and the finding told, wherever they are seen."""
        shown = answers.shown
        self.graph.steps_done, self.graph.selected = steps_done, selected
        self.node_panel.traceback = answers.problem.traceback if answers.problem is not None else ()
        self.node_panel.show(shown, selected, steps_done=steps_done, chosen=chosen, told=told)
        if self.source is None:
            self.formula.lit = texts.lit(shown, selected, self.formula.value)
        else:
            self._show_source(self.source, answers, selected, told)

    def _show_source(self, view: SourceView, answers: Answers, selected: int | None, told: Finding | None) -> None:
        """The file and the place in it that ended the run, that a finding speaks of, or that made the selected node."""
        bad = answers.problem.source if answers.problem is not None else None
        source = bad or (told and told.source) or texts.source_of(answers.shown, selected)
        if source is None or source.file not in answers.files:
            source = None
        name = source.file if source is not None else next(iter(answers.files), None)
        if name is not None:
            view.show(name, answers.files[name], source, bad=bad is not None)

    def maximise(self, pane: str | None) -> None:
        """Only this pane, or all of them."""
        for name in PANES:
            self.panes.set_class(name == pane, f"-only-{name}")

    def focused_pane(self, focused: Widget | None) -> str:
        """The pane that has the focus, else the graph."""
        return focused.id if focused is not None and focused.id in PANES else "graph"
