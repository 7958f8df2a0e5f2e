"""What parameters are called: by the outermost modules that were seen to run, and by the variables that hold them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch.nn.parameter import is_lazy

from gradtui.engine.capture.holders import unregistered
from gradtui.engine.capture.introspection import (
    entries,
    is_a,
    items,
    named_parameters,
    submodules,
)
from gradtui.engine.capture.leaf_names import local_variables
from gradtui.engine.capture.places import is_users
from gradtui.engine.capture.recording import maker
from gradtui.engine.torch_private import has_no_numbers
from gradtui.engine.torch_sharding import WRAPPERS, is_flattened, sharded_parameters

MOST_KNOWN = 16
"""Sets of parameters whose names are kept."""
MOST_ASKED = 1000
"""Sets of parameters for which a holder was looked for, or that were stepped: of weights that are made anew there is another for
each update."""
SELF = "self"
MOST_ITEMS = 100
"""Of a list or dict in a variable that are looked at."""


class Bare(NamedTuple):
    """A leaf of a graph that no module knows of. update: in which it was seen first. lasts: it was there in a later one too."""

    reference: weakref.ref[torch.Tensor]
    update: int
    lasts: bool


class Names:
    """`of` gives them for an optimizer; what was found is kept as long as parameters and modules are the same."""

    def __init__(self) -> None:
        self._roots: dict[int, weakref.ref[torch.nn.Module]] = {}
        self._met: list[weakref.ref[torch.nn.Module]] = []
        self._strays: list[weakref.ref[torch.Tensor]] = []
        self._bare: dict[int, Bare] = {}
        self._inputs: dict[int, weakref.ref[torch.Tensor]] = {}
        self._known: dict[tuple[int, ...], dict[int, tuple[weakref.ref[torch.Tensor], str]]] = {}
        self._asked: set[tuple[int, ...]] = set()
        self._inherited: dict[int, tuple[weakref.ref[torch.Tensor], str]] = {}
        self._called: dict[int, tuple[weakref.ref[torch.Tensor], str]] = {}
        self._stepped: set[tuple[int, ...]] = set()
        self._replaced: dict[int, weakref.ref[torch.Tensor]] = {}
        self.titles: dict[int, str] = {}

    def see(self, module: torch.nn.Module) -> None:
        """It ran, and not inside of another."""
        module = original_of(module)
        if id(module) not in self._roots or self._roots[id(module)]() is not module:
            self._roots[id(module)] = weakref.ref(module)

    def meet(self, module: torch.nn.Module) -> None:
        """It ran inside of another, and has parameters of its own."""
        self._met.append(weakref.ref(module))

    def differentiated_by(self, inputs: Iterable[object]) -> None:
        """`torch.autograd.grad` was asked for the gradients of these: points of a differential equation, or positions that forces
        are of. Where no module knows of one it is data, though backward() leaves it a gradient too."""
        for one in inputs:
            if is_a(one, torch.Tensor) and maker(one) is None and not is_a(one, torch.nn.Parameter):
                self._inputs[id(one)] = weakref.ref(one)
                if self._bare.pop(id(one), None) is not None:
                    self._known.clear()

    def found(self, leaves: Iterable[torch.Tensor], update: int) -> None:
        """These are in a graph: those that no module knows of are bare tensors."""
        known = {id(one) for model in self.models() for one in named_parameters(model).values()}
        known |= {id(reference()) for reference in self._strays}
        parts = (part for model in self.models() for part in submodules(model).values())
        known |= {id(whole) for part in parts for whole, _ in sharded_parameters(part)}
        for one in leaves:
            before = self._bare.get(id(one))
            if id(one) in known or self._is_input(one) or is_flattened(one):
                continue
            if before is None or before.reference() is not one:
                self._bare[id(one)] = Bare(weakref.ref(one), update, False)
            elif before.update < update and not before.lasts:
                self._bare[id(one)] = before._replace(lasts=True)
                self._known.clear()

    def since(self, tensor: torch.Tensor, update: int) -> int:
        """The update in which a bare tensor was seen first, which has a name from the next one on; for others this one."""
        bare = self._bare.get(id(tensor))
        return bare.update if bare is not None and bare.reference() is tensor else update

    def _find_strays(self) -> list[torch.Tensor]:
        """Parameters of modules that ran, and that no outermost module knows of: it holds them in a plain list, say."""
        met = [module for reference in self._met if (module := reference()) is not None]
        self._met = []
        if met:
            known = {id(one) for model in self.models() for one in named_parameters(model).values()}
            own = (one for module in met for one in module._parameters.values() if one is not None)
            self._strays += [weakref.ref(one) for one in own if id(one) not in known]
        bare = (one.reference for one in self._bare.values())
        return [one for reference in (*self._strays, *bare) if (one := reference()) is not None]

    def models(self) -> list[torch.nn.Module]:
        """The outermost modules with parameters, in the order in which they were seen first."""
        alive = [module for reference in self._roots.values() if (module := reference()) is not None]
        inside = {id(part) for module in alive for part in submodules(module).values() if part is not module}
        return [module for module in alive if id(module) not in inside and named_parameters(module)]

    def _is_input(self, tensor: torch.Tensor) -> bool:
        reference = self._inputs.get(id(tensor))
        return reference is not None and reference() is tensor

    def inherit(self, replaced: Iterable[tuple[str, torch.Tensor, torch.Tensor]]) -> None:
        """Of each name the leaf that had it, and the one that has taken its place."""
        alive = {key: one for key, one in self._inherited.items() if one[0]() is not None}
        self._replaced = {key: one for key, one in self._replaced.items() if one() is not None}
        for name, old, new in replaced:
            alive.pop(id(old), None)
            self._replaced[id(old)] = weakref.ref(old)
            if name:
                alive[id(new)] = weakref.ref(new), name
            before = self._bare.pop(id(old), None)
            if before is not None:
                self._bare[id(new)] = before._replace(reference=weakref.ref(new))
        self._inherited = alive

    def is_stray(self, tensor: torch.Tensor) -> bool:
        return any(reference() is tensor for reference in self._strays)

    def of(
        self, parameters: Sequence[torch.Tensor], frame: FrameType | None, *, stepped: bool = False
    ) -> dict[str, torch.Tensor]:
        """Those of an optimizer and those of all models, by name. frame: from which variables are looked for. stepped: whether
        the optimizer makes a step now, by which its parameters are known from then on.
        """
        models = self.models()
        if self._see_holder(parameters, models, frame):
            models = self.models()
        known_of = [one for model in models for one in named_parameters(model).values()]
        if self._replaced:
            known_of = [one for one in known_of if not self._is_replaced(one)]
        of_all = (*parameters, *known_of, *self._find_strays())
        every = [one for one in of_all if not (has_no_numbers(one) or is_lazy(one))]  # no numbers to tell of
        key = tuple(dict.fromkeys(map(id, every)))
        known = self._known.get(key)
        if known is None or any(reference() is not one for one in every for reference, _ in (known[id(one)],)):
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[key] = self._find(models, list({id(one): one for one in every}.values()), frame)
        if stepped and (own := (*map(id, parameters),)) not in self._stepped:
            if len(self._stepped) >= MOST_ASKED:
                self._stepped.clear()
            self._stepped.add(own)
            alive = {number: one for number, one in self._called.items() if one[0]() is not None}
            trained = {id(one) for one in parameters}.intersection(map(id, known_of))
            self._called = alive | {number: known[number] for number in trained if number in known}
        return {name: tensor for reference, name in known.values() if name and (tensor := reference()) is not None}

    def _is_replaced(self, tensor: torch.Tensor) -> bool:
        reference = self._replaced.get(id(tensor))
        return reference is not None and reference() is tensor

    def _see_holder(
        self, parameters: Sequence[torch.Tensor], models: Sequence[torch.nn.Module], frame: FrameType | None
    ) -> bool:
        """A library may train a module that it never calls, but only a method of it (Lightning's `training_step`): that is the
        outermost of what it holds. Whether there is one, in the variables of a library that stepped."""
        key = tuple(map(id, parameters))
        if key in self._asked:
            return False
        if len(self._asked) >= MOST_ASKED:
            self._asked.clear()
        self._asked.add(key)
        known, mine = {id(model) for model in models}, {*key}
        while frame is not None:
            if not is_users(frame):
                for value in local_variables(frame).values():
                    is_new = is_a(value, torch.nn.Module) and id(value) not in known
                    if is_new and mine <= {id(one) for one in named_parameters(value).values()}:
                        self.see(value)
                        return True
            frame = frame.f_back
        return False

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
                # as it was trained: a model that runs later, beside its own or around it, makes no other of it
                names.setdefault(id(parameter), _kept_for(parameter, self._called) or before + _own_path(name))
        for model in models:
            wanted = {one for one in every if id(one) not in names}
            names.update(
                {id(one): name for one, name in unregistered(submodules(model), wanted).items()} if wanted else {}
            )
        for one in every:
            if name := _kept_for(one, self._inherited):
                names.setdefault(id(one), name)
        for module in _modules(scopes):  # a model that never runs itself, and holds layers that do in a list
            if wanted := {one for one in every if id(one) not in names}:
                names.update({id(one): name for one, name in unregistered(submodules(module), wanted).items()})
        nameless = [one for one in every if id(one) not in names]
        for number, one in enumerate(nameless):
            bare = self._bare.get(id(one))
            passing = bare is not None and bare.reference() is one and not (bare.lasts or self.is_stray(one))
            # as an input of a penalty is
            names[id(one)] = name_of(one, scopes) or ("" if passing else f"parameter {number}")
        taken: set[str] = set()
        found = {}
        for one in every:
            name = names[id(one)]
            while name and name in taken:
                name += "'"
            taken.add(name)
            found[id(one)] = weakref.ref(one), name
        return found


def _kept_for(tensor: torch.Tensor, names: Mapping[int, tuple[weakref.ref[torch.Tensor], str]]) -> str:
    """Its name among those that are kept by identity: the reference tells whether that is still its own."""
    reference, name = names.get(id(tensor), (None, ""))
    return name if reference is not None and reference() is tensor else ""


def _own_path(name: str) -> str:
    """As it is in a person's own modules."""
    for wrapper in WRAPPERS:
        name = name.replace(wrapper, "")
    return name


def original_of(module: torch.nn.Module) -> torch.nn.Module:
    """What torch.compile was given, in place of what it made of it: its parameters have the names that a person knows."""
    inside = vars(module).get("_modules", {}).get("_orig_mod")
    return inside if is_a(inside, torch.nn.Module) else module


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
    named = _one_of_many(model, scopes) or next((name for name, value in _named(scopes) if value is model), "")
    return named or _in_module(model, submodules, scopes)[1]


def name_of(tensor: torch.Tensor, scopes: Sequence[Mapping[str, Any]]) -> str:
    """The variable that it is, its place in a module, or whatever else holds it: a list of parameters, say."""
    variable = next((name for scope in scopes for name, value in scope.items() if value is tensor), "")
    variable = (_one_of_many(tensor, scopes) if variable else "") or variable
    in_module = "" if variable else ".".join(filter(None, _in_module(tensor, named_parameters, scopes)))
    return variable or in_module or next((name for name, value in _named(scopes) if value is tensor), "")


def _one_of_many(wanted: object, scopes: Sequence[Mapping[str, Any]]) -> str:
    """Its place in a list, where the variable that holds it too is of a loop: that comes later, and none holds the others."""
    held = {id(value) for scope in scopes for value in scope.values()}
    for scope in scopes:
        found = ""
        for name, value in _with_lists_of_objects(scope):
            if value is wanted and name != SELF:
                return found
            several = [one for _, one in zip(range(MOST_ITEMS), items(value), strict=False)]
            others = [one for one in several if one is not wanted and is_a(one, torch.Tensor, torch.nn.Module)]
            if len(others) in range(1, len(several)) and not any(id(one) in held for one in others):
                place = next((place for place, one in enumerate(several) if one is wanted), None)
                found = found if place is None or found else f"{name}[{place}]"
    return ""


def _with_lists_of_objects(scope: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Variables, and behind an object the lists, tuples and dicts that it holds, by their own names."""
    for name, value in scope.items():
        yield name, value
        if not (name.startswith("__") or is_a(value, type, list, tuple, dict, torch.Tensor, torch.nn.Module)):
            yield from ((inner, one) for inner, one in _attributes(value) if is_a(one, list, tuple, dict))


def _in_module(
    wanted: object,
    parts: Callable[[torch.nn.Module], Mapping[str, object]],
    scopes: Sequence[Mapping[str, Any]],
) -> tuple[str, str]:
    """The name of a module and the path in it, by its `parts`, of what is wanted; nothing where it is not found. `self` is
    another one in each method: it is a name only where there is no other."""
    found = "", ""
    for name, value in _named(scopes):
        if is_a(value, torch.nn.Module):
            path = next((path for path, part in parts(value).items() if part is wanted), None)
            if path is not None and name != SELF:
                return _one_of_many(value, scopes) or name, path
            found = found if path is None or any(found) else (name, path)
    return found


def _modules(scopes: Sequence[Mapping[str, Any]]) -> list[torch.nn.Module]:
    """Those in variables, each once."""
    found = {id(value): value for scope in scopes for value in scope.values() if is_a(value, torch.nn.Module)}
    return [*found.values()]


def _named(scopes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Variables, then the attributes of objects in them, and the items of lists and dicts."""
    for scope in scopes:
        yield from scope.items()
    for scope in scopes:
        for name, value in scope.items():
            if is_a(value, list, tuple):
                yield from _named_items(name, value)
            elif is_a(value, dict) and not name.startswith("__"):
                for _, (key, one) in zip(range(MOST_ITEMS), entries(value), strict=False):
                    yield f"{name}[{key!r}]", one
            elif not is_a(value, type, torch.Tensor) and not name.startswith("__"):
                for inner, one in _attributes(value):
                    yield inner, one
                    if is_a(one, list, tuple):
                        yield from _named_items(inner, one)


def _named_items(name: str, value: object) -> Iterator[tuple[str, Any]]:
    for place, one in zip(range(MOST_ITEMS), items(value), strict=False):
        yield f"{name}[{place}]", one


def _attributes(value: object) -> Iterator[tuple[str, Any]]:
    try:
        inside = vars(value)
    except TypeError:
        return
    if is_a(inside, dict) and len(inside) <= MOST_ITEMS:
        yield from inside.items()
        yield from entries(inside.get("_modules"))
