"""What a target names in the user's module: a function, or a method of a class or of an object that stands there."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from inspect import Parameter, getattr_static
from types import FunctionType, ModuleType
from typing import Any, cast

import torch

from gradtui.engine.capture.introspection import is_a
from gradtui.engine.tensors.dtype_and_device import RefusalError
from gradtui.snapshot.target import candidates

Function = Callable[..., Any]


def function(module: ModuleType, file: str, name: str) -> tuple[Function, object]:
    """The function of `file` called `name`, and the object whose method it is, or None.

    A method needs an object: its class is called without arguments. Raises RefusalError, naming those that there are, and
    whatever the class raises.
    """
    first, *rest = name.split(".")
    if first not in vars(module):
        raise RefusalError("name", f"{file} has no function {name}", candidates(file, _functions(module), name))
    found: Any = vars(module)[first]
    owner: object = None
    for place, part in enumerate(rest, start=2):
        attribute = getattr_static(found, part, None)
        if attribute is None and getattr(found, part, None) is None:  # a module finds its parts by code
            raise RefusalError(
                "name", f"{first} of {file} has no {part}", candidates(file, _methods(first, found), name)
            )
        if is_a(found, type) and place == len(rest) + 1 and is_a(attribute, FunctionType):
            found = _instance(found, ".".join(name.split(".")[: place - 1]), file)
        owner, found = found, getattr(found, part)
    if is_a(found, type, torch.nn.Module) or not callable(found):
        what = "a class" if is_a(found, type) else f"a {type(found).__name__}"
        hint = "name a function that returns the tensor to differentiate, such as a loss"
        raise RefusalError("name", f"{name} of {file} is {what}, not a function", hint)
    return cast(Function, found), owner


def _instance(kind: type, name: str, file: str) -> object:
    """Raises RefusalError where it cannot be made of nothing."""
    try:
        parameters = inspect.signature(kind).parameters.values()
    except (TypeError, ValueError):  # written in C
        parameters = {}.values()
    several = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    needed = [one.name for one in parameters if one.default is Parameter.empty and one.kind not in several]
    if needed:
        message = f"{name} of {file} is not made without {', '.join(needed)}"
        hint = f"make one in the file, net = {name}(...), and name its method: net.loss, say"
        raise RefusalError("arity", message, hint)
    return kind()


def _functions(module: ModuleType) -> list[str]:
    names = []
    for key, value in vars(module).items():
        if key[:1] != "_" and is_a(value, type) and value.__module__ == module.__name__:
            names += _methods(key, value)
        elif key[:1] != "_" and _is_function(value, module.__name__):
            names.append(key)
    return names


def _methods(name: str, owner: object) -> list[str]:
    kind = owner if is_a(owner, type) else type(owner)
    own = vars(kind).items()
    kinds = (FunctionType, staticmethod, classmethod)
    return [f"{name}.{key}" for key, value in own if key[:1] != "_" and is_a(value, *kinds)]


def _is_function(value: object, module: str) -> bool:
    if not callable(value) or is_a(value, type, torch.nn.Module):
        return False
    owner = value.__module__ if is_a(value, FunctionType) else getattr_static(value, "__module__", None)
    return is_a(owner, str) and owner == module
