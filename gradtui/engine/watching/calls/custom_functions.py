"""Custom Functions of a person's own: whether what their backward sends is the derivative of their forward."""

from __future__ import annotations

from functools import partial
from inspect import unwrap
from typing import Any

import torch

from gradtui.engine.autograd.custom import Call, Function, call_of, differences
from gradtui.engine.autograd.undisturbed import undisturbed
from gradtui.engine.capture.introspection import is_a
from gradtui.engine.capture.places import is_own, returned
from gradtui.engine.torch_private import has_no_numbers, is_wrapped
from gradtui.engine.watching.kept_calls import effects
from gradtui.findings.over_time.history import History
from gradtui.snapshot.events import Mismatch

MOST_ELEMENTS = 1 << 18
"""Of all inputs of a call: it is run again some dozens of times."""
CALLS = 2
"""Of each Function, in different updates: a weight may be 0 at first, where nothing is to be seen."""


class CustomFunctions:
    """Small calls of the first updates, with copies of what they take in, until the step: then they are run again, on the CPU, if
    as far as their code shows nothing is different for that."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._waiting: dict[Function, tuple[Call, bool]] = {}
        """With whether all that comes out is one number."""
        self._looked_at: dict[Function, int] = {}

    def heard(self, func: Any, args: tuple[Any, ...], result: Any) -> None:
        if not is_a(func, partial) or not func.args or not is_a(func.args[0], type):
            return
        function = func.args[0]
        if function in self._waiting or self._looked_at.get(function, 0) >= CALLS:
            return
        if not issubclass(function, torch.autograd.Function) or not _is_small(args) or not _may_run_again(function):
            return
        call = call_of(function, [_on_cpu(one) for one in args])
        if call is not None:
            self._waiting[function] = call, is_a(result, torch.Tensor) and result.numel() == 1

    def settle(self) -> None:
        """A step is over."""
        waiting, self._waiting = self._waiting, {}
        for function, (call, is_one_number) in waiting.items():
            self._looked_at[function] = self._looked_at.get(function, 0) + 1
            with undisturbed():
                found = [*differences(call)]
            for one in found:
                self._looked_at[function] = CALLS
                self._tell(function, one, is_one_number)

    def _tell(self, function: Function, one: Mismatch, is_one_number: bool) -> None:
        name = f" ({one.name})" if one.name else ""
        self._history.note(
            "custom",
            returned(function.backward),
            (one.function, one.input),
            function=one.function,
            input=f"input {one.input + 1}{name}",
            factor=one.factor,
            inverse=1 / one.factor if one.factor else None,
            there=f" at {[*one.index]}" if one.index else "",
            sent=one.sent,
            true=one.true,
            ignored=one.ignored,
            meant=one.meant,
            is_one_number=is_one_number,
        )


def _is_small(args: tuple[Any, ...]) -> bool:
    tensors = [one for one in args if is_a(one, torch.Tensor)]
    if any(is_wrapped(one) or has_no_numbers(one) or one.layout != torch.strided for one in tensors):
        return False
    return sum(one.numel() for one in tensors) <= MOST_ELEMENTS and any(one.requires_grad for one in tensors)


def _may_run_again(function: Function) -> bool:
    try:
        parts: list[Any] = [function.forward, function.backward]
        if function.setup_context is not torch.autograd.Function.setup_context:
            parts.append(function.setup_context)
        return is_own(unwrap(function.backward).__code__.co_filename) and all(map(effects.has_none, parts))
    except AttributeError:  # what it has in their place is no function
        return False


def _on_cpu(value: Any) -> Any:
    if not is_a(value, torch.Tensor) or value.device.type == "cpu":
        return value
    return value.detach().cpu().requires_grad_(value.requires_grad)
