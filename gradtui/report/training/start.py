"""Where a training began, and whether one script can make all of it."""

from __future__ import annotations

from itertools import pairwise

from gradtui.snapshot.model import Values
from gradtui.snapshot.training import Training


def start(training: Training) -> dict[str, Values]:
    """Where the first update began: the snapshot may be of any later one."""
    first = training.updates[0].variables if training.updates else {}
    return {
        name: Values((len(moved.value),), moved.value) if isinstance(moved.value, tuple) else Values((), (moved.value,))
        for name, moved in first.items()
    }


def in_one_go(training: Training) -> bool:
    """Whether one optimizer made all updates, and each began where the one before had led."""
    return not training.changed and not any(
        before.after != after.value
        for one, next in pairwise(training.updates)
        for before, after in zip(one.variables.values(), next.variables.values(), strict=True)
        if before.after == before.after  # nan is not itself
    )
