"""A training of a file's function -> how a script of its own finds function, parameters and arguments: by Python expressions."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from gradtui.engine.capture.introspection import is_a
from gradtui.engine.user.function_parameters import Arguments
from gradtui.engine.user.module import UserModule
from gradtui.engine.user.training import Course
from gradtui.snapshot.training import Place, Spelling

USER, MADE = "user", "made"
"""What a script calls the file's module, and the object that it makes for its method."""


def spelling(
    course: Course, module: UserModule, asked: Arguments, result: Any, at: Mapping[str, Place]
) -> Spelling | None:
    """None where a script would need more than a few plain lines. result: what the function gave."""
    function = course.wanted
    later = inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function)
    if later or not is_a(result, torch.Tensor) or result.is_complex():
        return None
    first, _, rest = course.name.rpartition(".")
    is_made = is_a(_named(course.user, first), type) and not is_a(course.owner, type) and course.owner is not None
    owner = MADE if is_made else f"{USER}.{first}" if first else ""
    parameters = []
    for name, tensor in course.trained.items():
        found = "" if name in course.arguments else _expression(course, name, tensor, owner)
        if found is None:
            return None
        parameters.append(found)
    return Spelling(
        str(module.path),
        str(module.folder),
        module.name,
        f"{owner or USER}.{rest}",
        f"{USER}.{first}()" if is_made else "",
        tuple(parameters),
        {name: repr(asked.values[name]) for name in at if is_a(asked.values.get(name), bool, int, float)},
        tuple(name for name in asked.positional if name in _positional_only(function)),
    )


def _named(namespace: Any, name: str) -> Any:
    found = namespace
    for part in name.split(".") if name else ():
        found = getattr(found, part, None)
    return found


def _positional_only(function: Any) -> set[str]:
    parameters = inspect.signature(function).parameters.values()
    return {one.name for one in parameters if one.kind is inspect.Parameter.POSITIONAL_ONLY}


def _expression(course: Course, name: str, tensor: torch.Tensor, owner: str) -> str | None:
    """The first that leads to this very tensor."""
    if (leaf := _leaf(course, name, tensor)) is not None:
        return leaf
    for spelled, module in _modules(course, owner):
        for inside in (name, name.partition(".")[2]):
            try:
                if module.get_parameter(inside) is tensor:
                    return f"{spelled}.get_parameter({inside!r})"
            except (AttributeError, ValueError):
                continue
    return None


def _leaf(course: Course, name: str, tensor: torch.Tensor) -> str | None:
    """`weights[0]`, `scale`."""
    held, _, place = name.partition("[")
    found = vars(course.user).get(held)
    if place and is_a(found, list, tuple, dict):
        keys = found if is_a(found, dict) else range(len(found))
        key = next((key for key in keys if found[key] is tensor), None)
        return f"{USER}.{held}[{key!r}]" if is_a(key, int, str) else None
    return f"{USER}.{held}" if found is tensor else None


def _modules(course: Course, owner: str) -> Iterator[tuple[str, torch.nn.Module]]:
    if is_a(course.owner, torch.nn.Module):
        yield owner, course.owner
    for name, value in vars(course.user).items():
        if is_a(value, torch.nn.Module) and name.isidentifier():
            yield f"{USER}.{name}", value
    for name, value in vars(course.owner).items() if "__dict__" in dir(type(course.owner)) else ():
        if is_a(value, torch.nn.Module) and name.isidentifier() and owner:
            yield f"{owner}.{name}", value
