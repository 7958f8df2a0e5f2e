"""What a curve does between its samples: where it is in trouble, where it jumps, and the places that show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from msgspec.structs import replace

from gradtui.engine.typed import not_finite_stretches
from gradtui.engine.typed.discontinuities import CHAOS, NEAR, VISIBLE, Found, closed_in, ranges, sides, suspects
from gradtui.engine.typed.look import Look, in_order
from gradtui.snapshot.curve import Curve, CurveRequest, Jump, Trouble

HIGHER = 1 / 500
"""Part of the range of f by which a place must be higher, or lower, than the samples beside it to be kept."""
MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Details:
    """points: the samples and those that were added to them: x, f and f', each of shape (n,)."""

    points: torch.Tensor | tuple[torch.Tensor, ...]
    trouble: tuple[Trouble, ...] = ()
    jumps: tuple[Jump, ...] = ()

    def as_curve(
        self, request: CurveRequest, what: str, higher: tuple[tuple[float, ...], ...], *, alone: bool = False
    ) -> Curve:
        """The answer to a request. what, higher, alone: as a Curve has them."""
        x, f, derivative = (tuple(row.tolist()) for row in self.points)
        return Curve(
            variable=request.variable,
            window=request.window,
            x=x,
            f=f,
            derivative=derivative,
            element=request.element,
            key=request.key,
            what=what,
            trouble=self.trouble,
            jumps=self.jumps,
            alone=alone,
            higher=higher,
        )


def drawn(x: torch.Tensor, f: torch.Tensor, derivative: torch.Tensor) -> Details:
    """The samples, each of shape (n,), and nothing else."""
    return Details(tuple(row if row.is_floating_point() else row.double() for row in (x, f, derivative)))


def sampled(samples: torch.Tensor) -> Details:
    """What samples (3, n) alone tell."""
    return Details(samples, _widest(not_finite_stretches.Scan.of(samples).stretches({})))


def details(samples: torch.Tensor, look: Look) -> Details:
    """The same with a look between them: ends to a millionth of their distance, poles, jumps, the tops of narrow peaks."""
    if not bool(samples[0, [0, -1]].isfinite().all()) or not look.distance > 0:
        return sampled(samples)
    points = in_order(samples, *look.seen)
    intervals = suspects(points, look)
    if not len(intervals) and bool(points.isfinite().all()):
        return Details(samples)
    found = closed_in(intervals, look)
    stretches: list[Trouble] = []
    if not all(bool(points.isfinite().all()) for points in (samples, *look.seen)):
        points = in_order(samples, *look.seen)
        scan = not_finite_stretches.Scan.of(points)
        stretches = scan.stretches(not_finite_stretches.ends(scan, points, look))
    near = NEAR * look.distance
    return _told(samples, stretches, [one for one in found if not _is_known(one, stretches, near)], look)


def _is_known(one: Found, stretches: Sequence[Trouble], near: float) -> bool:
    return any(stretch.low - near <= one.low and one.high <= stretch.high + near for stretch in stretches)


def _told(samples: torch.Tensor, stretches: list[Trouble], found: Sequence[Found], look: Look) -> Details:
    """What each of them is, by how f and f' go on towards it from both sides."""
    ends = [(one.low, one.high) for one in stretches] + [(one.low, one.high) for one in found]
    places = torch.tensor(ends, dtype=torch.float64).reshape(-1, 2)
    beside = sides(places[:, 0], places[:, 1], look) if ends else None
    if beside is None:
        return Details(in_order(samples, _extremes(samples, look.seen, stretches)), _widest(stretches))
    points = torch.cat([samples, *look.seen], 1)
    unbounded, steep = beside.unbounded.any(1).tolist(), beside.steep.any(1).tolist()
    trouble = [
        replace(one, unbounded=grows or _overflows(points, one))
        for one, grows in zip(stretches, unbounded, strict=False)
    ]
    jumps, borders, count = [], [], len(stretches)
    f_range, slope_range = ranges(samples[1:], look.epsilon)
    for one, grows, climbs in zip(found, unbounded[count:], steep[count:], strict=True):
        middle = (one.low + one.high) / 2
        if grows:
            trouble.append(Trouble(middle, middle, "value", unbounded=True))
            continue
        if climbs:
            trouble.append(Trouble(middle, middle, "gradient"))
        elif _differ(one.derivative, slope_range):
            jumps.append(Jump(one.low, one.high, "gradient"))
        if _differ(one.f, f_range):
            jumps.append(Jump(one.low, one.high, "value"))
        borders.append(one)
    if len(jumps) > CHAOS * samples.shape[1]:
        jumps = []
    reached = beside.last[:, :count].reshape(3, -1)[:, ~beside.unbounded[:count].reshape(-1)]
    both = [(x, *values) for one in borders for x, *values in zip(one[:2], one.f, one.derivative, strict=True)]
    shown = torch.tensor(both, dtype=torch.float64).reshape(-1, 3).T
    kept = torch.cat([reached, shown, _extremes(samples, look.seen, trouble)], 1)
    return Details(in_order(samples, kept[:, kept[1].isfinite()]), _widest(trouble), tuple(jumps))


def _differ(sides: tuple[float, float], whole: float | None) -> bool:
    """Whether a change from one side to the other is seen in the range."""
    return whole is not None and abs(sides[1] - sides[0]) > VISIBLE * whole


def _overflows(points: torch.Tensor, stretch: Trouble) -> bool:
    inside = (points[0] >= stretch.low) & (points[0] <= stretch.high)
    return bool(points[1, inside].isinf().any())


def _extremes(samples: torch.Tensor, seen: Sequence[torch.Tensor], trouble: Sequence[Trouble]) -> torch.Tensor:
    """Of what was seen between two samples the highest and the lowest, where they stand out from these; not beside poles."""
    if not seen:
        return samples[:, :0]
    points = torch.cat(list(seen), 1)
    points = points[:, points[1].isfinite()]
    x = samples[0]
    gap = torch.searchsorted(x, points[0].contiguous(), right=True).clamp(1, len(x) - 1) - 1
    ends = torch.stack([samples[1, :-1], samples[1, 1:]])
    open_to = ends.isfinite().all(0)
    for one in trouble:
        if one.unbounded:
            at = torch.searchsorted(x, torch.tensor([one.low, one.high], dtype=x.dtype)) - 1
            open_to[max(0, int(at[0]) - 1) : int(at[1]) + 2] = False
    inside = open_to[gap]
    points, gap = points[:, inside], gap[inside]
    f = torch.cat([points[1], ends[:, open_to].reshape(-1)])
    if not len(gap):
        return points
    visible = HIGHER * float(f.amax() - f.amin())
    above = _outstanding(points[1] - ends.amax(0)[gap], gap, len(x) - 1, visible)
    below = _outstanding(ends.amin(0)[gap] - points[1], gap, len(x) - 1, visible)
    return points[:, torch.cat([above, below])]


def _outstanding(excess: torch.Tensor, gap: torch.Tensor, gaps: int, visible: float) -> torch.Tensor:
    """The numbers of the points with the largest excess of their gap, where that can be seen."""
    best = torch.full((gaps,), visible, dtype=torch.float64).scatter_reduce(0, gap, excess, "amax")
    numbers = ((excess >= best[gap]) & (excess > visible)).nonzero().reshape(-1)
    alone = torch.full((gaps,), -1).scatter(0, gap[numbers], numbers)
    return alone[best.topk(min(MOST_KEPT, int((alone >= 0).sum()))).indices]


def _widest(stretches: Sequence[Trouble]) -> tuple[Trouble, ...]:
    widest = sorted(stretches, key=lambda one: one.low - one.high)[: not_finite_stretches.MOST]
    return tuple(sorted(widest, key=lambda one: one.low))
