"""The nodes in the order of the backward pass, the edges between them as lanes, as in `git log --graph`. Pure, linear.

All edges to a node share one lane: it begins at the first node that leads there, keeps its column, and ends at the node.
An edge that leads up, which only nodes that backward never ran have, is not drawn.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable

from gradtui.snapshot.model import Graph

MOST = 12
"""Lanes that are drawn; those further right stand behind a `…`."""

NODE, PASSING, ELIDED = "●", "│", "…"


class Lanes:
    """The column of each node, and which of the first columns are taken while its row is passed."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.columns = array("i", bytes(4 * len(graph.nodes)))
        self._passing = array("I", bytes(4 * len(graph.nodes)))
        self._beyond = array("i", bytes(4 * len(graph.nodes)))
        self._assign()

    def _assign(self) -> None:
        """A lane goes on in its node's column where it can, else in the first that is free."""
        free: list[int] = []
        width = passing = beyond = 0
        open_lanes: dict[int, int] = {}
        for node in self._graph.nodes:
            column = open_lanes.pop(node.id, -1)
            if column >= MOST:
                beyond -= 1
            elif column >= 0:
                passing &= ~(1 << column)
            if column < 0:
                column, width = (heapq.heappop(free), width) if free else (width, width + 1)
            self.columns[node.id] = column
            self._passing[node.id], self._beyond[node.id] = passing, beyond
            own = True
            for edge in node.edges:
                target = edge.target
                if target is None or target < node.id or target in open_lanes:
                    continue
                if own:
                    lane, own = column, False
                else:
                    lane, width = (heapq.heappop(free), width) if free else (width, width + 1)
                open_lanes[target] = lane
                if lane >= MOST:
                    beyond += 1
                else:
                    passing |= 1 << lane
            if own:
                heapq.heappush(free, column)

    def passing(self, node: int) -> list[int]:
        """Columns of the lanes that began before a node's row and end after it, of the first MOST."""
        return [column for column in range(MOST) if self._passing[node] >> column & 1]

    def targets(self, node: int) -> list[int]:
        """Columns of the lanes in which the node's edges go on, in the order of its edges."""
        edges = self._graph.nodes[node].edges
        return list(dict.fromkeys(self.columns[e.target] for e in edges if e.target is not None and e.target > node))

    def text(self, node: int, most: int = MOST) -> str:
        """The lanes of a node's row, two cells each, in at most `most` columns and one for the others."""
        column = min(self.columns[node], most)
        passing = set(self.passing(node))
        beyond = self._beyond[node] > 0 or any(lane >= most for lane in passing)
        targets = {min(target, most) for target in self.targets(node)} - {column}
        reach = [column, *targets]
        last = max(*reach, *(lane for lane in passing if lane < most), most if beyond else 0, 0)
        cells = []
        for at in range(last + 1):
            across = min(reach) <= at < max(reach)
            cells.append(self._sign(at, column, passing, targets, (min(reach), max(reach)), most))
            cells.append("─" if across else " ")
        return "".join(cells).rstrip()

    @staticmethod
    def _sign(
        at: int, column: int, passing: Iterable[int], targets: Iterable[int], ends: tuple[int, int], most: int
    ) -> str:
        """What stands in one column: the node, a lane that goes by, begins here or is joined, or a line across."""
        low, high = ends
        if at == column:
            return NODE
        if at == most:
            return ELIDED
        taken = at in passing
        if at in targets:
            if taken:
                return "┤" if at == high else "├" if at == low else "┼"
            return "╮" if at == high else "╭" if at == low else "┬"
        if low < at < high:
            return "┼" if taken else "─"
        return PASSING if taken else " "
