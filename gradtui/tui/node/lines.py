"""What the node panel says of one node at one moment of the backward pass, line by line. Pure: tested without a screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from gradtui.graph.incoming_edges import Contribution, as_sum, contributions, has_run
from gradtui.graph.kept import in_units
from gradtui.graph.node_sentence import ORDER, sentence
from gradtui.graph.plain_names import plain_name
from gradtui.graph.replay import Replay
from gradtui.graph.short_names import again, receiver
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Node, Saved, Values
from gradtui.snapshot.numbers import NOT_KNOWN, as_factor, number
from gradtui.tui.graph.columns import look, short, title
from gradtui.tui.panes.line_view import Line, Piece, folded

Pieces = tuple[Piece, ...]

MOST_TERMS = 8
"""Terms of a sum that get a line each."""
MOST_READY = 4
"""Nodes of the engine's queue that are named."""
NEVER: Pieces = (("never reached by backward", "node--quiet"),)
LOOKING: Pieces = (("looking for what is wrong …", "node--quiet"),)
CHOSEN = "▸ "
"""Stands before the edge that the next experiment is about."""


def node_lines(
    replay: Replay,
    node: Node,
    *,
    steps_done: int | None,
    digits: int,
    saved_shown: bool,
    width: int,
    findings: Sequence[Finding] = (),
    why: str = "",
    looking: bool = False,
    factors: Sequence[float] = (),
    chosen: int | None = None,
    update: Sequence[Pieces] = (),
    orders: Sequence[Pieces] = (),
    plain: bool = False,
) -> tuple[Line, ...]:
    """The node, what came in, what went out along each edge and, where asked for, what it saved; nothing is cut.

    why: the key that goes through the findings. looking: whether they are still looked for. factors: by what an experiment
    multiplies what the node sends, edge by edge. chosen: the edge that the next one is about. update: what an optimizer makes
    of it. orders: what there is to say of further derivatives.
    """
    grad = node.grad_output if has_run(replay.graph, node.id, steps_done) else None
    lines = [
        _head(node, plain=plain),
        _numbers(node, grad, digits),
        *(() if node.step is not None else (NEVER,)),
        *_made(node),
        *update,
        *_told(replay, node, steps_done, digits),
        *((LOOKING,) if looking else _why(node, findings, why)),
        *_spread("value ", node.value, digits),
        *_spread("ḡ ", grad, digits),
        *_sum(replay, node, steps_done, digits, plain=plain),
        *_edges(replay, node, steps_done, digits, factors or [1.0] * len(node.edges), chosen, width),
        *_queue(replay, steps_done),
        _facts(replay, node),
        *(_saved(node, digits) if saved_shown else ()),
        *orders,
    ]
    return tuple(Line(part) for pieces in lines for part in folded(pieces, width))


def _head(node: Node, *, plain: bool) -> Pieces:
    text = node.variable or ("" if node.source is None else again(node) + node.source.text)
    name = plain_name(node) if plain else node.name
    return ((name, "node--name"), ("  ", ""), (text if text != name else "", "node--source"))


def _numbers(node: Node, grad: Values | None, digits: int) -> Pieces:
    return (
        *_named("value ", node.value, "node--value", digits),
        *_named("   ḡ ", grad, "node--grad", digits),
    )


def _made(node: Node) -> Iterator[Pieces]:
    """By which backward node, where one did."""
    if node.order and node.note:
        yield ((node.note, "node--quiet"),)


def _told(replay: Replay, node: Node, steps_done: int | None, digits: int) -> Iterator[Pieces]:
    said = sentence(replay, node, steps_done, digits)
    if said:
        yield ((said, "node--text"),)


def _facts(replay: Replay, node: Node) -> Pieces:
    place = "" if node.step is None else f"backward step {node.step + 1} of {len(replay.order)} · "
    sequence = "" if node.sequence is None else f"sequence {node.sequence} · "
    shape = "×".join(map(str, node.shape)) or "scalar"
    pairs = ", each as its real and its imaginary part" if node.dtype.startswith("complex") else ""
    return ((f"{place}{sequence}{shape} {node.dtype} {node.device}{pairs}", "node--quiet"),)


def _why(node: Node, findings: Sequence[Finding], key: str) -> Iterator[Pieces]:
    """What the detective found at this node, and what people do about it; else that there is something to be found."""
    here = [finding for finding in findings if finding.node == node.id]
    for finding in here:
        yield from finding_lines(finding)
    sure = [finding for finding in findings if finding.certainty != "perhaps"]
    if sure and not here:
        places = "1 place" if len(sure) == 1 else f"{len(sure)} places"
        yield ((key, "node--next"), (f": something goes wrong at {places}, see why", "node--text"))


def finding_lines(finding: Finding) -> Iterator[Pieces]:
    """Why, what was seen that shows it, and what people do."""
    yield ((finding.text, "node--text" if finding.kind == "ordinary" else "node--bad"),)
    yield from (((f"  {seen}", "node--quiet"),) for seen in finding.evidence)
    yield (("→ ", "node--next"), (finding.remedy, "node--text"))


def _spread(label: str, values: Values | None, digits: int) -> Iterator[Pieces]:
    """What there is to say of a tensor too large to show whole."""
    if values is None or values.summary is None:
        return
    summary = values.summary
    named = {"min": summary.min, "max": summary.max, "mean": summary.mean, "norm": summary.finite_norm}
    spread = "  ".join(f"{name} {number(value, digits)}" for name, value in named.items())
    told = [f"nan {summary.nan}  inf {summary.inf}  zero {summary.zero}"]
    if not (summary.nan or summary.inf):
        told.insert(0, spread)
    else:  # what is told of the finite ones is not told of the whole
        told.insert(0, f"norm {number(summary.norm, digits)}")
        told += [] if summary.finite_norm is None else [f"of the finite ones: {spread}"]
    yield ((label + "  ".join(told), "node--quiet"),)


def _sum(replay: Replay, node: Node, steps_done: int | None, digits: int, *, plain: bool) -> Iterator[Pieces]:
    """How the gradient that comes in is put together: `x.grad = 8 + 3 = 11`, and who sent each piece."""
    terms = contributions(replay.graph, node.id, steps_done=steps_done, used=replay.uses_of(node.id))
    if not terms or (len(terms) == 1 and node.edges):
        return
    label = f"{node.variable}.grad" if node.variable else "ḡ"
    whole = _value(node.grad_output if has_run(replay.graph, node.id, steps_done) else None, "node--grad", digits)
    if len(terms) == 1:
        yield ((f"{label} = ", "node--text"), whole)
    elif len(terms) <= MOST_TERMS:
        yield ((f"{label} = {as_sum(short(term.grad, digits) for term in terms)} = ", "node--text"), whole)
    else:
        yield ((f"{label} = sum of {len(terms)} = ", "node--text"), whole)
    yield from (_term(replay, term, digits, plain=plain) for term in terms[:MOST_TERMS])


def _term(replay: Replay, term: Contribution, digits: int, *, plain: bool) -> Pieces:
    sender = replay.graph.nodes[term.node]
    name = "" if plain and sender.source is not None else f"{plain_name(sender) if plain else sender.name} "
    return (
        ("  ", "node--quiet"),
        _value(term.grad, "node--grad", digits),
        (f"  from {name}{title(sender)}", "node--quiet"),
    )


def _edges(
    replay: Replay,
    node: Node,
    steps_done: int | None,
    digits: int,
    factors: Sequence[float],
    chosen: int | None,
    width: int,
) -> Iterator[Pieces]:
    """For each edge the rule with its numbers, `∂(a·b)/∂a = b = 3`, and below it what goes out and what it adds to."""
    ran = has_run(replay.graph, node.id, steps_done)
    from gradtui.grad_fns.rule_of_node import explain, rule_of  # not wanted before the first paint

    rules = {explanation.edge: explanation for explanation in explain(replay.graph, node.id)}
    if node.edges and rule_of(node) is None:
        yield (("no rule in the table for this grad_fn", "node--quiet"),)
        if node.inside:
            yield ((f"inside it ran {', '.join(node.inside)}", "node--text"),)
    for index, edge in enumerate(node.edges):
        found = rules.get(index)
        if found is not None:
            yield ((found.rule, "node--text"),)
        sent = _sent(replay, node, index, ran, digits, factors[index])
        sent = ((CHOSEN, "node--next"), *sent) if index == chosen else sent
        grown = _growth(replay, node, index, digits) if ran else ""
        if grown and sum(cell_len(text) for text, _ in sent) + cell_len(grown) + 2 <= width:
            yield (*sent, (f", {grown}", "node--quiet"))
        else:
            yield from ((sent, ((f"  {grown}", "node--quiet"),)) if grown else (sent,))
        is_short = edge.grad is None or edge.grad.summary is None
        if found is not None and found.sent and is_short and edge.local is None and factors[index] == 1 and ran:
            yield ((f"  {found.sent}", "node--text"),)


def _sent(replay: Replay, node: Node, index: int, ran: bool, digits: int, factor: float) -> Pieces:
    """`x: 1 · 8 = 8`: the gradient that came in times the local derivative is what goes out."""
    edge = node.edges[index]
    if edge.target is None:
        return ((f"· {edge.constant or 'a constant'}: no gradient goes here", "node--quiet"),)
    grad_output, sent = (node.grad_output, edge.grad) if ran else (None, None)
    factors = [number(edge.local, digits), *([number(factor, digits)] if factor != 1 else ())]
    product = " · ".join([short(grad_output, digits), *map(as_factor, factors)])
    return (
        (f"{receiver(node, replay.graph.nodes[edge.target])}: ", "node--receiver"),
        ("" if edge.local is None else f"{product} = ", "node--text"),
        _value(sent, "node--grad", digits),
        ("" if factor == 1 else f"  EXPERIMENT: times {number(factor, digits)}", "node--next"),
    )


def _growth(replay: Replay, node: Node, index: int, digits: int) -> str:
    """`sum – → 3 → 11`: how the receiver's sum grew at this step; nothing where this is its only term."""
    target = node.edges[index].target
    sums = replay.sums_into(target) if target is not None else ()
    grown = next((one for step, one in sums if step == node.step and one.edge == index), None)
    if grown is None or len(sums) < 2:
        return ""
    start = {1: NOT_KNOWN, 2: f"{NOT_KNOWN} → {short(grown.before, digits)}"}
    return f"sum {start.get(grown.term, f'… → {short(grown.before, digits)}')} → {short(grown.after, digits)}"


def _queue(replay: Replay, steps_done: int | None) -> Iterator[Pieces]:
    """While one steps: what the engine runs next and why, what else is ready, and how the engine chooses."""
    if steps_done is None:
        return
    ready = replay.ready(steps_done)
    if not ready:
        yield (("the backward pass has finished", "node--quiet"),)
        return
    first, *others = (replay.graph.nodes[node] for node in ready)
    yield (("next: ", "node--quiet"), (title(first), "node--next"), (f", {_why_first(first, others)}", "node--quiet"))
    if others:
        waiting = ", ".join(map(_in_queue, others[:MOST_READY]))
        more = f" … {len(others)} in all" if len(others) > MOST_READY else ""
        yield ((f"  then ready: {waiting}{more}", "node--quiet"),)
    yield ((ORDER, "node--quiet"),)


def _why_first(node: Node, others: Sequence[Node]) -> str:
    if node.sequence is None:
        return "a leaf: summed as soon as ready"
    return f"the highest sequence ready ({node.sequence})" if others else "all that is ready"


def _in_queue(node: Node) -> str:
    return title(node) if node.sequence is None else f"{title(node)} (sequence {node.sequence})"


def _saved(node: Node, digits: int) -> Iterator[Pieces]:
    if node.kept:
        yield ((f"keeps {in_units(node.kept)} for backward", "node--quiet"),)
    elif not node.saved:
        own = "saves nothing" if node.kept is None else "keeps nothing of its own (parameters do not count)"
        yield ((f"{own} for backward", "node--quiet"),)
    for saved in node.saved:
        yield ((f"saved {saved.name} = ", "node--quiet"), _saved_value(saved, digits))


def _saved_value(saved: Saved, digits: int) -> Piece:
    if isinstance(saved.value, str):
        return saved.value, "node--value"
    return _value(saved.value, "node--value", digits)


def _named(label: str, values: Values | None, style: str, digits: int) -> Sequence[Piece]:
    return ((label, "node--quiet"), _value(values, style, digits))


def _value(values: Values | None, style: str, digits: int) -> Piece:
    if values is None:
        return NOT_KNOWN, "node--quiet"
    return short(values, digits), "node--bad" if look(values, "") == "graph--bad" else style
