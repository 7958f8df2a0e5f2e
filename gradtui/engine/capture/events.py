"""What an operation does to a gradient that should have gone through it: one table, one decision."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any, NamedTuple, get_args

import torch

from gradtui.engine.capture.holders import holder
from gradtui.engine.capture.introspection import is_a
from gradtui.engine.capture.recording import Late, Recording, is_leaf, maker
from gradtui.snapshot.model import EventKind, Source


@dataclass(frozen=True, slots=True)
class Seen:
    """An operation that is about to run. `numbers`: sequence numbers of the grad_fns of `inputs`, None for none.

    maker: the name of that of the first input.
    leaves: those that flowed into the inputs, a bit each. live: those of them that a gradient goes back to; others: by way of
    the inputs behind the first. carried: whether a gradient would go to an input.
    version: of the first input; of_weight: of the second, where that is a weight that may be scaled down. number: the next
    sequence number.
    """

    func: Any
    inputs: list[torch.Tensor]
    numbers: list[int | None]
    maker: str
    leaves: int
    live: int
    others: int
    carried: bool
    version: int | None
    of_weight: int | None
    number: int

    @property
    def has_written(self) -> bool:
        """Whether it wrote over its first input, once it has run."""
        return self.version is not None and self.inputs[0]._version != self.version

    @property
    def to_weight(self) -> Seen | None:
        """What it did to its second input, where it wrote over that."""
        if self.of_weight is None or self.inputs[1]._version == self.of_weight:
            return None
        return replace(self, inputs=self.inputs[1:], numbers=self.numbers[1:], version=self.of_weight, of_weight=None)


class Noticed(NamedTuple):
    """What kind of event a call is. number: of the node that went in; None where none did, or where it does not matter."""

    kind: EventKind
    operation: str
    number: int | None


RENORMING = {torch.nn.functional.embedding, torch.nn.functional.embedding_bag}
"""They scale rows of their weight, the second input, where that has a `max_norm`."""
LEAVING = {"item", "tolist", "numpy", "__float__", "__int__", "__index__", "__complex__", "__array__"}
CASTS = {"to", "type", "type_as", "long", "int", "short", "char", "byte", "bool"}
MOVES = {"to", "cuda", "cpu", "half", "float", "double", "bfloat16", "type", "type_as"}
CUTS = {"detach", "detach_", "data"}
NOTED = {torch.Tensor.register_hook, torch.Tensor.requires_grad_, torch.Tensor.requires_grad.__set__}  # type: ignore[attr-defined]
"""Functions that leave nothing in a graph by which they could be seen."""
FOLLOWED = set(get_args(EventKind)) - {"inplace", "moved", "born", "fresh", "late", "hooked"}
"""Kinds of which it is told whether what came of them went into the output."""
READ = ".grad"
"""Of the gradient that backward left at a leaf."""
DRAWING = {"multinomial"}
LAYERS = {
    "addmm", "bilinear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "einsum",
    "linear", "matmul", "mm",
}  # fmt: skip
"""Functions that apply weights."""
CREATE = {"tensor", "as_tensor", "asarray", "scalar_tensor", "new_tensor"}
INDIFFERENT = {"requires_grad_", "size", "is_floating_point", "numel", "one_hot"}
"""They return what does not depend on the numbers of their inputs, or is no result of theirs."""


def kind_of(
    seen: Seen,
    outputs: list[torch.Tensor],
    is_beside: Callable[[torch.Tensor, int | None], bool],
    has_run: bool,
) -> Noticed | None:
    """None for an operation that a gradient goes through as it should, and for one that numbers of Python alone go into.

    Some of what goes in depends on a leaf. is_beside: `Flow.is_beside`. has_run: whether backward ran meanwhile, so that
    a `.grad` is of that.
    """
    if not seen.inputs:
        return None
    name = name_of(seen.func)
    number = next((number for number in seen.numbers if number is not None), None)
    first = seen.inputs[0]
    if seen.has_written or (name == "data" and seen.func.__name__ == "__set__"):
        if seen.others and (not torch.is_grad_enabled() or _loses(first) or is_beside(first, seen.numbers[0])):
            return Noticed("written", name, number)
        return Noticed("inplace", name, seen.numbers[0])
    if name in CUTS:
        return Noticed("detach", name, number)
    if name in LEAVING:
        return Noticed("left_torch", name, number)
    if name in ("requires_grad_", "requires_grad"):
        return Noticed("new_leaf", name, None) if first.requires_grad and not seen.carried else None
    if name == "__deepcopy__":
        return Noticed("copied", "deepcopy", None) if seen.carried else None
    if name == "grad":
        is_of_step = has_run and torch.is_grad_enabled()  # else one of before, or for an update by hand
        return Noticed("ungraphed", READ, None) if is_of_step and outputs and not outputs[0].requires_grad else None
    if name == "new_tensor" and not seen.others:
        return None
    if name in CREATE and outputs:
        return Noticed("new_leaf", name, number)
    if not outputs or name.endswith("_like") or name.startswith("new_") or name in INDIFFERENT:
        return None
    if name in MOVES and first.requires_grad and is_leaf(first) and outputs[0].grad_fn is not None:
        return Noticed("moved", name, None)
    lost = [tensor for tensor in outputs if not tensor.requires_grad]
    if not seen.carried or not lost:
        return None
    if len(lost) < len(outputs):  # the indices beside the values of max, topk, sort; not what was broadcast beside it
        whole = any(not tensor.is_floating_point() and not tensor.is_complex() for tensor in lost)
        return Noticed("not_differentiable", name, number) if whole else None
    if not torch.is_grad_enabled():
        return Noticed("no_grad", name, number)
    if name in DRAWING:
        return Noticed("drawn", name, number)
    if name in CASTS:
        return Noticed("integer", name, number)
    return Noticed("not_differentiable", name, number)


def is_layer(seen: Seen, frame: FrameType | None) -> bool:
    """Whether weights are applied to what goes in, and not in order to tell how probable that is."""
    if not torch.is_grad_enabled() or name_of(seen.func) not in LAYERS:
        return False
    if not any(is_a(tensor, torch.nn.Parameter) for tensor in seen.inputs):
        return False
    while frame is not None and frame.f_code.co_name != "log_prob":
        frame = frame.f_back
    return frame is None


def versions(func: Any, inputs: list[torch.Tensor]) -> tuple[int | None, int | None]:
    """Of the first input, and of a weight that the function may scale down; None where it has none."""
    first = None if not inputs or inputs[0].is_inference() else inputs[0]._version
    if func not in RENORMING or len(inputs) < 2 or inputs[1].is_inference():
        return first, None
    return first, inputs[1]._version


def note(seen: Seen, recording: Recording, frame: FrameType, place: Source | None) -> None:
    """Of `NOTED`: a hook on what was computed, and a leaf that requires a gradient only now; of parameters the model has
    the names."""
    first = seen.inputs[0]
    if seen.func is torch.Tensor.register_hook:
        recording.hooked += [(number, place) for number in seen.numbers[:1] if number is not None]
    elif first.requires_grad and is_leaf(first) and not seen.carried:
        if is_a(first, torch.nn.Parameter):
            late = Late(weakref.ref(first), "", place, {*recording.calls})
        else:
            late = Late(weakref.ref(first), holder(first, frame, item=True), place)
        recording.late[id(first)] = late


def becomes(told: Noticed | None, outputs: list[torch.Tensor]) -> bool:
    """Whether an operation without a result makes something of its first input: `t.requires_grad = True`, `t.data = ...`, be what
    is put there cut off before (`t.data = u.data`)."""
    return told is not None and not outputs and (told.kind in ("new_leaf", "written") or told.operation == "data")


def is_leaving(func: Any) -> bool:
    return name_of(func) in LEAVING


def is_of_array(func: Any, args: tuple[Any, ...]) -> bool:
    """Whether an array of numpy is made into a tensor."""
    return bool(args) and type(args[0]).__module__ == "numpy" and name_of(func) in CREATE


def _loses(target: torch.Tensor) -> bool:
    """Whether what is written over has no graph afterwards, so that what was put into it lost its own."""
    return maker(target) is None


def name_of(func: Any) -> str:
    """`data` for the getter of `.data`."""
    name = str(getattr(func, "__name__", type(func).__name__))
    return str(getattr(func.__self__, "__name__", name)) if name in ("__get__", "__set__") else name
