"""Session and Snapshot as the texts of the screen: pure, so that they are tested without one."""

from __future__ import annotations

import math
import re

from textual.content import Content

from gradtui.snapshot.model import Curve, Snapshot, Values
from gradtui.snapshot.numbers import NOT_KNOWN, SIGNIFICANT, numbers
from gradtui.tui.point import plain
from gradtui.tui.session import Session
from gradtui.tui.widgets.stepper import VariableRow

AROUND = 40
"""Elements of a long vector that are written out on each side of the active one: more than fit on a line."""

WIDEST_TITLE = 16
"""Cells that `f(x, y) = ` may take before the expression."""

OWN_NAME = re.compile(r"\s*\w+\s*(\([^()]*\))?\s*=(?!=)[^;]*$")


ChartPoint = tuple[float, float | None, float | None]


def title(session: Session) -> str:
    """`f(x) = ` to stand before the typed text; empty where the text says so itself."""
    if OWN_NAME.match(session.text.rpartition(";")[2]):
        return ""
    written = f"{of(session)} = "
    return written if len(written) <= WIDEST_TITLE else "f = "


def of(session: Session) -> str:
    """`f(x, y)`; only `f` for a constant."""
    return f"{session.name}({', '.join(session.variables)})" if session.variables else session.name


def variable_rows(session: Session, shown: Snapshot | None) -> list[VariableRow]:
    """A row for each variable of the expression, with the gradient of the last answer where there are several."""
    rows = []
    for name in session.variables:
        point, step, element = session.points[name], session.step_of(name), session.element_of(name)
        first = max(0, element - AROUND)
        state = shown.variables.get(name) if shown is not None else None
        gradient = ""
        if len(session.variables) > 1:
            gradient = numbers(state.grad, significant(shown), most=4) if state is not None else NOT_KNOWN
        rows.append(
            VariableRow(
                name=name,
                elements=tuple(plain(number, step) for number in point.elements[first : element + AROUND + 1]),
                vector=point.vector,
                element=element,
                step=plain(step),
                gradient=gradient,
                active=name == session.active,
                first=first,
                count=len(point.elements),
            )
        )
    return rows


def significant(shown: Snapshot | None) -> int:
    """How many digits of the answer are worth showing."""
    return SIGNIFICANT.get(shown.dtype, 7) if shown is not None else 7


def chart_point(session: Session, shown: Snapshot | None, curve: Curve | None) -> ChartPoint | None:
    """x, f and f' of the last answer along the active element, as `curve` has them; None where the answer does not tell."""
    state = shown.variables.get(session.active or "") if shown is not None else None
    if shown is None or state is None or (x := _element(state.value, session.element)) is None:
        return None
    of_one = curve is not None and curve.what.startswith("f of one element")
    f = _element(shown.value, session.element) if of_one else _total(shown.value)
    return x, f, _element(state.grad, session.element)


def _element(values: Values | None, index: int) -> float | None:
    return values.numbers[index] if values is not None and index < len(values.numbers) else None


def _total(values: Values | None) -> float | None:
    """A vector is summed, as it is for its gradient."""
    return sum(values.numbers) if values is not None and values.summary is None else None


def lit(shown: Snapshot | None, selected: int | None, text: str) -> tuple[int, int] | None:
    """The span of `text` that made the selected node; None where `text` is no longer the one that was evaluated."""
    if shown is None or selected is None or shown.expression != text or selected >= len(shown.graph.nodes):
        return None
    source = shown.graph.nodes[selected].source
    return (source.start, source.end) if source is not None else None


def engine_order(shown: Snapshot | None) -> list[int]:
    """Ids of the nodes that backward ran, in its order."""
    nodes = shown.graph.nodes if shown is not None else ()
    return [node.id for node in sorted(nodes, key=lambda node: node.step or 0) if node.step is not None]


def samples(columns: int) -> int:
    """Places at which a curve is evaluated for a chart so wide: in steps, so that a resize seldom asks again."""
    return min(1000, max(400, 200 * math.ceil(columns / 50)))


def same_graph(before: Snapshot | None, after: Snapshot | None) -> bool:
    """Whether a selected node of the one is the same node of the other."""
    if before is None or after is None:
        return before is after
    return (before.expression, len(before.graph.nodes)) == (after.expression, len(after.graph.nodes))


def first_node(shown: Snapshot | None) -> int | None:
    return 0 if shown is not None and shown.graph.nodes else None


def readout(session: Session, shown: Snapshot | None) -> tuple[Content, Content]:
    """Two lines: the numbers and whether they agree; the symbolic derivative and what else is to be said."""
    if shown is None:
        return Content.styled("starting PyTorch …", "$foreground-muted"), Content()
    digits = significant(shown)
    numbers_line: list[tuple[str, str]] = [
        (f"{of(session)} = ", "$foreground-muted"),
        (numbers(shown.value, digits, most=4), "bold $text-primary"),
    ]
    state = shown.variables.get(session.active or "")
    if state is not None:
        numbers_line += [
            (f"   {slope(session)} = ", "$foreground-muted"),
            (numbers(state.grad, digits, most=4), "bold $text-success"),
        ]
    return Content.assemble(*numbers_line), Content()


def slope(session: Session) -> str:
    """`f'(x)`, or `∂f/∂w` where there are several variables."""
    several = len(session.variables) > 1
    return f"∂{session.name}/∂{session.active}" if several else f"{session.name}'({session.active})"
