"""At which node does next to nothing become of the gradient of an element of a variable, on every path to it?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.findings.cause import Cause, Fact, Part, Place
from gradtui.findings.record import Record
from gradtui.findings.zeros import dead_or_saturated, lost_elements
from gradtui.findings.zeros.dead_or_saturated import Lost
from gradtui.findings.zeros.share_left import Flow, Loss
from gradtui.snapshot.finding import Certainty
from gradtui.snapshot.model import Node
from gradtui.snapshot.numbers import number

NOTHING = 1e-6
"""A share of the gradient below this is next to nothing: in float32 it is lost beside any other term."""
MOST_FACTORS = 5
MOST_ELEMENTS = 200_000
"""Of a tensor whose elements are followed one by one."""


def detect(record: Record) -> Iterator[Cause]:
    """Of what is explored: for each node that is the first to blame for a leaf."""
    if record.asked is not None or record.snapshot.experiments:
        return
    if not record.is_explored:
        yield from lost_elements.causes(record) if record.is_expression else ()
        return
    nodes = record.nodes
    if any(math.prod(node.shape) > MOST_ELEMENTS for node in nodes):
        return  # of which nothing is known where backward did not run
    flow = Flow.of(record.graph, NOTHING)
    told: set[int] = set()
    for leaf in nodes:
        if leaf.edges or leaf.grad_output is None:
            continue
        gone = flow.lost_at(leaf)
        if gone and all(math.isfinite(leaf.grad_output.numbers[place]) for place in gone):
            loss = flow.first(leaf, gone)
            if loss is not None and loss.node not in told:
                told.add(loss.node)
                yield _cause(record, flow, leaf, loss)


def _cause(record: Record, flow: Flow, leaf: Node, loss: Loss) -> Cause:
    node = record.nodes[loss.node]
    if loss.share >= NOTHING:
        return _shrinking(flow, leaf, loss)
    found = dead_or_saturated.reason(record, Lost(node, loss.edge, loss.share, tuple(loss.elements)))
    places = tuple(loss.elements) if math.prod(node.shape) > 1 else ()
    facts: dict[str, Fact] = {**found.as_facts(), "node": node, "at": places}
    shown: Certainty = "likely" if found.kind == "masked" else "proved"  # the whole way was looked at
    certainty = found.certainty if found.certainty == "perhaps" else shown
    return Cause(f"zero: {found.kind}", Place(node.id), facts, certainty)


def _shrinking(flow: Flow, leaf: Node, loss: Loss) -> Cause:
    """The product of the shares along the best path, none of them next to nothing by itself."""
    factors = [*flow.factors(leaf)][::-1] or [(loss.share, flow.graph.nodes[loss.node])]
    least, worst = min(factors, key=lambda factor: factor[0])
    facts: dict[str, Fact] = {
        "node": worst,
        "count": len(factors),
        "factors": "·".join(number(share, 2) for share, _ in factors[:MOST_FACTORS]),
        "more": Part("more factors") if len(factors) > MOST_FACTORS else "",
        "product": math.prod(share for share, _ in factors),
        "least": least,
    }
    return Cause("shrinking", Place(worst.id), facts, "proved")
