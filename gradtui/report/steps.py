"""Snapshot -> the whole backward pass as text, step by step, for notes: 80 columns, nothing but characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gradtui.grad_fns.rule_of_node import explain
from gradtui.graph import ledger, paths
from gradtui.graph.node_sentence import ORDER
from gradtui.graph.operands import quote
from gradtui.graph.replay import Replay, Sum
from gradtui.report import findings_text
from gradtui.report.width import indented, wrapped
from gradtui.snapshot.model import Node, Snapshot, Values
from gradtui.snapshot.numbers import NOT_KNOWN, SIGNIFICANT, number, numbers
from gradtui.snapshot.visible import harmless

ELEMENTS = 4
MOST_ENTRIES = 20
MOST_STEPS = 40
"""Of the report of user code."""
QUEUE = 6
"""Ready nodes that are named at a step."""


def steps(snapshot: Snapshot) -> str:
    """What each node gets, the rule, the numbers put in, what goes out and how the sums grow; then the ledger; findings first."""
    parts = [_head(snapshot), findings_text.lines(snapshot)]
    replay = Replay(snapshot.graph)
    labels = labels_of(snapshot)
    for done, queue in enumerate(replay.queues()):
        parts.append(_step(snapshot, replay, done, queue, labels))
    parts.append(_ledger(snapshot, labels))
    return "\n\n".join("\n".join(map(harmless, lines)) for lines in map(list, parts) if lines) + "\n"


def in_short(snapshot: Snapshot) -> Iterator[str]:
    """A line for each step, counted as in the tree; then the ledger."""
    replay, labels, digits = Replay(snapshot.graph), labels_of(snapshot), _digits(snapshot)
    is_long = snapshot.origin != "expression" and len(replay.order) > MOST_STEPS
    if is_long:
        yield f"backward ran {len(replay.order):,} nodes: --steps tells each step"
    elif snapshot.graph.nodes:
        yield "step  runs (also ready) → how the sums of its operands grow"
    for done, queue in enumerate(() if is_long else replay.queues()):
        others = ", ".join(labels[other] for other in queue[1:QUEUE]) + ", …" * (len(queue) > QUEUE)
        ready = f" ({others})" if others else ""
        grown = "; ".join(_growth(one, labels, digits) for one in replay.sums[done])
        yield from wrapped(f"{done + 1:<4}  {labels[queue[0]]}{ready}{' → ' * bool(grown)}{grown}", " " * 6)
    yield from _ledger(snapshot, labels)


def _head(snapshot: Snapshot) -> Iterator[str]:
    digits = _digits(snapshot)
    call = f"f({', '.join(snapshot.variables)})" if snapshot.variables else "f"
    yield from wrapped(f"{call} = {snapshot.reads_as}", "")
    for name, state in snapshot.variables.items():
        yield from wrapped(f"{name} = {numbers(state.value, digits)}", "")
    yield from wrapped(f"{call} = {numbers(snapshot.value, digits)}", "")
    if snapshot.experiments:
        yield "AN EXPERIMENT: gradients were changed on the way, and are not those of f"
    if not snapshot.graph.nodes:
        yield "f depends on no variable: there is no backward pass"
        return
    start = "sum(f) by each element of f" if snapshot.graph.nodes[0].shape else "f by itself"
    yield from wrapped(f"backward starts with the derivative of {start}, 1. {ORDER}", "")


def _step(snapshot: Snapshot, replay: Replay, done: int, queue: Sequence[int], labels: Sequence[str]) -> Iterator[str]:
    node = snapshot.graph.nodes[queue[0]]
    yield from wrapped(f"step {done + 1} of {len(replay.order)}   {node.name}   {labels[node.id]}")
    yield from indented(ready(snapshot, queue))
    for line in told(snapshot, replay, done, queue[0], labels):
        yield from indented(line)


def ready(snapshot: Snapshot, queue: Sequence[int]) -> str:
    """The engine's queue, what it takes next first."""
    named = [_ranked(snapshot.graph.nodes[other]) for other in queue[:QUEUE]]
    return f"ready: {', '.join(named)}" + (f", {len(queue) - QUEUE} more" if len(queue) > QUEUE else "")


def told(snapshot: Snapshot, replay: Replay, done: int, ran: int, labels: Sequence[str]) -> Iterator[str]:
    """What came in for the node that runs at step `done`, then for each edge the rule, what goes out, and how a sum grows."""
    node, digits = snapshot.graph.nodes[ran], _digits(snapshot)
    came = _few(node.grad_output, digits)
    if not node.edges:
        yield f"{labels[node.id]}.grad = {came}"
        return
    yield f"ḡ = {came}"
    rules = {explanation.edge: explanation for explanation in explain(snapshot.graph, node.id)}
    for grown in replay.sums[done]:
        if grown.edge in rules:
            yield rules[grown.edge].rule
            yield rules[grown.edge].sent
        else:
            yield f"sends {_few(node.edges[grown.edge].grad, digits)}"
        yield _growth(grown, labels, digits)


def _ranked(node: Node) -> str:
    """`3x (sequence 1)`: the number by which the engine chooses."""
    place = "leaf" if node.sequence is None else f"sequence {node.sequence}"
    return f"{node.variable or quote(node)} ({place})"


def _growth(grown: Sum, labels: Sequence[str], digits: int) -> str:
    """`x: – → 3 → 11`: how the receiver's sum grew, its last two terms where there are more."""
    before, after = (_few(values, digits) for values in (grown.before, grown.after))
    start = {1: NOT_KNOWN, 2: f"{NOT_KNOWN} → {before}"}.get(grown.term, f"… → {before}")
    return f"{labels[grown.node]}: {start} → {after}"


def _ledger(snapshot: Snapshot, labels: Sequence[str]) -> Iterator[str]:
    """Where each gradient comes from: by the paths, else by a cut in the middle of the pass."""
    for name in list(snapshot.variables)[: paths.MOST_LEAVES]:
        told = paths.sentence(snapshot, name)
        if told:
            yield from wrapped(f"{_prime(snapshot, name)} = {told}")
        elif snapshot.along and snapshot.along[0] == name:
            yield from _cut(snapshot, labels)


def _cut(snapshot: Snapshot, labels: Sequence[str]) -> Iterator[str]:
    """v, ḡ and v̇ of the values that the cut crosses, and Σ v̄·v̇."""
    replay, digits = Replay(snapshot.graph), _digits(snapshot)
    done = len(replay.order) // 2
    entries = ledger.cut(replay, done)
    if not entries or snapshot.along is None:
        return
    name, element = snapshot.along
    several = f"[{element}]" if snapshot.variables[name].value.shape else ""
    total = number(ledger.total(entries), digits)
    told = f"after step {done} the cut is Σ ḡ·v̇ = {total}, v̇ being how fast each value moves with {name}{several}:"
    yield from wrapped(told, "")
    for entry in entries[:MOST_ENTRIES]:
        shape = snapshot.graph.nodes[entry.node].shape
        adjoint, tangent = (numbers(Values(shape, told), digits, ELEMENTS) for told in (entry.adjoint, entry.tangent))
        yield from indented(f"{labels[entry.node]}: {adjoint} · {tangent} = {number(entry.product, digits)}")
    if len(entries) > MOST_ENTRIES:
        yield f"  … {len(entries) - MOST_ENTRIES} more"


def labels_of(snapshot: Snapshot) -> list[str]:
    """The text that made each node, with its sequence number behind where several nodes have the same."""
    texts = [node.variable or quote(node) for node in snapshot.graph.nodes]
    counts = Counter(texts)
    pairs = zip(texts, snapshot.graph.nodes, strict=True)
    return [_ranked(node) if counts[text] > 1 and node.edges else text for text, node in pairs]


def _prime(snapshot: Snapshot, name: str) -> str:
    return f"∂f/∂{name}" if len(snapshot.variables) > 1 else f"f'({name})"


def _few(values: Values | None, digits: int) -> str:
    if values is not None and values.summary is not None:
        return f"norm {number(values.norm, digits)}"
    return numbers(values, digits, ELEMENTS)


def _digits(snapshot: Snapshot) -> int:
    return SIGNIFICANT.get(snapshot.dtype, 7)
