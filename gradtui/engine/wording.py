"""A sympy expression as a teacher writes it: the most readable of a few equal forms, back in our own syntax tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sympy

from gradtui.engine.reals import COMPARISONS, Expr, Vector, Where
from gradtui.expression.functions import FUNCTIONS
from gradtui.expression.notation import write
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

MOST_FORMS = 60
"""Operations up to which other forms are tried; the raw derivative stands beyond."""
MOST_TRIGONOMETRY = 30
LARGEST_POWER = 12
LONGEST = 4_000
"""Characters that a person may still look at."""
SIMPLE_DENOMINATOR = 1_000
MANY_DIGITS = 10**12

NAMES = {"Abs": "abs"}
"""sympy class -> function of the language, where they differ."""


class Unwritable(Exception):
    """The language has no words for it; the message says for what."""


@dataclass(frozen=True)
class Style:
    """How the person wrote: the order of the variables, decimals or fractions, `e^x` or `exp(x)`."""

    variables: tuple[str, ...]
    decimals: bool = False
    e_to_the: bool = False


def worded(expression: Expr, style: Style) -> tuple[str, bool]:
    """The text, and whether other forms of it were tried. Raises Unwritable."""
    texts = [text_of(expression, style)]
    small = sympy.count_ops(expression) <= MOST_FORMS
    if small:
        texts += [text_of(form, style) for form in _forms(expression)]
    if len(texts[0]) > LONGEST:
        raise Unwritable("it is too long to show")
    return min(texts, key=_effort), small


def text_of(expression: Expr, style: Style) -> str:
    """The expression in the notation of the language, in which it parses back to the same function."""
    body = _Writer(style).tree(expression)
    return write(Expression("", "f", (), body, style.variables))


def _effort(text: str) -> int:
    """How much there is to read: names, numbers and signs."""
    return len(re.findall(r"\w+(?:\.\d+)?|[^\s\w]", text))


def _forms(raw: Expr) -> Iterator[Expr]:
    """Equal forms that keep the functions that the person wrote: no exp(x) for exp(-x), no sin(2*x) for sin(x)*cos(x)."""
    known = raw.atoms(sympy.Function)
    small_powers = all(abs(power.exp) <= LARGEST_POWER for power in raw.atoms(sympy.Pow) if power.exp.is_Rational)
    if raw.is_polynomial(*raw.free_symbols):
        steps = [sympy.expand] if small_powers else []
    else:
        steps = [sympy.factor_terms, sympy.together]
        if small_powers:
            steps += [sympy.expand, _factored]
        if raw.has(sympy.sin, sympy.tan) and raw.has(sympy.cos, sympy.tan) and sympy.count_ops(raw) <= MOST_TRIGONOMETRY:
            steps += [lambda form: sympy.trigsimp(sympy.together(form))]
    for step in steps:
        try:
            form = step(raw)
        except (sympy.PolynomialError, NotImplementedError, RecursionError):
            continue
        if form.atoms(sympy.Function) <= known and not form.has(sympy.I):
            yield form


def _factored(expression: Expr) -> Expr:
    return sympy.factor(sympy.together(expression))


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
        if isinstance(part, Where):
            return part.args[1:], lambda operands: _where(int(part.args[0]), *operands)
        if isinstance(part, Vector):
            return part.args, lambda operands: Literal(0, 0, tuple(operands))
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
            raise Unwritable(f"the language has no name for {name} here")
        return part.args, lambda operands: Call(0, 0, name, tuple(operands))

    def _constant(self, name: str, otherwise: Node) -> Node:
        taken = name in self.style.variables
        return otherwise if taken else Constant(0, 0, name, float(sympy.pi if name == "pi" else sympy.E))

    def _rational(self, number: Expr) -> Node:
        if number < 0:
            return Negation(0, 0, self._rational(-number))
        decimal = self._decimal(number)
        if decimal is not None:
            return Number(0, 0, decimal)
        return _quotient([Number(0, 0, int(number.p))], [Number(0, 0, int(number.q))] if number.q != 1 else [])

    def _decimal(self, number: Expr) -> float | None:
        """The number as a float literal, where the person writes decimals or a fraction would be unreadable."""
        if number.q == 1:
            return None if number.p < 10**15 else float(number)
        ends = number.q == 2 ** sympy.multiplicity(2, number.q) * 5 ** sympy.multiplicity(5, number.q)
        exact = ends and sympy.Rational(repr(float(number))) == number
        wanted = exact and (self.style.decimals or number.q > SIMPLE_DENOMINATOR)
        return float(number) if wanted or max(number.p, number.q) > MANY_DIGITS else None

    def _sum(self, part: Expr) -> tuple[tuple[Expr, ...], Callable[[list[Node]], Node]]:
        signed = [(_is_negative(term), -term if _is_negative(term) else term) for term in self._in_order(part)]

        def assemble(operands: list[Node]) -> Node:
            result = Negation(0, 0, operands[0]) if signed[0][0] else operands[0]
            for (negative, _), operand in zip(signed[1:], operands[1:], strict=True):
                result = Binary(0, 0, "-" if negative else "+", result, operand)
            return result

        return tuple(term for _, term in signed), assemble

    def _in_order(self, part: Expr) -> list[Expr]:
        """Falling powers, numbers last; but a sum that is no polynomial, and `1 - x`, starts with a plus."""
        terms = sorted(part.args, key=self._rank)
        if _is_negative(terms[0]):
            short = len(terms) == 2 and terms[1].is_number
            if short or not part.is_polynomial(*part.free_symbols) or self._rank(terms[0])[0] == self._rank(terms[-1])[0]:
                first = next((term for term in terms if not _is_negative(term)), terms[0])
                terms.remove(first)
                terms.insert(0, first)
        return terms

    def _rank(self, term: Expr) -> tuple[object, ...]:
        powers = term.as_powers_dict()
        by_name = {base.name: power for base, power in powers.items() if base.is_Symbol and power.is_Rational}
        degrees = tuple(-by_name.get(name, sympy.S.Zero) for name in self.style.variables)
        rest = sum(power for base, power in powers.items() if not base.is_Symbol and base.free_symbols and power.is_Rational)
        return degrees, -rest, term.is_number, sympy.default_sort_key(term)

    def _product(self, part: Expr) -> tuple[tuple[Expr, ...], Callable[[list[Node]], Node]]:
        coefficient, rest = part.as_coeff_Mul()
        factors = sorted(sympy.Mul.make_args(rest), key=self._place)
        below = [1 / factor for factor in factors if _is_below(factor)]
        above = [factor for factor in factors if not _is_below(factor)]
        negative = bool(coefficient < 0)
        coefficient = abs(coefficient)
        if negative:
            turned = next((k for k, factor in enumerate(above) if factor.is_Add and any(map(_is_negative, factor.args))), None)
            if turned is not None:
                above[turned], negative = -above[turned], False

        def assemble(operands: list[Node]) -> Node:
            over, under = operands[: len(above)], operands[len(above) :]
            decimal = self._decimal(coefficient)
            if decimal is not None:
                over.insert(0, Number(0, 0, decimal))
            else:
                over[:0] = [Number(0, 0, int(coefficient.p))] if coefficient.p != 1 else []
                under[:0] = [Number(0, 0, int(coefficient.q))] if coefficient.q != 1 else []
            result = _quotient(over, under)
            return Negation(0, 0, result) if negative else result

        return (*above, *below), assemble

    def _place(self, factor: Expr) -> tuple[object, ...]:
        """Constants, powers of variables, functions, sums, exponentials; variables in the person's order."""
        base = factor.base if factor.is_Pow else factor
        if factor.is_number:
            kind = 0
        elif base.is_Symbol:
            kind = 1
        elif isinstance(factor, sympy.exp):
            kind = 4
        else:
            kind = 3 if base.is_Add else 2
        variables = self.style.variables
        order = variables.index(base.name) if base.is_Symbol and base.name in variables else len(variables)
        return kind, order, sympy.default_sort_key(factor)

    def _power(self, part: Expr) -> tuple[tuple[Expr, ...], Callable[[list[Node]], Node]]:
        if part.exp == sympy.S.Half:
            return (part.base,), lambda operands: Call(0, 0, "sqrt", (operands[0],))
        return (part.base, part.exp), lambda operands: Binary(0, 0, "^", operands[0], operands[1])


def _is_negative(term: Expr) -> bool:
    return bool(term.as_coeff_Mul()[0] < 0)


def _is_below(factor: Expr) -> bool:
    return bool(factor.is_Pow and factor.exp.is_Rational and factor.exp < 0)


def _quotient(over: list[Node], under: list[Node]) -> Node:
    above = _times(over) if over else Number(0, 0, 1)
    return Binary(0, 0, "/", above, _times(under)) if under else above


def _times(factors: list[Node]) -> Node:
    result, *rest = factors
    for factor in rest:
        result = Binary(0, 0, "*", result, factor)
    return result


def _where(operator: int, left: Node, right: Node, a: Node, b: Node) -> Node:
    return Call(0, 0, "where", (Comparison(0, 0, COMPARISONS[operator], left, right), a, b))
