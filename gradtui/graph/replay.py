"""The recorded backward pass as a film: what has run, what is ready, how each sum grows. Pure.

The record comes from one run of the real engine; a moment is only a place in it, so that stepping back costs nothing.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from gradtui.graph.incoming_edges import Use, uses, uses_of
from gradtui.snapshot.model import Edge, Graph, Node, Values

SINGLY = 4
"""Nodes that are looked at one by one: so many take as long as all of them together."""


class Arrival(Struct, frozen=True):
    """A gradient that a node sent along its edge number `edge`, at the step at which that node ran."""

    edge: int
    step: int
    grad: Values | None


class Sum(Struct, frozen=True):
    """How the sum of `node` grew by what came along the sender's edge number `edge`; None before the first term.

    term: the how manyth it was, from 1. The last sum is the node's grad_output itself; those before it are added up
    here in float64.
    """

    node: int
    edge: int
    term: int
    before: Values | None
    after: Values | None


class Replay:
    """A graph's backward pass. Steps count from 0; a moment `done` stands after the first `done` nodes have run."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Node ids as the engine ran them."""
        steps = [node.step for node in self.graph.nodes]
        if steps == [*range(len(steps))]:  # as of all graphs of which backward ran every node
            return tuple(range(len(steps)))
        ran = {id: step for id, step in enumerate(steps) if step is not None}
        return tuple(sorted(ran, key=ran.__getitem__))

    @cached_property
    def used(self) -> list[list[Use]]:
        """For each node the edges that lead to it."""
        return uses(self.graph)

    def uses_of(self, node: int) -> list[Use]:
        """Those that lead to one node: of the first nodes that are asked for without looking for those of all."""
        if "used" in self.__dict__ or (node not in self._uses_of and len(self._uses_of) >= SINGLY):
            return self.used[node]
        if node not in self._uses_of:
            self._uses_of[node] = uses_of(self.graph, node)
        return self._uses_of[node]

    @cached_property
    def _uses_of(self) -> dict[int, list[Use]]:
        return {}

    def arrivals(self, node: int) -> tuple[Arrival, ...]:
        """What was sent to a node, in the order of sending."""
        nodes = self.graph.nodes
        sent = ((nodes[sender].step, index, sender) for sender, index in self.uses_of(node))
        known = sorted((step, index, sender) for step, index, sender in sent if step is not None)
        return tuple(Arrival(index, step, nodes[sender].edges[index].grad) for step, index, sender in known)

    def sums_into(self, node: int) -> tuple[tuple[int, Sum], ...]:
        """How the sum of a node grew, term by term, each with the step at which it came."""
        if node not in self._sums_into:
            self._sums_into[node] = tuple(self._grown(node))
        return self._sums_into[node]

    @cached_property
    def _sums_into(self) -> dict[int, tuple[tuple[int, Sum], ...]]:
        """What `sums_into` has found: a weight of a long recurrence has a term for each step."""
        return {}

    def _grown(self, node: int) -> Iterator[tuple[int, Sum]]:
        terms = [(arrival, arrival.grad) for arrival in self.arrivals(node) if arrival.grad is not None]
        before: Values | None = None
        for term, (arrival, grad) in enumerate(terms, 1):
            whole = self.graph.nodes[node].grad_output if term == len(terms) else None
            after = whole or (_added(before, grad) if before or term == 1 else None)
            yield arrival.step, Sum(node, arrival.edge, term, before, after)
            before = after

    @cached_property
    def sums(self) -> tuple[tuple[Sum, ...], ...]:
        """For each step how the sums of its receivers grew."""
        found: list[list[Sum]] = [[] for _ in self.order]
        for node in self.graph.nodes:
            for step, grown in self.sums_into(node.id):
                found[step].append(grown)
        return tuple(tuple(sorted(grown, key=_edge)) for grown in found)

    def ran(self, done: int) -> int | None:
        """The node that ran last at this moment; None at the start."""
        return self.order[done - 1] if done else None

    def ready(self, done: int) -> tuple[int, ...]:
        """The engine's queue: nodes all of whose users have run, the one it takes next first.

        It takes AccumulateGrad as soon as it is ready, else the highest sequence number, that is the newest operation;
        but with several devices each has a queue of its own, and what ran next is what the record says.
        """
        waiting = (self.graph.nodes[node] for node in self.order[done + 1 :] if self._ready_at[node] <= done)
        return (*self.order[done : done + 1], *(node.id for node in sorted(waiting, key=_priority)))

    def queues(self) -> Iterator[tuple[int, ...]]:
        """`ready` before each step, one after the other, for less than asking for each."""
        begins: list[list[tuple[float, int]]] = [[] for _ in range(len(self.order) + 1)]
        for node in self.order:
            begins[self._ready_at[node]].append(_priority(self.graph.nodes[node]))
        queue: list[tuple[float, int]] = []
        for done, node in enumerate(self.order):
            for priority in begins[done]:
                insort(queue, priority)
            queue.remove(_priority(self.graph.nodes[node]))
            yield (node, *(self.order[step] for _, step in queue))

    def received(self, node: int, done: int) -> tuple[Arrival, ...]:
        """What has come in for `node` so far: the terms of the sum that grows into its grad_output."""
        return tuple(arrival for arrival in self.arrivals(node) if arrival.step < done)

    def cut(self, done: int) -> tuple[Edge, ...]:
        """The edges that the backward pass has sent a gradient along to nodes that have not run: a cut of the graph."""
        return tuple(edge for edge in self._sent(done) if not self._has_run(edge, done))

    def into_leaves(self, done: int) -> tuple[Edge, ...]:
        """The edges to leaves that have run: what they brought stays in the leaf's `.grad`."""
        sent = (edge for edge in self._sent(done) if self._has_run(edge, done))
        return tuple(edge for edge in sent if edge.target is not None and not self.graph.nodes[edge.target].edges)

    def _sent(self, done: int) -> tuple[Edge, ...]:
        senders = (self.graph.nodes[node] for node in self.order[:done])
        return tuple(edge for sender in senders for edge in sender.edges if edge.target is not None)

    def _has_run(self, edge: Edge, done: int) -> bool:
        step = None if edge.target is None else self.graph.nodes[edge.target].step
        return step is not None and step < done

    @cached_property
    def _ready_at(self) -> tuple[int, ...]:
        """The first moment at which each node is in the queue."""
        found = [0] * len(self.graph.nodes)
        for sender in self.order:
            after = _step(self.graph.nodes[sender]) + 1
            for edge in self.graph.nodes[sender].edges:
                if edge.target is not None:
                    found[edge.target] = max(found[edge.target], after)
        return tuple(found)


def _added(one: Values | None, other: Values) -> Values | None:
    """None where the numbers are not all known."""
    if one is None:
        return other
    if one.summary or other.summary or one.unread or other.unread or one.shape != other.shape:
        return None
    return Values(one.shape, tuple(a + b for a, b in zip(one.numbers, other.numbers, strict=True)))


def _edge(grown: Sum) -> int:
    return grown.edge


def _step(node: Node) -> int:
    assert node.step is not None, "the engine ran this node"
    return node.step


def _priority(node: Node) -> tuple[float, int]:
    return (float("-inf") if node.sequence is None else -node.sequence, _step(node))
