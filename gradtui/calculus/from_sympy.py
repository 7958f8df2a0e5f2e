"""A sympy expression as a teacher writes it: the most readable of a few equal forms, back in our own syntax tree."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy

from gradtui.calculus.algebraic_forms import forms, is_small
from gradtui.calculus.derivative_rules import COMPARISONS, Expr, Reduction, Vector, Where
from gradtui.calculus.vectors import same_before
from gradtui.expression.functions import FUNCTIONS
from gradtui.expression.reads_as import write
from gradtui.expression.syntax import (
    Binary,
    Call,
    Comparison,
    Constant,
    Expression,
    Negation,
    Node,
    Number,
    Variable,
)
from gradtui.expression.syntax import Vector as Literal

LONGEST = 4_000
"""Characters that a person may still look at."""
SIMPLE_DENOMINATOR = 1_000
MANY_DIGITS = 10**12

NAMES_FOR_PEOPLE = {"reversed_cumsum": "a cumsum from the end"}
NAMES = {"Abs": "abs"}
"""sympy class -> function of the language, where they differ."""


class UnwritableError(Exception):
    """The language has no words for it; the message says for what."""


@dataclass(frozen=True)
class Style:
    """How the person wrote: the order of the variables, decimals or fractions, `e^x` or `exp(x)`."""

    variables: tuple[str, ...]
    decimals: bool = False
    e_to_the: bool = False


def worded(expression: Expr, style: Style) -> tuple[str, bool]:
    """The text, and whether other forms of it were tried. Raises UnwritableError."""
    raw = as_it_is(expression, style)
    if not is_small(expression):
        return raw, False
    return text_of(_most_readable(_within_reductions(expression, style), style), style), True


def _most_readable(expression: Expr, style: Style) -> Expr:
    """Among its forms; the first of those that are alike in this."""
    efforts: dict[str, tuple[float, Expr]] = {}
    for form, reluctance in ((expression, 1.0), *forms(expression)):
        text = text_of(form, style)
        efforts.setdefault(text, (reluctance * _effort(text), form))
    return min(efforts.values(), key=lambda one: one[0])[1]


def _within_reductions(expression: Expr, style: Style) -> Expr:
    """With the most readable form of what is added up, which to algebra is the inside of a function."""
    found = {}
    for part in expression.atoms(Reduction):
        if type(part).__name__ in ("sum", "mean"):
            same, each = same_before(_most_readable(part.args[0], style))
            found[part] = same * part.func(each)
    return expression.xreplace(found)


def as_it_is(expression: Expr, style: Style) -> str:
    """The text without a try at other forms. Raises UnwritableError."""
    text = text_of(expression, style)
    if len(text) > LONGEST:
        raise UnwritableError("the derivative is too long to show")
    return text


def text_of(expression: Expr, style: Style) -> str:
    """The expression in the notation of the language, in which it parses back to the same function."""
    body = _Writer(style).tree(expression)
    return write(Expression("", "f", (), body, style.variables))


def _effort(text: str) -> int:
    """How much there is to read: names, numbers and signs, a fraction counting more."""
    return len(re.findall(r"\w+(?:\.\d+)?|[^\s\w]", text)) + 3 * text.count("/")


class _Writer:
    """sympy -> syntax tree, without recursion: `_plan` says what to write first and how to put it together."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def tree(self, expression: Expr) -> Node:
        plans: dict[Expr, tuple[tuple[Expr, ...], Callable[[list[Node]], Node]]] = {}
        written: dict[Expr, Node] = {}
        waiting = [expression]
        while waiting:
            part = waiting[-1]
            if part in written:
                waiting.pop()
            elif part not in plans:
                plans[part] = self._plan(part)
                waiting.extend(plans[part][0])
            else:
                operands, assemble = plans[part]
                written[part] = assemble([written[operand] for operand in operands])
        return written[expression]

    def _plan(self, part: Expr) -> tuple[tuple[Expr, ...], Callable[[list[Node]], Node]]:
        if part.is_Symbol:
            return (), lambda _: Variable(0, 0, part.name)
        if part.is_Rational:
            return (), lambda _: self._rational(part)
        if part.is_Add:
            return self._sum(part)
        if part.is_Mul or (part.is_Pow and part.exp.is_Rational and part.exp < 0):
            return self._product(part)
        if part.is_Pow:
            return self._power(part)
        if _is_relu(part) and "relu" not in self.style.variables:
            return (part.args[1],), lambda operands: Call(0, 0, "relu", (operands[0],))
        if isinstance(part, Where):
            return part.args[1:], lambda operands: _where(int(part.args[0]), *operands)
        if isinstance(part, Vector):
            return part.args, lambda operands: Literal(0, 0, tuple(operands))
        if isinstance(part, Reduction) and type(part).__name__ in PHRASES:
            return part.args, lambda operands: PHRASES[type(part).__name__](operands[0])
        if part is sympy.pi:
            return (), lambda _: self._constant("pi", Call(0, 0, "acos", (Number(0, 0, -1),)))
        if part is sympy.E:
            return (), lambda _: self._constant("e", Call(0, 0, "exp", (Number(0, 0, 1),)))
        if isinstance(part, sympy.exp) and self.style.e_to_the and "e" not in self.style.variables:
            return part.args, lambda operands: Binary(0, 0, "^", Constant(0, 0, "e", float(sympy.E)), operands[0])
        return self._call(part)

    def _call(self, part: Expr) -> tuple[tuple[Expr, ...], Callable[[list[Node]], Node]]:
        name = NAMES.get(type(part).__name__, type(part).__name__)
        if name not in FUNCTIONS or name in self.style.variables:
            raise UnwritableError(
                f"the derivative has {NAMES_FOR_PEOPLE.get(name, name)} in it, for which there is no word here"
            )
        return part.args, lambda operands: Call(0, 0, name, tuple(operands))

    def _constant(self, name: str, otherwise: Node) -> Node:
        taken = name in self.style.variables
        return otherwise if taken else Constant(0, 0, name, float(sympy.pi if name == "pi" else sympy.E))

    def _rational(self, number: Expr) -> Node:
        decimal = self._decimal(abs(number))
        above = Number(0, 0, int(abs(number.p)) if decimal is None else decimal)
        below = [Number(0, 0, int(number.q))] if decimal is None and number.q != 1 else []
        return _quotient([Negation(0, 0, above) if number < 0 else above], below)

    def _decimal(self, number: Expr) -> float | None:
        """The number as a float literal, where the person writes decimals or a fraction would be unreadable."""
        if not math.isfinite(float(number)):
            raise UnwritableError("the derivative has a number in it that no float can hold")
        if number.q == 1:
            return None if number.p < 10**15 else float(number)
        ends = number.q == 2 ** sympy.multiplicity(2, number.q) * 5 ** sympy.multiplicity(5, number.q)
        exact = ends and sympy.Rational(repr(float(number))) == number
        wanted = exact and (self.style.decimals or number.q > SIMPLE_DENOMINATOR)
        return float(number) if wanted or max(number.p, number.q) > MANY_DIGITS else None

    def _sum(self, part: Expr) -> tuple[tuple[Expr, ...], Callable[[list[Node]], Node]]:
        first, *others = self._in_order(part)
        negative = [_is_negative(term) for term in others]

        def assemble(operands: list[Node]) -> Node:
            result = operands[0]
            for minus, operand in zip(negative, operands[1:], strict=True):
                result = Binary(0, 0, "-" if minus else "+", result, operand)
            return result

        return (first, *(-term if minus else term for minus, term in zip(negative, others, strict=True))), assemble

    def _in_order(self, part: Expr) -> list[Expr]:
        """Falling powers, numbers last; but `1 + exp(x)`, `1 - x`, and a plus first where it is no polynomial."""
        terms = sorted(part.args, key=self._rank)
        before_number = len(terms) == 2 and terms[1].is_number
        if before_number and isinstance(terms[0], sympy.exp) and not _is_negative(terms[1]):
            return terms[::-1]
        several = len({name for term in terms for name in term.free_symbols}) > 1
        if _is_negative(terms[0]) and (before_number or several or not part.is_polynomial(*part.free_symbols)):
            first = next((term for term in terms if not _is_negative(term)), terms[0])
            terms.remove(first)
            terms.insert(0, first)
        return terms

    def _rank(self, term: Expr) -> tuple[object, ...]:
        powers = term.as_powers_dict()
        by_name = {base.name: power for base, power in powers.items() if base.is_Symbol and power.is_Rational}
        degrees = tuple(-by_name.get(name, sympy.S.Zero) for name in self.style.variables)
        others = [power for base, power in powers.items() if not base.is_Symbol and base.free_symbols]
        rest = sum(power for power in others if power.is_Rational)
        return degrees, -rest, term.is_number, sympy.default_sort_key(term)

    def _product(self, part: Expr) -> tuple[tuple[Expr, ...], Callable[[list[Node]], Node]]:
        coefficient, rest = part.as_coeff_Mul()
        factors = sorted(sympy.Mul.make_args(rest), key=self._place)
        negative, coefficient = bool(coefficient < 0), abs(coefficient)
        coefficient, above, below = _with_roots(coefficient, factors)
        turned = next((k for k, factor in enumerate(above) if _turns(factor, negative, coefficient)), None)
        if turned is not None:
            above[turned], negative = -above[turned], not negative

        def assemble(operands: list[Node]) -> Node:
            over, under = operands[: len(above)], operands[len(above) :]
            decimal = self._decimal(coefficient)
            if decimal is not None:
                over.insert(0, Number(0, 0, decimal))
            else:
                over[:0] = [Number(0, 0, int(coefficient.p))] if coefficient.p != 1 else []
                under[:0] = [Number(0, 0, int(coefficient.q))] if coefficient.q != 1 else []
            if negative:
                over[:1] = [Negation(0, 0, over[0] if over else Number(0, 0, 1))]
            return _quotient(over, under)

        return (*above, *below), assemble

    def _place(self, factor: Expr) -> tuple[object, ...]:
        """Constants, powers of variables, functions, sums, exponentials; variables in the person's order."""
        base = factor.base if factor.is_Pow else factor
        if base.is_Symbol:
            kind = 1
        elif isinstance(factor, sympy.exp):
            kind = 5
        elif factor.is_number:
            kind = 3 if isinstance(base, sympy.Function) else 0
        else:
            kind = 4 if base.is_Add else 2
        variables = self.style.variables
        order = variables.index(base.name) if base.is_Symbol and base.name in variables else len(variables)
        return kind, order, sympy.default_sort_key(factor)

    def _power(self, part: Expr) -> tuple[tuple[Expr, ...], Callable[[list[Node]], Node]]:
        if part.exp == sympy.S.Half:
            return (part.base,), lambda operands: Call(0, 0, "sqrt", (operands[0],))
        return (part.base, part.exp), lambda operands: Binary(0, 0, "^", operands[0], operands[1])


def _is_negative(term: Expr) -> bool:
    return bool(term.as_coeff_Mul()[0] < 0)


def _turns(factor: Expr, negative: bool, coefficient: Expr) -> bool:
    """Whether the sum reads better with all signs turned: -(x - 2) as 2 - x, and 2*(-a - b + c) as -2*(a + b - c)."""
    if not factor.is_Add:
        return False
    minuses = 2 * sum(map(_is_negative, factor.args))
    return minuses >= len(factor.args) if negative else coefficient != 1 and minuses > len(factor.args)


def _is_root(factor: Expr) -> bool:
    """The square root of a number, or 1 through one."""
    of_number = factor.is_Pow and (factor.base.is_Rational or factor.base is sympy.pi)
    return bool(of_number and abs(factor.exp) == sympy.S.Half)


def _with_roots(coefficient: Expr, factors: list[Expr]) -> tuple[Expr, list[Expr], list[Expr]]:
    """Coefficient, what stands above the line and what below, where sympy has sqrt(2)/(2*sqrt(pi)) for 1/sqrt(2*pi)."""
    roots = [factor for factor in factors if _is_root(factor)]
    others = [factor for factor in factors if not _is_root(factor)]
    above = [factor for factor in others if not _is_below(factor)]
    below = [1 / factor for factor in others if _is_below(factor)]
    square = 1 / (coefficient**2 * sympy.Mul(*(root**2 for root in roots)))
    whole, rest = square.as_coeff_Mul()
    if roots and whole.is_Integer and rest in (sympy.S.One, sympy.pi):
        joined = [factor for factor in below if factor.is_Pow and factor.exp == sympy.S.Half]
        below = [factor for factor in below if factor not in joined]
        outside, inside = sympy.sqrt(whole).as_coeff_Mul()
        return 1 / outside, above, [_sqrt(sympy.Mul(inside**2, rest, *(root.base for root in joined))), *below]
    for side, sign in ((above, 1), (below, -1)):
        bases = [root.base for root in roots if root.exp * sign > 0]
        side[:0] = [_sqrt(sympy.Mul(*bases))] if bases else []
    return coefficient, above, below


def _sqrt(number: Expr) -> Expr:
    """The root as it stands: sympy would take it apart."""
    return sympy.Pow(number, sympy.S.Half, evaluate=False)


def _is_below(factor: Expr) -> bool:
    return bool(factor.is_Pow and factor.exp.is_Rational and factor.exp < 0)


def _quotient(over: Sequence[Node], under: Sequence[Node]) -> Node:
    above = _times(over) if over else Number(0, 0, 1)
    return Binary(0, 0, "/", above, _times(under)) if under else above


def _times(factors: Sequence[Node]) -> Node:
    result, *rest = factors
    for factor in rest:
        result = Binary(0, 0, "*", result, factor)
    return result


def _is_relu(part: Expr) -> bool:
    """`where(x > 0, x, 0)`"""
    return isinstance(part, Where) and part.args == (COMPARISONS.index(">"), part.args[1], 0, part.args[1], 0)


def _where(operator: int, left: Node, right: Node, a: Node, b: Node) -> Node:
    return Call(0, 0, "where", (Comparison(0, 0, COMPARISONS[operator], left, right), a, b))


def _is_extreme(function: str, x: Node) -> Node:
    extreme = Call(0, 0, function, (x,))
    return Call(0, 0, "where", (Comparison(0, 0, "==", x, extreme), Number(0, 0, 1), Number(0, 0, 0)))


PHRASES: dict[str, Callable[[Node], Node]] = {
    "is_largest": lambda x: _is_extreme("max", x),
    "is_smallest": lambda x: _is_extreme("min", x),
    "product_of_others": lambda x: Binary(0, 0, "/", Call(0, 0, "prod", (x,)), x),
}
"""What the language says in several words."""
