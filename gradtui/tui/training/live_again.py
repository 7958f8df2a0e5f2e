"""A saved picture evaluated anew: with the data that it has, and trained as it was."""

from __future__ import annotations

from itertools import chain

from msgspec.structs import replace

from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.start import Start
from gradtui.tui.session import Session


def is_whole(saved: Snapshot) -> bool:
    """Whether all numbers of its variables and columns are there: of a large vector there are but the first."""
    kept = chain((state.value for state in saved.variables.values()), saved.data.values())
    return all(values.summary is None and values.unread is None for values in kept)


def live_again(session: Session, saved: Snapshot) -> Start:
    """From where the `session` stands, which is on the `saved` picture."""
    start = replace(session.start(), data={name: column.numbers for name, column in saved.data.items()})
    training = saved.training
    if training is None:
        return start
    return replace(start, optimizer=training.optimizer, trained=training.trained, batches=training.batches)
