"""Where did rounding take the digits of f, or of its gradient, and what do people write instead?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.dtypes import limits
from gradtui.findings.cause import Cause, Fact, Facts, Part, Place
from gradtui.findings.digits import digit_loss
from gradtui.findings.digits.cancelling_terms import cancelled, cancels, terms_of
from gradtui.findings.digits.digit_loss import CLEAN, Loss, Spoilt
from gradtui.findings.digits.held_by_float64 import is_held_by_float64
from gradtui.findings.digits.underflow import underflown
from gradtui.findings.forms.stable_form import form_of, stable_form
from gradtui.findings.record import Record
from gradtui.grad_fns.stable_forms import DIFFERENCES, STEEP, SUMS
from gradtui.graph.digits import right_digits
from gradtui.graph.errors import Errors
from gradtui.graph.operands import quote
from gradtui.snapshot.model import Node, Snapshot
from gradtui.snapshot.numbers import number, numbers

TERM = 8
"""Digits of a number in a sentence."""
MOST_TERMS = 3
LARGE_OPERAND = 10
"""From here on a smaller operand is of use: not the 1 of a logarithm."""


def detect(record: Record) -> Iterator[Cause]:
    """Of what has been held against exact numbers."""
    snapshot = record.snapshot
    if snapshot.truth is None or not snapshot.truth.pieces or not record.nodes or snapshot.experiments:
        return
    errors, unit = Errors(record.graph, snapshot.truth), limits(snapshot.dtype).unit
    for loss, spoilt in digit_loss.losses(snapshot, errors, unit):
        yield _cause(record, errors, loss, spoilt)


def _cause(record: Record, errors: Errors, loss: Loss, spoilt: tuple[Spoilt, ...]) -> Cause:
    snapshot, node = record.snapshot, errors.node(loss.piece)
    assert node is not None
    why, form = _why(record, errors, loss, node)
    facts: dict[str, Fact] = {"node": node, "why": why, "consequence": _consequence(snapshot, spoilt)}
    facts["form"] = Part("or", {"form": form}) if form else ""
    wider = snapshot.dtype == "float32" and is_held_by_float64(errors, loss)
    facts["more"] = Part({True: "float64", None: "float64 or more", False: "more digits"}[wider])
    evidence = tuple(_evidence(errors, loss, snapshot.dtype))
    kind = "value loses digits" if loss.of == "value" else "gradient loses digits"
    return Cause(kind, Place(node.id), facts, "proved", (), evidence)


def _why(record: Record, errors: Errors, loss: Loss, node: Node) -> tuple[Part, Fact]:
    """What took the digits, and the form that keeps them."""
    if loss.of == "elements":
        to = errors.node(loss.to) if loss.to is not None else None
        count = len(errors.pieces[loss.piece].value)
        return Part("elements nearly cancel", {"count": count, "to": quote(to) if to else ""}), Part("at its least")
    terms = terms_of(errors, loss.piece) if loss.of == "value" else []
    if loss.of == "sum":
        return Part("sum nearly cancels", {"terms": _sum(errors, loss.piece)}), Part("series")
    if cancels(terms):
        larger, smaller = sorted(terms, reverse=True)
        first, second = sorted((larger.made, smaller.made))
        form = (DIFFERENCES if larger.sign != smaller.sign else SUMS).get((first, second))
        return Part("nearly equal numbers", _apart(larger.value, -smaller.value)), form or Part("rearrange")
    part = Part("its value only" if loss.of == "value" else "its slope")
    if (tiny := underflown(errors, loss, record.snapshot.dtype)) is not None:
        what = Part("what it makes" if loss.of == "value" else "what it sends")
        facts: dict[str, Fact] = {"part": what, "tiny": tiny, "dtype": record.snapshot.dtype}
        return Part("underflown", facts), stable_form(errors.graph, record.uses, node, "underflow")
    if loss.before <= CLEAN * loss.unit < errors.truth.constants:
        return Part("constant lost digits"), Part("constant as a number")
    near = _nearest(errors, loss)
    form = form_of(errors.graph, node, STEEP)
    if near is None:
        return Part("formula loses digits", {"part": part}), form or ""
    value = f" = {numbers(near.value, TERM)}" if near.value is not None and not near.shape else ""
    is_large = near.value is not None and any(abs(one) > LARGE_OPERAND for one in near.value.numbers)
    return Part("makes much", {"part": part, "near": quote(near), "value": value}), form or (
        Part("small operand") if is_large else ""
    )


def _consequence(snapshot: Snapshot, spoilt: tuple[Spoilt, ...]) -> Part:
    """`f has no right digit and f'(x) has ≈ 3 right digits`."""
    told = [_of(snapshot, one) for one in spoilt]
    whole = told[0]
    for one in told[1:]:
        whole = Part("and", {"one": whole, "other": one})
    return whole


def _of(snapshot: Snapshot, spoilt: Spoilt) -> Part:
    facts: dict[str, Fact] = {"name": spoilt.variable or "", "digits": _right(spoilt.digits)}
    if spoilt.variable is None:
        return Part("f has", facts)
    return Part("prime has" if len(snapshot.variables) == 1 else "partial has", facts)


def _right(count: int) -> Part:
    return Part("right digits" if count > 1 else "right digit" if count else "no right digit", {"count": count})


def _sum(errors: Errors, place: int) -> Fact:
    """The gradients that add up at the piece, at the element where they cancel most."""
    rows = [row for use in errors.users[place] if (row := errors.sent(*use)) is not None]
    terms = max(zip(*rows, strict=False), key=cancelled, default=())
    whole: Fact = ""
    for term in terms[:MOST_TERMS]:
        one = number(term, TERM)
        whole = Part("and", {"one": whole, "other": one}) if whole else one
    return whole


def _apart(one: float, other: float) -> Facts:
    """Both with as many digits as it takes to tell them apart, and two more."""
    few = next((few for few in range(4, 17) if number(one, few) != number(other, few)), TERM)
    return {"one": number(one, few + 2), "other": number(other, few + 2)}


def _nearest(errors: Errors, loss: Loss) -> Node | None:
    """What made the operand that the small error is in; None where all are exact, as variables are."""
    operands = [operand for operand in errors.pieces[loss.piece].operands if errors.of_values[operand]]
    return errors.node(max(operands, key=lambda one: errors.of_values[one])) if operands else None


def _evidence(errors: Errors, loss: Loss, dtype: str) -> Iterator[tuple[str, Facts]]:
    """How many digits are right before the loss and after it."""
    piece = errors.pieces[loss.piece]
    if loss.of == "sum":
        for user, slot in errors.users[loss.piece]:
            if (node := errors.node(user)) is not None:
                yield "sends digits", {"node": quote(node), "digits": _digits(errors.of_sent(user, slot), dtype)}
        yield "sum has digits", {"digits": _digits(loss.after, dtype)}
        return
    for operand in piece.operands:
        if (node := errors.node(operand)) is not None:
            yield "has digits", {"node": quote(node), "digits": _digits(errors.of_values[operand], dtype)}
    yield "value has digits" if loss.of == "value" else "sent has digits", {"digits": _digits(loss.after, dtype)}


def _digits(error: float, dtype: str) -> Part:
    return _right(right_digits(1.0 + error, 1.0, dtype) if math.isfinite(error) else 0)
