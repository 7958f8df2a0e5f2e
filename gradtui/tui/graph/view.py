"""The graph that autograd recorded: a line a node, with its source, its value and its gradient."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from itertools import islice
from textwrap import wrap
from typing import ClassVar

from textual.reactive import var

from gradtui.outline.rows import Row
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.numbers import SIGNIFICANT
from gradtui.snapshot.visible import visible
from gradtui.tui.graph.columns import (
    GAP,
    GUTTER,
    MARGIN,
    SIZES,
    Cells,
    Widths,
    arrange,
    cells,
    header,
    measure,
    measure_numbers,
    pieces,
)
from gradtui.tui.graph.cursor import GraphRows
from gradtui.tui.graph.tables import group_cells, table_header, table_pieces
from gradtui.tui.panes.line_view import Line, Piece

MEASURED = 250
"""Rows that the widths of the columns are made for; those of a larger graph are cut where they need more."""
NARROWEST = Widths(1, 1, 1, 1)
REMEMBERED = 12
"""Answers whose numbers the columns are wide enough for; then they shrink again, and give their room back to the source."""

STARTING = "starting PyTorch …"
NO_GRAPH = "f is constant here: autograd recorded no graph, and its gradient is 0."
NO_GRAPH_OF_CODE = "Autograd recorded no graph here: no gradient comes to anything."
REFUSED = "No graph: what is wrong is told above."
NOTHING_LEFT = {
    "parameters": "No parameter is in this graph. {key} shows all nodes again.",
    "bad": "No gradient here has a nan or an infinity or is all zero. {key} shows the others again.",
}
ONLY = {"parameters": "parameters only", "bad": "bad only", "path": "path to the node"}


class GraphView(GraphRows):
    """A view of one Snapshot, as the Arrangement has it. wants: called where a person had it take more or less room."""

    DEFAULT_CSS = """
    GraphView {
        .graph--guide, .graph--marker { color: $text-disabled; }
        .graph--label { color: $text-muted; }
        .graph--source, .graph--note, .graph--constant, .graph--zero { color: $text-muted; }
        .graph--unknown, .graph--message { color: $text-muted; }
        .graph--node { color: $text; }
        .graph--leaf, .graph--reference { color: $text-accent; }
        .graph--value { color: $text; }
        .graph--grad { color: $text-success; }
        .graph--grad1 { color: $text-success; }
        .graph--grad2 { color: $text-muted; }
        .graph--grad3 { color: $text-muted; text-style: italic; }
        .graph--group { color: $text-primary; }
        .graph--bad { color: $text-error; text-style: bold; }
        .graph--running { color: $text-warning; text-style: bold; }
        .graph--selected { background: $block-cursor-blurred-background; }
        &:focus .graph--selected { text-style: bold; }
        &.-stale { text-style: italic; }
        &:ansi {
            .graph--guide, .graph--marker, .graph--label, .graph--zero, .graph--unknown { text-style: dim; }
            .graph--grad2, .graph--grad3 { text-style: dim; }
            &.-stale { text-style: dim; }
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
        *("graph--value", "graph--group", *SIZES, "graph--zero", "graph--unknown", "graph--bad"),
    }

    plain: var[bool] = var(False, init=False)
    """Whether nodes have plain names."""

    def __init__(
        self, keys: Mapping[str, str], wants: Callable[[], None] = lambda: None, *, id: str | None = None
    ) -> None:
        super().__init__(keys, id=id)
        self._wants = wants
        self._wanted = self._widths = NARROWEST
        self._needed: deque[tuple[int, int]] = deque(maxlen=REMEMBERED)
        self._pieces: dict[int, tuple[Piece, ...]] = {}
        self._of = ""

    def show(self, snapshot: Snapshot | None, *, stale: bool = False, of: str = "") -> None:
        """Paint `snapshot`: the same cursor and the same rows open where its graph has the shape of the last one.

        of: the derivative whose graph it is, where it is not that of f.
        """
        self.set_class(stale, "-stale")
        self._of = of
        before, known = self.arrangement.snapshot, self.arrangement.renew(snapshot)
        if not known:
            self._wanted, self._cursor = NARROWEST, 0
            self._needed.clear()
            self.set_reactive(GraphView.selected, 0 if self._graph.nodes else None)
            self.arrangement.arrange()
            self._measure_rows()
            self.scroll_to(y=0, animate=False)
        elif before is not snapshot:
            self._repaint()
        else:
            self.lines_changed()
        self._entitle()

    # What is painted

    @property
    def _digits(self) -> int:
        snapshot = self.arrangement.snapshot
        return SIGNIFICANT.get(snapshot.dtype, 7) if snapshot is not None else 7

    @property
    def wanted_size(self) -> tuple[int, int]:
        """Cells of a line and lines that show all, the border with them."""
        tree, source, value, grad = self._wanted
        return tree + source + value + grad + 3 * GAP + MARGIN + 3, self.line_count + 2

    @property
    def line_count(self) -> int:
        return len(self.arrangement.rows) + self.head or len(self._message())

    def line(self, y: int) -> Line:
        if not self.arrangement.rows:
            return Line((("  ", ""), (self._message()[y], "graph--message")))
        if self.head and y == self.scroll_offset.y:
            if self.arrangement.is_table:
                return Line(self._table_header())
            return Line(header(self._widths, self._graph, plain=self.plain))
        y -= self.head
        painted = self._pieces.get(y)
        if painted is None:
            painted = self._pieces[y] = self._paint(y)
        return Line(painted, "graph--selected" if y == self._cursor and self._is_selected(y) else "")

    def _table_header(self) -> tuple[Piece, ...]:
        shown = self.arrangement
        return table_header(self.line_width, shown.order, modules=shown.view == "modules")

    def _is_selected(self, y: int) -> bool:
        """The selected node may be on no row of a list."""
        row = self.arrangement.rows[y]
        return self.selected is not None and (self.arrangement.is_tree or row.node in (None, self.selected))

    def _paint(self, y: int) -> tuple[Piece, ...]:
        largest = self.arrangement.numbers.largest
        if self.arrangement.is_table:
            return table_pieces(self.arrangement.table[y], self.line_width, largest)
        return pieces(self._cells(self.arrangement.rows[y], self.steps_done), self._widths, self._digits, largest)

    def _cells(self, row: Row, steps_done: int | None) -> Cells:
        if row.group is not None:
            return group_cells(row, self.arrangement, steps_done)
        used = self.arrangement.numbers.used if row.kind == "reference" else ()
        whole = not self.arrangement.is_tree
        return cells(row, self._graph, used, steps_done, self._digits, whole_names=whole, plain=self.plain)

    def _message(self) -> list[str]:
        """What stands here instead of a graph, line by line."""
        snapshot, only = self.arrangement.snapshot, self.arrangement.only
        text = STARTING if snapshot is None else REFUSED if snapshot.problem else NO_GRAPH
        if snapshot is not None and not snapshot.problem and snapshot.origin != "expression":
            text = NO_GRAPH_OF_CODE
        if self._graph.nodes:
            text = NOTHING_LEFT.get(only, "There are no modules here." if self.arrangement.is_table else NO_GRAPH)
            text = text.format(key=self._keys["view.filter"])
        return wrap(text, max(1, self.line_width - GUTTER - MARGIN))

    def rows_changed(self) -> None:
        self._measure_rows()
        self._wants()

    def _measure_rows(self) -> None:
        """The columns, for other rows."""
        if not self.arrangement.is_table:
            first = (self._cells(row, None) for row in islice(self.arrangement.rows, MEASURED))
            self._wanted = measure(first)._replace(value=self._wanted.value, grad=self._wanted.grad)
        self._repaint()
        self._entitle()

    def _repaint(self) -> None:
        """The columns, for other numbers. As wide as for the last few of them: nothing jumps while one steps x."""
        self._pieces.clear()
        self._needed.append(measure_numbers(self._graph.nodes[:MEASURED], self._digits))
        value, grad = (max(column) for column in zip(*self._needed, strict=True))
        self._wanted = self._wanted._replace(value=value, grad=grad)
        self.scrollbars_changed()
        self._widths = arrange(self._wanted, self.line_width)
        self.lines_changed()

    def _entitle(self) -> None:
        """What is shown, in the border."""
        shown, query = self.arrangement, visible(self.query_text)
        found, at = shown.found, shown.match_number(self.selected)
        count = f"{at} of {len(found):,}" if at else f"{len(found):,}"
        parts = [
            f"{'graph' if shown.view == 'tree' else shown.view}{f' of {self._of}' if self._of else ''}",
            "at the end of backward" if shown.is_table and self.steps_done is not None else "",
            ONLY.get(shown.only, ""),
            f"by {shown.order}" if shown.order != "order" and not shown.is_drawn else "",
            f"“{query}” {count}" if query else "",
            "EXPERIMENT" if self.has_class("-experiment") else "",
        ]
        self.entitle(" · ".join(filter(None, parts)))

    def on_resize(self) -> None:
        row, levels = self._row, self.arrangement.levels
        self.arrangement.fit(self.line_width)
        if levels != self.arrangement.levels:
            self.arrangement.arrange()
            self._measure_rows()
            self._put_cursor(row)
        else:
            self._repaint()
            self._show_cursor()

    def watch_selected(self, selected: int | None) -> None:
        super().watch_selected(selected)
        if self.query_text:
            self._entitle()

    def watch_plain(self) -> None:
        self.rows_changed()

    def watch_steps_done(self) -> None:
        self._pieces.clear()
        self.lines_changed()
        if self.arrangement.is_table:
            self._entitle()
