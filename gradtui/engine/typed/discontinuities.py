"""Poles and jumps of f and f' over a window: found where a curve bends more than its samples can tell, then closed in on.

Nothing is known here but values: how f and f' change from one side of a place to the other, and how they go on towards
it from one side. A narrow peak and a steep flank become smooth when they are looked at closely; a jump does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from gradtui.engine.typed.look import FINEST, Look

BENT, TURNED = 1 / 100, 1 / 50
"""Part of its range by which f may leave the line between two samples, and by which f' may change, without a look."""
ALONE = 2.0
"""Times as fast as near an interval f' must change in it."""
OUTER = 0.02
"""Part of the samples, the lowest and the highest, that do not count for a range: a pole is among them."""
PRECISIONS = 32.0
"""Times the precision of a float: what changes by less does not change."""
MOST = 256
"""Intervals that are looked into for each of f and f': those where most is hidden."""
SMOOTH = 0.6
"""What is smooth changes at most by this part in the steepest of four parts; a jump by all of it."""
BESIDE = (-12.0, -3.0, 3.0, 12.0)
"""Of its width, how far from an interval it is looked whether what changes in it changes there as well."""
VISIBLE = 1 / 500
"""Part of its range by which f, or f', must jump."""
NEAR = 1e-3
"""Part of the distance of two samples within which two places are one."""
CHAOS = 0.6
"""Part of the intervals: where more of them jump, that is noise, and no curve is left by breaking it."""

RUNGS = 12
"""Places from which it is seen how f goes on towards one: each nearer by the same factor."""
FEWEST_STEPS = 64.0
"""How much nearer the last of them must be than the first, for an answer."""
SETTLING, GROWING = 0.5, 4.0


class Found(NamedTuple):
    """A place between `low` and `high`, which floats cannot or need not tell apart. f and f' at both: (before, behind)."""

    low: float
    high: float
    f: tuple[float, float]
    derivative: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Suspects:
    """Intervals in which something may be hidden: shape (3, n, 2).

    of_slope: whether of f' rather than of f; hidden: how much; visible: how much of it would be seen. All of shape (n,).
    """

    ends: torch.Tensor
    of_slope: torch.Tensor
    hidden: torch.Tensor
    visible: torch.Tensor

    def __len__(self) -> int:
        return self.ends.shape[1]

    def chosen(self, which: torch.Tensor) -> Suspects:
        return Suspects(self.ends[:, which], self.of_slope[which], self.hidden[which], self.visible[which])


NONE = Suspects(
    torch.zeros(3, 0, 2, dtype=torch.float64),
    torch.zeros(0, dtype=torch.bool),
    *torch.zeros(2, 0, dtype=torch.float64),
)


def suspects(points: torch.Tensor, look: Look) -> Suspects:
    """Of the intervals between neighbouring points (3, n) those that hide most, no more than can be looked into."""
    bent, turned = (row[0].nan_to_num(0, 0) for row in _hidden(points[:, None]))
    turned = _alone(turned, points[0].diff())
    parts = [NONE]
    for row, hidden, whole, limit in zip(
        (1, 2), (bent, turned), ranges(points[1:], look.epsilon), (BENT, TURNED), strict=True
    ):
        if whole is None or not (count := int((hidden > limit * whole).sum())):
            continue
        most = hidden.topk(min(count, look.most_intervals(2 * MOST) // 2)).indices
        seen = torch.full((len(most),), limit * whole, dtype=torch.float64)
        ends = torch.stack([points[:, most], points[:, most + 1]], 2)
        parts.append(Suspects(ends, torch.full((len(most),), row == 2), hidden[most], seen))
    return _real(_joined(parts), look.epsilon) if len(parts) > 1 else NONE


def _joined(parts: list[Suspects]) -> Suspects:
    return Suspects(
        torch.cat([one.ends for one in parts], 1),
        torch.cat([one.of_slope for one in parts]),
        torch.cat([one.hidden for one in parts]),
        torch.cat([one.visible for one in parts]),
    )


def _real(left: Suspects, epsilon: float) -> Suspects:
    """Those whose ends are finite, and that hide more than rounding."""
    sizes = left.ends[1:].abs().amax(2)
    noise = PRECISIONS * epsilon * torch.where(left.of_slope, sizes[1], sizes[0])
    return left.chosen((left.hidden > noise) & sizes.isfinite().all(0))


def _alone(turned: torch.Tensor, width: torch.Tensor) -> torch.Tensor:
    """0 for intervals (n,) in which f' changes little faster than near them, as it does where it is smooth.

    The next but one counts: a kink that is itself a sample has both its neighbours in it.
    """
    pace = torch.nn.functional.pad((turned / width).nan_to_num(0, 0), (2, 2))
    return turned.where(turned > ALONE * width * torch.maximum(pace[:-4], pace[4:]), 0)


def ranges(rows: torch.Tensor, epsilon: float) -> list[float | None]:
    """What each row of values spans, without the outer ones unless nothing is left; None where that is but rounding."""
    found: list[float | None] = []
    for ordered in (row[row.isfinite()].sort().values for row in rows):
        cut = int(OUTER * len(ordered))
        places = [0, cut, -1 - cut, -1]
        first, low, high, last = ordered[places].tolist() if len(ordered) else (0.0,) * 4
        noise = PRECISIONS * epsilon * max(abs(first), abs(last))
        found.append(next((span for span in (high - low, last - first) if span > noise), None))
    return found


def _hidden(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of rows (3, n, k + 1) how much each of the steps may hide of f, and of f': each of shape (n, k).

    Of f: how far it may leave the straight line, by its slopes at both ends. Of f': by how much it changes.
    """
    before, after = rows[:, :, :-1], rows[:, :, 1:]
    width, step, turn = after - before
    bent = (step - width * (before[2] + after[2]) / 2).abs()
    turn = turn.abs()
    return torch.maximum(bent, width * turn / 8), turn


def closed_in(left: Suspects, look: Look) -> list[Found]:
    """The places in them at which f, or f', still changes when nothing is left between, and more so than beside them."""
    found = [NONE]
    while len(left) and (parts := look.parts(len(left))):
        rows = look.into(left.ends, parts)
        bent, turned = _hidden(rows)
        hidden = torch.where(left.of_slope[:, None], turned, bent).nan_to_num(0, 0, 0)
        enough = torch.minimum(SMOOTH * left.hidden, left.visible)
        number, part = (hidden > enough[:, None]).nonzero().unbind(1)
        around = torch.nn.functional.pad(hidden, (1, 1))
        here = hidden[number, part]
        peak = (here >= around[number, part]) & (
            here > around[number, part + 2]
        )  # a pole shows in the parts beside it too
        number, part, here = number[peak], part[peak], here[peak]
        ends = torch.stack([rows[:, number, part], rows[:, number, part + 1]], 2)
        left = _most(_real(Suspects(ends, left.of_slope[number], here, left.visible[number]), look.epsilon))
        done = left.ends[0, :, 1] - left.ends[0, :, 0] <= _finest(left.ends[0], look)
        if bool(done.any()):
            found.append(left.chosen(done))
            left = left.chosen(~done)
    if len(found) == 1:
        return []
    x, f, slopes = _abrupt(_joined(found), look).tolist()
    places = [
        Found(low, high, (before, behind), (slope, next_slope))
        for (low, high), (before, behind), (slope, next_slope) in zip(x, f, slopes, strict=True)
    ]
    return _apart(places, look.distance)


def _most(left: Suspects) -> Suspects:
    if len(left) <= MOST:
        return left
    return left.chosen((left.hidden / left.visible).topk(MOST).indices)


def _abrupt(found: Suspects, look: Look) -> torch.Tensor:
    """Of each the ends of the step, it or one beside it, in which f, or f', changes more than farther away; others left out.

    Floats may be so few that the next step was taken for the one with the pole in it.
    """
    ends = found.ends
    width = ends[0, :, 1:] - ends[0, :, :1]
    if not look.affords(len(BESIDE) * len(found)):
        return ends[:, :0]
    around = look.at((ends[0].mean(1, keepdim=True) + width * torch.tensor(BESIDE)).clamp(*look.window))
    rows = torch.cat([around[..., :2], ends, around[..., 2:]], 2)
    changes = torch.where(found.of_slope[:, None], rows[2].diff(dim=1), rows[1].diff(dim=1)).abs()
    across, at = changes[:, 1:-1].max(1)
    abrupt = across > torch.maximum(changes[:, 0], changes[:, -1])
    return rows.gather(2, torch.stack([at + 1, at + 2], 1).expand(3, -1, -1))[:, abrupt]


def _finest(x: torch.Tensor, look: Look) -> torch.Tensor:
    """Distances that nobody need look into at places x, shape (..., 2): their floats are hardly nearer to each other."""
    return (x.abs().amax(-1) * 2 * look.epsilon).clamp_min(FINEST * look.distance)


def _apart(found: list[Found], distance: float) -> list[Found]:
    """In rising order, each place once."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: one.low):
        if not kept or one.low > kept[-1].high + NEAR * distance:
            kept.append(one)
    return kept


@dataclass(frozen=True, slots=True)
class Sides:
    """How f and f' go on towards places from their left and from their right; each of shape (n, 2).

    unbounded, steep: whether |f|, |f'| grows without end. last: x, f and f' as near as was looked, shape (3, n, 2).
    """

    unbounded: torch.Tensor
    steep: torch.Tensor
    last: torch.Tensor


def sides(low: torch.Tensor, high: torch.Tensor, look: Look) -> Sides | None:
    """From the left towards each of `low`, from the right towards each of `high`; None where that costs too much.

    A side outside the window has only nan.
    """
    if not look.affords(2 * RUNGS * len(low)):
        return None
    (first, last), distance, epsilon = look.window, look.distance, look.epsilon
    nearest = torch.maximum(low.abs(), high.abs()) * 4 * epsilon
    nearest = nearest.clamp_min(4 * FINEST * distance)
    ladder = torch.linspace(0, 1, RUNGS, dtype=torch.float64)
    steps = distance / 2 * (2 * nearest[:, None] / distance) ** ladder
    places = torch.stack([low[:, None] - steps, high[:, None] + steps], 1)
    outside = (places < first) | (places > last)
    points = look.at(places.clamp(first, last))
    points[1:] = points[1:].where(~outside, torch.nan)
    enough = (distance / 2 >= FEWEST_STEPS * nearest)[:, None]
    unbounded, steep = _unbounded(points[1:], epsilon) & enough
    return Sides(unbounded, steep, points[..., -1])


def _unbounded(values: torch.Tensor, epsilon: float) -> torch.Tensor:
    """Whether values (..., rungs) go on growing: their changes do not settle, as they do towards a limit."""
    changes = values.diff(dim=-1)
    sizes = changes.abs()
    early, late, largest = sizes[..., :3].amax(-1), sizes[..., -3:].amax(-1), sizes.amax(-1)
    alike = (changes[..., -6:] > 0).all(-1) | (changes[..., -6:] < 0).all(-1)
    real = (late > PRECISIONS * epsilon * values.abs().amax(-1)) & (late >= SETTLING * largest)
    grows = real & (alike & (late >= SETTLING * early) | (late >= GROWING * values[..., :3].abs().amax(-1)))
    return grows | values[..., -1].isinf()
