"""Backward passes of a training: what each began from, which graphs stay alive, and a whole Snapshot where one is wanted."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, Literal

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd import graph
from gradtui.engine.autograd.added import added_only
from gradtui.engine.autograd.backward import leaves_of
from gradtui.engine.autograd.release import guard
from gradtui.engine.capture.calls import MOST_CARRIED
from gradtui.engine.capture.holders import holder
from gradtui.engine.capture.introspection import is_a, items
from gradtui.engine.capture.places import Places
from gradtui.engine.capture.recording import Carried, Recording, maker
from gradtui.engine.capture.trace import failed_step
from gradtui.engine.torch_private import asked, has_no_numbers, is_wrapped, sequence_number
from gradtui.engine.watching.calls.new_weights import NewWeights
from gradtui.engine.watching.kept_calls.forward_again import Begun, replay
from gradtui.engine.watching.kept_calls.gradients_off import GradientsOff
from gradtui.engine.watching.kept_calls.hooks import WeightHooks
from gradtui.engine.watching.kept_calls.new_leaves import cut_before
from gradtui.engine.watching.kept_calls.tape import Tape
from gradtui.engine.watching.kept_calls.tensor_references import given_to, is_leaf, results_of
from gradtui.engine.watching.left_gradients import LeftGradients, has_gradient
from gradtui.engine.watching.parameter_names import Names, variables
from gradtui.engine.watching.passes.kept_graphs import KeptGraphs
from gradtui.engine.watching.passes.negated_losses import negated
from gradtui.engine.watching.passes.penalised_weights import PenalisedWeights
from gradtui.engine.watching.passes.repeated_losses import RepeatedLosses
from gradtui.engine.watching.scalers import Scaled
from gradtui.engine.watching.sink import Sink
from gradtui.findings.findings import findings, findings_and_each
from gradtui.findings.over_time.history import History, Seen
from gradtui.graph.losses.moving_advantages import MovingAdvantages
from gradtui.graph.losses.moving_targets import MovingTargets
from gradtui.snapshot.events import Refusal
from gradtui.snapshot.model import Snapshot, Source

FIRST = 2
"""Updates of which all leaves of the graph are looked at."""
LOOKED_AT = 8
"""Updates whose graphs are looked through for what was made before the last step, where backward keeps them."""
MOST_SNAPSHOTS = 8
"""That are taken because a parameter has no gradient, or one of 0."""
SKIPS = 4
"""Steps in a row that a GradScaler skips: by then its scale is hardly what makes gradients infinite."""
MOVING: dict[Seen, type[MovingTargets[Node]]] = {"moving_target": MovingTargets, "moving_advantage": MovingAdvantages}
SCALING = ("DivBackward", "MulBackward")
LEAVING_A_NUMBER = (
    "AddBackward", "SubBackward", "SumBackward", "MeanBackward", "StackBackward", "CatBackward", "ViewBackward",
    "ReshapeAliasBackward", "SqueezeBackward", "UnsqueezeBackward", "SelectBackward", "CloneBackward", "ToCopyBackward",
    "AliasBackward", "NegBackward", "NanToNumBackward",
)  # fmt: skip
"""Beginnings of the names of what adds up single numbers, or hands one on."""
MOST_TERMS = 64


def _is_divided(loss: Any) -> bool:
    """Whether each term that a loss is the sum of is multiplied or divided, last but for what leaves a single number as it is."""
    waiting, looked_at = [loss], 0
    while waiting:
        node, looked_at = waiting.pop(), looked_at + 1
        name = node.name()
        if name.startswith(SCALING):
            continue
        terms = [one for one, _ in node.next_functions if one is not None]
        if not name.startswith(LEAVING_A_NUMBER) or not all(map(_is_one_number, terms)) or looked_at > MOST_TERMS:
            return False
        waiting += terms
    return True


def _is_one_number(node: Any) -> bool:
    shapes = [one.shape for one in node._input_metadata]
    return len(shapes) == 1 and math.prod(shapes[0]) == 1


def _refused(told: Snapshot | None) -> Refusal | None:
    return None if told is None or told.problem is None or told.problem.raised is None else told.problem.raised.how


class Passes:
    """loss, count: of the last backward, and how many there were since the last step. capturing: whether ours is running.
    parameters: of the optimizer that stepped last. idle: of each optimizer that has never had a gradient in a step its
    parameters. reached: those of them that a pass left one, not 0 throughout, since their last step."""

    def __init__(
        self,
        tape: Tape,
        history: History,
        names: Names,
        scaled: Scaled,
        sink: Sink,
        every: int,
        new_weights: NewWeights,
    ) -> None:
        self.loss: float | None = None
        self.place: Source | None = None
        self.places: list[Source | None] = []
        self.undivided, self.capturing = True, False
        self.idle: dict[int, Sequence[torch.Tensor]] = {}
        self.reached: set[int] = set()
        self._tape, self._history, self._names, self._scaled, self._sink = tape, history, names, scaled, sink
        self._every, self._taken, self._skips = every, 0, 0
        self._begun = Begun()
        self.left, self._repeated = LeftGradients(history), RepeatedLosses(history, scaled)
        self.hooks, self.graphs = WeightHooks(), KeptGraphs()
        self.penalised, self.off = PenalisedWeights(), GradientsOff(history)
        self.old_is_wanted = False
        self._border, self._ran, self._ran_before = 0, 0, dict[int, int]()
        self._again = False
        self._ended: Source | None = None
        self.parameters: Sequence[torch.Tensor] = ()
        self._new_weights = new_weights

    @property
    def count(self) -> int:
        return len(self.places)

    @property
    def leave_over(self) -> bool:
        """Whether gradients of some since the last step were cleared, and no GradScaler has skipped a step of theirs."""
        return self.left.thrown_away > 0 and not self._skips and len(set(self.places)) == 1

    def since_step_of(self, optimizer: int) -> int:
        """How many there were since the last step of this one: of several optimizers those behind the first have none between."""
        return self._ran - self._ran_before.get(optimizer, 0)

    # ---------------------------------------------------------------- around a backward pass

    def begins(
        self,
        outputs: Any,
        gradients: Any,
        inputs: Any,
        place: Source | None,
        keeps: bool,
        in_closure: bool,
        accumulates: bool,
    ) -> None:
        known = all(is_a(one, torch.Tensor) for one in outputs)
        ends = [*items(inputs)]
        leaves = tuple(ends) if all(is_a(one, torch.Tensor) and one.is_leaf for one in ends) else ()
        self._again = any(one is other for one in outputs for other in self._begun.outputs)
        self._begun = Begun(tuple(outputs), tuple(gradients), [*self._tape.segments], leaves) if known else Begun()
        self.place = place
        self.loss = self._value()
        self.places.append(place)
        self._ran += 1
        before = self.left.thrown_away
        self.left.pass_begins(place, in_closure, accumulates)
        if self.left.thrown_away != before or in_closure:
            self._repeated.forget()
        if known and accumulates and not ends:
            self._repeated.pass_begins(self._begun.outputs, gradients, place, self._graph)
        if known and all(one.is_leaf for one in outputs):
            self._history.note("leaf_loss", place)
        self.graphs.mark(self._begun.outputs, self._history.updates)
        if self._history.updates - self._history.begun <= FIRST:
            self._look_for_leaves()
            for loss in filter(None, map(negated, self._begun.outputs)):
                self._history.note("negated_loss", place, loss, loss=loss)
        if keeps:
            self.old_is_wanted = True
            kept = self._history.note("kept_graph", place, crossed=0)
            if kept.updates <= LOOKED_AT and self._older_than_last_step() != "none":
                kept.facts = {"crossed": kept.facts["crossed"] + 1}
        self.undivided = self.undivided and not self._is_divided()

    def move(self) -> None:
        """Another thread counts its nodes anew."""
        self._border = sequence_number() if self._history.updates else 0

    def ends(self) -> None:
        if self.loss is not None and not math.isfinite(self.loss) and self._history.bad_loss is None:
            self._history.bad_loss = self._history.updates, self.loss, self.place
            self.take(sys._getframe(1))
        for optimizer, parameters in self.idle.items():
            if optimizer not in self.reached and any(has_gradient(one) for one in parameters):
                self.reached.add(optimizer)
        self.left.pass_ends(self.parameters)
        self._ended = self.place
        self._tape.next_segment()

    def raised(self, error: Exception, place: Source | None) -> None:
        self._look_whether_crossed()
        self._tape.next_segment()
        models = self._names.models()
        scope = next(variables(sys._getframe(1)), {})
        with self.aside(), asked(), self.hooks.repeated():
            model = models[0] if len(models) == 1 else None
            told = failed_step(error, model, self._carried(sys._getframe(1)), scope)
            told = self._seen(told, models, scope) or told
        if told is not None:
            self._history.raised = self._history.updates, place, findings(told)

    def _carried(self, frame: FrameType | None) -> Recording:
        """What this pass was given of the graphs of earlier updates, and by which lines."""
        recording, places = Recording(0), Places()
        recording.backwards.append((0, self._ended))
        made: set[int] = set()
        for call in self._begun.segments[-1].calls if self._begun.segments else ():
            for reference in given_to(call):
                tensor = reference()
                if id(reference) in made or tensor is None or (node := maker(tensor)) is None:
                    continue
                if node._sequence_nr() < self._border and len(recording.carried) < MOST_CARRIED:
                    place = None if call.code is None else places.of_instruction(call.code, call.instruction)
                    recording.carried.append(Carried(node._sequence_nr(), holder(tensor, frame), place))
            made.update(id(reference) for reference in results_of(call))
        return recording

    def failed(self, error: Exception) -> None:
        """It was raised outside of backward, or is known."""
        if self._history.raised is None:
            models = self._names.models()
            scope = next(variables(sys._getframe(1)), {})
            with asked():
                told = failed_step(error, models[0] if len(models) == 1 else None, Recording(0), scope)
            if told is not None:
                self._history.raised = self._history.updates, None, findings(told)

    def _seen(
        self, told: Snapshot | None, models: Sequence[torch.nn.Module], scope: Mapping[str, Any]
    ) -> Snapshot | None:
        """The same once more, seen from its begin: which line torch refuses to go back through, writes over something, or cuts
        the loss off. In anomaly mode it is nan that torch refuses, and nothing is told."""
        if told is None and not torch.is_anomaly_check_nan_enabled():
            return None
        has_graph = all(one.requires_grad for one in self._begun.outputs)
        if not has_graph:
            calls = (call for segment in self._begun.segments for call in segment.calls)
            given = (one for call in calls for one in given_to(call))
            leaves = (tensor for one in given if is_leaf(one) and (tensor := one()) is not None)
            self._names.found({id(one): one for one in leaves}.values(), self._history.updates)
        names = self._names.of(self.parameters, sys._getframe(2))
        again = replay(self._begun, names, models, scope, far=not has_graph)
        return again if again is not None and (not has_graph or _refused(again) == _refused(told)) else None

    def _look_whether_crossed(self) -> None:
        crossed = self._older_than_last_step()
        if crossed == "all" and not self._again:
            crossed = "part"  # the loss is new: what it is made of was made before that step, as of a GAN
        stepped = max(self._history.optimizers, key=lambda one: one.last, default=None)
        mine = {id(one) for one in self.parameters}
        if stepped is not None and any(id(one) in mine for one in self.leaves()):
            self._history.crossing = stepped.source
        self._history.crossed = crossed

    def _older_than_last_step(self) -> Literal["none", "part", "all"]:
        """Which part of the graph is."""
        with self._graph() as nodes:
            numbers = [number for node in nodes if (number := graph.sequence(node)) is not None]
        if min(numbers, default=self._border) >= self._border:
            return "none"
        return "part" if max(numbers) >= self._border else "all"

    def stepped(self, optimizer: int, left: Sequence[torch.Tensor], idle: bool, border: int) -> None:
        """A step is over. left: parameters whose gradient is not 0. idle: there were none in any of its steps. border: the
        sequence number of the first node after it."""
        self.places, self.undivided, self._skips = [], True, 0
        self.hooks.know(self.parameters)
        self._new_weights.stepped(self.parameters)
        self._border = border
        self._ran_before[optimizer] = self._ran
        self.reached.discard(optimizer)
        if idle:
            self.idle[optimizer] = self.parameters
        else:
            self.idle.pop(optimizer, None)
        self.left.stepped(optimizer, left)
        self._repeated.forget()
        if self._history.is_early:
            self.off.know(self._begun.segments)
        self._begun = self._begun._replace(segments=())
        self._tape.forget()

    def skipped(self, parameters: Sequence[torch.Tensor], frame: FrameType | None) -> None:
        """A GradScaler skips a step of these."""
        self._skips += 1
        self._repeated.forget()
        if self._skips == SKIPS:
            self.parameters = parameters
            self.take(frame)

    def _value(self) -> float | None:
        values = [one for one in self._begun.outputs if one.numel() == 1]
        if not values or len(values) < len(self._begun.outputs):
            return None
        return sum(float(self._scaled.loss(one).detach().item()) for one in values)

    def leaves(self, outputs: Sequence[torch.Tensor] | None = None) -> Sequence[torch.Tensor]:
        """Those of a graph, or of that of the last pass, the last used first."""
        with self._graph(outputs) as nodes:
            return [*leaves_of(nodes).values()]

    @contextmanager
    def _graph(self, outputs: Sequence[torch.Tensor] | None = None) -> Iterator[Sequence[Node]]:
        roots = [graph.root(one) for one in (self._begun.outputs if outputs is None else outputs) if one.requires_grad]
        nodes = graph.walk(*roots) if roots else []
        guard(nodes)
        yield nodes
        graph.release(nodes)

    def look_for_new_leaves(self, optimizer: int) -> None:
        """None of the parameters has a gradient, though backward has run: where did it end in their place?"""
        call = cut_before(self.parameters, self.leaves(), self._begun.segments)
        if call is not None and call.code is not None:
            self._history.note("new_leaves", Places().of_instruction(call.code, call.instruction), optimizer)

    def _look_for_leaves(self) -> None:
        with self._graph() as nodes:
            ends = leaves_of(nodes)
            leaves = [*ends.values()]
            self.hooks.know(leaves)
            if self._history.updates < FIRST:
                added = added_only(nodes, ends)
                self._names.found([one for end, one in ends.items() if end not in added], self._history.updates)
            self.penalised.pass_begins(self._begun.outputs, ends)
            self._new_weights.pass_begins(leaves)
            self._look_for_moving_targets(nodes)

    def _look_for_moving_targets(self, nodes: Sequence[Node]) -> None:
        for kind, moving in MOVING.items():
            targets = moving(lambda node: node.name(), lambda node: [one for one, _ in node.next_functions])
            for _, ends in targets.found(nodes):
                if not any(one.source == self.place for one in self._history.of(kind)):
                    leaves = tuple(id(one) for one in leaves_of([*ends]).values())
                    self._history.note(kind, self.place, leaves=leaves, names=())

    def _is_divided(self) -> bool:
        made = next((one.grad_fn for one in self._begun.outputs if one.grad_fn is not None), None)
        return made is None or _is_divided(made)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Backward passes within it are ours."""
        self.capturing = True
        try:
            yield
        finally:
            self.capturing = False

    # ---------------------------------------------------------------- Snapshots

    def wanted(self, update: int) -> bool:
        return bool(self._every) and update % self._every == 0

    def take(self, frame: FrameType | None, doubtful: bool = False) -> Snapshot | None:
        """A Snapshot of the last backward pass, and what is wrong in it; None where it cannot be had."""
        update = self._history.updates
        if update in self._history.passes or (doubtful and self._taken >= MOST_SNAPSHOTS):
            return None
        self._taken += doubtful
        models = self._names.models()
        names = self._names.of(self.parameters, frame)
        scope = next(iter(variables(frame)), {})
        with self.aside(), asked(), self.hooks.repeated():
            snapshot = replay(self._begun, names, models, scope, far=True) if doubtful else None
            snapshot = snapshot or replay(self._begun, names, models, scope)
        if snapshot is None:
            return None
        self._history.passes[update], self._history.explained[update] = findings_and_each(snapshot)
        self._sink.snapshot(update, snapshot)
        return snapshot

    def unfinished(self) -> None:
        """The program ends after a forward pass without a backward: is its loss what it ended for?"""
        self.off.settle(self._tape.segments)
        segment = self._tape.segments[-1]
        for call in reversed(segment.calls):
            reference = next(results_of(call), None)
            one = None if reference is None else reference()
            if one is None or one.numel() != 1 or maker(one) is None or is_wrapped(one) or has_no_numbers(one):
                continue
            value = float(one.detach().item())
            if not math.isfinite(value) and self._history.bad_loss is None and self._history.bad_gradient is None:
                self._begun = Begun((one,), (), [*self._tape.segments])
                self._history.bad_loss = self._history.updates, value, None
                self.take(None)
            return
