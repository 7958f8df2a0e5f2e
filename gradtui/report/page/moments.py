"""The backward pass as a film for a page: what is told at each moment, as plain data. Texts are never markup."""

from __future__ import annotations

from typing import Any

from gradtui.graph import ledger
from gradtui.graph.node_sentence import ORDER, sentence
from gradtui.graph.replay import Replay
from gradtui.report.steps import labels_of, ready, told
from gradtui.snapshot.model import Snapshot, Values
from gradtui.snapshot.numbers import SIGNIFICANT, number, numbers
from gradtui.snapshot.visible import visible

MOST_CUTS = 200
"""Nodes of a graph whose cuts are all listed: their number grows with it, and so does each of them."""
ELEMENTS = 3

Moment = dict[str, Any]


def moments(snapshot: Snapshot) -> list[Moment]:
    """One before the first step, and one after each.

    node: that ran last, or null. done: whether all has run. ready: the queue, what is taken next first. title, text: what
    happened. lines: the rule, what went out, how the sums grew. cut: Σ ḡ·v̇ over it, row by row, where tangents are known.
    """
    replay, labels = Replay(snapshot.graph), [visible(label) for label in labels_of(snapshot)]
    order, digits = replay.order, SIGNIFICANT.get(snapshot.dtype, 7)
    queues = [*replay.queues(), ()]
    told_of: list[Moment] = []
    for done, queue in enumerate(queues if order else ()):
        moment: Moment = {"node": None, "ready": list(queue), "lines": [], "cut": _cut(snapshot, replay, done, labels)}
        if done:
            node = snapshot.graph.nodes[order[done - 1]]
            moment["node"] = node.id
            moment["title"] = f"step {done} of {len(order)}: {node.name}, {labels[node.id]}"
            moment["text"] = visible(sentence(replay, node, None, digits))
            moment["lines"] = [visible(line) for line in told(snapshot, replay, done - 1, node.id, labels)]
        else:
            moment["title"] = f"before the first of {len(order)} steps"
            moment["text"] = ORDER
        moment["queue"] = visible(ready(snapshot, queue)) if queue else "backward is at its end"
        told_of.append(moment)
    return told_of


def _cut(snapshot: Snapshot, replay: Replay, done: int, labels: list[str]) -> Moment | None:
    if snapshot.along is None or snapshot.experiments or len(replay.order) > MOST_CUTS:
        return None
    entries = ledger.cut(replay, done)
    if not entries:
        return None
    digits = SIGNIFICANT.get(snapshot.dtype, 7)

    def few(node: int, told: tuple[float, ...]) -> str:
        return numbers(Values(snapshot.graph.nodes[node].shape, told), digits, ELEMENTS)

    rows = [
        [
            labels[entry.node],
            few(entry.node, entry.adjoint),
            few(entry.node, entry.tangent),
            number(entry.product, digits),
        ]
        for entry in entries
    ]
    return {"rows": rows, "sum": number(ledger.total(entries), digits)}
