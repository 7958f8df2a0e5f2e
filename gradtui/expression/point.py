"""Where a variable stands: exact decimals, read from what a person types."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from decimal import Context, Decimal, DecimalException, Inexact
from struct import Struct

import msgspec
from msgspec.structs import replace

from gradtui.expression.parser import ExpressionError, parse
from gradtui.expression.syntax import Binary, Call, Constant, Expression, Negation, Node, Number, Vector, fold
from gradtui.snapshot.model import Values

STEPPING = Context(prec=60)
"""Sums of decimals that a person would type are exact in 60 digits; those that are not are not made."""

COMPUTING = Context(prec=17, Emax=400, Emin=-400)
"""`pi/2` and the like: as many digits as a float64 needs."""

FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "abs": math.fabs,
    "deg2rad": math.radians,
}
"""What may stand in a value, besides arithmetic."""

OPERATORS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": COMPUTING.add,
    "-": COMPUTING.subtract,
    "*": COMPUTING.multiply,
    "/": COMPUTING.divide,
    "^": COMPUTING.power,
}

FLOAT32 = Struct("f")

COMMA = re.compile(r"[+-]?\d+,\d+|[+-]?\d{1,3}(?:\.\d{3})+,\d+|[+-]?\d{1,3}(?:,\d{3})+\.\d+")
"""One number where a comma is written for the point, or between thousands; two where it is not."""

WRITTEN = re.compile(r"[0-9_]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?")
"""A number in digits, that is kept to the last of them; `½`, `²` and `3!` stand for one."""

BETWEEN = re.compile(r"\s*[,;]\s*(?=[^\W\d]\w*\s*=)")
"""What stands between two values, each with its name: no value holds a name."""

EXAMPLES = "a number such as 0.5 or pi/2, or a vector such as [1, 2, 3]"


class PointError(ValueError):
    """A text that is no value for a variable; its message is one sentence for a person."""


class Point(msgspec.Struct, frozen=True):
    """One exact decimal for a scalar, one for each element of a vector."""

    elements: tuple[Decimal, ...]
    vector: bool = False

    @property
    def value(self) -> float | tuple[float, ...]:
        """As a Request takes it."""
        return tuple(float(element) for element in self.elements) if self.vector else float(self.elements[0])

    @property
    def text(self) -> str:
        """As it would be typed; reads back to the same point."""
        written = [plain(element) for element in self.elements]
        return f"[{', '.join(written)}]" if self.vector else written[0]

    def moved(self, element: int, by: Decimal) -> Point:
        """`by` further along one element, exactly; unmoved where a float could not hold the sum."""
        context = STEPPING.copy()
        total = context.add(self.elements[element], by)
        if context.flags[Inexact] or not math.isfinite(float(total)):
            return self
        elements = (*self.elements[:element], total, *self.elements[element + 1 :])
        return replace(self, elements=elements)


def read_values(values: Values, dtype: str) -> Point:
    """The point of a variable whose values come from torch: of each the fewest digits that say it in `dtype`.

    A large vector has only its first numbers.
    """
    elements = tuple(Decimal(_shortest(one, dtype) if math.isfinite(one) else "0") for one in values.numbers)
    return Point(elements, vector=values.shape != ())


def _shortest(value: float, dtype: str) -> str:
    """`0.1` for the float32 that is 0.100000001490116."""
    if dtype != "float32":
        return repr(value)
    texts = (f"{value:.{digits}g}" for digits in range(6, 10))
    return next((text for text in texts if FLOAT32.pack(float(text)) == FLOAT32.pack(value)), repr(value))


def plain(value: Decimal, step: Decimal | None = None) -> str:
    """`4.0`, `-0.25`, `1e30`: with at least the decimals of `step`, so that a value keeps its width while it is stepped."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)  # a point is finite
    least = -_exponent(step) if step is not None else 0
    if value.adjusted() > 15 or value.adjusted() < -15 or least > 15:
        return str(value).replace("E+", "e").replace("E", "e")  # as torch and all else write it
    return f"{value:.{max(least, -exponent, 0)}f}"


def read_point(text: str) -> Point:
    """`4.0`, `pi/2`, `[1, 2, 3]` and `1, 2, 3` as a Point. Raises PointError."""
    if not text.strip():
        raise PointError(f"a value is wanted: {EXAMPLES}")
    if COMMA.fullmatch(text.strip()):
        parts = re.split("[.,]", text.strip())
        number = f"{''.join(parts[:-1])}.{parts[-1]}"
        vector = text.strip().replace(",", ", ")
        raise PointError(f"{text.strip()} is two numbers or one: [{vector}] is a vector, {number} a number")
    try:
        expression = parse(text)
    except ExpressionError as error:
        try:
            expression = parse(f"[{text}]")
        except ExpressionError:
            raise PointError(f"{error.message}; {EXAMPLES} is read here") from None
    if expression.variables:
        raise PointError(f"{expression.variables[0]} is a variable; {EXAMPLES} is read here")
    if expression.named:
        raise PointError(f"only the value is wanted here, not {expression.name} = …; {EXAMPLES} is read here")
    try:
        points = fold(expression, lambda node, operands: _evaluate(expression, node, operands))
    except (ArithmeticError, ValueError, DecimalException) as error:
        if isinstance(error, PointError):
            raise
        raise PointError(f"{text.strip()} is not a finite number") from None
    point = points[expression.body]
    for element in point.elements:
        if not (element.is_finite() and math.isfinite(float(element))):
            raise PointError(f"{element} is not a finite number")
    return point


def read_assigned(text: str, variables: Sequence[str], alone: str) -> dict[str, Point]:
    """`3` for the variable `alone`, or `x = 1, y = 3`, each for its own of `variables`. Raises PointError."""
    points: dict[str, Point] = {}
    for assignment in BETWEEN.split(text):
        name, equals, value = assignment.partition("=")
        variable = _variable(name.strip(), variables) if equals else alone
        if variable in points:
            raise PointError(f"{variable} is given twice")
        points[variable] = read_point(value if equals else assignment)
    return points


def _variable(name: str, variables: Sequence[str]) -> str:
    """Which of `variables` is meant: `α` is alpha."""
    try:
        written = (name, *parse(name, variables).variables)
    except ExpressionError:
        written = (name,)
    known = next((one for one in written if one in variables), None)
    if known is None:
        raise PointError(f"{name or 'what stands before ='} is none of the variables here: {', '.join(variables)}")
    return known


def read_points(at: dict[str, str | tuple[str, ...]]) -> dict[str, Point]:
    """The `at` of the command line: each text a scalar or a whole vector, a tuple of texts a vector. Raises PointError."""
    points: dict[str, Point] = {}
    for name, text in at.items():
        if isinstance(text, str):
            points[name] = read_point(text)
        else:
            points[name] = Point(tuple(read_point(item).elements[0] for item in text), vector=True)
    return points


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


def _evaluate(expression: Expression, node: Node, operands: Sequence[Point]) -> Point:
    """One node of a constant expression; literals keep every digit that was typed."""
    match node:
        case Number():
            typed = expression.text[node.start : node.end]
            return Point((Decimal(typed if WRITTEN.fullmatch(typed) else repr(node.value)),))
        case Constant():
            return Point((Decimal(repr(node.value)),))
        case Negation():
            return _elementwise(Decimal.copy_negate, *operands)
        case Binary():
            return _elementwise(OPERATORS[node.operator], *operands)
        case Call() if node.function in FUNCTIONS and len(operands) == 1:
            function = FUNCTIONS[node.function]
            return _elementwise(lambda operand: Decimal(repr(function(float(operand)))), *operands)
        case Vector() if operands and not any(operand.vector for operand in operands):
            return Point(tuple(operand.elements[0] for operand in operands), vector=True)
    raise PointError(f"{expression.text[node.start : node.end]} cannot stand in a value; {EXAMPLES} is read here")


def _elementwise(function: Callable[..., Decimal], *operands: Point) -> Point:
    """As torch broadcasts: a scalar, or a vector of one, goes with each element of the other."""
    length = max(len(operand.elements) for operand in operands)
    if any(len(operand.elements) not in (1, length) for operand in operands):
        lengths = " and ".join(str(len(operand.elements)) for operand in operands)
        raise PointError(f"vectors of {lengths} elements do not go together")
    columns = (operand.elements * (length if len(operand.elements) == 1 else 1) for operand in operands)
    return Point(tuple(map(function, *columns)), vector=any(operand.vector for operand in operands))
