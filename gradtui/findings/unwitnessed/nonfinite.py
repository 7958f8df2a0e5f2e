"""Where the forward pass of user code first makes what is not finite; tensors may be known by their summaries. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from gradtui.findings.unwitnessed.cutoff import is_traced
from gradtui.findings.unwitnessed.reasons import filled, holds, remedy_of, stable_form
from gradtui.findings.words.whereabouts import where
from gradtui.grad_fns.causes import FORWARD, NOT_0, ODD_ROOT, SMALLER_EXPONENT, Cause
from gradtui.grad_fns.traits import has, traits_of
from gradtui.graph.gradients import Spread, spread
from gradtui.graph.operands import is_finite, operand, operation, seen_value
from gradtui.snapshot.finding import Finding, Kind
from gradtui.snapshot.model import Graph, Node, Snapshot, Values
from gradtui.snapshot.numbers import number

MOST = {"float16": "65504", "bfloat16": "3.4e38", "float32": "3.4e38", "float64": "1.8e308"}
"""The largest number of a dtype."""
NARROW = ("float16", "bfloat16")
SOFTMAX = ("Softmax", "LogSoftmax", "Logsumexp")

TRACE = "see which operation: `with gradtui.trace(model):` around the forward pass records the values"
WIDER = "use bfloat16 or float32 for it, or scale the numbers down before"
TAME = "lower the learning rate, clip the gradients, normalise the inputs; look at what grew before this step"
EARLIER = (
    "it went bad in an earlier step: look there, at its gradient and at the learning rate, and stop at the first nan"
)
DATA = "look at the data: x.isfinite().all(); a nan in one element of a batch is enough"
UNMASK = "leave one element in each row, mask with a large finite number, or clear those rows afterwards"
MORE_THAN_ONE = "give it more than one element, or take unbiased=False"
NOT_EMPTY = "leave out what selects nothing: check numel() before mean()"
NO_LABELS = "leave out the batch where all labels are ignored, or divide the sum by max(count, 1)"
OFF_0 = "keep the divisor off 0: mask.sum().clamp(min=1) where it counts something; or leave out what is empty"
MASKED = re.compile("where|mask|fill", re.IGNORECASE)
"""In the code of a mask; in that of another operation, such as logdet, a Where is a part of how torch computes it."""
DEFINED = "keep its operands where it is defined"


def leads_to_output(graph: Graph) -> Iterator[Node]:
    """The nodes that lead to an output by nodes that are not finite, or whose value is not known."""
    waiting = list(graph.roots) if graph.nodes else []
    seen = set(waiting)
    while waiting:
        node = graph.nodes[waiting.pop()]
        if node.value is not None and is_finite(node.value):
            continue
        yield node
        for edge in node.edges:
            if edge.target is not None and edge.target not in seen:
                seen.add(edge.target)
                waiting.append(edge.target)


def forward(snapshot: Snapshot) -> Finding | None:
    """The first node of the forward pass that made the output nan or infinite; None for a finite output."""
    if is_finite(snapshot.value):
        return None
    graph = snapshot.graph
    told = "nan" if snapshot.value is not None and spread(snapshot.value).nan else "infinite"
    bad = sorted((node for node in leads_to_output(graph) if node.value is not None), key=_made)
    if not bad or not (is_traced(snapshot) or _is_clear(graph, bad[0])):
        return Finding(
            "nonfinite", "forward", None, f"the output is {told}; which operation made it was not seen", TRACE
        )
    node = bad[0]
    kind, why, remedy = why_value(graph, node)
    return Finding(
        kind,
        "forward",
        node.id,
        f"the output is {told}; it begins with {where(node)}: {why}",
        remedy,
        None,
        node.source,
        counts(graph, node),
    )


def _is_clear(graph: Graph, node: Node) -> bool:
    """Whether it is known to be the first even where only leaves and outputs have values, as without a trace."""
    return not node.edges or (has(operation(node), "mean") and 0 in _shape(graph, node))


def _made(node: Node) -> int:
    """A leaf before all that is made of it."""
    return -1 if node.sequence is None or not node.edges else node.sequence


def why_value(graph: Graph, node: Node) -> tuple[Kind, str, str]:
    """Kind, reason, remedy for the first node whose value is not finite."""
    assert node.value is not None
    found, name = spread(node.value), operation(node)
    many = f"{bad_count(found)} of its {found.elements} elements" if found.elements > 1 else "its value"
    if not node.edges:
        is_are = "are" if found.elements > 1 and found.nan + found.inf > 1 else "is"
        return "input", f"{many} {is_are} not finite even before the forward pass", EARLIER
    operands = [operand(graph, node, number) for number in (0, 1)]
    cause = cause_among(FORWARD.get(name, ()), operands, bool(found.nan))
    if cause is not None:
        return cause[0].kind, filled(*cause), remedy_of(graph, node, cause[0])
    first = next((values for values in operands if values is not None), None)
    if has(name, "spread") and first is not None and math.prod(first.shape) == found.elements:
        return "domain", "the spread of a single element is 0/0", MORE_THAN_ONE
    if has(name, "mean") and 0 in _shape(graph, node):
        return "zero_by_zero", "the mean of no elements is 0/0", NOT_EMPTY
    if has(name, "labels"):
        return "zero_by_zero", "the mean over no label at all is 0/0: all of them are ignored, or weigh 0", NO_LABELS
    if found.nan and name == "Pow" and is_finite(first):
        return "domain", "there is no real power with a fraction of a number below 0", ODD_ROOT
    if name == "Div" and operands[1] is None and first is not None and is_finite(first) and _is_by_0(found, first):
        return "zero_by_zero", "0/0: what it is divided by is 0 too", OFF_0
    if found.nan and traits_of(name).joins and all(values is not None for values in _known(graph, node)):
        return "input", f"{many} became nan of finite operands, so a tensor without a gradient brought it in", DATA
    if _hidden_softmax(graph, node):
        return "masked", f"{many} became nan inside, where softmax of a row that is masked throughout is 0/0", UNMASK
    if found.nan and not found.inf:
        return "domain", f"{many} became nan: it has no value there", DEFINED
    if node.dtype in NARROW or has(name, "exponential"):
        form = stable_form(graph, node) or (SMALLER_EXPONENT if has(name, "exponential") else WIDER)
        return "overflow", f"{many} overflowed: more than {node.dtype} holds, {MOST.get(node.dtype, '')}", form
    if name == "Where" and node.source is not None and not MASKED.search(node.source.text):
        return "pole", f"{many} became infinite: it has a pole there", DEFINED
    if has(name, "masking") and all(_is_small(values) for values in operands if values is not None):
        return _masked(graph, node, found)
    if name == "Div":
        return "pole", f"{many} became infinite: a division by 0", NOT_0
    return "overflow", f"{many} overflowed: more than {node.dtype} holds, {MOST.get(node.dtype, '')}", TAME


def _is_by_0(quotient: Spread, dividend: Values) -> bool:
    """Whether all that is nan can have come of zeros of the dividend."""
    found = spread(dividend)
    return quotient.nan > 0 and (quotient.nan <= found.zeros or found.zeros == found.elements)


def _masked(graph: Graph, node: Node, found: Spread) -> tuple[Kind, str, str]:
    """A mask of -inf is no fault of its own; what comes of a row that is masked throughout is."""
    rows = _rows_of_nan(graph, node)
    if rows is not None:
        softmax, count = rows
        several = f"{count} rows are" if count > 1 else "a row is"
        return "masked", f"{several} masked with -inf throughout, and {where(softmax)} of it is 0/0", UNMASK
    return (
        "input",
        f"{bad_count(found)} of its {found.elements} elements are infinite by a constant, as of a mask",
        UNMASK,
    )


def _hidden_softmax(graph: Graph, node: Node) -> bool:
    """Whether among the nodes that make the operand of `node`, and whose values were not seen, one is a softmax."""
    waiting, seen = [node.id], {node.id}
    while waiting:
        for edge in graph.nodes[waiting.pop()].edges:
            if edge.target is not None and edge.target not in seen and graph.nodes[edge.target].value is None:
                if operation(graph.nodes[edge.target]) in SOFTMAX:
                    return True
                seen.add(edge.target)
                waiting.append(edge.target)
    return False


def _rows_of_nan(graph: Graph, node: Node) -> tuple[Node, int] | None:
    """The first softmax that made nan after `node`, and in how many rows."""
    after = [
        other
        for other in leads_to_output(graph)
        if operation(other) in SOFTMAX and other.value is not None and _made(other) > _made(node)
    ]
    softmax = min(after, key=_made, default=None)
    if softmax is None or softmax.value is None:
        return None
    nan = spread(softmax.value).nan
    return softmax, nan // softmax.shape[-1] if softmax.shape and operation(softmax) != "Logsumexp" else nan


def cause_among(
    causes: Sequence[Cause], operands: Sequence[Values | None], made_nan: bool
) -> tuple[Cause, list[float | None]] | None:
    """The cause that holds of some of the numbers that are known of the operands, and these numbers.

    made_nan: of a value that is nan a pole, which is infinite, is the last to be thought of.
    """
    samples: list[list[float | None]] = [[*_samples(values)] or [None] for values in operands]
    for cause in sorted(causes, key=lambda cause: (cause.kind == "pole") == made_nan):
        for a in samples[0]:
            for b in samples[1]:
                if holds(cause, [a, b]):
                    return cause, [a, b]
    return None


def _samples(values: Values | None) -> Iterator[float]:
    """0 if it is among the elements, the smallest and the largest."""
    if values is None:
        return
    found = spread(values)
    yield from (0.0,) if found.zeros else ()
    yield from (each for each in (found.min, found.max) if each is not None)


def _is_small(values: Values) -> bool:
    """Far from where float32 ends, so that no sum of two such numbers overflows."""
    found = spread(values)
    return found.min is not None and found.max is not None and max(abs(found.min), abs(found.max)) < 1e37


def _known(graph: Graph, node: Node) -> list[Values | None]:
    return [seen_value(graph, edge) for edge in node.edges if edge.target is not None]


def _shape(graph: Graph, node: Node) -> tuple[int, ...]:
    target = node.edges[0].target
    return () if target is None else graph.nodes[target].shape


def bad_count(found: Spread) -> int:
    return found.nan + found.inf


def counts(graph: Graph, node: Node) -> tuple[str, ...]:
    """What is known of the operands and of the result."""
    named = [("its operand", operand(graph, node, 0)), ("its second operand", operand(graph, node, 1))]
    return tuple(
        _told(name, spread(values)) for name, values in (*named, ("its value", node.value)) if values is not None
    )


def _told(name: str, found: Spread) -> str:
    bad = "".join(f", {count} {what}" for what, count in (("nan", found.nan), ("inf", found.inf)) if count)
    zeros = f", {found.zeros} of {found.elements} are 0" if found.zeros else ""
    return f"{name}: from {number(found.min, 4)} to {number(found.max, 4)}{zeros}{bad}"
