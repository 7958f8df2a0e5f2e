"""Does float64 keep the digits that float32 lost at a place? Pure."""

from __future__ import annotations

from gradtui.dtypes import limits
from gradtui.findings.digits.digit_loss import Loss
from gradtui.findings.digits.underflow import underflown
from gradtui.graph.errors import Errors

FEW_ENOUGH = 1e-3
"""A relative error that float64 may leave where it is of use."""


def is_held_by_float64(errors: Errors, loss: Loss) -> bool | None:
    """Whether float64 keeps digits there that are of use; None where that is not known."""
    tiny = underflown(errors, loss, "float32")
    if tiny is not None and loss.of == "slope":
        return abs(tiny) > limits("float64").smallest_normal
    growth = _growth(errors, loss)
    return None if growth is None else growth * limits("float64").unit < FEW_ENOUGH


def _growth(errors: Errors, loss: Loss) -> float | None:
    """Of a relative error, at the place of a loss, to first order; None where it is not known, as no digit is left of it."""
    match loss.of:
        case "value":
            return errors.growth(loss.piece)
        case "sum":
            return errors.growth_of_sum(loss.piece)
        case "slope" | "elements":
            return loss.after / loss.unit if loss.after < 1 else None
