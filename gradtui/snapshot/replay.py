"""The recorded backward pass as a film: what has run, what is ready, how each sum grows. Pure.

The record comes from one run of the real engine; a moment is only a place in it, so that stepping back costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from gradtui.snapshot.model import Edge, Graph, Node, Values


@dataclass(frozen=True)
class Arrival:
    """A gradient that `sender` sent along its edge number `edge`, at the step at which `sender` ran."""

    sender: int
    edge: int
    step: int
    grad: Values | None


@dataclass(frozen=True)
class Replay:
    """A graph's backward pass. Steps count from 0; a moment `done` stands after the first `done` nodes have run."""

    graph: Graph

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Node ids as the engine ran them."""
        ran = [node for node in self.graph.nodes if node.step is not None]
        return tuple(node.id for node in sorted(ran, key=_step))

    @cached_property
    def arrivals(self) -> tuple[tuple[Arrival, ...], ...]:
        """For each node, what was sent to it, in the order of sending."""
        found: list[list[Arrival]] = [[] for _ in self.graph.nodes]
        for sender in self.order:
            node = self.graph.nodes[sender]
            for index, edge in enumerate(node.edges):
                if edge.target is not None:
                    found[edge.target].append(Arrival(sender, index, _step(node), edge.grad))
        return tuple(tuple(arrivals) for arrivals in found)

    def ran(self, done: int) -> int | None:
        """The node that ran last at this moment; None at the start."""
        return self.order[done - 1] if done else None

    def ready(self, done: int) -> tuple[int, ...]:
        """The engine's queue: nodes all of whose users have run, the one it takes next first.

        It takes AccumulateGrad as soon as it is ready, else the highest sequence number, that is the newest operation.
        """
        waiting = (self.graph.nodes[node] for node in self.order[done:] if self._ready_at[node] <= done)
        return tuple(node.id for node in sorted(waiting, key=_priority))

    def received(self, node: int, done: int) -> tuple[Arrival, ...]:
        """What has come in for `node` so far: the terms of the sum that grows into its grad_output."""
        return tuple(arrival for arrival in self.arrivals[node] if arrival.step < done)

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
        return tuple(max((arrival.step + 1 for arrival in arrivals), default=0) for arrivals in self.arrivals)


def _step(node: Node) -> int:
    assert node.step is not None, "the engine ran this node"
    return node.step


def _priority(node: Node) -> tuple[float, int]:
    return (float("-inf") if node.sequence is None else -node.sequence, _step(node))
