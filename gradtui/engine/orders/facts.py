"""What is known of the nodes of a derivative's graph: each was made by the forward pass, or by a node that backward ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch.autograd.graph import Node

from gradtui.engine.autograd.graph import Facts, Known
from gradtui.engine.orders.chain import Makers
from gradtui.engine.tensors.values import values_of
from gradtui.engine.typed.limits import shown_of_each
from gradtui.snapshot import model


class OrderFacts(Facts):
    """first: of what the forward pass made, and of the pass over this graph. count: of its nodes.

    ids, graphs: of the graphs that the earlier passes were over, by the order of what they gave. before: how many passes had
    run before the first of them, as a person's own code may run some.
    """

    def __init__(
        self,
        first: Facts,
        makers: Makers,
        ids: Mapping[int, Mapping[Node, int]],
        graphs: Mapping[int, model.Graph],
        count: int,
        before: int = 0,
    ) -> None:
        self._first, self._makers, self._ids, self._graphs = first, makers, ids, graphs
        self._most, self._before = shown_of_each(count), before

    def known(self, node: Node) -> Known:
        told = self._first.known(node)
        made = self._makers.made_by.get(node._sequence_nr())
        if made is None:
            return told
        order, by = made
        number = self._ids[order].get(by)
        by_node = None if number is None else self._graphs[order].nodes[number]
        source = None if by_node is None else by_node.source
        value = self._makers.recorded.get(node._sequence_nr())
        return told | Known(
            value=None if value is None else values_of(value, self._most),
            source=source,
            order=order + self._before,
            made_by=number,
            note="" if by_node is None else _told(by_node),
        )

    def sent(self, node: Node) -> Sequence[model.Values | None]:
        return self._first.sent(node)

    def local(self, node: Node) -> Sequence[float | None]:
        return self._first.local(node)

    def operands(self, node: Node) -> Sequence[model.Source | None]:
        return () if node._sequence_nr() in self._makers.made_by else self._first.operands(node)


def _told(by: model.Node) -> str:
    of = f" of {by.source.text}" if by.source is not None else ""
    return f"made by backward, as {by.name}{of} ran"
