"""What a model is made of: one module that stands in several places, one that is frozen in name alone, weights of which all rows
are the same numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

import torch

from gradtui.engine.capture.introspection import entries, instance_variables, living, named_parameters, submodules
from gradtui.engine.watching import tensor_norms
from gradtui.findings.over_time.history import History

CLOSE = 1e-6
"""Of the largest of a weight: units that are one may differ by so much, as kernels add up in another order."""


def note(history: History, model: torch.nn.Module, named: Mapping[str, torch.Tensor]) -> None:
    """named: the parameters by the names that the history has for them."""
    for paths in shared(model):
        history.note("shared", None, paths, paths=paths)
    for path, parameters in frozen_in_name(model):
        own = {*map(id, parameters)}
        names = tuple(name for name, one in named.items() if id(one) in own)
        history.note("frozen_in_name", None, path, path=path, names=names)


def shared(model: torch.nn.Module) -> Iterator[tuple[str, ...]]:
    """The paths of each module with parameters, or each parameter, that stands in several places of one module, or in the same
    place of several that are numbered (`blocks.0.mix`, `blocks.1.mix`)."""
    places: dict[int, list[str]] = {}
    parts = submodules(model)
    for path, module in parts.items():
        for name, part in (*module._modules.items(), *module._parameters.items()):
            if part is not None and (isinstance(part, torch.Tensor) or named_parameters(part)):
                places.setdefault(id(part), []).append(f"{path}.{name}" if path else name)
    for paths in places.values():
        alike = {re.sub(r"\d+", "0", path) for path in paths}
        if len(paths) > 1 and (len(alike) == 1 or len({path.rpartition(".")[0] for path in paths}) == 1):
            yield tuple(paths)


def frozen_in_name(model: torch.nn.Module) -> Iterator[tuple[str, Collection[torch.Tensor]]]:
    """The path of each module that was given an attribute `requires_grad = False`, which is none of its own and freezes nothing,
    and its parameters."""
    for path, module in submodules(model).items():
        if instance_variables(module).get("requires_grad") is False:
            yield path, named_parameters(module).values()


def is_in_a_module(parameters: Collection[int]) -> bool:
    """Whether a module that is still there has one of these, by their ids."""
    own = (instance_variables(one).get("_parameters") for one in living(torch.nn.Module))
    return any(id(one) in parameters for held in own for _, one in entries(held))


def is_one_unit(weight: torch.Tensor) -> bool:
    """Whether all rows of a weight are the same numbers, and not 0."""
    weight = tensor_norms.plain(weight)
    if weight.ndim < 2 or weight.shape[0] < 2 or not weight[0].numel():
        return False
    largest = weight[0].abs().max()
    bound = CLOSE * largest
    if not bool(largest > 0) or not bool((weight[1] - weight[0]).abs().max() <= bound):
        return False
    return bool((weight - weight[:1]).abs().max() <= bound)
