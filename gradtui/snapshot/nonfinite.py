"""Where user code first makes what is not finite, forward and backward; tensors may be known by their summaries. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

from gradtui.snapshot.branches import double_where
from gradtui.snapshot.causes import BACKWARD, EXPONENTIALS, FORWARD, NOT_0, SMALLER_EXPONENT, Cause, Finding, Kind
from gradtui.snapshot.contributions import uses
from gradtui.snapshot.model import Graph, Node, Snapshot, Values
from gradtui.snapshot.numbers import number
from gradtui.snapshot.operands import is_finite, operand, operand_number, operation, seen_value
from gradtui.snapshot.reasons import filled, holds, remedy_of, stable_form
from gradtui.snapshot.statistics import Spread, spread
from gradtui.snapshot.whereabouts import where

MOST = {"float16": "65504", "bfloat16": "3.4e38", "float32": "3.4e38", "float64": "1.8e308"}
"""The largest number of a dtype."""
NARROW = ("float16", "bfloat16")
MASKING = ("MaskedFill", "Where", "Add", "Sub", "IndexPut", "MaskedScatter", "CopySlices", "Triu", "Tril")
SOFTMAX = ("Softmax", "LogSoftmax", "Logsumexp")
SPREADS = ("Std", "Var", "StdMean", "VarMean")
MEANS = ("Mean", "Nanmean")
JOINING = (
    *("Add", "Sub", "Mul", "Div", "Where", "Cat", "Stack", "Lerp", "Addcmul"),
    *("Mm", "Bmm", "Addmm", "Baddbmm", "Mv", "Dot", "Linear", "Convolution", "NativeLayerNorm", "NativeBatchNorm"),
    *("MseLoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "BinaryCrossEntropy", "BinaryCrossEntropyWithLogits"),
)
"""They take tensors that need no gradient, such as the data, and pass on what is nan in them."""
LABELS = ("NllLoss", "NllLoss2D", "CrossEntropyLoss")
TURNING_OFF = ("Where", "MaskedFill", "Mul", "IndexPut", "Index", "Clamp", "Relu", "MaskedScatter", "CopySlices")

BEGINS = "the gradient is not finite; it begins with"
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
DEFINED = "keep its operands where it is defined"
ANY_DERIVATIVE = "keep its operands away from where its derivative has no value"


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
    if not bad:
        return Finding(
            "nonfinite", "forward", None, f"the output is {told}; which operation made it was not seen", TRACE
        )
    node = bad[0]
    kind, why, remedy = _why_value(graph, node)
    return Finding(
        kind,
        "forward",
        node.id,
        f"the output is {told}; it begins with {where(node)}: {why}",
        remedy,
        None,
        node.source,
        _counts(graph, node),
    )


def _made(node: Node) -> int:
    """A leaf before all that is made of it."""
    return -1 if node.sequence is None or not node.edges else node.sequence


def _why_value(graph: Graph, node: Node) -> tuple[Kind, str, str]:
    """Kind, reason, remedy for the first node whose value is not finite."""
    assert node.value is not None
    found, name = spread(node.value), operation(node)
    many = f"{_count(found)} of its {found.elements} elements" if found.elements > 1 else "its value"
    if not node.edges:
        is_are = "are" if found.elements > 1 and found.nan + found.inf > 1 else "is"
        return "input", f"{many} {is_are} not finite even before the forward pass", EARLIER
    operands = [operand(graph, node, number) for number in (0, 1)]
    cause = _cause(FORWARD.get(name, ()), operands, bool(found.nan))
    if cause is not None:
        return cause[0].kind, filled(*cause), remedy_of(graph, node, cause[0])
    first = next((values for values in operands if values is not None), None)
    if name in SPREADS and first is not None and math.prod(first.shape) == 1:
        return "domain", "the spread of a single element is 0/0", MORE_THAN_ONE
    if name in MEANS and 0 in _shape(graph, node):
        return "zero_by_zero", "the mean of no elements is 0/0", NOT_EMPTY
    if name in LABELS:
        return "zero_by_zero", "the mean over no label at all is 0/0: all of them are ignored, or weigh 0", NO_LABELS
    if found.nan and name in JOINING and all(values is not None for values in _known(graph, node)):
        return "input", f"{many} became nan of finite operands, so a tensor without a gradient brought it in", DATA
    if _hidden_softmax(graph, node):
        return "masked", f"{many} became nan inside, where softmax of a row that is masked throughout is 0/0", UNMASK
    if found.nan and not found.inf:
        return "domain", f"{many} became nan: it has no value there", DEFINED
    if node.dtype in NARROW or name in EXPONENTIALS:
        form = stable_form(graph, node) or (SMALLER_EXPONENT if name in EXPONENTIALS else WIDER)
        return "overflow", f"{many} overflowed: more than {node.dtype} holds, {MOST.get(node.dtype, '')}", form
    if name in MASKING and all(_is_small(values) for values in operands if values is not None):
        return _masked(graph, node, found)
    if name == "Div":
        return "pole", f"{many} became infinite: a division by 0", NOT_0
    return "overflow", f"{many} overflowed: more than {node.dtype} holds, {MOST.get(node.dtype, '')}", TAME


def _masked(graph: Graph, node: Node, found: Spread) -> tuple[Kind, str, str]:
    """A mask of -inf is no fault of its own; what comes of a row that is masked throughout is."""
    rows = _rows_of_nan(graph, node)
    if rows is not None:
        softmax, count = rows
        several = f"{count} rows are" if count > 1 else "a row is"
        return "masked", f"{several} masked with -inf throughout, and {where(softmax)} of it is 0/0", UNMASK
    return "input", f"{_count(found)} of its {found.elements} elements are infinite by a constant, as of a mask", UNMASK


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


def backward(graph: Graph, within: Collection[int] | None = None) -> Finding | None:
    """The first node, in the engine's order, that sends what is not finite though it got a finite gradient.

    within: only by edges between these nodes.
    """
    for node in graph.nodes:
        if node.step is None or (within is not None and node.id not in within):
            continue
        if node.grad_output is not None and not is_finite(node.grad_output):
            text = f"{BEGINS} {where(node)}: the gradients that come in add up to more than {node.dtype} holds"
            return Finding("overflow", "backward", node.id, text, WIDER, None, node.source, _counts(graph, node))
        for place, edge in enumerate(node.edges):
            if edge.grad is None or is_finite(edge.grad) or edge.target is None:
                continue
            if within is None or edge.target in within:
                return _sends(graph, node, place)
    return None


def _sends(graph: Graph, node: Node, place: int) -> Finding:
    sent, came = node.edges[place].grad, node.grad_output
    assert sent is not None
    found = spread(sent)
    kind, why, remedy = _why_derivative(graph, node, place)
    evidence = (f"{_count(found)} of the {found.elements} elements that it sends are not finite", *_counts(graph, node))
    if found.nan and came is not None and spread(came).zeros and kind != "overflow":
        kind, text, remedy = _zero_times(graph, node, place, kind, why, remedy)
    else:
        text = f"{BEGINS} {where(node)}: {why}" + (", a vertical tangent" if kind == "vertical" else "")
    return Finding(kind, "backward", node.id, text, remedy, None, node.source, evidence)


def _zero_times(graph: Graph, node: Node, place: int, kind: Kind, why: str, remedy: str) -> tuple[Kind, str, str]:
    """A gradient of 0 met an infinite derivative: who sent the 0."""
    source, by = _sender_of_zeros(graph, node)
    if source is not None and operation(source) in ("Where", "MaskedFill"):
        safe = double_where(source, by, node)
        text = f"{BEGINS} {where(source)}: the branch not taken gets a gradient of 0, but in {where(node)} {why}"
        return "branch", f"{text}, and 0 times that is nan", safe
    zero = f"a gradient of 0 comes in from {where(source)}" if source is not None else "a gradient of 0 comes in"
    return "zero_times_inf", f"{BEGINS} {where(node)}: {zero}, but {why}, and 0 times that is nan", remedy


def _sender_of_zeros(graph: Graph, node: Node) -> tuple[Node | None, int]:
    """Up from `node`, the first that sends more zeros than it got."""
    used, at = uses(graph), node.id
    while True:
        sending = ((graph.nodes[user], place) for user, place in used[at])
        found = next(((sender, place) for sender, place in sending if _has_zero(sender.edges[place].grad)), None)
        if found is None:
            return None, 0
        if operation(found[0]) in TURNING_OFF or not _has_zero(found[0].grad_output):
            return found
        at = found[0].id


def _why_derivative(graph: Graph, node: Node, place: int) -> tuple[Kind, str, str]:
    """Why the derivative by the operand at this edge is not finite somewhere."""
    number_ = operand_number(node, place)
    name = operation(node)
    operands = [operand(graph, node, each) for each in (0, 1)]
    cause = _cause(BACKWARD.get(name, ()), operands, False)
    if cause is not None:
        return cause[0].kind, filled(*cause), remedy_of(graph, node, cause[0])
    if name == "Pow" and _has_zero(operands[0]):
        return "vertical", "the derivative of a power below 1 is infinite at 0", BACKWARD["Pow"][0].remedy
    if name == "Div" and number_ == 0 and len(node.edges) == 1:
        return "pole", "its derivative divides by 0", NOT_0
    if not is_finite(node.value):
        reason = _why_value(graph, node)
        return reason[0], f"already its value is not finite: {reason[1]}", reason[2]
    bad = next((values for each, values in enumerate(operands) if each != number_ and not is_finite(values)), None)
    if bad is not None:
        return "input", "the other factor in its derivative is not finite", ANY_DERIVATIVE
    if node.dtype in NARROW:
        return "overflow", f"what it sends is more than {node.dtype} holds, {MOST[node.dtype]}", WIDER
    return "nonfinite", "its derivative is not finite there", stable_form(graph, node) or ANY_DERIVATIVE


def _cause(
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


def _has_zero(values: Values | None) -> bool:
    return values is not None and spread(values).zeros > 0


def _is_small(values: Values) -> bool:
    """Far from where float32 ends, so that no sum of two such numbers overflows."""
    found = spread(values)
    return found.min is not None and found.max is not None and max(abs(found.min), abs(found.max)) < 1e37


def _known(graph: Graph, node: Node) -> list[Values | None]:
    return [seen_value(graph, edge) for edge in node.edges if edge.target is not None]


def _shape(graph: Graph, node: Node) -> tuple[int, ...]:
    target = node.edges[0].target
    return () if target is None else graph.nodes[target].shape


def _count(found: Spread) -> int:
    return found.nan + found.inf


def _counts(graph: Graph, node: Node) -> tuple[str, ...]:
    """What is known of the operands and of the result."""
    named = [("its operand", operand(graph, node, 0)), ("its second operand", operand(graph, node, 1))]
    return tuple(
        _told(name, spread(values)) for name, values in (*named, ("its value", node.value)) if values is not None
    )


def _told(name: str, found: Spread) -> str:
    bad = "".join(f", {count} {what}" for what, count in (("nan", found.nan), ("inf", found.inf)) if count)
    zeros = f", {found.zeros} of {found.elements} are 0" if found.zeros else ""
    return f"{name}: from {number(found.min, 4)} to {number(found.max, 4)}{zeros}{bad}"
