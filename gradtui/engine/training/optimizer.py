"""Optimizer -> the real one of torch.optim, put into the state of an update before, and its state read again."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from inspect import signature
from traceback import walk_tb
from typing import Any

import torch

from gradtui.engine.tensors.dtype_and_device import RefusalError
from gradtui.snapshot.training import Optimizer, Remembered, Setting, State, Tensor

OPTIM = os.path.dirname(torch.optim.__file__)
HOW = ("foreach", "fused", "capturable", "differentiable")
"""Settings that say how torch computes an update, and not what it is."""
READ_AS = {str(dtype): dtype for dtype in (torch.float32, torch.float64, torch.int64, torch.bool)}


def made(
    optimizer: Optimizer, variables: Mapping[str, torch.Tensor], state: Mapping[str, State]
) -> torch.optim.Optimizer:
    """torch's optimizer of `variables`, as if it had made the updates that `state` comes from. A state of another shape or
    dtype, as of a variable that was edited, or one that lacks what this optimizer reads, begins anew. Raises RefusalError with
    what torch says of a setting."""
    kind: Any = getattr(torch.optim, optimizer.name)
    if lacking := [name for name in optimizer.settings if name not in signature(kind).parameters]:
        raise RefusalError(
            "domain", f"{optimizer.name} of torch {torch.__version__} has no {' and no '.join(lacking)} yet"
        )
    try:
        real: torch.optim.Optimizer = kind([*variables.values()], **optimizer.settings)
    except (ValueError, RuntimeError, TypeError) as error:
        raise RefusalError("domain", f"{optimizer.name}: {str(error).partition(chr(10))[0]}") from None
    if _suits(optimizer, variables, state) and not _lacks(optimizer, state):
        for name, remembered in state.items():
            if name in variables and remembered:  # an optimizer may make its entries as it is made, as Adagrad did
                entries = {key: _torch(value, variables[name].device) for key, value in remembered.items()}
                real.state[variables[name]] = entries
    return real


def step(real: torch.optim.Optimizer, closure: Callable[[], torch.Tensor]) -> None:
    """One step. Raises RefusalError for a setting that torch refuses only here, as `capturable=True` on a CPU; what `closure`
    raises is its own."""
    try:
        real.step(closure)  # type: ignore[arg-type] # torch's own closures return a tensor
    except (AssertionError, RuntimeError, ValueError, TypeError) as error:
        *_, (frame, _) = walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith(OPTIM):
            raise
        why = str(error).partition(chr(10))[0]
        flags = [f"{flag}=True" for flag in HOW if real.defaults.get(flag)]
        hint = f"it goes without {' and '.join(flags)}" if flags else ""
        raise RefusalError("domain", f"{type(real).__name__}: {why}", hint) from None


def settings_of(real: torch.optim.Optimizer) -> dict[str, Setting]:
    """All that the optimizer was made with, as torch holds it."""
    return {name: _plain(value) for name, value in real.defaults.items()}


def state_of(real: torch.optim.Optimizer, variable: torch.Tensor) -> State:
    """What the optimizer remembers of one variable. LBFGS keeps all it has with the first."""
    held = real.state.get(variable, {})
    return {name: _data(value) for name, value in held.items() if not _is_unused(name, held)}


def _is_unused(name: str, held: Mapping[str, Any]) -> bool:
    """LBFGS's own notes of one step, a list of as many as it may remember; it writes them before it reads them."""
    return name == "al" and "old_dirs" in held


def _suits(optimizer: Optimizer, variables: Mapping[str, torch.Tensor], state: Mapping[str, State]) -> bool:
    """Whether every tensor in it has the shape and dtype of its variable, or is a single number."""
    if optimizer.name == "LBFGS":
        total = sum(variable.numel() for variable in variables.values())
        first = next(iter(variables), "")
        flat = state.get(first, {}).get("prev_flat_grad")
        return not isinstance(flat, Tensor) or (flat.shape == (total,) and flat.dtype == str(variables[first].dtype))
    for name, variable in variables.items():
        tensors = [value for value in state.get(name, {}).values() if isinstance(value, Tensor)]
        like = [one for one in tensors if one.shape != () or one.dtype == str(variable.dtype)]
        if any(one.shape not in ((), tuple(variable.shape)) for one in like):
            return False
        if tensors and not any(
            (one.shape, one.dtype) == (tuple(variable.shape), str(variable.dtype)) for one in tensors
        ):
            return False
    return True


def _lacks(optimizer: Optimizer, state: Mapping[str, State]) -> bool:
    """Whether some of it is without an entry that the first step with these settings makes, and the next one reads."""
    if not any(state.values()):
        return False
    single = torch.zeros((), requires_grad=True)
    single.grad = torch.zeros_like(single)
    tried = getattr(torch.optim, optimizer.name)([single], **optimizer.settings)
    step(tried, lambda: single)
    needed = {name for name, value in tried.state[single].items() if value is not None}
    if optimizer.name == "LBFGS":
        needed &= {"func_evals", "n_iter"}  # all else it looks for before it reads
    return any(remembered and not needed <= remembered.keys() for remembered in state.values())


def _data(value: Any) -> Remembered:
    if isinstance(value, torch.Tensor):
        numbers = value.detach().to(torch.float64).reshape(-1).tolist()
        return Tensor(tuple(value.shape), str(value.dtype), tuple(numbers))
    if isinstance(value, list):
        return tuple(one for item in value if not isinstance(one := _data(item), int | tuple))
    return value if value is None or isinstance(value, int | float) else None


def _torch(value: Remembered, device: torch.device) -> Any:
    if isinstance(value, Tensor):
        place = device if value.shape or value.dtype != "torch.float32" else torch.device("cpu")
        return torch.tensor(value.numbers, dtype=READ_AS[value.dtype], device=place).reshape(value.shape)
    return [_torch(item, device) for item in value] if isinstance(value, tuple) else value


def _plain(value: Any) -> Setting:
    if isinstance(value, tuple):
        return tuple(map(float, value))
    return value.item() if isinstance(value, torch.Tensor) else value
