"""Was an operand to be kept off a pole by a clamp whose bound is that very pole, once it is rounded to its dtype?"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from gradtui.dtypes import rounded
from gradtui.findings.cause import Cause, Extent, Fact, Part
from gradtui.findings.dtype_remedies import in_dtype
from gradtui.findings.record import Record
from gradtui.graph.operands import kept, operation
from gradtui.snapshot.model import Node

BOUNDS = {"Clamp": ("min", "max"), "ClampMin": ("min",), "ClampMax": ("max",), "Hardtanh": ("min_val", "max_val")}
BETWEEN = {
    "Neg", "Rsub", "Sub", "Add", "View", "Reshape", "Squeeze", "Unsqueeze", "Expand", "Select", "Slice", "Index", "Gather",
    "Transpose", "Permute", "T", "Clone", "ToCopy",
}  # fmt: skip
"""What may stand between the clamp and what has the pole."""
ENDS = {0.0: "{beside 0}", 1.0: "1 - {beside 1}", -1.0: "-1 + {beside 1}"}
"""Poles that are kept off by a small number, and how that is written."""
MOST_LOOKED_AT = 6


class LostBound(NamedTuple):
    """bound: as it was given. end: what it is in the dtype of the clamp."""

    clamp: Node
    bound: float
    end: float


def told(record: Record, cause: Cause) -> Cause:
    """The same, with that bound, where there is one."""
    node = cause.place.node
    found = None if node is None or node < 0 else _below(record, record.nodes[node])
    why = cause.facts.get("why")
    if found is None or "way" not in cause.facts or (isinstance(why, Part) and why.name == "constant lost in half"):
        return cause
    clamp, bound, end = found
    facts: dict[str, Fact] = {"clamp": clamp, "bound": repr(bound), "end": end, "dtype": clamp.dtype}
    way: dict[str, Fact] = {"dtype": clamp.dtype, "bound": in_dtype(ENDS[end], clamp.dtype), "way": cause.facts["way"]}
    evidence = (*cause.evidence, ("bound lost", facts))
    return replace(cause, facts={**cause.facts, "way": Part("a bound that it holds", way)}, evidence=evidence)


def _below(record: Record, node: Node) -> LostBound | None:
    for _ in range(MOST_LOOKED_AT):
        targets = [edge.target for edge in node.edges if edge.target is not None]
        if len(targets) != 1:
            return None
        node = record.nodes[targets[0]]
        if operation(node) in BOUNDS:
            return _lost(node)
        if operation(node) not in BETWEEN:
            return None
    return None


def _lost(clamp: Node) -> LostBound | None:
    """One at which it holds some of its operand."""
    extent = Extent.of(clamp.value)
    for name in BOUNDS[operation(clamp)]:
        bound = kept(clamp, name)
        if bound is None or not bound.numbers:
            continue
        end = rounded(bound.numbers[0], clamp.dtype)
        if end in ENDS and end != bound.numbers[0] and end in (extent.low, extent.high):
            return LostBound(clamp, bound.numbers[0], end)
    return None
