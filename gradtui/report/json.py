"""Snapshot -> the JSON contract `gradtui/1`, for programs.

A non-finite number is "nan", "inf" or "-inf"; a vector is a list; what there is not, or is not known, is null.
"""

from __future__ import annotations

import json
import re
import unicodedata

from gradtui.chart.point import standing
from gradtui.chart.window import bounded, shown_window
from gradtui.findings.findings import findings
from gradtui.graph import ledger, paths
from gradtui.graph.agreement import Check, ValueCheck, checks, value_check
from gradtui.graph.gradients import by_parameter
from gradtui.graph.kept import by_module, in_all
from gradtui.graph.replay import Replay
from gradtui.report.json_graph import Json as Json
from gradtui.report.json_graph import graph, source
from gradtui.report.json_graph import number as number
from gradtui.report.json_graph import values as values
from gradtui.report.orders import json as orders
from gradtui.report.training import updates
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Event, Graph, Problem, Snapshot
from gradtui.snapshot.visible import ACTING

SCHEMA = "gradtui/1"
MOST_READY = 20
"""Ready nodes that are listed at a step."""
NOT_ASCII = re.compile(r"[^ -~]")
MOST_CUTS = 200
"""Nodes of a graph whose cuts are all listed: their number grows with it, and so does each of them."""


def answer(snapshot: Snapshot) -> Json:
    """A Snapshot without problem."""
    derivative = snapshot.derivative or {}
    notes = [{"kind": note.kind, "text": note.text, "node": note.node} for note in snapshot.notes]
    notes += [
        {"kind": "derivative", "text": entry.note, "variable": name} for name, entry in derivative.items() if entry.note
    ]
    answered: Json = {
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
        "checks": {name: _check(told) for name, told in checks(snapshot).items()},
        "value_check": _value_check(value_check(snapshot)),
        "chart": _chart(snapshot),
        "notes": notes,
        "graph": graph(snapshot.graph),
        "steps": _steps(snapshot.graph),
        "ledger": _ledger(snapshot),
        "cuts": _cuts(snapshot),
        "findings": _findings(snapshot),
    }
    if snapshot.data:
        answered["data"] = {name: values(column) for name, column in snapshot.data.items()}
    if snapshot.training is not None:
        answered["training"] = updates.as_json(snapshot.training)
    if snapshot.orders is not None:
        answered |= orders.as_json(snapshot, snapshot.orders)
    return answered if snapshot.origin == "expression" else answered | _code(snapshot)


def refusal(expression: str, problem: Problem, snapshot: Snapshot | None = None) -> Json:
    """Why there is no answer; of user code also where, by which way, what it printed, and the graph of what ran."""
    refused: Json = {
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
    if snapshot is not None:
        refused["error"] |= {"source": source(problem.source), "traceback": problem.traceback}
        refused |= {"findings": _findings(snapshot)}
        refused |= {"printed": snapshot.printed, "graph": graph(snapshot.graph)}
    return refused


def _findings(snapshot: Snapshot) -> list[Json]:
    """What is wrong, the root cause first."""
    return [finding(one) for one in findings(snapshot)]


def finding(one: Finding) -> Json:
    return {
        "kind": one.kind,
        "certainty": one.certainty,
        "phase": one.phase,
        "node": one.node,
        "text": one.text,
        "remedy": one.remedy,
        "parameter": one.parameter,
        "source": source(one.source),
        "evidence": list(one.evidence),
    }


def _code(snapshot: Snapshot) -> Json:
    """What only user code has: modules, parameters, what it did to gradients, what it printed."""
    sizes = by_module(snapshot)
    return {
        "kept": in_all(snapshot),
        "modules": {
            path: {"kind": one.kind, "calls": one.calls, "kept": sizes.get(path, 0)}
            for path, one in snapshot.modules.items()
        },
        "parameters": {
            name: {
                "value": values(one.value),
                "grad": values(one.grad),
                "norm": number(gradient.grad.norm) if gradient.grad is not None else None,
                "finite_norm": number(gradient.grad.finite_norm) if gradient.grad is not None else None,
                "share": number(gradient.share),
                "dtype": one.dtype,
                "device": one.device,
                "node": one.node,
                "requires_grad": one.requires_grad,
            }
            for (name, one), gradient in zip(snapshot.parameters.items(), by_parameter(snapshot), strict=False)
        },
        "events": [_event(event) for event in snapshot.events],
        "printed": snapshot.printed,
        "scale": number(snapshot.scale),
    }


def _event(event: Event) -> Json:
    return {
        "kind": event.kind,
        "operation": event.operation,
        "source": source(event.source),
        "module": event.module,
        "leaves": list(event.leaves),
        "node": event.node,
        "reached": event.reached,
        "alone": event.alone,
        "switch": event.switch,
        "switched": source(event.switched),
        "still": event.still,
        "returned": event.returned,
        "of_gradient": event.of_gradient,
        "itself": event.itself,
        "fed": list(event.fed),
        "what": event.what,
        "given": event.given,
        "numbers": {name: number(value) for name, value in event.numbers},
    }


def line(what: Json) -> bytes:
    """One line of UTF-8, in which what a terminal or a reader would obey, or UTF-8 has no bytes for, is an escape: `\\u009b`."""
    text = json.dumps(what, ensure_ascii=False, allow_nan=False)
    return (text if text.isprintable() else NOT_ASCII.sub(_escaped, text)).encode() + b"\n"


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1] if unicodedata.category(found[0]) in ACTING else found[0]


def _check(told: Check) -> Json:
    """Whether each way to the derivative is right, but for the last one or two digits; null where it has nothing to say, or
    where rounding took digits: `digits` says how many of autograd's are right."""
    return {way: getattr(told, way) for way in ("autograd", "calculus", "differences", "digits", "text")}


def _value_check(told: ValueCheck) -> Json:
    """The same for the value of f."""
    return {"right": told.right, "digits": told.digits, "text": told.text}


def _chart(snapshot: Snapshot) -> Json | None:
    """The windows of the chart, as it is drawn on the screen and on paper; null where there is none."""
    curve = snapshot.curve
    if curve is None or curve.variable not in snapshot.variables:
        return None
    here = standing(snapshot, curve)
    shown = shown_window(curve, here[:2] if here is not None else None)
    return {"variable": curve.variable, "window": list(bounded(*curve.window)), "y": list(shown)}


def _steps(graph: Graph) -> list[Json]:
    """What ran at each step, which nodes were ready, the first of them taken, and how the sums of its receivers grew."""
    replay = Replay(graph)
    return [
        {
            "node": queue[0],
            "ready": list(queue[:MOST_READY]),
            "sums": [{"node": one.node, "before": values(one.before), "after": values(one.after)} for one in grown],
        }
        for queue, grown in zip(replay.queues(), replay.sums, strict=True)
    ]


def _ledger(snapshot: Snapshot) -> Json:
    """For each variable the paths from f to it with the product of their local derivatives; null for too many."""
    leaves = {node.variable: node.id for node in snapshot.graph.nodes if node.variable is not None}
    found = {name: paths.paths(snapshot.graph, leaf) for name, leaf in list(leaves.items())[: paths.MOST_LEAVES]}
    listed = {name: [_path(way) for way in ways] for name, ways in found.items() if ways is not None}
    return {name: listed.get(name) for name in leaves}


def _cuts(snapshot: Snapshot) -> Json | None:
    """Σ adjoint·tangent over the cut at each moment of backward, along one variable; null where tangents are not known."""
    replay = Replay(snapshot.graph)
    if snapshot.along is None or snapshot.experiments or len(replay.order) > MOST_CUTS:
        return None
    variable, element = snapshot.along
    moments = [ledger.cut(replay, done) for done in range(len(replay.order) + 1)]
    return {"variable": variable, "element": element, "moments": [_cut(entries) for entries in moments]}


def _cut(entries: tuple[ledger.Entry, ...] | None) -> Json | None:
    if entries is None:
        return None
    crossed = [
        {
            "node": entry.node,
            "adjoint": list(map(number, entry.adjoint)),
            "tangent": list(map(number, entry.tangent)),
            "product": number(entry.product),
        }
        for entry in entries
    ]
    return {"entries": crossed, "sum": number(ledger.total(entries))}


def _path(path: paths.Path) -> Json:
    return {"nodes": path.nodes, "factors": [number(one) for one in path.factors], "product": number(path.product)}
