"""The line that tells of a run: how many updates there are, by what, of what."""

from __future__ import annotations

from gradtui.training.continuing import epoch
from gradtui.training.history import LONG_ENOUGH, growth
from gradtui.tui.session import Session
from gradtui.tui.training.of_file import moving
from gradtui.tui.training.trainer import Trainer

STILL = "every gradient is 0: nothing moves"
CHANGED = "changed on the way"
"""Updates up to here were made by another optimizer, or of another f, than the next one."""


def summary(trainer: Trainer, session: Session) -> str:
    """`3 updates · SGD(lr=0.1) trains w, b`, and what else is to be said of the run; nothing beside a function without any of the
    variables that moved."""
    if trainer.optimizer is None or _is_of_another_function(trainer, session):
        return ""
    count = trainer.history.here
    updates = f"{count:,} update{'' if count == 1 else 's'}{f', {CHANGED}' if trainer.changed else ''}"
    told = [updates, f"{trainer.optimizer.text} trains {moving(trainer.trained, trainer.of_file)}"]
    columns = session.data.values()
    if trainer.batches is not None and columns:
        told.insert(0, epoch(trainer.batches, min(map(len, columns)), count))
    if trainer.still:
        told.insert(0, STILL)
    if trainer.player.playing:
        told.insert(0, trainer.player.text)
    if (factor := diverges(trainer)) is not None:
        told.insert(0, f"diverges × {factor:.3g}")
    return " · ".join(told)


def diverges(trainer: Trainer) -> float | None:
    """By what each step is longer than the one before, where the run diverges."""
    history = trainer.history
    if history.here < LONG_ENOUGH:
        return None
    updates = map(history.update, range(history.here - LONG_ENOUGH, history.here))
    return growth([update for update in updates if update is not None])


def _is_of_another_function(trainer: Trainer, session: Session) -> bool:
    first = None if trainer.active else trainer.history.update(trainer.history.first)
    return first is not None and not first.variables.keys() & {*session.variables}
