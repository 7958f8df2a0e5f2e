"""What single calls tell: clipping, weights and gradients that are written over, graphs of before."""

from __future__ import annotations

import math
import sys
import weakref
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from types import FrameType
from typing import Any

import torch

from gradtui.engine.capture.introspection import is_a, items, tensors
from gradtui.engine.capture.recording import maker
from gradtui.engine.capture.witnesses import variable_of
from gradtui.engine.tensors.values import PLAIN
from gradtui.engine.torch_private import has_no_numbers, is_fake, is_wrapped, sequence_number
from gradtui.engine.torch_sharding import is_flattened
from gradtui.engine.watching import tensor_norms
from gradtui.engine.watching.calls import broadcast_shapes, loss_inputs, single_elements
from gradtui.engine.watching.calls.broadcast_shapes import COMPARING
from gradtui.engine.watching.calls.constant_terms import ConstantTerms
from gradtui.engine.watching.calls.custom_functions import CustomFunctions
from gradtui.engine.watching.calls.loss_inputs import LOSSES
from gradtui.engine.watching.calls.modes import Modes
from gradtui.engine.watching.calls.new_weights import NewWeights
from gradtui.engine.watching.calls.row_orders import RowOrders
from gradtui.engine.watching.calls.single_elements import NORMALISING
from gradtui.engine.watching.calls.transformed_gradients import TransformedGradients
from gradtui.engine.watching.kept_calls.tape import SET_DATA, is_in_place
from gradtui.findings.over_time.history import History
from gradtui.snapshot.model import Source

functional = torch.nn.functional
CLASSIFYING = {functional.cross_entropy}
DROPPING = {
    functional.dropout,
    functional.dropout1d,
    functional.dropout2d,
    functional.dropout3d,
    functional.alpha_dropout,
}
ATTENDING = {functional.scaled_dot_product_attention: -2, functional.multi_head_attention_forward: 0}
"""Each with the dimension of the key that counts the keys."""
SOFTMAX = {torch.softmax, torch.Tensor.softmax, functional.softmax}
AT_BOUND = 0.9
"""Of the elements of all gradients: so many are clipped to a value."""
CLEARING = {torch.Tensor.zero_, torch._foreach_zero_, torch.Tensor.detach_, torch.Tensor.requires_grad_}
ADDING = {torch.Tensor.add, torch.Tensor.__add__, torch.Tensor.__radd__, torch.add}
SCALING = {torch.Tensor.mul_, torch.Tensor.__imul__}
DIVIDING = {torch.Tensor.div_, torch.Tensor.true_divide_, torch.Tensor.__itruediv__}
MULTIPLYING = {torch.Tensor.mul_, torch._foreach_mul_}
CLAMPING = {torch._foreach_clamp_max_, torch.Tensor.clamp_}
CLIPPING = ("_clip_grads_with_norm_", "clip_grad_norm_")


def _storage(tensor: torch.Tensor) -> int | None:
    if is_fake(tensor):  # torch warns of whoever asks
        return None
    try:
        return tensor.untyped_storage().data_ptr() or None
    except (RuntimeError, ValueError):  # it has none of its own, or none yet
        return None


class Notice:
    """place: the line of a frame.

    own: the parameters by id. written: where one was written over since the last step. late: where a gradient was set since
    then. gradients: by their id, the parameters as the last step left them, and as they were set since. doubtful: whether a
    call was given what it should not be, so that a whole pass is to be looked at. passes: how many backward passes there were
    since then. clips: since the last step: the norm before, the most that is let through, the line. borders: for each step
    the sequence number that came next. versions: of `gradients`. sums: what was added to one of these, by its id, with that
    gradient's. added_to: ids of parameters of which the gradient is such a sum. made_smaller: by what a gradient was
    multiplied by hand, and where. touched: by what, and where, a gradient was changed last since backward. stepped: the
    parameters of the optimizer that stepped last. scale: of the GradScaler that steps, where it is still in the gradients that
    were clipped. is_early: as `History` says; it is asked at each call.
    """

    def __init__(self, history: History, place: Callable[[Any], Source | None], modes: Modes) -> None:
        self._history, self._place, self._modes = history, place, modes
        self.watches_old = False
        self.own: dict[int, torch.Tensor] = {}
        self._storages: dict[int, int] = {}
        self.written: dict[int, Source | None] = {}
        self.late: dict[int, Source | None] = {}
        self.passes = 0
        self.doubtful, self.is_early = False, True
        self.gradients: dict[int, torch.Tensor] = {}
        self.clips: list[tuple[Any, float, Source | None]] = []
        self.borders: list[int] = []
        self.scale = 1.0
        self.versions: dict[int, int] = {}
        self.sums: dict[int, tuple[weakref.ref[torch.Tensor], int]] = {}
        self.added_to: set[int] = set()
        self.touched: tuple[Any, Source | None] | None = None
        self.made_smaller: tuple[float | torch.Tensor, bool, Source | None] | None = None
        self.stepped: Sequence[torch.Tensor] = ()
        self.orders = RowOrders(history, place)
        self.new_weights = NewWeights(history, place)
        self.terms = ConstantTerms(history, place)
        self.functions = CustomFunctions(history)
        self.transformed = TransformedGradients(history, place)

    def stepped_with(self, parameters: Sequence[torch.Tensor], every: Sequence[torch.Tensor], border: int) -> None:
        """An optimizer has stepped with these: what was noted until then is told, and the notes of the next step begin.

        every: the parameters of all. border: the sequence number of the first node after the step.
        """
        self.borders.append(border)
        self.stepped = parameters
        self.sums, self.added_to, self.doubtful = {}, set(), False
        self.made_smaller = self.touched = None
        self.written, self.late, self.clips, self.passes, self.scale = {}, {}, [], 0, 1.0
        self.gradients = {id(one.grad): one for one in every if one.grad is not None}
        grads = [one.grad for one in every if one.grad is not None]
        self.versions = {id(one): one._version for one in grads if not one.is_inference()}

    def differentiated(self, inputs: object, gradients: object, frame: FrameType) -> None:
        """`torch.autograd.grad` has made a graph of what it gives, or is within a transform."""
        self.transformed.passed(inputs, gradients, frame)
        if self.is_early and _is_zero_throughout(gradients):
            self._history.note("zero_derivative", self._place(frame))
            self.doubtful = True

    def heard(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any, frame: FrameType) -> None:
        if is_a(result, torch.Tensor) and has_no_numbers(result):
            return
        self.new_weights.heard(func, result, frame)
        self.transformed.heard(func, args, kwargs, result)
        if self.is_early:
            self.orders.heard(func, args, result, frame)
            self.terms.heard(func, args, kwargs, result, frame)
            self.functions.heard(func, args, result)
            self.doubtful = self.doubtful or _chooses_among_one(func, args, kwargs, result)
            if func in NORMALISING:
                single_elements.note(self._history, func, args, kwargs, lambda: self._place(frame))
            if func in LOSSES:
                loss_inputs.note(self._history, func, args, kwargs, lambda: self._place(frame))
        if kwargs and is_a(kwargs.get("out"), torch.Tensor):
            self._writes(func, (kwargs["out"],), frame)
        if func in COMPARING and self.is_early:
            broadcast_shapes.note(self._history, func, args, lambda: self._place(frame))
        elif func in CLASSIFYING and self.is_early:
            given = args[0] if args and issubclass(type(args[0]), torch.Tensor) else None
            self.doubtful = self.doubtful or (given is not None and loss_inputs.are_shares(given))
        elif func in MULTIPLYING and frame.f_code.co_name in CLIPPING:
            self._touch(func, args, frame)
            total = frame.f_locals.get("total_norm")
            if is_a(total, torch.Tensor) and not has_no_numbers(total):
                self._clipped(total, frame.f_locals.get("max_norm"), frame)
        elif func in CLAMPING and frame.f_code.co_name == "clip_grad_value_":
            self._touch(func, args, frame)
            self._clipped(None, frame.f_locals.get("clip_value"), frame)
        elif func is torch.tensor and frame.f_code.co_name == "_get_total_norm":
            self._history.note("clipped_nothing", self._place(frame), self.passes > 0)
        elif func in ADDING and issubclass(type(result), torch.Tensor):
            for one in args:
                if id(one) in self.gradients and self.gradients[id(one)].grad is one:
                    self.sums[id(result)] = weakref.ref(result), id(one)
        elif func in DROPPING:
            self._modes.functional(f"F.{func.__name__}", kwargs, frame)
        elif func is torch.nn.functional.embedding:
            self._modes.functional_embedding(args, kwargs, frame)
        elif args and (func == SET_DATA or is_in_place(func)):
            self._writes(func, args, frame)
        if self.watches_old and any(one.requires_grad for one in tensors((result,))):
            self._old(args, kwargs, frame)

    def tell_of_clips(self, parameters: Sequence[torch.Tensor]) -> None:
        """What was done to the gradients of these before the step that has ended."""
        if self.made_smaller is not None and math.isfinite(factor := float(self.made_smaller[0])) and factor:
            _, is_divisor, place = self.made_smaller
            scaled = self._history.note("made_smaller", place, logs=0.0, divided=is_divisor)
            by = math.log(max(abs(factor), 1e-30))
            scaled.facts = {**scaled.facts, "logs": scaled.facts["logs"] + (-by if is_divisor else by)}
        for total, most, place in self.clips:
            if total is None:
                at_bound = tensor_norms.share_at([one.grad for one in parameters if one.grad is not None], most)
                clamped = self._history.note("clamped", place, most=most, count=0)
                clamped.facts = {**clamped.facts, "count": clamped.facts["count"] + (at_bound > AT_BOUND)}
                continue
            norm = float(total)
            ratio = norm / most if most and math.isfinite(norm) else 1.0
            seen = self._history.note("clipped", place, norm=norm, most=most, clipped=0, logs=0.0, scale=self.scale)
            before = seen.facts
            logs, clipped = before["logs"] + math.log(max(ratio, 1e-30)), before["clipped"] + (ratio > 1)
            seen.facts = {**before, "logs": logs, "clipped": clipped}

    def norms_before(self) -> list[float]:
        """Of gradients that were clipped since the last step; infinite where it is not known."""
        return [math.inf if total is None else float(total) for total, _, _ in self.clips] or [0.0]

    def _clipped(self, total: torch.Tensor | None, most: object, frame: FrameType) -> None:
        """By a function of torch, to a norm of `most`; where `total`, the norm before, is None: each element to at most it.

        Called at each tensor that the function writes; noted at the first.
        """
        if is_a(most, float, int) and all(total is not one for one, _, _ in self.clips):
            self.clips.append((total, float(most), self._place(frame)))
            self._look_whether_late(frame)

    def _look_whether_late(self, frame: FrameType) -> None:
        """Whether gradients are clipped after the step that used them, and before the next backward."""
        used = {id(one.grad) for one in self.stepped} if self.borders and not self.passes else set()
        if any(id(one) in used for one in items(frame.f_locals.get("grads"))):
            self._history.note("late", self._place(frame), "clip")

    def _writes(self, func: Any, args: tuple[Any, ...], frame: FrameType) -> None:
        if self.passes and len(args) > 1 and (func in SCALING or func in DIVIDING):
            self._scales(args[0], args[1], func in DIVIDING, frame)
        self._touch(func, args, frame)
        for one in tensors(args[:1]):
            own = id(one) if id(one) in self.own else self._owner(one)
            if own is not None:
                self.written[own] = self._place(frame)
            elif not self.passes and id(one) in self.gradients and self.gradients[id(one)].grad is one:
                if func not in CLEARING:
                    self.gradient_set(self.gradients[id(one)], one, frame)
                elif id(self.gradients[id(one)]) in self.late:
                    self.gradient_set(self.gradients[id(one)], None, frame)

    def _touch(self, func: Any, args: tuple[Any, ...], frame: FrameType) -> None:
        """A call that writes over its first argument; of several alike, one after the other, the first tells where."""
        if self.passes and (self.touched is None or self.touched[0] != func):
            first = next(iter(tensors(args[:1])), None)
            if first is not None and any(first is one.grad for one in self.stepped):
                self.touched = func, self._place(frame)

    @property
    def emptied(self) -> tuple[str, Source | None]:
        """How, and where, what backward left is gone by now: `cleared`, `made 0` by what was done to it last, or not seen."""
        if self.touched is None:
            return "unseen", None
        how, place = self.touched
        return "cleared" if how == "clear" or how in CLEARING else "made 0", place

    def move(self) -> None:
        """Another thread counts its nodes anew."""
        self.borders = [sequence_number()] * len(self.borders)

    def own_are(self, parameters: Iterable[torch.Tensor]) -> None:
        self.own = {id(one): one for one in parameters}
        self._storages = {}

    def _owner(self, view: torch.Tensor) -> int | None:
        """Which parameter has the numbers that are written over, as `.data`, `detach()` or a slice of it."""
        if not self._storages:
            self._storages = {place: key for key, one in self.own.items() if (place := _storage(one)) is not None}
        place = _storage(view)
        return None if place is None else self._storages.get(place)

    def _scales(self, gradient: Any, factor: Any, is_divisor: bool, frame: FrameType) -> None:
        """By hand, between backward and step: once for each place, by the first gradient that it scales."""
        if self.made_smaller is not None or not (is_a(factor, float, int) or _is_number(factor)):
            return
        if not issubclass(type(gradient), torch.Tensor) or all(gradient is not one.grad for one in self.stepped):
            return
        self.made_smaller = factor, is_divisor, self._place(frame)

    def gradient_set(self, tensor: torch.Tensor, gradient: Any, frame: FrameType | None = None) -> None:
        """`p.grad = ...`: what is set after a step, and before the next, is for nothing if it is None or 0 next."""
        if is_flattened(tensor):
            return
        frame = frame or sys._getframe(1)
        how = "clear" if gradient is None else "set"
        if (
            self.passes
            and (self.touched is None or self.touched[0] != how)
            and any(tensor is one for one in self.stepped)
        ):
            self.touched = how, self._place(frame)
        known = self.sums.get(id(gradient))
        if known is not None and known[0]() is gradient and self.gradients.get(known[1]) is tensor:
            kept = tensor.grad is not None and tensor.grad._version == self.versions.get(known[1])
            self.added_to |= {id(tensor)} if kept else set()
        if gradient is not None:
            self.late[id(tensor)] = self._place(frame)
            self.gradients[id(gradient)] = tensor
        elif id(tensor) in self.late:
            self._history.note("late", self.late.pop(id(tensor)))

    def _old(self, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType) -> None:
        """A tensor whose graph was made before the last step, where it goes on in one."""
        for one in tensors((*args, *kwargs.values())):
            made = maker(one) if one.requires_grad else None
            if made is not None and self.borders and made._sequence_nr() < self.borders[-1]:
                name = variable_of(one, frame)
                born = bisect_right(self.borders, made._sequence_nr())
                self._history.note("old_graph", self._place(frame), name, variable=name, made=born)


def _is_zero_throughout(gradients: object) -> bool:
    found = [one for one in tensors(items(gradients)) if type(one) in PLAIN and not is_wrapped(one)]
    return any(one.numel() for one in found) and not any(bool(one.any()) for one in found)


def _chooses_among_one(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> bool:
    """Whether it is attention to one key, or a softmax over one element."""
    if func not in ATTENDING:
        return func in SOFTMAX and issubclass(type(result), torch.Tensor) and result.shape[-1:] == (1,)
    key: Any = args[1] if len(args) > 1 else kwargs.get("key")
    return issubclass(type(key), torch.Tensor) and key.ndim > 1 and key.shape[ATTENDING[func]] == 1


def _is_number(factor: object) -> bool:
    """A tensor of one, as what is left by a bound divided by a norm."""
    return is_a(factor, torch.Tensor) and factor.numel() == 1 and not factor.requires_grad
