"""What is known of the nodes of a derivative's graph: each was made by the forward pass, or by a node that backward ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd.backward import Backward
from gradtui.engine.autograd.graph import Known
from gradtui.engine.autograd.values import values_of
from gradtui.engine.orders.chain import Makers
from gradtui.engine.typed.facts import ExpressionFacts
from gradtui.engine.typed.forward import Forward
from gradtui.engine.typed.tangent import Tangents
from gradtui.snapshot import model


class OrderFacts(ExpressionFacts):
    """ids, graphs: of the graphs that the earlier passes were over, by the order of what they gave."""

    def __init__(
        self,
        forward: Forward,
        backward: Backward,
        leaves: Mapping[str, torch.Tensor],
        makers: Makers,
        ids: Mapping[int, Mapping[Node, int]],
        graphs: Mapping[int, model.Graph],
        tangents: Tangents,
        kept: Mapping[Node, int],
    ) -> None:
        super().__init__(forward, backward, leaves, tangents, kept)
        self._makers, self._ids, self._graphs = makers, ids, graphs

    def known(self, node: Node) -> Known:
        told = super().known(node)
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
            order=order,
            made_by=number,
            note="" if by_node is None else _told(by_node),
        )

    def operands(self, node: Node) -> Sequence[model.Source | None]:
        return () if node._sequence_nr() in self._makers.made_by else super().operands(node)


def _told(by: model.Node) -> str:
    of = f" of {by.source.text}" if by.source is not None else ""
    return f"made by backward, as {by.name}{of} ran"
