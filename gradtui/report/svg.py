"""Snapshot -> a drawing of its graph as SVG, from the output down to the leaves, without any other program."""

from __future__ import annotations

from typing import NamedTuple

from gradtui.graph.operands import is_finite
from gradtui.report.drawing_layout import Box, place
from gradtui.report.escaped_text import escaped
from gradtui.report.labels import constant_text, edge_text, name_lines, node_lines, value_and_grad
from gradtui.snapshot.model import Node, Snapshot

MOST_NODES = 2000
"""More are no drawing."""
CHARACTER, LINE, PADDING, MARGIN = 7.3, 15.0, 8.0, 16.0
"""Pixels: the width and the height of a character, around a text, around the drawing."""

HEAD = 46.0
"""Pixels for the title and for what the numbers are."""
TITLE_CHARACTER, SMALL_CHARACTER, LONGEST_TITLE = 9.1, 6.7, 120
SLIDE = (1280.0, 720.0)
"""Pixels up to which a small graph is drawn larger."""
CAPTION = "in a box: the value and ḡ = ∂f/∂node; on an arrow: the gradient that goes along it"
ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    'markerUnits="userSpaceOnUse" orient="auto">'
    '<path d="M0 0L8 4L0 8z" fill="#6e7781"/></marker></defs>'
)

STYLE = """<style>
text { font: 12px ui-monospace, monospace; fill: #1f2328; text-anchor: middle; white-space: pre; }
rect { fill: #eef4ff; stroke: #6b8fd6; } rect.leaf { fill: #e9f7ec; stroke: #5aa469; }
rect.bad { fill: #ffecec; stroke: #d1242f; } rect.constant { fill: none; stroke: none; }
path.way { fill: none; stroke: #6e7781; marker-end: url(#arrow); }
text.sent { font-size: 11px; fill: #24292f; paint-order: stroke; stroke: #fff; stroke-width: 4px; }
text.title { font-size: 15px; font-weight: bold; text-anchor: start; }
</style>"""


Line = tuple[str, str]
"""A text, and its class."""


class Drawing(NamedTuple):
    """Pieces of SVG that fill a rectangle of so many pixels."""

    width: float
    height: float
    pieces: list[str]


def svg(snapshot: Snapshot) -> str:
    """A whole document; for at most MOST_NODES nodes."""
    drawn = drawing(snapshot)
    title = _title(snapshot)
    width = max(drawn.width, len(title) * TITLE_CHARACTER, len(CAPTION) * SMALL_CHARACTER) + 2 * MARGIN
    height = drawn.height + 2 * MARGIN + HEAD
    larger = max(1.0, min(SLIDE[0] / width, SLIDE[1] / height))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * larger:.0f}" height="{height * larger:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">',
        f"<title>{escaped(' '.join(snapshot.expression.split()))}</title>",
        STYLE,
        '<rect width="100%" height="100%" style="fill: #fff; stroke: none"/>',
        ARROW,
        f'<text class="title" x="{MARGIN:g}" y="{MARGIN + 12:g}">{escaped(title)}</text>',
        f'<text class="sent" style="text-anchor: start" x="{MARGIN:g}" y="{MARGIN + 30:g}">{CAPTION}</text>',
        f'<g transform="translate({(width - drawn.width) / 2:g} {MARGIN + HEAD:g})">',
        *drawn.pieces,
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def drawing(snapshot: Snapshot, *, apart: bool = False) -> Drawing:
    """The graph alone. Each node and each edge is a group that says which it is: `data-node`, `data-from`.

    apart: with ḡ on a line of its own, of the class `grad`.
    """
    labels = [(_lines(node, apart), _kind(node)) for node in snapshot.graph.nodes]
    edges, sent = [], []
    for node in snapshot.graph.nodes:
        for edge in node.edges:
            end, constant = edge.target, constant_text(edge)
            if end is None and constant:
                end = len(labels)
                labels.append(([(constant, "")], "constant"))
            if end is not None:
                edges.append((node.id, end))
                sent.append(edge_text(edge, node))
    boxes = [
        Box(max((len(text) for text, _ in lines), default=0) * CHARACTER + 2 * PADDING, len(lines) * LINE + PADDING)
        for lines, _ in labels
    ]
    ways = place(boxes, edges)
    pieces = [
        *(f"{_group(snapshot, *edge)}{_path(way)}</g>" for edge, way in zip(edges, ways, strict=True)),
        *(_box(number, box, *label) for number, (box, label) in enumerate(zip(boxes, labels, strict=False))),
        *(
            f"{_group(snapshot, *edge)}{_sent(way, text)}</g>"
            for edge, way, text in zip(edges, ways, sent, strict=True)
            if text
        ),
    ]
    across = max((box.x + box.width / 2 for box in boxes), default=0.0)
    return Drawing(across, max((box.y + box.height for box in boxes), default=0.0), pieces)


def _title(snapshot: Snapshot) -> str:
    """The function, as far as there is room for it."""
    text = " ".join(snapshot.expression.split())
    text = text if snapshot.origin != "expression" else f"f({', '.join(snapshot.variables)}) = {text}"
    return text if len(text) <= LONGEST_TITLE else f"{text[: LONGEST_TITLE - 1]}…"


def _kind(node: Node) -> str:
    if not (is_finite(node.value) and is_finite(node.grad_output)):
        return "bad"
    return "node" if node.edges else "leaf"


def _group(snapshot: Snapshot, start: int, end: int) -> str:
    """Of an edge; to a constant nothing is sent."""
    return f'<g data-from="{start}">' if end < len(snapshot.graph.nodes) else "<g>"


def _lines(node: Node, apart: bool) -> list[Line]:
    if not apart:
        return [(line, "") for line in node_lines(node)]
    value, grad = value_and_grad(node)
    lines = [(line, "") for line in (*name_lines(node), value) if line]
    return [*lines, (f"ḡ {grad}", "grad")] if grad else lines


def _box(number: int, box: Box, lines: list[Line], kind: str) -> str:
    pieces = [
        f'<rect class="{kind}" x="{box.x - box.width / 2:.1f}" y="{box.y:.1f}" '
        f'width="{box.width:.1f}" height="{box.height:.1f}" rx="5"/>'
    ]
    for line, (text, name) in enumerate(lines, start=1):
        called = f' class="{name}"' if name else ""
        pieces.append(f'<text{called} x="{box.x:.1f}" y="{box.y + line * LINE:.1f}">{escaped(text)}</text>')
    return f'<g data-node="{number}">{"".join(pieces)}</g>'


def _path(way: list[tuple[float, float]]) -> str:
    """A curve that leaves and enters each point from above."""
    (x, y), *others = way
    pieces = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in others:
        middle = (y + to_y) / 2
        pieces.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
    return f'<path class="way" d="{" ".join(pieces)}"/>'


def _sent(way: list[tuple[float, float]], text: str) -> str:
    """In the middle of its first piece."""
    (x, y), (to_x, to_y) = way[:2]
    return f'<text class="sent" x="{(x + to_x) / 2:.1f}" y="{(y + to_y) / 2:.1f}">{escaped(text)}</text>'
