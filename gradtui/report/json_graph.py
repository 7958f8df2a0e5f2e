"""A graph, and the numbers of its tensors, for the JSON contract."""

from __future__ import annotations

import math
from typing import Any

from gradtui.snapshot.model import Edge, Graph, Node, Saved, Source, Values

Json = dict[str, Any]


def number(value: float | None) -> float | str | None:
    if value is None or math.isfinite(value):
        return value
    return str(value)


def values(what: Values | None) -> Any:
    """A number, a list (of lists, for more axes), or for a large tensor its shape, first numbers and summary.

    Of a tensor that could not be read its shape, and `unread` for the reason.
    """
    if what is None:
        return None
    if what.unread is not None:
        return {"shape": list(what.shape), "unread": what.unread}
    numbers: list[Any] = [number(value) for value in what.numbers]
    if what.summary is not None:
        names = ("min", "max", "mean", "norm", "finite_norm", "nan", "inf", "zero")
        summary = {name: number(getattr(what.summary, name)) for name in names}
        return {"shape": list(what.shape), "first": numbers, **summary}
    for size in what.shape[:0:-1]:
        numbers = [numbers[start : start + size] for start in range(0, len(numbers), size)] if size else numbers
    return numbers if what.shape else numbers[0]


def graph(told: Graph) -> Json:
    return {"nodes": [_node(node) for node in told.nodes], "roots": list(told.roots)}


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
        "source": source(node.source),
        "dtype": node.dtype,
        "device": node.device,
        "variable": node.variable,
        "inside": list(node.inside),
        "edges": [_edge(edge) for edge in node.edges],
        "saved": {saved.name: _saved(saved) for saved in node.saved},
        "module": node.module,
        "call": node.call,
        "note": node.note,
        "order": node.order,
        "made_by": node.made_by,
        "kept": node.kept,
    }


def _edge(edge: Edge) -> Json:
    return {"local": number(edge.local), "constant": edge.constant, "source": source(edge.source)}


def source(place: Source | None) -> Json | None:
    if place is None:
        return None
    told: Json = {"text": place.text, "start": place.start, "end": place.end}
    return told if place.file is None else told | {"file": place.file, "line": place.line}


def _saved(saved: Saved) -> Any:
    return saved.value if isinstance(saved.value, str) else values(saved.value)
