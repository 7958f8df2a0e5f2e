"""What each call of torch is, and what became of gradients in it: looked at before it runs, and when it has.

Everything goes under the sequence numbers of the grad_fns. Only summaries are kept, never tensors.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from types import FrameType
from typing import Any, NamedTuple

import torch

from gradtui.engine import torch_private
from gradtui.engine.autograd.create_graph import CREATE_GRAPH
from gradtui.engine.autograd.graph import NO_SEQUENCE
from gradtui.engine.autograd.release import guard_node
from gradtui.engine.autograd.without_gradient import Past
from gradtui.engine.capture import events, witnesses
from gradtui.engine.capture.events import FOLLOWED, NOTED, Noticed, Seen, becomes, is_of_array, kind_of, name_of, note
from gradtui.engine.capture.flow import Flow, Results, address, is_made_alike, is_spelled_out
from gradtui.engine.capture.holders import holder, variable
from gradtui.engine.capture.introspection import named_parameters, tensors
from gradtui.engine.capture.places import Places, application, in_function
from gradtui.engine.capture.recording import MOST_WRITTEN, Carried, Fresh, Happening, Recording, is_leaf, maker
from gradtui.engine.capture.surroundings import Surroundings, surroundings, switch_of
from gradtui.engine.tensors.given_to_losses import TAKING, are_readable, is_left_out_in_part, wrong
from gradtui.engine.tensors.summaries import NARROW
from gradtui.engine.tensors.values import FIRST_NUMBERS
from gradtui.grad_fns import called_functions
from gradtui.graph.operands import is_finite
from gradtui.snapshot.events import Event, EventKind, Switch
from gradtui.snapshot.model import Source

WITHIN = {"no_grad", "not_differentiable", "detach", "new_leaf"}
"""Kinds that may be but a part of something larger: of a `sample()`, say."""
MOST_CARRIED = 20
"""Tensors of earlier graphs of which it is asked who holds them."""


class Cut(NamedTuple):
    """What cuts tensors off what flowed into them. what: a class or Function of its own. source: where known, else by the frame.

    live: the leaves that a gradient went back to, a bit each.
    """

    kind: EventKind
    operation: str
    what: str
    frame: FrameType
    source: Source | None
    live: int


class Calls:
    """Those of one thread. places: how lines are found. most: a tensor with more elements is summarised."""

    def __init__(self, places: Places | None = None, most: int = FIRST_NUMBERS) -> None:
        self.recording = Recording(torch_private.sequence_number())
        self.module = ""
        self._places, self._most = places or Places(), most
        self._flow = Flow(self.recording)
        self._results = Results()
        self.arrives = self._flow.arrives
        self._past = Past()
        self._own: set[int] | None = None
        self._born: set[int] = set()
        self._happened, self._old = 0, self.recording.first
        self._off: tuple[Switch, Source | None] = "before", None
        self._next = self.recording.first
        self._levels: dict[int, int] = {}

    def _before(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Seen:
        """The inputs as they are now: an operation in place changes them."""
        inputs = [*tensors(args), *tensors(kwargs.values())]
        leaves, live, others, numbers, carried = self._flow.of_numbers(args), 0, 0, [], False
        for place, tensor in enumerate(inputs):
            self._keep(tensor)
            known = len(self.recording.leaves)
            flowed, alive, number, lost = self._flow.into(tensor)
            if len(self.recording.leaves) > known or (self._born and id(tensor) in self._born):
                self._born.discard(id(tensor))
                self._name(tensor, sys._getframe(2))
            if (out := self._results.come_out(tensor, sys._getframe(2))) is not None:
                told = Noticed(out.kind, "apply" if out.kind == "marked" else "checkpoint", None)
                self._cut(told, [tensor], flowed, out.live, sys._getframe(2), None, out.source, what=out.what)
                flowed, alive, number, lost = self._flow.into(tensor)
            if lost:
                self._cut(Noticed("new_leaf", type(tensor).__name__, None), [tensor], flowed, lost, sys._getframe(2))
                flowed, alive, number, _ = self._flow.into(tensor)
            leaves |= flowed
            live |= alive
            others |= alive if place else 0
            numbers.append(number)
            if number is not None and number < self._old and len(self.recording.carried) < MOST_CARRIED:
                self._carry(tensor, number, sys._getframe(2))
            carried = carried or tensor.requires_grad
        name = made_by.name() if inputs and (made_by := maker(inputs[0])) is not None else ""
        number = torch_private.sequence_number()
        return Seen(func, inputs, numbers, name, leaves, live, others, carried, *events.versions(func, inputs), number)

    def _after(self, seen: Seen, result: Any, frame: FrameType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        made, recording = torch_private.sequence_number(), self.recording
        source = None
        if made > seen.number or seen.number > self._next:
            source = self._places.here(frame)
            if seen.number > self._next:
                self._fill(seen, frame)
            for number in range(seen.number, made):
                recording.lineage[number] = seen.leaves
                recording.live[number] = seen.live
                if source is not None:
                    recording.sources[number] = source
        self._next = made
        outputs = list(tensors((result,)))
        for tensor in outputs:
            of = self._keep(tensor, seen.numbers)
            values = None if of is None else recording.values.get(of)
            if of == NO_SEQUENCE and (line := self._places.here(frame)) is not None:
                recording.sources.setdefault(NO_SEQUENCE, line)
            if not is_finite(values) and len(recording.witnesses) < witnesses.MOST:
                self._look_again(seen, tensor, frame, args, kwargs)
            elif tensor.dtype in NARROW and made > seen.number:
                lost = witnesses.of_lost_constant(seen.func, (*args, *kwargs.values()), tensor)
                if lost is not None and len(recording.witnesses) < witnesses.MOST:
                    recording.witnesses[made - 1] = lost
        for tensor in outputs if outputs and outputs[0].is_inference() else ():
            recording.inference[id(tensor)] = weakref.ref(tensor), self._places.here(frame)
        if seen.inputs and seen.func in NOTED:
            note(seen, self.recording, frame, self._places.here(frame))
        if seen.func in TAKING and outputs and (loss := maker(outputs[0])) is not None and are_readable(args):
            self._misgiven(seen.func, args, kwargs, loss._sequence_nr(), frame)
        if seen.func is torch_private.SET_GRAD_ENABLED:
            self._switched(frame)
        elif seen.func in CREATE_GRAPH:
            recording.backwards.append((made, self._places.here(frame)))
            self._old = made
            if (
                seen.func is torch.autograd.grad
                and outputs
                and seen.live
                and not any(one.requires_grad for one in outputs)
            ):
                self._cut(Noticed("ungraphed", name_of(seen.func), None), outputs, seen.leaves, seen.live, frame, seen)
        elif not seen.leaves:
            self._made_of_nothing(seen, outputs, frame, args, kwargs)
            if seen.has_written:
                data = address(seen.inputs[0]), seen.number, name_of(seen.func), self._places.here(frame)
                recording.data_written.append(data)
        elif is_made_alike(name_of(seen.func), seen.inputs, args, kwargs, frame):
            self._made_of_nothing(replace(seen, inputs=[]), outputs, frame, args, kwargs)
        else:
            self._remember_cut(seen, outputs, frame, args, kwargs)
            self._notice(seen, outputs, result, source, frame)
            if (chosen := recording.chosen(seen.leaves)) and events.is_layer(seen, frame):
                recording.feed(chosen, seen.live)
        if (written := seen.to_weight) is not None:
            self._cut(Noticed("inplace", name_of(seen.func), None), [], written.leaves, written.live, frame, written)

    def _misgiven(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], number: int, frame: FrameType
    ) -> None:
        """What a loss is given and does not take. number: of the node that it is."""
        if (found := wrong(func, args, kwargs)) is not None:
            what, numbers = found
            place, whole = self._places.here(frame), not is_left_out_in_part(kwargs)
            told = Event(
                "misgiven", name_of(func), place, self.module, alone=whole, given=what, numbers=(*numbers.items(),)
            )
            self.recording.misgiven.append((number, told))

    def _fill(self, seen: Seen, frame: FrameType) -> None:
        """Nodes that no operation was seen to make are those of custom autograd.Functions."""
        applied = application(frame, anew=True)
        source = None if applied is None else self._places.here(applied.f_back)
        if applied is not None:
            with suppress(Exception):  # a Function may be anything, and it is the person's program that runs
                self.recording.remember(applied, seen.number - 1)
        for number in range(self._next, seen.number):
            self.recording.lineage.setdefault(number, seen.leaves)
            if number not in self.recording.live:
                self.recording.live[number] = seen.live
                self._flow.guessed.add(number)
            if source is not None:
                self.recording.sources.setdefault(number, source)

    def _keep(self, tensor: torch.Tensor, made_of: Iterable[int | None] = ()) -> int | None:
        """The value of a tensor that a grad_fn made; of its several outputs the first that is seen. Its sequence number."""
        made = maker(tensor)
        if made is None:
            return None
        number, recording = made._sequence_nr(), self.recording
        if number >= recording.first and recording.sees_first(number, made, tensor, self._most):
            below = [self._levels.get(other, 0) for other in made_of if other is not None]
            self._levels[number] = level = 1 + max(below, default=0)
            guard_node(made, level, below)
        return number

    def _look_again(
        self, seen: Seen, result: torch.Tensor, frame: FrameType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Where a result is not finite: what it was made of, while that is there."""
        made = maker(result)
        told = None if made is None else self.recording.values.get(made._sequence_nr())
        if made is None or told is None or made._sequence_nr() in self.recording.witnesses or in_function(frame):
            return
        with torch_private.without_torch_functions():
            look = witnesses.Look(frame, self.recording, self._past)
            found = witnesses.witness(seen.func, args, kwargs, seen.inputs, result, told, look, seen.has_written)
        if found is not None:
            self.recording.witnesses[made._sequence_nr()] = found

    def _remember_cut(
        self, seen: Seen, outputs: list[torch.Tensor], frame: FrameType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """How tensors came about that have no gradient any more."""
        recording, cut = self.recording, [tensor for tensor in outputs if not tensor.requires_grad]
        bad = witnesses.seen_behind(recording, seen.inputs) if cut and recording.witnesses else None
        for tensor in cut:
            self._past.add(tensor, seen.func, args, kwargs, self._places.here(frame), self.module, True, bad)

    def _notice(self, seen: Seen, outputs: list[torch.Tensor], result: Any, source: Any, frame: FrameType) -> None:
        told = kind_of(seen, outputs, self._flow.is_beside, bool(self.recording.backwards))
        first = seen.inputs[0] if seen.inputs else None
        over = [*outputs]
        if (
            first is not None
            and all(first is not one for one in outputs)
            and (seen.has_written or becomes(told, outputs))
        ):
            over.append(first)
        if told is not None and self._cut(told, over, seen.leaves, seen.live, frame, seen, source, result):
            return
        self._results.follow(seen.inputs, over)
        for tensor in over:
            if maker(tensor) is not None:
                self._flow.share(tensor, seen.leaves, seen.live)
            elif not tensor.requires_grad or tensor is first:
                self._flow.cut(tensor, self.recording.flowed_into(tensor) | seen.leaves, written=seen.has_written)

    def _name(self, leaf: torch.Tensor, frame: FrameType) -> None:
        """What a leaf that no model has is called where it is first used."""
        if self._own is None:
            model = self.recording.model()
            self._own = set() if model is None else set(map(id, named_parameters(model).values()))
        if is_leaf(leaf) and id(leaf) not in self._own:
            self.recording.called[id(leaf)] = weakref.ref(leaf), holder(leaf, frame, item=True)

    def _carry(self, tensor: torch.Tensor, number: int, frame: FrameType) -> None:
        """It is of a graph that was there before: who holds it?"""
        if all(one.number != number for one in self.recording.carried):
            made = self._places.of_assignment(variable(tensor, frame)) if number < self.recording.first else None
            self.recording.carried.append(Carried(number, holder(tensor, frame), self._places.here(frame), made))

    def _made_of_nothing(
        self, seen: Seen, outputs: list[torch.Tensor], frame: FrameType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """What has nothing to do with any leaf: a number may be what is returned, and data may have gone bad."""
        if is_of_array(seen.func, args):
            self.arrives(outputs[0])
        recording, place = self.recording, self._places.here(frame)
        first, name = recording.first_made(seen.inputs), name_of(seen.func)
        alone = (first.alone if first else not seen.inputs) and (
            not recording.has_left_torch or is_spelled_out(name, args, kwargs, frame)
        )
        for tensor in outputs:
            if tensor.requires_grad:
                recording.made_leaves[id(tensor)] = Fresh(weakref.ref(tensor), name, place, alone)
                continue
            self._past.add(tensor, seen.func, args, kwargs, place, self.module)
            if first is not None or not seen.inputs or not tensor.ndim:
                made = first is not None and (first.alone or called_functions.has(first.operation, "making"))
                origin = (first.operation, first.source) if first is not None and made else (name, place)
                recording.fresh[id(tensor)] = Fresh(weakref.ref(tensor), *origin, alone)

    def _note_constructed(self, given: torch.Tensor, made: torch.Tensor, name: str, frame: FrameType) -> None:
        origin = self._flow.into(given)
        if not origin.flowed and issubclass(type(made), torch.nn.Parameter) and made.requires_grad:
            self._born.add(id(made))
            place = self._places.here(frame)
            key = "born", name, place, self.module
            known = self.recording.happenings.get(key, Happening("born", name, place, self.module, 0, None))
            self.recording.happenings[key] = replace(known, leaves=known.leaves | self._flow.bit(made))
        if origin.flowed and made is not given:
            number = origin.number if origin.live else None
            self._cut(Noticed("new_leaf", name, number), [made], origin.flowed, origin.live, frame)

    def _switched(self, frame: FrameType) -> None:
        if in_function(frame):
            return
        if torch.is_grad_enabled():
            self._off = "before", None
        elif (by := switch_of(frame)) and self._off[0] == "before":
            self._off = by, self._places.here(frame)

    def around(self, frame: FrameType | None) -> Surroundings:
        return surroundings(frame)

    def _cut(
        self,
        told: Noticed,
        outputs: list[torch.Tensor],
        flowed: int,
        live: int,
        frame: FrameType,
        seen: Seen | None = None,
        source: Source | None = None,
        result: Any = None,
        what: str = "",
    ) -> bool:
        """Something happened: what came of it carries its bit on, and ends those of the happenings before it.

        False where nothing happened, as in a Function to what is one of its inputs.
        """
        itself = Cut(told.kind, told.operation, what, frame, source, live)
        cut = self._as_part(itself, self.around(frame), outputs) if told.kind in WITHIN else itself
        if cut is None:
            return False
        key, known = self._happening(cut, told.number, "" if seen is None else seen.maker)
        ended = flowed & self._happened & ~known.bit if known.bit and (cut.live or cut.kind == "left_torch") else 0
        written = known.written
        if seen is not None and seen.has_written:
            written = (*written, (address(seen.inputs[0]), seen.number, seen.numbers[0]))[-MOST_WRITTEN:]
        self.recording.happenings[key] = replace(
            known,
            leaves=known.leaves | (flowed if cut.kind in ("left_torch", "inplace", "moved") else cut.live),
            behind=known.behind | ended,
            written=written,
        )
        carried = flowed & ~ended | known.bit
        if cut.kind == "left_torch":
            self._flow.leaves_torch(result, carried)
        for tensor in outputs:
            if maker(tensor) is None or cut.kind == "written":
                self._flow.cut(tensor, carried, written=cut.kind == "written")
            else:
                self._flow.share(tensor, flowed, cut.live)
        return True

    def _as_part(self, cut: Cut, around: Surroundings, outputs: list[torch.Tensor]) -> Cut | None:
        """As part of what is around it, which then is what happened; None where that is nothing."""
        if around.kind is None:
            return cut
        frame = around.frame or cut.frame
        if around.kind == "checkpoint" and any(tensor.requires_grad for tensor in around.inputs):
            self._results.add(outputs, cut.live, "", self._places.here(frame), "wrapped")
            return None  # backward runs what is in it again, with a graph, but for what comes out in a list, say
        kind, live = around.kind, cut.live
        if kind == "custom" and self._off[0] != "before":
            kind = "no_grad"  # by what the Function was applied in
        elif kind in ("custom", "checkpoint"):
            given = self._flow.live_of(around.inputs)
            if kind == "custom":
                self._results.add(outputs, live & given, around.what, self._places.here(frame))
            live &= ~given
            if not live:
                return None
        return Cut(kind, around.operation, around.what, frame, None, live)

    def _happening(self, cut: Cut, number: int | None, made_by: str) -> tuple[tuple[object, ...], Happening]:
        """The one that is known of the same place, or a new one with a bit of its own."""
        source = cut.source or self._places.here(cut.frame)
        off: tuple[Switch, Source | None] = self._off if cut.kind == "no_grad" else ("", None)
        if cut.kind == "no_grad" and torch.is_inference_mode_enabled():
            off = "inference_mode", None
        module = "" if cut.kind in ("checkpoint", "wrapped", "copied", "custom") else self.module
        key = cut.kind, cut.operation, source, module, off
        known = self.recording.happenings.get(key)
        if known is None:
            bit = self._flow.next_bit(lambda: None) if cut.kind in FOLLOWED else 0
            known = Happening(cut.kind, cut.operation, source, module, 0, number, made_by, bit, 0, cut.what, *off)
            self._happened |= bit
        return key, known
