"""Which optimizer has which parameters. None of them is held."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import torch


class Owners:
    """Optimizers by their numbers, in the order in which they came."""

    def __init__(self) -> None:
        self._parameters: list[dict[int, weakref.ref[torch.Tensor]]] = []

    def comes(self) -> None:
        """Another one, of which nothing is known yet."""
        self._parameters.append({})

    def have(self, number: int, parameters: Sequence[torch.Tensor]) -> None:
        """These are its own now: groups may come to it later."""
        known = self._parameters[number]
        if any(id(one) not in known or known[id(one)]() is not one for one in parameters):
            self._parameters[number] = {id(one): weakref.ref(one) for one in parameters}

    def had_the_same(self, number: int, parameters: Sequence[torch.Tensor]) -> bool:
        return self._parameters[number].keys() == {id(one) for one in parameters}

    def own(self, parameter: torch.Tensor) -> bool:
        """Whether any of them has it."""
        return any(id(parameter) in each and each[id(parameter)]() is parameter for each in self._parameters)
