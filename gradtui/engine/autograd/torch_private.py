"""Every private name of torch that gradtui uses. A release of torch that moves one is mended here; tests would show its going."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.autograd.graph import Node
from torch.overrides import TorchFunctionMode

sequence_number: Callable[[], int] = torch.autograd._get_sequence_nr  # type: ignore[attr-defined]
"""The number that the next grad_fn of this thread will get."""

DYNAMO, SET_CALLBACK, RUN = "torch._dynamo.eval_frame", "_maybe_set_eval_frame", "fn"
"""The module, and its function, by which every compiled function and module begins and ends on a thread; what its caller
calls the function that is compiled."""


_C: Any = torch._C


def take_off(mode: TorchFunctionMode) -> int | None:
    """Take `mode` off the thread's stack of modes: how many stand below it, None where it is not there."""
    above = []
    while _C._len_torch_function_stack():
        top = _C._pop_torch_function_stack()
        if top is mode:
            depth = int(_C._len_torch_function_stack())
            break
        above.append(top)
    else:
        depth = None
    for other in reversed(above):
        _C._push_on_torch_function_stack(other)
    return depth


def put_back(mode: TorchFunctionMode, depth: int) -> None:
    """Above so many modes, below the others."""
    above = [_C._pop_torch_function_stack() for _ in range(_C._len_torch_function_stack() - depth)]
    for other in (mode, *reversed(above)):
        _C._push_on_torch_function_stack(other)


def torch_functions(state: Any) -> Any:
    """Have this thread's function modes and subclasses of tensors on for None, else as they were; how they were before."""
    before = _C._get_torch_function_state()
    _C._set_torch_function_state(_C._TorchFunctionState.ENABLED if state is None else state)
    return before


def running_node() -> Node | None:
    """The node whose backward this thread is in."""
    node: Node | None = _C._current_autograd_node()
    return node
