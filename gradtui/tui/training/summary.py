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
    return summaries(trainer, session)[0]


def summaries(trainer: Trainer, session: Session) -> tuple[str, ...]:
    """The whole, then with fewer and fewer words, for where there is little room."""
    if trainer.optimizer is None or _is_of_another_function(trainer, session):
        return ("",)
    count = trainer.history.here
    updates = f"{count:,} update{'' if count == 1 else 's'}"
    changed = f"{updates}, {CHANGED}" if trainer.changed else updates
    by = trainer.optimizer.text
    columns = session.data.values()
    first, batch = list[str](), list[str]()
    if trainer.batches is not None and columns:
        batch = [epoch(trainer.batches, min(map(len, columns)), count)]
    if (factor := diverges(trainer)) is not None:
        first.append(f"diverges × {factor:.3g}")
    if trainer.player.playing:
        first.append(trainer.player.text)
    if trainer.still:
        first.append(STILL)
    ways = (
        (*first, *batch, changed, f"{by} trains {moving(trainer.trained, trainer.of_file)}"),
        (*first, *batch, changed, by),
        (*first, changed, by),
        (*first, updates, by),
        (*first, updates),
    )
    return tuple(map(" · ".join, ways))


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
