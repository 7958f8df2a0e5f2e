"""Where over a window f, or only f', is not finite: sampled, then narrowed down."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby

import torch

from gradtui.engine.typed.look import Look
from gradtui.snapshot.curve import Trouble

MOST = 128
"""Stretches that are told: the widest, where there are more."""
ROUND_PLACES = 200
NARROWEST = 1e-290
"""A window in which there are no powers of ten to multiply."""
NARROWED = 2.0**20
"""Parts of an interval to one of which the end of a stretch is narrowed down: twenty bisections."""

FINE, GRADIENT, VALUE = 0, 1, 2


def round_places(low: float, high: float) -> torch.Tensor:
    """Multiples of a power of ten between the two, at most 200: people put their poles at such places."""
    if not NARROWEST < high - low < math.inf:
        return torch.empty(0, dtype=torch.float64)
    digits = -math.ceil(math.log10((high - low) / ROUND_PLACES))
    numbers = torch.arange(math.ceil(low * 10.0**digits), math.floor(high * 10.0**digits) + 1, dtype=torch.float64)
    return numbers / 10.0**digits


@dataclass(frozen=True, slots=True)
class Scan:
    """What is wrong at each of some places (float64, in rising order)."""

    places: torch.Tensor
    states: torch.Tensor

    @staticmethod
    def of(points: torch.Tensor) -> Scan:
        """Of rows x, f and f' in rising order of x, shape (3, n)."""
        return Scan(points[0], _settled(_states(points)))

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


def _states(points: torch.Tensor) -> torch.Tensor:
    _, f, derivative = points
    return torch.where(~f.isfinite(), VALUE, torch.where(~derivative.isfinite(), GRADIENT, FINE))


def _settled(states: torch.Tensor) -> torch.Tensor:
    """A lone place at which only f' is not finite belongs to the stretch beside it, as 0 of sqrt(x) does."""
    padded = torch.nn.functional.pad(states, (1, 1))
    before, after = padded[:-2], padded[2:]
    lone = (states == GRADIENT) & (before != GRADIENT) & (after != GRADIENT)
    return torch.where(lone & ((before == VALUE) | (after == VALUE)), VALUE, states)


def ends(scan: Scan, points: torch.Tensor, look: Look) -> dict[int, float]:
    """Each change of state narrowed down, all of them at once, to the last bad place, the first one, or the sample.

    points: those of the scan, shape (3, n).
    """
    changes = torch.tensor(scan.changes()[: 2 * MOST], dtype=torch.int64)
    if not (len(changes) and look.parts(len(changes))):
        return {}
    left, right = scan.states[changes, None], scan.states[changes + 1, None]
    between = torch.stack([points[:, changes], points[:, changes + 1]], 2)
    narrowed = 1.0
    while narrowed < NARROWED and (parts := look.parts(len(changes))):
        narrowed *= parts
        rows = look.into(between, parts)
        states = torch.cat([left, _states(rows[:, :, 1:-1]), right], 1)
        changed = torch.where(right == FINE, states == FINE, (states != left) & (states != FINE))
        first = torch.where(changed, torch.arange(parts + 1), parts).amin(1, keepdim=True)
        between = rows.gather(2, torch.cat([first - 1, first], 1).expand(3, -1, -1))
    low, high = between[0].unbind(1)
    ends_before = (right[:, 0] == FINE) & (high < scan.places[changes + 1])
    begins_behind = (left[:, 0] == FINE) & (low == scan.places[changes])
    border = torch.where(ends_before | begins_behind, low, high)
    return dict(zip(changes.tolist(), border.tolist(), strict=True))
