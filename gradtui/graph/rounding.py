"""How far rounding alone can move a gradient: a running error analysis along the graph. Pure."""

from __future__ import annotations

import math

from gradtui.snapshot.model import Edge, Graph, Node, Values

UNIT = {"float32": 2.0**-24, "float64": 2.0**-53}
"""Largest relative error of one rounding."""

LARGEST = {"float32": 3.4028234663852886e38, "float64": 1.7976931348623157e308}
SMALLEST = {"float32": 2.0**-149, "float64": 2.0**-1074}

SLOPPY = 2
"""Units by which one torch function may be off, and what a first-order analysis may overlook."""

LINEAR = ("Add", "Sub", "Neg", "Sum", "Mean", "Stack", "Expand", "Accumulate")
"""Nodes whose local derivative is the same everywhere, so that no error of their operands gets into it."""
WAVES = ("SinB", "CosB", "Sinc", "Lgamma", "Digamma")
"""Nodes whose slope crosses 0 and changes about as fast as their operand, however large that is."""
SATURATING = ("Tanh", "Sigmoid", "Softmax", "LogSoftmax", "Erf", "Elu", "Gelu", "Silu", "Mish", "Softplus")
"""Nodes whose slope is a difference from 1 that cancels."""


def roundings(graph: Graph, dtype: str) -> dict[str, float]:
    """For each variable a bound, to first order, on the rounding error of its gradient; inf where no digit is sure."""
    unit = UNIT.get(dtype, UNIT["float32"])
    arriving = [_size(node.grad_output) for node in graph.nodes]
    local = [[_local(edge, arriving[node.id]) for edge in node.edges] for node in graph.nodes]
    forward = _forward_errors(graph, local, unit)
    backward = [0.0] * len(graph.nodes)
    bounds = {}
    for node in graph.nodes:
        if node.variable is not None:
            bounds[node.variable] = SLOPPY * (backward[node.id] + unit * arriving[node.id])
        for edge, slope in zip(node.edges, local[node.id], strict=True):
            if edge.target is not None:
                change = _change_of_local(graph, node, slope, forward, unit)
                backward[edge.target] += backward[node.id] * slope + arriving[node.id] * change
    return bounds


def _forward_errors(graph: Graph, local: list[list[float]], unit: float) -> list[float]:
    """Of each node's value: its own rounding, and what its operands bring along. Operands have the higher ids."""
    errors = [0.0] * len(graph.nodes)
    for node in reversed(graph.nodes):
        slopes = zip(node.edges, local[node.id], strict=True)
        brought = sum(slope * errors[edge.target] for edge, slope in slopes if edge.target is not None)
        errors[node.id] = SLOPPY * unit * _size(node.value) + brought
    return errors


def _change_of_local(graph: Graph, node: Node, local: float, forward: list[float], unit: float) -> float:
    """How wrong the local derivative may be, computed from values that are themselves rounded.

    By the relative errors of operands and value, as in a product; where the slope may cancel to 0, by its own slope,
    which is taken to be about value/operand^2.
    """
    if node.name.startswith(LINEAR):
        return 0.0
    value, own = _size(node.value), _ratio(forward[node.id], _size(node.value))
    if local > 1 and own > 1 and not node.name.startswith(WAVES):
        return math.inf
    operands = {edge.target for edge in node.edges if edge.target is not None}
    errors = [(forward[operand], _size(graph.nodes[operand].value)) for operand in operands]
    relative = SLOPPY * unit + sum(_ratio(error, size) for error, size in errors)
    if node.name.startswith(WAVES):
        return local * relative + sum(error + _ratio(unit, size) for error, size in errors)
    if node.name.startswith(SATURATING):
        return local * (relative + own + sum(error for error, _ in errors)) + unit
    if len(errors) > 1:
        return local * (relative + own) + sum(error for error, size in errors if not size)
    return local * (relative + own) + sum(error * value / size / size if size else error for error, size in errors)


def _local(edge: Edge, arriving: float) -> float:
    """The size of the derivative of the node by this operand, told by the gradients where it is not written down."""
    if edge.local is not None:
        return abs(edge.local) if math.isfinite(edge.local) else 0.0
    return _ratio(_size(edge.grad), arriving)


def _ratio(error: float, size: float) -> float:
    return error / size if size else 0.0


def _size(values: Values | None) -> float:
    """The largest finite absolute value."""
    return max((abs(number) for number in values.numbers if math.isfinite(number)), default=0.0) if values else 0.0
