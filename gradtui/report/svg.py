"""Snapshot -> a drawing of its graph as SVG, from the output down to the leaves, without any other program."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from gradtui.graph.operands import is_finite
from gradtui.report.labels import constant_text, edge_text, node_lines
from gradtui.report.layered import Box, place
from gradtui.snapshot.model import Node, Snapshot
from gradtui.snapshot.visible import visible

MOST_NODES = 2000
"""More are no drawing."""
CHARACTER, LINE, PADDING, MARGIN = 7.3, 15.0, 8.0, 16.0
"""Pixels: the width and the height of a character, around a text, around the drawing."""

STYLE = """<style>
text { font: 12px ui-monospace, monospace; fill: #1f2328; text-anchor: middle; white-space: pre; }
rect { fill: #eef4ff; stroke: #6b8fd6; } rect.leaf { fill: #e9f7ec; stroke: #5aa469; }
rect.bad { fill: #ffecec; stroke: #d1242f; } rect.constant { fill: none; stroke: none; }
path { fill: none; stroke: #8c959f; } text.sent { font-size: 10px; fill: #57606a; }
</style>"""


def svg(snapshot: Snapshot) -> str:
    """A whole document; for at most MOST_NODES nodes."""
    labels = [(node_lines(node), _kind(node)) for node in snapshot.graph.nodes]
    edges, sent = [], []
    for node in snapshot.graph.nodes:
        for edge in node.edges:
            end, constant = edge.target, constant_text(edge)
            if end is None and constant:
                end = len(labels)
                labels.append(([constant], "constant"))
            if end is not None:
                edges.append((node.id, end))
                sent.append(edge_text(edge, node))
    boxes = [
        Box(max(map(len, lines), default=0) * CHARACTER + 2 * PADDING, len(lines) * LINE + PADDING)
        for lines, _ in labels
    ]
    ways = place(boxes, edges)
    width = max((box.x + box.width / 2 for box in boxes), default=0.0) + 2 * MARGIN
    height = max((box.y + box.height for box in boxes), default=0.0) + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}">',
        f"<title>{_text(' '.join(snapshot.expression.split()))}</title>",
        STYLE,
        '<rect width="100%" height="100%" style="fill: #fff; stroke: none"/>',
        f'<g transform="translate({MARGIN:g} {MARGIN:g})">',
        *(_path(way) for way in ways),
        *(piece for box, label in zip(boxes, labels, strict=False) for piece in _box(box, *label)),
        *(_sent(way, text) for way, text in zip(ways, sent, strict=True) if text),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _kind(node: Node) -> str:
    if not (is_finite(node.value) and is_finite(node.grad_output)):
        return "bad"
    return "node" if node.edges else "leaf"


def _box(box: Box, lines: list[str], kind: str) -> Iterator[str]:
    yield (
        f'<rect class="{kind}" x="{box.x - box.width / 2:.1f}" y="{box.y:.1f}" '
        f'width="{box.width:.1f}" height="{box.height:.1f}" rx="5"/>'
    )
    for number, line in enumerate(lines, start=1):
        yield f'<text x="{box.x:.1f}" y="{box.y + number * LINE:.1f}">{_text(line)}</text>'


def _path(way: list[tuple[float, float]]) -> str:
    """A curve that leaves and enters each point from above."""
    (x, y), *others = way
    pieces = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in others:
        middle = (y + to_y) / 2
        pieces.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
    return f'<path d="{" ".join(pieces)}"/>'


def _sent(way: list[tuple[float, float]], text: str) -> str:
    """In the middle of its first piece."""
    (x, y), (to_x, to_y) = way[:2]
    return f'<text class="sent" x="{(x + to_x) / 2:.1f}" y="{(y + to_y) / 2:.1f}">{_text(text)}</text>'


def _text(text: str) -> str:
    return escape(visible(text))
