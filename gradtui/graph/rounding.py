"""How far rounding alone can move a gradient: a running error analysis along the graph, element by element. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.dtypes import limits
from gradtui.graph.operands import operation
from gradtui.snapshot.model import Edge, Graph, Node, Values

SLOPPY = 2
"""Units by which one torch function may be off, and what a first-order analysis may overlook."""

MOST_NUMBERS = 5_000
"""Of all nodes and edges together: some 20 ms. Beyond, nothing is said to be sure."""

LINEAR = ("Add", "Sub", "Rsub", "Neg", "Sum", "Mean", "Stack", "Expand", "AccumulateGrad", "Cumsum")
"""Nodes whose local derivative is the same everywhere, so that no error of their operands gets into it."""
WAVES = ("Sin", "Cos", "Sinc", "Lgamma", "Digamma")
"""Nodes whose slope crosses 0 and changes about as fast as their operand, however large that is."""
SATURATING = (
    *("Tanh", "Sigmoid", "Softmax", "LogSoftmax", "Erf", "Elu", "Gelu", "Silu", "Mish", "Softplus", "LogSigmoid"),
    *("Expm1", "SpecialErfcx", "SpecialI0E", "SpecialI1E"),
)
"""Nodes whose slope is a difference of numbers up to about 1 that cancels; of their backward, `SigmoidBackward`, it is so many
times the gradient that came in there."""
EDGED = {"Asin": 2, "Acos": 2, "Atanh": 1, "Acosh": 2}
"""Nodes whose slope is one over a difference from 1 that cancels at the edge of their domain, or (2) over its root."""
MIXING = ("Softmax", "LogSoftmax", "Cumsum")
"""As many results as operands, but each of several of them."""

Numbers = list[float]


def roundings(graph: Graph, dtype: str) -> dict[str, tuple[float, ...]]:
    """For each variable a bound, to first order, on the rounding error of each element of its gradient; inf where no digit
    is sure."""
    count = sum(_count(node) * (1 + len(node.edges)) for node in graph.nodes)
    leaves = {node.variable: node for node in graph.nodes if node.variable is not None}
    if count > MOST_NUMBERS:
        return {name: (math.inf,) * _count(leaf) for name, leaf in leaves.items()}
    analysis = Analysis(graph, limits(dtype).unit)
    return {name: tuple(analysis.of_gradient(leaf)) for name, leaf in leaves.items()}


class Analysis:
    """All sizes are absolute values, a list for each node: of its elements, or of the one that it is."""

    def __init__(self, graph: Graph, unit: float) -> None:
        self.graph, self.unit = graph, unit
        self.values = [_sizes(node.value, _count(node)) for node in graph.nodes]
        self.arriving = [_sizes(node.grad_output, _count(node)) for node in graph.nodes]
        self.slopes = [[self._slopes(node, edge) for edge in node.edges] for node in graph.nodes]
        self.forward = [[SLOPPY * unit * size for size in sizes] for sizes in self.values]
        self.backward = [[0.0] * len(sizes) for sizes in self.values]
        for node in reversed(graph.nodes):  # operands have the higher ids
            self._run_forward(node)
        for node in graph.nodes:
            self._run_backward(node)

    def of_gradient(self, leaf: Node) -> Iterator[float]:
        for error, size in zip(self.backward[leaf.id], self.arriving[leaf.id], strict=True):
            yield SLOPPY * (error + self.unit * size)

    def _run_forward(self, node: Node) -> None:
        """What its operands bring along; a sum of many also rounds its partial sums."""
        errors = self.forward[node.id]
        for edge, slopes in zip(node.edges, self.slopes[node.id], strict=True):
            if edge.target is None:
                continue
            reduces = len(slopes) > len(errors)
            for place, slope in enumerate(slopes):
                to, at = _at(errors, place), _at(self.forward[edge.target], place)
                errors[to] += _times(slope, self.forward[edge.target][at])
                if reduces:
                    errors[to] += SLOPPY * self.unit * slope * self.values[edge.target][at]
        if operation(node) in MIXING:
            errors[:] = [sum(errors)] * len(errors)

    def _run_backward(self, node: Node) -> None:
        """What it sends is as wrong as what came in, as its slope, and by its own rounding."""
        came, wrong = self.arriving[node.id], self.backward[node.id]
        for edge, slopes in zip(node.edges, self.slopes[node.id], strict=True):
            if edge.target is None:
                continue
            errors = self.backward[edge.target]
            for place, slope in enumerate(slopes):
                to, at = _at(errors, place), _at(came, place)
                change = self._change(node, slope, place) + self.unit * slope
                errors[to] += _times(wrong[at], slope) + _times(came[at], change)
            if operation(node) in MIXING:
                errors[:] = [sum(errors)] * len(errors)

    def _slopes(self, node: Node, edge: Edge) -> Numbers:
        """The sizes of the derivatives by this operand, told by the gradients where they are not written down.

        As many as the larger of the two has elements. Where nothing came in, and of a number that is spread over a vector,
        they are not known: they are taken to be ten times what would be proportional.
        """
        if edge.target is None:
            return []
        if edge.local is not None:
            return [abs(edge.local) if math.isfinite(edge.local) else 0.0]
        came, values, target = self.arriving[node.id], self.values[node.id], self.values[edge.target]
        sent = _sizes(edge.grad, len(target))
        spread = len(came) > len(target) == 1
        whole = _ratio(sent[0], max(came)) if spread else 0.0
        slopes = []
        for place in range(max(len(came), len(target))):
            known = 0.0 if spread else _ratio(sent[_at(sent, place)], _pick(came, place))
            if spread or not _pick(came, place):
                proportional = 10 * _ratio(_pick(values, place), _pick(target, place))
                known = 1.0 if operation(node) in LINEAR else max(whole, proportional)
            slopes.append(known)
        return slopes

    def _change(self, node: Node, local: float, place: int) -> float:
        """How wrong the local derivative may be, computed from values that are themselves rounded.

        By the relative errors of operands and value, as in a product; where the slope may cancel to 0, by its own slope,
        which is taken to be about value/operand^2.
        """
        name = operation(node)
        if name in LINEAR:
            return 0.0
        value = self.values[node.id][_at(self.values[node.id], place)]
        own = _ratio(self.forward[node.id][_at(self.forward[node.id], place)], value)
        if local > 1 and own > 1 and name not in WAVES:
            return math.inf
        operands = {edge.target for edge in node.edges if edge.target is not None}
        errors = [(_pick(self.forward[operand], place), _pick(self.values[operand], place)) for operand in operands]
        relative = SLOPPY * self.unit + sum(_ratio(error, size) for error, size in errors)
        if name in WAVES:
            return local * relative + sum(error + _ratio(self.unit, size) for error, size in errors)
        if name.removesuffix("Backward") in SATURATING:
            least = SLOPPY * self.unit * _came_in(node)
            return local * (relative + own + sum(error for error, _ in errors)) + least
        if name in EDGED:
            lost = sum(size * error + self.unit * (1 + size * size) for error, size in errors)
            return local * (relative + own + local ** EDGED[name] * lost)
        if len(errors) > 1:
            return local * (relative + own) + sum(error for error, size in errors if not size)
        return local * (relative + own) + sum(error * value / size / size if size else error for error, size in errors)


def _came_in(node: Node) -> float:
    """The largest element of what a node that is a backward itself was given; 1 for another."""
    given = (one.value for one in node.saved if one.name == "grad_output" and isinstance(one.value, Values))
    return max((abs(number) for value in given for number in value.numbers if math.isfinite(number)), default=1.0)


def _count(node: Node) -> int:
    return max(1, *(len(values.numbers) for values in (node.value, node.grad_output) if values is not None), 1)


def _sizes(values: Values | None, count: int) -> Numbers:
    """The absolute values, 0 for what is not finite or not known; of a tensor of another size the largest for each."""
    numbers = [abs(number) if math.isfinite(number) else 0.0 for number in values.numbers] if values else []
    return numbers if len(numbers) == count else [max(numbers, default=0.0)] * count


def _at(numbers: Numbers, place: int) -> int:
    return place if place < len(numbers) and len(numbers) > 1 else 0


def _pick(numbers: Numbers, place: int) -> float:
    return numbers[_at(numbers, place)]


def _times(one: float, other: float) -> float:
    """What is without bound stays so, whatever it is multiplied by."""
    return math.inf if math.inf in (one, other) else one * other


def _ratio(error: float, size: float) -> float:
    return error / size if size else 0.0
