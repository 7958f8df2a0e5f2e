"""Vectors spelled out, one symbol an element: where elements are picked, slices are taken, or vectors of several lengths meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy

from gradtui.calculus import losses
from gradtui.calculus.derivative_rules import Expr
from gradtui.calculus.functions import greater, smaller
from gradtui.calculus.vectors import GiveUpError
from gradtui.expression import syntax
from gradtui.expression.functions import FUNCTIONS
from gradtui.expression.syntax import Expression, fold

MOST_ELEMENTS = 24
"""Of all vectors together; more are no words for a person."""
MOST_WORK = 2_000
"""Pieces times elements: some 0.2 s."""
TOO_MANY = "the vectors are too long to write the derivative out for each element"

Value = Expr | list[Expr]


def is_needed(expression: Expression) -> bool:
    """Whether a piece of the text stands for a part of a vector."""
    return any(isinstance(node, syntax.Element | syntax.Slice) for node in syntax.postorder(expression))


def total(
    expression: Expression, symbols: Mapping[str, Value], combined: Callable[[syntax.Node, list[Expr]], Expr]
) -> Expr:
    """The sum of the elements of f. combined: one node of what its operands are, where those are numbers."""
    longest = sum(len(value) for value in symbols.values() if isinstance(value, list))
    if longest > MOST_ELEMENTS or longest * len(syntax.postorder(expression)) > MOST_WORK:
        raise GiveUpError(TOO_MANY)

    def combine(node: syntax.Node, operands: list[Value]) -> Value:
        match node:
            case syntax.Variable():
                return symbols[node.name]
            case syntax.Reference():
                return operands[-1]
            case syntax.Vector():
                return operands
            case syntax.Element() | syntax.Slice():
                return _indexed(node, operands[0])
            case syntax.Call() if node.function in losses.CLASSES:
                return _of_class(node, operands)
            case syntax.Call() if node.function in losses.ELEMENTWISE:
                return _loss(node, operands)
            case syntax.Call() if _mixes(node) and any(isinstance(operand, list) for operand in operands):
                return _reduced(node.function, operands)
        return _each(lambda *row: combined(node, list(row)), operands)

    return _sum(fold(expression, combine)[expression.body])


def _mixes(node: syntax.Call) -> bool:
    return FUNCTIONS[node.function].kind == "reduction" or (
        node.function in ("max", "min") and len(node.arguments) == 1
    )


def _indexed(node: syntax.Element | syntax.Slice, vector: Value) -> Value:
    if not isinstance(vector, list):
        raise GiveUpError("a single number has no elements")
    if isinstance(node, syntax.Slice):
        return vector[node.first : node.last : node.step]
    if not -len(vector) <= node.index < len(vector):
        raise GiveUpError("there is no such element")
    return vector[node.index]


def _each(function: Callable[..., Expr], operands: list[Value]) -> Value:
    lengths = {len(operand) for operand in operands if isinstance(operand, list)} - {1}
    if not any(isinstance(operand, list) for operand in operands):
        return function(*operands)
    if len(lengths) > 1:
        raise GiveUpError("vectors of different lengths mix here")
    length = max(lengths, default=1)
    rows = [
        operand * (length // len(operand)) if isinstance(operand, list) else [operand] * length for operand in operands
    ]
    return [function(*row) for row in zip(*rows, strict=True)]


def _sum(value: Value) -> Expr:
    return sympy.Add(*value) if isinstance(value, list) else value


def _mean(x: list[Expr]) -> Expr:
    return sympy.Add(*x) / len(x)


def _var(x: list[Expr]) -> Expr:
    if len(x) < 2:
        raise GiveUpError("the variance of a single number is not defined")
    return sympy.Add(*((item - _mean(x)) ** 2 for item in x)) / (len(x) - 1)


def _logsumexp(x: list[Expr]) -> Expr:
    return sympy.log(sympy.Add(*map(sympy.exp, x)))


def _extreme(choose: Callable[[Expr, Expr], Expr]) -> Callable[[list[Expr]], Expr]:
    def of(x: list[Expr]) -> Expr:
        found, *rest = x
        for item in rest:
            found = choose(found, item)
        return found

    return of


def _cumsum(x: list[Expr]) -> list[Expr]:
    return [sympy.Add(*x[: place + 1]) for place in range(len(x))]


REDUCTIONS: dict[str, Callable[[list[Expr]], Value]] = {
    "sum": lambda x: sympy.Add(*x),
    "mean": _mean,
    "prod": lambda x: sympy.Mul(*x),
    **dict.fromkeys(("max", "amax"), _extreme(greater)),
    **dict.fromkeys(("min", "amin"), _extreme(smaller)),
    "norm": lambda x: sympy.sqrt(sympy.Add(*(item**2 for item in x))),
    "var": _var,
    "std": lambda x: sympy.sqrt(_var(x)),
    "logsumexp": _logsumexp,
    "softmax": lambda x: [sympy.exp(item) / sympy.Add(*map(sympy.exp, x)) for item in x],
    "log_softmax": lambda x: [item - _logsumexp(x) for item in x],
    "cumsum": _cumsum,
}


def _reduced(name: str, operands: list[Value]) -> Value:
    if name != "dot":
        (x,) = operands
        assert isinstance(x, list)
        return REDUCTIONS[name](x)
    if not all(isinstance(operand, list) for operand in operands):
        raise GiveUpError("dot takes two vectors")
    return _sum(_each(lambda one, other: one * other, operands))


def _loss(node: syntax.Call, operands: list[Value]) -> Value:
    words = dict(node.words)
    kind = losses.reduction({"reduction": words.pop("reduction", "mean")})

    def of_one(*row: Expr) -> Expr:
        placed = len(row) - len(node.keywords)
        options = {**dict(zip(node.keywords, row[placed:], strict=True)), **words}
        return losses.ELEMENTWISE[node.function](*row[:placed], **options)

    each = _each(of_one, operands)
    return REDUCTIONS[kind](each) if kind != "none" and isinstance(each, list) else each


def _of_class(node: syntax.Call, operands: list[Value]) -> Expr:
    x, y = operands[:2]
    if not isinstance(x, list):
        raise GiveUpError("a single number has no classes")
    options = dict(zip(node.keywords, operands[len(operands) - len(node.keywords) :], strict=True))
    weight, smoothing = options.get("weight", sympy.S.One), options.get("label_smoothing", sympy.S.Zero)
    weights = weight if isinstance(weight, list) else [weight] * len(x)
    lost = [-item if node.function == "nll_loss" else _logsumexp(x) - item for item in x]
    if isinstance(y, list):
        return _sum(_each(lambda w, p, loss: w * ((1 - smoothing) * p + smoothing / len(x)) * loss, [weights, y, lost]))
    if not (y.is_Integer and 0 <= y < len(x) == len(weights)):
        raise GiveUpError("there is no such class")
    right = weights[int(y)]
    spread = smoothing / len(x) * _sum(_each(lambda w, loss: w * loss, [weights, lost]))
    all_of_it = (1 - smoothing) * right * lost[int(y)] + spread
    return all_of_it / right if losses.reduction(dict(node.words)) == "mean" else all_of_it
