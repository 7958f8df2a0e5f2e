"""Which node made a gradient zero first, of all those on the way to a leaf at which nothing but zeros arrives. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gradtui.findings import hooks
from gradtui.findings.unwitnessed.fading import BOUNDS, DEAD, DRAWN, EVEN, LOGITS, MASK, MEANT, STRAIGHT, TEMPERATURE
from gradtui.findings.words.whereabouts import where
from gradtui.grad_fns.traits import has, traits_of
from gradtui.graph.gradients import spread
from gradtui.graph.operands import is_zero, operation, seen_value
from gradtui.graph.uses import Use
from gradtui.snapshot.finding import Certainty, Finding, Kind
from gradtui.snapshot.model import Edge, Graph, Node, Values
from gradtui.snapshot.numbers import number

LEAST = {"float16": 6e-8, "bfloat16": 9.2e-41, "float32": 1.4e-45}
"""The smallest number above 0."""
CLOSE = 8
"""Digits that tell 1.0000001 from 1."""
ROUNDING = 1e-5
"""What is left of a sum in float32 whose terms cancel."""
NO_WEIGHT = 1e-6
"""An element of a softmax that is smaller has next to none."""
NARROW = ("float16", "bfloat16")
SCALED = "scale the loss up (torch.amp.GradScaler does), or use bfloat16"
NORMALISE_MORE = "normalise over more elements: take the norm away where there is one feature, or one example"
LOOKED_UP = "no fault where this batch does not need it; else look at the indices"
AT_REST = "no fault: at its best point, or with weight 0, a loss has no gradient"
STARTS_AT_0 = "no fault in the first step where it starts at 0 on purpose (LoRA, a residual gate); else initialise it"
ONE_CLASS = (
    "give it as many outputs as there are classes; for one output take sigmoid, binary_cross_entropy_with_logits"
)
SHIFT = "what comes in would only shift or scale its operand as a whole, which it takes away again"
SAME = "what comes in is the same for all its elements, and their sum, 1, never moves"
DATA = "look at what goes in: a batch, or a column of features, that is never filled"
OWN_BACKWARD = "look at its backward(): return the gradient for each input, in the order of forward()"
CANCELS = "what comes in adds up to 0"
SUMS_UP = "no fault where it cannot matter, as a bias before a normalisation; else see what cancels"
ANY = "look at the node, and at what its operands are"


OFTEN_MEANT = (LOOKED_UP, AT_REST, STARTS_AT_0, SUMS_UP, MEANT)
SEEN = ("flat", "constant")
"""By what the node is, whatever comes in."""


@dataclass(frozen=True, slots=True)
class Killer:
    """The node that got a gradient and sent zeros, and by which edge; None where what came in added up to 0."""

    node: int
    edge: int | None


def killers(graph: Graph) -> dict[int, Killer]:
    """For each node with a gradient of zeros, or of none, the first in the engine's order that is to blame for it."""
    found: dict[int, Killer] = {}
    blamed: dict[int, Killer] = {}
    alive: set[int] = set()
    for node in graph.nodes:
        if node.step is None:
            continue
        if is_zero(node.grad_output) or (node.grad_output is None and node.id in blamed):
            found[node.id] = Killer(node.id, None) if node.id in alive else blamed.get(node.id, Killer(node.id, None))
        for place, edge in enumerate(node.edges):
            if edge.target is None:
                continue
            killer = found.get(node.id)
            if killer is None and not _sends_nothing(edge):
                alive.add(edge.target)
                continue
            killer = killer or Killer(node.id, place)
            known = blamed.get(edge.target)
            if known is None or killer.node < known.node:
                blamed[edge.target] = killer
    return found


def _sends_nothing(edge: Edge) -> bool:
    return edge.grad is None or is_zero(edge.grad)


def zero(graph: Graph, used: Sequence[Sequence[Use]], name: str, killer: Killer) -> Finding:
    """Why the gradient of the leaf `name` is 0 on every path. used: `uses` of the graph."""
    node = graph.nodes[killer.node]
    if killer.edge is not None and (dead := _dead_factor(graph, node, killer.edge)):
        killer, node = Killer(dead.id, 0), dead
    if killer.edge is None:
        kind, why, remedy = _of_a_sum(node, hooks.changed(graph, used, node.id) is not None)
    else:
        kind, why, remedy = _of_an_edge(graph, node, killer.edge)
    text = f"0 on every path: {where(node)}: {why}"
    seen = _evidence(graph, node, killer.edge)
    certainty: Certainty = "perhaps" if remedy in OFTEN_MEANT else "proved" if kind in SEEN else "likely"
    return Finding(kind, "backward", node.id, text, remedy, name, node.source, seen, certainty)


def _of_a_sum(node: Node, hooked: bool) -> tuple[Kind, str, str]:
    if hooked:
        return "zero", "a hook makes zeros of the gradient that comes in", hooks.LOOK
    if node.id == 0:
        return "zero", "backward starts with a gradient of 0", "look at what is differentiated"
    return "zero", "the gradients that come in add up to 0", SUMS_UP


def _of_an_edge(graph: Graph, node: Node, place: int) -> tuple[Kind, str, str]:
    """Kind, reason, remedy for a node that got a gradient and sends zeros by this edge, or none at all."""
    name, edge = operation(node), node.edges[place]
    traits = traits_of(name)
    operand, made = seen_value(graph, edge), node.value
    reach = _reach(operand, digits=CLOSE if has(name, "bounded") else 3)
    if edge.grad is None:
        return "zero", "it sends None, no gradient at all", OWN_BACKWARD if node.note else ANY
    if 0 in node.shape:
        return "masked", "nothing is selected: it has no elements", LOOKED_UP
    if has(name, "flat"):
        return "flat", "it is flat between its jumps, so its derivative is 0", STRAIGHT
    if has(name, "bounded") and _is_inside_a_loss(node):
        return "zero", "the loss does not move with this operand here", AT_REST
    if has(name, "bounded"):
        return "clamped", f"its whole operand{reach} is outside its bounds, where it is flat", BOUNDS
    if traits.side:
        return "dead", f"its whole operand{reach} is on the side where it is flat: it is dead", DEAD
    if has(name, "softmax"):
        if node.shape and 1 in node.shape[-1:]:
            return "constant", "over one element it is the same whatever its operand", ONE_CLASS
        return _of_a_softmax(node)
    if has(name, "squashing") or traits.tail:
        return "saturated", f"saturated{_reach(made, 'its values from')}: its derivative is 0 there", LOGITS
    if name in ("Exp", "Exp2") and is_zero(made):
        return "underflow", f"all of it underflows to 0{reach}, and its derivative with it", "stay with logarithms"
    if has(name, "choosing"):
        return "masked", "none of this operand is taken, so it gets no gradient", MEANT
    if has(name, "embedding"):
        return "masked", "only padding (padding_idx) is looked up, which gets no gradient", LOOKED_UP
    if has(name, "looking up"):
        return "masked", "none of the looked-up elements lead to the loss", LOOKED_UP
    if has(name, "drawing"):
        return "flat", "it draws at random, and torch gives such a draw a derivative of 0", DRAWN
    if name == hooks.MODULE_HOOK:
        return "zero", "a backward hook of the module makes zeros of the gradient that comes in", hooks.LOOK
    if _underflows(node):
        return _underflow(node)
    if has(name, "normalising"):
        return _of_a_norm(graph, node)
    if has(name, "level at 0") and is_zero(operand):
        return "zero", "its operand is all 0, where its derivative is 0", AT_REST
    if has(name, "loss"):
        return "zero", "the loss does not move with this operand here", AT_REST
    if place in traits.added:
        return "ordinary", CANCELS, SUMS_UP
    if has(name, "multiplying"):
        other = zero_factor(graph, node, place)
        if other is not None:
            return "masked", f"what it is multiplied by, {where(other)}, is all 0", STARTS_AT_0
        if node.dtype in NARROW and made is not None and not is_zero(made):
            return _underflow(node)
        if has(name, "matrix product") and partner(node, place) is None:
            return "masked", "the data that it is multiplied by is all 0", DATA
        return "masked", "it is multiplied by 0", MASK
    if node.note:
        return "zero", "its backward, code of its own, returns zeros", OWN_BACKWARD
    return "zero", "a gradient comes in, and zeros go out", ANY


def _is_inside_a_loss(node: Node) -> bool:
    """Whether torch made it, for a function of its own such as triplet_margin_loss."""
    text = node.source.text.lower() if node.source else ""
    return "_loss(" in text and operation(node).lower() not in text


def _of_a_softmax(node: Node) -> tuple[Kind, str, str]:
    """Its derivative by an operand is 0 where one element has all the weight; else the gradient that comes in is even."""
    came = spread(node.grad_output) if node.grad_output is not None else None
    made = spread(node.value) if node.value is not None else None
    if operation(node) == "LogSoftmax":
        sharp = made is None or made.min is None or made.min < math.log(NO_WEIGHT)
        if not sharp:
            return "zero", "the loss does not move with this operand here", AT_REST
    else:
        sharp = made is None or made.min is None or made.min < NO_WEIGHT
        if not sharp or (came is not None and came.min == came.max):
            return "constant", SAME, EVEN
    return "saturated", "one element has all the weight, so its derivative is 0", TEMPERATURE


def takes_away(graph: Graph) -> bool:
    """Whether `taken_away` may say something of any node on a path: a walk along all of a long one is dear."""
    for node in graph.nodes:
        came = node.grad_output.finite_norm if node.grad_output is not None and _takes_away(operation(node)) else None
        sent = (
            [edge.grad.finite_norm for edge in node.edges if edge.grad is not None and edge.grad.finite_norm]
            if came
            else []
        )
        if came and any(taken_away(graph, node, norm / came) for norm in sent):
            return True
    return False


def _takes_away(name: str) -> bool:
    """Whether to its operand some gradients make no difference."""
    return name == "Softmax" or has(name, "normalising")


def taken_away(graph: Graph, node: Node, kept: float) -> str | None:
    """Why the operand makes no difference, where but for rounding that is so. kept: of the norm that comes in."""
    name = operation(node)
    if name == "Softmax" and node.value is not None and kept < ROUNDING:
        kind, why, _ = _of_a_softmax(node)
        return why if kind == "constant" else None
    if has(name, "normalising"):
        deviation, weight = _deviation(seen_value(graph, node.edges[0])), _weight(graph, node)
        found = spread(weight.value) if weight is not None and weight.value is not None else None
        scale = max(abs(found.min or 0.0), abs(found.max or 0.0)) if found is not None else 1.0
        return SHIFT if deviation and kept * deviation < ROUNDING * scale else None
    return None


def _weight(graph: Graph, node: Node) -> Node | None:
    """By which a normalisation multiplies, and so the gradient; None without one that learns."""
    target = node.edges[1].target if len(node.edges) > 1 else None
    return None if target is None else graph.nodes[target]


def _deviation(values: Values | None) -> float | None:
    """The standard deviation, by which a normalisation divides the gradient."""
    if values is None or values.finite_norm is None:
        return None
    count = math.prod(values.shape)
    mean = values.summary.mean if values.summary else sum(values.numbers) / max(count, 1)
    if mean is None or not math.isfinite(mean):
        return None
    root = values.finite_norm / math.sqrt(count)  # the difference of their squares could be beyond any float
    return math.sqrt(max(root - abs(mean), 0.0)) * math.sqrt(root + abs(mean))


def _of_a_norm(graph: Graph, node: Node) -> tuple[Kind, str, str]:
    weight = _weight(graph, node)
    if weight is not None and is_zero(weight.value):
        return "masked", f"its weight, {where(weight)}, is all 0", STARTS_AT_0
    made = spread(node.value) if node.value is not None else None
    if node.shape[-1:] == (1,) and operation(node) != "NativeBatchNorm":
        return "constant", "it makes a constant of a single element", NORMALISE_MORE
    if made is not None and made.min is not None and made.min == made.max:
        return "constant", "it makes a constant of elements that are all equal", NORMALISE_MORE
    return "constant", SHIFT, EVEN


def partner(node: Node, place: int) -> Edge | None:
    """What this operand is multiplied by, where that has a gradient too."""
    added = traits_of(operation(node)).added
    others = (edge for number_, edge in enumerate(node.edges) if number_ != place and number_ not in added)
    return next((edge for edge in others if edge.target is not None), None)


def zero_factor(graph: Graph, node: Node, place: int) -> Node | None:
    """What this operand is multiplied by, where that is all 0; of another view of it the node that made it."""
    by = partner(node, place)
    if by is None or by.target is None or not is_zero(seen_value(graph, by)):
        return None
    other = graph.nodes[by.target]
    while other.value is None and other.edges and other.edges[0].target is not None:
        other = graph.nodes[other.edges[0].target]
    return other


def _dead_factor(graph: Graph, node: Node, place: int) -> Node | None:
    """The dead relu, or the like, that made the other factor 0: it is the cause of both."""
    other = zero_factor(graph, node, place) if has(operation(node), "multiplying") else None
    return other if other is not None and traits_of(operation(other)).side else None


def _underflow(node: Node) -> tuple[Kind, str, str]:
    return "underflow", f"what it sends is less than {node.dtype} holds, {LEAST[node.dtype]:g}, and becomes 0", SCALED


def _underflows(node: Node) -> bool:
    """Whether so small a gradient came in that the dtype is at its end."""
    came = node.grad_output
    least = LEAST.get(node.dtype)
    return least is not None and came is not None and came.finite_norm is not None and came.finite_norm < 1e3 * least


def _reach(values: Values | None, what: str = "from", digits: int = 3) -> str:
    """` (from -104 to -96.2)`: the smallest and the largest of them, where known."""
    if values is None:
        return ""
    found = spread(values)
    if found.min is None:
        return ""
    low, high = number(found.min, digits), number(found.max, digits)
    return f" ({low})" if low == high else f" ({what} {low} to {high})"


def _evidence(graph: Graph, node: Node, place: int | None) -> tuple[str, ...]:
    told = []
    if node.grad_output is not None and not is_zero(node.grad_output):
        told.append(f"a gradient of norm {number(node.grad_output.norm, 3)} comes in")
    if place is not None:
        values = seen_value(graph, node.edges[place])
        if values is not None:
            found = spread(values)
            count = math.prod(values.shape)
            told.append(f"its operand: {count} elements, min {number(found.min, 3)}, max {number(found.max, 3)}")
        if node.edges[place].grad is not None:
            told.append("the gradient that goes out is all 0")
    return tuple(told)
