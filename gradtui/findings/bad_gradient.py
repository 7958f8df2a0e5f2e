"""Which node of the backward pass first sent nan or infinity though what it worked on was good, and why?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.findings import witnessed
from gradtui.findings.bad_value import behind_the_gradient
from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.findings.unwitnessed.branches import double_where
from gradtui.findings.unwitnessed.nonfinite_gradient import sender_of_zeros
from gradtui.findings.witnessed import NARROW
from gradtui.graph.operands import is_finite, operation
from gradtui.snapshot.model import Node, Witness

BRANCHES = ("Where", "MaskedFill", "IndexPut")
COMPILED = "CompiledFunctionBackward"


def detect(record: Record) -> Iterator[Cause]:
    if not record.bad or not is_finite(record.snapshot.value) or behind_the_gradient(record) is not None:
        return
    witness = next((one for one in record.witnesses("backward") if one.bad), None)
    if witness is None or witness.node is None:
        return
    node = record.nodes[witness.node]
    if node.grad_output is not None and not is_finite(node.grad_output) and not witness.rows.get("equal"):
        return  # a sum that overflowed, or a hook, before
    found = _explained(record, witness, node)
    if found is not None:
        yield found


def _explained(record: Record, witness: Witness, node: Node) -> Cause | None:
    """None where nothing that was seen tells why."""
    facts = witnessed.facts_of(record, witness) | {"symptom": "gradient"}
    place = Place(node.id)
    evidence: tuple[tuple[str, dict[str, Fact]], ...] = (
        ("sent bad", {"bad": witness.bad, "index": witnessed.index_of(witness)}),
    )
    if node.name.startswith(COMPILED):
        return Cause("bad gradient of compiled code", place, facts, "proved", record.bad, evidence)
    if witness.rows.get("equal"):
        facts |= {"equal": witness.rows["equal"] + 1, "zero": witness.rows["zero"]}
        kind = "equal singular values" if "Svd" in node.name else "equal eigenvalues"
        return Cause(kind, place, facts, "proved", record.bad, evidence)
    table = witnessed.cause_of_derivative(witness, node)
    if table is not None:
        a, b = witnessed.numbers_of(witness)
        why = table.why.format(a=_plain(a), b=_plain(b))
        way = witnessed.form(record, node) if table.kind != "domain" else ""
        facts |= {"why": why, "way": way or table.remedy}
        if witness.came == 0 and witness.result is not None and math.isnan(witness.result):
            return _zero_times(record, witness, node, facts, table.kind)
        return Cause(f"slope: {table.kind}", place, facts, "proved", record.bad, evidence)
    if witness.result is not None and math.isinf(witness.result) and _is_narrow(record, witness, node):
        return Cause("gradient overflows in half", place, facts, "proved", record.bad, evidence)
    return None


def _zero_times(record: Record, witness: Witness, node: Node, facts: dict[str, Fact], kind: str) -> Cause:
    """A gradient of 0 met an infinite derivative: by a branch that was not taken, or whatever else sent the 0."""
    sender, by = sender_of_zeros(record.graph, node)
    if sender is not None and operation(sender) in BRANCHES:
        facts |= {"branch": sender, "way": double_where(sender, by, node)}
        return Cause("branch not taken", Place(node.id), facts, "proved", record.bad)
    if sender is None:
        return Cause("0 times slope", Place(node.id), facts, "proved", record.bad)
    return Cause("0 times slope by", Place(node.id), facts | {"sender": sender}, "proved", record.bad)


def _is_narrow(record: Record, witness: Witness, node: Node) -> bool:
    target = node.edges[witness.edge].target if witness.edge is not None else None
    received = node.dtype if target is None else record.nodes[target].dtype
    return received in NARROW or node.dtype in NARROW


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value + 0.0:.4g}"
