"""Were digits lost since what has them is less than a dtype holds with all of its own? Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.dtypes import limits
from gradtui.findings.digits.digit_loss import CLEAN, Loss
from gradtui.graph.digits import relative_error
from gradtui.graph.errors import Errors


def underflown(errors: Errors, loss: Loss, dtype: str) -> float | None:
    """The number, as mathematics has it, that torch lost since it is so small; None where that is not why."""
    least = limits(dtype).smallest_normal
    for got, exact in _pairs(errors, loss):
        if got is not None and exact and abs(exact) < least and relative_error(got, exact) > CLEAN * loss.unit:
            return exact
    return None


def _pairs(errors: Errors, loss: Loss) -> Iterator[tuple[float | None, float | None]]:
    piece = errors.pieces[loss.piece]
    if loss.of == "value":
        at = errors.worst_element(loss.piece)
        yield errors.value(loss.piece, at), errors.exact(loss.piece, at)
    elif loss.of == "slope":
        for slot, exact in enumerate(piece.sent):
            yield from zip(errors.sent(loss.piece, slot) or (), exact, strict=False)
