"""What torch refused to do, as facts: its message says of which kind it is; graph, recording and frames say what and where."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dis import opmap
from types import FrameType, TracebackType
from typing import Any, NamedTuple

import torch
from torch.autograd.graph import Node

from gradtui.engine import torch_private
from gradtui.engine.autograd.graph import short
from gradtui.engine.autograd.saved import lost_version
from gradtui.engine.autograd.witness import readable_numbers
from gradtui.engine.capture.events import name_of
from gradtui.engine.capture.flow import address
from gradtui.engine.capture.introspection import is_a, named_parameters, tensors
from gradtui.engine.capture.leaf_names import local_variables
from gradtui.engine.capture.places import OWN, Places, is_users, returned
from gradtui.engine.capture.recording import Recording, is_leaf, maker
from gradtui.engine.tensors.values import legible
from gradtui.engine.torch_messages import ANY_ERROR, MESSAGES, OF_SIZES
from gradtui.graph.operands import is_finite
from gradtui.snapshot.events import Raised, Refusal
from gradtui.snapshot.exception_text import said
from gradtui.snapshot.model import Source


def raised(
    error: BaseException,
    nodes: Sequence[Node],
    recording: Recording | None,
    names: Mapping[torch.Tensor, str],
) -> Raised | None:
    """None for what is not about autograd. nodes: of the graph that backward was to run over. names: of leaves."""
    if _is_their_own(error):
        return None
    message = said(error)
    for how, pattern in MESSAGES.items():
        if not isinstance(error, RuntimeError | TypeError) and how not in ANY_ERROR:
            continue
        if how == "constraint" and bad_tensors(error):
            continue  # nan is in no range: it is told where that came from
        if found := re.search(pattern, message):
            case = _Case(error, nodes, recording, names)
            if how == "not_probabilities" and bad_tensors(error):
                how = "bad_values"  # nan is not from 0 to 1 either
            if how == "unconverged" and case.was_given_bad_values():
                how = "bad_values"
            return case.of(how, found)
    return None


NOT_IMPLEMENTED = "NotImplemented"
"""The node of an operation without derivative, which has no sequence number."""


def _backward_of(operation: str) -> Iterator[str]:
    """What the node of an operation of backward is called: `CdistBackward0` for `_cdist_backward`."""
    name = operation.removesuffix("backward")
    if name != operation:
        yield from (f"{name.capitalize()}Backward{number}" for number in range(2))


class Asked(NamedTuple):
    """What torch was asked for, and the tensors that it was given."""

    function: Any
    inputs: list[torch.Tensor]


class _Case:
    def __init__(
        self,
        error: BaseException,
        nodes: Sequence[Node],
        recording: Recording | None,
        names: Mapping[torch.Tensor, str],
    ) -> None:
        self.nodes, self.recording, self.names = nodes, recording, names
        self.calls = [*_calls(error)]
        own = [(frame.f_code, instruction) for frame, instruction in self.calls if is_users(frame)]
        self.source = Places().of_instruction(*own[-1]) if own else None
        self.asked = next((asked for frame, _ in reversed(self.calls) if (asked := _asked(frame)) is not None), None)

    def of(self, how: Refusal, found: re.Match[str]) -> Raised:
        operation = "" if self.asked is None else name_of(self.asked.function)
        told = found.groupdict()
        if how == "inplace":
            return self._written_over()
        if how == "freed":
            return self._carried()
        if how == "inference":
            return self._inference(operation)
        if how in ("shape", "count", "misplaced"):
            return self._custom(how, found, told)
        if how in ("no_tensor", "complex_gradient"):
            return self._unnamed(how, told.get("kind", ""))
        if how == "not_implemented":
            asked = told["name"].rpartition("::")[2].replace("_", "")
            nodes = (node for node in self.nodes if node.name().endswith((NOT_IMPLEMENTED, *_backward_of(asked))))
            places = map(self._line, nodes)
            source = next((place for place in places if place is not None), self.source)
            return Raised(how, operation=told["name"].rpartition("::")[2], source=source)
        if how == "once":
            return self._once()
        if how == "phase":
            operation = told["name"].removeprefix("linalg_")
            made = (node for node in self.nodes if short(node.name()) == f"Linalg{operation.capitalize()}Backward0")
            return Raised(how, operation, next(filter(None, map(self._line, made)), self.source))
        if how in ("too_large", "not_positive", "singular", "unconverged"):
            return Raised(how, operation=told["name"], source=self.source, tensor=self._first())
        if how == "constraint":
            return Raised(how, operation=told["of"], source=self.source, tensor=told["name"], rule=told["rule"])
        if how == "recomputed":
            return self._recomputed()
        if how == "unreduced":
            return Raised(how, source=self.source, tensor=", ".join(self._unreduced(told["places"] or "")))
        if how in ("unused", "not_asked"):
            return Raised(how, source=self.source, tensor=", ".join(self._without_a_way(how)))
        if how in OF_SIZES:
            return self._of_sizes(how, operation, told)
        shape = None if self.asked is None or not self.asked.inputs else tuple(self.asked.inputs[0].shape)
        if how == "target_shape" and self.asked is not None and len(self.asked.inputs) > 1:
            scores, target = self.asked.inputs[:2]
            return Raised(how, operation, self.source, shape=tuple(target.shape), wanted=tuple(scores.shape))
        if how == "two_dtypes":
            return Raised(how, operation, self.source, tensor=" and ".join(one for one in told.values() if one))
        if how == "no_class" and shape:
            classes = shape[1] if len(shape) > 1 else shape[0]
            return Raised(how, operation, self.source, shape=shape, count=int(told["name"]), needed=classes)
        return Raised(how, operation=operation, source=self.source, tensor=self._first(), shape=shape)

    def _of_sizes(self, how: Refusal, operation: str, told: Mapping[str, str | None]) -> Raised:
        """count, needed: by torch's message; of indices, by what they look up."""
        inputs = [] if self.asked is None else self.asked.inputs
        first, second = (tuple(one.shape) for one in inputs[:2]) if len(inputs) > 1 else (None, None)
        count, needed, place = (
            next((int(told[name] or 0) for name in told if name.startswith(fact) and told[name]), None)
            for fact in ("count", "needed", "place")
        )
        if how == "no_row" and len(inputs) > 1 and readable_numbers(inputs[0]) and inputs[0].numel():
            low, high = (int(one) for one in inputs[0].aminmax())
            needed = inputs[1].shape[0]
            count = low if low < 0 else high
        learned = [one for one in inputs[1:] if one.requires_grad and is_leaf(one)] if how == "features" else []
        tensor = self.name(learned[0]) if learned else ""
        return Raised(how, operation, self.source, tensor, first, second, place, count, needed)

    def was_given_bad_values(self) -> bool:
        """Whether what torch was asked for has an operand with nan or infinity."""
        inputs = [] if self.asked is None else self.asked.inputs
        return any(readable_numbers(one) and not is_finite(legible(one)) for one in inputs)

    def _first(self) -> str:
        return "" if self.asked is None or not self.asked.inputs else self.name(self.asked.inputs[0])

    def name(self, tensor: torch.Tensor) -> str:
        """By the model, or by a variable of the person's."""
        if tensor in self.names:
            return self.names[tensor]
        for frame, _ in reversed(self.calls):
            if is_users(frame):
                for name, value in (*local_variables(frame).items(), *frame.f_globals.items()):
                    if value is tensor:
                        return name
        return ""

    def _line(self, node: Node) -> Source | None:
        return None if self.recording is None else self.recording.sources.get(node._sequence_nr())

    def _written_over(self) -> Raised:
        """Which node cannot read what it saved, and who wrote over that since."""
        for node in self.nodes:
            tensor = lost_version(node)
            if tensor is None:
                continue
            writer = self._writer(tensor, node._sequence_nr())
            return Raised(
                "inplace",
                operation=writer[0] if writer else "",
                source=writer[1] if writer else self.source,
                tensor=self.names.get(tensor, "") if is_leaf(tensor) else "",
                shape=tuple(tensor.shape),
                made=writer[2] if writer else None,
                saver=short(node.name()),
                kept=self._line(node),
            )
        return Raised("inplace", source=self.source)

    def _writer(self, tensor: torch.Tensor, since: int) -> tuple[str, Source | None, Source | None] | None:
        """The first that wrote over it after it was saved, and what had made it."""
        if self.recording is None:
            return None
        place, sources = address(tensor), self.recording.sources
        found = [
            (number, one.operation, one.source, None if made is None else sources.get(made))
            for one in self.recording.happenings.values()
            for key, number, made in one.written
            if key == place and number > since
        ]
        found += [
            (number, operation, source, None)
            for key, number, operation, source in self.recording.data_written
            if key == place and number > since
        ]
        return min(found, key=lambda each: each[0])[1:] if found else None

    def _carried(self) -> Raised:
        """What of an earlier graph, over which backward has run, was used again."""
        if self.recording is None:
            return Raised("freed", source=self.source)
        numbers = {node._sequence_nr() for node in self.nodes}
        carried = [one for one in self.recording.carried if one.number in numbers]
        first = next((one for one in carried if one.name), carried[0] if carried else None)
        earlier = self.recording.backwards[-1][1] if self.recording.backwards else None
        if first is None:
            return Raised("freed", source=self.source, earlier=earlier)
        kept = self.source or first.source
        return Raised("freed", source=first.source or kept, holder=first.name, earlier=earlier, kept=kept)

    def _inference(self, operation: str) -> Raised:
        inputs = [] if self.asked is None else [one for one in self.asked.inputs if one.is_inference()]
        made = None
        if inputs and self.recording is not None:
            known = self.recording.inference.get(id(inputs[0]))
            made = known[1] if known is not None and known[0]() is inputs[0] else None
        name = self.name(inputs[0]) if inputs else ""
        return Raised("inference", operation=operation, source=self.source, tensor=name, made=made)

    def _custom(self, how: Refusal, found: re.Match[str], told: dict[str, str]) -> Raised:
        node = next((node for node in self.nodes if short(node.name()) == told["name"]), None)
        cls = torch_private.function_of(node)
        name = getattr(cls, "__name__", told["name"].removesuffix("Backward"))
        defined = None if cls is None else returned(cls.backward)
        line = None if node is None else self._line(node)
        if how == "count":
            needed, count = int(told["needed"]), int(told["count"])
            return Raised(how, name, defined or line, count=count, needed=needed, defined=defined)
        if how == "misplaced":
            return Raised(how, name, defined or line, place=int(told["place"]) - 1, defined=defined, kept=line)
        got, wanted = (tuple(int(size) for size in sizes.split(",") if size.strip()) for sizes in found.groups()[-2:])
        place = int(told["place"])
        return Raised(how, name, defined or line, shape=got, wanted=wanted, place=place, defined=defined, kept=line)

    def _unnamed(self, how: Refusal, kind: str) -> Raised:
        """The Function that returned it, of which torch does not say the name: the only one in the graph."""
        classes = {cls: node for node in self.nodes if (cls := torch_private.function_of(node)) is not None}
        if len(classes) != 1:
            return Raised(how, "a custom Function", self.source, tensor=kind)
        ((cls, node),) = classes.items()
        defined, line = returned(cls.backward), self._line(node)
        return Raised(how, cls.__name__, defined or line, tensor=kind, defined=defined, kept=line)

    def _once(self) -> Raised:
        """The Function whose backward torch wrapped, so that it is not differentiated."""
        recording = self.recording
        for number, call in () if recording is None else recording.functions.items():
            backward = call.function.backward
            if recording is not None and hasattr(backward, "__wrapped__"):
                line = recording.sources.get(number, self.source)
                return Raised("once", call.function.__name__, line, defined=returned(backward))
        return Raised("once", source=self.source)

    def _recomputed(self) -> Raised:
        """What ran again: by the object that checkpoint keeps for it."""
        for frame, _ in reversed(self.calls):
            for value in local_variables(frame).values():
                if (again := torch_private.runs_again(value)) is not None:
                    forward = type(again).forward if is_a(again, torch.nn.Module) else again
                    return Raised("recomputed", _title(again), returned(forward) or self.source)
        return Raised("recomputed", source=self.source)

    def _unreduced(self, places: str) -> Iterator[str]:
        """The parameters of a DistributedDataParallel by their places among those that learn."""
        held = (value for frame, _ in self.calls for value in local_variables(frame).values())
        wrapper = next((one for one in held if is_a(one, torch.nn.parallel.DistributedDataParallel)), None)
        parameters = {} if wrapper is None else named_parameters(wrapper)
        learn = [name for name, one in parameters.items() if one.requires_grad]
        yield from (learn[int(place)] for place in places.split() if int(place) < len(learn))

    def _without_a_way(self, how: Refusal) -> Iterator[str]:
        """The inputs of `autograd.grad` that are not in the graph; of those that were not asked for a gradient no others."""
        leaves = {getattr(node, "variable", None) for node in self.nodes}
        for frame, _ in reversed(self.calls):
            if frame.f_code is not torch.autograd.grad.__code__:
                continue
            for tensor in local_variables(frame).get("inputs", ()):
                if not is_a(tensor, torch.Tensor) or (how == "not_asked" and tensor.requires_grad):
                    continue
                if tensor not in leaves and maker(tensor) not in self.nodes:
                    yield self.name(tensor) or "what has no name"
            return


def _title(function: Any) -> str:
    """`Net.block` for a method, the class for a module."""
    return str(getattr(function, "__qualname__", type(function).__name__)).rpartition("<locals>.")[2]


def start(error: BaseException) -> list[torch.Tensor]:
    """What backward was to start from, by the frames of torch."""
    for frame, _ in reversed([*_calls(error)]):
        if frame.f_code.co_filename.startswith(torch.__path__[0]) and frame.f_code.co_name in STARTS:
            held = local_variables(frame)
            for name in STARTS[frame.f_code.co_name]:
                value = held.get(name)
                given = value if is_a(value, tuple, list) else (value,)
                found = [tensor for tensor in given if is_a(tensor, torch.Tensor)]
                if found:
                    return found
    return []


RAISE = opmap["RAISE_VARARGS"]
MOST_CALLS = 1000
"""So many calls within one another are looked through, the innermost: a recursion has a million."""


def bad_tensors(error: BaseException) -> list[torch.Tensor]:
    """Those that hold nan or infinity, of the innermost call on the way to where it was raised that has any."""
    for frame, _ in reversed(deque(_calls(error), MOST_CALLS)):
        held = {id(value): value for value in local_variables(frame).values() if is_a(value, torch.Tensor)}
        if bad := [tensor for tensor in held.values() if readable_numbers(tensor) and not is_finite(legible(tensor))]:
            return bad
    return []


STARTS = {"_engine_run_backward": ("t_outputs",), "backward": ("tensors", "self"), "grad": ("outputs",)}
"""Functions of torch.autograd, and what each calls the tensors."""


def _is_their_own(error: BaseException) -> bool:
    """Whether a `raise` of a person's own made it, whatever it says."""
    innermost = deque(_calls(error), 1)
    return any(is_users(frame) and frame.f_code.co_code[at] == RAISE for frame, at in innermost)


def _calls(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        yield trace.tb_frame, trace.tb_lasti
        trace = trace.tb_next


def _asked(frame: FrameType) -> Asked | None:
    """Of a mode of ours that saw the operation begin."""
    if frame.f_code.co_name != "__torch_function__" or not frame.f_code.co_filename.startswith(OWN):
        return None
    held = local_variables(frame)
    return Asked(held["func"], [*tensors((*held["args"], *(held["kwargs"] or {}).values()))])
