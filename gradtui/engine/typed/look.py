"""A look at f and f' between the samples of a curve. What it may cost is counted, never timed: the same on any machine."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

Sample = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""f and f' at each x, all of shape (n,)."""

AT_ONCE = 2048
"""Places of one call, by which many intervals are parted."""
PARTS = [2**power for power in range(2, 11)]
"""Of an interval in a round."""
BITS = 20
"""So many bisections are as good as a whole descent into an interval."""
FINEST = 2.0**-BITS
"""Part of the distance of two samples down to which is looked."""
FOR_DESCENT = 2 / 3
"""Part of what is left; the rest is for a look at what is found."""


@dataclass(slots=True)
class Look:
    """Evaluates f and f' at chosen places, as long as `left` lasts, and keeps what it has seen.

    x: of the samples that are there already, shape (n,). cost: of f and f' at so many places, in the unit of `left`.
    seen: float64 rows x, f and f', shape (3, n), one for each call.
    """

    sample: Sample
    x: torch.Tensor
    cost: Callable[[int], int]
    left: int
    seen: list[torch.Tensor] = field(default_factory=list)

    @property
    def window(self) -> tuple[float, float]:
        return float(self.x[0]), float(self.x[-1])

    @property
    def distance(self) -> float:
        """Of two samples."""
        low, high = self.window
        return (high - low) / (len(self.x) - 1)

    @property
    def epsilon(self) -> float:
        """The relative precision of the floats."""
        return float(torch.finfo(self.x.dtype).eps)

    def affords(self, places: int) -> bool:
        return self.cost(places) <= self.left

    def at(self, x: torch.Tensor) -> torch.Tensor:
        """x as the dtype has it, f and f' at places of any shape: float64, with a first axis of three."""
        self.left -= self.cost(x.numel())
        places = x.reshape(-1).to(self.x)
        points = rows_of(places, *self.sample(places))
        self.seen.append(points)
        return points.reshape(3, *x.shape)

    def parts(self, intervals: int) -> int:
        """Into how many parts so many intervals are parted most cheaply, round by round; 0 where one round costs too much."""
        parts = min(self._fitting(intervals), key=lambda parts: self._descent(intervals, parts))
        return parts if self.affords(intervals * (parts - 1)) else 0

    def most_intervals(self, most: int) -> int:
        """Up to so many as can be parted to the end."""
        while most and min(self._descent(most, parts) for parts in self._fitting(most)) > FOR_DESCENT * self.left:
            most //= 2
        return most

    def _fitting(self, intervals: int) -> list[int]:
        return [parts for parts in PARTS if intervals * (parts - 1) <= AT_ONCE] or PARTS[:1]

    def _descent(self, intervals: int, parts: int) -> float:
        return BITS / math.log2(parts) * self.cost(intervals * (parts - 1))

    def into(self, ends: torch.Tensor, parts: int) -> torch.Tensor:
        """Intervals, shape (3, n, 2), as rows of shape (3, n, parts + 1): their ends and the places between."""
        low, high = ends[0, :, :1], ends[0, :, 1:]
        inside = self.at(low + (high - low) * torch.arange(1, parts, dtype=torch.float64) / parts)
        return torch.cat([ends[:, :, :1], inside, ends[:, :, 1:]], 2)


def rows_of(*columns: torch.Tensor) -> torch.Tensor:
    """x, f and f' of any dtype and device as rows to reckon with, shape (3, n)."""
    return torch.stack([column.detach().to("cpu", torch.float64) for column in columns])


def in_order(*rows: torch.Tensor) -> torch.Tensor:
    """All those points by rising x, each x once."""
    points = torch.cat(rows, 1)
    points = points[:, points[0].argsort(stable=True)]
    first = torch.ones(points.shape[1], dtype=torch.bool)
    first[1:] = points[0, 1:] != points[0, :-1]
    return points[:, first]
