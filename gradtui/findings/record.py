"""A snapshot as the detectors look at it: its leaves, uses, events, witnesses, each found once, and no words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gradtui.findings import learned
from gradtui.findings.grad_scaler import without_scale
from gradtui.findings.unread import with_known_values
from gradtui.findings.zeros import alike, first_zero
from gradtui.graph.incoming_edges import Use, above, uses
from gradtui.graph.operands import is_finite
from gradtui.snapshot.model import Event, Graph, Node, Parameter, Snapshot, Witness

MOST_NODES = 2000  # of a function that is looked at as an expression is: each path and each element of it


@dataclass(frozen=True)
class Record:
    """Each question about a snapshot is answered once, in time linear in its nodes, and only if it is asked.

    snapshot: without the factor of a GradScaler, and without values that could not be read. asked: the leaf that is asked for;
    where it is None, all are. used: the `uses` of its graph, where they are at hand.
    """

    snapshot: Snapshot
    asked: str | None = None
    used: list[list[Use]] | None = None

    @classmethod
    def of(cls, snapshot: Snapshot, asked: str | None = None, used: list[list[Use]] | None = None) -> Record:
        return cls(without_scale(with_known_values(snapshot)), asked, used)

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
    def events_of(self) -> dict[str, list[Event]]:
        """The events at which the gradient of a leaf may end, by its name."""
        found: dict[str, list[Event]] = {}
        for event in self.events:
            for name in event.leaves:
                found.setdefault(name, []).append(event)
        return found

    @cached_property
    def uses(self) -> list[list[Use]]:
        return uses(self.snapshot.graph) if self.used is None else self.used

    @cached_property
    def leaves(self) -> dict[str, Parameter]:
        """The parameters; of code that has none the variables, and the leaves of the graph."""
        graph, found = self.snapshot.graph, dict(self.snapshot.parameters)
        nodes = {node.variable: node for node in graph.nodes if node.variable and not node.edges}
        for name, state in self.snapshot.variables.items():
            node = nodes.get(name)
            grad, place, dtype = (node.grad_output, node.id, node.dtype) if node else (None, None, self.snapshot.dtype)
            found.setdefault(name, Parameter(state.value, grad, dtype, self.snapshot.device, place))
        if not found:
            for name, node in nodes.items():
                value = node.value or node.grad_output
                if value is not None:
                    found[name] = Parameter(value, node.grad_output, node.dtype, node.device, node.id)
        return found

    @cached_property
    def learning(self) -> frozenset[str]:
        """The leaves that a training would move: of all, not only of those that are asked for."""
        return learned.learning(self.leaves)

    @property
    def wanted(self) -> dict[str, Parameter]:
        """The leaves that are asked for."""
        return self.leaves if self.asked is None else {self.asked: self.leaves[self.asked]}

    @cached_property
    def way(self) -> frozenset[int] | None:
        """The nodes on the way from the loss to the leaf that is asked for; None for all."""
        node = self.leaves[self.asked].node if self.asked is not None else None
        return None if node is None else frozenset(above(self.uses, node) | {node})

    def is_on_the_way(self, node: int | None) -> bool:
        return self.way is None or node in self.way

    @cached_property
    def killers(self) -> dict[int, first_zero.Killer]:
        return first_zero.killers(self.graph)

    @cached_property
    def alike(self) -> tuple[int, ...]:
        return alike.comparisons(self.graph)

    @cached_property
    def has_run(self) -> bool:
        """Whether the backward pass ran at all."""
        return bool(self.nodes) and self.nodes[0].step is not None

    @cached_property
    def is_traced(self) -> bool:
        """Whether somebody watched the forward pass: then what was not seen did not happen."""
        snapshot = self.snapshot
        if snapshot.origin == "function" or snapshot.events:
            return all(note.kind != "fault" for note in snapshot.notes)
        if any(module.calls is not None for module in snapshot.modules.values()):
            return True
        return any(node.source is not None for node in self.nodes)

    @property
    def is_expression(self) -> bool:
        """Whether it is a typed f: of that nobody says what is to learn, nor how large a derivative should be."""
        return self.snapshot.origin == "expression"

    @cached_property
    def is_explored(self) -> bool:
        """Whether it is looked at number by number: an expression, or a function of variables alone, with every number known."""
        snapshot, nodes = self.snapshot, self.nodes
        if any(values is not None and values.summary for node in nodes for values in (node.value, node.grad_output)):
            return False
        if snapshot.origin != "function":
            return self.is_expression
        variables = snapshot.variables
        return (
            0 < len(nodes) <= MOST_NODES
            and not any(one.node is not None and name not in variables for name, one in snapshot.parameters.items())
            and not any(node.grad_output is not None and node.grad_output.unread for node in nodes)
            and all(node.value is not None for node in nodes)
        )

    @cached_property
    def bad(self) -> tuple[str, ...]:
        """The leaves with a gradient that is not finite."""
        return tuple(name for name, leaf in self.wanted.items() if leaf.grad is not None and not is_finite(leaf.grad))

    def absent(self) -> Iterator[tuple[str, Parameter]]:
        """The leaves that want a gradient and are not in the graph."""
        return ((name, leaf) for name, leaf in self.leaves.items() if leaf.node is None and leaf.requires_grad)

    def witnesses(self, phase: str) -> Iterator[Witness]:
        return (witness for witness in self.snapshot.witnesses if witness.phase == phase)
