"""A graph of any size as an outline: modules, repeated modules, linear runs and parts, each opened when asked. Pure.

What a group shows does not depend on what is open elsewhere, so that opening one costs what is in it and no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise

from gradtui.outline.groups import Group, ModuleTree
from gradtui.outline.rows import Reach
from gradtui.snapshot.model import Graph, Module

MOST_OPEN = 200
"""Nodes up to which all groups are open at first, and no run is folded; gradients are coloured by size in larger graphs."""
LEAST_RUN = 32
"""So many elements in a line are one row."""
MOST_MEMBERS = 1000
"""Elements that a group shows at once; where there are more, they are shown in parts."""
MOST_EDGES = 100
"""Edges of one element that are written out in a large graph."""


class Outline:
    """The structure of a graph for `rows.rows`. Groups are folded when they are first looked into."""

    def __init__(self, graph: Graph, modules: Mapping[str, Module] | None = None) -> None:
        self.graph = graph
        self.trunk = len(graph.nodes) > MOST_OPEN
        self._tree = ModuleTree(graph, modules or {}, repeats=self.trunk)
        self._nodes = self._tree.nodes
        self._folded: set[int] = set()
        self._seeds: dict[int, list[int]] = {}
        self._link()

    def group(self, id: int) -> Group:
        return self._tree.group(id)

    def is_group(self, element: int) -> bool:
        return element >= self._nodes

    def first(self, element: int) -> int:
        return self._tree.first(element)

    def is_end(self, element: int) -> bool:
        """Whether it leads nowhere: a leaf."""
        return element < self._nodes and not self.graph.nodes[element].edges

    def opened_first(self) -> set[int]:
        """The groups that are open at first: all of them in a small graph."""
        return set() if self.trunk else set(range(self._nodes + 1, self._nodes + len(self._tree.groups)))

    def above(self, node: int) -> list[int]:
        """The groups that a node is in, the innermost first, without the whole."""
        while True:
            found = self._climb(node)
            unfolded = [group for group in found if group not in self._folded]
            for group in unfolded:
                self._fold(group)
            if not unfolded:
                return found[:-1]

    def _climb(self, element: int) -> list[int]:
        found: list[int] = []
        parent = self._tree.parent(element)
        while parent is not None:
            found.append(parent)
            parent = self._tree.parent(parent)
        return found

    def path_around(self, group: int) -> str:
        """The path of the module that a group is in."""
        groups = (self.group(around) for around in self._climb(group))
        return next((around.path for around in groups if around.kind in ("module", "whole")), "")

    def seeds(self, group: int | None) -> Sequence[int]:
        """The elements of a group, in the order of the backward pass, from which all others of it are reached."""
        id = self._nodes if group is None else group
        if id not in self._seeds:
            self._fold(id)
            self._seeds[id] = self._entries(id)
        return self._seeds[id]

    def _entries(self, id: int) -> list[int]:
        met: set[int] = set()
        found = []
        for member in self.group(id).members:
            if member in met:
                continue
            found.append(member)
            met.add(member)
            waiting = [member]
            while waiting:
                for target in self._beside(waiting.pop()):
                    if target not in met:
                        met.add(target)
                        waiting.append(target)
        return found

    def reaches(self, element: int) -> Sequence[Reach]:
        """Where an element leads within its group; a node also elsewhere. To each group once; from a group as backward goes."""
        if element >= self._nodes:
            found = [
                Reach(None, target, self.first(target)) for target in sorted(self._beside(element), key=self.first)
            ]
        else:
            found = self._edges(element)
        if self.trunk and len(found) > MOST_EDGES:
            return [*found[:MOST_EDGES], Reach(len(found) - MOST_EDGES, None, None, rest=True)]
        return found

    def _edges(self, node: int) -> list[Reach]:
        home, groups = self._tree.parents[node], set()
        found = []
        for number, edge in enumerate(self.graph.nodes[node].edges):
            if edge.target is None:
                if edge.constant is not None:
                    found.append(Reach(number, None, None))
                continue
            element = self._within(edge.target, home)
            if element is None or element < self._nodes:
                found.append(Reach(number, element, edge.target))
            elif element not in groups:
                groups.add(element)
                found.append(Reach(number, element, edge.target))
        return found

    def _within(self, element: int, home: int) -> int | None:
        """The element of group `home` that `element` is or is in; None where it is elsewhere."""
        parent = self._tree.parent(element)
        while parent is not None and parent != home:
            element, parent = parent, self._tree.parent(parent)
        return None if parent is None else element

    def _beside(self, element: int) -> Sequence[int]:
        """The elements of the same group to which an element leads, each once."""
        return list(self.group(element).leads) if element >= self._nodes else next(self._beside_each((element,)))

    def _beside_each(self, elements: Iterable[int]) -> Iterator[Sequence[int]]:
        nodes, parents, count = self.graph.nodes, self._tree.parents, self._nodes
        for element in elements:
            if element >= count:
                yield list(self.group(element).leads)
                continue
            home = parents[element]
            found: list[int] = []
            for edge in nodes[element].edges:
                target = edge.target
                if target is not None:
                    beside = target if parents[target] == home else self._within(target, home)
                    if beside is not None:
                        found.append(beside)
            is_once = len(found) < 2 or (len(found) == 2 and found[0] != found[1])
            yield found if is_once else list(dict.fromkeys(found))

    def _link(self) -> None:
        """Which groups lead to which of their neighbours, in one pass over the edges."""
        parents, depths, groups, first = self._tree.parents, self._tree.depths(), self._tree.groups, self._nodes
        if len(groups) == 1:
            return
        around = [(group.parent or first) - first for group in groups]
        lifted: dict[tuple[int, int], tuple[int | None, int | None]] = {}
        for home, node in zip(parents, self.graph.nodes, strict=True):
            for edge in node.edges:
                end = edge.target
                if end is None or parents[end] == home:
                    continue
                ours, theirs = home - first, parents[end] - first
                if around[theirs] == ours:  # mostly it is that, or one of the next two
                    continue
                if around[ours] == theirs:
                    groups[ours].leads[end] = None
                elif around[ours] == around[theirs]:
                    groups[ours].leads[theirs + first] = None
                else:
                    ways = lifted.get((ours, theirs))
                    if ways is None:
                        ways = lifted[ours, theirs] = _part_ways(ours, theirs, around, depths)
                    source, target = ways
                    if source is not None:
                        groups[source].leads[end if target is None else target + first] = None

    # Runs and parts

    def _fold(self, id: int) -> None:
        """Gather the linear runs of a group, and what is still too long, in groups of their own; once."""
        if id in self._folded:
            return
        self._folded.add(id)
        group = self.group(id)
        if self.trunk and group.kind in ("whole", "module") and len(group.members) >= LEAST_RUN:
            beside = dict(zip(group.members, self._beside_each(group.members), strict=True))
            runs = list(self._runs(beside))
            if runs and len(runs[0]) < len(group.members):
                self._gather(id, runs, beside)
        if self.trunk and len(group.members) > MOST_MEMBERS + 1:
            self._part(id)

    def _runs(self, beside: dict[int, Sequence[int]]) -> Iterable[list[int]]:
        """Lines of elements each of which leads to the next alone, leaves aside, with the leaves that are theirs alone.

        beside: what each element of a group leads to in it.
        """
        operations, count = self._tree.operations, self._nodes
        ends = {member for member in beside if member < count and operations[member] is None}
        users: dict[int, int] = Counter(chain.from_iterable(beside.values()))
        used: set[int] = set()
        for member in beside:
            if member in used or member in ends:
                continue
            line = [member]
            used.add(member)
            while (following := self._only(beside[line[-1]], ends)) is not None:
                if following in used or users[following] > 1:
                    break
                line.append(following)
                used.add(following)
            if len(line) >= LEAST_RUN:
                leaves = Counter(filter(ends.__contains__, chain.from_iterable(map(beside.__getitem__, line))))
                own = [leaf for leaf, uses in leaves.items() if uses == users[leaf]]
                yield sorted((*line, *own), key=self.first if max(line) >= count else None)

    @staticmethod
    def _only(targets: Sequence[int], ends: Collection[int]) -> int | None:
        """The one of `targets` that is none of the `ends`; None where there is none, or another."""
        found = None
        for target in targets:
            if target not in ends:
                if found is not None:
                    return None
                found = target
        return found

    def _gather(self, id: int, runs: list[list[int]], beside: dict[int, Sequence[int]]) -> None:
        """Put each run in a group, and have the edges between them lead from group to group."""
        inside = {member: run for members in runs for run in [self._tree.add("run", id, members)] for member in members}
        for member, targets in beside.items():
            source = inside.get(member, member)
            seen = [inside.get(target, target) for target in targets]
            if member >= self._nodes:
                here = seen if source == member else [t for t in targets if inside.get(t) == source]
                self.group(member).leads = dict.fromkeys(here)
            if source != member:
                self.group(source).leads |= dict.fromkeys(target for target in seen if target != source)
        group = self.group(id)
        group.members = list(dict.fromkeys(inside.get(member, member) for member in group.members))

    def _part(self, id: int) -> None:
        """Cut a group in parts, which follow one another; what leads from part to part is not shown between them."""
        group = self.group(id)
        members = group.members
        ends = (*range(0, len(members) - 1, MOST_MEMBERS), len(members))  # one alone at the end is no part
        group.members = [self._tree.add("part", id, members[start:end]) for start, end in pairwise(ends)]
        for member in members:
            if member >= self._nodes:
                inside = self.group(member)
                inside.leads = {t: None for t in inside.leads if self._tree.parent(t) == inside.parent}


def _part_ways(ours: int, theirs: int, around: Sequence[int], depths: Sequence[int]) -> tuple[int | None, int | None]:
    """What leads to what in the smallest group that holds both; None for a node that stands in it itself.

    ours, theirs: the groups in which the two ends of an edge stand. around, depths: of each group, the one that it is in and in
    how many it is.
    """
    source = target = None
    while ours != theirs:
        if depths[ours] >= depths[theirs]:
            source, ours = ours, around[ours]
        else:
            target, theirs = theirs, around[theirs]
    return source, target
