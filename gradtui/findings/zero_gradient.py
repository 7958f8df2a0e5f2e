"""At which node does the gradient of a leaf become 0 on every path, and why?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec.structs import replace

from gradtui.findings import cancelling, second_derivative, zero_factor
from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.findings.unwitnessed import zeros
from gradtui.findings.unwitnessed.zeros import Killer
from gradtui.graph.operands import is_finite, is_zero, operation
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Parameter

NEAREST: dict[str, tuple[str, Literal[0, 1]]] = {
    "GridSampler2D": ("interpolation_mode", 1),
    "GridSampler3D": ("interpolation_mode", 1),
}
"""Operations with a setting by which they take the nearest element, and are flat."""


def detect(record: Record) -> Iterator[Cause | Finding]:
    snapshot = record.snapshot
    if not record.has_run or snapshot.problem is not None or snapshot.experiments or not is_finite(snapshot.value):
        return
    silent = dict(silent_leaves(record))
    if not silent:
        return
    second = second_derivative.cause(record, silent)
    if second is not None:
        yield second
        silent = {name: killer for name, killer in silent.items() if name not in second.about}
    found = (of(record, name, killer) for name, killer in silent.items())
    yield from (_meant(record, one) for one in found if isinstance(one, Cause) or one.kind != "ordinary")


def silent_leaves(record: Record) -> Iterator[tuple[str, Killer]]:
    """Leaves in the graph at which nothing arrives, and who is to blame."""
    for name, leaf in record.leaves.items():
        if leaf.node is None or not _is_silent(record, leaf):
            continue
        if (killer := record.killers.get(leaf.node)) is not None:
            yield name, killer


def of(record: Record, name: str, killer: Killer) -> Cause | Finding:
    """The cause for one leaf."""
    return (
        cancelling.cause(record, name, killer)
        or zero_factor.cause(record, name, killer)
        or _nearest(record, name, killer)
        or zeros.zero(record.graph, record.uses, name, killer)
    )


def _meant(record: Record, found: Cause | Finding) -> Cause | Finding:
    """A leaf that is no parameter, as the place at which a penalty takes a gradient, is often meant to get none itself."""
    names = found.about if isinstance(found, Cause) else (found.parameter or "",)
    leaves = record.leaves
    is_model = any(leaf.registered for leaf in leaves.values())
    plain = all(name in leaves and leaves[name].registered is None for name in names)
    return replace(found, certainty="perhaps") if is_model and plain else found


def _is_silent(record: Record, leaf: Parameter) -> bool:
    if leaf.grad is not None:
        return is_zero(leaf.grad)
    return leaf.node is not None and record.nodes[leaf.node].step is not None


def _nearest(record: Record, name: str, killer: Killer) -> Cause | None:
    """Of what takes the nearest element, by the setting that the node keeps."""
    node = record.nodes[killer.node]
    setting = NEAREST.get(operation(node))
    if setting is None or killer.edge is None:
        return None
    settings = {
        operand.name: operand.number
        for witness in record.witnesses("backward")
        if witness.node == node.id
        for operand in witness.operands
    }
    if settings.get(setting[0]) != setting[1]:
        return None
    facts: dict[str, Fact] = {"node": node, "symptom": "zero"}
    return Cause("nearest", Place(node.id), facts, "proved", (name,))
