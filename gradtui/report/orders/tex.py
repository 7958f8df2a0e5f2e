r"""Orders as LaTeX: `\frac{d^{2} f}{d x^{2}}`, Taylor's polynomial, the Hessian."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.expression.parser import ExpressionError, parse
from gradtui.graph.hessian_digits import believed
from gradtui.graph.taylor_text import taylor_text
from gradtui.report.latex import name_of, typeset
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.numbers import number
from gradtui.snapshot.orders import Orders

MOST_COLUMNS = 10


def lines(snapshot: Snapshot, orders: Orders) -> Iterator[str]:
    d = "d" if len(snapshot.variables) == 1 else "\\partial"
    names = tuple(snapshot.variables)
    for order, known in enumerate(snapshot.derivatives[1:], start=2):
        for name, told in known.items():
            if told.text is not None and (written := _typeset(told.text, names)):
                yield f"\\frac{{{d}^{{{order}}} f}}{{{d} {name_of(name)}^{{{order}}}}} = {written}"
    written = _typeset(taylor_text(snapshot, orders), names) if orders.taylor else None
    if written:
        yield f"T_{{{len(orders.taylor) - 1}}}({name_of(orders.along)}) = {written}"
    judged = believed(snapshot)
    hessian = judged.hessian if judged is not None else None
    if hessian is not None and hessian.row is None and 0 < len(hessian.names) <= MOST_COLUMNS:
        rows = " \\\\ ".join(" & ".join(number(one) for one in row) for row in hessian.matrix)
        yield f"H = \\begin{{pmatrix}} {rows} \\end{{pmatrix}}"


def _typeset(text: str, names: tuple[str, ...]) -> str | None:
    try:
        return typeset(parse(text, names))
    except ExpressionError:
        return None
