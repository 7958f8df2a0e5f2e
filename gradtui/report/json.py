"""Snapshot -> the JSON contract `gradtui/1`, for programs.

A non-finite number is "nan", "inf" or "-inf"; a vector is a list; what there is not, or is not known, is null.
"""

from __future__ import annotations

import json
import math
from typing import Any

from gradtui.snapshot.check import check
from gradtui.snapshot.model import Edge, Node, Problem, Saved, Snapshot, Source, Values

SCHEMA = "gradtui/1"

Json = dict[str, Any]


def answer(snapshot: Snapshot) -> Json:
    """A Snapshot without problem."""
    derivative = snapshot.derivative or {}
    notes = [{"kind": note.kind, "text": note.text, "node": note.node} for note in snapshot.notes]
    notes += [
        {"kind": "derivative", "text": entry.note, "variable": name} for name, entry in derivative.items() if entry.note
    ]
    return {
        "schema": SCHEMA,
        "expression": snapshot.expression,
        "reads_as": snapshot.reads_as,
        "dtype": snapshot.dtype,
        "device": snapshot.device,
        "variables": {
            name: {"value": values(state.value), "grad": values(state.grad)}
            for name, state in snapshot.variables.items()
        },
        "value": values(snapshot.value),
        "derivative": {name: entry.text for name, entry in derivative.items()},
        "checks": {name: _check(snapshot, name) for name in snapshot.variables},
        "notes": notes,
        "graph": {"nodes": [_node(node) for node in snapshot.graph.nodes]},
    }


def refusal(expression: str, problem: Problem) -> Json:
    """Why there is no answer."""
    return {
        "schema": SCHEMA,
        "expression": expression,
        "error": {
            "kind": problem.kind,
            "message": problem.message,
            "start": problem.start,
            "end": problem.end,
            "hint": problem.hint,
        },
    }


def line(what: Json) -> bytes:
    """One line of UTF-8. Half of a surrogate pair, which UTF-8 has no bytes for, is written `\\ud800`, as JSON does."""
    return json.dumps(what, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace") + b"\n"


def number(value: float | None) -> float | str | None:
    if value is None or math.isfinite(value):
        return value
    return str(value)


def values(what: Values | None) -> Any:
    """A number, a list (of lists, for more axes), or for a large tensor its shape, first numbers and summary."""
    if what is None:
        return None
    numbers: list[Any] = [number(value) for value in what.numbers]
    if what.summary is not None:
        summary = {name: getattr(what.summary, name) for name in what.summary.__struct_fields__}
        return {"shape": list(what.shape), "first": numbers, **summary}
    for size in what.shape[:0:-1]:
        numbers = [numbers[start : start + size] for start in range(0, len(numbers), size)] if size else numbers
    return numbers if what.shape else numbers[0]


def _check(snapshot: Snapshot, variable: str) -> Json:
    """Whether each way to the derivative agrees with the others, null where it has nothing to say; and a sentence."""
    told = check(snapshot, variable)
    return {way: getattr(told, way) for way in ("autograd", "calculus", "differences", "text")}


def _node(node: Node) -> Json:
    return {
        "id": node.id,
        "name": node.name,
        "next": [[edge.target, edge.input] for edge in node.edges],
        "sequence": node.sequence,
        "step": node.step,
        "shape": list(node.shape),
        "value": values(node.value),
        "grad_output": values(node.grad_output),
        "grad_inputs": [values(edge.grad) for edge in node.edges],
        "source": _source(node.source),
        "dtype": node.dtype,
        "device": node.device,
        "variable": node.variable,
        "edges": [_edge(edge) for edge in node.edges],
        "saved": {saved.name: _saved(saved) for saved in node.saved},
    }


def _edge(edge: Edge) -> Json:
    return {"local": number(edge.local), "constant": edge.constant, "source": _source(edge.source)}


def _source(source: Source | None) -> Json | None:
    return None if source is None else {"text": source.text, "start": source.start, "end": source.end}


def _saved(saved: Saved) -> Any:
    return saved.value if isinstance(saved.value, str) else values(saved.value)
