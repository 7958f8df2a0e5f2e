"""What a Recorder leaves behind: plain data by sequence number, and no tensor."""

from __future__ import annotations

import weakref
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import unwrap
from types import FrameType
from typing import Any, NamedTuple, cast

import torch
from msgspec.structs import replace
from torch.autograd.graph import Node

from gradtui.engine.autograd.create_graph import Passes
from gradtui.engine.autograd.custom import Call, call_of, mismatches
from gradtui.engine.capture.introspection import is_a
from gradtui.engine.capture.places import applied, is_own, returned
from gradtui.engine.tensors.values import legible
from gradtui.graph.operands import is_finite
from gradtui.snapshot import model as data
from gradtui.snapshot.events import Switch

COMPILED = "{name} was compiled by torch.compile, and ran as it is: of what ran inside it there are no values, lines and modules"
MOST_CALLS, MOST_FUNCTIONS = 3, 12
"""Calls of one custom Function, and of all, that are remembered."""
MOST_WRITTEN = 1_000
"""Storages that are remembered of a line that writes over tensors, and of all that write over data."""
TAG = "gradtui"
"""The key in a grad_fn's metadata under which it carries the Recording that it is in."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An Event whose leaves (a bit each) have no names yet, and whose node is known by its sequence number.

    maker: the name of that node. bit: its own, which flows on with what came of it; 0 where that is not followed. behind: bits of
    other happenings that flowed into it, and end there. what, switch, switched: as of an Event.
    written: the storages that were written over, each with the sequence number that came next, and that of what had made it.
    """

    kind: data.EventKind
    operation: str
    source: data.Source | None
    module: str
    leaves: int
    number: int | None
    maker: str = ""
    bit: int = 0
    behind: int = 0
    what: str = ""
    switch: Switch = ""
    switched: data.Source | None = None
    written: tuple[tuple[int, int, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """A tensor of a graph that was there before: its number, what holds it, where it was used, and where it was made."""

    number: int
    name: str
    source: data.Source | None
    made: data.Source | None = None


@dataclass(frozen=True, slots=True)
class Late:
    """A leaf that was asked for its gradient, without holding it: what it is called, and where that stands.

    ran: of a parameter, which has no name here, the modules that had run by then.
    """

    leaf: weakref.ref[torch.Tensor]
    name: str
    source: data.Source | None
    ran: Collection[str] = ()


class Fresh(NamedTuple):
    """A tensor that was made of nothing, without holding it: by which operation, and where.

    alone: whether nothing that had left torch by then can be in it.
    """

    tensor: weakref.ref[torch.Tensor]
    operation: str
    source: data.Source | None
    alone: bool

    def event(self) -> data.Event:
        return data.Event("fresh", self.operation, self.source, reached=True, alone=self.alone)


@dataclass(slots=True)
class Recording:
    """One forward pass, or several, of one thread.

    first, end: the sequence numbers it is of, end exclusive; None while it goes on.
    values, sources: by the sequence number of the grad_fn. lineage: the leaves that flowed into it, a bit each; live: those of
    them that a gradient goes back to.
    leaves: the leaf of each bit, without holding it; nothing for the bit of a happening.
    cut: by id, without holding them, tensors that no gradient goes through, and the bits that flowed into them.
    marks, entered: from which sequence number on which call of which module was running. watched: the model whose modules
    were, without holding it; calls: how often each ran, by path. compiled: what torch.compile made that ran, by name. unseen:
    paths of modules that run without being seen, and so do those below them. files: text, by name. backwards: where backward
    ran, and the sequence number that came next. passes: those of them that made a graph.
    fresh: numbers that were made of nothing that has a gradient, by id: what they are, which operation made them, and where.
    made_leaves: by id, without holding them, leaves that were made meanwhile of nothing.
    hooked: hooks on what a node made, by its sequence number, and where they were put on. late: by id, what requires a gradient
    since it was asked to, and has not been used since; `late_leaves` has those that are still there.
    carried: what was used of graphs that backward has run over, or that were there before.
    inference: by id, without holding them, tensors of inference_mode, and where they were made.
    off: whether gradients were switched off at its end. witnesses: of what went bad, by the sequence number of the grad_fn.
    fed: the leaves to which no gradient goes back from a layer that a sample, or a choice of the nearest, went into, by its bit.
    functions: small calls of custom Functions of the person's, by the same, with copies of what they took in; until `mismatches`.
    arrived: the bit of arrays that came into torch, and those of what had left it as an array before.
    called: by id, without holding them, leaves that no model has, and what they were called where they were first used.
    outputs: of several outputs of a node those that were seen, by its sequence number.
    data_written: storages of what no leaf flowed into that were written over, each with the sequence number that came next, the
    operation, and where. misgiven: with the sequence number of a loss, what it was given. fault: an error of our own that ended
    it before its time; empty for none.
    """

    first: int
    end: int | None = None
    values: dict[int, data.Values | None] = field(default_factory=dict)
    sources: dict[int, data.Source] = field(default_factory=dict)
    lineage: dict[int, int] = field(default_factory=dict)
    live: dict[int, int] = field(default_factory=dict)
    leaves: list[Callable[[], torch.Tensor | None]] = field(default_factory=list)
    cut: dict[int, tuple[weakref.ref[torch.Tensor], int]] = field(default_factory=dict)
    happenings: dict[tuple[object, ...], Happening] = field(default_factory=dict)
    marks: list[int] = field(default_factory=list)
    entered: list[tuple[str, int]] = field(default_factory=list)
    watched: weakref.ref[torch.nn.Module] | None = None
    calls: dict[str, int] = field(default_factory=dict)
    compiled: dict[str, None] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)
    backwards: list[tuple[int, data.Source | None]] = field(default_factory=list)
    passes: Passes = field(default_factory=Passes)
    off: bool = False
    misgiven: list[tuple[int, data.Event]] = field(default_factory=list)
    fault: str = ""
    carried: list[Carried] = field(default_factory=list)
    inference: dict[int, tuple[weakref.ref[torch.Tensor], data.Source | None]] = field(default_factory=dict)
    fresh: dict[int, Fresh] = field(default_factory=dict)
    made_leaves: dict[int, Fresh] = field(default_factory=dict)
    hooked: list[tuple[int, data.Source | None]] = field(default_factory=list)
    late: dict[int, Late] = field(default_factory=dict)
    witnesses: dict[int, data.Witness] = field(default_factory=dict)
    functions: dict[int, Call] = field(default_factory=dict)
    fed: dict[int, int] = field(default_factory=dict)
    arrived: dict[int, int] = field(default_factory=dict)
    called: dict[int, tuple[weakref.ref[torch.Tensor], str]] = field(default_factory=dict)
    outputs: dict[int, set[int]] = field(default_factory=dict)
    data_written: deque[tuple[int, int, str, data.Source | None]] = field(
        default_factory=lambda: deque(maxlen=MOST_WRITTEN)
    )

    def sees_first(self, number: int, made: Node, tensor: torch.Tensor, most: int) -> bool:
        """Whether it is the first output that is seen of what made it. Of others one that is not finite stands for all."""
        output = tensor.output_nr
        if number not in self.values:
            cast(Any, made).metadata[TAG] = self
            self.values[number] = legible(tensor, most)
            if output:
                self.outputs[number] = {output}
            return True
        seen = self.outputs.setdefault(number, {0}) if output else self.outputs.get(number, {0})
        if output not in seen:
            seen.add(output)
            found = legible(tensor, most)
            if is_finite(self.values[number]) and not is_finite(found):
                self.values[number] = found
        return False

    def covers(self, number: int) -> bool:
        return self.first <= number and (self.end is None or number < self.end)

    def notes(self) -> Iterator[data.Note]:
        """What was not looked into."""
        for name in self.compiled:
            yield data.Note("code", COMPILED.format(name=name))

    def model(self) -> torch.nn.Module | None:
        return self.watched() if self.watched is not None else None

    def count(self, path: str) -> int | None:
        """How often the watched module at `path` ran; None where nobody knows."""
        calls = self.calls.get(path, 0)
        hidden = not calls and any(not above or f"{path}.".startswith(f"{above}.") for above in self.unseen)
        return None if hidden else calls

    def module(self, number: int) -> tuple[str, int]:
        """Path and call of the innermost module that ran when this sequence number was given."""
        place = bisect_right(self.marks, number) - 1
        return self.entered[place] if place >= 0 else ("", 0)

    def first_places(self, paths: Collection[str]) -> dict[str, data.Source]:
        """Where each of these modules first did something itself that has a gradient."""
        found: dict[str, data.Source] = {}
        for number, source in self.sources.items() if paths else ():
            path = self.module(number)[0]
            if path in paths:
                found.setdefault(path, source)
        return found

    def flowed_into(self, tensor: torch.Tensor) -> int:
        """The leaves and happenings whose numbers went into it, but for itself, a bit each."""
        made = maker(tensor)
        if made is not None:
            return self.lineage.get(made._sequence_nr(), 0)
        known = self.cut.get(id(tensor))
        return 0 if known is None else known[1]

    def events(
        self, names: Mapping[torch.Tensor, str], ids: Mapping[int, int], outputs: Iterable[torch.Tensor] = ()
    ) -> tuple[data.Event, ...]:
        """names: of the leaves. ids: of the nodes, by sequence number. outputs: what is differentiated."""
        flowed = 0
        fresh = []
        for output in outputs:
            flowed |= self.flowed_into(output)
            known_as = self.fresh.get(id(output)) or self.made_leaves.get(id(output))
            if known_as is not None and known_as.tensor() is output:
                fresh.append(known_as.event())
        fresh += self._of_fresh_leaves(flowed) if not fresh else []
        behind = self._behind(flowed)
        left = sum(one.bit for one in self.happenings.values() if one.kind == "left_torch")
        perhaps = left | self._behind(left)
        returned = 0
        for bit, before in self.arrived.items():
            returned |= before if bit & (flowed | behind) else 0
        found = [leaf() for leaf in self.leaves]
        known = [None if leaf is None else names.get(leaf) for leaf in found]
        return (
            *fresh,
            *(
                data.Event(
                    kind=one.kind,
                    operation=one.operation,
                    source=one.source,
                    module=one.module,
                    leaves=tuple(name for bit, name in enumerate(known) if name and one.leaves >> bit & 1),
                    node=None if one.number is None else ids.get(one.number),
                    reached=True
                    if one.bit & (flowed | behind)
                    else None
                    if one.bit & perhaps or not one.bit
                    else False,
                    alone=not one.bit or bool(one.bit & flowed),
                    switch=one.switch,
                    switched=one.switched,
                    still=bool(one.switch) and self.off,
                    what=one.what,
                    of_gradient=self._is_of_gradient(one),
                    itself=one.kind == "detach" and one.number is None,
                    returned=bool(one.bit & returned),
                    fed=tuple(name for bit, name in enumerate(known) if name and self.fed.get(one.bit, 0) >> bit & 1),
                )
                for one in self.happenings.values()
            ),
        )

    def chosen(self, flowed: int) -> list[Happening]:
        """The samples that rsample() would have drawn, and the choices of the nearest, among what flowed into something."""
        there = (one for one in self.happenings.values() if one.bit & flowed)
        return [one for one in there if one.kind == "sampled" or one.operation == "argmin"]

    def feed(self, chosen: Iterable[Happening], live: int) -> None:
        """Into a layer, from which a gradient goes back to `live`; of a choice only where what is chosen is among that."""
        for one in chosen:
            if one.kind == "sampled" or one.leaves & live:
                self.fed[one.bit] = self.fed.get(one.bit, 0) | one.leaves & ~live

    def _of_fresh_leaves(self, flowed: int) -> list[data.Event]:
        """Where the output is made of nothing but leaves that were made meanwhile, of nothing."""
        leaves = [leaf() for bit, leaf in enumerate(self.leaves) if flowed >> bit & 1]
        known = [None if leaf is None else self.made_leaves.get(id(leaf)) for leaf in leaves]
        return [one.event() for one in known[:1] if one and all(known)]

    def first_made(self, inputs: Sequence[torch.Tensor]) -> Fresh | None:
        """The first of them, if all of them are numbers that were made of nothing."""
        known = [self.fresh.get(id(one)) for one in inputs]
        own = [one for one, tensor in zip(known, inputs, strict=True) if one is not None and one.tensor() is tensor]
        if not own or len(own) < len(known):
            return None
        return own[0]._replace(alone=all(one.alone for one in own))

    @property
    def has_left_torch(self) -> bool:
        """Whether any number has."""
        return any(one.kind == "left_torch" for one in self.happenings.values())

    def late_leaves(self) -> Iterator[tuple[torch.Tensor, Late]]:
        """Those that nothing used since; parameters also where something did, as long as they required a gradient before."""
        used = {id(leaf) for one in self.leaves if (leaf := one()) is not None}
        for one in self.late.values():
            leaf = one.leaf()
            if leaf is not None and leaf.requires_grad and (is_a(leaf, torch.nn.Parameter) or id(leaf) not in used):
                yield leaf, one

    def made_before(self, number: int) -> data.Source | None:
        """Where what a variable holds was made, before this recording began."""
        return next((one.made for one in self.carried if one.number == number), None)

    def _is_of_gradient(self, one: Happening) -> bool:
        return one.kind == "detach" and one.number is not None and self.passes.of(one.number) is not None

    def _behind(self, flowed: int) -> int:
        """The happenings that flowed into those that flowed into the output, and so on."""
        behind = 0
        for one in reversed(self.happenings.values()):
            if one.bit & (flowed | behind):
                behind |= one.behind
        return behind

    def remember(self, application: FrameType, number: int) -> None:
        """What a Function of the person's own takes in, of a few small calls: its backward can then be held against it."""
        (function, args), calls = applied(application), self.functions
        if (
            function is None
            or len(calls) >= MOST_FUNCTIONS
            or not is_own(unwrap(function.backward).__code__.co_filename)
        ):
            return
        if sum(one.function is function for one in calls.values()) < MOST_CALLS:
            call = call_of(function, args)
            if call is not None:
                calls[number] = call

    def names(self, leaves: Iterable[torch.Tensor], taken: Iterable[str]) -> dict[torch.Tensor, str]:
        """Of those that were called something, each its own name."""
        used, found = set(taken), {}
        for leaf in leaves:
            known = self.called.get(id(leaf))
            name = "" if known is None or known[0]() is not leaf else known[1].removeprefix("self.")
            if name and name not in used:
                used.add(name)
                found[leaf] = name
        return found

    def mismatches(self, ids: Mapping[int, int]) -> Iterator[data.Mismatch]:
        """Of each custom Function, in the first of its remembered calls that is in the graph. Once: the copies are let go of."""
        calls, self.functions = self.functions, {}
        seen = set()
        for number, call in calls.items():
            if number in ids and call.function not in seen:
                seen.add(call.function)
                for one in mismatches(call, ids[number]):
                    yield replace(one, defined=returned(call.function.backward))


def recording_of(node: Node) -> Recording | None:
    """That of the Recorder that saw `node` being made."""
    found = cast(Any, node).metadata.get(TAG)
    return found if isinstance(found, Recording) else None


def maker(tensor: torch.Tensor) -> Node | None:
    """Its grad_fn. None also for a view made under no_grad of what was changed after that: torch refuses to tell."""
    try:
        return tensor.grad_fn
    except RuntimeError:
        return None


def is_leaf(tensor: torch.Tensor) -> bool:
    """Of such a view torch does not tell that either; it is none."""
    try:
        return tensor.is_leaf
    except RuntimeError:
        return False
