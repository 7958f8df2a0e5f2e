"""Which module made which node: the nodes of a graph in the modules of a user's model, nested by path. Pure, linear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Literal

from msgspec import Struct, field

from gradtui.snapshot.model import Graph, Module, Node

CONTAINERS = {"ModuleList", "ModuleDict"}
"""Modules that never run: what they hold belongs to whatever holds them."""

LEAST_REPEATS = 3
"""So many equal modules in a row are one row."""

Kind = Literal["whole", "module", "repeat", "run", "part"]


class Group(Struct):
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
    """The groups of a graph, and for each node and group which group it is in (`parents`)."""

    def __init__(self, graph: Graph, modules: Mapping[str, Module], *, repeats: bool) -> None:
        self.graph = graph
        self.nodes = len(graph.nodes)
        self.groups = [Group("whole", None)]
        self.parents: list[int] = [self.nodes] * self.nodes
        self._modules = modules
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

    def put(self, element: int, parent: int) -> None:
        if element < self.nodes:
            self.parents[element] = parent
        else:
            self.group(element).parent = parent

    def add(self, kind: Kind, parent: int, members: Sequence[int]) -> int:
        """Gather `members`, in their order, in a new group."""
        id = self.nodes + len(self.groups)
        last = self.group(members[-1]) if members[-1] >= self.nodes else Group("module", None)
        group = Group(kind, parent, last.path, last.call, members, self.first(members[0]), sum(map(self.size, members)))
        self.groups.append(group)
        for member in members:
            self.put(member, id)
        return id

    def first(self, element: int) -> int:
        return element if element < self.nodes else self.group(element).first

    def size(self, element: int) -> int:
        return 1 if element < self.nodes else self.group(element).size

    def _gather(self) -> None:
        """Each node into its module's group. A parameter that names no module belongs to the one that owns it."""
        for node in self.graph.nodes:
            if node.call and node.call >= self._calls.get(node.module, 1):
                self._calls[node.module] = node.call + 1
        members: dict[int, list[int]] = {self.nodes: []}
        before, place, inside = ("", 0), self.nodes, members[self.nodes]
        for node in self.graph.nodes:
            key = self._owner(node) if node.variable else (node.module, node.call)
            if key != before:
                known = self._places.get(key)
                place = self._ensure(*key, members) if known is None else known
                before, inside = key, members[place]
            self.parents[node.id] = place
            inside.append(node.id)
        for id, found in members.items():
            self.group(id).members = found

    def _owner(self, node: Node) -> tuple[str, int]:
        if node.module or node.variable is None:
            return node.module, node.call
        path = node.variable.rpartition(".")[0]
        return (path, 0) if path in self._modules else ("", 0)

    def _ensure(self, path: str, call: int, members: dict[int, list[int]]) -> int:
        """The group of one call of a module, and of all that it is in, in the order in which they are met."""
        missing: list[tuple[str, int]] = []
        while (path, call) not in self._places:
            missing.append((path, call))
            path, call = self._above(path, call)
        place = self._places[path, call]
        for path, call in reversed(missing):
            id = self.nodes + len(self.groups)
            self.groups.append(Group("module", place, path, call))
            members[place].append(id)
            members[id] = []
            self._places[path, call] = place = id
        return place

    def _above(self, path: str, call: int) -> tuple[str, int]:
        """What a call of a module is in: which call of it is told by their numbers, where one is a multiple."""
        above = path.rpartition(".")[0]
        while above and above in self._modules and self._modules[above].kind in CONTAINERS:
            above = above.rpartition(".")[0]
        return above, call * self._count(above) // max(self._count(path), 1) if above else 0

    def _count(self, path: str) -> int:
        known = self._modules.get(path)
        return max(self._calls.get(path, 1), (known.calls or 1) if known else 1)

    def _measure(self) -> None:
        """A group comes before what is in it, so that the sizes are known backwards."""
        for group in reversed(self.groups):
            if group.members:
                group.first = self.first(group.members[0])
                group.size = sum(map(self.size, group.members))

    def _repeat(self) -> None:
        """Equal modules one after the other, that differ in number or call only, into one group."""
        shapes = self._shapes()
        for index in range(len(self.groups)):
            id, group = self.nodes + index, self.groups[index]
            kept: list[int] = []
            for alike, run in groupby(group.members, lambda member: self._likeness(member, shapes)):
                members = list(run)
                repeats = alike is not None and len(members) >= LEAST_REPEATS
                kept += [self.add("repeat", id, members)] if repeats else members
            group.members = kept

    def _likeness(self, member: int, shapes: Mapping[int, int]) -> tuple[int, str] | None:
        """The same for modules that differ in number or call only; None for a node."""
        if member < self.nodes:
            return None
        return shapes[member], self.group(member).path.rstrip("0123456789")

    def _shapes(self) -> dict[int, int]:
        """A number for each group, the same for those with the same operations in the same order.

        Not counting leaves: what several calls of a module share is only in the first of them.
        """
        names = [node.name if node.edges else "" for node in self.graph.nodes]
        known: dict[tuple[object, ...], int] = {}
        found: dict[int, int] = {}
        for index in reversed(range(len(self.groups))):
            group = self.groups[index]
            kind = self._modules[group.path].kind if group.path in self._modules else ""
            inside = (names[member] if member < self.nodes else found[member] for member in group.members)
            found[self.nodes + index] = known.setdefault((kind, *filter(None, inside)), len(known) + 1)
        return found

    def _dissolve(self) -> None:
        """A module with one thing in it is that thing: fewer rows to open. Those in a repeat keep their names."""
        alone = {
            self.nodes + index
            for index, group in enumerate(self.groups)
            if group.kind == "module" and len(group.members) == 1
        }
        for index in range(len(self.groups)):
            group = self.groups[index]
            if group.kind != "repeat" and self.nodes + index not in alone and not alone.isdisjoint(group.members):
                group.members = [self._only(member, alone) for member in group.members]
                for member in group.members:
                    self.put(member, self.nodes + index)

    def _only(self, element: int, alone: set[int]) -> int:
        while element in alone:
            (element,) = self.group(element).members
        return element
