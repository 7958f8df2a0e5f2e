"""Parameters as a tree of modules, by the dots in their names: rows that are opened and closed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import filterfalse

from msgspec import Struct

MODULE = -1
DEEPEST = 50
"""Levels; what is deeper stands on the last of them."""


class Row(Struct, frozen=True):
    """path: of a module, or the name of a parameter; `` for all of them. depth: how far its label is moved in.

    places: of its parameters, in the table of names. opened: None for a parameter.
    """

    path: str
    label: str
    depth: int
    places: tuple[int, ...]
    opened: bool | None = None


class Module:
    """path ends with its dot. children: in the order in which they were met, by their label, and the place of a parameter."""

    def __init__(self, path: str, label: str) -> None:
        self.path, self.label = path, label
        self.children: dict[tuple[str, int], Module | int] = {}
        self.places: list[int] = []


class Modules:
    """The tree of names that only ever grow in number."""

    def __init__(self) -> None:
        self._root = Module("", "all")
        self._names: list[str] = []

    def grow(self, names: Sequence[str]) -> bool:
        """Take in those that are new, at the end; whether there are any."""
        new = names[len(self._names) :]
        for name in new:
            self._add(len(self._names), name)
            self._names.append(name)
        return bool(new)

    def _add(self, place: int, name: str) -> None:
        module = self._root
        module.places.append(place)
        parts = name.split(".", DEEPEST)
        for number, part in enumerate(parts[:-1]):
            child = module.children.get((part, MODULE))
            if not isinstance(child, Module):
                child = Module(".".join(parts[: number + 1]) + ".", part)
                module.children[part, MODULE] = child
            module = child
            module.places.append(place)
        module.children[parts[-1], place] = place

    def paths(self, most: int) -> set[str]:
        """What to open so that at most so many rows are seen: level by level, and in a level first what holds modules, as far
        as all of these fit."""
        opened, level = {""}, [self._root]
        count = 1 + len(self._root.children)
        while level:
            level = [inside for one in level for child in one.children.values() for inside in [_chain(child)] if inside]
            for of_level in (list(filter(_holds_modules, level)), list(filterfalse(_holds_modules, level))):
                count += sum(len(one.children) for one in of_level)
                if count > most:
                    return opened
                opened |= {one.path for one in of_level}
        return opened

    def rows(self, opened: Collection[str]) -> list[Row]:
        """A module that has nothing but one other stands with it on one row."""
        found: list[Row] = []
        waiting: list[tuple[Module | int, str, int]] = [(self._root, "all", 0)]
        while waiting:
            one, label, depth = waiting.pop()
            if isinstance(one, int):
                found.append(Row(self._names[one], label, depth, (one,)))
                continue
            inner = _chain(one) or one
            if inner is not one:
                label = f"{label}.{inner.path[len(one.path) : -1]}"
            is_open = inner.path in opened
            found.append(Row(inner.path, label, depth, tuple(inner.places), is_open))
            if is_open:
                waiting += [(child, name, depth + 1) for (name, _), child in reversed(inner.children.items())]
        return found


def _holds_modules(module: Module) -> bool:
    return any(isinstance(child, Module) for child in module.children.values())


def _chain(one: Module | int) -> Module | None:
    """The first module from here on that has more than one module in it; None for a parameter."""
    if isinstance(one, int):
        return None
    while one.path and len(one.children) == 1:
        (child,) = one.children.values()
        if isinstance(child, int):
            break
        one = child
    return one
