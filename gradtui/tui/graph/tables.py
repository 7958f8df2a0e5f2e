"""Groups of the graph view and the rows of its tables as text in columns. Pure."""

from __future__ import annotations

from gradtui.graph.gradients import Gradient, Order
from gradtui.graph.incoming_edges import has_run
from gradtui.graph.kept import in_units
from gradtui.outline.arrangement import Arrangement
from gradtui.outline.rows import Row
from gradtui.snapshot.numbers import NOT_KNOWN, number
from gradtui.tui.graph.columns import (
    CLOSED,
    GAP,
    GUTTER,
    MARGIN,
    OPENED,
    REFERENCE,
    Cells,
    grad_look,
)
from gradtui.tui.panes.line_view import Piece, cut, left, right, tail

OF_PARAMETERS = "∇ "
"""Before the gradient of all parameters of a module."""

COLUMNS: tuple[tuple[Order, int], ...] = (
    ("norm", 9),
    ("share", 6),
    ("kept", 8),
    ("nan", 5),
    ("inf", 5),
    ("zeros", 6),
    ("max", 9),
    ("min", 9),
)
"""The columns of a table with their cells, the first one the last to go where there is little room; `kept` of modules alone."""
SHAPE = 12
LEAST_TITLE = 18


def group_cells(row: Row, arrangement: Arrangement, steps_done: int | None) -> Cells:
    """A module with the gradient of its parameters, once backward is done; a run with what comes into its first node."""
    assert row.group is not None
    assert row.node is not None
    outline, title = arrangement.outline, arrangement.title(row.group)
    group, grad = outline.group(row.group), arrangement.gradient(row.group)
    if row.kind == "reference":
        return Cells("", row.guides, (REFERENCE + title, "graph--reference"), (), "", "", None, None, "constant")
    part, modules = arrangement.share(row.group), arrangement.numbers.snapshot.modules
    kind = modules[group.path].kind if group.kind in ("module", "repeat") and group.path in modules else ""
    spoilt = grad is not None and grad.nan + grad.inf > 0
    about = [percent(part)] if part is not None else [NOT_KNOWN] if spoilt else []
    if group.kind in ("module", "repeat"):
        about += [f"{group.size:,} nodes", *([kind] if kind else [])]
    came = arrangement.graph.nodes[row.node].grad_output if has_run(arrangement.graph, row.node, steps_done) else None
    if grad is not None:
        came = grad.as_values() if steps_done is None else None
    return Cells(
        "",
        row.guides,
        (title, "graph--group"),
        (),
        OPENED if row.open else CLOSED,
        "  ".join(about),
        None,
        came,
        "group",
        " " * GAP if grad is None else OF_PARAMETERS,
        facts=tuple(about),
    )


def percent(part: float) -> str:
    """`38 %`, `0.2 %`; `<0.1 %` for what is less."""
    if 0 < part < 0.001:
        return "<0.1 %"
    return f"{number(100 * part, 2 if part < 0.995 else 3)} %"


def table_columns(width: int, *, modules: bool) -> tuple[int, bool, list[tuple[Order, int]]]:
    """Cells for the name, whether there is room for the shape, and the columns that fit."""
    room = width - GUTTER - MARGIN - LEAST_TITLE
    shown: list[tuple[Order, int]] = []
    for name, cells in COLUMNS:
        if name == "kept" and not modules:
            continue
        if room < GAP + cells:
            break
        room -= GAP + cells
        shown.append((name, cells))
    shape = room >= GAP + SHAPE
    return LEAST_TITLE + room - (GAP + SHAPE if shape else 0), shape, shown


def table_header(width: int, order: Order, *, modules: bool = False) -> tuple[Piece, ...]:
    """The names of the columns; that by which the rows are sorted is marked."""
    name, shape, columns = table_columns(width, modules=modules)
    heads = [left("name", name), *([left("shape", SHAPE)] if shape else [])]
    styles = ["graph--running" if order == "name" else "graph--label", *(["graph--label"] if shape else [])]
    for column, cells in columns:
        heads.append(right(column, cells))
        styles.append("graph--running" if order == column else "graph--label")
    gap = " " * GAP
    return ((" " * GUTTER, ""), *((text + gap, style) for text, style in zip(heads, styles, strict=True)))


def table_pieces(gradient: Gradient, width: int, largest: float | None) -> tuple[Piece, ...]:
    """A parameter or a module with what there is to say of its gradient."""
    name, has_shape, columns = table_columns(width, modules=gradient.kind != "parameter")
    gap, grad = " " * GAP, gradient.grad
    painted: list[Piece] = [(" " * GUTTER + left(tail(gradient.name, name), name) + gap, "graph--leaf")]
    if has_shape:
        shape = "×".join(map(str, gradient.shape)) or ("scalar" if gradient.kind == "parameter" else gradient.kind)
        painted.append((left(shape, SHAPE) + gap, "graph--source"))
    for column, cells in columns:
        if column == "share":
            text = NOT_KNOWN if gradient.share is None else percent(gradient.share)
        elif column == "kept":
            text = NOT_KNOWN if gradient.kept is None else in_units(gradient.kept)
        elif grad is None:
            text = NOT_KNOWN
        elif grad.unread is not None:
            text = cut(grad.unread, cells) if column == "norm" else NOT_KNOWN
        else:
            found = getattr(grad, column)
            text = _count(found) if isinstance(found, int) else number(found, 3)
        style = "graph--value"
        if column == "kept":
            style = "graph--unknown" if gradient.kept is None else "graph--value"
        elif grad is None or grad.unread is not None:
            style = "graph--unknown"
        elif column == "norm":
            style = grad_look(grad.as_values(), largest)
        elif (column in ("nan", "inf") and getattr(grad, column)) or (
            column == "zeros" and grad.zeros == grad.elements
        ):
            style = "graph--bad"
        painted.append((right(text, cells) + gap, style))
    return tuple(painted)


def _count(count: int) -> str:
    """In few cells: `999`, `23M`."""
    for power, sign in ((10**9, "G"), (10**6, "M"), (10**4, "k")):
        if count >= power:
            return f"{count // (10**3 if sign == 'k' else power)}{sign}"
    return str(count)
