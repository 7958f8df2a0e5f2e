"""Where the boxes of a drawing stand: in layers, those that are connected near each other. Pure, without recursion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

GAP, LAYER_GAP = 24.0, 46.0
SWEEPS = 6
LONGEST_BEND = 30
"""Layers over which an edge is led around boxes; a longer one is drawn straight."""


@dataclass
class Box:
    """Something of a size that stands in a layer, 0 at the top. x: of its middle, y: of its top."""

    width: float
    height: float
    layer: int = 0
    x: float = 0.0
    y: float = 0.0
    beside: list[int] = field(default_factory=list)


def layers(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """How far each of `count` things is from the top, by the longest way. The edges have no cycle."""
    targets: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for start, end in edges:
        targets[start].append(end)
        waiting[end] += 1
    found = [0] * count
    ready = [one for one in range(count) if not waiting[one]]
    while ready:
        one = ready.pop()
        for target in targets[one]:
            found[target] = max(found[target], found[one] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return found


def place(boxes: list[Box], edges: Sequence[tuple[int, int]]) -> list[list[tuple[float, float]]]:
    """Give each box its layer and place; -> the points of each edge, from the bottom of a box to the top of another.

    What an edge passes on its way is led around by boxes without size, which are added to `boxes`.
    """
    for box, layer in zip(boxes, layers(len(boxes), edges), strict=True):
        box.layer = layer
    ways = [_way(boxes, start, end) for start, end in edges]
    for way in ways:
        for one, other in pairwise(way):
            boxes[one].beside.append(other)
            boxes[other].beside.append(one)
    rows: list[list[int]] = [[] for _ in range(max((box.layer for box in boxes), default=-1) + 1)]
    for index, box in enumerate(boxes):
        rows[box.layer].append(index)
    for row in rows:
        _spread(boxes, row)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            _attract(boxes, row)
    _stack(boxes, rows)
    return [[_point(boxes, way, at) for at in range(len(way))] for way in ways]


def _way(boxes: list[Box], start: int, end: int) -> list[int]:
    first, last = boxes[start].layer, boxes[end].layer
    between = range(first + 1, last) if last - first <= LONGEST_BEND else ()
    way = [start]
    for layer in between:
        way.append(len(boxes))
        boxes.append(Box(0.0, 0.0, layer))
    return [*way, end]


def _spread(boxes: list[Box], row: list[int]) -> None:
    """One beside the other, in this order, as near as they may stand."""
    x = 0.0
    for index in row:
        boxes[index].x = x + boxes[index].width / 2
        x += boxes[index].width + GAP


def _attract(boxes: list[Box], row: list[int]) -> None:
    """Each to the middle of what it is connected with, in that order, without overlap; the row as a whole stays there."""
    wished = {
        index: sum(boxes[other].x for other in boxes[index].beside) / len(boxes[index].beside)
        if boxes[index].beside
        else boxes[index].x
        for index in row
    }
    row.sort(key=wished.__getitem__)
    right = float("-inf")
    for index in row:
        box = boxes[index]
        box.x = max(wished[index], right + box.width / 2)
        right = box.x + box.width / 2 + GAP
    shift = sum(wished[index] - boxes[index].x for index in row) / len(row)
    for index in row:
        boxes[index].x += shift


def _stack(boxes: list[Box], rows: list[list[int]]) -> None:
    """One row under the other, and all of it right of 0."""
    left = min((box.x - box.width / 2 for box in boxes), default=0.0)
    y = 0.0
    for row in rows:
        for index in row:
            boxes[index].x -= left
            boxes[index].y = y
        y += max(boxes[index].height for index in row) + LAYER_GAP


def _point(boxes: list[Box], way: list[int], at: int) -> tuple[float, float]:
    box = boxes[way[at]]
    return box.x, box.y + (box.height if at == 0 else 0.0)
