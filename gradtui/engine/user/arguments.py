"""The parameters of a user's function as leaves: what can be stepped, what only has a gradient, what stays as it is."""

from __future__ import annotations

import inspect
import math
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import Parameter
from types import UnionType
from typing import Any

import torch

from gradtui.engine.autograd.refusal import RefusalError
from gradtui.engine.user.confine import one_process
from gradtui.snapshot.model import default_at

At = Mapping[str, float | tuple[float, ...]]

MOST_ELEMENTS = 100
"""A longer vector is no variable, only a leaf with a name."""

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
        values = {**self.values, **self.leaves, **self.variables, **(variables or {})}
        positional = [values.pop(name) for name in self.positional]
        with one_process():
            return self.function(*positional, **values)


def arguments(function: Callable[..., Any], name: str, at: At, dtype: torch.dtype, device: torch.device) -> Arguments:
    """Values for all parameters of `function`: from `at`, else its own defaults, else where every variable starts.

    A number, a list of numbers and a tensor become leaves; whole numbers that are said to be `int`, texts and the like
    stay what they are. Raises RefusalError.
    """
    parameters = _parameters(function)
    found = Arguments(function, unknown=tuple(given for given in at if given not in parameters))
    for key, parameter in parameters.items():
        if parameter.kind is not Parameter.KEYWORD_ONLY:
            found.positional.append(key)
        value = at[key] if key in at else _start(parameter, name)
        if isinstance(value, int | float | tuple | list) and not _is_kept(parameter, value):
            value = _tensor(key, value, dtype)
        if parameter.annotation is int and isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, torch.Tensor) or not (value.is_floating_point() or value.is_complex()):
            found.values[key] = value
            continue
        leaf = value.detach().to(device, dtype if value.is_floating_point() else None, copy=True).requires_grad_()
        stepped = leaf.ndim < 2 and 0 < leaf.numel() <= MOST_ELEMENTS and leaf.is_floating_point()
        (found.variables if stepped else found.leaves)[key] = leaf
    return found


def _parameters(function: Callable[..., Any]) -> dict[str, Parameter]:
    try:
        signature = inspect.signature(function, eval_str=True)
    except NameError:  # an annotation that is only there for a type checker
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # written in C
        return {}
    several = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return {name: parameter for name, parameter in signature.parameters.items() if parameter.kind not in several}


def _start(parameter: Parameter, function: str) -> Any:
    if parameter.default is not REQUIRED:
        return parameter.default
    wanted = _plain(parameter.annotation)
    if parameter.annotation is REQUIRED or wanted in NUMBERS:
        return default_at(parameter.name)
    if wanted in VECTORS and parameter.annotation is not int:
        return (default_at(parameter.name),)
    kind = getattr(parameter.annotation, "__name__", str(parameter.annotation))
    message = f"{function} needs {parameter.name}, which is said to be {kind}"
    raise RefusalError("arity", message, f"give it a default value: {parameter.name}=...")


def _plain(annotation: Any) -> Any:
    """`list` of `list[float]`, `float` of `float | None`, `Tensor` of `Annotated[Tensor, ...]`."""
    if typing.get_origin(annotation) in (typing.Union, UnionType):
        annotation = next(
            (one for one in typing.get_args(annotation) if _plain(one) in (*NUMBERS, *VECTORS)), annotation
        )
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if isinstance(annotation, str):
        return {"float": float, "list": list, "tuple": tuple}.get(annotation.partition("[")[0], torch.Tensor)
    return typing.get_origin(annotation) or annotation


def _is_kept(parameter: Parameter, value: object) -> bool:
    """Whether it is not a number to differentiate by: a flag, a count, a list of other things."""
    if isinstance(value, bool) or (parameter.annotation is int and isinstance(value, int | float)):
        return True
    if isinstance(value, tuple | list):
        whole = typing.get_args(parameter.annotation)[:1] == (int,)
        return whole or not value or not _is_numeric(value)
    return False


def _is_numeric(value: Any) -> bool:
    """Numbers, or rows of them."""
    if isinstance(value, list | tuple):
        return all(map(_is_numeric, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _tensor(name: str, value: Any, dtype: torch.dtype) -> torch.Tensor:
    try:
        tensor = torch.tensor(value, dtype=torch.float64)
    except (ValueError, OverflowError) as error:
        raise RefusalError("domain", f"{name} = {value} is no tensor: {error}") from None
    largest = torch.finfo(dtype).max
    for number in tensor.reshape(-1).tolist():
        if math.isfinite(number) and abs(number) > largest:
            raise RefusalError(
                "dtype", f"{name} = {number:g} does not fit {str(dtype).removeprefix('torch.')}", "use float64"
            )
    return tensor
