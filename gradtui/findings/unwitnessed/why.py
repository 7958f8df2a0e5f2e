"""Why is the gradient of a parameter None, zero, nan or huge? For user code, with evidence. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from msgspec.structs import replace

from gradtui.findings.record import Record
from gradtui.findings.scale import told
from gradtui.findings.unread import freed, unread
from gradtui.findings.unwitnessed import depth, nonfinite, nonfinite_gradient, zeros
from gradtui.findings.unwitnessed.cutoff import absent, not_a_leaf
from gradtui.findings.unwitnessed.fading import EVEN
from gradtui.findings.unwitnessed.inplace import is_overwritten, overwritten
from gradtui.findings.words.whereabouts import gathered, where
from gradtui.grad_fns.traits import traits_of
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_finite, is_zero, operation
from gradtui.graph.uses import above
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Node, Parameter, Snapshot
from gradtui.snapshot.numbers import number

LAST = ("unused", "not_in_graph", "frozen")
"""What is often meant to be so is told after the rest."""
NOT_RUN = "backward did not reach it"
NOTHING = "nothing to do"
AGAIN = "capture once more where backward runs through"


def why(snapshot: Snapshot, parameter: str) -> tuple[Finding, ...]:
    """Why the gradient of one parameter, or other named leaf, is what it is: the root cause first, never empty.

    `ordinary` where nothing is wrong. KeyError for a name that the snapshot does not know.
    """
    inquiry = Inquiry(Record.of(snapshot))
    found = told(snapshot, inquiry.of(parameter, inquiry.record.leaves[parameter]))
    return tuple(_named([parameter], finding, inquiry.record.leaves) for finding in found)


def findings_of_code(snapshot: Snapshot) -> tuple[Finding, ...]:
    """What is worth telling of all parameters, the root cause first, each cause once. Nothing for a healthy model."""
    inquiry = Inquiry(Record(snapshot))
    found = list(inquiry.of_the_whole())
    if snapshot.experiments:
        return tuple(finding for finding in found if finding.phase == "forward")
    return tuple(found)


def cut_off(snapshot: Snapshot) -> tuple[Finding, ...]:
    """The variables of a function that something took out of the graph."""
    return tuple(finding for finding in Inquiry(Record(snapshot)).absent() if finding.kind not in LAST)


@dataclass(frozen=True)
class Inquiry:
    """Each question about a snapshot is answered once, in time linear in its nodes, and only if it is asked."""

    record: Record

    @property
    def snapshot(self) -> Snapshot:
        return self.record.snapshot

    @cached_property
    def takes_away(self) -> bool:
        return zeros.takes_away(self.snapshot.graph)

    @cached_property
    def profile(self) -> list[depth.Layer]:
        return depth.layers(self.record.leaves)

    @cached_property
    def forward(self) -> Finding | None:
        return nonfinite.forward(self.snapshot)

    def of_the_whole(self) -> Iterator[Finding]:
        problem = self.snapshot.problem
        if is_overwritten(problem):
            yield overwritten(self.snapshot)
            return
        bad = self.record.bad
        if self.forward is not None:
            yield self.forward
        if (
            bad
            and (self.forward is None or self.forward.node is None)
            and (found := nonfinite_gradient.backward(self.snapshot.graph))
        ):
            yield self._about(bad, found)
        yield from self.absent()
        if not self.record.has_run or problem is not None or self.forward is not None:
            return
        silent = [finding for finding in self._silent() if finding.kind != "ordinary"]
        if not bad and not silent:
            yield from self._of_size()

    def of(self, name: str, leaf: Parameter) -> Iterator[Finding]:
        """The root cause first; what the finding is about is not yet in its text."""
        problem = self.snapshot.problem
        if leaf.node is None:
            yield absent(self.snapshot, name, leaf, self.record.is_traced)
            return
        if is_overwritten(problem):
            yield overwritten(self.snapshot)
            return
        if self.snapshot.graph.nodes[leaf.node].edges:
            yield not_a_leaf(self.snapshot, name, leaf)
            if found := freed(name, leaf):
                yield found
        elif self.forward is not None:
            yield self.forward
            if self.forward.node is None and leaf.grad is not None and not is_finite(leaf.grad):
                yield self._nonfinite(leaf.node)
        elif leaf.grad is None:
            yield self._without(name, leaf)
        elif not is_finite(leaf.grad):
            yield self._nonfinite(leaf.node)
        elif is_zero(leaf.grad):
            yield from self._zero(name)
        elif found := unread(name, leaf):
            yield found
        else:
            yield self._size(name, leaf)
            if found := freed(name, leaf):
                yield found

    def _nonfinite(self, leaf: int) -> Finding:
        """Where backward first sent what is not finite on the way to this leaf."""
        found = nonfinite_gradient.backward(self.snapshot.graph, above(self.record.uses, leaf) | {leaf})
        return found or Finding("nonfinite", "backward", leaf, "its gradient is not finite", AGAIN)

    def absent(self) -> Iterator[Finding]:
        """Frozen ones only where nothing learns."""
        return self._grouped(self._absent())

    def _absent(self) -> Iterator[Finding]:
        frozen = not any(leaf.requires_grad for leaf in self.record.leaves.values())
        for name, leaf in self.record.leaves.items():
            if leaf.node is None and (leaf.requires_grad or frozen) and self._takes_part(name):
                yield absent(self.snapshot, name, leaf, self.record.is_traced)
            elif leaf.node is not None and self.snapshot.graph.nodes[leaf.node].edges:
                yield not_a_leaf(self.snapshot, name, leaf)

    def _takes_part(self, name: str) -> bool:
        """Of the models in a function's file only those that it uses."""
        return self.snapshot.origin != "function" or name.partition(".")[0] in self._used_models

    @cached_property
    def _used_models(self) -> set[str]:
        there = [name for name, leaf in self.record.leaves.items() if leaf.node is not None]
        there += [name for event in self.snapshot.events for name in event.leaves]
        return {name.partition(".")[0] for name in there}

    def _silent(self) -> Iterator[Finding]:
        """Leaves in the graph at which nothing arrives."""
        for name, leaf in self.record.leaves.items():
            if leaf.node is None or (leaf.grad is not None and not is_zero(leaf.grad)):
                continue
            if leaf.grad is not None or self.snapshot.graph.nodes[leaf.node].step is not None:
                yield from self._zero(name)

    def _zero(self, name: str) -> Iterator[Finding]:
        node = self.record.leaves[name].node
        killer = self.record.killers.get(node) if node is not None else None
        if killer is not None:
            yield zeros.zero(self.snapshot.graph, self.record.uses, name, killer)

    def _without(self, name: str, leaf: Parameter) -> Finding:
        """In the graph, and yet None."""
        killer = self.record.killers.get(leaf.node) if leaf.node is not None else None
        if killer is not None and self.record.has_run and self.snapshot.problem is None:
            return zeros.zero(self.snapshot.graph, self.record.uses, name, killer)
        notes = [note.text for note in self.snapshot.notes if note.kind == "backward"]
        problem = self.snapshot.problem
        reason = problem.message if problem else notes[0] if notes else NOT_RUN
        return Finding("nonfinite", "backward", leaf.node, f"no gradient: {reason}", problem.hint if problem else AGAIN)

    def _of_size(self) -> Iterator[Finding]:
        graph, profile = self.snapshot.graph, self.profile
        if worst := depth.exploded(profile):
            yield self._about([worst.name], depth.rise(graph, worst, profile, self.record.uses))
        elif profile and (lost := self._lost(min(profile, key=lambda layer: layer.norm))):
            yield self._about([lost.parameter or ""], lost)
        elif found := depth.vanished(profile):
            yield self._about([found[0].name], depth.fall(graph, found, self.record.uses))

    def _size(self, name: str, leaf: Parameter) -> Finding:
        """Of a gradient that is finite and not 0."""
        assert leaf.grad is not None
        found, graph = spread(leaf.grad), self.snapshot.graph
        norm, size = found.finite_norm or 0.0, depth.size_of(leaf)
        layer = depth.Layer(name, norm, leaf.node or 0, size)
        largest = max((each.norm for each in self.profile), default=norm)
        if depth.is_huge(norm, size):
            return depth.rise(graph, layer, self.profile, self.record.uses)
        if lost := self._lost(layer):
            return lost
        if 0 < norm < depth.VANISHED * largest and (sender := self._cancelling(leaf.node or 0, norm)):
            text = f"next to nothing, norm {number(norm, 2)}: {where(sender)}: {zeros.CANCELS}, but for rounding"
            return Finding("ordinary", "backward", sender.id, text, zeros.SUMS_UP, name, sender.source)
        later = [each for each in self.profile if each.node < layer.node]
        top = max(range(len(later)), key=lambda place: later[place].norm, default=None)
        if 0 < norm < depth.VANISHED * largest and top is not None and later[top].norm > norm:
            return depth.fall(graph, [layer, *later[: top + 1]], self.record.uses)
        zero = f", {100 * found.zeros / found.elements:.0f} % of it zeros" if found.zeros else ""
        text = f"nothing wrong is seen: its gradient has norm {number(norm, 3)}{zero}, the parameter {number(size, 3)}"
        spreads = f"from {number(found.min, 3)} to {number(found.max, 3)}"
        return Finding("ordinary", "backward", leaf.node, text, NOTHING, name, None, (spreads,))

    def _lost(self, layer: depth.Layer) -> Finding | None:
        """Where nothing but rounding is left of the gradient: the node that leaves nothing of what comes in."""
        graph = self.snapshot.graph
        if not self.takes_away:
            return None
        for node, by, hooked in reversed(depth.path_changes(graph, layer.node, self.record.uses)):
            if not hooked and (why := zeros.taken_away(graph, node, math.exp(min(by, 700.0)))):
                text = f"next to nothing, norm {number(layer.norm, 2)}: {where(node)}: {why}; what is left is rounding"
                return Finding("constant", "backward", node.id, text, EVEN, layer.name, node.source)
        return None

    def _cancelling(self, leaf: int, norm: float) -> Node | None:
        """The node at which a sum of large terms leaves so little."""
        graph = self.snapshot.graph
        for user, place in self.record.uses[leaf]:
            node = graph.nodes[user]
            came = node.grad_output.finite_norm if node.grad_output is not None else None
            if came and norm < zeros.ROUNDING * came and place in traits_of(operation(node)).added:
                return node
        return None

    def _grouped(self, found: Iterable[Finding]) -> Iterator[Finding]:
        """One for all parameters of which the same is to be said."""
        groups: dict[tuple[object, ...], list[Finding]] = {}
        for finding in found:
            key = finding.kind, finding.node, finding.source, finding.text
            groups.setdefault(key, []).append(finding)
        for group in sorted(groups.values(), key=lambda group: (group[0].kind in LAST, -len(group))):
            yield self._about([each.parameter or "" for each in group], group[0])

    def _about(self, names: Sequence[str], finding: Finding) -> Finding:
        return _named(names, replace(finding, parameter=names[0]), self.record.leaves)


def _named(names: Sequence[str], finding: Finding, leaves: dict[str, Parameter]) -> Finding:
    """With what it is about in front of the text."""
    named = replace(finding, parameter=finding.parameter or names[0])
    return replace(named, text=f"{gathered(names, leaves)}: {finding.text}")
