"""Where a gradient dies: the nodes at which, on every path to a leaf, next to nothing of it is left. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gradtui.findings.unwitnessed.shares import adds_up, shares
from gradtui.grad_fns.traits import has, traits_of
from gradtui.graph.operands import element, operand, operand_quote, operation, quote
from gradtui.graph.replay import Replay
from gradtui.snapshot.finding import Finding, Kind
from gradtui.snapshot.model import Graph, Node
from gradtui.snapshot.numbers import number

NOTHING = 1e-6
"""A share below this is next to nothing: in float32 it is lost beside any other term."""
MOST_FACTORS = 5
MOST_ELEMENTS = 200_000
"""Of a tensor whose elements are followed one by one."""

DEAD = "leaky_relu, elu and gelu keep a slope there; look at the bias or the step that pushed the operand there"
BOUNDS = "clamp only what needs no gradient; tanh and sigmoid bound softly, a penalty brings the operand back"
STRAIGHT = "pass it straight through, x + (floor(x) - x).detach() in torch, or take a soft step, sigmoid(k*x)"
DRAWN = (
    "a draw that learns: rsample() where the distribution has one, gumbel_softmax, or log_prob(sample) times its reward"
)
EVEN = "put the loss on single elements (cross_entropy, log_softmax), not on their sum or mean"
LOGITS = "keep its operand small (scale, normalise, start smaller), or train on logits: logsigmoid, softplus"
TEMPERATURE = "put the loss on log_softmax, or divide the operand by a temperature"
LAYERS = "squash less often: relu or gelu inside, residual paths x + f(x), normalised operands"
MASK = "no fault where it is meant as a mask; else take the factor away, or make it small, not 0"
MEANT = "no fault where it is meant; a soft blend such as sigmoid(k*x) gives every operand its share"


@dataclass(frozen=True, slots=True)
class Loss:
    """An edge by which some elements lose what they had left. share: the smallest that it keeps of these."""

    node: int
    edge: int
    elements: list[int]
    share: float


@dataclass(slots=True)
class Flow:
    """left: of the gradient at each element of each node, the share that is left on the best path.

    best: the edge by which most came to each node. losses: in the engine's order.
    """

    left: dict[int, tuple[float, ...]] = field(default_factory=dict)
    best: dict[int, tuple[int, int]] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)


def fading(graph: Graph) -> Iterator[Finding]:
    """A finding for each node that is the first to blame for a leaf at which next to nothing arrives."""
    if any(values is not None and values.summary for node in graph.nodes for values in (node.value, node.grad_output)):
        return
    if any(math.prod(node.shape) > MOST_ELEMENTS for node in graph.nodes):
        return  # of which nothing is known where backward did not run
    flow = _flow(graph)
    told: set[int] = set()
    for leaf in graph.nodes:
        if leaf.edges or leaf.grad_output is None or leaf.id not in flow.left:
            continue
        gone = [place for place, left in enumerate(flow.left[leaf.id]) if left < NOTHING]
        if gone and all(math.isfinite(leaf.grad_output.numbers[place]) for place in gone):
            loss = _first(graph, flow, leaf, gone)
            if loss is not None and loss.node not in told:
                told.add(loss.node)
                yield _finding(graph, flow, leaf, loss)


def _flow(graph: Graph) -> Flow:
    starts = graph.roots if graph.nodes else ()
    flow = Flow({root: (1.0,) * math.prod(graph.nodes[root].shape) for root in starts})
    for node in (graph.nodes[place] for place in Replay(graph).order):
        for number_, edge in enumerate(node.edges):
            if edge.target is not None and node.id in flow.left:  # a file may say that nothing led to it
                _follow(graph, flow, node, number_, edge.target)
    return flow


def _follow(graph: Graph, flow: Flow, node: Node, edge: int, target: int) -> None:
    """What is left after this edge; elements that a reduction or broadcasting mixes share what the best of them has."""
    count = math.prod(graph.nodes[target].shape)
    left = (max(flow.left[node.id], default=1.0),) if has(operation(node), "mixing") else flow.left[node.id]
    before, share = _fitted(left, count), _fitted(shares(graph, node, edge), count)
    after = tuple(b * s for b, s in zip(before, share, strict=True))
    lost = [place for place in range(count) if after[place] < NOTHING <= before[place]]
    if lost:
        flow.losses.append(Loss(node.id, edge, lost, min(share[place] for place in lost)))
    known = flow.left.get(target)
    if known is None or sum(after) > sum(known):
        flow.best[target] = node.id, edge
    flow.left[target] = after if known is None else tuple(map(max, known, after))


def _fitted(numbers: tuple[float, ...], count: int) -> tuple[float, ...]:
    return numbers if len(numbers) == count else (max(numbers, default=1.0),) * count


def _first(graph: Graph, flow: Flow, leaf: Node, gone: Sequence[int]) -> Loss | None:
    """The first loss on a path to this leaf, at one of its elements where the two have equally many."""
    reaching = {leaf.id}
    for node in reversed(graph.nodes):
        if any(edge.target in reaching for edge in node.edges):
            reaching.add(node.id)
    for loss in flow.losses:
        target = graph.nodes[loss.node].edges[loss.edge].target
        alike = math.prod(graph.nodes[loss.node].shape) == math.prod(leaf.shape)
        if target in reaching and (not alike or set(loss.elements) & set(gone)):
            return loss
    return None


def _finding(graph: Graph, flow: Flow, leaf: Node, loss: Loss) -> Finding:
    node = graph.nodes[loss.node]
    if loss.share >= NOTHING:
        return _shrinking(graph, flow, leaf, loss)
    kind, why, remedy = _why(graph, node, loss)
    places = loss.elements if math.prod(node.shape) > 1 else []
    several = f", element{'s'[: len(places) > 1]} {', '.join(map(str, places[:8]))}" if places else ""
    return Finding(kind, "backward", node.id, f"{quote(node)}{several}: {why}", remedy)


def _why(graph: Graph, node: Node, loss: Loss) -> tuple[Kind, str, str]:
    """Kind, reason and remedy for an edge that keeps next to nothing."""
    name, place, count = operation(node), loss.elements[0], math.prod(node.shape)
    traits = traits_of(name)
    text, at = operand_quote(node.edges[loss.edge]), element(operand(graph, node, loss.edge), place, count)
    if has(name, "squashing") or traits.tail:
        value = number((element(node.value, place, count) or 0.0) + 0.0, 4)
        why = f"saturated at {value}, its derivative is {number(loss.share, 2)}, so next to nothing goes back to {text}"
        return "saturated", why, LOGITS
    if name == "Softmax" and adds_up(node):
        why = "the elements add up to 1 whatever the operand, so the gradient of their sum is 0"
        return "constant", why, "look at one element, dot(softmax(v), [1, 0, 0]), or at a loss of it, -log_softmax(v)"
    if name == "Softmax":
        return "saturated", "one element has all the weight, so next to nothing goes back", TEMPERATURE
    if has(name, "underflowing"):
        return "underflow", "it underflows to 0, and its derivative with it", "stay with logarithms, or use float64"
    if has(name, "flat"):
        return "flat", "flat between its jumps: its derivative is 0 everywhere, so no gradient goes back", STRAIGHT
    if name in ("Hardtanh", "Hardsigmoid") or (name == "Clamp" and loss.edge == 0):
        return "clamped", f"{text} = {number(at, 4)} is outside its bounds, where it is flat", BOUNDS
    if traits.side:
        return "dead", f"{text} = {number(at, 4)} is on its flat side, so no gradient goes back", DEAD
    if name == "Pow":
        return "constant", f"to the power 0 it is 1 whatever {text}", "no fault: the derivative of a constant is 0"
    if name == "Mul":
        return "masked", f"{text} is multiplied by 0, so no gradient goes back", MASK
    return "masked", f"{text} is not taken here, so it gets no gradient", MEANT


def _shrinking(graph: Graph, flow: Flow, leaf: Node, loss: Loss) -> Finding:
    """The product of the shares along the best path, none of them next to nothing by itself."""
    factors: list[tuple[float, Node]] = []
    at = leaf.id
    while at in flow.best:
        sender, edge = flow.best[at]
        share = max(shares(graph, graph.nodes[sender], edge), default=1.0)
        if share < 1:
            factors.insert(0, (share, graph.nodes[sender]))
        at = sender
    factors = factors or [(loss.share, graph.nodes[loss.node])]
    shown = "·".join(number(share, 2) for share, _ in factors[:MOST_FACTORS]) + "·…" * (len(factors) > MOST_FACTORS)
    product = number(math.prod(share for share, _ in factors), 2)
    least, worst = min(factors, key=lambda factor: factor[0])
    why = f"{len(factors)} squashing functions in a row leave {shown} = {product} of the gradient"
    text = f"{quote(worst)}: {why}; it falls most here, by {number(least, 2)}"
    return Finding("shrinking", "backward", worst.id, text, LAYERS)
