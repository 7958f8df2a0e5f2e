"""Derivatives of higher order as the texts of the screen: what stands in the readout, and behind the node."""

from __future__ import annotations

from textual.content import Content

from gradtui.graph import taylor_text
from gradtui.graph.agreement_words import MARKS
from gradtui.graph.hessian_curvature import sentences
from gradtui.graph.hessian_digits import believed, remarks
from gradtui.graph.higher_orders import by, derivative_checks, order_of, prime, why_fewer
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.numbers import SIGNIFICANT, number, numbers
from gradtui.snapshot.visible import visible
from gradtui.tui.panes.line_view import Piece
from gradtui.tui.session import Session

MUTED = "$foreground-muted"
Pieces = tuple[Piece, ...]
DIGITS = 5
MOST_COLUMNS = 6
"""Of a Hessian that is written out."""


def values(session: Session, shown: Snapshot) -> Content:
    """` f''(x) = 2`, of each order that is asked for, behind the value and f'."""
    pieces: list[tuple[str, str]] = []
    for order in range(2, session.order + 1):
        told = order_of(shown, order)
        if told is not None and session.active in told.values:
            digits = SIGNIFICANT.get(shown.dtype, 7)
            pieces.append((f"   {_name(session, order)} = ", MUTED))
            pieces.append((numbers(told.values[session.active], digits, most=4), "bold $text-accent"))
    return Content.assemble(*pieces)


def derivation(session: Session, shown: Snapshot) -> Content:
    """The highest of them by Calculus, with its marks; to stand before f'."""
    order = session.order
    if order < 2 or order > len(shown.derivatives) or session.active is None:
        return Content()
    known = shown.derivatives[order - 1].get(session.active)
    judged = derivative_checks(shown, order).get(session.active)
    if known is None or judged is None:
        return Content()
    marks = "".join(MARKS[one] for one in (judged.autograd, judged.calculus, judged.differences))
    text = visible(known.text or known.note)
    return Content.assemble((f"{_name(session, order)} = ", MUTED), text, (f" {marks}   ", MUTED))


def lines(session: Session, shown: Snapshot | None) -> tuple[Pieces, ...]:
    """Taylor's polynomial with its error at the window's ends, the Hessian and what it means."""
    orders = shown.orders if shown is not None else None
    if shown is None or orders is None or (session.order < 2 and session.degree is None):
        return ()
    degree = session.order if session.degree is None else session.degree
    told: list[str] = [
        "",
        *filter(None, [why_fewer(orders), _undrawn(session, shown)]),
        *taylor_text.lines(shown, orders, degree),
    ]
    judged = believed(shown)
    if judged is not None:
        hessian = judged.hessian
        told.append("Hessian")
        if hessian.row is not None:
            told.append(f"  {len(hessian.names):,} rows are too many")
        elif 0 < len(hessian.names) <= MOST_COLUMNS:
            width = max(len(number(one, DIGITS)) for row in hessian.matrix for one in row) + 2
            named = max(map(len, hessian.names))
            for name, row in zip(hessian.names, hessian.matrix, strict=True):
                told.append(f"  {name.ljust(named)}" + "".join(number(one, DIGITS).rjust(width) for one in row))
        told += [f"  {sentence}" for sentence in (*remarks(shown, judged), *sentences(shown, hessian))]
    return tuple(((visible(line), "node--text"),) for line in told)


def _undrawn(session: Session, shown: Snapshot) -> str:
    """Which curve is wanted and not there."""
    if shown.curve is None or not any(shown.curve.derivative):
        return ""
    first = len(shown.curve.higher) + 2
    return f"{prime(first)} is not drawn: point by point, it would take long" if first <= session.order else ""


def _name(session: Session, order: int) -> str:
    return visible(by(session.active or "", order, len(session.variables) > 1))
