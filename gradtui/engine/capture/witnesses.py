"""An operation of the forward pass that made nan or infinity of good numbers is looked at again, once, piece by piece."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any, NamedTuple

import torch
from msgspec.structs import replace

from gradtui.engine.autograd.without_gradient import Made, Origin, Past
from gradtui.engine.autograd.witness import (
    first_bad,
    has_nan,
    is_worse,
    lost_constant,
    number_at,
    readable_numbers,
    rows_of,
)
from gradtui.engine.capture.events import CREATE
from gradtui.engine.capture.introspection import tensors
from gradtui.engine.capture.places import is_users
from gradtui.engine.capture.recording import Recording, maker
from gradtui.engine.tensors.values import legible
from gradtui.engine.torch_private import DispatchMode
from gradtui.grad_fns import called_functions
from gradtui.graph.operands import is_finite
from gradtui.snapshot.model import Operand, Values, Witness

MOST = 8
"""Operations of one recording that are looked at."""
GIVEN = ("full", "fill", "masked_fill", "scalar_tensor", "full_like", "fill_", "masked_fill_", "lift_fresh", "where")
"""They put an infinity where it was asked for."""


MASKING = ("masked_fill", "masked_fill_", "where", "nan_to_num", "nan_to_num_")
"""They put something else in the place of what they take in."""
ASKED = ("masked_fill", "masked_fill_", "full", "full_like", "fill_")
"""What infinity they bring in stands in the code: there is nothing more to look at."""
LEARNED = "learned"
"""Among the rows of a witness: what it took in is learned, and its result was cut off."""
LOST = "constant"
"""The name of a number that was given, and is 0 in its dtype."""


class _ForeignError(Exception):
    """It would write over a tensor of the person's."""


class _Watch(DispatchMode):
    """Finds the piece that first made what is not finite of finite numbers; else that which first made nan.

    made: all of the tensors that it has made, so that it is known which may be written over.
    """

    def __init__(self, names: dict[int, str]) -> None:
        super().__init__()
        self.names = names
        self.found: dict[bool, tuple[Any, Sequence[Any], torch.Tensor]] = {}
        self.lost: float | None = None
        self._made: list[torch.Tensor] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        kwargs = kwargs or {}
        given = list(tensors((*args, *kwargs.values())))
        if func._schema.is_mutable and not any(one is given[0] for one in self._made):
            raise _ForeignError
        before = [one.clone() for one in given[:1]] if func._schema.is_mutable else []
        result = func(*args, **kwargs)
        made = list(tensors((result,)))
        if not any(one is other for one in made for other in given):
            self._made += made
        first = next((one for one in made if readable_numbers(one) and one.is_floating_point()), None)
        if first is not None and len(self.found) < 2:
            self.lost = lost_constant((*args, *kwargs.values()), first.dtype) or self.lost
            self._look(func, [*before, *args[len(before) :], *kwargs.values()], first)
        return result

    def _look(self, func: Any, args: Sequence[Any], result: torch.Tensor) -> None:
        told = legible(result)
        if is_finite(told):
            return
        operands = [*map(legible, tensors(args))]
        name = func.__name__.partition(".")[0]
        finite = all(map(is_finite, operands))
        if finite and name not in GIVEN:
            self.found.setdefault(True, (func, args, result))
        elif is_worse(told, operands) and name not in GIVEN:
            self.found.setdefault(False, (func, args, result))


class Look(NamedTuple):
    """Where names are looked for, and how what has no gradient came about."""

    frame: FrameType | None
    recording: Recording
    past: Past

    def name(self, tensor: torch.Tensor) -> str | None:
        named, model = variable_of(tensor, self.frame), self.recording.model()
        if named is None and model is not None:
            named = next((name for name, one in model.named_buffers() if one is tensor), None)
        return named

    def is_learned(self, tensor: torch.Tensor) -> bool:
        return tensor.requires_grad or bool(self.recording.flowed_into(tensor))


def _before(data: torch.Tensor, look: Look) -> Witness | Operand | None:
    """What made it bad, before it came in; else what was bad from the start, where that has a name."""
    origin = look.past.origin(data)
    if origin is None:
        return None
    found = None if origin.made is None else _made(origin, origin.made, look)
    if found is not None:
        return found
    named = look.name(origin.tensor) if origin.made is None and not look.is_learned(origin.tensor) else None
    if has_nan(legible(data)) and not has_nan(legible(origin.tensor)):  # infinities, which may well have been meant
        nan = look.past.origin(data, has_nan)
        found = None if nan is None or nan.made is None else _made(nan, nan.made, look)
        if found is not None and (named is None or called_functions.has(found.operation, "product")):
            return found
    return None if named is None else Operand("0", None, legible(origin.tensor), named, False)


def _made(origin: Origin, made: Made, look: Look) -> Witness | None:
    """What is seen of the operation that made it bad; None where that was asked for."""
    args, kwargs = origin.args, dict(origin.kwargs)
    inputs = [*tensors((*args, *kwargs.values()))]
    told = legible(origin.tensor)
    found = made.seen or witness(made.func, args, kwargs, inputs, origin.tensor, told, look, changed=False)
    if found is None or found.operation.rstrip("_") in (*GIVEN, *CREATE):
        return None
    dtype = str(origin.tensor.dtype).removeprefix("torch.")
    if made.seen is None:
        found = replace(found, source=made.source, module=made.module)
    return replace(found, dtype=dtype, rows=found.rows | {LEARNED: 1} if made.learned else found.rows)


def witness(
    func: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    inputs: Sequence[torch.Tensor],
    result: torch.Tensor,
    told: Values,
    look: Look,
    changed: bool,
) -> Witness | None:
    """What is to be seen of a call whose result is not finite; None where that came in by what carries a gradient.

    told: the numbers of the result. changed: whether the call has written over its first input.
    """
    before = {id(one): legible(one) for one in inputs if one.requires_grad}
    place = first_bad(result.detach()) if is_worse(told, [*before.values()]) else None
    if place is None:
        return None
    index, number, bad = place
    base = Witness(None, "forward", _called(func), index, number, bad=bad)
    if base.operation in ASKED and math.isinf(number):  # a mask, as in many a healthy attention
        return base
    known = [(one, before.get(id(one)) or legible(one)) for one in inputs]
    data = [(one, values) for one, values in known if not one.requires_grad and not is_finite(values)]
    is_carried_in = bool(data) and not is_worse(told, [values for _, values in known])
    origin = _before(data[0][0], look) if is_carried_in or (data and all(map(is_finite, before.values()))) else None
    if isinstance(origin, Witness) and base.operation not in MASKING:
        return origin
    if is_carried_in:
        operands = [
            Operand(f"{place}", number_at(one, result.shape, index), values, look.name(one), False)
            for place, (one, values) in enumerate(data)
        ]
        if isinstance(origin, Operand):
            operands[0] = origin
        return replace(base, operands=tuple(operands))
    if changed:
        return base  # what was there before is gone
    return _run_again(func, args, kwargs, inputs, look) or base


def _run_again(
    func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: Sequence[torch.Tensor], look: Look
) -> Witness | None:
    """The operation below autograd that made the call's result bad, with its operands there; None where it is not seen again."""
    watch = _Watch({id(one): name for one in inputs if (name := look.name(one)) is not None})
    _again(watch, func, args, kwargs)
    found = watch.found.get(True) or watch.found.get(False)
    if found is None:
        return None
    aten, given, made = found
    place = first_bad(made)
    if place is None:
        return None
    index, number, bad = place
    operation = aten.__name__.partition(".")[0]
    names = [argument.name for argument in aten._schema.arguments]
    operands = [
        Operand(
            name,
            number_at(one, made.shape, index),
            legible(one) if isinstance(one, torch.Tensor) else None,
            watch.names.get(id(one)),
            not isinstance(one, torch.Tensor) or any(one is each and each.requires_grad for each in inputs),
        )
        for name, one in zip(names, given, strict=False)
        if isinstance(one, int | float | list) or readable_numbers(one)
    ]
    rows = rows_of(operation, given, made)
    if watch.lost is not None:
        rows, operands = rows | {"lost": 1}, [*operands, Operand(LOST, watch.lost)]
    return Witness(None, "forward", operation, index, number, tuple(operands), bad, rows)


def of_lost_constant(func: Any, args: Sequence[Any], result: torch.Tensor) -> Witness | None:
    """A constant that becomes 0 in the dtype of the result: no fault by itself, but one that explains a division by 0."""
    lost = lost_constant(args, result.dtype)
    return (
        None
        if lost is None
        else Witness(None, "forward", _called(func), operands=(Operand(LOST, lost),), rows={"lost": 1})
    )


def _again(watch: _Watch, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Run it once more as it ran, but for a graph and the random numbers, which go on as if it had not run."""
    random = torch.get_rng_state()
    try:
        with torch.no_grad(), watch:
            func(*args, **kwargs)
    except Exception:  # it would write over something, or cannot run twice
        return
    finally:
        torch.set_rng_state(random)


def seen_going_bad(
    recording: Recording, ids: Mapping[int, int], refused: Iterable[torch.Tensor] = ()
) -> Iterator[Witness]:
    """In the order of the forward pass; also of what is not in the graph. ids: of the nodes, by the sequence numbers of their
    grad_fns. refused: what may not be bad."""
    led = [_bad_behind(recording, tensor) for tensor in refused]
    for number in recording.witnesses:
        known = bool(led) and all(number in one for one in led)
        yield replace(_with_its_place(recording, number), node=ids.get(number), refused=known)


def seen_behind(recording: Recording, made_of: Iterable[torch.Tensor]) -> Witness | None:
    """The first of those that made one of these bad."""
    behind = {number for tensor in made_of for number in _bad_behind(recording, tensor)}
    first = min(behind & recording.witnesses.keys(), default=None)
    return None if first is None else _with_its_place(recording, first)


def _with_its_place(recording: Recording, number: int) -> Witness:
    """What came about without a gradient has its own."""
    seen = recording.witnesses[number]
    if seen.source is not None:
        return seen
    return replace(seen, source=recording.sources.get(number), module=recording.module(number)[0])


def _bad_behind(recording: Recording, tensor: torch.Tensor) -> set[int]:
    """The operations that led to it by values that are not finite, each of which was seen, by their sequence numbers."""
    waiting, found = [maker(tensor)], set[int]()
    while waiting:
        node = waiting.pop()
        number = None if node is None else node._sequence_nr()
        if node is None or number is None or number in found or (value := recording.values.get(number)) is None:
            continue
        if not is_finite(value):
            found.add(number)
            waiting += [target for target, _ in node.next_functions]
    return found


def variable_of(tensor: torch.Tensor, frame: FrameType | None) -> str | None:
    """What the person's code calls it: the outermost name of a variable, or of an attribute of `self`."""
    found = None
    while frame is not None:
        if is_users(frame):
            for names in (frame.f_locals, frame.f_globals):
                name = next((name for name, value in [*names.items()] if value is tensor), None)
                found = name or found
            owner = frame.f_locals.get("self")
            inside = {**vars(owner), **vars(owner).get("_buffers", {})} if hasattr(owner, "__dict__") else {}
            found = next((f"self.{name}" for name, value in inside.items() if value is tensor), None) or found
        frame = frame.f_back
    return found


def _called(func: Any) -> str:
    return str(getattr(func, "__name__", type(func).__name__))
