"""Which of the three panes are shown, and how much room each gets. Knows their sizes, not what they show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.containers import Container
from textual.content import Content
from textual.reactive import var
from textual.screen import Screen
from textual.widgets import Static

from gradtui.tui.graph.view import GraphView
from gradtui.tui.node.panel import NodePanel
from gradtui.tui.panes.chart import Chart
from gradtui.tui.panes.screen_sizes import ONE_BELOW
from gradtui.tui.textual_fixes import MendedScreen

PANES = {"graph": "graph", "chart": "f and f'", "node": "node"}
"""Ids of the panes, and how they are called."""

FEW = 0.5
"""Part of the height up to which a graph leaves the rest of its column to the node panel."""
GRAPH, LEAST_ROWS = 0.53, 6
"""Part of the height that a graph gets above the other panes, at most, and its lines at least."""
WIDEST = 0.62
"""Part of the width that a graph with long texts gets."""


class PaneLayout(Container):
    """The panes in a grid, or one of them: `maximised` by a person, or `tab` where there is no room for more."""

    maximised: var[str | None] = var(None, init=False)
    tab: var[str] = var("graph", init=False)

    def __init__(self, keys: Mapping[str, str], *, id: str | None = None) -> None:
        """keys: how those of the actions are called."""
        self.graph = GraphView(keys, self.fit, id="graph")
        self.chart, self.node_panel = Chart(keys, id="chart"), NodePanel(keys["why"], id="node")
        super().__init__(self.graph, self.chart, self.node_panel, id=id)
        for pane, name in zip((self.graph, self.chart, self.node_panel), PANES.values(), strict=True):
            pane.border_title = name
        self.tabs = Static(id="tabs")
        self._given: tuple[str | None, str | None] = (None, None)
        self._unpresented: str | None = None
        self._fitted, self._columns = (0, 0, ""), 0
        self._named = Content()

    def begin(self) -> None:
        """The panes, and all else, have their sizes before a frame shows them: what they show turns on these."""
        if isinstance(self.screen, MendedScreen):
            self.screen.whole_follows = True
            self.screen._refresh_layout(self.app.size)
            self.screen.refresh()

    @property
    def one_at_a_time(self) -> bool:
        width, height = self.app.size
        return width < ONE_BELOW[0] or height < ONE_BELOW[1]

    @property
    def presenting(self) -> bool:
        return self._whole.has_class("-present")

    @property
    def _whole(self) -> Screen[Any]:
        """The screen that all this is on, also before these panes are."""
        return self.app.screen_stack[0]

    def toggle_maximised(self, pane: str = "") -> None:
        """The whole screen for `pane`, for the focused one unless told, or for all of them again; where one is seen, for that."""
        focused = self.app.focused
        if self.one_at_a_time:
            pane = pane or self.maximised or self.tab
        pane = pane or (focused.id if focused is not None and focused.id in PANES else None) or "graph"
        self.maximised = None if self.maximised == pane else pane

    def toggle_presenting(self) -> None:
        """For a projector: one pane, the numbers large, and few words; tab brings the next pane."""
        if self.presenting:
            self._whole.remove_class("-present")
            self.maximised = self._unpresented
        else:
            self._whole.add_class("-present")
            self._unpresented = self.maximised
            self.maximised = self.maximised or self._there[1]

    def restore(self) -> None:
        self._whole.remove_class("-present")
        self.maximised = None

    def go_on(self, by: int) -> bool:
        """The next pane, where one is shown at a time; False where there are more."""
        if self.presenting:
            self.maximised = self._next(self.maximised, by)
        elif self.one_at_a_time and self.maximised is None:
            self.tab = self._next(self.tab, by)
        else:
            return False
        return True

    def bring(self, *panes: str) -> None:
        """One of them, where one pane is shown at a time and that is another."""
        there = [pane for pane in panes if pane in self._there]
        if there and self.tab not in there:
            self.tab = there[0]

    @property
    def _there(self) -> list[str]:
        return [name for name in PANES if name != "chart" or not self.has_class("-no-chart")]

    def _next(self, shown: str | None, by: int) -> str:
        there = self._there
        return there[(there.index(shown) + by) % len(there)] if shown in there else there[0]

    def watch_maximised(self) -> None:
        self.fit()

    def watch_tab(self) -> None:
        self.fit()

    def on_resize(self) -> None:
        self.fit()

    def fit(self) -> None:
        """Show what there is room for. A wide graph gets more than half; under one of few rows stands the node panel."""
        if not self.is_attached:
            return
        one = self.maximised or (self.tab if self.one_at_a_time else None)
        for name in PANES:
            self.set_class(name == one, f"-only-{name}")
        self.tabs.display = self.one_at_a_time and self.maximised is None
        if self.tabs.display and not (named := self._tabs()).is_same(self._named):
            self._named = named
            self.tabs.update(named)
        (width, height), (columns, rows) = self.size, self.graph.wanted_size
        snapshot = self.graph.arrangement.snapshot
        shape = width, rows, "" if snapshot is None else snapshot.expression
        if shape != self._fitted:
            self._fitted, self._columns = shape, 0
        columns = self._columns = max(self._columns, columns)  # else the border would move to and fro with its digits
        wide = one is None and self.screen.has_class("-wide") and not self.has_class("-no-chart")
        known = self.graph.arrangement.rows
        few = wide and bool(known) and rows <= FEW * height
        self.graph.styles.row_span, self.chart.styles.row_span = (1, 2) if few else (None, None)
        above = one is None and self.screen.has_class("-medium") and rows < int(GRAPH * height)
        above = above and bool(known) and all(row.group is None for row in known)  # what can be opened wants room
        given = (
            f"{min(columns, int(WIDEST * width))} 1fr" if wide and columns > width // 2 else None,
            f"{max(rows, LEAST_ROWS)} 1fr" if few or above else None,
        )
        if given != self._given:
            self._given = given
            for rule, value in zip(("grid_columns", "grid_rows"), given, strict=True):
                if value is None:
                    self.styles.clear_rule(rule)
                else:
                    setattr(self.styles, rule, value)
            self.refresh(layout=True)

    def _tabs(self) -> Content:
        marked = [
            (f"[{name}]" if pane == self.tab else f" {name} ", "bold" if pane == self.tab else "$foreground-muted")
            for pane, name in PANES.items()
            if pane in self._there
        ]
        return Content.assemble(*marked, ("  tab: the next", "$foreground-muted"))
