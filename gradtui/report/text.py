"""Snapshot -> one text report: findings, values, checks, notes, the graph as a tree, the curves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gradtui.chart.point import standing
from gradtui.chart.text import chart_text
from gradtui.chart.window import Window, home
from gradtui.expression.parser import ExpressionError, parse
from gradtui.findings.findings import findings
from gradtui.graph.agreement import checks, value_check
from gradtui.graph.higher_orders import picture
from gradtui.graph.short_names import again
from gradtui.graph.taylor_text import values
from gradtui.outline.outline import Outline
from gradtui.outline.rows import Row, rows
from gradtui.outline.titles import title
from gradtui.report import findings_text
from gradtui.report.model_tables import tables
from gradtui.report.orders import text as orders_text
from gradtui.report.steps import in_short
from gradtui.report.training.updates import table, values_chart
from gradtui.report.width import WIDTH, wrapped
from gradtui.snapshot.curve import Curve, CurveRequest
from gradtui.snapshot.defaults import default_at
from gradtui.snapshot.finding import NONE_FOUND
from gradtui.snapshot.model import Node, Snapshot, Values
from gradtui.snapshot.numbers import NOT_KNOWN, SIGNIFICANT, number, numbers
from gradtui.snapshot.orders import Orders
from gradtui.snapshot.target import split
from gradtui.snapshot.visible import harmless, visible

CHART_HEIGHT = 20
GAP = "  "
TREE, SOURCE = 40, 8
"""Cells that the tree takes at most, its longer rows push on; and that the text which made a node gets at least."""

MOST_ROWS = 100
"""Rows of the graph of user code."""

DIGITS, ELEMENTS = 5, 3
"""Of a vector in a row of the tree, at most."""


def curve_request(
    variables: Sequence[str],
    at: Mapping[str, float | tuple[float, ...]],
    window: Window | None,
    order: int = 1,
) -> CurveRequest | None:
    """The curve to ask for: along the first variable, over `window` or around its place; None for a constant."""
    if not variables:
        return None
    place = at.get(variables[0], default_at(variables[0]))
    first = next(iter(place), None) if isinstance(place, tuple) else place
    return CurveRequest(variables[0], window or home(first), order=order)


def report(snapshot: Snapshot, *, colour: bool = False) -> str:
    """Lines of at most 80 cells where the graph allows. `colour`: with ANSI colours in the chart."""
    told = (_head, findings_text.lines, _values, _notes, tree, tables, in_short)
    parts: list[Iterable[str]] = [map(harmless, part(snapshot)) for part in told]
    if snapshot.curve is not None and snapshot.curve.variable in snapshot.variables:
        parts.append(_chart(snapshot, snapshot.curve, colour))
    if snapshot.orders is not None:
        parts += [map(harmless, part) for part in _orders(snapshot, snapshot.orders)]
    if snapshot.training is not None:
        parts += [
            map(harmless, part) for part in (table(snapshot.training, snapshot.dtype), values_chart(snapshot.training))
        ]
    parts.append(printed(snapshot))
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines) + "\n"


def _head(snapshot: Snapshot) -> Iterator[str]:
    typed = one_line(snapshot.expression)
    if snapshot.origin == "function":
        yield from wrapped(f"{_call(snapshot)} of {split(snapshot.expression)[0]}")
        yield f"{snapshot.dtype} · {snapshot.device}"
        return
    name = "" if _is_named(snapshot) else f"{_call(snapshot)} = "
    yield from wrapped(name + typed)
    if snapshot.reads_as not in (typed, ""):
        yield from wrapped(f"reads as {snapshot.reads_as}")
    yield f"{snapshot.dtype} · {snapshot.device}"


def _is_named(snapshot: Snapshot) -> bool:
    """Whether the text begins with a name of its own, of f or of a piece."""
    try:
        expression = parse(snapshot.expression, tuple(snapshot.variables))
    except ExpressionError:
        return False
    return expression.named or bool(expression.bindings)


def _values(snapshot: Snapshot) -> Iterator[str]:
    """f, then for each variable its place, its gradient, the derivative as Calculus writes it, and the check."""
    digits = SIGNIFICANT.get(snapshot.dtype, 7)
    yield from wrapped(f"{_call(snapshot)} = {numbers(snapshot.value, digits)}")
    yield from wrapped(f"  {value_check(snapshot).text}")
    several = len(snapshot.variables) > 1
    judged = checks(snapshot)
    for name, state in snapshot.variables.items():
        prime = f"∂f/∂{name}" if several else f"f'({name})"
        yield from wrapped(f"{name} = {numbers(state.value, digits)}    {prime} = {numbers(state.grad, digits)}")
        derivative = (snapshot.derivative or {}).get(name)
        if derivative is not None:
            yield from wrapped(f"  {prime} = {derivative.text}" if derivative.text else f"  {derivative.note}")
        yield from wrapped(f"  {judged[name].text}")


def _notes(snapshot: Snapshot) -> Iterator[str]:
    for note in snapshot.notes:
        yield from wrapped(f"note: {note.text}")


def printed(snapshot: Snapshot) -> Iterator[str]:
    """What user code wrote, its end."""
    if snapshot.printed.strip():
        yield "printed:"
        yield from (f"  {visible(line)}" for line in snapshot.printed.rstrip().splitlines())


def tree(snapshot: Snapshot) -> Iterator[str]:
    """The rows of the graph view as it is first seen, with the place in the engine's order behind."""
    if not snapshot.graph.nodes:
        return
    outline = Outline(snapshot.graph, snapshot.modules)
    is_plain = not outline.trunk and not snapshot.modules
    found = rows(snapshot.graph) if is_plain else rows(outline, opened=outline.opened_first())
    shown_rows = found if snapshot.origin == "expression" else found[:MOST_ROWS]
    cells = [("gradient node", "of", "value", "ḡ", "step"), *(_cells(snapshot, outline, row) for row in shown_rows)]
    tree, source, *others = (max(map(len, column)) for column in zip(*cells, strict=True))
    tree = min(tree, TREE)
    source = max(min(source, WIDTH - tree - sum(others) - 4 * len(GAP)), SOURCE)
    for row in cells:
        shown = (row[0], _cut(row[1], source), *row[2:])
        padded = (cell.ljust(width) for cell, width in zip(shown, (tree, source, *others), strict=True))
        yield GAP.join(padded).rstrip()
    if len(found) > len(shown_rows):
        yield f"… {len(found) - len(shown_rows):,} more rows: the screen opens them, --json has every node"


def _cells(snapshot: Snapshot, outline: Outline, row: Row) -> tuple[str, str, str, str, str]:
    nodes, digits = snapshot.graph.nodes, SIGNIFICANT.get(snapshot.dtype, 7)
    edge = nodes[row.parent].edges[row.edge] if row.parent is not None and row.edge is not None else None
    if row.kind == "rest":
        return f"{row.guides}… {row.edge:,} more", "", "", "", ""
    if row.group is not None:
        mark = "▾" if row.open else "↑" if row.kind == "reference" else "▸"
        size = "" if row.kind == "reference" else f" · {_nodes(outline.group(row.group).size)}"
        return f"{row.guides}{mark} {title(outline, row.group, snapshot.modules)}{size}", "", "", "", ""
    if row.node is None:
        assert edge is not None
        return f"{row.guides}· {edge.constant}", "", "", "", ""
    node = nodes[row.node]
    if row.kind == "reference":
        sent, whole = (_few(values, digits) for values in (edge.grad if edge else None, node.grad_output))
        return f"{row.guides}↑ {_label(node)}", "", "", sent if node.shape else f"{sent} of {whole}", ""
    step = NOT_KNOWN if node.step is None else str(node.step + 1)
    source = _source(node) or visible(node.variable or "")
    value, gradient = _few(node.value, digits), _few(node.grad_output, digits)
    return f"{row.guides}{node.name}", source, value, gradient, step


def _chart(snapshot: Snapshot, curve: Curve, colour: bool) -> Iterator[str]:
    """f and f' with the point where we stand."""
    orders = snapshot.orders
    along = orders is not None and not curve.alone and (orders.along, orders.element) == (curve.variable, curve.element)
    taylor = values(snapshot, orders) if orders is not None and along else ()
    yield chart_text(curve, WIDTH, CHART_HEIGHT, colour, standing(snapshot, curve), taylor)


def _orders(snapshot: Snapshot, orders: Orders) -> Iterator[Iterable[str]]:
    """The derivatives of higher order, and the graph of the gradient."""
    yield orders_text.lines(snapshot, orders)
    head = orders_text.graph_head(snapshot)
    if head is not None:
        yield [head, *tree(picture(snapshot, 2))]


def _nodes(count: int) -> str:
    return f"{count:,} node{'s' * (count > 1)}"


def _few(values: Values | None, digits: int) -> str:
    if values is not None and values.summary is not None:
        return f"norm {number(values.norm, DIGITS)}"
    return numbers(values, min(digits, DIGITS) if values and values.shape else digits, most=ELEMENTS)


def _label(node: Node) -> str:
    return node.variable or _cut(_source(node), SOURCE) or node.name


def _source(node: Node) -> str:
    return "" if node.source is None else again(node) + one_line(node.source.text)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _call(snapshot: Snapshot) -> str:
    if snapshot.origin == "function":
        return snapshot.reads_as
    return f"f({', '.join(snapshot.variables)})" if snapshot.variables else "f"


def one_line(text: str) -> str:
    """An expression may be typed on several lines, and a file may hold anything."""
    return visible(" ".join(text.split()))


def in_one_line(snapshot: Snapshot) -> str:
    """`<Snapshot of x^2: 3 nodes, f = 16, no fault found>`."""
    name = one_line(snapshot.expression) or "a captured graph"
    count = len(snapshot.graph.nodes)
    told = [f"{count:,} node{'s' * (count != 1)}"]
    if snapshot.value is not None:
        told.append(f"f = {numbers(snapshot.value, SIGNIFICANT.get(snapshot.dtype, 7), 3)}")
    if snapshot.problem is not None:
        told.append(snapshot.problem.message)
    found = findings(snapshot)
    told.append(f"{len(found)} finding{'s' * (len(found) != 1)}: {found[0].kind}" if found else NONE_FOUND)
    return harmless(f"<Snapshot of {name[:60]}: {', '.join(told)}>")
