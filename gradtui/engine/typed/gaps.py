"""Where over a window f, or only f', is not finite: sampled, then narrowed down."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch

from gradtui.snapshot.model import Trouble

Sample = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""f and f' at each x, all of shape (n,)."""

MOST = 32
"""Stretches that are told: the widest, where there are more."""
ROUND_PLACES = 200
PARTS, ROUNDS = 32, 4
"""Each round parts an interval into so many: together as good as twenty bisections."""
BUDGET = 0.01
"""Seconds for looking between the samples."""
STEEPER = 1.2
"""By how much f' must grow towards an interval from both sides, from sample to sample, for a look into it."""
MUCH_STEEPER = 3.0
"""The same, from one side alone."""
UNBOUNDED = 2.0
"""By how much it must go on growing, round by round: as it does where f goes as sqrt(x), or is steeper."""
FLAT = 1e-30
"""A steepness below which digits are lost, and ratios with them."""
ORDER = 0.9
"""Where f' grows as x^-1, or nearly, f has no bound either."""

FINE, GRADIENT, VALUE = 0, 1, 2


def trouble(
    x: torch.Tensor, f: torch.Tensor, derivative: torch.Tensor, sample: Sample | None = None
) -> tuple[Trouble, ...]:
    """Stretches, from left to right, of a curve; their ends to a millionth of the distance of its samples.

    sample: to look between the samples, where that is cheap. A pole between two of them is found by f' growing towards
    it and going on to grow.
    """
    if sample is None or not bool(x[[0, -1]].isfinite().all()):
        return _told(Scan.of(x, f, derivative).stretches({}))
    extra = _round_places(float(x[0]), float(x[-1])).to(x)
    points = torch.cat([torch.stack([x, f, derivative]), torch.stack([extra, *sample(extra)])], 1)
    peaks = _peaks(derivative.abs())
    if not len(peaks) and bool(points.isfinite().all()):
        return ()
    look = Look(sample, x, time.perf_counter() + BUDGET)
    scan = Scan.of(*points)
    found = scan.stretches(_ends(scan, look))
    near = 2 * float(x[-1] - x[0]) / len(x)
    poles = _poles(peaks.cpu(), torch.stack([x, derivative]).to("cpu", torch.float64), look)
    return _told([*found, *(pole for pole in poles if not _is_known(pole, found, near))])


def _round_places(low: float, high: float) -> torch.Tensor:
    """Multiples of a power of ten between the two, at most 200: people put their poles at such places."""
    digits = -math.ceil(math.log10((high - low) / ROUND_PLACES))
    numbers = torch.arange(math.ceil(low * 10.0**digits), math.floor(high * 10.0**digits) + 1, dtype=torch.float64)
    return numbers / 10.0**digits


@dataclass(frozen=True, slots=True)
class Scan:
    """What is wrong at each of some places (float64, in rising order)."""

    places: torch.Tensor
    states: torch.Tensor

    @staticmethod
    def of(*points: torch.Tensor) -> Scan:
        """Of x, f and f' in any order of x."""
        x, f, derivative = (values.to("cpu", torch.float64) for values in points)
        places, order = x.sort(stable=True)
        first = torch.ones(len(places), dtype=torch.bool)
        first[1:] = places[1:] != places[:-1]
        return Scan(places[first], _settled(_states(f, derivative)[order][first]))

    def changes(self) -> list[int]:
        """The numbers of the places behind which something else begins."""
        found: list[int] = (self.states[1:] != self.states[:-1]).nonzero().reshape(-1).tolist()
        return found

    def stretches(self, ends: dict[int, float]) -> list[Trouble]:
        """Runs of places at which the same is wrong. ends: where those that begin or end behind a place do so."""
        places, found, start = self.places.tolist(), [], 0
        for state, run in groupby(self.states.tolist()):
            stop = start + len(list(run)) - 1
            if state != FINE:
                low, high = ends.get(start - 1, places[start]), ends.get(stop, places[stop])
                found.append(Trouble(low, high, "value" if state == VALUE else "gradient"))
            start = stop + 1
        return found


@dataclass(frozen=True, slots=True)
class Look:
    """f and f' inside many intervals at once. like: a tensor of the dtype and the device to look with.

    deadline: when `perf_counter` is past it, what was seen so far must do.
    """

    sample: Sample
    like: torch.Tensor
    deadline: float

    @property
    def is_late(self) -> bool:
        return time.perf_counter() > self.deadline

    def into(self, low: torch.Tensor, high: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """A row for each interval: the places that part it, its ends among them; f and f' at those inside."""
        parts = torch.arange(PARTS + 1, dtype=torch.float64) / PARTS
        rows = low[:, None] + (high - low)[:, None] * parts
        rows[:, 1:-1] = rows[:, 1:-1].to(self.like).to(rows)
        inside = rows[:, 1:-1].reshape(-1).to(self.like)
        f, derivative = (values.reshape(-1, PARTS - 1).to("cpu", torch.float64) for values in self.sample(inside))
        return rows, f, derivative


def _states(f: torch.Tensor, derivative: torch.Tensor) -> torch.Tensor:
    return torch.where(~f.isfinite(), VALUE, torch.where(~derivative.isfinite(), GRADIENT, FINE))


def _settled(states: torch.Tensor) -> torch.Tensor:
    """A lone place at which only f' is not finite belongs to the stretch beside it, as 0 of sqrt(x) does."""
    padded = torch.nn.functional.pad(states, (1, 1))
    before, after = padded[:-2], padded[2:]
    lone = (states == GRADIENT) & (before != GRADIENT) & (after != GRADIENT)
    return torch.where(lone & ((before == VALUE) | (after == VALUE)), VALUE, states)


def _ends(scan: Scan, look: Look) -> dict[int, float]:
    """Each change of state narrowed down, all of them at once, to the last bad place, the first one, or the sample."""
    changes = torch.tensor(scan.changes()[: 2 * MOST], dtype=torch.int64)
    if not len(changes) or look.is_late:
        return {}
    left, right = scan.states[changes, None], scan.states[changes + 1, None]
    low, high = scan.places[changes], scan.places[changes + 1]
    for number in range(ROUNDS):
        if number and look.is_late:
            break
        rows, f, derivative = look.into(low, high)
        states = torch.cat([left, _states(f, derivative), right], 1)
        changed = torch.where(right == FINE, states == FINE, (states != left) & (states != FINE))
        first = torch.where(changed, torch.arange(PARTS + 1), PARTS).amin(1, keepdim=True)
        low, high = rows.gather(1, first - 1)[:, 0], rows.gather(1, first)[:, 0]
    ends_before = (right[:, 0] == FINE) & (high < scan.places[changes + 1])
    begins_behind = (left[:, 0] == FINE) & (low == scan.places[changes])
    border = torch.where(ends_before | begins_behind, low, high)
    return dict(zip(changes.tolist(), border.tolist(), strict=True))


def _poles(peaks: torch.Tensor, drawn: torch.Tensor, look: Look) -> list[Trouble]:
    """Single places inside the intervals number `peaks` of a curve, its rows x and f', where f' has no bound."""
    (low, high), ends = drawn[0, torch.stack([peaks, peaks + 1])], drawn[1, torch.stack([peaks, peaks + 1], 1)].abs()
    heights: list[torch.Tensor] = []
    for _ in range(ROUNDS):
        if not len(low) or look.is_late:
            return []
        rows, _, slopes = look.into(low, high)
        sizes = torch.cat([ends[:, :1], slopes.abs().nan_to_num(math.inf), ends[:, 1:]], 1)
        top = sizes[:, 1:-1].argmax(1, keepdim=True) + 1
        around = torch.cat([top - 1, top + 1], 1)
        (low, high), ends = rows.gather(1, around).unbind(1), sizes.gather(1, around)
        height = ends.amax(1)
        grows = height >= UNBOUNDED * heights[-1] if heights else height > 0
        low, high, ends = low[grows], high[grows], ends[grows]
        heights = [*(earlier[grows] for earlier in heights), height[grows]]
    in_value = heights[-1] >= heights[0] * (PARTS / 2) ** (ORDER * (ROUNDS - 1))
    middles = zip(((low + high) / 2).tolist(), in_value.tolist(), strict=True)
    return [Trouble(place, place, "value" if bad else "gradient") for place, bad in middles]


def _peaks(steep: torch.Tensor) -> torch.Tensor:
    """The numbers of the intervals towards which f' grows, the steepest first."""
    steep = steep.clamp_min(FLAT)
    before, left, right, after = steep[:-3], steep[1:-2], steep[2:-1], steep[3:]
    both = (left > STEEPER * before) & (right > STEEPER * after)
    one = torch.where(left > right, left > MUCH_STEEPER * before, right > MUCH_STEEPER * after)
    found = (both | one).nonzero().reshape(-1)
    top = torch.maximum(left, right)[found].nan_to_num(0, 0, 0)
    return found[top.argsort(descending=True)[:MOST]] + 1


def _is_known(one: Trouble, stretches: Sequence[Trouble], near: float) -> bool:
    return any(stretch.low - near <= one.low <= stretch.high + near for stretch in stretches)


def _told(stretches: Sequence[Trouble]) -> tuple[Trouble, ...]:
    widest = sorted(stretches, key=lambda one: one.low - one.high)[:MOST]
    return tuple(sorted(widest, key=lambda one: one.low))
