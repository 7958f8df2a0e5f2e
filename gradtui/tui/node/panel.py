"""The selected node: its value, the gradient that came in, what it sends along each edge, what it saved."""

from __future__ import annotations

import math
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import var

from gradtui.graph.replay import Replay
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Graph, Snapshot
from gradtui.snapshot.numbers import SIGNIFICANT
from gradtui.tui.node.ledger import ledger_lines
from gradtui.tui.node.lines import Pieces, finding_lines, node_lines
from gradtui.tui.panes.line_view import Line, LineView, folded

UNBROKEN = 10**6
"""Cells of a line that is never broken."""


class NodePanel(LineView):
    """A view of one node of a Snapshot at one moment of its backward pass."""

    DEFAULT_CSS = """
    NodePanel {
        padding: 0 1;
        scrollbar-gutter: stable;
        .node--name { color: $text; text-style: bold; }
        .node--source { color: $text-accent; }
        .node--value, .node--text { color: $text; }
        .node--grad { color: $text-success; }
        .node--receiver { color: $text-accent; }
        .node--next { color: $text-warning; }
        .node--quiet { color: $text-muted; }
        .node--bad { color: $text-error; text-style: bold; }
        &:ansi .node--quiet { text-style: dim; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "node--name",
        "node--source",
        "node--value",
        "node--text",
        "node--grad",
        "node--receiver",
        "node--next",
        "node--quiet",
        "node--bad",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page_up", "page up", show=False, id="panel.page_up", tooltip="Scroll the panel up"),
        Binding(
            "pagedown", "page_down", "page down", show=False, id="panel.page_down", tooltip="Scroll the panel down"
        ),
        Binding("home", "scroll_home", "top", show=False, id="panel.top", tooltip="To the top of the panel"),
        Binding("end", "scroll_end", "bottom", show=False, id="panel.bottom", tooltip="To the bottom of the panel"),
    ]

    saved_shown: var[bool] = var(False, init=False)
    ledger_shown: var[bool] = var(False, init=False)
    plain: var[bool] = var(False, init=False)

    def __init__(self, why: str = "w", *, id: str | None = None) -> None:
        """why: the key that goes through what is wrong."""
        super().__init__(id=id)
        self._why = why
        self._snapshot: Snapshot | None = None
        self._node: int | None = None
        self._steps_done: int | None = None
        self._chosen: int | None = None
        self._told: Finding | None = None
        self._lines: tuple[Line, ...] = ()
        self._width = 0
        self._findings: tuple[Finding, ...] = ()
        self._looking = False
        self._below: tuple[str, ...] = ("",)
        self._traceback: tuple[str, ...] = ()
        self._replay = Replay(Graph())
        self.update_lines: tuple[Pieces, ...] = ()
        self.order_lines: tuple[Pieces, ...] = ()

    @property
    def line_count(self) -> int:
        return len(self._lines)

    def line(self, y: int) -> Line:
        return self._lines[y]

    def show(
        self,
        snapshot: Snapshot | None,
        node: int | None,
        *,
        replay: Replay | None = None,
        steps_done: int | None = None,
        chosen: int | None = None,
        told: Finding | None = None,
        findings: tuple[Finding, ...] = (),
        looking: bool = False,
        traceback: tuple[str, ...] = (),
    ) -> None:
        """Another Snapshot, node or moment: `steps_done` nodes have run, None for all.

        replay: of its graph, where there is one already. chosen: the edge for experiments. told: what was asked for; it stands
        above the node, and not once more at it. findings: all of the Snapshot; looking: whether they are
        still looked for. traceback: of an exception in the user's code; it stands above the node.
        """
        if node != self._node or told is not self._told or traceback != self._traceback:
            self.scroll_to(y=0, animate=False)
        self._snapshot, self._node, self._steps_done, self._chosen = snapshot, node, steps_done, chosen
        self._told, self._findings, self._traceback = told, findings, traceback
        self._looking = looking
        self._replay = replay or self._replay
        self._read()

    def tell_below(self, *ways: str) -> None:
        """The first of these that the border has room for."""
        self._below = ways
        self.entitle(self.fitting(*ways), "subtitle")

    def on_resize(self) -> None:
        self.tell_below(*self._below)
        if self.line_width != self._width or self.ledger_shown:
            self._read()

    def toggle_saved(self) -> None:
        self.saved_shown = not self.saved_shown

    def watch_saved_shown(self) -> None:
        self._read()

    def watch_plain(self) -> None:
        self._read()

    def watch_ledger_shown(self) -> None:
        self.border_title = "node and ledger" if self.ledger_shown else "node"
        self.scroll_to(y=0, animate=False)
        self._read()

    def whole(self) -> list[str]:
        """All that it says, each line as long as it is: nothing is broken or cut."""
        return ["".join(text for text, _ in line.pieces) for line in self._written(UNBROKEN)]

    def _read(self) -> None:
        self._width = self.line_width
        self._lines = self._written(max(1, self._width))
        self.lines_changed()

    def _written(self, width: int) -> tuple[Line, ...]:
        """For lines of `width` cells; the ledger alone where both have no room."""
        snapshot, node = self._snapshot, self._node
        if snapshot is None or node is None or node >= len(snapshot.graph.nodes):
            return self._above(width)
        if self._replay.graph is not snapshot.graph:
            self._replay = Replay(snapshot.graph)
        lines = self._node_lines(snapshot, node, width)
        if self.ledger_shown:
            ledger = ledger_lines(snapshot, self._replay, steps_done=self._steps_done, width=width)
            together = width == UNBROKEN or len(lines) + len(ledger) < self.size.height
            lines = (*lines, Line(()), *ledger) if together else ledger
        return (*self._above(width), *lines)

    def _above(self, width: int) -> tuple[Line, ...]:
        """What ended the run, and what was asked for; where there is no graph, all that was found."""
        lines: list[Pieces] = [((text, "node--bad"),) for text in self._traceback]
        has_graph = self._snapshot is not None and self._snapshot.graph.nodes
        for one in dict.fromkeys((*filter(None, [self._told]), *(() if has_graph else self._findings))):
            lines += finding_lines(one)
        return tuple(Line(part) for pieces in lines for part in folded(pieces, width, "    "))

    def _node_lines(self, snapshot: Snapshot, node: int, width: int) -> tuple[Line, ...]:
        return node_lines(
            self._replay,
            snapshot.graph.nodes[node],
            steps_done=self._steps_done,
            digits=SIGNIFICANT.get(snapshot.dtype, 7),
            saved_shown=self.saved_shown,
            width=width,
            findings=tuple(one for one in self._findings if one is not self._told),
            why=self._why,
            looking=self._looking,
            factors=_factors(snapshot, node),
            chosen=self._chosen,
            update=self.update_lines,
            orders=self.order_lines,
            plain=self.plain,
        )


def _factors(snapshot: Snapshot, node: int) -> list[float]:
    """By what experiments multiply what the node sends along each edge; 1 for none."""
    here = [experiment for experiment in snapshot.experiments if experiment.node == node]
    return [
        math.prod(experiment.factor for experiment in here if experiment.edge in (None, index))
        for index in range(len(snapshot.graph.nodes[node].edges))
    ]
