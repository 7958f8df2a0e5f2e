"""A cursor on the rows of a graph, and all that a person does there: move, open, jump, search, filter, sort."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.reactive import var

from gradtui.outline.arrangement import Arrangement
from gradtui.outline.rows import Row
from gradtui.snapshot.model import Graph
from gradtui.tui.graph.columns import OPENED
from gradtui.tui.panes.line_view import LineView

UNSORTED = "the tree is in the order of backward: a table ({table}) or a list ({list}) can be sorted"


def _key(key: str, action: str, title: str, tooltip: str) -> Binding:
    return Binding(key, action, title, show=False, id=f"graph.{action}", tooltip=tooltip)


class GraphRows(LineView):
    """Rows of an Arrangement, one of them under the cursor. Subclasses paint them.

    `selected`: id of a node; watch it to follow a person. `steps_done`: how many nodes backward has run, None for all.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("up", "up", "row above", "Select the row above"),
        _key("down", "down", "row below", "Select the row below"),
        _key("pageup", "page_up", "page up", "Select a row one page up"),
        _key("pagedown", "page_down", "page down", "Select a row one page down"),
        _key("home", "first", "first row", "Select the output"),
        _key("end", "last", "last row", "Select the last row"),
        _key("enter", "enter", "open or jump", "Open or close the node; follow a reference"),
    ]

    selected: var[int | None] = var(None, init=False)
    steps_done: var[int | None] = var(None, init=False)

    def __init__(self, keys: Mapping[str, str], *, id: str | None = None) -> None:
        """keys: how those of the actions are called."""
        super().__init__(id=id)
        self._keys = keys
        self.arrangement = Arrangement()
        self.query_text = ""
        self._cursor = 0

    @property
    def _graph(self) -> Graph:
        return self.arrangement.graph

    @property
    def head(self) -> int:
        """Lines above the first row, that stay: the names of the columns."""
        return 1 if self.arrangement.rows else 0

    @property
    def parameter(self) -> str | None:
        """The parameter under the cursor: of a table, also where it is not in the graph; else of the selected leaf."""
        if self.arrangement.view == "parameters" and self._cursor < len(self.arrangement.table):
            return self.arrangement.table[self._cursor].name
        return self._graph.nodes[self.selected].variable if self.selected is not None else None

    def rows_changed(self) -> None:
        """Other rows, or other things on them: paint them."""
        raise NotImplementedError

    # The cursor

    @property
    def _row(self) -> Row | None:
        rows = self.arrangement.rows
        return rows[self._cursor] if self._cursor < len(rows) else None

    def validate_selected(self, selected: int | None) -> int | None:
        return selected if selected is None or selected < len(self._graph.nodes) else None

    def watch_selected(self, selected: int | None) -> None:
        """Go to the node, unless the cursor is on it or on a reference to it. What is closed over it is opened."""
        row = self._row
        if selected is not None and row is not None and row.node != selected:
            self._go_to(selected)
        self._show_cursor()

    def _go_to(self, node: int) -> None:
        """To the row of a node, where it has one."""
        before = self.arrangement.rows
        place = self.arrangement.reveal(node)
        if self.arrangement.rows is not before:
            self.rows_changed()
        if place is not None:
            self._cursor = place

    def _put_cursor(self, row: Row | None) -> None:
        """Back on the row that it was on, in rows arranged anew; else on that row's node, else on the first row."""
        if row is not None and row.node is not None:
            known = (row.kind, row.node, row.parent, row.edge, row.group)
            same = (
                y
                for y, now in enumerate(self.arrangement.rows)
                if (now.kind, now.node, now.parent, now.edge, now.group) == known
            )
            place = None if self.arrangement.is_table else next(same, None)
            self._cursor = (self.arrangement.place(row.node) or 0) if place is None else place
        self._cursor = min(self._cursor, max(0, len(self.arrangement.rows) - 1))
        self._show_cursor()

    def _show_cursor(self) -> None:
        self.lines_changed()
        if self.selected is not None:
            self.scroll_to_region(Region(0, self._cursor, 1, 1 + self.head), animate=False, force=True)

    def _select(self, y: int) -> None:
        """Put the cursor on row `y` and say which node that is."""
        node = self.arrangement.rows[y].node
        self._cursor = y
        if node is None or self.selected == node:
            self._show_cursor()
        else:
            self.selected = node

    def _select_node(self, node: int) -> None:
        self._go_to(node)
        self._show_cursor()
        self.selected = node

    def _move(self, y: int, direction: int) -> None:
        """To row `y`, or the next one in that direction that can be selected; else the next one on the way back."""
        rows = self.arrangement.rows
        there = range(y, len(rows) if direction > 0 else -1, direction)
        back = range(y, self._cursor, -direction)
        for places in (there, back):
            for place in places:
                if 0 <= place < len(rows) and rows[place].kind not in ("constant", "rest"):
                    self._select(place)
                    return

    # What a person does

    def action_up(self) -> None:
        self._move(self._cursor - 1, -1)

    def action_down(self) -> None:
        self._move(self._cursor + 1, 1)

    def action_page_up(self) -> None:
        self._move(max(0, self._cursor - self._page), -1)

    def action_page_down(self) -> None:
        self._move(min(len(self.arrangement.rows) - 1, self._cursor + self._page), 1)

    @property
    def _page(self) -> int:
        return max(1, self.size.height - 1 - self.head)

    def action_first(self) -> None:
        self._move(0, -1)

    def action_last(self) -> None:
        self._move(len(self.arrangement.rows) - 1, 1)

    def action_enter(self) -> None:
        """Open or close a node or a group; follow a reference; from a list to the place in the tree."""
        row = self._row
        if row is None or row.node is None:
            return
        if row.open is not None:
            self.arrangement.toggle(row)
            self.rows_changed()
            self._put_cursor(row)
        elif row.kind == "reference":
            self._go_to(row.node)
            self._show_cursor()
        elif not self.arrangement.is_tree:
            self.arrangement.go_to_tree()
            self.rows_changed()
            self._go_to(row.node)
            self._show_cursor()

    def _rearranged(self) -> None:
        """The rows in another view, filter or order, the cursor on the same node."""
        self.arrangement.arrange()
        self.rows_changed()
        self._cursor = 0
        if self.selected is not None:
            self._go_to(self.selected)
        self._show_cursor()

    def action_lanes(self) -> None:
        self.arrangement.cycle_view(("tree", "lanes"))
        self._rearranged()

    def action_next_view(self) -> None:
        self.arrangement.cycle_view()
        self._rearranged()

    def action_filter(self) -> None:
        self.arrangement.cycle_filter(self.selected)
        self._rearranged()

    def action_sort(self, by: int) -> None:
        if self.arrangement.is_table or self.arrangement.is_list:
            self.arrangement.cycle_order(by)
            self._rearranged()
        else:
            table, listed = self._keys["view.next"], self._keys["view.filter"]
            self.app.notify(UNSORTED.format(table=table, list=listed), markup=False, timeout=4)

    def find(self, text: str) -> int:
        """Search, and go to the first match from the cursor on; -> how many there are."""
        self.query_text = text
        self.arrangement.search(text)
        self._next_match(0)
        self.rows_changed()
        return len(self.arrangement.found)

    def action_next_match(self, by: int) -> None:
        if not self.query_text:
            self.app.notify(f"nothing is searched for yet: {self._keys['search']}", markup=False, timeout=3)
        self._next_match(by)
        self.rows_changed()

    def _next_match(self, by: int) -> None:
        node = self.arrangement.next_match(self.selected, by)
        if node is not None:
            if self.arrangement.is_table or self.arrangement.is_list:
                self.arrangement.go_to_tree()
            self._select_node(node)

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None or place.y < self.head:
            return
        y = place.y + self.scroll_offset.y - self.head
        if y >= len(self.arrangement.rows):
            return
        row = self.arrangement.rows[y]
        if row.kind in ("constant", "rest") and row.parent is not None:
            y = self.arrangement.place(row.parent) or 0
        self._select(y)
        if row.open is not None and place.x in self._marker(y + self.head):
            self.action_enter()

    def _marker(self, y: int) -> range:
        """The cells of line `y` in which a click opens and closes."""
        x = 0
        for text, style in self.line(y).pieces:
            if style == "graph--marker":
                return range(x, x + cell_len(OPENED))
            x += cell_len(text)
        return range(0)
