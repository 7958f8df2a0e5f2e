"""A user's function run again, at other places: its curve, its finite differences, and whether it can be trusted to be one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from gradtui.engine.orders.chain import along
from gradtui.engine.typed.between_samples import details
from gradtui.engine.typed.curve import GROWTH
from gradtui.engine.typed.differences import MIXED_ELEMENTS, STEPS, WIDE_STEPS, of_samples, offsets, scale, scales
from gradtui.engine.typed.look import Look, rows_of
from gradtui.snapshot.curve import Curve, CurveRequest
from gradtui.snapshot.model import Differences
from gradtui.snapshot.surface import Surface, SurfaceRequest

SMALL = 2.0**-30
"""Relative change of a leaf that float32 does not hold."""
QUICKEST = 1e-5
"""Seconds of a run, at least: what a clock tells of less is nothing to divide by."""
CURVE, DIFFERENCES, SURFACE, HIGHER = 0.3, 0.3, 0.3, 1.5
"""Seconds for each: rather fewer points of a curve, or no differences, than a late answer. The last is of the further
derivatives of each."""
FEWEST, MOST = 16, 2_000
"""Points of a curve. Where not even so many can be had within five times the time, there is none."""
FEWEST_ACROSS = 8
"""Places of a contour."""
CLOSER = 4
"""A run more for so many points of a curve, to look between them."""

Leaves = dict[str, torch.Tensor]
Value = Callable[[Leaves], torch.Tensor]
"""f, a scalar, with these leaves for its variables. May raise whatever user code raises."""


@dataclass(slots=True)
class Again:
    """`value` is f, `leaves` the place where it stands, `here` what it gave there; `summed` where f is only their sum; `narrow`
    where a part of it is computed in float16 or bfloat16, so that its differences are those of rounding."""

    value: Value
    leaves: Leaves
    here: torch.Tensor
    summed: bool = False
    narrow: bool = False
    seconds: float = 0.0

    def repeats(self) -> bool:
        """Whether f gives the same once more; how long it takes is then known."""
        start = time.perf_counter()
        once_more = self.value(_fresh(self.leaves))
        self.seconds = max(time.perf_counter() - start, QUICKEST)
        return torch.allclose(once_more.detach(), self.here.detach(), rtol=0, atol=0, equal_nan=True)

    def curve(self, request: CurveRequest) -> Curve | None:
        """f and f', a run of f and of backward for each point. None where that takes too long, or f has no such variable."""
        low, high = request.window
        leaf = self.leaves.get(request.variable)
        if leaf is None or request.element >= leaf.numel() or not (low < high and request.points > 1):
            return None
        count = min(request.points, MOST, max(FEWEST, int(CURVE / self.seconds / 3)))
        if count * 3 * self.seconds > 5 * CURVE:
            return None
        x = torch.linspace(low, high, count, dtype=leaf.dtype, device=leaf.device)

        def sample(places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            pairs = [self._at(request.variable, request.element, place) for place in places.tolist()]
            f, derivative = zip(*pairs, strict=True)
            return torch.tensor(f, dtype=torch.float64), torch.tensor(derivative, dtype=torch.float64)

        found = details(rows_of(x, *sample(x)), Look(sample, x, int, count // CLOSER))
        summed = "sum(f)" if self.summed else ""
        what = f"{summed or 'f'} along {request.variable}[{request.element}]" if leaf.ndim else summed
        return found.as_curve(request, what, self._higher(request, tuple(found.points[0].tolist())))

    def _higher(self, request: CurveRequest, places: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
        """The derivatives of the orders from 2 on at these places; none where that takes too long."""
        order = request.order
        if order < 2 or len(places) * self.seconds * GROWTH**order > HIGHER:
            return ()
        told = [self._chain(self.leaves, request.variable, request.element, place, order)[1:] for place in places]
        return tuple(zip(*told, strict=True))

    def further(self, name: str, most: int) -> list[Differences]:
        """Of the orders from 2 to `most`, each by differences of the derivative before it; none where that takes too long."""
        leaf = self.leaves[name]
        if self.narrow or most < 2 or leaf.numel() > MIXED_ELEMENTS:
            return []
        here = leaf.detach().reshape(-1).tolist()
        runs = leaf.numel() * len(offsets(STEPS)) * len(scales(here))
        if self.seconds * runs * GROWTH**most > HIGHER:
            return []
        leaves, steps, dtype = self._precise(name)
        told: list[list[list[list[float]]]] = [[[] for _ in scales(here)] for _ in range(most - 1)]
        for which, width in enumerate(scales(here)):
            for element, number in enumerate(here):
                moved = [number + offset * width(number) for offset in offsets(steps)]
                found = [self._chain(leaves, name, element, place, most - 1) for place in moved]
                for order, rows in enumerate(told):
                    rows[which].append([each[order] for each in found])
        return [of_samples(rows, here, steps, torch.finfo(dtype).eps) for rows in told]

    def _chain(self, leaves: Leaves, name: str, element: int, place: float, most: int) -> list[float]:
        """The derivatives up to the order `most` by this element alone, it being at `place`; nan where f raises there."""
        moved = _fresh(leaves)
        with torch.no_grad():
            moved[name].view(-1)[element] = place
        f = self._value(moved)
        try:
            return [math.nan] * most if f is None else along(f, moved[name], element, most)
        except Exception:  # whatever a backward of user code raises
            return [math.nan] * most

    def surface(self, request: SurfaceRequest) -> Surface | None:
        """A run of f for each place, or for each few that stand beside one another. None where f has no such numbers, or where
        that takes too long."""
        leaves = [self.leaves.get(name) for name in request.names]
        columns, rows = request.counts
        apart = math.ceil(math.sqrt(columns * rows * self.seconds / SURFACE))
        if any(leaf is None or leaf.ndim for leaf in leaves) or apart > min(columns, rows) // FEWEST_ACROSS:
            return None
        first, second = request.names
        values = [[math.nan] * columns for _ in range(rows)]
        across, up = (
            torch.linspace(*window, count, dtype=torch.float64).tolist()
            for window, count in zip(request.windows, request.counts, strict=True)
        )
        for row in range(0, rows, apart):
            for column in range(0, columns, apart):
                here = _fresh(self.leaves)
                with torch.no_grad():
                    here[first].fill_(across[column])
                    here[second].fill_(up[row])
                    f = self._value(here)
                for beside in values[row : row + apart]:
                    beside[column : column + apart] = [math.nan if f is None else f.item()] * len(
                        beside[column : column + apart]
                    )
        return Surface(
            request.names, request.windows, request.counts, tuple(one for row in values for one in row), request.key
        )

    def differences(self, name: str) -> Differences | None:
        """From float64 leaves where f takes them, else from its own; None where that takes too long, or f is narrow."""
        leaf = self.leaves[name]
        count = min(leaf.numel(), MIXED_ELEMENTS)
        here = leaf.detach().reshape(-1).tolist()
        if self.narrow or self.seconds * count * len(offsets(STEPS)) * len(scales(here)) > DIFFERENCES:
            return None
        leaves, steps, dtype = self._precise(name)

        def row(element: int, width: float) -> list[float]:
            return [self._beside(leaves, name, element, offset * width) for offset in offsets(steps)]

        rows = [[row(place, width(number)) for place, number in enumerate(here[:count])] for width in scales(here)]
        return of_samples(rows, here, steps, torch.finfo(dtype).eps)

    def _precise(self, name: str) -> tuple[Leaves, Sequence[float], torch.dtype]:
        """The leaves from which f is known best, the widths of differences there, and how exact f is."""
        doubled = {key: value.double() for key, value in self.leaves.items() if value.device.type != "mps"}
        leaves = doubled if doubled and self._value(_fresh(doubled)) is not None else self.leaves
        return (leaves, STEPS, torch.float64) if self._feels(leaves, name) else (leaves, WIDE_STEPS, torch.float32)

    def _feels(self, leaves: Leaves, name: str) -> bool:
        """Whether a change that only float64 knows reaches f: it may round to float32 on the way, as a model does."""
        small = SMALL * scale(leaves[name].detach().view(-1)[0].item())
        here, beside = (self._beside(leaves, name, 0, distance) for distance in (0.0, small))
        return here != beside

    def _at(self, name: str, element: int, place: float) -> tuple[float, float]:
        """f and f' there, nan where f raises."""
        leaves = _fresh(self.leaves)
        x = leaves[name]
        with torch.no_grad():
            x[element if x.ndim else ...] = place
        f = self._value(leaves)
        if f is None:
            return math.nan, math.nan
        try:
            gradient = torch.autograd.grad(f, x, allow_unused=True)[0] if f.requires_grad else None
        except Exception:  # whatever a backward of user code raises
            return f.item(), math.nan
        return f.item(), 0.0 if gradient is None else gradient.reshape(-1)[element].item()

    def _beside(self, leaves: Leaves, name: str, element: int, distance: float) -> float:
        """f where one element is moved; nan where f raises."""
        moved = _fresh(leaves)
        with torch.no_grad():
            numbers = moved[name].view(-1)
            numbers[element] += distance
        f = self._value(moved)
        return math.nan if f is None else f.item()

    def _value(self, leaves: Leaves) -> torch.Tensor | None:
        """None where f raises there."""
        try:
            return self.value(leaves)
        except Exception:  # whatever user code raises
            return None


def _fresh(leaves: Mapping[str, torch.Tensor]) -> Leaves:
    return {name: leaf.detach().clone().requires_grad_() for name, leaf in leaves.items()}
