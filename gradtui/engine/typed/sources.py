"""Which piece of the typed text each node, and each edge, of the graph stands for."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.autograd.graph import Node, get_gradient_edge

from gradtui.engine.typed.forward import Forward, ordered
from gradtui.expression import syntax
from gradtui.snapshot.model import Source


class Sources:
    """Answers for the graph of one evaluation; `names` are the variables of its AccumulateGrads.

    Ask for the edges of older nodes first: a syntax node that made several grad_fns hands each operand out once.
    """

    def __init__(self, forward: Forward, names: Mapping[Node, str]) -> None:
        self._forward = forward
        self._names = names
        self._unused: dict[syntax.Node, list[syntax.Node]] = {}
        self._variables: dict[str, syntax.Node] = {}
        for node in ordered(forward.expression):
            if isinstance(node, syntax.Variable):
                self._variables.setdefault(node.name, node)

    def of_node(self, node: Node) -> Source | None:
        """What made the node; for a leaf, the first place of its variable."""
        maker = self._variables.get(self._names[node]) if node in self._names else self._maker(node)
        return None if maker is None else self._source(maker)

    def of_edge(self, node: Node, target: Node | None, number: int) -> Source | None:
        """The operand that came in by this edge of `node`, or by its empty edge where `target` is None."""
        maker = self._maker(node)
        if maker is None:
            return None
        if target is not None and self._maker(target) is maker:
            return self._source(maker)
        unused = self._unused.setdefault(maker, list(maker.operands))
        operand = next((operand for operand in unused if self._fits(operand, target, number)), None)
        if operand is not None:
            unused.remove(operand)
        elif target is not None:
            operand = next((operand for operand in maker.operands if self._fits(operand, target, number)), None)
        return None if operand is None else self._source(operand)

    def _maker(self, node: Node) -> syntax.Node | None:
        return self._forward.makers.get(node._sequence_nr())

    def _fits(self, operand: syntax.Node, target: Node | None, number: int) -> bool:
        """Whether the operand's value comes out of `target`; or, where that is None, is a constant."""
        value = self._forward.values[operand]
        if isinstance(value, torch.Tensor) and value.requires_grad:
            return target is not None and (value.output_nr, get_gradient_edge(value).node) == (number, target)
        return target is None and not isinstance(operand, syntax.Comparison)

    def _source(self, node: syntax.Node) -> Source:
        return Source(self._forward.expression.text[node.start : node.end], node.start, node.end)
