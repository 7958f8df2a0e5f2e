"""Request -> Snapshot of a typed f, with the updates from there where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from gradtui.engine.parts import Parts
from gradtui.engine.tensors.dtype_and_device import RefusalError
from gradtui.engine.tensors.values import values_of
from gradtui.engine.training.batches import rows
from gradtui.engine.training.fit import fit
from gradtui.engine.training.surface import surface
from gradtui.engine.training.updates import train
from gradtui.engine.typed import evaluate as typed
from gradtui.engine.typed.evaluate import Leaves
from gradtui.expression.parser import ExpressionError
from gradtui.expression.syntax import Expression
from gradtui.snapshot.model import Request, Snapshot
from gradtui.snapshot.orders import Orders, OrdersRequest
from gradtui.snapshot.training import TrainingRequest


def evaluate(request: Request) -> Snapshot:
    """The picture at the start, of the rows that the first update sees, and all updates. What fails is its `problem`.

    Further derivatives are of those rows, too; a contour and a fit of all.
    """
    training = request.training
    seen = request if training is None else _of_rows(request, training)
    snapshot = typed.evaluate(seen)
    wanted = training is not None or request.surface is not None or request.fit or request.orders is not None
    if snapshot.problem is not None or not wanted:
        return snapshot
    parts = Parts()
    try:
        expression, leaves, data = typed.stood(request)
        snapshot = replace(snapshot, data={name: values_of(column) for name, column in data.items()})
        if request.surface is not None:
            with parts.part("the contour"), _told("evaluate f over these two variables"):
                snapshot = replace(snapshot, surface=surface(request.surface, expression, leaves, data))
        if request.fit:
            with parts.part("what is fitted to the data"), _told("evaluate what is fitted to the data"):
                snapshot = replace(snapshot, fit=fit(expression, leaves, data))
        if request.orders is not None:
            with parts.part("further derivatives"), _told("differentiate this again"):
                snapshot = replace(snapshot, orders=_orders(request.orders, *typed.stood(seen), snapshot.along))
        if training is not None:
            with parts.part("the updates"), _told("make this update"):
                snapshot = replace(snapshot, training=train(expression, leaves, data, training))
    except (ExpressionError, RefusalError) as error:
        return replace(snapshot, problem=error.problem)
    return replace(snapshot, notes=(*snapshot.notes, *parts.notes))


@contextmanager
def _told(what: str) -> Iterator[None]:
    """What torch could not do, in its own words. Raises RefusalError for its RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        raise RefusalError("domain", f"torch cannot {what}: {reason}") from error


def _orders(
    asked: OrdersRequest, expression: Expression, leaves: Leaves, data: Leaves, along: tuple[str, int] | None
) -> Orders | None:
    from gradtui.engine.orders.evaluate import orders

    return orders(asked, typed.differentiated(expression, leaves, data), leaves, data, along)


def _of_rows(request: Request, training: TrainingRequest) -> Request:
    columns = request.columns.values()
    if training.batches is None or not columns:
        return request
    return request.of_rows(rows(training.batches, min(map(len, columns)), training.update))
