"""Runs of several processes that train together, side by side: where what should be the same is not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from gradtui.runs.packed_updates import Updates
from gradtui.runs.run import ParameterNorms, Run, Update

TOLERANCE = 1e-4
"""Part of a norm by which two of the same tensor may differ: sums in another order do."""
What = Literal["none", "gradient", "weight"]


class Difference(Struct, frozen=True):
    """The first update at which a parameter is another one in some rank.

    of: what differs. values: norms, by rank; of `none` the gradients.
    """

    of: What
    update: int
    parameter: str
    values: tuple[float | None, ...]


class Pace(Struct, frozen=True):
    """How far a rank has come. each: seconds an update, the median. last: seconds since 1970 of its last update, or since the
    start where that is not known."""

    rank: int
    updates: int
    each: float | None
    last: float | None
    ended: bool
    exit: int | None


class Ranks(Struct, frozen=True):
    runs: tuple[Run, ...]
    paces: tuple[Pace, ...]
    differences: tuple[Difference, ...]


def side_by_side(runs: Sequence[Run]) -> Ranks:
    """runs: in the order of their ranks."""
    return Ranks(tuple(runs), tuple(_pace(run, place) for place, run in enumerate(runs)), tuple(differences(runs)))


def differences(runs: Sequence[Run]) -> list[Difference]:
    """Of each parameter the first of each kind, in the order of updates. Only what all ranks have is compared, and of what each
    holds a part of, only whether there is a gradient."""
    found: dict[tuple[What, str], Difference] = {}
    if len(runs) < 2:
        return []
    shards = {name for run in runs for name in run.shards}
    for place in range(min(len(run.updates) for run in runs)):
        if _are_equal(runs, place):
            continue
        updates = [run.updates[place] for run in runs]
        names = [name for name in updates[0].parameters if all(name in one.parameters for one in updates)]
        for name in names:
            for what, values in _compared([one.parameters[name] for one in updates]):
                if (what, name) not in found and (what == "none" or name not in shards):
                    found[what, name] = Difference(what, updates[0].update, name, values)
    return sorted(found.values(), key=lambda one: one.update)


def meet_again(runs: Sequence[Run], since: int) -> bool:
    """Whether, in some update after that one, all weights are the same in all runs to the last bit: somebody averages them."""
    for updates in zip(*(run.updates for run in runs), strict=False):
        several = [one.parameters for one in updates]
        names = several[0].keys() & {*several[-1]} if updates[0].update > since else ()
        if names and all(one[name].weight == several[0][name].weight for one in several for name in names & one.keys()):
            return True
    return False


def _are_equal(runs: Sequence[Run], place: int) -> bool:
    """To the last bit, as they are where gradients are averaged; then nothing is unpacked."""
    packs = []
    for run in runs:
        if not isinstance(run.updates, Updates):
            return False
        record = run.updates.record
        packs.append((record.names, [(one.names, one.grad, one.weight) for one in record.norms(_number(run, place))]))
    return all(one == packs[0] for one in packs[1:])


def _number(run: Run, place: int) -> int:
    return run.updates.record.scalars[place].update if isinstance(run.updates, Updates) else place


def _compared(norms: Sequence[ParameterNorms]) -> list[tuple[What, tuple[float | None, ...]]]:
    found: list[tuple[What, tuple[float | None, ...]]] = []
    grads, weights = tuple(one.grad for one in norms), tuple(one.weight for one in norms)
    known = [grad for grad in grads if grad is not None]
    if known and len(known) < len(grads):
        found.append(("none", grads))
    if known and not _same(known):
        found.append(("gradient", grads))
    if not _same(weights):
        found.append(("weight", weights))
    return found


def _same(values: Sequence[float]) -> bool:
    if any(map(math.isnan, values)):
        return all(map(math.isnan, values))
    low, high = min(values), max(values)
    return low == high or high - low <= TOLERANCE * high < math.inf


def _pace(run: Run, place: int) -> Pace:
    updates = run.updates
    last: Update | None = updates[-1] if updates else None
    seconds = (
        [one.seconds for one in updates.record.scalars[: len(updates)]]
        if isinstance(updates, Updates)
        else [one.seconds for one in updates]
    )
    steps = sorted(after - before for before, after in pairwise(seconds))
    return Pace(
        place if run.rank is None else run.rank,
        len(updates),
        steps[len(steps) // 2] if steps else None,
        None if last is None else (run.started or 0.0) + last.seconds,
        run.ended,
        run.exit,
    )
