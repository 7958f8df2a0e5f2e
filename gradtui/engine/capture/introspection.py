"""Looking at a person's objects without running their code: no truth, length, equality, iteration or attribute of their own.

A proxy raises when it is asked for its class, a compiled module when it is asked for its length, an array when it is asked
whether it is equal. What is not the function that is looked at has no say.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from inspect import getattr_static
from types import CodeType, FunctionType
from typing import Any, TypeGuard, TypeVar

import torch

T = TypeVar("T")

MOST_DECORATORS = 100
SIMPLE = (str, int, float, complex, bool, bytes, type(None))


def is_a(value: object, kind: type[T], *others: type[Any]) -> TypeGuard[T]:
    """`isinstance`, which would ask `value` for its `__class__` too."""
    return issubclass(type(value), (kind, *others))


def living(kind: type[T]) -> list[T]:
    """All there are, whoever holds them: Python's collector knows. It takes 0.2 µs for each object of the process."""
    kinds, more = {kind}, [kind]
    while more:
        more = [one for each in more for one in type.__subclasses__(each) if one not in kinds]
        kinds.update(more)
    return [one for one in gc.get_objects() if type(one) in kinds]


def items(value: object) -> Iterator[Any]:
    """Of a list or tuple; nothing for anything else."""
    if is_a(value, list):
        yield from list.__iter__(value)
    elif is_a(value, tuple):
        yield from tuple.__iter__(value)


def entries(value: object) -> Iterator[tuple[Any, Any]]:
    """Keys and values of a dict; nothing for anything else."""
    if is_a(value, dict):
        yield from dict.items(value)


def instance_variables(value: object) -> dict[str, Any]:
    """Of an object, without asking its class; none where it keeps them otherwise."""
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return found if type(found) is dict else {}


def tensors(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    """Those in arguments or results, in lists and tuples in them too."""
    waiting = list(values)
    waiting.reverse()
    while waiting:
        value = waiting.pop()
        if issubclass(type(value), torch.Tensor):  # `is_a`, without a call for each argument there is
            yield value
        elif issubclass(type(value), list | tuple):
            waiting.extend(reversed([*items(value)]))


def shown_key(key: object) -> str:
    """What a person would write for a key of a dict, or its type where it is no simple one."""
    return repr(key) if type(key) in SIMPLE else f"<{type(key).__name__}>"


def python_function(called: Callable[..., Any]) -> tuple[Callable[..., Any], bool]:
    """What runs where `called` is called: it itself, or the method of its class, which then takes it first."""
    own = next((vars(kind)["__call__"] for kind in type(called).__mro__ if "__call__" in vars(kind)), None)
    return (own, True) if is_a(own, FunctionType) else (called, False)


def code_of(called: Callable[..., Any]) -> CodeType | None:
    """Of a function, or of what decorators were put around."""
    inner: object = python_function(called)[0]
    for _ in range(MOST_DECORATORS):
        wrapped = getattr_static(inner, "__wrapped__", None)
        if wrapped is None:
            break
        inner = wrapped
    return inner.__code__ if is_a(inner, FunctionType) else None


def submodules(model: torch.nn.Module) -> dict[str, torch.nn.Module]:
    """By path, "" for the model itself; each under the first of its paths. As `named_modules`, which compares them."""
    try:
        return dict(model.named_modules())
    except Exception:  # a module that cannot be hashed, say
        return dict(_walked(model))


def named_parameters(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """Each under the first of its names."""
    try:
        return dict(model.named_parameters())
    except Exception:
        found: dict[int, tuple[str, torch.nn.Parameter]] = {}
        for path, module in _walked(model):
            for name, parameter in _registered(module, "_parameters"):
                found.setdefault(id(parameter), (f"{path}.{name}" if path else name, parameter))
        return dict(found.values())


def buffers_of(values: Iterable[object]) -> Iterator[torch.Tensor]:
    """Of the modules among these, each once: a checkpoint runs some of them again in backward. No hook looks which, as
    torch.compile would compile anew."""
    modules: dict[int, torch.nn.Module] = {}
    for one in values:
        if id(one) not in modules and is_a(one, torch.nn.Module):
            modules.update((id(part), part) for part in submodules(one).values())
    found = {id(one): one for part in modules.values() for _, one in _registered(part, "_buffers")}
    yield from found.values()


def _walked(model: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Module]]:
    waiting, known = [("", model)], {id(model)}
    while waiting:
        path, module = waiting.pop()
        yield path, module
        below = [(f"{path}.{name}" if path else name, part) for name, part in _registered(module, "_modules")]
        waiting.extend(reversed([(name, part) for name, part in below if id(part) not in known]))
        known.update(id(part) for _, part in below)


def _registered(module: torch.nn.Module, kind: str) -> Iterator[tuple[str, Any]]:
    for name, value in entries(vars(module).get(kind)):
        if value is not None:
            yield name, value
