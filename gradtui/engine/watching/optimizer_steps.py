"""Each step of an optimizer in numbers: what it found, what it changed, and what that adds to the history of parameters."""

from __future__ import annotations

import math
import sys
import time
import weakref
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from gradtui.engine.capture.introspection import is_a
from gradtui.engine.capture.places import Places
from gradtui.engine.torch_sharding import is_shard
from gradtui.engine.watching import model_structure, step_effects, tensor_norms
from gradtui.engine.watching.backward_passes import Passes
from gradtui.engine.watching.calls import loss_inputs
from gradtui.engine.watching.calls.clipping_and_writes import Notice
from gradtui.engine.watching.last_steps import LastGradients, LastSteps
from gradtui.engine.watching.left_gradients import gradient_of, has_gradient
from gradtui.engine.watching.optimizer_settings import add_settings, look_whether_emptied, setting
from gradtui.engine.watching.parameter_names import Names
from gradtui.engine.watching.parameter_owners import Owners
from gradtui.engine.watching.parameter_samples import Samples, is_shared
from gradtui.engine.watching.sink import Sink
from gradtui.engine.watching.updates_by_hand import ByHand, gradients
from gradtui.findings.over_time.history import LASTING, YOUR_CODE, History, OptimizerHistory, ParameterHistory, Seen
from gradtui.runs.run import ParameterNorms, Update
from gradtui.snapshot.model import Source

GROWN = 10.0
"""Times the least loss so far, above which it is looked at how it goes on along the last step: of one that has grown a thousand
times, what it rose by below that is next to nothing, and to look takes as long as a norm of all weights."""
LOOKED_AT = 4
"""Updates after which is looked for units that are one and the same."""


class Steps:
    """ran: how many there were. parameters: of the optimizer that is stepping."""

    def __init__(
        self, history: History, names: Names, passes: Passes, notice: Notice, sink: Sink, started: float
    ) -> None:
        self.ran = 0
        self.parameters: list[torch.Tensor] = []
        self._history, self._names, self._passes, self._notice, self._sink = history, names, passes, notice, sink
        self._started = started
        self._optimizers: list[weakref.ref[Any]] = []
        self._owners = Owners()
        self._named: Mapping[str, torch.Tensor] = {}
        self._last_steps, self._along = LastSteps(), math.nan
        self._grads: dict[str, tuple[float, int, int]] = {}
        self._weights: list[float] = []
        self._samples = Samples()
        self._number = 0
        self._stepper, self._stepped = -1, set[int]()
        self._bare: dict[str, weakref.ref[torch.Tensor]] = {}
        self._last_gradients = LastGradients()
        self._places = Places()
        self._lost: set[tuple[str, str]] = set()
        self._shards: set[str] = set()
        self._closure, self._evaluations, self._skipped = False, 0, False
        self._place: Source | None = None

    # ---------------------------------------------------------------- a step begins

    def begins(self, optimizer: Any, frame: FrameType, place: Source | None, closure: bool) -> None:
        self._closure, self._evaluations, self._skipped, self._place = closure, 0, False, place
        self.parameters = [one for group in optimizer.param_groups for one in group["params"] if not is_lazy(one)]
        self._passes.parameters = self.parameters
        self._named = self._names.of(self.parameters, frame, stepped=True)
        self._number = self._numbered(optimizer, place)
        self._owners.have(self._number, self.parameters)
        self._look_at_weights()
        self._look_whether_written()
        look_whether_emptied(self._history, self._number, optimizer)
        self._along = 0.0
        if self._passes.loss is not None and self._passes.loss > GROWN * self._history.optimizers[self._number].least:
            self._along = self._last_steps.along(self._number, self.parameters, gradients(optimizer))
        self._last_steps.begins(self._number, self.parameters)
        if is_a(optimizer, ByHand):
            self._passes.left.hand_begins(self._number, self.parameters)
        if not closure:
            self._gradients(optimizer, frame)

    def evaluated(self, optimizer: Any, frame: FrameType) -> None:
        """The closure of the step has run: the first time all is as where a step without one begins."""
        self._evaluations += 1
        self._closure = self._evaluations > 1
        if not self._closure:
            self._named = self._names.of(self.parameters, frame, stepped=True)
            if not self._history.optimizers[self._number].steps:
                self._describe(self._history.optimizers[self._number])
            self._look_at_weights()
            self._gradients(optimizer, frame)

    def _look_at_weights(self) -> None:
        self._notice.own_are(self._named.values())
        self._weights = tensor_norms.norms([*self._named.values()])

    def _numbered(self, optimizer: Any, place: Source | None) -> int:
        for number, reference in enumerate(self._optimizers):
            if reference() is optimizer:
                return number
        self._optimizers.append(weakref.ref(optimizer))
        by_hand = is_a(optimizer, ByHand)
        name = YOUR_CODE if by_hand else type(optimizer).__name__
        self._sink.optimizer(name)
        shards = [name for name, one in self._named.items() if is_shard(one) and name not in self._shards]
        if shards:
            self._shards.update(shards)
            self._sink.shards(shards)
        made = OptimizerHistory(name, frozenset(), self._history.updates, source=place, by_hand=by_hand)
        self._describe(made)
        alike = (
            place for place, other in enumerate(self._history.optimizers) if other.name == made.name and not by_hand
        )
        made.follows = max((one for one in alike if self._owners.had_the_same(one, self.parameters)), default=None)
        self._owners.comes()
        self._history.optimizers.append(made)
        return len(self._optimizers) - 1

    def _describe(self, made: OptimizerHistory) -> None:
        own = {id(one) for one in self.parameters}
        made.names = frozenset(name for name, one in self._named.items() if id(one) in own)
        known = {id(one) for model in self._names.models() for one in model.parameters()}
        reached = any(one.grad is not None for name, one in self._named.items() if id(one) not in own)
        if known & own or (known and reached):
            self._find_orphans(made)

    def _find_orphans(self, optimizer: OptimizerHistory) -> bool:
        """Whether it holds some that no module has that ran, and that have no gradient."""
        known = {id(one) for model in self._names.models() for one in model.parameters()}
        lost = {id(one) for one in self.parameters if not (optimizer.by_hand or id(one) in known or has_gradient(one))}
        orphans = frozenset(name for name, one in self._named.items() if id(one) in lost)
        if not orphans <= optimizer.orphans:
            optimizer.orphans, optimizer.of_another = orphans | optimizer.orphans, model_structure.is_in_a_module(lost)
        return bool(orphans)

    def _gradients(self, optimizer: Any, frame: FrameType | None) -> None:
        """Of every parameter that has one its norm, and how many elements are nan or infinite."""
        own, given = {id(one) for one in self.parameters}, gradients(optimizer)
        every = [(name, given.get(id(one), gradient_of(one))) for name, one in self._named.items()]
        having = [(name, grad) for name, grad in every if grad is not None]
        factor = getattr(optimizer, "grad_scale", None)
        scale = float(factor) if factor is not None else 1.0
        found = getattr(optimizer, "found_inf", None)
        self._skipped = found is not None and bool(found)
        self._grads = {}
        for (name, grad), norm in zip(having, tensor_norms.norms([grad for _, grad in having]), strict=True):
            counts = (0, 0) if math.isfinite(norm) else tensor_norms.counts(grad)
            self._grads[name] = (math.nan if counts[0] else norm / scale, *counts)
        self._passes.penalised.step_begins((name, self._named[name], grad) for name, grad in having)
        bad = tuple(name for name, one in self._named.items() if id(one) in own and self._is_bad(name))
        history, update = self._history, self._history.updates
        if bad and not self._skipped and history.bad_gradient is None:
            history.bad_gradient = update, bad, self._passes.place
            if not self._closure:
                self._passes.take(frame)
        elif not self._closure and (self._passes.wanted(update) or self._is_doubtful(own)):
            self._passes.take(frame, doubtful=not self._passes.wanted(update))

    def _is_doubtful(self, own: set[int]) -> bool:
        """Whether it is worth a look why gradients are what they are."""
        found = self._notice.doubtful or self._lost_one(own)
        if found or not self._notice.is_early or not self._passes.loss:
            return found
        sizes = [grad for grad, nan, inf in self._grads.values() if not (nan or inf)]
        return step_effects.is_rounding(self._passes.loss, sizes, self._weights, self.parameters[0].dtype)

    def _is_bad(self, name: str) -> bool:
        return name in self._grads and not math.isfinite(self._grads[name][0])

    def _lost_one(self, own: set[int]) -> bool:
        """Whether a parameter of this optimizer has no gradient, one of 0, or that of a penalty alone, at its first step, for the
        first time after it had one, or in several steps in a row."""
        found = False
        for name, one in self._named.items():
            learns = name in self._grads and self._grads[name][0] and name not in self._passes.penalised.names
            if id(one) not in own or not one.requires_grad or learns:
                continue
            known = self._history.parameters.get(name)
            when = "first" if known is None or known.optimizer is None else "later" if known.trained else ""
            found = found or self._history.stays_without(name) or (when != "" and (name, when) not in self._lost)
            self._lost.add((name, when))
        return found

    # ---------------------------------------------------------------- a step ends

    def ends(self, optimizer: Any, border: int) -> None:
        """border: the sequence number of the first node after it."""
        if self._closure:
            self._gradients(optimizer, None)
        if is_a(optimizer, ByHand) and optimizer.replaced:
            self._named = {name: optimizer.now(one) for name, one in self._named.items()}
            self.parameters = [*map(optimizer.now, self.parameters)]
            self._owners.have(self._number, self.parameters)
        history, update = self._history, self._history.updates
        if self._skipped:
            return
        own = {id(one): place for place, one in enumerate(self.parameters)}
        changes = self._last_steps.ends(self._number, self.parameters)
        told: dict[str, ParameterNorms] = {}
        for (name, one), weight in zip(self._named.items(), self._weights, strict=True):
            norm, nan, inf = self._grads.get(name, (None, 0, 0))
            change = changes[own[id(one)]] if id(one) in own else 0.0
            told[name] = ParameterNorms(norm, weight, change, nan, inf)
        if not (history.is_bad or self._closure):
            step_effects.look_whether_spoilt(history, self._number, optimizer, self._place, own, self._named, told)
        groups = optimizer.param_groups
        rates = tuple(float(group["lr"]) for group in groups if is_a(group.get("lr"), float, int, torch.Tensor))
        every = [told[name].grad for name, one in self._named.items() if id(one) in own]
        having = [norm for norm in every if norm is not None]
        grad_norm = math.hypot(*having) if all(map(math.isfinite, having)) else sum(having)
        seconds = time.perf_counter() - self._started
        loss = self._passes.loss
        self._add(own, told, rates, loss, optimizer)
        self._sink.update(Update(update, self._number, loss, rates, grad_norm if having else None, told, seconds))
        if self._notice.is_early:
            self._notice.orders.settle()
            self._notice.terms.forget()
            with self._passes.aside():
                self._notice.functions.settle()
        loss_inputs.name_noted(history, self._named)
        history.updates, self.ran = history.updates + 1, self.ran + 1
        self._notice.is_early = history.is_early
        if history.updates - history.begun == LOOKED_AT:
            self.look_at_structure()
        mine = history.optimizers[self._number]
        moved = {name for name, norms in told.items() if norms.grad and (norms.change or not mine.by_hand)}
        left = [one for name, one in self._named.items() if id(one) in own and name in moved]
        self._passes.stepped(self._number, left, mine.empty.count == mine.steps, border)
        self._passes.parameters = self.parameters
        self._after(border)

    def closes(self) -> None:
        """No further step comes."""
        self.look_at_structure()
        for number, one in enumerate(self._history.optimizers):
            one.behind = self._passes.since_step_of(number)

    def look_at_structure(self) -> None:
        """Early, and when the training is over: units that are alike may yet part."""
        for name, one in self._named.items():
            known = self._history.parameters.get(name)
            if known is not None and (known.alike or self._history.updates - self._history.begun == LOOKED_AT):
                known.alike = model_structure.is_one_unit(one)
        for model in self._names.models() if not self._history.of("shared") else ():
            model_structure.note(self._history, model, self._named)

    def _after(self, border: int) -> None:
        graphs, update = self._passes.graphs, self._history.updates
        self._notice.stepped_with(self.parameters, [*self._named.values()], border)
        self._notice.watches_old = self._passes.old_is_wanted or graphs.are_many(update)
        if graphs.are_held(update):
            name, place = graphs.holder(sys._getframe(1), self._places)
            self._history.note("kept_graph", place, "alive", alive=graphs.alive(update), variable=name)
        self._samples.take([*self._named.values()])

    def _add(
        self,
        own: Mapping[int, int],
        told: Mapping[str, ParameterNorms],
        rates: tuple[float, ...],
        loss: float | None,
        optimizer: Any,
    ) -> None:
        """What this update adds to the history."""
        mine = self._history.optimizers[self._number]
        mine.stepped(self._history.updates, rates, self._place)
        if loss is not None:
            self._add_loss(mine, loss, [told[name] for name, one in self._named.items() if id(one) in own], rates)
        add_settings(mine, optimizer)
        having = [name for name, one in self._named.items() if id(one) in own and told[name].grad]
        self._add_passes(mine, having, optimizer)
        self._look_whether_cleared(having)
        self._look_whether_foreign(having)
        self._look_whether_stepped_twice(having)
        self._notice.tell_of_clips(self.parameters)
        groups = {id(one): group for group in optimizer.param_groups for one in group["params"]}
        for name, one in self._named.items():
            self._add_to(name, one, told[name], groups.get(id(one)))

    def _add_loss(
        self, mine: OptimizerHistory, loss: float, steps: Sequence[ParameterNorms], rates: tuple[float, ...]
    ) -> None:
        mine.losses.append((self._history.updates, loss))
        mine.moves.append(tensor_norms.moved(steps))
        mine.changes.append(math.hypot(*(one.change for one in steps)))
        found = math.inf if self._closure else math.hypot(*(one.grad or 0.0 for one in steps))
        mine.gradients.append(max(found, *self._notice.norms_before()))
        mine.along.append(self._along * mine.gradients[-1] / found if found and self._along else 0.0)
        mine.least = min(mine.least, loss)
        mine.top_rates.append(max(rates, default=math.nan))

    def _add_passes(self, mine: OptimizerHistory, having: Sequence[str], optimizer: Any) -> None:
        """The backward passes since the last step. having: names of its parameters with a gradient that is not 0."""
        passes = self._passes
        mine.empty.add(self._history.updates, not having)
        mine.empty_without_backward += not having and not passes.since_step_of(self._number)
        if mine.empty.count == mine.steps <= LASTING and passes.since_step_of(self._number):
            passes.look_for_new_leaves(self._number)
        if self._closure:
            return
        mine.passes[passes.count] = mine.passes.get(passes.count, 0) + 1
        mine.passed = passes.place
        if passes.leave_over:
            self._history.note("left_over", passes.place, self._number, passes=passes.count)
        mine.thrown_away += passes.left.throws_away(passes.places)
        if passes.count > 1 and len(set(passes.places)) == 1 and not gradients(optimizer):
            mine.undivided += passes.undivided and not passes.left.thrown_away

    def _look_whether_cleared(self, having: Sequence[str]) -> None:
        """Gradients that are gone before the step, or that the last step left and the passes since then added to."""
        history, left = self._history, self._passes.left
        if not having and self._number in self._passes.reached:
            how, where = self._notice.emptied
            history.note("cleared", where, how, how=how)
        by_hand = tuple(name for name in having if id(self._named[name]) in self._notice.added_to)
        if by_hand and len(by_hand) == len(having):
            history.note("uncleared", self._place, (self._number, False), names=by_hand)
        uncleared = {id(one) for one in left.uncleared(self._number)} if not self._closure else ()
        if uncleared:
            names = tuple(name for name, one in self._named.items() if id(one) in uncleared)
            some = len(names) < left.had[self._number]
            kind: Seen = "carried" if self._number in left.carried else "uncleared"
            history.note(kind, self._passes.place, (self._number, some), names=names, optimizer=self._number)

    def _look_whether_foreign(self, having: Sequence[str]) -> None:
        """Gradients of a backward pass that another optimizer has made its step with."""
        foreign = self._passes.left.foreign(self._number) if not self._closure else None
        if foreign is not None:
            kept = {id(one) for one, _ in foreign.left}
            known = tuple(name for name, one in self._named.items() if id(one) in kept)
            self._history.note("leaked", foreign.place, (foreign.stepper, self._number), names=tuple(having) or known,
                               optimizers=(foreign.stepper, self._number))  # fmt: skip

    def _look_whether_stepped_twice(self, having: Sequence[str]) -> None:
        """No backward pass came between this step and one of another optimizer that has some of its parameters."""
        own = {id(self._named[name]): name for name in having}
        both = [name for one, name in own.items() if one in self._stepped] if not self._passes.count else []
        if both and self._stepper != self._number:
            pair = self._stepper, self._number
            self._history.note("stepped_twice", self._place, pair, names=tuple(both), optimizers=pair)
        self._stepper, self._stepped = self._number, {*own}

    def _add_to(self, name: str, one: torch.Tensor, norms: ParameterNorms, group: Mapping[str, Any] | None) -> None:
        """group: that the optimizer which steps has it in."""
        history, update = self._history, self._history.updates
        own, has_rate = group is not None, group is not None and bool(group.get("lr", 1.0))
        known = history.parameters.get(name)
        if group is None and (known is None or known.optimizer is None) and self._owners.own(one):
            return  # it has steps of its own, and had another name before there were several models
        if known is not None and not own and self._is_over(known) and not self._owners.own(one):
            known = None  # another of the same name, of a model that is trained now
        if known is None or (own and known.optimizer is None):
            # steps of others, before its own first, tell nothing of it
            first = self._names.since(one, update) if known is None else known.first
            dtype = str(one.dtype).removeprefix("torch.")
            known = history.parameters[name] = ParameterHistory(
                name, tuple(one.shape), dtype, not self._names.is_stray(one), first=first, first_weight=norms.weight
            )
        if group is not None:
            known.optimizer = self._number
            known.rate, known.decay = setting(group, "lr"), setting(group, "weight_decay")
        elif known.optimizer is not None:
            is_another = known.optimizer == self._number and not self._owners.own(one)
            if is_another and norms.grad and self._find_orphans(history.optimizers[self._number]):
                known.replaced.add(update, True)
            return  # it has steps of its own
        else:
            known.anew = known.anew or self._bare.setdefault(name, weakref.ref(one))() is not one
        known.frozen.add(update, not one.requires_grad)
        known.penalised.add(update, name in self._passes.penalised.names)
        is_old = not own and self._last_gradients.is_the_last(name, one.grad)
        is_empty = norms.grad == 0 and tensor_norms.is_empty(one)
        known.stepped(update, norms, own=own, has_rate=has_rate, is_old=is_old, is_empty=is_empty)
        mine = history.optimizers[self._number].name
        known.unfelt.add(update, group is not None and step_effects.is_unfelt(mine, group, norms, one.numel()))

    def _is_over(self, known: ParameterHistory) -> bool:
        """Whether it learned to the end of a training of which the optimizer is gone."""
        is_gone = known.optimizer is not None and self._optimizers[known.optimizer]() is None
        return is_gone and bool(known.moved_early) and known.none.since is None and known.zero.since is None

    # ---------------------------------------------------------------- weights between steps

    def _look_whether_written(self) -> None:
        changed, places = self._samples.changed(), self._notice.written
        learn = ((name, one) for name, one in self._named.items() if one.requires_grad)  # what is frozen others move
        own = ((name, one) for name, one in learn if id(one) in changed and self._owners.own(one))
        names = [name for name, one in own if id(one) in places or not is_shared(one)]
        if names:
            place = next((one for name in names if (one := places.get(id(self._named[name]))) is not None), None)
            self._history.note("written", place, names=tuple(names))
