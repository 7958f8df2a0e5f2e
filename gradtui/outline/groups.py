"""Which module made which node: the nodes of a graph in the modules of a user's model, nested by path. Pure, linear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Literal

from msgspec import Struct, field

from gradtui.snapshot.model import Graph, Module

CONTAINERS = {"ModuleList", "ModuleDict"}
"""Modules that never run: what they hold belongs to whatever holds them."""

LEAST_REPEATS = 3
"""So many equal modules in a row are one row."""

Kind = Literal["whole", "module", "repeat", "run", "part"]


class Group(Struct, gc=False):
    """Nodes and groups that stand together.

    kind: the `whole` graph, a `module`, a `repeat` of equal modules, a linear `run`, or `part` of what is too long.
    members: ids in the order of the backward pass; a group's own id is counted on from the nodes.
    path, call: of the module, of the last one in a repeat. first: the first node in it; size: how many it holds.
    leads: the groups and nodes beside it that its edges lead to.
    """

    kind: Kind
    parent: int | None
    path: str = ""
    call: int = 0
    members: Sequence[int] = ()
    first: int = 0
    size: int = 0
    leads: dict[int, None] = field(default_factory=dict)


class ModuleTree:
    """The groups of a graph, and for each node and group which group it is in (`parents`).

    operations: of each node its name; None of a leaf.
    """

    def __init__(self, graph: Graph, modules: Mapping[str, Module], *, repeats: bool) -> None:
        self.graph = graph
        self.nodes = len(graph.nodes)
        self.groups = [Group("whole", None)]
        self.parents: list[int] = []
        self.operations: list[str | None] = []
        self._modules = modules
        self._containers = {path for path, module in modules.items() if module.kind in CONTAINERS}
        self._calls: dict[str, int] = {}
        self._places: dict[tuple[str, int], int] = {("", 0): self.nodes}
        self._gather()
        self._measure()
        if repeats:
            self._repeat()
        self._dissolve()

    def group(self, id: int) -> Group:
        return self.groups[id - self.nodes]

    def parent(self, element: int) -> int | None:
        """The group that a node or a group is in."""
        return self.parents[element] if element < self.nodes else self.group(element).parent

    def depths(self) -> list[int]:
        """Of each group, in how many others it is."""
        found = [-1] * len(self.groups)
        found[0] = 0
        for index in range(len(self.groups)):
            path, at = [], index
            while found[at] < 0:
                path.append(at)
                at = (self.groups[at].parent or self.nodes) - self.nodes
            for depth, below in enumerate(reversed(path), found[at] + 1):
                found[below] = depth
        return found

    def _put(self, members: Iterable[int], parent: int) -> None:
        for member in members:
            if member < self.nodes:
                self.parents[member] = parent
            else:
                self.group(member).parent = parent

    def add(self, kind: Kind, parent: int, members: Sequence[int]) -> int:
        """Gather `members`, in their order, in a new group."""
        id = self.nodes + len(self.groups)
        last = self.group(members[-1]) if members[-1] >= self.nodes else Group("module", None)
        group = Group(kind, parent, last.path, last.call, members, self.first(members[0]), self._size_of(members))
        self.groups.append(group)
        self._put(members, id)
        return id

    def first(self, element: int) -> int:
        return element if element < self.nodes else self.group(element).first

    def _size_of(self, members: Sequence[int]) -> int:
        return len(members) + sum(self.group(member).size - 1 for member in members if member >= self.nodes)

    def _gather(self) -> None:
        """Each node into its module's group. A parameter that names no module belongs to the one that owns it."""
        paths, calls = [], []
        for node in self.graph.nodes:  # all that is asked of them at once: memory, of which they take much, is slow
            path, call = node.module, node.call
            if not path and node.variable is not None:
                path, call = self._owner(node.variable), 0
            paths.append(path)
            calls.append(call)
            self.operations.append(node.name if node.edges else None)
        for path, call in set(zip(paths, calls, strict=True)) if any(calls) else ():
            self._calls[path] = max(call + 1, self._calls.get(path, 1))
        gathered: list[list[int]] = [[]]
        before, turn, place, inside = "", 0, self.nodes, gathered[0]
        parents = self.parents = []
        for path, call in zip(paths, calls, strict=True):
            if path != before or call != turn:
                before, turn = path, call
                key = path, call
                known = self._places.get(key)
                place = self._ensure(key, len(parents), gathered) if known is None else known
                inside = gathered[place - self.nodes]
            inside.append(len(parents))
            parents.append(place)
        for group, members in zip(self.groups, gathered, strict=True):
            group.members = members

    def _owner(self, variable: str) -> str:
        path = variable.rpartition(".")[0]
        return path if path in self._modules else ""

    def _ensure(self, key: tuple[str, int], first: int, gathered: list[list[int]]) -> int:
        """The group of a call of a module that is met for the first time, and of all that it is in, in that order."""
        missing = [key]
        around = self._above(*key)
        while (place := self._places.get(around)) is None:
            missing.append(around)
            around = self._above(*around)
        for key in reversed(missing):
            id = self.nodes + len(self.groups)
            self.groups.append(Group("module", place, *key, first=first))
            gathered[place - self.nodes].append(id)
            gathered.append([])
            self._places[key] = place = id
        return place

    def _above(self, path: str, call: int) -> tuple[str, int]:
        """What a call of a module is in: which call of it is told by their numbers, where one is a multiple."""
        above = path.rpartition(".")[0]
        while above and above in self._containers:
            above = above.rpartition(".")[0]
        if not above or not call:
            return above, 0
        return above, call * self._count(above) // max(self._count(path), 1)

    def _count(self, path: str) -> int:
        known = self._modules.get(path)
        return max(self._calls.get(path, 1), (known.calls or 1) if known else 1)

    def _measure(self) -> None:
        """A group comes before what is in it, so that the sizes are known backwards."""
        groups, nodes = self.groups, self.nodes
        for place, count in Counter(self.parents).items():
            groups[place - nodes].size = count
        for group in reversed(groups[1:]):
            groups[(group.parent or nodes) - nodes].size += group.size

    def _repeat(self) -> None:
        """Equal modules one after the other, that differ in number or call only, into one group."""
        shapes = self._shapes()
        inside = Counter([group.parent for group in self.groups])
        for index in range(len(self.groups)):
            id, group = self.nodes + index, self.groups[index]
            if inside[id] < LEAST_REPEATS:
                continue
            modules = [shapes[member] for member in group.members if member >= self.nodes]
            if len(modules) - len(set(modules)) < LEAST_REPEATS - 1:  # there are not so many that are equal
                continue
            kept: list[int] = []
            for alike, run in groupby(group.members, lambda member: self._likeness(member, shapes)):
                members = list(run)
                repeats = alike is not None and len(members) >= LEAST_REPEATS
                kept += [self.add("repeat", id, members)] if repeats else members
            group.members = kept

    def _likeness(self, member: int, shapes: Sequence[object]) -> tuple[object, str] | None:
        """The same for modules that differ in number or call only; None for a node."""
        if member < self.nodes:
            return None
        return shapes[member], self.group(member).path.rstrip("0123456789")

    def _shapes(self) -> Sequence[object]:
        """For each element what is the same where one has the same operations in the same order; nothing for a leaf.

        What several calls of a module share is only in the first of them.
        """
        found: list[object] = [*self.operations, *[None] * len(self.groups)]
        known: dict[tuple[object, ...], int] = {}
        kinds = {path: module.kind for path, module in self._modules.items()}
        at = self.nodes + len(self.groups)
        for group in reversed(self.groups):
            at -= 1
            inside = (kinds.get(group.path), *[shape for member in group.members if (shape := found[member])])
            found[at] = known.setdefault(inside, len(known) + 1)
        return found

    def _dissolve(self) -> None:
        """A module with one thing in it is that thing: fewer rows to open. Those in a repeat keep their names."""
        alone = {
            self.nodes + index
            for index, group in enumerate(self.groups)
            if group.kind == "module" and len(group.members) == 1
        }
        for id in {self.group(only).parent for only in alone}:
            group = self.group(id or self.nodes)
            if group.kind != "repeat" and id not in alone:
                group.members = [self._only(member, alone) for member in group.members]
                self._put(group.members, id or self.nodes)

    def _only(self, element: int, alone: set[int]) -> int:
        while element in alone:
            (element,) = self.group(element).members
        return element
