r"""f and its derivatives as LaTeX: a fragment that stands in any document with amsmath."""

from __future__ import annotations

from gradtui.expression.parser import ExpressionError, parse
from gradtui.report.latex import name_of, typeset
from gradtui.report.orders import tex as orders
from gradtui.snapshot.model import Snapshot


class NoFormulaError(ValueError):
    """There is no formula of this Snapshot; the message says why."""


def function(snapshot: Snapshot) -> str:
    """f alone: `f(x) = x^{2} + 3 x + 1`. Raises NoFormulaError where it is no typed expression."""
    if snapshot.origin != "expression":
        raise NoFormulaError("LaTeX is written of an expression; this graph is of code")
    try:
        expression = parse(snapshot.expression, tuple(snapshot.variables))
    except ExpressionError as error:
        raise NoFormulaError(f"this is no expression: {error.message}") from None
    *before, last = typeset(expression).split(" \\\\\n")
    head = f"{name_of(expression.name)}({', '.join(map(name_of, expression.variables))})"
    return " \\\\\n".join([*before, f"{head} = {last}"])


def derivative(snapshot: Snapshot, name: str) -> str | None:
    r"""`\frac{\partial f}{\partial x} = 2 x + 3`, by the variable `name`; None where there is no symbolic one."""
    told = (snapshot.derivative or {}).get(name)
    if told is None or told.text is None:
        return None
    try:
        written = typeset(parse(told.text, tuple(snapshot.variables)))
    except ExpressionError:
        return None
    d = "d" if len(snapshot.variables) == 1 else "\\partial"
    by = name_of(name)
    return f"\\frac{{{d} f}}{{{d} {by}}} = {written}"


def tex(snapshot: Snapshot) -> str:
    """All of it, one under the other. Raises NoFormulaError."""
    lines = [function(snapshot)]
    lines += [found for name in snapshot.variables if (found := derivative(snapshot, name)) is not None]
    if snapshot.orders is not None:
        lines += orders.lines(snapshot, snapshot.orders)
    return "\\begin{gather*}\n" + " \\\\\n".join(lines) + "\n\\end{gather*}\n"
