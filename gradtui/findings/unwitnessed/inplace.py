"""Which line wrote over a tensor that backward needed as it was. Pure."""

from __future__ import annotations

from gradtui.findings.words.whereabouts import where, where_done
from gradtui.graph.operands import operation
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Event, Problem, Snapshot

OUT_OF_PLACE = "write x = x + 1 for x += 1 and relu(x) for relu_(x), or change a clone()"


def is_overwritten(problem: Problem | None) -> bool:
    return problem is not None and problem.failure == "inplace"


def overwritten(snapshot: Snapshot) -> Finding:
    """The edit that torch complains of in `problem`; its own words, where no edit was seen."""
    problem = snapshot.problem
    assert problem is not None
    remedy = problem.hint or OUT_OF_PLACE
    edits = _edits(snapshot, problem.operation)
    if not edits:
        return Finding("inplace", "backward", None, problem.message, remedy, None, problem.source)
    edit = edits[0]
    node = snapshot.graph.nodes[edit.node] if edit.node is not None else None
    what = f"the result of {where(node)}" if node is not None else ", ".join(edit.leaves) or "a tensor"
    text = f"{where_done(edit)} writes over {what}, which backward needs as it was"
    evidence = (f"torch says: {problem.message}", *(f"also {where_done(event)}" for event in edits[1:4]))
    return Finding("inplace", "backward", edit.node, text, remedy, None, problem.source or edit.source, evidence)


def _edits(snapshot: Snapshot, maker: str) -> list[Event]:
    """In-place edits of what the operation `maker` made, of leaves where there are none; else all there are."""
    edits = [event for event in snapshot.events if event.kind == "inplace"]
    nodes = snapshot.graph.nodes
    named = [edit for edit in edits if edit.node is not None and operation(nodes[edit.node]) == maker]
    return named or [edit for edit in edits if edit.node is None] or edits
