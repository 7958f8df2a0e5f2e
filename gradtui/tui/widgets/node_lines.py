"""What the node panel says of one node at one moment of the backward pass, line by line. Pure: tested without a screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradtui.snapshot.contributions import as_sum, has_run
from gradtui.snapshot.model import Edge, Node, Saved, Values
from gradtui.snapshot.numbers import NOT_KNOWN, number
from gradtui.snapshot.replay import Arrival, Replay
from gradtui.tui.visible import visible
from gradtui.tui.widgets.graph_lines import look, short, title
from gradtui.tui.widgets.line_view import Line, Piece

MOST_ARRIVALS = 8
"""Terms of a sum that get a line each."""
MOST_READY = 4
"""Nodes of the engine's queue that are named."""

Pieces = tuple[Piece, ...]


def node_lines(
    replay: Replay, node: Node, *, steps_done: int | None, digits: int, saved_shown: bool
) -> tuple[Line, ...]:
    """The node, what came in, what went out along each edge and, where asked for, what it saved."""
    lines = [
        _head(node),
        _numbers(replay, node, steps_done, digits),
        *_tensor(node, digits),
        *_sum(replay, node, steps_done, digits),
        *(_edge(replay, node, edge, steps_done, digits) for edge in node.edges),
        *_queue(replay, steps_done),
        *(_saved(node, digits) if saved_shown else ()),
    ]
    return tuple(Line(pieces) for pieces in lines)


def _head(node: Node) -> Pieces:
    text = "" if node.source is None else visible(node.source.text)
    return ((node.name, "node--name"), ("  ", ""), (node.variable or text, "node--source"))


def _numbers(replay: Replay, node: Node, steps_done: int | None, digits: int) -> Pieces:
    grad = node.grad_output if has_run(replay.graph, node.id, steps_done) else None
    if node.step is None:
        place = "never reached by backward"
    else:
        place = f"step {node.step + 1} of {len(replay.order)}"
        place += "" if node.sequence is None else f", sequence {node.sequence}"
    return (
        *_named("value ", node.value, "node--value", digits),
        *_named("   ḡ ", grad, "node--grad", digits),
        (f"   {place}", "node--quiet"),
    )


def _tensor(node: Node, digits: int) -> Iterator[Pieces]:
    shape = f"({', '.join(map(str, node.shape))}{',' if len(node.shape) == 1 else ''})"
    yield ((f"shape {shape} · {node.dtype} · {node.device}", "node--quiet"),)
    summary = node.value.summary if node.value else None
    if summary is not None:
        spread = (
            f"min {number(summary.min, digits)}  max {number(summary.max, digits)}  mean {number(summary.mean, digits)}"
        )
        yield ((f"{spread}  nan {summary.nan}  inf {summary.inf}  zero {summary.zero}", "node--quiet"),)


def _sum(replay: Replay, node: Node, steps_done: int | None, digits: int) -> Iterator[Pieces]:
    """How the gradient that comes in is put together: `ḡ = 3 + 8 = 11`, and who sent each piece."""
    arrivals = replay.arrivals[node.id]
    if not arrivals or (len(arrivals) == 1 and node.edges):
        return
    moment = len(replay.order) if steps_done is None else steps_done
    terms = [arrival.grad if arrival.step < moment else None for arrival in arrivals]
    label = f"{visible(node.variable)}.grad" if node.variable else "ḡ"
    whole = node.grad_output if all(arrival.step < moment for arrival in arrivals) else None
    if len(arrivals) <= MOST_ARRIVALS:
        written = as_sum(short(term, digits) for term in terms)
        yield ((f"{label} = {written} = ", "node--text"), _value(whole, "node--grad", digits))
    else:
        yield ((f"{label} = sum of {len(arrivals)} = ", "node--text"), _value(whole, "node--grad", digits))
    for arrival, term in list(zip(arrivals, terms, strict=True))[:MOST_ARRIVALS]:
        yield _arrival(replay, arrival, term, digits)


def _arrival(replay: Replay, arrival: Arrival, term: Values | None, digits: int) -> Pieces:
    sender = replay.graph.nodes[arrival.sender]
    return (
        ("  ", ""),
        _value(term, "node--grad", digits),
        (f"  from {sender.name} {title(sender)}", "node--quiet"),
    )


def _edge(replay: Replay, node: Node, edge: Edge, steps_done: int | None, digits: int) -> Pieces:
    """`→ x^2  1 · 8 = 8`: the gradient that came in times the local derivative is what goes out."""
    if edge.target is None:
        return (
            (f"· {visible(edge.constant or 'a constant')}", "node--quiet"),
            ("  no gradient goes here", "node--quiet"),
        )
    ran = has_run(replay.graph, node.id, steps_done)
    grad_output, sent = (node.grad_output, edge.grad) if ran else (None, None)
    to = title(replay.graph.nodes[edge.target])
    product = "" if edge.local is None else f"{short(grad_output, digits)} · {number(edge.local, digits)} = "
    return ((f"→ {to}  ", "node--receiver"), (product, "node--text"), _value(sent, "node--grad", digits))


def _queue(replay: Replay, steps_done: int | None) -> Iterator[Pieces]:
    """While one steps: what the engine may run now, the one that it takes first."""
    if steps_done is None:
        return
    ready = replay.ready(steps_done)
    if not ready:
        yield (("the backward pass has finished", "node--quiet"),)
        return
    names = [_in_queue(replay.graph.nodes[node]) for node in ready[:MOST_READY]]
    more = f" … {len(ready)} in all" if len(ready) > MOST_READY else ""
    yield (("ready: ", "node--quiet"), (names[0], "node--next"), (", ".join(["", *names[1:]]) + more, "node--quiet"))


def _in_queue(node: Node) -> str:
    return f"{title(node)} (at once)" if node.sequence is None else f"{title(node)} ({node.sequence})"


def _saved(node: Node, digits: int) -> Iterator[Pieces]:
    if not node.saved:
        yield (("saves nothing for backward", "node--quiet"),)
    for saved in node.saved:
        yield ((f"saved {saved.name} = ", "node--quiet"), _saved_value(saved, digits))


def _saved_value(saved: Saved, digits: int) -> Piece:
    if isinstance(saved.value, str):
        return visible(saved.value), "node--value"
    return _value(saved.value, "node--value", digits)


def _named(label: str, values: Values | None, style: str, digits: int) -> Sequence[Piece]:
    return ((label, "node--quiet"), _value(values, style, digits))


def _value(values: Values | None, style: str, digits: int) -> Piece:
    if values is None:
        return NOT_KNOWN, "node--quiet"
    return short(values, digits), "node--bad" if look(values, "") == "graph--bad" else style
