"""Updates that a person's own code makes, `w -= lr * w.grad`, where no optimizer has the weights.

Seen as one: after a backward pass, with a gradient in use, a leaf is written over in place, or a new leaf that was made of it
and a gradient replaces it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, NamedTuple

import torch

from gradtui.engine.capture.flow import address
from gradtui.engine.capture.introspection import entries, is_a, items, living, named_parameters, tensors
from gradtui.engine.capture.places import is_users
from gradtui.engine.capture.recording import is_leaf, maker
from gradtui.engine.tensors.values import PLAIN
from gradtui.engine.torch_private import is_wrapped, sequence_number
from gradtui.engine.watching.backward_passes import Passes
from gradtui.engine.watching.calls.lost_updates import LostUpdates
from gradtui.engine.watching.kept_calls.tape import GET_GRAD, SET_DATA, SET_GRAD, SET_REQUIRES_GRAD, is_in_place
from gradtui.engine.watching.parameter_names import Names

MOST_ALIKE = 4
"""Kinds of updates that begin with leaves of the same name and shape; then the one that rested longest goes on."""


class ByHand:
    """To the rest of the watch an optimizer. state, param_groups: as one has them; of all leaves that the passes before an update
    gave a gradient, as nobody knows at the first write which others will follow. gradients: what `torch.autograd.grad` gave for
    some of them, by their ids. replaced: by their ids, those that have taken the place of some."""

    state: Mapping[torch.Tensor, Any] = {}

    def __init__(self) -> None:
        self.param_groups: list[dict[str, Any]] = []
        self.gradients: Mapping[int, torch.Tensor | None] = {}
        self.replaced: dict[int, torch.Tensor] = {}

    def now(self, leaf: torch.Tensor) -> torch.Tensor:
        return self.replaced.get(id(leaf), leaf)


Begins = Callable[[ByHand, FrameType], object]
Ends = Callable[[ByHand, int], object]


class Known(NamedTuple):
    """A leaf that a pass gave a gradient. is_input: it is what a model is given, and not what it learns. given: the gradient that
    `torch.autograd.grad` gave; is_given: whether that gave any."""

    reference: weakref.ref[torch.Tensor]
    is_input: bool = False
    is_given: bool = False
    given: torch.Tensor | None = None


class Kind(NamedTuple):
    """Updates that begin with the same leaf; or with one of the same name and shape, where there are too many of them: learners
    that are thrown away, say."""

    update: ByHand
    first: weakref.ref[torch.Tensor]
    name: str
    shape: torch.Size


class Trace(NamedTuple):
    """Of a tensor. leaves: ids of those whose numbers went into it. has_gradient: whether a gradient did."""

    reference: weakref.ref[torch.Tensor]
    leaves: frozenset[int]
    has_gradient: bool


class Traces:
    """leaf: the one that a tensor is, or of which it has the numbers."""

    def __init__(self, leaf: Callable[[torch.Tensor], torch.Tensor | None]) -> None:
        self._leaf = leaf
        self._known: dict[int, Trace] = {}

    def forget(self) -> None:
        self._known = {}

    def forget_the_dead(self) -> None:
        self._known = {key: one for key, one in self._known.items() if one.reference() is not None}

    def is_gradient(self, tensor: torch.Tensor) -> None:
        self._known[id(tensor)] = Trace(weakref.ref(tensor), frozenset(), True)

    def is_new_leaf(self, tensor: torch.Tensor) -> None:
        """It begins anew: what is made of it is a forward pass."""
        self._known.pop(id(tensor), None)

    def of(self, tensor: torch.Tensor) -> Trace | None:
        leaf = self._leaf(tensor)
        if leaf is not None:
            return Trace(weakref.ref(leaf), frozenset((id(leaf),)), False)
        known = self._known.get(id(tensor))
        return known if known is not None and known.reference() is tensor else None

    def has_gradient(self, values: Iterable[Any]) -> bool:
        return any((one := self._known.get(id(each))) is not None and one.has_gradient for each in tensors(values))

    def came(self, args: tuple[Any, ...], kwargs: Any, result: Any) -> None:
        """A call has run: what came of it has in it what it was given."""
        given = [*args, *(one for _, one in entries(kwargs))]
        found = [trace for one in tensors(given) if (trace := self.of(one)) is not None]
        if not found:
            return
        leaves = frozenset[int]().union(*(one.leaves for one in found))
        has_gradient = any(one.has_gradient for one in found)
        for one in tensors((result,)):
            if self._leaf(one) is None:
                self._known[id(one)] = Trace(weakref.ref(one), leaves, has_gradient)


class UpdatesByHand:
    """An update begins with the first write, or the first leaf that is made anew, and ends before the next forward pass. Those
    that begin with the same leaf are of one kind: a GAN has two.

    begins, ends: are told of each; with the frame that writes, and with the number of the first node that comes after it.
    running: the one that has begun.
    """

    def __init__(self, passes: Passes, names: Names, lost: LostUpdates, begins: Begins, ends: Ends) -> None:
        self.running: ByHand | None = None
        self._passes, self._names, self._lost = passes, names, lost
        self._begins, self._ends = begins, ends
        self._called: Mapping[int, str] = {}
        self._kinds: list[Kind] = []
        self._leaves: dict[int, Known] = {}
        self._addresses: dict[int, int] = {}
        self._held: Sequence[torch.Tensor] = ()
        self._traces = Traces(self._leaf)
        self._in_vain: dict[int, weakref.ref[torch.Tensor]] = {}
        """Leaves that were asked for a gradient, and that no pass has given one."""
        self._has_looked = self._has_read = False
        self._next = 0

    @property
    def listens(self) -> bool:
        return bool(self._leaves)

    def is_needed(self, outputs: Sequence[Any]) -> bool:
        """Whether there is no optimizer for the leaves of a graph, or for a model that ran. It is looked for but once, through
        all objects."""
        if not self._has_looked and not any(map(is_wrapped, tensors(outputs))):
            self._has_looked = True
            of_models = (one for model in self._names.models() for one in named_parameters(model).values())
            return not _have_an_optimizer(self._passes.leaves(outputs), of_models)
        return True

    def may_go_by(self, outputs: Sequence[Any], creates: bool) -> bool:
        """An update, by what `torch.autograd.grad` gives of these; not where they came of gradients alone: those are second
        derivatives, for Newton's method, say. creates: whether it makes a graph of them."""
        if any(map(is_wrapped, tensors(outputs))):
            return not creates
        found = [self._traces.of(one) for one in tensors(outputs)]
        return not any(one is not None and one.has_gradient and not one.leaves for one in found)

    def passed(self, accumulates: bool, inputs: object, gradients: object, frame: FrameType) -> bool:
        """A backward pass is over. accumulates: the leaves have their gradients; else `torch.autograd.grad` gave those of the
        inputs. Whether something may be updated now.

        What is no parameter, where others of the pass are, is what a model is given, and not what it learns.
        """
        leaves = self._passes.leaves()
        if accumulates:
            having = [one for one in reversed(leaves) if one.grad is not None]
            beside = any(map(_is_parameter, having))
            found = [(one, Known(weakref.ref(one), beside and not _is_parameter(one))) for one in having]
        else:
            found = [(one, Known(weakref.ref(one), False, True, grad)) for one, grad in _given(inputs, gradients)]
            asked = any(_is_parameter(one) for one, _ in found)
            found = found if asked or not any(map(_is_parameter, leaves)) else []
        self._leaves = {key: one for key, one in self._leaves.items() if one.reference() is not None}
        self._addresses = {place: key for place, key in self._addresses.items() if key in self._leaves}
        self._traces.forget_the_dead()
        for leaf, known in found:
            self._leaves[id(leaf)], self._addresses[address(leaf)] = known, id(leaf)
            self._in_vain.pop(id(leaf), None)
            if known.given is not None:
                self._traces.is_gradient(known.given)
        self._addresses.pop(0, None)
        self._lost.pass_ends()
        self._held, self._has_read = [leaf for leaf, _ in found], False  # until others have taken their place
        alive = self._alive()
        if alive:  # names, before a loop calls each of them the same
            self._called = {id(one): name for name, one in self._names.of(alive, frame).items()}
        return bool(alive)

    def comes(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType) -> None:
        """A call of torch that has not run yet."""
        if self.running is not None:
            self._next = sequence_number()
        if func == GET_GRAD:
            leaf = self._leaf(args[0])
            if leaf is not None and leaf.grad is not None:
                self._has_read = True
                self._traces.is_gradient(leaf.grad)
            elif leaf is None and self._is_asked_in_vain(args[0], frame):
                self._in_vain[id(args[0])] = weakref.ref(args[0])
            elif is_users(frame):
                self._lost.asked(args[0])
        elif func == SET_GRAD:
            self._gradient_set(*args)
        elif func == SET_REQUIRES_GRAD:
            self._made(args[0], frame)
            self._traces.is_new_leaf(args[0])
        else:
            self._has_read = self._has_read or self._traces.has_gradient((*args, *kwargs.values()))
            if self.running is None and self._has_read:
                self._look_whether_written(func, args, kwargs, frame)

    def _is_asked_in_vain(self, leaf: torch.Tensor, frame: FrameType) -> bool:
        """By a person's own code, and to update it: what clears gradients mostly does so with gradients on, after the update."""
        updates = self.running is None or not torch.is_grad_enabled()
        return updates and leaf.requires_grad and is_leaf(leaf) and leaf.grad is None and is_users(frame)

    def _gradient_set(self, leaf: torch.Tensor, gradient: torch.Tensor | None) -> None:
        """What is taken away after it was read is what the update goes by."""
        known = self._leaves.get(id(leaf))
        if known is not None and gradient is not None:
            self._leaves[id(leaf)] = known._replace(is_given=False, given=None)
        elif known is not None and self._traces.has_gradient((leaf.grad,)):
            self._leaves[id(leaf)] = known._replace(is_given=True, given=leaf.grad)

    def _look_whether_written(
        self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType
    ) -> None:
        written = args[:1] if func == SET_DATA or is_in_place(func) else (kwargs.get("out"),)
        first = next((leaf for one in tensors(written) if (leaf := self._leaf(one)) is not None), None)
        if first is not None and self._leaves[id(first)].is_input:
            del self._leaves[id(first)]
        elif first is not None:
            self._begin(first, frame)

    def came(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any, frame: FrameType) -> None:
        """A call has run."""
        if func is torch.autograd.grad:
            return  # it was told of as a pass
        self._traces.came(args, kwargs, result)
        if self.running is None and self._has_read:
            self._look_whether_lost(func, (*args, *kwargs.values()), result, frame)
        for one in tensors((result,)):
            if one.requires_grad and is_leaf(one):
                self._made(one, frame)
                self._traces.is_new_leaf(one)
            elif (
                self.running is not None and torch.is_grad_enabled() and maker(one) is not None and not is_wrapped(one)
            ):
                trace = self._traces.of(one)
                if trace is None or not trace.has_gradient:
                    self.finish(self._next)

    def _look_whether_lost(self, func: Any, given: tuple[Any, ...], result: Any, frame: FrameType) -> None:
        trace = self._traces.of(result) if is_a(result, torch.Tensor) else None
        leaves = [known for key in trace.leaves if (known := self._leaves.get(key))] if trace is not None else []
        leaf = leaves[0].reference() if len(leaves) == 1 and trace is not None and trace.has_gradient else None
        updates = leaf is not None and leaf.shape == result.shape and not leaves[0].is_input
        for one in tensors(given):
            self._lost.given(one, leaf if updates else None)
        if updates and leaf is not None:
            self._lost.came(func, leaf, result, self._called, frame)

    def _made(self, new: torch.Tensor, frame: FrameType) -> None:
        """A leaf, or what becomes one: where it came of another and of a gradient, it takes the place of that."""
        trace = self._traces.of(new)
        if trace is None or not trace.has_gradient:
            return
        replaced: Mapping[int, torch.Tensor] = {} if self.running is None else self.running.replaced
        known = [one for one in self._alive() if id(one) in trace.leaves and id(one) not in replaced]
        old = next((one for one in known if one.shape == new.shape), None)
        if old is None or self._leaves[id(old)].is_input:
            return
        if self.running is None:
            self._begin(old, frame)
            self._next = sequence_number()
        if self.running is not None:
            self.running.replaced[id(old)] = new

    def finish(self, border: int | None = None) -> None:
        """What was written since the last pass is one update, if anything was."""
        running, self.running = self.running, None
        if running is None:
            return
        called = ((self._called.get(id(one), ""), one, running.now(one)) for one in running.param_groups[0]["params"])
        self._names.inherit(each for each in called if each[1] is not each[2])
        self._forget()
        running.param_groups = [{"params": [*map(running.now, running.param_groups[0]["params"])]}]
        self._kinds = [
            one._replace(first=weakref.ref(running.now(first))) if (first := one.first()) is not None else one
            for one in self._kinds
        ]
        self._ends(running, sequence_number() if border is None else border)
        running.param_groups, running.gradients, running.replaced = [], {}, {}

    def _forget(self) -> None:
        self._leaves, self._addresses, self._held, self._has_read = {}, {}, (), False
        self._traces.forget()

    def _leaf(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """The one that this is, or of which it has the numbers, as `.data`, `detach()` or a slice."""
        known = self._leaves.get(id(tensor))
        if known is None or known.reference() is None:
            with suppress(RuntimeError, NotImplementedError):  # it has no memory of its own
                known = self._leaves.get(self._addresses.get(address(tensor), 0))
        return None if known is None else known.reference()

    def _alive(self) -> Sequence[torch.Tensor]:
        return [leaf for one in self._leaves.values() if (leaf := one.reference()) is not None]

    def _begin(self, first: torch.Tensor, frame: FrameType) -> None:
        leaves = self._alive()
        if not self._kinds and _have_an_optimizer(leaves):  # one that was made since
            self._forget()
            return
        self.running = self._kind(first).update
        asked = (one for reference in self._in_vain.values() if (one := reference()) is not None)
        self.running.param_groups = [{"params": [*leaves, *asked]}]
        self.running.gradients = {key: one.given for key, one in self._leaves.items() if one.is_given}
        self._begins(self.running, frame)

    def _kind(self, first: torch.Tensor) -> Kind:
        name = self._called.get(id(first), "")
        known = next((one for one in self._kinds if one.first() is first), None)
        alike = [one for one in self._kinds if (one.name, one.shape) == (name, first.shape)]
        if known is None and len(alike) >= MOST_ALIKE:
            known = alike[0]
        kind = Kind(ByHand() if known is None else known.update, weakref.ref(first), name, first.shape)
        self._kinds = [*(one for one in self._kinds if one.update is not kind.update), kind]
        return kind


def _is_parameter(leaf: torch.Tensor) -> bool:
    return is_a(leaf, torch.nn.Parameter)


def _have_an_optimizer(leaves: Sequence[torch.Tensor], others: Iterable[torch.Tensor] = ()) -> bool:
    """Whether there is one that is to step one of them or of the others, or what the leaves are a copy of."""
    wanted = {id(one) for one in (*leaves, *others)}
    own = [[one for group in each.param_groups for one in group["params"]] for each in living(torch.optim.Optimizer)]
    return any(any(id(one) in wanted for one in each) or _are_copies(leaves, each) for each in own)


def _are_copies(leaves: Sequence[torch.Tensor], of: Sequence[torch.Tensor]) -> bool:
    """Whether each has the numbers of one of these, and not 0 alone, as learners of a model have when they begin."""
    if any(type(one) not in PLAIN or one.is_meta or one.layout != torch.strided for one in (*leaves, *of)):
        return False
    pairs = ([other for other in of if _kind(other) == _kind(one)] for one in leaves)
    alike = all(any(torch.equal(one, other) for other in those) for one, those in zip(leaves, pairs, strict=True))
    return alike and any(bool(one.any()) for one in leaves)


def _kind(tensor: torch.Tensor) -> tuple[object, ...]:
    return tensor.shape, tensor.dtype, tensor.device


def _given(inputs: object, gradients: object) -> Iterable[tuple[torch.Tensor, torch.Tensor | None]]:
    """The leaves that `torch.autograd.grad` was asked for, each with what it gave."""
    pairs = zip(items(inputs), items(gradients), strict=False)
    return (
        (one, gradient) for one, gradient in pairs if is_a(one, torch.Tensor) and one.requires_grad and is_leaf(one)
    )


def gradients(update: object) -> Mapping[int, torch.Tensor | None]:
    """What `torch.autograd.grad` gave for one by hand, by the ids of its leaves; it does not add up what several passes give."""
    return update.gradients if is_a(update, ByHand) else {}
