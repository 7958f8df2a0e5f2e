"""A snapshot as the detectors look at it: its leaves, uses, events, witnesses, each found once, and no words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gradtui.findings.scale import without_scale
from gradtui.findings.unread import with_known_values
from gradtui.findings.unwitnessed import zeros
from gradtui.findings.unwitnessed.cutoff import is_traced
from gradtui.graph.operands import is_finite
from gradtui.graph.uses import Use, uses
from gradtui.snapshot.model import Event, Graph, Node, Parameter, Snapshot, Witness


@dataclass(frozen=True)
class Record:
    """Each question about a snapshot is answered once, in time linear in its nodes, and only if it is asked.

    snapshot: without the factor of a GradScaler, and without values that could not be read.
    """

    snapshot: Snapshot

    @classmethod
    def of(cls, snapshot: Snapshot) -> Record:
        return cls(without_scale(with_known_values(snapshot)))

    @property
    def graph(self) -> Graph:
        return self.snapshot.graph

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.snapshot.graph.nodes

    @property
    def events(self) -> tuple[Event, ...]:
        return self.snapshot.events

    @cached_property
    def uses(self) -> list[list[Use]]:
        return uses(self.snapshot.graph)

    @cached_property
    def leaves(self) -> dict[str, Parameter]:
        """The parameters; of code that has none the variables, and the leaves of the graph."""
        graph, found = self.snapshot.graph, dict(self.snapshot.parameters)
        nodes = {node.variable: node for node in graph.nodes if node.variable and not node.edges}
        for name, state in self.snapshot.variables.items():
            node = nodes.get(name)
            dtype = node.dtype if node else self.snapshot.dtype
            grad, place = (node.grad_output, node.id) if node else (None, None)
            found.setdefault(name, Parameter(state.value, grad, dtype, self.snapshot.device, place))
        if not found:
            for name, node in nodes.items():
                value = node.value or node.grad_output
                if value is not None:
                    found[name] = Parameter(value, node.grad_output, node.dtype, node.device, node.id)
        return found

    @cached_property
    def killers(self) -> dict[int, zeros.Killer]:
        return zeros.killers(self.graph)

    @cached_property
    def has_run(self) -> bool:
        """Whether the backward pass ran at all."""
        return bool(self.nodes) and self.nodes[0].step is not None

    @cached_property
    def is_traced(self) -> bool:
        return is_traced(self.snapshot)

    @cached_property
    def bad(self) -> tuple[str, ...]:
        """The leaves with a gradient that is not finite."""
        return tuple(name for name, leaf in self.leaves.items() if leaf.grad is not None and not is_finite(leaf.grad))

    def absent(self) -> Iterator[tuple[str, Parameter]]:
        """The leaves that want a gradient and are not in the graph."""
        return ((name, leaf) for name, leaf in self.leaves.items() if leaf.node is None and leaf.requires_grad)

    def witnesses(self, phase: str) -> Iterator[Witness]:
        return (witness for witness in self.snapshot.witnesses if witness.phase == phase)
