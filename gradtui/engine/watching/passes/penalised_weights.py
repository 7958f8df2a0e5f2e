"""Weights whose gradient is that of a penalty on themselves, a sum of their squares say, and of nothing that the model makes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd import graph
from gradtui.engine.watching import tensor_norms
from gradtui.graph.losses.penalties import Penalties

PENALTIES = Penalties[Node](
    lambda node: node.name(),
    lambda node: [one for one, _ in node.next_functions],
    lambda node: sum(math.prod(one.shape) for one in node._input_metadata),
)
FEWEST = 8
"""Elements: fewer may have the direction of their gradient by chance."""
ALIKE = 1 - 1e-5
"""Cosine of the angle between two that have the same direction."""


class PenalisedWeights:
    """names: of the step that begins."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._by_penalties, self._by_others = set[int](), set[int]()

    def pass_begins(self, outputs: Sequence[torch.Tensor], ends: Mapping[Node, torch.Tensor]) -> None:
        """One of the first of a training. ends: the leaves of its graph."""
        reached = PENALTIES.found([graph.root(one) for one in outputs if one.requires_grad])
        alone = reached.alone if reached.has_others else ()
        self._by_penalties |= {id(one) for end, one in ends.items() if end in reached.by_penalties}
        self._by_others |= {id(one) for end, one in ends.items() if end not in alone}

    def step_begins(self, gradients: Iterable[tuple[str, torch.Tensor, torch.Tensor]]) -> None:
        """By name each weight with its gradient. In the first updates those that penalties reach are looked at, and then those
        whose gradient has always been that of one."""
        if self._by_penalties or self.names:  # at nearly each step of nearly all there are none
            self.names = {name for name, weight, gradient in gradients if self._is_penalised(name, weight, gradient)}
        self._by_penalties, self._by_others = set(), set()

    def _is_penalised(self, name: str, weight: torch.Tensor, gradient: torch.Tensor) -> bool:
        if name in self.names:
            return is_of(weight, gradient)
        if id(weight) not in self._by_penalties:
            return False
        return id(weight) not in self._by_others or (weight.numel() >= FEWEST and is_of(weight, gradient))


def is_of(weight: torch.Tensor, gradient: torch.Tensor) -> bool:
    """Whether a gradient has the direction of the weight itself, or of its signs, as that of its norm has."""
    own = weight.detach()
    return weight.shape == gradient.shape and any(_are_alike(one, gradient) for one in (own, own.sign()))


def _are_alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    size = math.prod(tensor_norms.norms([one, other]))
    return 0 < size < math.inf and tensor_norms.products([(one, other)]) >= ALIKE * size
