"""Fixed Snapshots, built by hand: what the engine answers to a few requests, for tests that need no torch."""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec.structs import replace

from gradtui.snapshot.curve import Curve, Trouble
from gradtui.snapshot.model import (
    Differences,
    Edge,
    Experiment,
    Graph,
    Node,
    Note,
    Problem,
    Saved,
    Snapshot,
    Source,
    Values,
    VariableState,
)
from gradtui.snapshot.truth import Derivative

Span = tuple[int, int]


def scalar(value: float) -> Values:
    return Values((), (float(value),))


def vector(*numbers: float) -> Values:
    return Values((len(numbers),), tuple(map(float, numbers)))


def differences(*derivative: float) -> Differences:
    """Where f is smooth: the same from both sides."""
    return Differences(derivative, derivative, derivative, tuple(1e-9 for _ in derivative))


def curve(
    variable: str, f: Callable[[float], float], derivative: Callable[[float], float], low: float, high: float
) -> Curve:
    """400 points of f and f' over the window from `low` to `high`."""
    x = tuple(low + (high - low) * index / 399 for index in range(400))
    key = f"{variable} {low}:{high}"
    return Curve(variable, (low, high), x, tuple(map(f, x)), tuple(map(derivative, x)), key=key)


class Formula:
    """Makes the nodes and edges of one expression; spans are offsets in its text."""

    def __init__(self, text: str, dtype: str) -> None:
        self.text, self.dtype = text, dtype

    def source(self, span: Span) -> Source:
        return Source(self.text[slice(*span)], *span)

    def edge(self, target: int, grad: Values, local: float | None, span: Span) -> Edge:
        return Edge(target, 0, None, grad, None if local is None else float(local), self.source(span))

    def constant(self, span: Span) -> Edge:
        return Edge(None, constant=self.text[slice(*span)], source=self.source(span))

    def node(
        self,
        id: int,
        name: str,
        sequence: int,
        span: Span,
        value: Values,
        grad: Values,
        edges: tuple[Edge, ...],
        /,
        **saved: Values,
    ) -> Node:
        return Node(
            id=id,
            name=name,
            shape=value.shape,
            dtype=self.dtype,
            device="cpu",
            sequence=sequence,
            step=id,
            edges=edges,
            value=value,
            grad_output=grad,
            saved=tuple(Saved(name, kept) for name, kept in saved.items()),
            source=self.source(span),
        )

    def leaf(self, id: int, variable: str, span: Span, value: Values, grad: Values) -> Node:
        return Node(
            id=id,
            name="AccumulateGrad",
            shape=value.shape,
            dtype=self.dtype,
            device="cpu",
            sequence=None,
            step=id,
            edges=(),
            value=value,
            grad_output=grad,
            source=self.source(span),
            variable=variable,
        )


def quadratic(x: float = 4.0, id: int = 1) -> Snapshot:
    """The first example: x^2 + 3x + 1, at 4 unless told."""
    formula, one, slope = Formula("x^2 + 3x + 1", "float32"), scalar(1), 2 * x + 3
    edge, constant, node = formula.edge, formula.constant, formula.node
    whole, total, square, triple, first, second = (0, 12), (0, 8), (0, 3), (6, 8), (0, 1), (7, 8)
    nodes = (
        node(
            0,
            "AddBackward0",
            3,
            whole,
            scalar(x * x + 3 * x + 1),
            one,
            (edge(1, one, 1, total), constant((11, 12))),
            alpha=one,
        ),
        node(
            1,
            "AddBackward0",
            2,
            total,
            scalar(x * x + 3 * x),
            one,
            (edge(3, one, 1, square), edge(2, one, 1, triple)),
            alpha=one,
        ),
        node(
            2,
            "MulBackward0",
            1,
            triple,
            scalar(3 * x),
            one,
            (edge(4, scalar(3), 3, second), constant((6, 7))),
            other=scalar(3),
        ),
        node(
            3,
            "PowBackward0",
            0,
            square,
            scalar(x * x),
            one,
            (edge(4, scalar(2 * x), 2 * x, first),),
            exponent=scalar(2),
            self=scalar(x),
        ),
        formula.leaf(4, "x", first, scalar(x), scalar(slope)),
    )
    return Snapshot(
        id=id,
        expression=formula.text,
        reads_as="x^2 + 3*x + 1",
        variables={"x": VariableState(scalar(x), scalar(slope))},
        value=scalar(x * x + 3 * x + 1),
        graph=Graph(nodes),
        differences={"x": differences(slope)},
        derivative={"x": Derivative("2*x + 3", (slope,))},
        curve=curve("x", lambda x: x * x + 3 * x + 1, lambda x: 2 * x + 3, -10.0, 10.0),
    )


def with_tangents(snapshot: Snapshot, *tangents: float) -> Snapshot:
    """The same with the tangents of its scalar nodes along x."""
    nodes = (replace(node, tangent=scalar(one)) for node, one in zip(snapshot.graph.nodes, tangents, strict=True))
    return replace(snapshot, graph=Graph(tuple(nodes)), along=("x", 0))


def cut_quadratic() -> Snapshot:
    """The first example at 4 with what x^2 sends on cut off: the gradient is the 3 of 3x alone."""
    true = quadratic()
    *others, power, leaf = true.graph.nodes
    cut = replace(power, edges=(replace(power.edges[0], grad=scalar(0)),))
    nodes = (*others, cut, replace(leaf, grad_output=scalar(3)))
    variables = {"x": VariableState(scalar(4), scalar(3))}
    return replace(true, graph=Graph(nodes), variables=variables, experiments=(Experiment(3),))


def vector_quadratic() -> Snapshot:
    """(x * x) + (3 * x) + 1 at [2.1, 5.4, 3.2] in float64: a vector, differentiated as its sum."""
    formula, ones = Formula("(x * x) + (3 * x) + 1", "float64"), vector(1, 1, 1)
    edge, constant, node = formula.edge, formula.constant, formula.node
    numbers = (2.1, 5.4, 3.2)
    x, slope = vector(*numbers), tuple(3 + v + v for v in numbers)
    value = vector(*(v * v + 3 * v + 1 for v in numbers))
    whole, total, square, triple = (0, 21), (0, 17), (1, 6), (11, 16)
    nodes = (
        node(
            0,
            "AddBackward0",
            3,
            whole,
            value,
            ones,
            (edge(1, ones, None, total), constant((20, 21))),
            alpha=scalar(1),
        ),
        node(
            1,
            "AddBackward0",
            2,
            total,
            vector(*(v * v + 3 * v for v in numbers)),
            ones,
            (edge(3, ones, None, square), edge(2, ones, None, triple)),
            alpha=scalar(1),
        ),
        node(
            2,
            "MulBackward0",
            1,
            triple,
            vector(*(3 * v for v in numbers)),
            ones,
            (edge(4, vector(3, 3, 3), None, (15, 16)), constant((11, 12))),
            other=scalar(3),
        ),
        node(
            3,
            "MulBackward0",
            0,
            square,
            vector(*(v * v for v in numbers)),
            ones,
            (edge(4, x, None, (1, 2)), edge(4, x, None, (5, 6))),
            other=x,
            self=x,
        ),
        formula.leaf(4, "x", (1, 2), x, vector(*slope)),
    )
    return Snapshot(
        id=2,
        expression=formula.text,
        reads_as="x*x + 3*x + 1",
        dtype="float64",
        variables={"x": VariableState(x, vector(*slope))},
        value=value,
        graph=Graph(nodes),
        differences={"x": differences(*slope)},
        derivative={"x": Derivative("2*x + 3", slope)},
        notes=(Note("vector", "f is a vector: differentiated as sum(f)"),),
    )


def two_variables() -> Snapshot:
    """x*y + sin(y) at x = 2, y = 1.5 in float64: two leaves, y reached twice."""
    formula, one = Formula("x*y + sin(y)", "float64"), scalar(1)
    edge, node = formula.edge, formula.node
    x, y = 2.0, 1.5
    value, slope = scalar(x * y + math.sin(y)), x + math.cos(y)
    product, sine = (0, 3), (6, 12)
    nodes = (
        node(0, "AddBackward0", 2, (0, 12), value, one, (edge(2, one, 1, product), edge(1, one, 1, sine)), alpha=one),
        node(
            1,
            "SinBackward0",
            1,
            sine,
            scalar(math.sin(y)),
            one,
            (edge(4, scalar(math.cos(y)), math.cos(y), (10, 11)),),
            self=scalar(y),
        ),
        node(
            2,
            "MulBackward0",
            0,
            product,
            scalar(x * y),
            one,
            (edge(3, scalar(y), y, (0, 1)), edge(4, scalar(x), x, (2, 3))),
            other=scalar(y),
            self=scalar(x),
        ),
        formula.leaf(3, "x", (0, 1), scalar(x), scalar(y)),
        formula.leaf(4, "y", (2, 3), scalar(y), scalar(slope)),
    )
    return Snapshot(
        id=3,
        expression=formula.text,
        reads_as=formula.text,
        dtype="float64",
        variables={"x": VariableState(scalar(x), scalar(y)), "y": VariableState(scalar(y), scalar(slope))},
        value=value,
        graph=Graph(nodes),
        differences={"x": differences(y), "y": differences(slope)},
        derivative={"x": Derivative("y", (y,)), "y": Derivative("x + cos(y)", (slope,))},
        curve=curve("x", lambda x: x * y + math.sin(y), lambda _: y, -8.0, 12.0),
    )


def nan_gradient() -> Snapshot:
    """0*sqrt(x) at 0: the value is 0, the gradient is NaN, as 0 times an infinite slope is."""
    formula = Formula("0*sqrt(x)", "float32")
    zero, nan = scalar(0), scalar(math.nan)
    product = (formula.edge(1, zero, 0, (2, 9)), formula.constant((0, 1)))
    nodes = (
        formula.node(0, "MulBackward0", 1, (0, 9), zero, scalar(1), product, other=zero),
        formula.node(1, "SqrtBackward0", 0, (2, 9), zero, zero, (formula.edge(2, nan, math.inf, (7, 8)),), result=zero),
        formula.leaf(2, "x", (7, 8), zero, nan),
    )
    return Snapshot(
        id=4,
        expression=formula.text,
        reads_as=formula.text,
        variables={"x": VariableState(zero, nan)},
        value=zero,
        graph=Graph(nodes),
        differences={"x": Differences((None,), (None,), (0.0,), (None,))},
        derivative={"x": Derivative("0", (0.0,))},
        curve=replace(
            curve("x", lambda x: 0.0 if x >= 0 else math.nan, lambda x: 0.0 if x > 0 else math.nan, -10.0, 10.0),
            trouble=(Trouble(-10.0, -1e-9, "value"), Trouble(0.0, 0.0, "gradient")),
        ),
        notes=(Note("nonfinite", "the gradient of f by x is nan", node=1),),
    )


def constant() -> Snapshot:
    """3 + 1: no variable, no graph."""
    note = Note("constant", "f is constant: autograd records no graph, and its derivative is 0")
    return Snapshot(id=5, expression="3 + 1", reads_as="3 + 1", value=scalar(4), derivative={}, notes=(note,))


def problem() -> Snapshot:
    """`x +`: no expression."""
    trouble = Problem("syntax", "the expression ends where an operand should follow", 3, 3, "add what comes after +")
    return Snapshot(id=6, expression="x +", problem=trouble)
