"""The graph behind a tensor of user code, with one run of backward over it, as a Snapshot."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
from msgspec.structs import replace
from torch.autograd.graph import Node

from gradtui.engine import distributed
from gradtui.engine.autograd import graph
from gradtui.engine.autograd.added import added_only
from gradtui.engine.autograd.backward import drive, leaves_of, scalar
from gradtui.engine.autograd.kept import kept
from gradtui.engine.autograd.nested import Nested
from gradtui.engine.autograd.release import guard
from gradtui.engine.autograd.saved import FreedStorageError
from gradtui.engine.autograd.summed import Summed
from gradtui.engine.autograd.undisturbed import unchanged, undisturbed
from gradtui.engine.autograd.witness import of_growth
from gradtui.engine.capture import backward_failures, leaf_names, outputs, witnesses
from gradtui.engine.capture.facts import CapturedFacts, why_not_run
from gradtui.engine.capture.holders import (
    attributes,
    computed,
    copied_before,
    in_optimizers,
    made_before,
    not_reached,
    optimised,
    unregistered,
)
from gradtui.engine.capture.inferred_modules import inferred
from gradtui.engine.capture.introspection import buffers_of, is_a, submodules
from gradtui.engine.capture.parameters import modules, parameters, unread_notes
from gradtui.engine.capture.places import hooks_of
from gradtui.engine.capture.recording import Recording, maker, recording_of
from gradtui.engine.capture.scaling import scaled
from gradtui.engine.tensors.readable_tensors import is_same_storage
from gradtui.engine.tensors.reader import read
from gradtui.engine.tensors.values import dtype_name, legible
from gradtui.findings.layer_sizes import HUGE
from gradtui.snapshot import model as data
from gradtui.snapshot.uncollected import uncollected

FAULT = "the forward pass is not recorded, by a fault of gradtui's own: {error}; values and lines of its operations are missing"


def capture(
    output: object,
    given: Mapping[str, torch.Tensor] | None,
    model: torch.nn.Module | None,
    recording: Recording | None,
    scope: Mapping[str, Any],
    problem: data.Problem | None = None,
    inputs: Collection[torch.Tensor] = (),
) -> data.Snapshot:
    """`gradtui.capture`, for a caller with the variables of `scope`. recording: of the forward pass, where it is known which.

    problem: why backward is not to be run. inputs: the leaves that it goes to, as `backward(inputs=...)`; none for all.
    """
    found = outputs.outputs_of(output)
    no_graph = outputs.why_no_graph(found, model)
    problem = no_graph or problem
    differentiable = [] if no_graph else [tensor for tensor in found if tensor.requires_grad]
    roots = [graph.root(tensor) for tensor in differentiable]
    if recording is None:
        recording = next((known for root in roots if (known := recording_of(root))), None)
    if model is None and recording is not None:
        model = recording.model()
    ended: tuple[data.Note, ...] = ()
    if recording is not None and recording.fault:  # a half of it would be taken for all that happened
        ended, recording = (data.Note("fault", FAULT.format(error=recording.fault)),), None
    nodes: list[Node] = []
    try:
        with undisturbed(), unchanged(buffers_of((model, *scope.values()))), uncollected():
            nodes = graph.walk(*roots)
            guard(nodes)
            own = {} if model is None else leaf_names.parameters(model)
            names = leaf_names.given(given, own)
            if model is None and not names and len(found) == 1 and found[0].numel() == 1:
                names = _cut_off(nodes, scope, found)
            told = _Capture(nodes, names, own, model, recording, scope).snapshot(
                found, differentiable, roots, problem, inputs
            )
            return replace(told, notes=(*ended, *told.notes)) if ended else told
    finally:
        graph.release(nodes)


def _cut_off(nodes: list[Node], scope: Mapping[str, Any], loss: list[torch.Tensor]) -> leaf_names.Names:
    """The names of `not_reached`."""
    wholes = distributed.shards(scope.values())
    missing = not_reached(scope, {wholes.get(leaf, leaf) for leaf in leaves_of(nodes).values()}, loss)
    return in_optimizers(scope, missing) | leaf_names.in_scope(scope, missing)


class _Capture:
    """What is known beside the graph. parts: the model's modules by path, none without a model. own: its parameters.

    names: of the tensors; those of nameless leaves are added. shards: `distributed.shards`.
    """

    def __init__(
        self,
        nodes: list[Node],
        names: leaf_names.Names,
        own: Mapping[str, torch.nn.Parameter],
        model: torch.nn.Module | None,
        recording: Recording | None,
        scope: Mapping[str, Any],
    ) -> None:
        self.nodes, self.recording, self.scope = nodes, recording, scope
        self.model = model
        self.parts = {} if model is None else submodules(model)
        self.own = frozenset(own.values())
        self.leaves = leaves_of(nodes)
        self.attributes: frozenset[torch.Tensor] = frozenset()
        self.within = Nested()
        self.kept = kept(nodes, (*self.leaves.values(), *self.own))
        self.shards = distributed.shards([model, *scope.values()])
        wholes = {shard: whole for whole, shard in self.shards.items()}
        self.names = {wholes.get(tensor, tensor): name for tensor, name in names.items()}
        before = 0 if recording is None else recording.first
        self.names = computed(self.parts, self.own, before, nodes) | self.names
        if recording is not None:
            self.names = made_before(scope, recording.first) | self.names

    def snapshot(
        self,
        found: list[torch.Tensor],
        differentiable: list[torch.Tensor],
        roots: list[Node],
        problem: data.Problem | None,
        inputs: Collection[torch.Tensor],
    ) -> data.Snapshot:
        known = set(self.nodes)
        made = {tensor: (node, tensor.output_nr) for tensor in self.names if (node := maker(tensor)) in known and node}
        record = Summed({*made.values()})
        notes = [*outputs.notes(differentiable), *(self.recording.notes() if self.recording else ())]
        why = why_not_run((*self.leaves.values(), *self.own))
        if why is not None:
            notes.append(data.Note("backward", why))
        elif problem is None:
            problem = self._run(differentiable, record, inputs)
        first = {node: tensor for node, tensor in zip(roots, differentiable, strict=True) if tensor.output_nr == 0}
        facts = self._facts(record, first)
        ids = graph.numbered(self.nodes, record.order, roots)
        if self.recording is not None:
            facts.ids = numbers_of(ids)
        built = graph.build(self.nodes, record.order, facts, roots, ids)
        scale, about = scaled(built, list(ids))
        told = self._parameters(record, made, ids, built)
        title = next(iter(leaf_names.in_scope(self.scope, set(found)).values()), "output")
        return data.Snapshot(
            id=0,
            expression=title,
            reads_as=title,
            dtype=dtype_name(found[0]),
            device=str(found[0].device),
            value=_value(found, differentiable),
            graph=built,
            notes=(*notes, *about, *distributed.notes(record.order), *unread_notes(told)),
            problem=problem,
            origin="capture",
            parameters=told,
            modules=modules(self.parts, self.recording, [name for name, one in told.items() if one.node is None]),
            files=dict(self.recording.files) if self.recording else {},
            events=self._events(ids, found),
            scale=scale,
            witnesses=(
                *self._seen_going_bad(ids),
                *going_bad_in_backward(record, ids),
                *growing_in_backward(told, built, ids),
            ),
            mismatches=() if self.recording is None else tuple(self.recording.mismatches(numbers_of(ids))),
        )

    def _run(
        self, outputs: list[torch.Tensor], record: Summed, inputs: Collection[torch.Tensor]
    ) -> data.Problem | None:
        wanted = {node: leaf for node, leaf in self.leaves.items() if any(leaf is one for one in inputs)}
        try:
            starts = list(map(_start, outputs))
            self.within = drive(starts, self.nodes, wanted or self.leaves, record, self.kept.lost)
        except FreedStorageError as error:
            return backward_failures.freed(error, self._name_of(error.tensor))
        except Exception as error:  # the backward of user code may raise anything
            return backward_failures.problem(error, self.recording, self.nodes, self.names)
        return None

    def _name_of(self, lost: torch.Tensor) -> str | None:
        """Of a tensor that was saved: of what it is, or is a view of, by the model, or a variable of the caller."""
        buffers = dict(self.parts[""].named_buffers()) if self.parts else {}
        variables = {name: value for name, value in self.scope.items() if isinstance(value, torch.Tensor)}
        known = [(tensor, name) for name, tensor in (buffers | variables).items()]
        for tensor, name in (*self.names.items(), *self._in_scope({*self.leaves.values()}).items(), *known):
            if is_same_storage(tensor, lost):
                return name
        return None

    def _facts(self, record: Summed, outputs: Mapping[Node, torch.Tensor]) -> CapturedFacts:
        leaves = {node: self.leaves[node] for node in (*record.order, *self.leaves) if node in self.leaves}
        nameless = {leaf for leaf in (*leaves.values(), *self.within.of) if leaf not in self.names}
        if self.parts:
            held = unregistered(self.parts, nameless)
            made = (
                set() if self.recording is None else {id(one.tensor()) for one in self.recording.made_leaves.values()}
            )
            added = {leaves[node] for node in added_only(self.nodes, leaves)} if held else set()
            own = {one: name for one, name in held.items() if one not in added}
            self.attributes = attributes(own, self.scope, made, self.parts)
            self.names |= held
            self.names = optimised(self.scope, self.own) | self.names
        if nameless:
            self.names = self._in_scope(nameless) | self.names
            if self.recording is not None:
                called = [leaf for leaf in leaves.values() if leaf not in self.names]
                self.names |= self.recording.names(called, self.names.values())
            self.names |= leaf_names.numbered(leaves.values(), self.names)
        if self.recording is not None:
            taken = {*self.names.values()}
            late = {leaf: one.name for leaf, one in self.recording.late_leaves() if one.name and one.name not in taken}
            self.names = late | self.names
        places: Mapping[Node, str] = {}
        if self.parts:
            paths = leaf_names.owners(self.parts)
            owned = {node: self.shards.get(leaf, leaf) for node, leaf in leaves.items()}
            owners = {node: paths[leaf] for node, leaf in owned.items() if leaf in paths}
            places = owners if self.recording is not None and self.recording.watched else inferred(self.nodes, owners)
        return CapturedFacts(record, leaves, self.names, places, self.recording, outputs, self.shards, self.kept.size)

    def _in_scope(self, wanted: set[torch.Tensor]) -> leaf_names.Names:
        wholes = {self.shards.get(leaf, leaf): leaf for leaf in wanted}
        return {wholes[tensor]: name for tensor, name in leaf_names.in_scope(self.scope, {*wholes}).items()}

    def _parameters(
        self, record: Summed, made: Mapping[torch.Tensor, tuple[Node, int]], ids: Mapping[Node, int], built: data.Graph
    ) -> dict[str, data.Parameter]:
        """Those of an AccumulateGrad, those that an operation made or ran with, and those that were put into another leaf."""
        places = {**self.within.nodes} | {leaf: node for node, leaf in self.leaves.items()}
        places |= {tensor: node for tensor, (node, _) in made.items()}
        nodes = {tensor: built.nodes[ids[node]] for tensor, node in (distributed.flat(self.leaves) | places).items()}
        came, within = record.wanted(), dict(self.within.of.items())
        grads = {leaf: nodes[leaf].grad_output for leaf in self.leaves.values()}
        grads |= {tensor: came.get(output) for tensor, output in made.items()}
        grads |= dict(zip(within, read(within.values()), strict=True))
        registered = self._registered({*nodes} if record.order else {*self.names})
        return parameters(self.names, nodes, grads, self.shards, registered, within, self.attributes)

    def _registered(self, used: set[torch.Tensor]) -> dict[torch.Tensor, bool]:
        """Whether it is a parameter of the model: what is not, and is not used either, may well be of something else, unless an
        optimizer has it in the place of a parameter."""
        held = {tensor: self.shards.get(tensor, tensor) in self.own for tensor in self.names} if self.parts else {}
        variables = {id(value) for value in self.scope.values()}
        asked = {tensor for tensor in self.names if id(tensor) not in variables}  # by a name that was given to it
        known = used | asked | optimised(self.scope, self.own).keys()
        return {tensor: is_own for tensor, is_own in held.items() if is_own or tensor in known}

    def _events(self, ids: Mapping[Node, int], outputs: list[torch.Tensor]) -> tuple[data.Event, ...]:
        if self.recording is None:
            return ()
        by_number = numbers_of(ids)
        late = [
            data.Event("late", "requires_grad_", one.source, leaves=(self.names[leaf],))
            for leaf, one in self.recording.late_leaves()
            if leaf in self.names
            and (not is_a(leaf, torch.nn.Parameter) or self.names[leaf].rpartition(".")[0] in one.ran)
        ]
        hooked = [
            data.Event("hooked", "register_hook", source, node=by_number.get(number))
            for number, source in self.recording.hooked
        ]
        hooked += [
            data.Event("hooked", "register_hook", source, node=ids[node])
            for node, leaf in self.leaves.items()
            for source in hooks_of(leaf._backward_hooks)
            if node in ids
        ]
        hooked += [
            data.Event("hooked", "register_full_backward_hook", source, module=path)
            for path, part in self.parts.items()
            for source in hooks_of(part._backward_hooks)
        ]
        misgiven = [
            replace(one, node=by_number[number], reached=True)
            for number, one in self.recording.misgiven
            if number in by_number
        ]
        known = self.recording.events(self.names, by_number, outputs)
        return (*known, *self._copies(ids), *late, *hooked, *misgiven)

    def _copies(self, ids: Mapping[Node, int]) -> Iterator[data.Event]:
        """Each model that a copy ran in place of, at the first operation with a parameter of that."""
        used = {leaf: node for node, leaf in self.leaves.items()}
        if self.model is None or self.recording is None or self.own <= used.keys():
            return
        for pairs in copied_before(self.model, used.keys(), self.scope):
            taken = {used[copy] for copy in pairs.values()}
            users = (node for node in self.nodes if any(target in taken for target, _ in node.next_functions))
            first = min(users, key=lambda node: node._sequence_nr())
            source = self.recording.sources.get(first._sequence_nr())
            names = tuple(self.names[one] for one in pairs if one in self.names)
            yield data.Event("copied", "", source, leaves=names, node=ids[first], reached=True)

    def _seen_going_bad(self, ids: Mapping[Node, int]) -> Iterator[data.Witness]:
        return iter(()) if self.recording is None else witnesses.seen_going_bad(self.recording, numbers_of(ids))


def numbers_of(ids: Mapping[Node, int]) -> dict[int, int]:
    """The ids by sequence number."""
    return {node._sequence_nr(): number for node, number in ids.items()}


def going_bad_in_backward(record: Summed, ids: Mapping[Node, int]) -> Iterator[data.Witness]:
    """In the engine's order."""
    seen = [*record.witnesses.items(), *record.settings.items()]
    found = sorted(((ids[node], witness) for node, witness in seen if node in ids), key=lambda each: each[0])
    return (replace(witness, node=number) for number, witness in found)


def growing_in_backward(
    parameters: Mapping[str, data.Parameter], built: data.Graph, ids: Mapping[Node, int]
) -> Iterator[data.Witness]:
    """Where a parameter gets a gradient far too large: of each quotient, root, inverse that sends far more than came in."""
    huge = any(one.grad is not None and (one.grad.finite_norm or 0.0) >= HUGE for one in parameters.values())
    for node, number in ids.items() if huge else ():
        told = built.nodes[number]
        came = told.grad_output.finite_norm if told.grad_output is not None else None
        sent = max((edge.grad.finite_norm or 0.0 for edge in told.edges if edge.grad is not None), default=0.0)
        if came and sent >= HUGE * came and (found := of_growth(node)) is not None:
            yield replace(found, node=number)


def _start(output: torch.Tensor) -> torch.Tensor:
    return scalar(output.real if output.is_complex() else output)


def _value(found: list[torch.Tensor], differentiable: list[torch.Tensor]) -> data.Values | None:
    """Of the output; of the sum that is differentiated, where there are several."""
    if len(found) == 1:
        return legible(found[0])
    try:
        read = [legible(_start(output)) for output in differentiable]
    except RuntimeError:  # torch cannot sum up what is nested; `problem` then says so
        return data.Values((), (), unread="opaque")
    unread = next((values.unread for values in read if values.unread is not None), None)
    if unread is not None:
        return data.Values((), (), unread=unread)
    return data.Values((), (sum(values.numbers[0] for values in read),)) if read else None
