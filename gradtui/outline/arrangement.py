"""What the graph pane shows of a Snapshot: which view, filter and order, and what is open. Pure: no screen, no colours."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Literal

from gradtui.graph.gradients import (
    ORDERS,
    Gradient,
    Inside,
    Order,
    Spread,
    by_module,
    by_parameter,
    largest_norm,
    ordered,
    share,
    spread,
    spreads,
    together,
)
from gradtui.graph.incoming_edges import Use, above, uses
from gradtui.outline.filter_and_search import FILTERS, Filter, kept, matches
from gradtui.outline.lanes import MOST, Lanes
from gradtui.outline.outline import MOST_OPEN, Outline
from gradtui.outline.rows import LEVELS, Row, rows, same_shape
from gradtui.outline.titles import title
from gradtui.snapshot.model import Graph, Snapshot
from gradtui.snapshot.uncollected import uncollected

View = Literal["tree", "lanes", "parameters", "modules"]
VIEWS: tuple[View, ...] = ("tree", "lanes", "parameters", "modules")
TABLES = ("parameters", "modules")


class LaneRows(Sequence[Row]):
    """A row for each node in the order of the backward pass, made when it is looked at."""

    def __init__(self, lanes: Lanes, count: int, most: int) -> None:
        self._lanes, self._count, self._most = lanes, count, most
        self._width = 2 * min(max(lanes.columns, default=0), most) + 2

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, y: int) -> Row:  # type: ignore[override]
        if not 0 <= y < self._count:
            raise IndexError(y)
        return Row("node", y, None, None, self._lanes.text(y, self._most).ljust(self._width))


class Numbers:
    """What is read off the numbers of one Snapshot, each when it is first wanted."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def used(self) -> list[list[Use]]:
        return uses(self.snapshot.graph)

    @cached_property
    def parameters(self) -> list[Gradient]:
        return by_parameter(self.snapshot)

    @cached_property
    def modules(self) -> list[Gradient]:
        return by_module(self.snapshot, self.parameters)

    @cached_property
    def inside(self) -> Inside:
        return Inside(spreads(self.snapshot))

    @cached_property
    def largest(self) -> float | None:
        """The largest norm, where gradients are coloured by their size: in models and large graphs."""
        snapshot = self.snapshot
        wanted = snapshot.parameters or len(snapshot.graph.nodes) > MOST_OPEN
        return largest_norm(snapshot) if wanted else None


class Arrangement:
    """The rows of the graph pane. `view`, `only` and `order` say which; call `arrange` after a change.

    prepared: an Outline of the graph that comes next, which takes the longest, made elsewhere.
    """

    def __init__(self, snapshot: Snapshot | None = None, outline: Outline | None = None) -> None:
        """outline: of the graph, where it has been made already."""
        self.snapshot = snapshot
        self.numbers = Numbers(snapshot or Snapshot(0, ""))
        self.prepared: Outline | None = None
        with uncollected():
            self.outline = outline or Outline(self.graph, self.numbers.snapshot.modules)
        self.view: View = "tree"
        self.only: Filter = "all"
        self.order: Order = "order"
        self.rows: Sequence[Row] = ()
        self.table: Sequence[Gradient] = ()
        self.found: list[int] = []
        self.levels, self.most_lanes = LEVELS, MOST
        self._closed: set[int] = set()
        self._opened = self.outline.opened_first()
        self._revealed: set[int] = set()
        self._path_end: int | None = None
        self._lanes: Lanes | None = None
        self._places: dict[int, int] | None = None
        self._titles: dict[int, str] = {}

    @property
    def graph(self) -> Graph:
        return self.numbers.snapshot.graph

    @property
    def is_table(self) -> bool:
        return self.view in TABLES

    @property
    def is_list(self) -> bool:
        """Whether the rows are single nodes in an order, without the edges between them."""
        return self.only != "all" and not self.is_table

    @property
    def is_drawn(self) -> bool:
        """Whether the edges are shown, so that the order of the rows is given."""
        return not (self.is_table or self.is_list)

    @property
    def is_tree(self) -> bool:
        return self.view == "tree" and self.is_drawn

    def fit(self, width: int) -> None:
        """Levels and lanes for lines so wide."""
        self.levels = max(3, width // 8)
        self.most_lanes = min(MOST, max(3, width // 8))

    def renew(self, snapshot: Snapshot | None) -> bool:
        """Other numbers: True where the graph has the shape of the last one, so that all else stays."""
        known = snapshot is not None and same_shape(self.graph, snapshot.graph)
        known = known and snapshot is not None and snapshot.modules == self.numbers.snapshot.modules
        if not known:
            view, levels, lanes, outline = self.view, self.levels, self.most_lanes, self.prepared
            fits = outline is not None and snapshot is not None and outline.graph is snapshot.graph
            Arrangement.__init__(self, snapshot, outline if fits else None)
            self.view, self.levels, self.most_lanes = view, levels, lanes
            return False
        if snapshot is not self.snapshot:
            self.snapshot = snapshot
            self.numbers = Numbers(snapshot or Snapshot(0, ""))
            if self.is_table or self.is_list:
                self.arrange()
        return True

    def arrange(self) -> None:
        """The rows anew. At the cost of what is shown; the first look at lanes, a table or a filter costs the whole graph."""
        self._places = None
        self.table = ()
        if self.is_table:
            self.table = self._gradients()
            self.rows = [Row("node", each.node, None, None, "") for each in self.table]
        elif self.is_list:
            self.rows = [Row("node", node, None, None, "") for node in self._listed()]
        elif self.view == "lanes":
            self._lanes = self._lanes or Lanes(self.graph)
            self.rows = LaneRows(self._lanes, len(self.graph.nodes), self.most_lanes)
        else:
            with uncollected():
                self.rows = rows(self.outline, self._closed, opened=self._opened, levels=self.levels)

    def _gradients(self) -> Sequence[Gradient]:
        known = self.numbers.parameters if self.view == "parameters" else self.numbers.modules
        if self.only == "bad":
            known = [each for each in known if each.holds and (each.grad is None or each.grad.bad)]
        return ordered(known, self.order)

    def _listed(self) -> list[int]:
        found = kept(self.numbers.snapshot, self.only, self._path_end, lambda: self.numbers.used)
        if self.order == "order":
            return found
        nodes = [self.graph.nodes[id] for id in found]
        whole = together(each.grad for each in self.numbers.parameters if each.grad is not None)
        gradients = []
        for node in nodes:
            grad = None if node.grad_output is None else spread(node.grad_output)
            part = share(grad, whole)
            gradients.append(Gradient(node.variable or node.name, "", node.shape, grad, part, node.id, node.step))
        return [each.node for each in ordered(gradients, self.order) if each.node is not None]

    # What a person changes

    def cycle_view(self, views: Sequence[View] = VIEWS) -> None:
        """The next of `views`."""
        self.view = views[(views.index(self.view) + 1) % len(views)] if self.view in views else views[0]
        if self.order == "kept" and self.view != "modules":
            self.order = "order"

    def cycle_filter(self, selected: int | None) -> None:
        """The next filter; the path is that to the node selected now."""
        self.only = FILTERS[(FILTERS.index(self.only) + 1) % len(FILTERS)]
        self._path_end = selected

    def cycle_order(self, by: int) -> None:
        orders = [order for order in ORDERS if order != "kept" or self.view == "modules"]
        at = orders.index(self.order) if self.order in orders else 0
        self.order = orders[(at + by) % len(orders)]

    def toggle(self, row: Row) -> None:
        """Open or close a node or a group."""
        if row.kind == "group" and row.group is not None:
            self._opened ^= {row.group}
            self._revealed.discard(row.group)
        elif row.node is not None:
            self._closed ^= {row.node}
        self.arrange()

    def go_to_tree(self) -> None:
        self.view, self.only = "tree", "all"
        self.arrange()

    def reveal(self, node: int) -> int | None:
        """The row of a node; in the tree what hides it is opened, and what was opened only for another one is closed."""
        if self.is_tree and self.place(node) is None:
            groups = set(self.outline.above(node))
            self._opened -= self._revealed - groups
            self._revealed = (self._revealed & groups) | (groups - self._opened)
            self._opened |= groups
            self._closed -= above(self.numbers.used, node) if self._closed else set()
            self.arrange()
            if self._closed and self.place(node) is None:  # a closed node hides a whole group that it leads to
                self._closed.clear()
                self.arrange()
        return self.place(node)

    def place(self, node: int) -> int | None:
        """The row on which a node stands; None where it is not shown."""
        if isinstance(self.rows, LaneRows):
            return node
        if self._places is None:
            self._places = {}
            for y, row in enumerate(self.rows):
                if row.kind == "node" and row.node is not None:
                    self._places.setdefault(row.node, y)
        return self._places.get(node)

    def search(self, text: str) -> None:
        """`found`: the nodes that fit, in the order of the backward pass."""
        self.found = matches(self.graph, text)

    def next_match(self, node: int | None, by: int) -> int | None:
        """The match `by` further than `node`; 0 is the first from there on. Round the end; None where nothing fits."""
        if not self.found:
            return None
        at = bisect_left(self.found, node or 0)
        if (by > 0 and at < len(self.found) and self.found[at] == node) or by < 0:
            at += by
        return self.found[at % len(self.found)]

    def match_number(self, node: int | None) -> int | None:
        """Which match a node is, from 1; None where it is none."""
        at = bisect_left(self.found, -1 if node is None else node)
        return at + 1 if at < len(self.found) and self.found[at] == node else None

    # What a group is

    def title(self, group: int) -> str:
        if group not in self._titles:
            self._titles[group] = title(self.outline, group, self.numbers.snapshot.modules)
        return self._titles[group]

    def gradient(self, group: int) -> Spread | None:
        """Of all parameters of a group's modules; None for a run and for modules without."""
        return together(filter(None, map(self.numbers.inside.of, self._paths(group))))

    def share(self, group: int) -> float | None:
        return share(self.gradient(group), self.numbers.inside.of(""))

    def _paths(self, group: int) -> Iterable[str]:
        """The modules of a group, each once, and none that is in another of them."""
        found: dict[str, None] = {}
        waiting = [group]
        while waiting:
            inside = self.outline.group(waiting.pop())
            if inside.kind == "module":
                found[inside.path] = None
            elif inside.kind in ("repeat", "part"):
                waiting += [member for member in inside.members if self.outline.is_group(member)]
        if "" in found:
            return [""]
        return [path for path in found if found.keys().isdisjoint(_around(path))]


def _around(path: str) -> Iterator[str]:
    """The modules that one is in."""
    while path := path.rpartition(".")[0]:
        yield path
