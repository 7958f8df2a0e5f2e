"""What a forward pass that is run once more leaves as it was: weights, which are copied before a call that may write over them,
and only then; and what a person's own Python does beside."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from types import BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType

import torch

from gradtui.engine.autograd.undisturbed import unchanged
from gradtui.engine.capture.introspection import submodules
from gradtui.engine.capture.recording import is_leaf
from gradtui.engine.tensors.values import PLAIN
from gradtui.engine.watching.kept_calls.segments import Call
from gradtui.engine.watching.kept_calls.tape import is_in_place

FUNCTIONAL = "torch.nn.functional"
BUILT_IN = (BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType)
WRITING = ("out", "inplace", "max_norm")
"""Names of arguments by which a function of torch writes over what it is given."""


def may_write(call: Call) -> bool:
    """Over a weight that it is given, or that shares its memory with what it is given. What torch itself runs under a plain name
    does not; an embedding may, by `max_norm`."""
    asked = (call.kwargs.get(name) for name in WRITING)
    if is_in_place(call.function) or any(one is not None and one is not False for one in asked):
        return True
    return type(call.function) not in BUILT_IN and getattr(call.function, "__module__", "") != FUNCTIONAL


class Weights:
    """Leaves of a graph. They may be most of what there is in memory, and are copied only before a call that may write over
    them."""

    def __init__(self, around: ExitStack) -> None:
        self._around = around
        self._by_memory: dict[int, list[torch.Tensor]] = {}

    def takes(self, tensor: torch.Tensor) -> bool:
        """Whether it is one, and has memory that tells it from others."""
        if (
            not (tensor.requires_grad and is_leaf(tensor))
            or type(tensor) not in PLAIN
            or tensor.layout != torch.strided
        ):
            return False
        self._by_memory.setdefault(_memory(tensor), []).append(tensor)
        return True

    def keep(self, given: Iterable[torch.Tensor]) -> None:
        if self._by_memory:
            for one in given:
                self._around.enter_context(unchanged(self._by_memory.pop(_memory(one), ())))


def _memory(tensor: torch.Tensor) -> int:
    """Where it begins; 0 for what has none of its own."""
    with suppress(RuntimeError, NotImplementedError, ValueError):
        return tensor.untyped_storage().data_ptr()
    return 0


@contextmanager
def as_python(models: Sequence[torch.nn.Module]) -> Iterator[None]:
    """For what was compiled and runs as a person's own Python: what it prints is not seen, and attributes of the models and
    random numbers are afterwards as before."""
    before = [(vars(part), dict(vars(part))) for model in models for part in submodules(model).values()]
    numbers = random.getstate()
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        random.setstate(numbers)
        for now, then in before:
            now.clear()
            now.update(then)
