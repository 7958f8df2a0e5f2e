"""Some elements of each parameter, by which it is seen whether it is another than when they were taken."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import torch

from gradtui.engine.tensors.values import step_of
from gradtui.engine.watching import tensor_norms

MOST = 64
"""Elements of a parameter, more or less."""
Kind = tuple[torch.device, torch.dtype]


class Samples:
    """All of a kind are kept in one tensor: it is made, and compared, by one call."""

    def __init__(self) -> None:
        self._views: dict[int, tuple[weakref.ref[torch.Tensor], int, torch.Tensor]] = {}
        self._taken: list[tuple[list[weakref.ref[torch.Tensor]], torch.Tensor]] = []

    def take(self, parameters: Sequence[torch.Tensor]) -> None:
        groups: dict[Kind, list[torch.Tensor]] = {}
        if len(self._views) > 2 * len(parameters):  # a view holds the memory of what is gone
            self._views = {key: one for key, one in self._views.items() if one[0]() is not None}
        for one in parameters:
            groups.setdefault((one.device, one.dtype), []).append(one)
        self._taken = [([*map(weakref.ref, of)], self._together(of)) for of in groups.values()]

    def changed(self) -> set[int]:
        """Ids of those that are not as they were when they were taken."""
        found: set[int] = set()
        for references, before in self._taken:
            every = [reference() for reference in references]
            alive = [one for one in every if one is not None]
            if len(alive) < len(every):
                continue  # parts were thrown away, and are not stepped any more
            now = self._together(alive)
            if now.shape == before.shape and torch.equal(now, before):
                continue
            start = 0
            for one in alive:
                end = start + len(self._sample(one))
                if not torch.allclose(now[start:end], before[start:end], 0, 0, equal_nan=True):
                    found.add(id(one))
                start = end
        return found

    def _together(self, parameters: Sequence[torch.Tensor]) -> torch.Tensor:
        return torch.cat([self._sample(one) for one in parameters])

    def _sample(self, parameter: torch.Tensor) -> torch.Tensor:
        """The same view as long as its numbers stand where they stood."""
        where = parameter.data_ptr() if parameter.layout == torch.strided else 0
        known = self._views.get(id(parameter))
        if known is not None and known[0]() is parameter and known[1] == where and known[2].dtype == parameter.dtype:
            return known[2]
        plain = tensor_norms.plain(parameter)
        flat = plain.reshape(-1) if plain.is_contiguous() else plain.flatten()
        made = flat[:: step_of(flat.numel(), MOST)]
        if where and made.data_ptr() == where:  # a view, not a copy
            self._views[id(parameter)] = weakref.ref(parameter), where, made
        return made


def is_shared(parameter: torch.Tensor) -> bool:
    """With other processes, which may write to it (Hogwild)."""
    return parameter.device.type == "cpu" and bool(parameter.is_shared())  # type: ignore[no-untyped-call]
