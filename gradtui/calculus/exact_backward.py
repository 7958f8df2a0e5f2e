"""Every piece of an expression in exact arithmetic: its value, its gradient, and what it sends to its operands.

The same reverse mode that torch runs, over the syntax tree and with digits to spare: it tells where torch's own ran out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import sympy

from gradtui.calculus.derivative_rules import Elements, Expr, Vector, mp
from gradtui.calculus.digits import Digits, Program, as_float, as_typed, float_or_none, settled
from gradtui.calculus.to_sympy import (
    NO_VECTOR,
    At,
    Counts,
    Formula,
    combined,
    common_length,
    counts,
    digits,
    formula_of,
    makes_number,
    parsed,
    stood,
)
from gradtui.calculus.vectors import GiveUpError, gradient, is_vector
from gradtui.expression import syntax
from gradtui.expression.syntax import Expression, Node, postorder
from gradtui.snapshot.model import Dtype, Request
from gradtui.snapshot.truth import Piece, Truth

MOST_PIECES = 120
"""Pieces, constants among them, up to which they are looked for: 0.1 s, once."""
MOST_NUMBERS = 500
"""Pieces times elements up to which they are told: some 30 ms, at each place."""

MOST_LOOKED_AT = 20_000
"""The same up to which it is looked for one without a value: some 30 ms."""
BY_BRANCHES = ("where",)
"""Functions that may have a value where an operand, the branch that is not taken, has none."""

SEED = "seed"

Number = Expr | list[Expr]
"""What a piece is worth: an mpmath number, or one for each element."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One operation. value: of its operands o0, o1, ...; sent: what goes to each of them from the gradient that comes in.

    whole: the operation itself. sent has nothing of a vector that is written out, each item of which gets its own element.
    """

    whole: Expr
    value: Program
    sent: Program
    vector: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A variable, where there is no rule, or an operation. operands: places of earlier entries, each once."""

    node: Node
    vector: bool
    operands: tuple[int, ...] = ()
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """All pieces of f that depend on a variable, f the last; the length of every vector; the error of the other pieces."""

    entries: tuple[Entry, ...]
    length: int
    constants: float


def truth(request: Request) -> Truth | None:
    """None for what is no expression, has no variable, is too large, or beyond calculus, and of data: what a sum over rows loses
    is lost in no piece. Never raises."""
    if request.data:
        return None
    try:
        expression, at = stood(request)
        read = _few_pieces(request, expression, at, MOST_NUMBERS)
        if read is None:
            return None
        entries, length = read.entries, read.length
        enough = digits(expression, at)
        pieces = _pieces(entries, length, at, request.dtype, enough)
        typed = tuple(map(float_or_none, settled(lambda: _flat(_values(entries, length, at, as_typed)[-1]), enough)))
    except Exception:  # `derivatives` says what calculus cannot do
        return None
    return Truth(pieces[-1].value, () if typed == pieces[-1].value else typed, pieces, read.constants)


def _few_pieces(request: Request, expression: Expression, at: At, most: int) -> Reading | None:
    """None where f has no variable, or more pieces, or these more elements, than are looked at. Raises GiveUpError."""
    count = len(postorder(expression))
    if count > MOST_PIECES or count * common_length(expression, counts(at)) > most:
        return None
    read = _read(formula_of(request), counts(at))
    return read if read.entries else None


def undefined(request: Request, expression: Expression, at: At) -> tuple[bool, ...]:
    """For each element of f whether it has no value, piece by piece as it is written: to algebra sqrt(x)^2 is x, and 0*log(x) is
    0. Of a mean over rows of data for f as a whole. Empty where that is not known. Never raises."""
    try:
        read = _few_pieces(request, expression, at, MOST_LOOKED_AT)
        missing = () if read is None else _missing(read, at, request.dtype)
    except Exception:  # `derivatives` says what calculus cannot do
        return ()
    return (any(missing),) if request.data and missing else missing


def _missing(read: Reading, at: At, dtype: Dtype) -> tuple[bool, ...]:
    values = _values(read.entries, read.length, at, lambda number: as_float(number, dtype))
    found: list[list[bool]] = []
    for entry, value in zip(read.entries, values, strict=True):
        each = [bool(mp.isnan(one)) for one in _flat(value)]
        if _divides_by_itself(entry.node):
            each = [not one for one in _flat(values[entry.operands[0]])]
        if not (isinstance(entry.node, syntax.Call) and entry.node.function in BY_BRANCHES):
            for operand in entry.operands:
                before = found[operand]
                alike = len(before) == len(each)
                each = [one or (before[place] if alike else any(before)) for place, one in enumerate(each)]
        found.append(each)
    return tuple(found[-1])


def _divides_by_itself(node: Node) -> bool:
    """To algebra that is 1, of 0 too."""
    if not (isinstance(node, syntax.Binary) and node.operator == "/"):
        return False
    names = {one.name for one in node.operands if isinstance(one, syntax.Variable | syntax.Reference)}
    return len(names) == 1 and all(isinstance(one, syntax.Variable | syntax.Reference) for one in node.operands)


@lru_cache(maxsize=64)
def _read(formula: Formula, counts: Counts) -> Reading:
    expression = parsed(formula)
    length, sizes = common_length(expression, counts), dict(counts)
    entries: list[Entry] = []
    variables: dict[str, Expr] = {}
    told: dict[Node, Expr] = {}
    places: dict[Expr, int] = {}
    constants: set[Expr] = set()

    def add(entry: Entry) -> Expr:
        symbol = _symbol(f"o{len(entries)}", entry.vector)
        places[symbol] = len(entries)
        entries.append(entry)
        return symbol

    for node in postorder(expression):
        operands = [told[operand] for operand in node.operands]
        if isinstance(node, syntax.Variable):
            if node.name not in variables:
                variables[node.name] = add(Entry(node, bool(sizes[node.name])))
            told[node] = variables[node.name]
            continue
        whole = combined(node, operands, variables, length)
        if isinstance(node, (syntax.Reference, syntax.Comparison)) or not _symbols(operands):
            told[node] = whole
            continue
        told[node] = add(_operation(node, whole, _symbols(operands), places, length))
        constants.update(one for one in operands if not isinstance(one, tuple) and not one.free_symbols)
    last = places.get(told[expression.body])
    worst = max((_error(one, length) for one in constants if one.args), default=0.0)
    return Reading(() if last is None else tuple(entries[: last + 1]), length, worst)


def _error(constant: Expr, length: int) -> float:
    """What of it is lost where each step is rounded to a float."""
    program = Program([constant], length)
    exact = settled(lambda: _flat(program.at({})[0]))
    with mp.workprec(53):
        rounded = _flat(program.at({})[0])
    off = [(abs(one - true), abs(true)) for one, true in zip(rounded, exact, strict=True) if one != true]
    return float(max((by / size if size else mp.inf for by, size in off if mp.isfinite(by)), default=0))


def _symbol(name: str, vector: bool) -> Expr:
    return (Elements if vector else sympy.Symbol)(name, real=True)


def _symbols(operands: Sequence[Expr]) -> list[Expr]:
    """The pieces among the operands, and in a condition, each once."""
    parts = [part for operand in operands for part in (operand[::2] if isinstance(operand, tuple) else (operand,))]
    return list(dict.fromkeys(symbol for part in parts for symbol in sorted(part.free_symbols, key=str)))


def _operation(node: Node, whole: Expr, symbols: list[Expr], places: dict[Expr, int], length: int) -> Entry:
    slots = [_symbol(f"o{slot}", isinstance(symbol, Elements)) for slot, symbol in enumerate(symbols)]
    rule = _rule(whole.xreplace(dict(zip(symbols, slots, strict=True))), tuple(slots), length)
    if any(isinstance(symbol, Elements) for symbol in symbols) and not (rule.vector or makes_number(node)):
        raise GiveUpError(NO_VECTOR)
    return Entry(node, rule.vector, tuple(places[symbol] for symbol in symbols), rule)


@lru_cache(maxsize=512)
def _rule(whole: Expr, slots: tuple[Expr, ...], length: int) -> Rule:
    vector = is_vector(whole)
    seed = _symbol(SEED, vector)
    sent = [] if isinstance(whole, Vector) else [gradient(seed * whole, slot, length) for slot in slots]
    return Rule(whole, Program([whole], length), Program(sent, length), vector)


def _values(entries: Sequence[Entry], length: int, at: At, number: Callable[[float], Expr]) -> list[Number]:
    """Of each piece, where each variable stands at `number` of its floats."""
    values: list[Number] = []
    for entry in entries:
        if isinstance(entry.node, syntax.Variable):
            place = at[entry.node.name]
            value = list(map(number, place)) if isinstance(place, tuple) else number(place)
        else:
            assert entry.rule is not None
            value = entry.rule.value.at(_operands(entry, values))[0]
        values.append(_spread(value, entry.vector, length))
    return values


def _operands(entry: Entry, values: Sequence[Number]) -> dict[str, Number]:
    return {f"o{slot}": values[operand] for slot, operand in enumerate(entry.operands)}


def _spread(value: Number, vector: bool, length: int) -> Number:
    return [value] * length if vector and not isinstance(value, list) else value


def _pieces(entries: Sequence[Entry], length: int, at: At, dtype: Dtype, enough: Digits) -> tuple[Piece, ...]:
    def found() -> Iterator[Expr]:
        values = _values(entries, length, at, lambda number: as_float(number, dtype))
        gradients: list[Number] = [_spread(mp.zero, entry.vector, length) for entry in entries]
        gradients[-1] = _spread(mp.one, entries[-1].vector, length)
        sent: list[list[Number]] = [[] for _ in entries]
        for place in reversed(range(len(entries))):
            entry = entries[place]
            if entry.rule is not None:
                told = entry.rule.sent.at({**_operands(entry, values), SEED: gradients[place]})
                told = told or _to_items(entry.rule.whole, gradients[place], len(entry.operands))
                for operand, grad in zip(entry.operands, told, strict=True):
                    sent[place].append(_spread(grad, entries[operand].vector, length))
                    gradients[operand] = _sum(gradients[operand], sent[place][-1])
        for value, grad, each in zip(values, gradients, sent, strict=True):
            for number in (value, grad, *each):
                yield from _flat(number)

    numbers = iter(map(float_or_none, settled(found, enough)))

    def take(place: int) -> tuple[float | None, ...]:
        return tuple(islice(numbers, length if entries[place].vector else 1))

    return tuple(
        Piece(
            entry.node.start,
            entry.node.end,
            take(place),
            take(place),
            entry.operands,
            tuple(take(operand) for operand in entry.operands),
            entry.node.name if isinstance(entry.node, syntax.Variable) else None,
        )
        for place, entry in enumerate(entries)
    )


def _to_items(vector: Expr, gradient: Number, operands: int) -> list[Expr]:
    """What goes to each operand of a vector that is written out: the elements at which it stands."""
    slots = [str(item) for item in vector.args]
    return [
        mp.fsum(grad for name, grad in zip(slots, gradient, strict=True) if name == f"o{slot}")
        for slot in range(operands)
    ]


def _sum(one: Number, other: Number) -> Number:
    if isinstance(one, list) and isinstance(other, list):
        return [a + b for a, b in zip(one, other, strict=True)]
    return one + other


def _flat(number: Number) -> list[Expr]:
    return number if isinstance(number, list) else [number]
