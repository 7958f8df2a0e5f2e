"""Is a value finite only since its pole is at no float? Where the operand cannot be told from the pole, it means nothing."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.dtypes import NARROW, limits
from gradtui.findings.cause import Cause, Place
from gradtui.findings.record import Record
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import is_finite, operand, operation
from gradtui.snapshot.model import Node


def detect(record: Record) -> Iterator[Cause]:
    """Of what is explored, where no value is bad."""
    if record.is_explored and all(is_finite(node.value) for node in record.nodes):
        for node in record.nodes:
            if has(operation(node), "poles at no float") and _is_beside_one(record, node):
                yield Cause("beside a pole", Place(node.id), {"node": node}, "proved")


def _is_beside_one(record: Record, node: Node) -> bool:
    at, made = operand(record.graph, node, 0), node.value
    places = zip(at.numbers, made.numbers, strict=True) if at is not None and made is not None else ()
    epsilon = limits(node.dtype).epsilon
    return node.dtype not in NARROW and any(abs(tangent * x) * epsilon > 0.5 for x, tangent in places)
