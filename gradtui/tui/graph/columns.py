"""The rows of a graph as text in columns under their names: tree, source, value and gradient ḡ. Pure: tested without a screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from gradtui.graph.gradients import all_zero, size
from gradtui.graph.incoming_edges import Use, as_sum, contributions, has_run
from gradtui.graph.operands import is_finite
from gradtui.graph.plain_names import plain_name
from gradtui.graph.short_names import again, function
from gradtui.graph.short_names import short as short
from gradtui.graph.short_names import title as title
from gradtui.outline.rows import Row
from gradtui.snapshot.model import Graph, Node, Values
from gradtui.snapshot.numbers import number
from gradtui.tui.panes.line_view import Piece, cut, left, right, tail

RUNNING = "▶ "
OPENED, CLOSED = " ▾", " ▸"
REFERENCE, CONSTANT = "↑ ", "· "
GUTTER = 2
GAP = 2
MARGIN = 1
PLAIN_NAME = "operation"
NAMES = ("gradient node", "of", "value")
"""Of the columns before the gradient's."""
GRADIENT = ("ḡ = ∂f/∂node", "∂f/∂node", "ḡ")
"""The name of the gradient's column, as much of it as there is room for: what a formula calls ḡ."""
LEAST_GRADIENT = len(GRADIENT[1])
LEAST_SOURCE = 6
"""Cells under which a cut source says nothing any more and is left out."""
LEAST_NUMBER = 9
"""Cells that a value keeps for itself where there is too little room: three digits with sign and exponent."""
LEAST_NAME = 6
"""Cells that a name keeps for itself where the guides before it are too long."""
MODEST_NUMBER = 17
"""Cells that value and gradient keep beside a source, or there is none: any scalar fits."""
SHORT_VECTOR = 18
"""Cells that they get before a source gets more than the least: `[11.7, 46.4, 20.8]`."""
MODEST_SOURCE = 24
"""Cells that the source gets before they get more than that."""
MODEST_NAME = 30
"""Cells that a name gets: `ScaledDotProductFlashAttentionForCpuBackward0` would push all others aside."""
SIZES = ("graph--grad", "graph--grad1", "graph--grad2", "graph--grad3")
"""Component classes for gradients: large, middling, small, vanishing."""
MOST_TERMS = 4
"""Contributions that a reference writes out."""


class Widths(NamedTuple):
    """Cells of each column."""

    tree: int
    source: int
    value: int
    grad: int


class Cells(NamedTuple):
    """A row's columns. References and constants run on into the source column.

    notes: what follows the name of a reference, the first of them for which there is room.
    label: two cells that stand before grad. path: whether source is one, of which the end tells more than the beginning.
    facts: what source is made of, for a group.
    """

    gutter: str
    guides: str
    name: Piece
    notes: tuple[str, ...]
    marker: str
    source: str
    value: Values | None
    grad: Values | None
    kind: str
    label: str = " " * GAP
    path: bool = False
    facts: tuple[str, ...] = ()


def cells(
    row: Row,
    graph: Graph,
    used: Sequence[Sequence[Use]],
    steps_done: int | None,
    digits: int,
    *,
    whole_names: bool = False,
    plain: bool = False,
) -> Cells:
    """What a row shows once the first `steps_done` nodes of backward have run; None is all of them.

    whole_names: parameters and nodes with the path of their module, for views that do not show what they are in.
    plain: `· 3` for `MulBackward0`.
    """
    if row.kind == "rest":
        rest = f"⋯ and {row.edge or 0:,} more"
        return Cells("", row.guides, (rest, "graph--constant"), (), "", "", None, None, row.kind)
    if row.node is None:
        assert row.parent is not None
        assert row.edge is not None
        constant = graph.nodes[row.parent].edges[row.edge].constant or ""
        return Cells("", row.guides, (CONSTANT + constant, "graph--constant"), (), "", "", None, None, row.kind)
    node = graph.nodes[row.node]
    if row.kind == "reference":
        count = len(used[row.node])
        terms = contributions(graph, row.node, steps_done=steps_done, used=used[row.node][:MOST_TERMS])
        text = terms_text([term.grad for term in terms], count, digits)
        notes = (f" ({text})", f" (sum of {count})") if count > 1 else _elsewhere(graph, row)
        sent = None
        if row.parent is not None and row.edge is not None and has_run(graph, row.parent, steps_done):
            sent = graph.nodes[row.parent].edges[row.edge].grad
        return Cells("", row.guides, (REFERENCE + title(node), "graph--reference"), notes, "", "", None, sent, row.kind)
    leaf = node.name == "AccumulateGrad"
    return Cells(
        RUNNING if steps_done and node.step == steps_done - 1 else "",
        row.guides,
        (plain_name(node) if plain else node.name, "graph--leaf" if leaf else "graph--node"),
        (),
        "" if row.open is None else OPENED if row.open else CLOSED,
        _belongs(node, whole_names=whole_names),
        node.value,
        node.grad_output if has_run(graph, row.node, steps_done) else None,
        row.kind,
        path=whole_names and (leaf or node.source is None),
    )


def _elsewhere(graph: Graph, row: Row) -> tuple[str, ...]:
    """Where what is referred to stands, if in another module."""
    assert row.node is not None
    module = graph.nodes[row.node].module
    if row.parent is None or not module or module == graph.nodes[row.parent].module:
        return ()
    return (f" in {module}", f" in {module.rpartition('.')[2]}")


def _belongs(node: Node, *, whole_names: bool) -> str:
    """What a node is of: its variable, else its text."""
    if node.variable is not None:
        return node.variable if whole_names else node.variable.removeprefix(f"{node.module}.")
    return again(node) + node.source.text if node.source else node.module if whole_names else ""


def terms_text(terms: Sequence[Values | None], count: int, digits: int) -> str:
    """`8 + 3`; `–` for what is not known yet; the first few where there are `count` of them."""
    shown = [short(term, digits) for term in terms]
    return as_sum(shown) + (f" + … {count} in all" if count > len(terms) else "")


def fitted(values: Values | None, digits: int, width: int) -> str:
    """`short` in at most `width` cells: first with fewer digits, then fewer elements. A number is never cut in two."""
    return next((text for text in _shorter(values, digits) if len(text) <= width), "…")


def _shorter(values: Values | None, digits: int) -> Iterator[str]:
    """Ways to write a tensor, shorter and shorter: in the end its norm."""
    yield short(values, digits)
    if values is None:
        return
    if values.unread is not None:
        yield values.unread
        return
    if values.summary is None:
        yield from (short(values, fewer) for fewer in range(digits - 1, 2, -1))
        elements = [number(value, 3) for value in values.numbers[:8]] if values.shape else []
        yield from (f"[{', '.join(elements[:most])}, …]" for most in range(len(elements) - 1, 0, -1))
    if values.shape:
        norm = values.norm
        yield from (f"norm {number(norm, fewer)}" for fewer in (3, 2))
        yield f"‖{number(norm, 2)}‖"


def measure(rows: Iterable[Cells]) -> Widths:
    """The cells that tree and source would like to have."""
    nodes = [row for row in rows if row.kind in ("node", "group")]
    tree = max((cell_len(row.guides) + min(len(row.name[0]), MODEST_NAME) for row in nodes), default=0)
    tree = max(tree + len(OPENED), len(PLAIN_NAME))
    return Widths(GUTTER + tree, max((cell_len(row.source) for row in nodes), default=0), 1, 1)


def measure_numbers(nodes: Sequence[Node], digits: int) -> tuple[int, int]:
    """The cells that value and gradient would like to have."""
    value = max((len(short(node.value, digits)) for node in nodes), default=1)
    grad = max((len(short(node.grad_output, digits)) for node in nodes), default=1)
    value = max(value, len(NAMES[2])) if any(node.value is not None for node in nodes) else 1
    return value, max(grad, LEAST_GRADIENT)


def arrange(wanted: Widths, width: int) -> Widths:
    """Columns for a line of `width` cells: a modest width for each first, then vectors, then the rest of the source.

    Where there is no room for that, first the source is cut, then vectors, then the tree, then all numbers.
    """
    room = max(GUTTER, width - 2 * GAP - MARGIN)
    beside, least = room - wanted.tree - GAP, min(wanted.source, LEAST_SOURCE)
    has_source = beside - _numbers(wanted, MODEST_NUMBER) >= least
    source = min(wanted.source, MODEST_SOURCE, max(least, beside - _numbers(wanted, SHORT_VECTOR)))
    value, grad = _shared(beside - source if has_source else room - wanted.tree, wanted.value, wanted.grad)
    value = min(value, room - GUTTER)
    grad = min(grad, room - GUTTER - value)
    rest = room - value - grad
    if has_source:
        source = rest - wanted.tree - GAP
        named = min(
            max(0, len(GRADIENT[0]) - grad), max(0, source - wanted.source)
        )  # its whole name, where that costs nothing
        return Widths(wanted.tree, source - named, value, grad + named)
    return Widths(rest, 0, value, grad)


def _numbers(wanted: Widths, most: int) -> int:
    """The cells of value and gradient where neither gets more than `most`."""
    return min(wanted.value, most) + min(wanted.grad, most)


def _shared(room: int, value: int, grad: int) -> tuple[int, int]:
    """What two columns get of `room` cells: what they want, else half of it or what the other one leaves."""
    half = max(room // 2, LEAST_NUMBER)
    value = min(value, max(half, room - grad))
    return value, min(grad, max(half, room - value))


def pieces(row: Cells, widths: Widths, digits: int, largest: float | None = None) -> tuple[Piece, ...]:
    """A row as it is painted: few pieces, as each costs time. Never wider than its columns, or a number would be cut.

    largest: the norm beside which gradients are large or small, where their size is shown.
    """
    runs_on = row.kind not in ("node", "group") and widths.source > 0
    kept = 0 if runs_on else min(LEAST_NAME, cell_len(row.name[0]))
    guides = cut(row.guides, widths.tree - GUTTER - kept)
    head = [(RUNNING, "graph--running"), (guides, "graph--guide")]
    if not row.gutter:
        head = [(" " * GUTTER + guides, "graph--guide")]
    room = widths.tree - GUTTER - cell_len(guides)
    gap = " " * GAP
    if row.kind not in ("node", "group"):
        span = room + (GAP + widths.source if runs_on else 0)
        painted = [*head, *_mention(row, span), (gap + " " * widths.value, "")]
    else:
        painted = [*head, *_name(row, room, has_source=widths.source > 0)]
        if widths.source:
            source = tail(row.source, widths.source) if row.path else row.source
            if row.kind == "group":
                source = whole_facts(row.facts, widths.source)
            painted.append((gap + left(source, widths.source), "graph--source"))
        value = "" if row.kind == "group" else fitted(row.value, digits, widths.value)
        painted.append((gap + right(value, widths.value), look(row.value, "graph--value")))
    if row.kind not in ("constant", "rest"):
        grad = right(fitted(row.grad, digits, widths.grad), widths.grad)
        painted += [(row.label, "graph--label"), (grad, grad_look(row.grad, largest))]
    return tuple(painted)


def header(widths: Widths, graph: Graph, *, plain: bool = False) -> tuple[Piece, ...]:
    """The names of the columns, each over its own."""
    tree, of, value = NAMES
    tree = PLAIN_NAME if plain else tree
    names = [name.replace("∂f", f"∂{function(graph)}") for name in GRADIENT]
    grad = next((name for name in names if len(name) <= widths.grad), "")
    source = " " * GAP + left(of, widths.source) if widths.source else ""
    named = f"{' ' * GUTTER}{left(tree, widths.tree - GUTTER)}{source}"
    gap, value = " " * GAP, value if widths.value >= len(value) else ""
    return ((f"{named}{gap}{right(value, widths.value)}{gap}{right(grad, widths.grad)}", "graph--label"),)


def whole_facts(facts: tuple[str, ...], width: int) -> str:
    """As many of them as there is room for, two blanks between them; the first in any case."""
    while len(facts) > 1 and cell_len("  ".join(facts)) > width:
        facts = facts[:-1]
    return "  ".join(facts)


def _name(row: Cells, room: int, *, has_source: bool) -> list[Piece]:
    """A node's name and its marker. A leaf says here which one it is where there is no column for that."""
    name, style = row.name
    if style == "graph--leaf" and not has_source:
        name = tail(row.source, room) if row.path else f"{row.source} {name}"
    label = cut(name, room - len(row.marker))
    return [(label, style), (left(row.marker, room - cell_len(label)), "graph--marker")]


def _mention(row: Cells, room: int) -> list[Piece]:
    """A reference with its note, or a constant."""
    name, style = row.name
    label = cut(name, room)
    rest = room - cell_len(label)
    note = next((note for note in row.notes if cell_len(note) <= rest), "")
    return [(label, style), (left(note, rest), "graph--note")]


def look(values: Values | None, ordinary: str, *, dim_zero: bool = False) -> str:
    """The component class for a number: not finite, zero, not known, or `ordinary`."""
    if values is None or values.unread is not None:
        return "graph--unknown"
    if not is_finite(values):
        return "graph--bad"
    return "graph--zero" if dim_zero and all_zero(values) else ordinary


def grad_look(grad: Values | None, largest: float | None) -> str:
    """The same for a gradient: the fainter, the smaller it is beside the largest."""
    level = size(grad.finite_norm, largest) if grad is not None else 0
    return look(grad, SIZES[level], dim_zero=True)
