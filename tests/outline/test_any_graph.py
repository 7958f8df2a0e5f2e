"""Whatever the graph, and whatever is opened, closed, searched, filtered and sorted in it: each row leads somewhere.

Beside it stand simple answers to the same questions, found by looking at every node.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradtui.outline import groups as grouping
from gradtui.outline import outline
from gradtui.outline.arrangement import TABLES, VIEWS, Arrangement
from gradtui.outline.lanes import MOST, Lanes
from gradtui.outline.outline import Outline
from gradtui.outline.rows import Row, rows
from gradtui.snapshot.model import Snapshot, Values
from gradtui.tui.graph.columns import cells
from gradtui.tui.graph.tables import group_cells
from tests.graph.graphs import tangled

SEED = st.integers(0, 2**32)
quick = settings(max_examples=45, deadline=None)


@pytest.fixture(scope="module", autouse=True, params=["as in a large graph", "as it is"])
def size(request: pytest.FixtureRequest) -> Iterator[None]:
    """With runs, repeats and parts in graphs of twenty nodes; and without."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "as it is":
            patch.setattr(outline, "MOST_OPEN", 4)
            patch.setattr(outline, "LEAST_RUN", 3)
            patch.setattr(outline, "MOST_MEMBERS", 4)
            patch.setattr(outline, "MOST_EDGES", 2)
            patch.setattr(grouping, "LEAST_REPEATS", 2)
        yield


def held(shape: Outline, group: int) -> set[int]:
    """The nodes in a group."""
    found: set[int] = set()
    waiting = [group]
    while waiting:
        element = waiting.pop()
        if element < len(shape.graph.nodes):
            found.add(element)
        else:
            waiting += shape.group(element).members
    return found


def under(shape: Outline, closed: set[int]) -> set[int]:
    """The nodes that closed ones may hide: what they lead to, and with it the groups that it is in beside them."""
    nodes = shape.graph.nodes
    found: set[int] = set()
    met = {(node, edge.target) for node in closed for edge in nodes[node].edges}
    waiting = list(met)
    while waiting:
        start, target = waiting.pop()
        if target is None:
            continue
        around = [held(shape, group) for group in shape.above(target)]
        reached = {target}.union(*(group for group in around if start not in group)) - found
        found |= reached
        on = {(node, edge.target) for node in reached for edge in nodes[node].edges} - met
        met |= on
        waiting += on
    return found


def check_rows(found: list[Row], shape: Outline, closed: set[int]) -> None:
    """Each node is on one row, or in one group that is not open, or under a closed node; each row leads where it says."""
    count = len(shape.graph.nodes)
    groups = [row.group for row in found if row.kind == "group"]
    assert len(groups) == len(set(groups))
    shown = Counter(row.node for row in found if row.kind == "node")
    for row in found:
        if row.kind == "group" and not row.open and row.group is not None:
            shown.update(held(shape, row.group))
    hidden = under(shape, closed)
    if any(row.kind == "rest" for row in found):
        hidden = set(range(count))
    assert set(shown.values()) <= {1}
    assert set(range(count)) - set(shown) <= hidden
    assert set(shown) <= set(range(count))
    for row in found:
        check_row(row, shape)
        if row.kind == "reference":
            assert row.group in (None, *groups)
            assert row.node in shown or row.node in hidden


def check_row(row: Row, shape: Outline) -> None:
    nodes, count = shape.graph.nodes, len(shape.graph.nodes)
    if row.group is not None:
        assert count < row.group
        inside = held(shape, row.group)
        assert row.node == min(inside)
        assert shape.group(row.group).size == len(inside)
    assert (row.group is not None) == (row.kind == "group") or row.kind == "reference"
    assert (row.node is None) == (row.kind in ("constant", "rest"))
    assert (row.open is None) or row.kind in ("node", "group")
    if row.kind == "rest":
        assert row.edge is not None
        assert row.edge > 0
    elif row.parent is None:
        assert row.edge is None
    else:
        assert row.edge is not None
        edge = nodes[row.parent].edges[row.edge]
        if row.kind == "constant":
            assert edge.target is None
            assert edge.constant is not None
        elif row.kind == "group" and row.group is not None:
            assert edge.target in held(shape, row.group)
        else:
            assert edge.target == row.node


@pytest.mark.long
@quick
@given(SEED)
def test_rows_of_an_outline(seed: int) -> None:
    chance = random.Random(seed)
    snapshot = tangled(chance)
    shape = Outline(snapshot.graph, snapshot.modules)
    opened, closed = shape.opened_first(), set[int]()
    for _ in range(chance.randint(0, 6)):
        found = rows(shape, closed, opened=opened, levels=chance.randint(1, 5))
        check_rows(found, shape, closed)
        can_open = [row for row in found if row.open is not None]
        if not can_open:
            break
        row = chance.choice(can_open)
        if row.group is not None:
            opened ^= {row.group}
        elif row.node is not None:
            closed ^= {row.node}
    check_rows(rows(shape, closed, opened=opened), shape, closed)


@pytest.mark.long
@quick
@given(SEED)
def test_rows_without_groups(seed: int) -> None:
    chance = random.Random(seed)
    snapshot = tangled(chance)
    closed = {node.id for node in snapshot.graph.nodes if chance.random() < 0.2}
    found = rows(snapshot.graph, closed)
    check_rows(found, Outline(snapshot.graph), closed)
    assert all(row.group is None for row in found)


@pytest.mark.long
@quick
@given(SEED)
def test_what_is_above(seed: int) -> None:
    """The groups of a node hold it, one in the other, and once all are open every node is on a row."""
    snapshot = tangled(random.Random(seed))
    shape = Outline(snapshot.graph, snapshot.modules)
    every: set[int] = set()
    for node in range(len(snapshot.graph.nodes)):
        around = shape.above(node)
        sizes = [held(shape, group) for group in around]
        assert all(node in one for one in sizes)
        assert all(small <= large for small, large in pairwise(sizes))
        every |= set(around)
    found = rows(shape, opened=every)
    if any(row.kind == "rest" for row in found):
        return
    assert {row.node for row in found if row.kind == "node"} == set(range(len(snapshot.graph.nodes)))


@pytest.mark.long
@quick
@given(SEED, st.integers(1, MOST))
def test_lanes(seed: int, most: int) -> None:
    """What is still to come below a row has a lane of its own through it, and there is no other lane."""
    snapshot = tangled(random.Random(seed))
    graph = snapshot.graph
    lanes = Lanes(graph)
    for node in graph.nodes:
        text = lanes.text(node.id, most)
        assert len(text) <= 2 * most + 1
        assert set(text) & {"●", "…"}
        below = {
            edge.target
            for above in graph.nodes[: node.id]
            for edge in above.edges
            if edge.target is not None and edge.target > node.id
        }
        columns = sorted(lanes.columns[target] for target in below)
        assert lanes.passing(node.id) == [column for column in columns if column < MOST]
        assert len(set(columns)) == len(columns)


class Pane:
    """An Arrangement, and what a person does with it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.arrangement = Arrangement(snapshot)
        self.arrangement.arrange()

    def do(self, chance: random.Random) -> None:
        shown = self.arrangement
        count = len(shown.graph.nodes)
        node = chance.randrange(count) if count else None
        match chance.choice(["view", "filter", "order", "open", "reveal", "search", "width", "renew", "tree"]):
            case "view":
                shown.cycle_view(chance.choice([VIEWS, ("tree", "lanes")]))
                shown.arrange()
            case "filter":
                shown.cycle_filter(node)
                shown.arrange()
            case "order":
                shown.cycle_order(chance.choice([1, -1]))
                shown.arrange()
            case "open":
                can_open = [row for row in shown.rows if row.open is not None]
                if can_open:
                    shown.toggle(chance.choice(can_open))
            case "reveal" if node is not None:
                self.reveal(node)
            case "search":
                self.search(chance.choice(["add", "w", "a.b", "a.0", "nothing", " "]), node)
            case "width":
                shown.fit(chance.randint(0, 200))
                shown.arrange()
            case "renew":
                self.renew(chance)
            case "tree":
                shown.go_to_tree()

    def reveal(self, node: int) -> None:
        shown = self.arrangement
        place = shown.reveal(node)
        if place is not None:
            assert shown.rows[place].node == node
        left_out = any(row.kind == "rest" for row in shown.rows)
        assert place is not None or not shown.is_drawn or left_out, "tree and lanes have every node"

    def search(self, text: str, node: int | None) -> None:
        shown = self.arrangement
        shown.search(text)
        assert shown.found == sorted(set(shown.found))
        wanted = text.strip()
        named = [n.id for n in shown.graph.nodes if wanted and wanted in f"{n.name} {n.variable or ''}".casefold()]
        assert set(named) <= set(shown.found)
        assert set(shown.found) <= {n.id for n in shown.graph.nodes if n.id in named or (wanted and wanted in n.module)}
        for by in (-1, 0, 1):
            found = shown.next_match(node, by)
            assert found in shown.found or (found is None and not shown.found)

    def renew(self, chance: random.Random) -> None:
        """Other numbers in the same graph, or another graph."""
        shown = self.arrangement
        if chance.random() < 0.5:
            assert not shown.renew(tangled(chance)) or not shown.graph.nodes
            shown.arrange()
            return
        nodes = tuple(replace(node, grad_output=Values((), (0.0,))) for node in shown.graph.nodes)
        assert shown.renew(replace(shown.numbers.snapshot, graph=replace(shown.graph, nodes=nodes)))

    def check(self) -> None:
        shown = self.arrangement
        nodes = shown.graph.nodes
        if shown.is_tree:
            check_rows(list(shown.rows), shown.outline, shown._closed)
        elif shown.is_drawn:
            assert [row.node for row in shown.rows] == [node.id for node in nodes]
        elif shown.view in TABLES:
            assert len(shown.rows) == len(shown.table)
        elif shown.only == "parameters":
            assert sorted(row.node or 0 for row in shown.rows) == [node.id for node in nodes if node.variable]
        for y, row in enumerate(shown.rows):
            assert row.node is None or 0 <= row.node < len(nodes)
            if row.kind == "node" and row.node is not None:
                place = shown.place(row.node)
                assert place is not None
                assert shown.rows[place].node == row.node
                assert place <= y
            if row.group is not None:
                assert shown.title(row.group)
                assert group_cells(row, shown, None).name
                part = shown.share(row.group)
                assert part is None or 0 <= part <= 1.0001
            elif not shown.is_table:
                assert cells(row, shown.graph, shown.numbers.used, None, 7).kind == row.kind


@pytest.mark.long
@quick
@given(SEED)
def test_whatever_a_person_does(seed: int) -> None:
    chance = random.Random(seed)
    pane = Pane(tangled(chance))
    pane.check()
    for _ in range(chance.randint(1, 8)):
        pane.do(chance)
        pane.check()
