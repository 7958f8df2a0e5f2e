"""The session as it stands after the next update, of which all is known but its picture."""

from __future__ import annotations

from copy import copy

from gradtui.snapshot.training import TrainingRequest
from gradtui.training.history import is_finite
from gradtui.tui.session import Session
from gradtui.tui.training.of_file import standing
from gradtui.tui.training.trainer import Trainer


def after_update(session: Session, trainer: Trainer) -> Session | None:
    """Another session, of which a request is the one that the next update will ask; None where nobody knows what that is."""
    made, optimizer = trainer.next, trainer.optimizer
    if made is None or optimizer is None or trainer.of_file or trainer.player.playing or session.experiments:
        return None
    update = made.updates[0]
    if not is_finite(update):
        return None
    ahead = copy(session)
    ahead.points, ahead.defaults, ahead.past = dict(session.points), set(session.defaults), []
    ahead.stand({name: standing(moved.after, session.dtype) for name, moved in update.variables.items()})
    state = {name: moved.state for name, moved in update.variables.items()}
    ahead.training = TrainingRequest(optimizer, trainer.trained, update.update + 1, 1, state, trainer.batches)
    ahead.surface = None  # what is drawn stays until the path leaves it
    return ahead
