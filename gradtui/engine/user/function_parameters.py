"""The parameters of a user's function as leaves: what can be stepped, what only has a gradient, what stays as it is."""

from __future__ import annotations

import inspect
import math
import typing
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from inspect import Parameter
from types import UnionType
from typing import Any

import torch

from gradtui.engine.capture.introspection import is_a, items, python_function
from gradtui.engine.tensors.dtype_and_device import RefusalError
from gradtui.engine.user.confine import one_process
from gradtui.engine.user.coroutines_and_generators import returned
from gradtui.snapshot.defaults import default_at

At = Mapping[str, float | tuple[float, ...]]

MOST_ELEMENTS = 100
"""A longer vector is no variable, only a leaf with a name."""

MOST_DIMENSIONS = 64
"""That torch gives a tensor. A list may hold itself."""

REQUIRED = Parameter.empty
NUMBERS = (float, torch.Tensor)
VECTORS = (list, tuple)


@dataclass(slots=True)
class Arguments:
    """What a function is called with.

    variables: leaves of shape () or (n,), which can be stepped. leaves: other tensors that get a gradient.
    unknown: names that were given a place, but are no parameters.
    call: the function without parameters, these being filled in; with other leaves for `variables` if given.
    """

    function: Callable[..., Any]
    positional: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, torch.Tensor] = field(default_factory=dict)
    leaves: dict[str, torch.Tensor] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def call(self, variables: Mapping[str, torch.Tensor] | None = None) -> Any:
        values = {**self.values, **self.leaves, **self.variables, **({} if variables is None else variables)}
        positional = [values.pop(name) for name in self.positional]
        with one_process():
            return returned(self.function(*positional, **values))


def arguments(function: Callable[..., Any], name: str, at: At, dtype: torch.dtype, device: torch.device) -> Arguments:
    """Values for all parameters of `function`: from `at`, else its own defaults, else where every variable starts.

    A number, a list of numbers and a tensor become leaves; whole numbers that are said to be `int`, texts and the like
    stay what they are. They are of `dtype`, but where the default is a tensor of another one than float32. Raises RefusalError.
    """
    parameters = _parameters(function)
    found = Arguments(function, unknown=tuple(given for given in at if given not in parameters))
    for key, parameter in parameters.items():
        if parameter.kind is not Parameter.KEYWORD_ONLY:
            found.positional.append(key)
        value = at[key] if key in at else _start(parameter, name)
        own = _own_dtype(parameter, dtype)
        if is_a(value, int, float, tuple, list) and not _is_kept(parameter, value):
            value = _tensor(key, _numbers(value), own)
        if parameter.annotation is int and is_a(value, float) and value.is_integer():
            value = int(value)
        if not is_a(value, torch.Tensor) or not (value.is_floating_point() or value.is_complex()):
            found.values[key] = value
            continue
        leaf = value.detach().to(device, own if value.is_floating_point() else None, copy=True).requires_grad_()
        stepped = leaf.ndim < 2 and 0 < leaf.numel() <= MOST_ELEMENTS and leaf.is_floating_point()
        (found.variables if stepped else found.leaves)[key] = leaf
    return found


def _own_dtype(parameter: Parameter, dtype: torch.dtype) -> torch.dtype:
    """That of a tensor that is the default, where the file has chosen one: what it meets in there is mostly of the same."""
    default = parameter.default
    chosen = is_a(default, torch.Tensor) and default.is_floating_point() and default.dtype is not torch.float32
    return default.dtype if chosen else dtype


def _parameters(function: Callable[..., Any]) -> dict[str, Parameter]:
    try:
        signature = _signature(function)
    except (TypeError, ValueError):  # written in C
        return {}
    several = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return {name: parameter for name, parameter in signature.parameters.items() if parameter.kind not in several}


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    asked, bound = python_function(function)
    found = inspect.signature(asked)
    if any(is_a(parameter.annotation, str) for parameter in found.parameters.values()):
        with suppress(Exception):  # an annotation that is only there for a type checker, or for whatever else
            found = inspect.signature(asked, eval_str=True)
    return found.replace(parameters=[*found.parameters.values()][1:]) if bound else found


def _start(parameter: Parameter, function: str) -> Any:
    if parameter.default is not REQUIRED:
        return parameter.default
    wanted = _plain(parameter.annotation)
    if parameter.annotation is REQUIRED or any(wanted is number for number in NUMBERS):
        return default_at(parameter.name)
    if any(wanted is vector for vector in VECTORS):
        return (default_at(parameter.name),)
    kind = _name(parameter.annotation)
    message = f"{function} needs {parameter.name}, which is said to be {kind}"
    raise RefusalError("arity", message, f"give it a default value: {parameter.name}=...")


def _plain(annotation: Any) -> Any:
    """`list` of `list[float]`, `float` of `float | None`, `Tensor` of `Annotated[Tensor, ...]`."""
    origin = _origin(annotation)
    if origin is typing.Union or origin is UnionType:
        plain = [_plain(one) for one in typing.get_args(annotation)]
        return next((one for one in plain if any(one is kind for kind in (*NUMBERS, *VECTORS))), origin)
    if origin is typing.Annotated:
        return _plain(typing.get_args(annotation)[0])
    if is_a(annotation, str):
        return {"float": float, "list": list, "tuple": tuple}.get(annotation.partition("[")[0], torch.Tensor)
    return annotation if origin is None else origin


def _origin(annotation: Any) -> Any:
    """Of an annotation, which may be any object, and is only asked where it is one of Python's own."""
    known = type(annotation).__module__ in ("typing", "types", "typing_extensions")
    return typing.get_origin(annotation) if known else None


def _name(annotation: Any) -> str:
    try:
        return str(getattr(annotation, "__name__", annotation))
    except Exception:
        return f"a {type(annotation).__name__}"


def _is_kept(parameter: Parameter, value: object) -> bool:
    """Whether it is not a number to differentiate by: a flag, a count, a list of other things."""
    if is_a(value, bool) or (parameter.annotation is int and is_a(value, int, float)):
        return True
    if is_a(value, tuple, list):
        element = typing.get_args(parameter.annotation)[:1] if _origin(parameter.annotation) is not None else ()
        return any(one is int for one in element) or not [*items(value)] or not _is_numeric(value)
    return False


def _is_numeric(value: Any, dimensions: int = MOST_DIMENSIONS) -> bool:
    """Numbers, or rows of them."""
    if is_a(value, list, tuple):
        return dimensions > 0 and all(_is_numeric(item, dimensions - 1) for item in items(value))
    return is_a(value, int, float) and not is_a(value, bool)


def _numbers(value: Any) -> Any:
    """The same in Python's own numbers and lists."""
    if is_a(value, list, tuple):
        return [_numbers(item) for item in items(value)]
    return float.__float__(value) if is_a(value, float) else int.__int__(value)


def _tensor(name: str, value: Any, dtype: torch.dtype) -> torch.Tensor:
    try:
        tensor = torch.tensor(value, dtype=torch.float64)
    except (ValueError, OverflowError) as error:
        raise RefusalError("domain", f"the value of {name} is no tensor: {error}") from None
    largest = torch.finfo(dtype).max
    for number in tensor.reshape(-1).tolist():
        if math.isfinite(number) and abs(number) > largest:
            raise RefusalError(
                "dtype", f"{name} = {number:g} does not fit {str(dtype).removeprefix('torch.')}", "use float64"
            )
    return tensor
