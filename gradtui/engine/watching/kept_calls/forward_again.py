"""A forward pass run once more from what was called, under the eyes of `Recorder`: a whole Snapshot of an update that is past.

Nothing is different afterwards: what the calls write over is put back, and so are torch's random numbers. The numbers are
those of before, or there is no Snapshot: the loss must come out the same.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from types import CodeType, FrameType
from typing import Any, NamedTuple

import torch
from torch.nn.modules._functions import SyncBatchNorm
from torch.utils.checkpoint import CheckpointFunction

from gradtui.engine.autograd.undisturbed import unchanged, undisturbed
from gradtui.engine.autograd.warned_lines import unheard
from gradtui.engine.capture.capture import capture
from gradtui.engine.capture.events import is_leaving, is_of_array
from gradtui.engine.capture.introspection import buffers_of, is_a, tensors
from gradtui.engine.capture.places import Places, distance
from gradtui.engine.capture.recorder import Recorder
from gradtui.engine.capture.recording import maker
from gradtui.engine.capture.surroundings import Surroundings
from gradtui.engine.torch_private import torch_functions
from gradtui.engine.watching.kept_calls.hooks import Hook, repeating
from gradtui.engine.watching.kept_calls.segments import Call, Eager, Segment
from gradtui.engine.watching.kept_calls.tape import CONSTRUCTORS, REGISTER_HOOK, is_in_place
from gradtui.engine.watching.kept_calls.tensor_references import (
    given_to,
    has_graph,
    has_numbers,
    is_leaf,
    is_learned,
    is_reference,
    is_view,
    references,
    results_of,
)
from gradtui.engine.watching.kept_calls.written_weights import Weights, as_python, may_write
from gradtui.snapshot.events import Switch
from gradtui.snapshot.model import Snapshot, Source

CLOSE = 1e-4
"""Relative difference of two losses that are the same but for the order in which numbers were added."""


COLLECTIVE = "torch.distributed"


class Begun(NamedTuple):
    """What a backward pass began from. gradients: what came in at each output, None for ones. segments: the calls before it.
    inputs: what it goes to, and nothing else; none where it goes to all."""

    outputs: Sequence[torch.Tensor] = ()
    gradients: Sequence[torch.Tensor | None] = ()
    segments: Sequence[Segment] = ()
    inputs: Sequence[torch.Tensor] = ()


class _CallPlaces(Places):
    """Where each call was made by the training, which is not where it is made again.

    runs: whether the code of the call runs again as it did; then its place is found as ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self.runs = False
        self.code: CodeType | None = None
        self.instruction = 0

    def here(self, frame: FrameType | None) -> Source | None:
        while self.runs and frame is not None and frame.f_code is not _run.__code__:
            if not distance(frame.f_code):
                return self.of_instruction(frame.f_code, frame.f_lasti)
            frame = frame.f_back
        return None if self.code is None else self.of_instruction(self.code, self.instruction)


class _Again(Recorder):
    """runs: as of `_CallPlaces`. within: what the call ran inside of, when it was made by the training. off: what had switched
    gradients off, and where."""

    runs: bool = False
    within: Surroundings | None = None
    off: tuple[Switch, Source | None] = ("before", None)

    def around(self, frame: FrameType | None) -> Surroundings:
        return self.within or super().around(frame)

    def _switched(self, frame: FrameType) -> None:
        if self.runs:
            super()._switched(frame)
        else:
            self._off = self.off

    def knows(self, call: Call, places: Places) -> None:
        """How data came about that are not made again; not of what was written over since, or may have been."""
        for reference in results_of(call):  # several of unbind, split, or what is iterated over
            result = reference()
            if result is None or maker(result) is not None or result.is_inference() or result._version:
                continue
            source = None if call.code is None else places.of_instruction(call.code, call.instruction)
            with suppress(LookupError):
                self._past.add(result, call.function, _replaced(call.args, {}), _replaced(call.kwargs, {}), source, "")


def replay(
    begun: Begun,
    names: Mapping[str, torch.Tensor],
    models: Sequence[torch.nn.Module],
    scope: Mapping[str, Any],
    far: bool = False,
) -> Snapshot | None:
    """The Snapshot of the outputs, which were results of the calls; None where the calls do not give them again.

    models: the outermost ones; where there is but one, it has the parameters. far: data that it came of too are made again,
    where calls of earlier passes made them: they may have been cut off there.
    """
    begin = _begin(begun.segments, begun.outputs, far)
    given = [one for one in begun.gradients if one is not None and not bool((one == 1).all())]
    if begin is None or (given and len(begun.outputs) > 1):  # one output may be on the way to another
        return None
    came = given[0] if given else None
    own, off = {id(one) for one in names.values()}, not torch.is_grad_enabled()
    calls = [call for segment in begun.segments[begin:] for call in segment.calls if not _makes(call, own)]
    if any(_is_collective(call.function) or not all(map(has_numbers, given_to(call))) for call in calls):
        return None
    try:
        hooks = [hook for call in calls for hook in _hooks(call)]
        with (
            undisturbed(),
            unheard(),
            unchanged(buffers_of((*models, *scope.values()))),
            repeating(hooks),
            _kept(calls) as weights,
            _around(calls, models),
        ):
            again, recorder = _run(calls, begun.outputs, weights)
            if recorder.recording.fault or len(again) < len(begun.outputs) or not all(map(_same, again, begun.outputs)):
                return None
            recorder.recording.off = off
            if came is not None:
                again[0].register_hook(lambda _: came)  # type: ignore[no-untyped-call]
            model = models[0] if len(models) == 1 else None
            output = again[0] if len(again) == 1 else again
            return capture(output, dict(names), model, recorder.recording, scope, inputs=begun.inputs)
    except Exception:  # what cannot be run again has no Snapshot; the training goes on
        return None


def _around(calls: Sequence[Call], models: Sequence[torch.nn.Module]) -> AbstractContextManager[None]:
    return as_python(models) if any(type(call.function) is Eager for call in calls) else nullcontext()


def _makes(call: Call, parameters: Set[int]) -> bool:
    """Whether it made one of these, by their ids: another one would be no parameter."""
    return any(id(one()) in parameters for one in results_of(call))


def _is_collective(function: Any) -> bool:
    """Whether it waits for other processes, which do not run it again: of torch.distributed, or the norm over all of them."""
    called = _function(function)
    where = str(getattr(called, "__module__", ""))
    return where.startswith(COLLECTIVE) or "c10d" in where or called is SyncBatchNorm


def _function(called: Any) -> Any:
    """The custom Function that is applied, or what is called itself."""
    return called.args[0] if is_a(called, partial) and called.args else called


def _begin(segments: Sequence[Segment], outputs: Sequence[torch.Tensor], far: bool) -> int | None:
    """The first segment that is needed; None where not all calls are there, or the outputs are of none of them."""
    ends = [*map(weakref.ref, outputs)]  # held: of one that is gone another may have the id
    needed, begin = {*map(id, ends)}, None
    for place in range(len(segments) - 1, -1, -1):
        if not segments[place].whole:
            return begin if begin is not None and not _open(segments[begin:], outputs) else None
        for call in reversed(segments[place].calls):
            if any(id(one) in needed for one in results_of(call)):
                needed.update(id(one) for one in given_to(call) if (far and not is_learned(one)) or has_graph(one))
                begin = place
        if not far and begin is not None and not _open(segments[begin:], outputs):
            return begin
    return begin


def _open(segments: Sequence[Segment], outputs: Sequence[torch.Tensor]) -> bool:
    """Whether something that the outputs came of by way of a graph is not the result of a call in these segments."""
    ends = [*map(weakref.ref, outputs)]
    needed, made = {*map(id, ends)}, set()
    for segment in reversed(segments):
        for call in reversed(segment.calls):
            results = {id(one) for one in results_of(call)}
            if results & needed:
                made |= results
                needed.update(id(one) for one in given_to(call) if has_graph(one))
    return not needed <= made


def _run(
    calls: Sequence[Call], outputs: Sequence[torch.Tensor], weights: Weights
) -> tuple[list[torch.Tensor], Recorder]:
    now: dict[int, Any] = {}
    told = _CallPlaces()
    recorder = _Again(told)
    wanted = _wanted(calls, outputs)
    state = torch_functions(None)
    try:
        with recorder:
            for call in calls:
                if id(call) not in wanted or _writes_outside(call, now) or _is_over(call, now) or _only_looks(call):
                    if is_of_array(call.function, call.args):
                        recorder.arrives(call.result())
                    recorder.knows(call, told)
                    continue
                told.code, told.instruction = call.code, call.instruction
                told.runs = recorder.runs = type(call.function) is Eager
                args, kwargs = _replaced(call.args, now), _replaced(call.kwargs, now)
                if may_write(call):
                    weights.keep(tensors((*args, *kwargs.values())))
                if call.random is not None:
                    torch.set_rng_state(call.random[0])
                    if len(call.random) > 1:
                        torch.cuda.set_rng_state_all(list(call.random[1:]))
                with ExitStack() as around:
                    for device, dtype in call.autocast:
                        around.enter_context(torch.autocast(device, dtype))
                    by, code, instruction = call.switch
                    recorder.within = call.within
                    recorder.off = by, None if code is None else told.of_instruction(code, instruction)
                    if not call.grad:
                        around.enter_context(torch.no_grad())
                    result = call.function(*args, **kwargs)
                for old, new in zip(results_of(call), tensors((result,)), strict=True):
                    now[id(old)] = new
                if is_leaving(call.function):
                    now.update(zip(map(id, _numbers((call.result,))), _numbers((result,)), strict=True))
    finally:
        torch_functions(state)
    ends = [*map(weakref.ref, outputs)]
    return [now[id(end)] for end in ends if id(end) in now], recorder


def _wanted(calls: Sequence[Call], outputs: Sequence[torch.Tensor]) -> set[int]:
    """Calls that what is learned goes into, and those that made what they write over. Of others the results stand as they are:
    they are data; but for an output without a graph, of which it is asked how it came about. A reentrant checkpoint is not
    shown the weights that it runs on, nor what was compiled."""
    touched: set[int] = set()
    left: set[int] = set()
    written: set[int] = set()
    found: set[int] = set()
    for call in calls:
        given = [*given_to(call)]
        is_touched = any(id(one) in touched or is_learned(one) for one in given)
        is_touched = is_touched or _function(call.function) is CheckpointFunction or type(call.function) is Eager
        if is_touched and is_leaving(call.function):
            left.update(map(id, _numbers((call.result,))))
        if is_touched or (left and any(id(one) in left for one in _numbers(call.args))):
            found.add(id(call))
            touched.update(id(one) for one in results_of(call))
            if is_in_place(call.function):
                written.update(id(one) for one in given[:1])
                touched.update(id(one) for one in given[:1])
    for call in reversed(calls):
        if call.function in CONSTRUCTORS.values():
            continue  # of a weight, that is written over as it begins
        if any(id(one) in written for one in results_of(call)):
            found.add(id(call))
            if call.function == torch.Tensor.detach or is_in_place(call.function):
                continue
            written.update(id(one) for one in references(call.args) if is_view(one) or call.result is one)
    ends = [weakref.ref(one) for one in outputs if not one.requires_grad]
    needed = {*map(id, ends)}
    for call in reversed(calls) if needed else ():
        if any(id(one) in needed for one in results_of(call)):
            found.add(id(call))
            needed.update(id(one) for one in given_to(call) if not is_leaf(one))
    return found


def _writes_outside(call: Call, now: Mapping[int, Any]) -> bool:
    """Whether it writes over what was there before, weights that were set or sums that were kept, or listens to it."""
    first = next(given_to(call), None)
    changes = is_in_place(call.function) or call.function == REGISTER_HOOK
    return changes and first is not None and id(first) not in now


def _only_looks(call: Call) -> bool:
    """Whether it puts on a hook that made no other gradient in the pass itself."""
    return any(not hook.changed for hook in _hooks(call))


def _hooks(call: Call) -> Iterator[Hook]:
    """The one that it puts on."""
    if call.function is REGISTER_HOOK and is_a(call.args[1], Hook):
        yield call.args[1]


def _is_over(call: Call, now: Mapping[int, Any]) -> bool:
    """Whether it is a backward pass of before: the graph that it ran over is not made again."""
    return call.function is torch.autograd.grad and not any(id(one) in now for one in references(call.args[:1]))


def _numbers(what: Any) -> Iterator[float]:
    """Python's own, in lists of lists."""
    for one in what:
        if type(one) is float:
            yield one
        elif type(one) in (list, tuple):
            yield from _numbers(one)


def _replaced(what: Any, now: Mapping[int, Any]) -> Any:
    """The same arguments, with what was made anew in place of what it was made as before. Raises LookupError for what is gone
    and was not made anew."""
    if type(what) is float:
        return now.get(id(what), what)
    if is_reference(what):
        found = now.get(id(what), what())
        if found is None:
            raise LookupError("a tensor is gone")
        return found
    if type(what) is list:
        return [_replaced(one, now) for one in what]
    if type(what) is tuple:
        return tuple([_replaced(one, now) for one in what])
    if type(what) is dict:
        return {key: _replaced(one, now) for key, one in what.items()}
    return what


@contextmanager
def _kept(calls: Sequence[Call]) -> Iterator[Weights]:
    """What was there before the calls, and is written over by them, is afterwards as it was."""
    made: set[int] = set()
    outside: dict[int, torch.Tensor] = {}
    for call in calls:
        outside.update(
            {id(one): tensor for one in given_to(call) if id(one) not in made and (tensor := one()) is not None}
        )
        if not is_in_place(call.function):
            made.update(id(one) for one in results_of(call) if has_graph(one))  # data are not made again
    with ExitStack() as around:
        weights = Weights(around)
        around.enter_context(unchanged([one for one in outside.values() if not weights.takes(one)]))
        yield weights


def _same(again: torch.Tensor, output: torch.Tensor) -> bool:
    if again.shape != output.shape or again.dtype != output.dtype:
        return False
    again, output = again.detach().double(), output.detach().double()
    return torch.allclose(again, output, rtol=CLOSE, atol=1e-12, equal_nan=True)
