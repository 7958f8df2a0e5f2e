"""What parameters are called: by the outermost modules that were seen to run, and by the variables that hold them."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

import torch

from gradtui.engine.capture.introspection import entries, is_a, items, named_parameters, submodules
from gradtui.engine.capture.names import local_variables
from gradtui.engine.capture.places import is_users

MOST_KNOWN = 16
"""Sets of parameters whose names are kept."""
MOST_ITEMS = 100
"""Of a list or dict in a variable that are looked at."""


class Names:
    """`of` gives them for an optimizer; what was found is kept as long as parameters and modules are the same."""

    def __init__(self) -> None:
        self._roots: dict[int, weakref.ref[torch.nn.Module]] = {}
        self._known: dict[tuple[int, ...], dict[int, tuple[weakref.ref[torch.Tensor], str]]] = {}
        self.titles: dict[int, str] = {}

    def see(self, module: torch.nn.Module) -> None:
        """It ran, and not inside of another."""
        if id(module) not in self._roots or self._roots[id(module)]() is not module:
            self._roots[id(module)] = weakref.ref(module)

    def models(self) -> list[torch.nn.Module]:
        """The outermost modules with parameters, in the order in which they were seen first."""
        alive = [module for reference in self._roots.values() if (module := reference()) is not None]
        inside = {id(part) for module in alive for part in submodules(module).values() if part is not module}
        return [module for module in alive if id(module) not in inside and named_parameters(module)]

    def of(self, parameters: Sequence[torch.Tensor], frame: FrameType | None) -> dict[str, torch.Tensor]:
        """Those of an optimizer and those of all models, by name. frame: from which variables are looked for."""
        models = self.models()
        every = [*parameters, *(one for model in models for one in named_parameters(model).values())]
        key = tuple(dict.fromkeys(map(id, every)))
        known = self._known.get(key)
        if known is None or any(reference() is not one for one in every for reference, _ in (known[id(one)],)):
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[key] = self._find(models, list({id(one): one for one in every}.values()), frame)
        return {name: tensor for reference, name in known.values() if (tensor := reference()) is not None}

    def _find(
        self, models: list[torch.nn.Module], every: list[torch.Tensor], frame: FrameType | None
    ) -> dict[int, tuple[weakref.ref[torch.Tensor], str]]:
        scopes = list(variables(frame))
        names: dict[int, str] = {}
        for place, model in enumerate(models):
            title = title_of(model, scopes) or (f"{type(model).__name__}_{place}" if len(models) > 1 else "")
            self.titles[id(model)] = title
            before = f"{title}." if len(models) > 1 else ""
            for name, parameter in named_parameters(model).items():
                names.setdefault(id(parameter), before + name)
        nameless = [one for one in every if id(one) not in names]
        for number, one in enumerate(nameless):
            names[id(one)] = name_of(one, scopes) or f"parameter {number}"
        taken: set[str] = set()
        found = {}
        for one in every:
            name = names[id(one)]
            while name in taken:
                name += "'"
            taken.add(name)
            found[id(one)] = weakref.ref(one), name
        return found


def variables(frame: FrameType | None) -> Iterator[Mapping[str, Any]]:
    """Those of each of a person's own frames, the innermost first."""
    seen = None
    while frame is not None:
        if is_users(frame):
            yield local_variables(frame)
            if frame.f_globals is not seen:
                seen = frame.f_globals
                yield dict(seen)
        frame = frame.f_back


def title_of(model: torch.nn.Module, scopes: Sequence[Mapping[str, Any]]) -> str:
    """The variable, attribute or item that holds a module, or the path of it in a module that a variable holds."""
    for name, value in _named(scopes):
        if value is model:
            return name
    for name, value in _named(scopes):
        if is_a(value, torch.nn.Module):
            path = next((path for path, part in submodules(value).items() if part is model), None)
            if path is not None:
                return path or name
    return ""


def name_of(tensor: torch.Tensor, scopes: Sequence[Mapping[str, Any]]) -> str:
    for name, value in _named(scopes):
        if value is tensor:
            return name
    for name, value in _named(scopes):
        if is_a(value, torch.nn.Module):
            path = next((path for path, one in named_parameters(value).items() if one is tensor), None)
            if path is not None:
                return f"{name}.{path}"
    return ""


def _named(scopes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Variables, then the attributes of objects in them, then the items of lists and dicts."""
    for scope in scopes:
        yield from scope.items()
    for scope in scopes:
        for name, value in scope.items():
            if is_a(value, list, tuple):
                for place, one in zip(range(MOST_ITEMS), items(value), strict=False):
                    yield f"{name}[{place}]", one
            elif is_a(value, dict) and not name.startswith("__"):
                for _, (key, one) in zip(range(MOST_ITEMS), entries(value), strict=False):
                    yield f"{name}[{key!r}]", one
            elif not is_a(value, type, torch.Tensor) and not name.startswith("__"):
                yield from _attributes(value)


def _attributes(value: object) -> Iterator[tuple[str, Any]]:
    try:
        inside = vars(value)
    except TypeError:
        return
    if is_a(inside, dict) and len(inside) <= MOST_ITEMS:
        yield from inside.items()
        yield from entries(inside.get("_modules"))
