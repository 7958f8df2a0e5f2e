"""The symbolic derivative, built from our own syntax tree: a second way to f'. Imports sympy, never torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice

import sympy
from msgspec.structs import replace

from gradtui.calculus import exact_backward, spelled_out, vectors
from gradtui.calculus.algebraic_forms import is_small
from gradtui.calculus.derivative_rules import BENT, Elements, Expr, Vector, mp
from gradtui.calculus.digits import Digits, Program, as_float, as_typed, float_or_none, settled
from gradtui.calculus.from_sympy import Style, UnwritableError, as_it_is, worded
from gradtui.calculus.to_sympy import (
    NO_NUMBER,
    At,
    Counts,
    Formula,
    NumberOfVectorError,
    built,
    combined,
    common_length,
    counts,
    differentiated,
    digits,
    element,
    formula_of,
    free,
    has_one_length,
    stood,
)
from gradtui.calculus.vectors import GiveUpError
from gradtui.expression import syntax
from gradtui.expression.parser import ExpressionError
from gradtui.expression.syntax import Expression, fold
from gradtui.snapshot.model import Dtype, Request
from gradtui.snapshot.truth import Derivative

MOST_WORK = 2_000
"""Size of the derivative, written out, up to which it is looked for: under a second."""
MOST_SIZE = 10_000
"""The same for f itself."""
MOST_STEPS = 2_000
"""Operations times elements up to which digits are added until it is sure that none is missing: some 0.1 s."""
MOST_EVALUATED = 200_000
"""Operations times elements, as often as they are done, up to which the derivative is evaluated: a fifth of a second."""
MOST_SIMPLIFIED = 150
"""Operations in the derivatives, all variables together, up to which other forms of them are tried: a few tenths of a second."""
NUDGE, SMALLER = mp.mpf("1e-20"), mp.mpf("1e-6")
"""How far beside x the derivative is looked at, to see whether f has a corner there, as a part of x; and how much nearer then."""
AT_A_BEND = 2
"""Further places at which a function with corners is looked at for each variable, at least."""
AGREEMENT = mp.mpf("1e-15")
"""Relative difference of what is the same on both sides; what differs more may still shrink, as it does where f is smooth."""

TOO_LARGE = "the expression is too large for a symbolic derivative"
TOO_MANY = "not evaluated: it would take long for so many numbers"


@dataclass(frozen=True, slots=True)
class Partial:
    """The derivative by one variable: its words, and a program for [f, derivative]."""

    text: str | None
    program: Program
    simplified: bool
    note: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that does not depend on where the variables stand. program: [f, derivative by each variable in order].

    bent: f has corners or jumps somewhere. spelled: each element of a vector has a symbol of its own.
    """

    partials: dict[str, Partial]
    program: Program
    bent: bool
    spelled: bool = False


def derivatives(request: Request) -> dict[str, Derivative]:
    """For every variable of the expression; {} for a text that is no expression. Never raises.

    Where f is a vector it is the derivative of sum(f), for each element of the variable.
    """

    return as_far_as_known(request, lambda *what: by_each(request, *what))


def by_each(request: Request, expression: Expression, at: At) -> dict[str, Derivative]:
    """By each variable. Raises GiveUpError."""
    prepared = _prepared(formula_of(request), counts(at))
    told = evaluated(prepared, at, request.dtype, digits(expression, at))
    missing = exact_backward.undefined(request, expression, at)
    return {name: _where_defined(one, missing) for name, one in told.items()} if any(missing) else told


def _where_defined(told: Derivative, missing: tuple[bool, ...]) -> Derivative:
    """Of a vector f the elements of a vector go with its own."""
    alike = len(missing) == len(told.numbers)
    numbers = tuple(
        None if (missing[place] if alike else any(missing)) else one for place, one in enumerate(told.numbers)
    )
    return replace(told, numbers=numbers)


def as_far_as_known(request: Request, find: Callable[[Expression, At], dict[str, Derivative]]) -> dict[str, Derivative]:
    """What `find` finds of the expression at the point; why not, where it gives up.

    {} for a text that is no expression. Never raises.
    """
    try:
        expression, at = stood(request)
    except ExpressionError:
        return {}
    try:
        return _of_variables(find(expression, at), expression, request)
    except GiveUpError as reason:
        note = str(reason)
    except RecursionError:
        note = TOO_LARGE
    except Exception as error:
        note = f"no symbolic derivative: sympy stopped with {type(error).__name__}"
    by = free(counts(at), {*request.data})
    told = {name: Derivative(None, (None,) * max(1, count), False, note) for name, count in by}
    return _of_variables(told, expression, request)


def _of_variables(told: dict[str, Derivative], expression: Expression, request: Request) -> dict[str, Derivative]:
    """By each variable of the text: `places` may have made several of one."""
    found = {}
    for name in expression.variables:
        if name in told:
            found[name] = told[name]
        value = request.at.get(name)
        if name in told or name in request.data or not isinstance(value, tuple):
            continue
        each = [told[element(name, place)] for place in range(len(value))]
        note = next((one.note for one in each if one.note), "")
        texts = [one.text for one in each if one.text is not None]
        found[name] = Derivative(
            f"[{', '.join(texts)}]" if len(texts) == len(each) else None,
            tuple(chain(*(one.numbers for one in each))),
            all(one.simplified for one in each),
            note,
            tuple(chain(*(one.typed for one in each))),
        )
    return found


@lru_cache(maxsize=64)
def _prepared(formula: Formula, counts: Counts) -> Prepared:
    expression, by = differentiated(formula, counts), free(counts, formula.data)
    check_size(expression)
    if spelled_out.is_needed(expression) or not has_one_length(expression, counts):
        return _spelled(expression, counts, by)
    length = common_length(expression, counts)
    symbols = {name: (Elements if count else sympy.Symbol)(name, real=True) for name, count in counts}
    try:
        f = built(expression, symbols, length)
    except NumberOfVectorError:
        return _spelled(expression, counts, by)
    style = style_of(expression, expression.variables)
    try:
        slopes = {name: vectors.gradient(f, symbols[name], length) for name, _ in by}
    except vectors.MixedError:
        return _spelled(expression, counts, by)
    partials, left = {}, MOST_SIMPLIFIED
    for name, slope in slopes.items():
        left -= int(sympy.count_ops(slope)) if is_small(slope) else 0
        partials[name] = partial(f, slope, length, style, left >= 0)
    return Prepared(partials, Program([f, *slopes.values()], length), is_bent(f))


def _spelled(expression: Expression, counts: Counts, by: Counts) -> Prepared:
    """With a symbol for each element of a vector, and the derivative by each of `by` written out: `[2*x[0], 1]`."""
    names = {name: [element(name, place) for place in range(count)] or [name] for name, count in counts}
    each = {name: [sympy.Symbol(one, real=True) for one in parts] for name, parts in names.items()}
    symbols = {name: each[name] if count else each[name][0] for name, count in counts}
    f = spelled_out.total(expression, symbols, lambda node, operands: combined(node, operands, {}, 1))
    if f.has(sympy.oo, sympy.zoo, sympy.nan, sympy.I):
        raise GiveUpError(NO_NUMBER)
    style = style_of(expression, tuple(chain(*names.values())))
    length = max(count for _, count in counts)
    slopes, partials, left = {}, {}, MOST_SIMPLIFIED
    for name, count in by:
        parts = [f.diff(symbol) for symbol in each[name]]
        left -= sum(int(sympy.count_ops(part)) for part in parts)
        written = [partial(f, part, length, style, left >= 0) for part in parts]
        slopes[name] = Vector(*parts) if count else parts[0]
        note = next((one.note for one in written if one.text is None), "")
        texts = ", ".join(one.text or "" for one in written)
        text = None if note else f"[{texts}]" if count else texts
        simplified = all(one.simplified for one in written)
        partials[name] = Partial(text, Program([f, slopes[name]], length), simplified, note)
    return Prepared(partials, Program([f, *slopes.values()], length), is_bent(f), spelled=True)


def style_of(expression: Expression, variables: tuple[str, ...]) -> Style:
    """How the person writes."""
    return Style(variables, _has_decimals(expression), _has_e_to_the(expression))


def is_bent(f: Expr) -> bool:
    return not {type(part).__name__ for part in sympy.preorder_traversal(f)}.isdisjoint(BENT)


def partial(f: Expr, slope: Expr, length: int, style: Style, simplify: bool) -> Partial:
    program = Program([f, slope], length)
    try:
        text, simplified = worded(slope, style) if simplify else (as_it_is(slope, style), False)
        return Partial(text, program, simplified, "")
    except UnwritableError as reason:
        return Partial(None, program, False, str(reason))


def check_size(expression: Expression) -> None:
    """Raises GiveUpError where the derivative, written out, would be too large."""
    size, work = _sizes(expression)
    if size > MOST_SIZE or work > MOST_WORK:
        raise GiveUpError(TOO_LARGE)


def _sizes(expression: Expression) -> tuple[int, int]:
    """About how large f and its derivative get, written out: what is shared by name counts each time."""

    def combine(node: syntax.Node, operands: list[tuple[int, int]]) -> tuple[int, int]:
        size = min(10**9, 1 + sum(size for size, _ in operands))
        change = sum(change for _, change in operands)
        match node:
            case syntax.Variable():
                change = 1
            case syntax.Binary(operator="*"):
                change += sum(size for size, _ in operands) if change else 0
            case syntax.Binary(operator="/" | "^") | syntax.Call():
                change += 2 * size if change else 0
        return size, min(10**9, change)

    return fold(expression, combine)[expression.body]


def _has_decimals(expression: Expression) -> bool:
    return any(
        isinstance(node, syntax.Number) and isinstance(node.value, float) and not node.value.is_integer()
        for node in syntax.postorder(expression)
    )


def _has_e_to_the(expression: Expression) -> bool:
    """Whether the person writes `e^x`, and never `exp(x)`."""
    nodes = syntax.postorder(expression)
    calls = any(isinstance(node, syntax.Call) and node.function == "exp" for node in nodes)
    return not calls and any(isinstance(node, syntax.Constant) and node.name == "e" for node in nodes)


def evaluated(prepared: Prepared, at: At, dtype: Dtype, digits: Digits) -> dict[str, Derivative]:
    """At the very floats that torch gets; where the number as typed is another and has no derivative, there is none.

    Where that would take long, with twice the digits at once, and without a look at the number as typed; not at all where it
    would take too long.
    """
    work = len(prepared.program.steps) * prepared.program.length
    if work * (1 + AT_A_BEND * prepared.bent * len(prepared.partials)) > MOST_EVALUATED:
        told = prepared.partials.items()
        return {name: Derivative(one.text, (), one.simplified, one.note or TOO_MANY) for name, one in told}
    is_long = work > MOST_STEPS
    if is_long:
        digits = 2 * digits[0], 0
    floats = [number for value in at.values() for number in (value if isinstance(value, tuple) else (value,))]
    is_typed = is_long or all(as_typed(number) == as_float(number, dtype) for number in floats)
    here = _numbers(prepared, at, lambda value: as_float(value, dtype), digits)
    typed = {} if is_typed else _numbers(prepared, at, as_typed, digits)
    answer = {}
    for name, partial in prepared.partials.items():
        numbers, asked = here[name], typed.get(name, ())
        if asked:
            numbers = tuple(None if there is None else number for number, there in zip(numbers, asked, strict=True))
        answer[name] = Derivative(partial.text, numbers, partial.simplified, partial.note, asked)
    return answer


def _numbers(
    prepared: Prepared, at: At, number: Callable[[float], Expr], digits: Digits
) -> dict[str, tuple[float | None, ...]]:
    """The derivative by each element of each variable, which stands at `number` of its floats; by so many digits at first."""

    def found() -> Iterator[Expr]:
        place = {name: _placed(value, number) for name, value in at.items()}
        if prepared.spelled:
            place = _spelled_out(place)
        f, *slopes = prepared.program.at(place)
        for (name, partial), slope in zip(prepared.partials.items(), slopes, strict=True):
            if prepared.bent:
                moved = _beside(prepared, place, name, _placed(at[name], number))
                numbers = _smooth(partial.program, f, slope, moved)
            else:
                numbers = _each(lambda f, slope: slope if mp.isfinite(f) else mp.nan, f, slope)
            yield from _by_element(numbers, at[name])

    told = iter(map(float_or_none, settled(found, digits)))
    sizes = {name: len(value) if isinstance(value, tuple) else 1 for name, value in at.items()}
    return {name: tuple(islice(told, sizes[name])) for name in prepared.partials}


def _by_element(numbers: Expr, value: float | tuple[float, ...]) -> list[Expr]:
    """One number for each element of the variable; a scalar beside vectors has none where one of them has none."""
    if isinstance(value, tuple):
        return numbers if isinstance(numbers, list) else [numbers] * len(value)
    return [max(numbers, key=mp.isnan)] if isinstance(numbers, list) else [numbers]


def _placed(value: float | tuple[float, ...], number: Callable[[float], Expr]) -> Expr:
    return list(map(number, value)) if isinstance(value, tuple) else number(value)


def _beside(prepared: Prepared, place: dict[str, Expr], name: str, value: Expr) -> Callable[[Expr], dict[str, Expr]]:
    """The place where the variable `name` is moved from `value` by a part of itself."""

    def moved(part: Expr) -> dict[str, Expr]:
        there = {name: _moved(value, part, prepared.spelled)}
        return place | (_spelled_out(there) if prepared.spelled else there)

    return moved


def _moved(value: Expr, nudge: Expr, apart: bool = False) -> Expr:
    """A little aside; apart: each element by another distance, as those that are equal may be what makes a corner."""
    if isinstance(value, list):
        return [_moved(item, nudge * (1 + apart * place)) for place, item in enumerate(value)]
    return value + nudge * (abs(value) or 1)


def _spelled_out(place: dict[str, Expr]) -> dict[str, Expr]:
    """Each element by its own name."""
    found: dict[str, Expr] = {}
    for name, value in place.items():
        if isinstance(value, list):
            found.update((element(name, number), item) for number, item in enumerate(value))
        else:
            found[name] = value
    return found


def _smooth(program: Program, f: Expr, slope: Expr, moved: Callable[[Expr], dict[str, Expr]]) -> Expr:
    """The slope where f is continuous and the slope the same on both sides, else nan."""
    wide = [*program.at(moved(-NUDGE)), *program.at(moved(NUDGE))]
    numbers = _each(_alike, f, slope, *wide)
    if any(map(mp.isnan, numbers if isinstance(numbers, list) else [numbers])):
        near = [*program.at(moved(-NUDGE * SMALLER)), *program.at(moved(NUDGE * SMALLER))]
        numbers = _each(_alike_nearby, f, slope, *wide, *near)
    return numbers


def _alike(f: Expr, slope: Expr, *sides: Expr) -> Expr:
    return slope if all(_is_none(*gap) for gap in _gaps(f, slope, *sides)) else mp.nan


def _alike_nearby(f: Expr, slope: Expr, *sides: Expr) -> Expr:
    """What differs less and less the nearer one looks is no jump and no corner, however steep f is, or small."""
    wide, near = _gaps(f, slope, *sides[:4]), _gaps(f, slope, *sides[4:])
    told = (_is_none(*one) or other[0] < one[0] / 2 for one, other in zip(wide, near, strict=True))
    return slope if mp.isfinite(slope) and all(told) else mp.nan


def _gaps(f: Expr, slope: Expr, f_left: Expr, left: Expr, f_right: Expr, right: Expr) -> list[tuple[Expr, Expr]]:
    """How far f and its slope on both sides are from those here, each with the size of what is compared."""
    pairs = ((f_left, f), (f_right, f), (left, slope), (right, slope))
    return [(abs(one - other), max(abs(one), abs(other))) for one, other in pairs]


def _is_none(gap: Expr, size: Expr) -> bool:
    """Whether a gap is one: what is left where equal numbers cancel shrinks with the digits that are worked with."""
    return bool(mp.isfinite(gap) and gap <= max(size * AGREEMENT, mp.mpf(10) ** (-3 * mp.dps // 4)))


def _each(function: Callable[..., Expr], *values: Expr) -> Expr:
    """By element where there are vectors: a number stands for each of its elements."""
    lengths = [len(value) for value in values if isinstance(value, list)]
    if not lengths:
        return function(*values)
    rows = zip(*(value if isinstance(value, list) else [value] * lengths[0] for value in values), strict=True)
    return [function(*row) for row in rows]
