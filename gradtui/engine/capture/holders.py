"""Who holds a leaf: a variable, an optimizer, a copy of the model, or the model itself in a plain list, a dict or an object that
is no module, so that it is not in `parameters()`."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from itertools import chain, islice
from types import FrameType
from typing import Any

import torch
from torch.autograd.graph import Node
from torch.nn.parameter import is_lazy
from torch.optim.swa_utils import AveragedModel

from gradtui.engine.autograd.backward import leaf_of
from gradtui.engine.capture.introspection import entries, instance_variables, is_a, items, named_parameters, shown_key
from gradtui.engine.capture.leaf_names import local_variables
from gradtui.engine.capture.places import is_users
from gradtui.engine.capture.recording import maker
from gradtui.engine.tensors.readable_tensors import has_numbers

MOST = 1_000
"""Items of a list, tuple or dict that are looked at."""
FEW = 20
"""Nodes of a graph that is no model's."""
DEPTH = 3
"""Of lists in lists."""
OWN = {"_parameters", "_buffers", "_modules"}


def unregistered(parts: Mapping[str, torch.nn.Module], wanted: set[torch.Tensor]) -> dict[torch.Tensor, str]:
    """Those of `wanted` by where they are: `hidden[0].weight`. parts: a model's modules by path."""
    found: dict[torch.Tensor, str] = {}
    if not wanted:
        return found
    for path, module in parts.items():
        own = vars(module)
        for name, value in (*own.items(), *entries(own.get("_buffers"))):
            if name in OWN or name.endswith("_hooks"):
                continue
            for where, tensor in _held(f"{path}.{name}" if path else name, value, DEPTH):
                if tensor in wanted:
                    found.setdefault(tensor, where)
    return found


def attributes(
    found: Mapping[torch.Tensor, str], scope: Mapping[str, Any], made: Set[int], parts: Collection[str]
) -> frozenset[torch.Tensor]:
    """Those of `found`, by `unregistered`, that are no nn.Parameter, or in an object that is no module, and that neither a
    variable nor an optimizer holds too.

    made: the ids of tensors that were made in the step itself. parts: paths of modules.
    """
    others = {value for value in scope.values() if is_a(value, torch.Tensor)}
    for value in scope.values():
        if is_a(value, torch.optim.Optimizer):
            others |= {tensor for _, tensor in _groups(value)}
    plain = (
        one
        for one, name in found.items()
        if not is_a(one, torch.nn.Parameter) or ("[" not in name and name.rpartition(".")[0] not in parts)
    )
    return frozenset(one for one in plain if one not in others and id(one) not in made)


def computed(
    parts: Mapping[str, torch.nn.Module], own: Set[torch.Tensor], before: int, nodes: Sequence[Node]
) -> dict[torch.Tensor, str]:
    """Attributes that were made of nothing but Parameters that the model does not have, as `nn.Parameter(t) * 0.1` is; or, before
    this sequence number, of plain leaves.

    parts: a model's modules by path. own: its parameters. nodes: of the graph; attributes made of plain leaves count
    only there.
    """
    found: dict[torch.Tensor, str] = {}
    kinds = set[type]()
    for module in parts.values():
        kinds.update(map(type, vars(module).values()))
    tensors = tuple(kind for kind in kinds if issubclass(kind, torch.Tensor))
    for path, module in parts.items() if tensors else ():
        for name, value in vars(module).items():
            if type(value) in tensors and (made := maker(value)) is not None:
                leaves = _leaves(made)
                plain = made._sequence_nr() < before and made in nodes
                if leaves and all(leaf not in own and (plain or is_a(leaf, torch.nn.Parameter)) for leaf in leaves):
                    found[value] = f"{path}.{name}" if path else name
    return found


def made_before(scope: Mapping[str, Any], first: int) -> dict[torch.Tensor, str]:
    """Variables that were computed before the sequence number `first`, of leaves that no variable holds."""
    values = [*scope.values()]
    held = {value for value in values if is_a(value, torch.Tensor)}
    for module in (value for value in values if is_a(value, torch.nn.Module)):
        held |= {*named_parameters(module).values()}
    found: dict[torch.Tensor, str] = {}
    for name, value in scope.items():
        made = maker(value) if is_a(value, torch.Tensor) else None
        if made is not None and made._sequence_nr() < first:
            leaves = _leaves(made)
            if leaves and held.isdisjoint(leaves):
                found[value] = name
    return found


def _leaves(made: Node) -> list[torch.Tensor]:
    """Of a small graph; none of one that is larger than what one line makes."""
    seen, waiting = {made}, [made]
    while waiting and len(seen) < FEW:
        for target, _ in waiting.pop().next_functions:
            if target is not None and target not in seen:
                seen.add(target)
                waiting.append(target)
    return [] if waiting else [leaf for node in seen if (leaf := leaf_of(node)) is not None]


def _held(path: str, value: Any, depth: int) -> Iterator[tuple[str, torch.Tensor]]:
    if is_a(value, torch.Tensor):
        yield path, value
    elif is_a(value, torch.nn.Module):
        for name, parameter in named_parameters(value).items():
            yield f"{path}.{name}", parameter
    elif depth:
        for place, item in enumerate(islice(items(value), MOST)):
            yield from _held(f"{path}[{place}]", item, depth - 1)
        for key, item in islice(entries(value), MOST):
            yield from _held(f"{path}[{shown_key(key)}]", item, depth - 1)
        if not is_a(value, type, torch.optim.Optimizer):
            for name, item in islice([*instance_variables(value).items()], MOST):
                yield from _held(f"{path}.{name}", item, min(depth - 1, 1))


def holder(tensor: torch.Tensor, frame: FrameType | None, *, item: bool = False) -> str:
    """What a person calls the tensor: an attribute of a module or object that is running (`self.memory`), else the outermost
    local variable, else a global one. A tuple, list or dict there may hold it. item: tell also which item it is (`w[0]`)."""
    variable, innermost = "", frame
    while frame is not None:
        if is_users(frame):
            for name, value in local_variables(frame).items():
                if is_a(value, torch.nn.Module) or name == "self":
                    for attribute, held in [*instance_variables(value).items()]:
                        if attribute not in OWN and (place := _place(held, tensor)) is not None:
                            return f"{name}.{attribute}{place if item else ''}"
                elif (place := _place(value, tensor)) is not None:
                    variable = name + place if item else name
        frame = frame.f_back
    return variable or _global_holder(tensor, innermost, item)


def _global_holder(tensor: torch.Tensor, frame: FrameType | None, item: bool) -> str:
    seen = set[int]()
    while frame is not None:
        if id(frame.f_globals) not in seen and is_users(frame):
            seen.add(id(frame.f_globals))
            names = [(name, value) for name, value in [*frame.f_globals.items()] if not name.startswith("__")]
            places = ((name, place) for name, value in names if (place := _place(value, tensor)) is not None)
            # the variable that it is itself, if there is one
            found = min(places, key=lambda each: bool(each[1]), default=None)
            if found is not None:
                return "".join(found) if item else found[0]
        frame = frame.f_back
    return ""


def variable(tensor: torch.Tensor, frame: FrameType | None) -> tuple[str, str] | None:
    """`image` or `self.gate`, a variable of a file or an attribute that is the tensor itself, and the name of that file."""
    while frame is not None:
        if is_users(frame):
            owner = local_variables(frame).get("self")
            attributes = vars(owner) if is_a(owner, torch.nn.Module) else {}
            named = next((f"self.{name}" for name, value in attributes.items() if value is tensor), None)
            named = named or next((name for name, value in [*frame.f_globals.items()] if value is tensor), None)
            if named is not None:
                return named, frame.f_code.co_filename
        frame = frame.f_back
    return None


def _place(value: Any, tensor: torch.Tensor) -> str | None:
    """Where in a variable it is: "" for the variable itself, None where it is not."""
    if value is tensor:
        return ""
    queued = islice(deque.__iter__(value) if is_a(value, deque) else items(value), MOST)
    inside = chain(enumerate(queued), islice(entries(value), MOST))
    return next((f"[{shown_key(key)}]" for key, one in inside if one is tensor), None)


def optimised(scope: Mapping[str, Any], own: Set[torch.Tensor]) -> dict[torch.Tensor, str]:
    """What the optimizers among the variables hold that is of no model, by where it is: of those that hold no tensor of the
    model's it is not known whether they are for it.

    Only where a parameter of the model that is as large is in none of them. own: its parameters.
    """
    places = {
        tensor: f"{name}.{place}"
        for name, value in scope.items()
        if is_a(value, torch.optim.Optimizer)
        for place, tensor in _groups(value)
    }
    missing = [parameter.shape for parameter in own if parameter not in places and not is_lazy(parameter)]
    found = {
        tensor: place
        for tensor, place in places.items()
        if tensor not in own and not is_lazy(tensor) and tensor.shape in missing and tensor.requires_grad
    }
    held = chain.from_iterable((one, *islice(_inside(one), MOST)) for one in scope.values() if found)
    models = (one for one in held if is_a(one, torch.nn.Module))
    others = {tensor for model in models for tensor in named_parameters(model).values()}
    return {tensor: place for tensor, place in found.items() if tensor not in others}


def _inside(value: Any) -> Iterator[Any]:
    """What a list, a tuple, a dict or another object holds."""
    yield from items(value)
    yield from (one for _, one in entries(value))
    yield from () if is_a(value, type, torch.nn.Module, torch.Tensor) else instance_variables(value).values()


def not_reached(
    scope: Mapping[str, Any], leaves: Set[torch.Tensor], outputs: Sequence[torch.Tensor]
) -> set[torch.Tensor]:
    """The parameters that a loss is meant to train and its graph lacks, where nobody says which model it is of.

    They are sought in `scope`, the local variables. An optimizer there that has some of the leaves is meant to train all that
    it has; without one, a model that has some of them. What is frozen is not meant to learn; an optimizer or a model with none
    of the leaves is for another loss. Where the graph has no leaves but the loss itself, the only optimizer counts, or the only
    model. `self` may be a model in the middle of its pass, and is left out.
    """
    values = {id(value): value for name, value in scope.items() if name != "self"}.values()
    optimizers: list[set[torch.Tensor]] = [
        {one for _, one in _groups(value)} for value in values if is_a(value, torch.optim.Optimizer)
    ]
    models: list[set[torch.Tensor]] = [
        {*named_parameters(value).values()} for value in values if is_a(value, torch.nn.Module)
    ]
    models = [one for one in models if one and not any(one < other for other in models)]
    found = next(
        (held for held in ([one for one in kind if one & leaves] for kind in (optimizers, models)) if held), []
    )
    if leaves <= {*outputs}:
        alone = optimizers or models
        found = alone if len(alone) == 1 else []
    return {one for held in found for one in held if one.requires_grad and one not in leaves}


def in_optimizers(scope: Mapping[str, Any], wanted: Set[torch.Tensor]) -> dict[torch.Tensor, str]:
    """Those of `wanted` by where an optimizer among the variables has them."""
    optimizers = [(name, value) for name, value in scope.items() if is_a(value, torch.optim.Optimizer)]
    return {one: f"{name}.{place}" for name, value in optimizers for place, one in _groups(value) if one in wanted}


def _groups(optimizer: torch.optim.Optimizer) -> Iterator[tuple[str, torch.Tensor]]:
    for number, group in enumerate(optimizer.param_groups):
        for place, tensor in enumerate(group["params"]):
            yield f"param_groups[{number}]['params'][{place}]", tensor


def copied_before(
    model: torch.nn.Module, used: Collection[torch.Tensor], scope: Mapping[str, Any]
) -> Iterator[dict[torch.Tensor, torch.Tensor]]:
    """Of each model of which the graph has no parameter, but one of the same numbers for each: its parameters, and these.

    used: the leaves of the graph. A model that the caller named is the one that was meant. Of several in a file it is one that an
    optimizer has, which does not have the copy, or of which torch's own average ran.
    """
    is_given = type(model) is not torch.nn.Module  # else `model_in` made it of several
    averages = {
        one for value in scope.values() if is_a(value, AveragedModel) for one in named_parameters(value).values()
    }
    for root in (model,) if is_given else [one for one in model._modules.values() if one is not None]:
        own = [one for one in named_parameters(root).values() if one.requires_grad]
        if not own or any(one in used for one in own):
            continue
        found = _paired(own, [one for one in used if type(one) is torch.nn.Parameter])
        if found and (is_given or averages.issuperset(found.values()) or _optimised(own, found.values(), scope)):
            yield found


def _paired(own: list[torch.nn.Parameter], others: list[torch.nn.Parameter]) -> dict[torch.Tensor, torch.Tensor]:
    """Each with another of the same numbers; nothing where one has none, or where each is but one number throughout."""
    found: dict[torch.Tensor, torch.Tensor] = {}
    for one in own:
        alike = (each for each in others if each.shape == one.shape and each.dtype == one.dtype and _equal(one, each))
        twin = next(alike, None)
        if twin is None:
            return {}
        found[one] = twin
    return found if any(one.numel() > 1 and bool((one != one.flatten()[0]).any()) for one in own) else {}


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    return (
        type(one) is type(other)
        and one.device == other.device
        and all(map(has_numbers, (one, other)))
        and torch.equal(one, other)
    )


def _optimised(own: list[torch.nn.Parameter], others: Collection[torch.Tensor], scope: Mapping[str, Any]) -> bool:
    for value in scope.values():
        if is_a(value, torch.optim.Optimizer):
            held = {tensor for _, tensor in _groups(value)}
            if held.issuperset(own) and held.isdisjoint(others):
                return True
    return False
