"""What the leaves of a graph are called: by the model, by the caller, or by the local variables of the calling frame."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType
from typing import Any

import torch

from gradtui.engine.capture.introspection import is_a, named_parameters

Names = dict[torch.Tensor, str]
"""A tensor's hash is its identity."""

UNSHARED = 3
"""References to what only the frame has: from the frame, from a variable here, and from the argument that is counted."""


def local_variables(frame: FrameType) -> dict[str, Any]:
    """Those of a function's or a module's frame.

    Before Python 3.13 a function's frame keeps the copy that is read of them, and in it tensors that the function has long
    let go of. So it is emptied, unless somebody else has it, from `locals()`; reading it again fills it again.
    """
    read = frame.f_locals
    found = dict(read)
    if sys.version_info < (3, 13) and frame.f_code.co_flags & CO_OPTIMIZED and sys.getrefcount(read) <= UNSHARED:
        read.clear()
    return found


class OutermostCall:
    """Of a function by its code: the frame, which is let go of once its variables were asked for. code: None once it is found."""

    def __init__(self, code: CodeType | None) -> None:
        self.code = code
        self._frame: FrameType | None = None

    def look_for(self, frame: FrameType | None) -> None:
        while frame is not None and self.code is not None:
            if frame.f_code is self.code:
                self._frame = frame
            frame = frame.f_back
        if self._frame is not None:
            self.code = None

    def variables(self) -> dict[str, Any]:
        """Once it has ended; none where nothing of torch was called in it."""
        frame, self._frame = self._frame, None
        return {} if frame is None else local_variables(frame)


def parameters(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """Those of a model by name; a parameter that several modules share has its first name. Raises TypeError for no module."""
    if not is_a(model, torch.nn.Module):
        raise TypeError(f"model is no torch.nn.Module but a {type(model).__name__}")
    return named_parameters(model)


def given(names: Mapping[str, torch.Tensor] | None, own: Mapping[str, torch.nn.Parameter]) -> Names:
    """The caller's own names first, then those of a model's `own` parameters. Raises TypeError for what is no tensor."""
    found: Names = {}
    names = {} if names is None else dict(names.items())
    for name, tensor in names.items():
        if not is_a(tensor, torch.Tensor):
            raise TypeError(f"names[{name!r}] is no tensor but a {type(tensor).__name__}")
        found.setdefault(tensor, name)
    for name, parameter in own.items():
        if name not in names:
            found.setdefault(parameter, name)
    return found


def owners(parts: Mapping[str, torch.nn.Module]) -> Names:
    """The path of the module of each parameter, of the first where several share it. parts: a model's modules by path."""
    found: Names = {}
    for path, module in parts.items():
        for parameter in module._parameters.values():
            if parameter is not None:
                found.setdefault(parameter, path)
    return found


def in_scope(scope: Mapping[str, Any], wanted: set[torch.Tensor]) -> Names:
    """Those of `wanted` that are parameters of a module there (`model.fc.weight`), or variables.

    The module comes first: a variable beside it is mostly what a loop over its parameters left.
    """
    found: Names = {}
    local = sorted(scope.items(), key=lambda item: item[0].startswith("_"))
    for name, value in local:
        if is_a(value, torch.nn.Module) and len(found) < len(wanted):
            for path, parameter in named_parameters(value).items():
                if parameter in wanted:
                    found.setdefault(parameter, f"{name}.{path}")
    for name, value in local:
        if is_a(value, torch.Tensor) and value in wanted:
            found.setdefault(value, name)
    return found


def numbered(tensors: Iterable[torch.Tensor], known: Names) -> Names:
    """`leaf 1`, `leaf 2` for those without a name."""
    nameless = [tensor for tensor in tensors if tensor not in known]
    return {tensor: f"leaf {number}" for number, tensor in enumerate(nameless, 1)}
