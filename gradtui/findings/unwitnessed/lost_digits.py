"""Where rounding took the digits of f or of its gradient, and what people write instead. Pure.

Followed back from the number that lost them: at each piece of the expression torch's value, gradient and what it sent are
measured by the exact ones, and where the relative error grows most, digits were lost.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from gradtui.graph.agreement import checks, value_check
from gradtui.graph.digits import held, right_digits
from gradtui.graph.errors import Errors
from gradtui.graph.operands import kept, operation, quote
from gradtui.graph.rounding import UNIT
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Graph, Node, Snapshot, Values
from gradtui.snapshot.numbers import number, numbers

CLEAN = 8
"""Units of rounding that count as no loss."""
LARGE = 10
"""Growth of a relative error that counts as a loss: a digit."""
CANCELS = 0.1
"""What is left of the larger operand where a difference loses a digit."""
TERM = 8
"""Digits of a number in a sentence."""
MOST_TERMS = 3

FLOAT64 = "use float64"
MORE = "work with more digits than a float64 has (mpmath)"
SERIES = "rearrange f so that they do not cancel, or take the first terms of its series there"
REARRANGE = "rearrange it so that nearly equal numbers are not subtracted"
CONSTANT = "write the constant as a number"
OTHER = "keep its operand small"

SIGNS = {"Add": (1, 1), "Sub": (1, -1), "Rsub": (-1, 1)}
"""Of the operands of a sum. Of a constant that is subtracted from, Rsub, torch keeps no edge."""

DIFFERENCES: dict[tuple[str, str], str] = {
    ("1", "Cos"): "write 2*sin(x/2)^2 for 1 - cos(x)",
    ("1", "Erf"): "write erfc(x) for 1 - erf(x)",
    ("1", "Exp"): "write expm1(x) for exp(x) - 1",
    ("1", "Sigmoid"): "write sigmoid(-x) for 1 - sigmoid(x)",
    ("1", "Sqrt"): "write (a - 1)/(sqrt(a) + 1) for sqrt(a) - 1",
    ("Exp", "Exp"): "write exp(b)*expm1(a - b) for exp(a) - exp(b), and 2*sinh(x) for exp(x) - exp(-x)",
    ("Log", "Log"): "write log1p((a - b)/b) for log(a) - log(b)",
    ("Reciprocal", "Reciprocal"): "write (b - a)/(a*b) for 1/a - 1/b",
    ("Sqrt", "Sqrt"): "write (a - b)/(sqrt(a) + sqrt(b)) for sqrt(a) - sqrt(b)",
}
"""By the two operands of a difference that cancels, in alphabetical order."""

STEEP: dict[tuple[str, str], str] = {
    ("Log", "Add"): "write log1p(x) for log(1 + x)",
    ("Log2", "Add"): "write log1p(x)/log(2) for log2(1 + x)",
    ("Log10", "Add"): "write log1p(x)/log(10) for log10(1 + x)",
    ("Pow", "Add"): "write exp(n*log1p(x)) for (1 + x)^n",
    ("Exp", "Log"): "write a power for the exponential of a logarithm",
}
"""By an operation that makes much of a small error, and by what makes its operand."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A place where a relative error grows. of: of a piece's value, of the gradients that add up at it, or of the slope by
    which it sends them on. before, after: the relative errors."""

    piece: int
    of: Literal["value", "sum", "slope"]
    before: float
    after: float
    unit: float

    @property
    def growth(self) -> float:
        return self.after / max(self.before, self.unit) if math.isfinite(self.before) else 1.0


def lost_digits(snapshot: Snapshot) -> Iterator[Finding]:
    """A finding for each place that took digits of f's gradient, or half of those of f; the earliest first."""
    truth, graph = snapshot.truth, snapshot.graph
    if truth is None or not truth.pieces or not graph.nodes or snapshot.experiments:
        return
    errors, unit = Errors(graph, truth), UNIT.get(snapshot.dtype, UNIT["float32"])
    found: dict[int, tuple[Loss, list[str]]] = {}

    def add(loss: Loss | None, name: str, digits: int) -> None:
        if loss is not None and errors.node(loss.piece) is not None:
            found.setdefault(loss.piece, (loss, []))[1].append(f"{name} has {_right(digits)}")

    value = value_check(snapshot)
    if value.right is None and value.digits is not None and value.digits <= held(snapshot.dtype) // 2:
        add(_of_value(errors, len(truth.pieces) - 1, unit), "f", value.digits)
    places = {piece.variable: place for place, piece in enumerate(truth.pieces) if piece.variable is not None}
    for name, told in checks(snapshot).items():
        if told.lost and told.digits is not None and name in places:
            prime = f"f'({name})" if len(snapshot.variables) == 1 else f"∂f/∂{name}"
            add(_of_gradient(errors, places[name], unit), prime, told.digits)
    for loss, parts in found.values():
        yield _finding(snapshot, errors, loss, " and ".join(parts))


def _of_value(errors: Errors, place: int, unit: float) -> Loss | None:
    """Down from a piece, each time to the operand whose error moves it most, as long as that has lost digits itself."""
    worst: Loss | None = None
    while True:
        operands, after = errors.pieces[place].operands, errors.of_values[place]
        if any(errors.node(operand) is None for operand in operands):
            return worst  # what came in is not known
        by = max(
            range(len(operands)),
            key=lambda slot: (errors.effect(place, slot), errors.of_values[operands[slot]]),
            default=None,
        )
        before = 0.0 if by is None else errors.of_values[operands[by]]
        worst = _larger(worst, Loss(place, "value", before, after, unit))
        if by is None or before <= CLEAN * unit:
            return worst
        place = operands[by]


def _of_gradient(errors: Errors, place: int, unit: float) -> Loss | None:
    """Up from a piece against the way of the gradient, to whatever sent most of the error; from there down where it was a
    value that had lost its digits before."""
    worst: Loss | None = None
    while errors.users[place] and all(errors.sent(*use) is not None for use in errors.users[place]):
        user, slot = max(errors.users[place], key=lambda use: errors.moved(*use))
        sent = errors.of_sent(user, slot)
        if len(errors.users[place]) > 1:
            worst = _larger(worst, Loss(place, "sum", sent, errors.of_gradients[place], unit))
        if sent <= CLEAN * unit:
            return _difference(errors, place, unit) or worst
        came = errors.of_gradients[user]
        if came * LARGE < sent:
            near = max((*errors.pieces[user].operands, user), key=lambda one: errors.of_values[one])
            known = errors.of_values[near]
            earlier = _of_value(errors, near, unit) if known > CLEAN * unit else None
            if earlier is not None and earlier.growth >= LARGE:
                return earlier
            return _larger(worst, Loss(user, "slope", max(came, known), sent, unit))
        place = user
    return worst


def _difference(errors: Errors, place: int, unit: float) -> Loss | None:
    """The difference of nearly equal numbers that the two largest of the gradients come from that cancel at a piece."""
    largest = sorted(errors.users[place], key=lambda use: -errors.size(*use))[:2]
    meeting = min(set.intersection(*(errors.above(user) for user, _ in largest)), default=None)
    if meeting is None or not _cancels(_terms(errors, meeting)):
        return None
    before = max((errors.of_values[operand] for operand in errors.pieces[meeting].operands), default=0.0)
    return Loss(meeting, "value", before, errors.of_values[meeting], unit)


def _larger(one: Loss | None, other: Loss) -> Loss:
    return other if one is None or other.growth > one.growth else one


def _finding(snapshot: Snapshot, errors: Errors, loss: Loss, consequence: str) -> Finding:
    node = errors.node(loss.piece)
    assert node is not None
    terms = _terms(errors, loss.piece) if loss.of == "value" else []
    if loss.of == "sum":
        why, remedy = _sum(errors, loss.piece), SERIES
    elif _cancels(terms):
        (one, first), (other, second) = sorted(terms, reverse=True)
        why = f"it subtracts nearly equal numbers, {_apart(one, -other)}"
        remedy = DIFFERENCES.get((min(first, second), max(first, second)), REARRANGE)
    elif loss.before <= CLEAN * loss.unit < errors.truth.constants:
        why, remedy = "a constant in it has lost its digits", CONSTANT
    else:
        near = _nearest(errors, loss)
        why = _makes_much(near, "value" if loss.of == "value" else "slope")
        made = [_made_by(errors.graph, errors.node(operand)) for operand in errors.pieces[loss.piece].operands]
        usual = OTHER if near is not None else ""
        remedy = next((STEEP[operation(node), one] for one in made if (operation(node), one) in STEEP), usual)
    digits = FLOAT64 if snapshot.dtype == "float32" else MORE
    return Finding(
        "lost_digits",
        "forward" if loss.of == "value" else "backward",
        node.id,
        f"{quote(node)}: {why}, so that {consequence}",
        f"{remedy}, or {digits}" if remedy else digits,
        evidence=tuple(_evidence(errors, loss, snapshot.dtype)),
    )


def _right(digits: int) -> str:
    return f"≈ {digits} right digit{'s' * (digits > 1)}" if digits else "no right digit"


def _terms(errors: Errors, place: int) -> list[tuple[float, str]]:
    """The two terms of a sum or difference, each with what made it, at the element that lost most; [] of another piece."""
    piece, node = errors.pieces[place], errors.node(place)
    if node is None or operation(node) not in SIGNS or len(piece.operands) > 2:
        return []
    at = errors.worst_element(place)
    made = [(errors.value(operand, at), errors.node(operand)) for operand in piece.operands]
    if at is None or piece.value[at] is None or any(value is None for value, _ in made):
        return []
    signs = SIGNS[operation(node)]
    terms = [
        (sign * (value or 0.0), _made_by(errors.graph, by)) for sign, (value, by) in zip(signs, made, strict=False)
    ]
    if len(terms) == 1:
        constant = (piece.value[at] or 0.0) - signs[0] * (errors.exact(piece.operands[0], at) or 0.0)
        terms.append((constant, "1" if math.isclose(abs(constant), 1) else ""))
    return terms


def _made_by(graph: Graph, node: Node | None) -> str:
    """The operation that a person would name: 1/x is a Reciprocal times 1, and e^x is no power."""
    if node is None:
        return ""
    if operation(node) == "Pow" and kept(node, "self") == Values((), (math.e,)):
        return "Exp"
    inner = [graph.nodes[edge.target] for edge in node.edges if edge.target is not None]
    same = [one for one in inner if one.source is not None and one.source == node.source]
    return operation(same[0] if same else node)


def _sum(errors: Errors, place: int) -> str:
    """The gradients that add up at the piece, at the element where they cancel most."""
    rows = [row for use in errors.users[place] if (row := errors.sent(*use)) is not None]
    terms = max(zip(*rows, strict=False), key=_cancelled, default=())
    shown = " and ".join(number(term, TERM) for term in terms[:MOST_TERMS])
    return f"the gradients that add up there, {shown}, nearly cancel"


def _cancelled(terms: Sequence[float]) -> float:
    """The largest term beside what is left."""
    largest, left = max(map(abs, terms), default=0.0), abs(sum(terms))
    return largest / left if left else math.inf if largest else 0.0


def _cancels(terms: Sequence[tuple[float, str]]) -> bool:
    return len(terms) == 2 and _cancelled([value for value, _ in terms]) >= 1 / CANCELS


def _apart(one: float, other: float) -> str:
    """Both with as many digits as it takes to tell them apart, and two more."""
    digits = next((few for few in range(4, 17) if number(one, few) != number(other, few)), TERM)
    return f"{number(one, digits + 2)} and {number(other, digits + 2)}"


def _nearest(errors: Errors, loss: Loss) -> Node | None:
    """What made the operand that the small error is in; None where all are variables, and exact."""
    operands = [operand for operand in errors.pieces[loss.piece].operands if errors.pieces[operand].variable is None]
    return errors.node(max(operands, key=lambda one: errors.of_values[one])) if operands else None


def _makes_much(near: Node | None, part: str) -> str:
    if near is None:
        return f"torch's own formula for its {part} loses digits here"
    value = f" = {numbers(near.value, TERM)}" if near.value is not None and not near.shape else ""
    return f"its {part} makes much of the small error of {quote(near)}{value}"


def _evidence(errors: Errors, loss: Loss, dtype: str) -> Iterator[str]:
    """How many digits are right before the loss and after it."""
    piece = errors.pieces[loss.piece]
    if loss.of == "sum":
        for user, slot in errors.users[loss.piece]:
            if (node := errors.node(user)) is not None:
                yield f"{quote(node)} sends it a gradient with {_right(_digits(errors.of_sent(user, slot), dtype))}"
        yield f"their sum has {_right(_digits(loss.after, dtype))}"
        return
    for operand in piece.operands:
        if (node := errors.node(operand)) is not None:
            yield f"{quote(node)} has {_right(_digits(errors.of_values[operand], dtype))}"
    part = "its value" if loss.of == "value" else "what it sends"
    yield f"{part} has {_right(_digits(loss.after, dtype))}"


def _digits(error: float, dtype: str) -> int:
    return right_digits(1.0 + error, 1.0, dtype) if math.isfinite(error) else 0
