"""Expression + leaves -> output, as the same line of PyTorch would give it, and which piece of the text made what."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from functools import lru_cache

import torch

from gradtui.engine.torch_private import DispatchMode, sequence_number
from gradtui.engine.typed import constants
from gradtui.engine.typed.operations import OPERATIONS, lifted
from gradtui.engine.typed.refused import NoVectorError, UnfitError
from gradtui.expression.did_you_mean import MATRIX
from gradtui.expression.parser import ExpressionError
from gradtui.expression.syntax import (
    Binary,
    Call,
    Comparison,
    Constant,
    Element,
    Expression,
    Negation,
    Node,
    Number,
    Reference,
    Slice,
    Variable,
    Vector,
    postorder,
)

Value = torch.Tensor | int | float
"""What a syntax node evaluates to: constants stay Python numbers, as in a line of PyTorch."""

COMPARISONS: dict[str, Callable[..., Value]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
TORCH_ERRORS = (RuntimeError, IndexError, TypeError, ValueError, OverflowError)
LONGEST_QUOTE = 40

ordered = lru_cache(maxsize=64)(postorder)


@dataclass(frozen=True, slots=True)
class Forward:
    """One evaluation.

    values: of every syntax node. recorded: the forward value of every grad_fn, inside composite operations too.
    makers: the syntax node that made each grad_fn. Both by the grad_fn's sequence number.
    """

    expression: Expression
    output: Value
    values: dict[Node, Value]
    recorded: dict[int, torch.Tensor]
    makers: dict[int, Node]


class ValueRecorder(DispatchMode):
    """Keeps what each operation returns under the sequence number of the grad_fn that autograd has just made for it."""

    def __init__(self) -> None:
        super().__init__()
        self.recorded: dict[int, torch.Tensor] = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = func(*args, **(kwargs or {}))
        first = result[0] if isinstance(result, (tuple, list)) else result
        self.recorded.setdefault(sequence_number() - 1, first)
        return result


def run(
    expression: Expression,
    leaves: Mapping[str, torch.Tensor],
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | None = None,
) -> Forward:
    """Evaluate `expression`, each variable being the leaf of its name (shape () or (n,)).

    dtype, device: of the tensors that literals become; those of the first leaf unless given. Under `no_grad` there is
    nothing to record.
    Raises ExpressionError (domain, limit) with the place of what cannot be evaluated.
    """
    first = next(iter(leaves.values()), torch.empty(0))
    evaluator = Evaluator(expression, leaves, dtype or first.dtype, device or first.device)
    values: dict[Node, Value] = {}
    makers: dict[int, Node] = {}
    recorder = ValueRecorder()
    with recorder if torch.is_grad_enabled() else nullcontext():
        for node in ordered(expression):
            before = sequence_number()
            values[node] = evaluator.value(node, [values[operand] for operand in node.operands])
            for number in range(before, sequence_number()):
                makers[number] = node
    return Forward(expression, values[expression.body], values, recorder.recorded, makers)


def output(expression: Expression, leaves: Mapping[str, torch.Tensor]) -> Value:
    """f alone, with nothing recorded beside: for who evaluates it thousands of times. Raises ExpressionError."""
    first = next(iter(leaves.values()), torch.empty(0))
    evaluator = Evaluator(expression, leaves, first.dtype, first.device)
    values: dict[Node, Value] = {}
    for node in ordered(expression):
        values[node] = evaluator.value(node, [values[operand] for operand in node.operands])
    return values[expression.body]


def is_vector(expression: Expression, leaves: Mapping[str, torch.Tensor]) -> bool:
    """Whether f has elements where the variables stand so."""
    with torch.no_grad():
        value = output(expression, leaves)
    return isinstance(value, torch.Tensor) and value.ndim > 0


def total(value: Value, *, mean: bool) -> torch.Tensor:
    """What is differentiated of f: f itself; of a vector the sum, or the mean where its elements are rows of data."""
    tensor = torch.as_tensor(value)
    return tensor if tensor.ndim == 0 else tensor.mean() if mean else tensor.sum()


@dataclass(frozen=True, slots=True)
class Evaluator:
    """One syntax node from the values of its operands; a number becomes a tensor only where torch wants one."""

    expression: Expression
    leaves: Mapping[str, torch.Tensor]
    dtype: torch.dtype
    device: torch.device

    def value(self, node: Node, operands: list[Value]) -> Value:
        """Raises ExpressionError with the node's place for what torch, or Python, cannot evaluate."""
        try:
            return self._value(node, operands)
        except NoVectorError as error:
            numbers = (
                operand
                for operand, value in zip(node.operands, operands, strict=True)
                if isinstance(operand, Variable) and isinstance(value, torch.Tensor) and not value.ndim
            )
            number = next(numbers, None)
            raise _refusal(node, str(error), _as_vector(number.name) if number else "") from None
        except UnfitError as error:
            raise _refusal(node, str(error)) from None
        except TORCH_ERRORS as error:
            raise self._explain(node, operands, error) from None

    def _value(self, node: Node, operands: list[Value]) -> Value:
        match node:
            case Binary():
                return self._binary(node, *operands)
            case Call():
                return self._call(node, operands)
            case Number() | Constant():
                return node.value
            case Variable():
                return self.leaves[node.name]
            case Reference():
                return operands[-1]
            case Element() | Slice():
                return self._indexed(node, operands[0])
            case Negation():
                return -operands[0]
            case Comparison():
                left, right = map(_for_torch, operands)
                return COMPARISONS[node.operator](left, right)
            case Vector():
                return self._vector(node, operands)
        raise AssertionError(f"a {type(node).__name__} is no node of an expression")

    def _binary(self, node: Binary, left: Value, right: Value) -> Value:
        if isinstance(left, torch.Tensor) or isinstance(right, torch.Tensor):
            return constants.OPERATORS[node.operator](_for_torch(left), _for_torch(right))
        return constants.calculate(node, node.operator, left, right)

    def _call(self, node: Call, operands: list[Value]) -> Value:
        operation = OPERATIONS[node.function]
        constant = not any(isinstance(operand, torch.Tensor) for operand in operands)
        dtype, device = (torch.float64, torch.device("cpu")) if constant else (self.dtype, self.device)
        result = operation.apply(operands, dtype, device, node.keywords, node.words)
        return result.item() if constant else result

    def _indexed(self, node: Element | Slice, vector: Value) -> torch.Tensor:
        quote = self._quote(node.operand)
        if not isinstance(vector, torch.Tensor) or not vector.ndim:
            raise _refusal(node, f"{quote} is one number here and has no elements", self._as_vectors(node.operand))
        count, last = len(vector), len(vector) - 1
        if isinstance(node, Element):
            if not -count <= node.index < count:
                place = f"{quote} has {count} elements, {quote}[0] to {quote}[{last}]"
                raise _refusal(
                    node, f"there is no {self._quote(node)}: {place}", "the first element is [0], the last [-1]"
                )
            return vector[node.index]
        cut = vector[slice(node.first, node.last, node.step)]
        if not len(cut):
            raise _refusal(
                node, f"{self._quote(node)} has no elements: {quote} has {count}", "x[1:3] is from 1 up to 2"
            )
        return cut

    def _as_vectors(self, node: Node) -> str:
        """How what is one number would have elements: by the first variable in it that gives it some as a vector."""
        for name in (name for name in self.expression.variables if not self.leaves[name].ndim):
            as_vector = replace(self, leaves={**self.leaves, name: self.leaves[name].detach().expand(3)})
            values: dict[Node, Value] = {}
            with suppress(ExpressionError), torch.no_grad():
                for one in ordered(self.expression):
                    values[one] = as_vector.value(one, [values[operand] for operand in one.operands])
                    if one is node:  # what comes after it is refused, and that is asked of here
                        break
            value = values.get(node)
            if isinstance(value, torch.Tensor) and value.ndim:
                return _as_vector(name)
        return ""

    def _vector(self, node: Vector, items: list[Value]) -> torch.Tensor:
        for item, operand in zip(items, node.items, strict=True):
            if isinstance(item, torch.Tensor) and item.ndim:
                raise _refusal(operand, "a vector holds numbers, not vectors", MATRIX)
        if any(isinstance(item, torch.Tensor) for item in items):
            return torch.stack([lifted(item, self.dtype, self.device) for item in items])
        return torch.tensor([float(item) for item in items], dtype=self.dtype, device=self.device)

    def _explain(self, node: Node, operands: list[Value], error: Exception) -> ExpressionError:
        vectors = [
            (operand, len(value))
            for operand, value in zip(node.operands, operands, strict=True)
            if isinstance(value, torch.Tensor) and value.ndim and len(value) != 1
        ]
        for operand, length in vectors[1:]:
            if length != vectors[0][1]:
                first = f"{self._quote(vectors[0][0])} has {vectors[0][1]} elements"
                message = f"{first} and {self._quote(operand)} has {length}"
                return _refusal(node, message, "vectors that are combined must have the same length")
        return _refusal(node, f"torch cannot evaluate {self._quote(node)}: {str(error).partition(chr(10))[0]}")

    def _quote(self, node: Node) -> str:
        text = self.expression.text[node.start : node.end]
        return text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "…"


def _for_torch(value: Value) -> Value:
    return value if isinstance(value, torch.Tensor) else constants.for_torch(value)


def _as_vector(name: str) -> str:
    """How a variable, which is one number, takes a vector."""
    return f"a vector is given as --at {name}=[1, 2, 3], and on the screen as its value"


def _refusal(node: Node, message: str, hint: str = "") -> ExpressionError:
    return ExpressionError("domain", message, node.start, node.end, hint)
