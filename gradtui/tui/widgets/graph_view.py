"""The graph that autograd recorded, as a tree: a line a node, with its source, its value and its gradient."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import var

from gradtui.snapshot.contributions import Use, above, uses
from gradtui.snapshot.layout import Row, rows, same_shape
from gradtui.snapshot.model import Graph, Snapshot
from gradtui.snapshot.numbers import SIGNIFICANT
from gradtui.tui.widgets.graph_lines import (
    GUTTER,
    MARGIN,
    OPENED,
    Widths,
    arrange,
    cells,
    measure,
    measure_numbers,
    pieces,
)
from gradtui.tui.widgets.line_view import Line, LineView, Piece

MEASURED = 250
"""Rows that the widths of the columns are made for; those of a larger graph are cut where they need more."""
NARROWEST = Widths(1, 1, 1, 1)

STARTING = "starting PyTorch …"
NO_GRAPH = "f is constant here: autograd recorded no graph, and its gradient is 0."
NO_ANSWER = "No graph: there is no answer yet."


class GraphView(LineView):
    """A view of one Snapshot. `selected`: id of a node. `steps_done`: how many nodes backward has run, None for all."""

    DEFAULT_CSS = """
    GraphView {
        .graph--guide, .graph--marker, .graph--label { color: $text-disabled; }
        .graph--source, .graph--note, .graph--constant, .graph--zero { color: $text-muted; }
        .graph--unknown, .graph--message { color: $text-muted; }
        .graph--node { color: $text; }
        .graph--leaf, .graph--reference { color: $text-accent; }
        .graph--value { color: $text; }
        .graph--grad { color: $text-success; }
        .graph--bad { color: $text-error; text-style: bold; }
        .graph--running { color: $text-warning; text-style: bold; }
        .graph--selected { background: $block-cursor-blurred-background; }
        &:focus .graph--selected { background: $primary 35%; }
        &.-stale { text-style: dim; }
        &:ansi {
            .graph--guide, .graph--marker, .graph--label, .graph--zero, .graph--unknown { text-style: dim; }
            .graph--selected { text-style: underline; }
            &:focus .graph--selected {
                background: $block-cursor-background;
                color: $block-cursor-foreground;
                text-style: none;
            }
        }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *("graph--guide", "graph--marker", "graph--label", "graph--source", "graph--note", "graph--message"),
        *("graph--node", "graph--leaf", "graph--reference", "graph--constant", "graph--running", "graph--selected"),
        *("graph--value", "graph--grad", "graph--zero", "graph--unknown", "graph--bad"),
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "up", "row above", show=False, id="graph.up", tooltip="Select the row above"),
        Binding("down", "down", "row below", show=False, id="graph.down", tooltip="Select the row below"),
        Binding("pageup", "page_up", "page up", show=False, id="graph.page_up", tooltip="Select a row one page up"),
        Binding(
            "pagedown", "page_down", "page down", show=False, id="graph.page_down", tooltip="Select a row one page down"
        ),
        Binding("home", "first", "first row", show=False, id="graph.first", tooltip="Select the output"),
        Binding("end", "last", "last row", show=False, id="graph.last", tooltip="Select the last row"),
        Binding(
            "enter",
            "enter",
            "open or jump",
            show=False,
            id="graph.enter",
            tooltip="Open or close the node; follow a reference",
        ),
    ]
    HELP = """\
## The graph

The `grad_fn` graph that PyTorch recorded, from the output down, each child an entry of `next_functions`.
Beside each node: the text that made it, its value, and `ḡ`, the gradient that came in.

- `↑ x` is a node that stands elsewhere, with the pieces that its gradient is the sum of; **enter** goes there.
- `· 3` is a constant: nothing is differentiated there.
- `–` is not computed yet, or none. It is not 0.
- `▶` is the node that backward has just run.
- **enter**, or a click on `▾` or `▸`, opens and closes what stands under a node.
- A node with a single next function goes on without an indent.
"""

    selected: var[int | None] = var(None, init=False)
    steps_done: var[int | None] = var(None, init=False)

    class Selected(Message):
        """A person chose the node with this id."""

        def __init__(self, node: int) -> None:
            super().__init__()
            self.node = node

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._snapshot: Snapshot | None = None
        self._folded: set[int] = set()
        self._rows: list[Row] = []
        self._used: list[list[Use]] = []
        self._cursor = 0
        self._levels = 3
        self._wanted = self._widths = NARROWEST
        self._pieces: dict[int, tuple[Piece, ...]] = {}

    def show(self, snapshot: Snapshot | None, *, stale: bool = False) -> None:
        """Paint `snapshot`: the same cursor and the same nodes closed where its graph has the shape of the last one."""
        self.set_class(stale, "-stale")
        before, self._snapshot = self._graph, snapshot
        if not same_shape(before, self._graph):
            self._folded.clear()
            self._wanted, self._cursor = NARROWEST, 0
            self.set_reactive(GraphView.selected, 0 if self._graph.nodes else None)
            self._arrange()
            self.scroll_to(y=0, animate=False)
        elif before is not self._graph:
            self._repaint()
        else:
            self.lines_changed()

    # What is painted

    @property
    def _graph(self) -> Graph:
        return self._snapshot.graph if self._snapshot is not None else Graph()

    @property
    def _digits(self) -> int:
        return SIGNIFICANT.get(self._snapshot.dtype, 7) if self._snapshot is not None else 7

    @property
    def line_count(self) -> int:
        return len(self._rows) or len(self._message())

    def line(self, y: int) -> Line:
        if not self._rows:
            return Line((("  ", ""), (self._message()[y], "graph--message")))
        painted = self._pieces.get(y)
        if painted is None:
            row = cells(self._rows[y], self._graph, self._used, self.steps_done, self._digits)
            painted = self._pieces[y] = pieces(row, self._widths, self._digits)
        return Line(painted, "graph--selected" if y == self._cursor and self.selected is not None else "")

    def _message(self) -> list[str]:
        """What stands here instead of a graph, line by line."""
        text = STARTING if self._snapshot is None else NO_ANSWER if self._snapshot.problem else NO_GRAPH
        return wrap(text, max(1, self.line_width - GUTTER - MARGIN))

    def _arrange(self) -> None:
        """The rows, for another graph, other levels or other closed nodes."""
        self._rows = rows(self._graph, self._folded, levels=self._levels)
        self._used = uses(self._graph)
        first = (cells(row, self._graph, self._used, None, self._digits) for row in self._rows[:MEASURED])
        self._wanted = measure(first)._replace(value=self._wanted.value, grad=self._wanted.grad)
        self._repaint()

    def _repaint(self) -> None:
        """The columns, for other numbers. They only grow while one steps x: nothing jumps."""
        self._pieces.clear()
        value, grad = measure_numbers(self._graph.nodes[:MEASURED], self._digits)
        value, grad = max(value, self._wanted.value), max(grad, self._wanted.grad)
        self._wanted = self._wanted._replace(value=value, grad=grad)
        self._widths = arrange(self._wanted, self.line_width)
        self.lines_changed()

    def on_resize(self) -> None:
        row, levels = self._row, self._levels
        self._levels = max(3, self.line_width // 8)
        if levels != self._levels:
            self._arrange()
            self._put_cursor(row)
        else:
            self._repaint()
            self._show_cursor()

    def watch_steps_done(self) -> None:
        self._pieces.clear()
        self.lines_changed()

    # The cursor

    @property
    def _row(self) -> Row | None:
        return self._rows[self._cursor] if self._cursor < len(self._rows) else None

    def watch_selected(self, selected: int | None) -> None:
        """Go to the node, unless the cursor is on it or on a reference to it. What is closed over it is opened."""
        row = self._row
        if selected is not None and row is not None and row.node != selected and selected < len(self._graph.nodes):
            hiding = self._folded & above(self._used, selected)
            if hiding and self._place_of(selected) is None:
                self._folded -= hiding
                self._arrange()
            self._cursor = self._place_of(selected) or 0
        self._show_cursor()

    def _place_of(self, node: int) -> int | None:
        return next((y for y, row in enumerate(self._rows) if row.kind == "node" and row.node == node), None)

    def _put_cursor(self, row: Row | None) -> None:
        """Back on the row that it was on, in rows arranged anew; else on that row's node."""
        if row is not None and row.node is not None:
            places = (
                y
                for y, now in enumerate(self._rows)
                if (now.node, now.parent, now.edge) == (row.node, row.parent, row.edge)
            )
            self._cursor = next(places, self._place_of(row.node) or 0)
        self._show_cursor()

    def _show_cursor(self) -> None:
        self.lines_changed()
        if self.selected is not None:
            self.scroll_to_region(Region(0, self._cursor, 1, 1), animate=False, force=True)

    def _select(self, y: int) -> None:
        """Put the cursor on row `y` and say which node that is."""
        node = self._rows[y].node
        assert node is not None
        self._cursor = y
        if self.selected == node:
            self._show_cursor()
        else:
            self.selected = node
            self.post_message(self.Selected(node))

    def _move(self, y: int, direction: int) -> None:
        """To row `y`, or the next one in that direction that is no constant; else the next one on the way back."""
        there = range(y, len(self._rows) if direction > 0 else -1, direction)
        back = range(y, self._cursor, -direction)
        for place in (*there, *back):
            if 0 <= place < len(self._rows) and self._rows[place].node is not None:
                self._select(place)
                return

    # What a person does

    def action_up(self) -> None:
        self._move(self._cursor - 1, -1)

    def action_down(self) -> None:
        self._move(self._cursor + 1, 1)

    def action_page_up(self) -> None:
        self._move(max(0, self._cursor - max(1, self.size.height - 1)), -1)

    def action_page_down(self) -> None:
        self._move(min(len(self._rows) - 1, self._cursor + max(1, self.size.height - 1)), 1)

    def action_first(self) -> None:
        self._move(0, -1)

    def action_last(self) -> None:
        self._move(len(self._rows) - 1, 1)

    def action_enter(self) -> None:
        """Follow a reference; open or close a node."""
        row = self._row
        if row is None or row.node is None:
            return
        if row.kind == "reference":
            self._cursor = self._place_of(row.node) or 0
            self._show_cursor()
        elif row.open is not None:
            self._folded ^= {row.node}
            self._arrange()
            self._put_cursor(row)

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None:
            return
        y = place.y + self.scroll_offset.y
        if y >= len(self._rows):
            return
        row = self._rows[y]
        if row.node is None:
            assert row.parent is not None
            y = self._place_of(row.parent) or 0
        self._select(y)
        if row.kind == "node" and row.open is not None and place.x in self._marker(y):
            self.action_enter()

    def _marker(self, y: int) -> range:
        """The cells of row `y` in which a click opens and closes."""
        x = 0
        for text, style in self.line(y).pieces:
            if style == "graph--marker":
                return range(x, x + cell_len(OPENED))
            x += cell_len(text)
        return range(0)
