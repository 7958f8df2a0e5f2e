"""The Hessian that is believed: autograd's, or that of Calculus where rounding has taken digits from autograd's."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from gradtui.dtypes import limits
from gradtui.graph.agreement_words import MORE
from gradtui.graph.digits import enough, in_words, relative_error, right_digits
from gradtui.graph.hessian_curvature import DIGITS, taken_for_0
from gradtui.graph.taylor_text import NONE_RIGHT
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.numbers import number
from gradtui.snapshot.orders import Hessian

MOST_TOLD = 3
"""Entries that have lost digits, the worst first."""


class Believed(Struct, frozen=True):
    """digits: how many of each of autograd's entries are right; empty where Calculus does not know. lost: whether more are
    missing than ordinary rounding takes, of an entry or of an eigenvalue; `hessian` is then that of Calculus."""

    hessian: Hessian
    autograd: Hessian
    digits: tuple[tuple[int, ...], ...] = ()
    lost: bool = False


def believed(snapshot: Snapshot) -> Believed | None:
    """None where there is no Hessian."""
    told = snapshot.orders.hessian if snapshot.orders is not None else None
    exact = snapshot.exact_hessian
    if told is None:
        return None
    if exact is None or exact.names != told.names or told.row is not None:
        return Believed(told, told)
    pairs = [zip(row, true, strict=True) for row, true in zip(told.matrix, exact.matrix, strict=True)]
    digits = tuple(tuple(right_digits(got, true, snapshot.dtype) for got, true in row) for row in pairs)
    lost = not all(enough(one, snapshot.dtype) for row in digits for one in row) or _bent(snapshot, told, exact)
    return Believed(exact if lost else told, told, digits, lost)


def remarks(snapshot: Snapshot, told: Believed) -> Iterator[str]:
    """Where the Hessian is that of Calculus: what autograd has in its place, and how much of that is right."""
    if not told.lost:
        return
    names, dtype = told.hessian.names, snapshot.dtype
    places = [(row, column) for row in range(len(names)) for column in range(row, len(names))]
    poor = [place for place in places if not enough(_least(told, place), dtype)]
    for row, column in sorted(poor, key=lambda place: _least(told, place))[:MOST_TOLD]:
        digits = _least(told, (row, column))
        got = told.autograd.matrix[row][column]
        if told.digits[row][column] > digits:
            got = told.autograd.matrix[column][row]
        right = in_words(digits, dtype) if digits else NONE_RIGHT
        name = f"∂²f/∂{names[row]}²" if row == column else f"∂²f/∂{names[row]}∂{names[column]}"
        yield f"by Calculus; autograd's {name} = {number(got, digits + MORE)}: {right}"
    if not poor:
        yield f"the eigenvalues are those by Calculus: {dtype} has lost digits of autograd's"


def _least(told: Believed, place: tuple[int, int]) -> int:
    """Of an entry and of the one across, which autograd gets another way."""
    row, column = place
    return min(told.digits[row][column], told.digits[column][row])


def _bent(snapshot: Snapshot, told: Hessian, exact: Hessian) -> bool:
    """Whether an eigenvalue that is shown has a wrong digit, though all entries are right: what cancels among them."""
    if not told.eigenvalues:
        return bool(exact.eigenvalues)
    unit = taken_for_0(snapshot.dtype) * max(map(abs, exact.eigenvalues))
    pairs = zip(told.eigenvalues, exact.eigenvalues, strict=True)
    shown = 10.0 ** -min(DIGITS, limits(snapshot.dtype).digits)
    return any(abs(true) > unit and relative_error(got, true) > shown for got, true in pairs)
