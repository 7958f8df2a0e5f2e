"""How a run goes on: each request begins where the updates before it ended."""

from __future__ import annotations

from msgspec.structs import replace

from gradtui.snapshot.model import Request
from gradtui.snapshot.training import Batches, State, Training


def following(request: Request, made: Training, count: int = 1) -> Request:
    """The request for `count` more updates after those that `made` has, which `request` asked for."""
    assert request.training is not None
    if not made.updates:
        return replace(request, training=replace(request.training, count=count))
    last = made.updates[-1]
    if request.origin == "function":  # what moves stands where it was put, in the process that runs it
        return replace(request, training=replace(request.training, update=last.update + 1, count=count))
    training = replace(request.training, update=last.update + 1, count=count, state=states(made, len(made.updates)))
    return replace(
        request, at=request.at | {name: one.after for name, one in last.variables.items()}, training=training
    )


def states(made: Training, place: int) -> dict[str, State]:
    """The optimizer's state before the update at `place` of those that were made; after the last, where there are no more."""
    if place == 0:
        return made.before
    return {name: moved.state for name, moved in made.updates[place - 1].variables.items()}


def joined(first: Training, second: Training) -> Training:
    """The updates of both, in a row."""
    return replace(first, updates=(*first.updates, *second.updates))


def epoch(batches: Batches, rows: int, update: int) -> str:
    """`epoch 3, batch 1 of 7`: of update `update`, which comes next."""
    count = -(-rows // batches.size)
    number, batch = divmod(update, count)
    return f"epoch {number + 1}" + (f", batch {batch + 1} of {count}" if count > 1 else "")
