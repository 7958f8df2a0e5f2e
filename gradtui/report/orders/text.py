"""Orders as lines of text: each derivative with its check, Taylor's polynomial, what the Hessian means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradtui.graph import taylor_text
from gradtui.graph.hessian_curvature import sentences
from gradtui.graph.hessian_digits import Believed, believed, remarks
from gradtui.graph.higher_orders import by, derivative_checks, picture, second_order, several, why_fewer
from gradtui.report.width import wrapped
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.numbers import SIGNIFICANT, number, numbers
from gradtui.snapshot.orders import Hessian, Jacobian, Orders

MOST_COLUMNS = 8
"""Of a matrix that is written out."""
DIGITS = 5


def lines(snapshot: Snapshot, orders: Orders) -> Iterator[str]:
    """For each order from 2 on the values, the words and the check; then Taylor, Hessian and Jacobian."""
    digits, named = SIGNIFICANT.get(snapshot.dtype, 7), several(snapshot)
    for order in orders.orders[1:]:
        judged = derivative_checks(snapshot, order.order)
        known = snapshot.derivatives[order.order - 1] if order.order <= len(snapshot.derivatives) else {}
        for name, values in order.values.items():
            name_of = by(name, order.order, named)
            yield from wrapped(f"{name_of} = {numbers(values, digits)}")
            if name in known:
                text, note = known[name].text, known[name].note
                yield from wrapped(f"  {name_of} = {text}" if text else f"  {note}")
            if name in judged:
                yield from wrapped(f"  {judged[name].text}")
        for name in snapshot.variables:
            if name not in order.values:
                yield f"{by(name, order.order, named)}: f mixes too many elements of {name} for this"
    if why := why_fewer(orders):
        yield from wrapped(f"note: {why}")
    for line in taylor_text.lines(snapshot, orders) if orders.taylor and orders.degree != 1 else ():
        yield from wrapped(line)
    if (hessian := believed(snapshot)) is not None:
        yield from _hessian(snapshot, hessian)
    for name, told in orders.jacobian.items():
        yield from _jacobian(snapshot, name, told)


def graph_head(snapshot: Snapshot) -> str | None:
    """What the graph of the gradient is, in a line; None where there is none."""
    graph = picture(snapshot, 2).graph if snapshot.orders is not None and len(snapshot.orders.orders) > 1 else None
    if graph is None:
        return None
    if not graph.nodes:
        return "the gradient is the same everywhere: it has no graph"
    made = len([*second_order(graph)])
    return f"the graph of the gradient, by create_graph=True: {len(graph.nodes)} nodes, {made} made by backward"


def _hessian(snapshot: Snapshot, judged: Believed) -> Iterator[str]:
    told = judged.hessian
    if told.row is not None:
        yield f"Hessian: {len(told.names):,} rows are too many; that of {told.names[told.row]} is in --json"
    elif told.names:
        yield "Hessian:"
        yield from _matrix(told.names, told.names, told.matrix)
    else:
        yield f"Hessian: {_size(told)} are too many"
    for sentence in (*remarks(snapshot, judged), *sentences(snapshot, told)):
        yield from wrapped(f"  {sentence}")


def _size(told: Hessian) -> str:
    return "its rows" if told.spectrum is None else f"{told.spectrum.size:,} rows"


def _jacobian(snapshot: Snapshot, name: str, told: Jacobian) -> Iterator[str]:
    """Rows are the elements of f."""
    if len(told.rows) < told.whole:
        yield f"Jacobian by {name}: {told.whole:,} rows are too many; row {told.first} is in --json"
        return
    yield f"Jacobian by {name}:"
    shape = snapshot.variables[name].value.shape
    columns = [f"{name}[{place}]" for place in range(len(told.rows[0]))] if shape else [name]
    yield from _matrix([f"f[{row}]" for row in range(len(told.rows))], columns, told.rows)


def _matrix(rows: Sequence[str], columns: Sequence[str], matrix: Sequence[Sequence[float]]) -> Iterator[str]:
    if max(len(rows), len(columns)) > MOST_COLUMNS:
        yield f"  {len(rows)} x {len(columns)}: all of it is in --json"
        return
    cells = [
        ["", *columns],
        *([name, *(number(one, DIGITS) for one in row)] for name, row in zip(rows, matrix, strict=True)),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
