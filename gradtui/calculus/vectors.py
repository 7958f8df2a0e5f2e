"""Vectors in calculus: functions in which elements mix, and the gradient of sum(f) written for one element at a time.

A vector variable is one symbol that stands for each of its elements. That is all that elementwise functions need;
a reduction is opaque to sympy, and the gradient goes through it by the rules of reverse mode below.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy

from gradtui.calculus.derivative_rules import BY_MPMATH, Elements, Expr, Reduction, Vector, bent_abs, exp, mp

ONE = sympy.S.One
LENGTH = sympy.Dummy("length", positive=True)
"""That of every vector, until a gradient is found: a sum that is divided by it is a mean."""


class GiveUpError(Exception):
    """There is no symbolic derivative; the message says why."""


class MixedError(GiveUpError):
    """What is the same for all elements, as they mix, meets a vector that is known element by element."""


def _softmax(x: list[Expr]) -> list[Expr]:
    parts = [mp.exp(item) for item in x]
    return [part / mp.fsum(parts) for part in parts]


def _cumsum(x: list[Expr]) -> list[Expr]:
    return [mp.fsum(x[: place + 1]) for place in range(len(x))]


def _var(x: list[Expr]) -> Expr:
    mean = mp.fsum(x) / len(x)
    return mp.fsum((item - mean) ** 2 for item in x) / (len(x) - 1)


def _logsumexp(x: list[Expr]) -> Expr:
    return mp.log(mp.fsum(mp.exp(item) for item in x))


def _is_only(x: list[Expr], value: Expr) -> list[Expr]:
    """1 for the one element that is `value`, else 0; at a tie there is no derivative."""
    one = mp.one if x.count(value) == 1 else mp.nan
    return [one if item == value else mp.zero for item in x]


SCALAR_VALUED = {"sum", "mean", "prod", "amax", "amin", "norm", "dot", "var", "std", "logsumexp"}
VALUES: dict[str, Callable[..., Expr]] = {
    "sum": mp.fsum,
    "mean": lambda x: mp.fsum(x) / len(x),
    "prod": mp.fprod,
    "amax": max,
    "amin": min,
    "norm": lambda x: mp.sqrt(mp.fsum(item * item for item in x)),
    "dot": mp.fdot,
    "var": _var,
    "std": lambda x: mp.sqrt(_var(x)),
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": lambda x: [item - _logsumexp(x) for item in x],
    "cumsum": _cumsum,
    "reversed_cumsum": lambda x: _cumsum(x[::-1])[::-1],
    "product_of_others": lambda x: [mp.fprod(x[:place] + x[place + 1 :]) for place in range(len(x))],
    "is_largest": lambda x: _is_only(x, max(x)),
    "is_smallest": lambda x: _is_only(x, min(x)),
}
VECTOR_VALUED = set(VALUES) - SCALAR_VALUED
KINDS: dict[str, Callable[..., Expr]] = {name: type(name, (Reduction,), {}) for name in VALUES}
BY_MPMATH.update(VALUES)

OF_A_NUMBER: dict[str, Callable[[Expr], Expr]] = {
    "norm": bent_abs,
    "softmax": lambda x: ONE,
    "log_softmax": lambda x: sympy.S.Zero,
}
"""What a reduction is where there is only one element; the others are that element itself."""


def reduced(name: str, x: Expr) -> Expr:
    if is_vector(x):
        return KINDS[name](x)
    if name in ("var", "std"):
        raise GiveUpError(f"{name} of a single number is not defined")
    return OF_A_NUMBER.get(name, lambda x: x)(x)


def dot(x: Expr, y: Expr) -> Expr:
    if not (is_vector(x) and is_vector(y)):
        raise GiveUpError("dot takes two vectors")
    return KINDS["dot"](x, y)


def is_vector(expression: Expr) -> bool:
    """Whether it has elements: a vector variable or literal in it that no reduction has taken up."""
    return any(isinstance(part, (Elements, Vector)) or _name(part) in VECTOR_VALUED for part in _outside(expression))


def gradient(expression: Expr, symbol: Expr, length: int) -> Expr:
    """d sum(expression) / d symbol, for each element where `symbol` is a vector. `length`: that of every vector."""
    result, waiting = sympy.S.Zero, [(expression, ONE)]
    while waiting:
        output, seed = waiting.pop()
        opaque = [part for part in _outside(output) if _is_opaque(part)]
        if not opaque:
            result += _shaped(seed * output.diff(symbol), symbol, output)
            continue
        names = {part: sympy.Dummy(real=True) for part in opaque}
        parts = {name: part for part, name in names.items()}
        plain = output.xreplace(names)
        result += _shaped(seed * plain.diff(symbol).xreplace(parts), symbol, output)
        for part, name in names.items():
            if part.has(symbol):
                arriving = _shaped(seed * plain.diff(name).xreplace(parts), part, output)
                waiting.extend(_through(part, arriving, length))
    return result.xreplace({LENGTH: sympy.Integer(length)})


def _outside(expression: Expr) -> list[Expr]:
    """Each part of the expression once, without what stands inside a reduction or a vector literal."""
    found: dict[Expr, None] = {}
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        if part not in found:
            found[part] = None
            if not isinstance(part, (Reduction, Vector)):
                waiting.extend(part.args)
    return list(found)


def _name(part: Expr) -> str:
    return type(part).__name__


def _is_opaque(part: Expr) -> bool:
    return isinstance(part, Reduction) or (isinstance(part, Vector) and bool(part.free_symbols))


def _shaped(gradient: Expr, target: Expr, output: Expr) -> Expr:
    """Summed over the elements of `output` where it was the scalar `target` that was spread over them."""
    if is_vector(target) or not (is_vector(output) or is_vector(gradient)):
        return gradient
    return _total(gradient)


def _total(expression: Expr) -> Expr:
    """The sum of the elements, with what is the same for all of them before it."""
    if not is_vector(expression):
        return LENGTH * expression
    shares = [term * LENGTH for term in sympy.Add.make_args(expression)]
    is_mean = not any(share.has(LENGTH) for share in shares)
    same, each = same_before(sympy.Add(*shares) if is_mean else expression)
    if _name(each) == "softmax":
        return same / LENGTH if is_mean else same
    return same * KINDS["mean" if is_mean else "sum"](each)


def same_before(expression: Expr) -> tuple[Expr, Expr]:
    """The factors that are the same for all elements, and what they are multiplied with."""
    factors = sympy.Mul.make_args(expression)
    same = sympy.Mul(*(factor for factor in factors if not is_vector(factor)))
    each = sympy.Mul(*(factor for factor in factors if is_vector(factor)))
    if each.is_Add:
        content, rest = each.primitive()
        same, each = (same * content, rest) if content.is_Integer else (same, each)
    return same, each


def _apart(expression: Expr) -> tuple[Expr, Expr]:
    """Its terms that have elements, and those that are the same for all elements."""
    terms = sympy.Add.make_args(expression)
    spread = [term for term in terms if is_vector(term)]
    return sympy.Add(*spread), sympy.Add(*(term for term in terms if not is_vector(term)))


def _through(part: Expr, seed: Expr, length: int) -> list[tuple[Expr, Expr]]:
    """Reverse mode through a reduction: each operand with the gradient that arrives at it."""
    if isinstance(part, Vector):
        return [(item, _element(seed, place)) for place, item in enumerate(part.args)]
    x, *rest = part.args
    match _name(part):
        case "sum":
            spread, same = _apart(x)
            return [(spread, seed), (same, seed * LENGTH)]
        case "mean":
            spread, same = _apart(x)
            return [(spread, seed / LENGTH), (same, seed)]
        case "prod":
            return [(x, seed * KINDS["product_of_others"](x))]
        case "amax":
            return [(x, seed * KINDS["is_largest"](x))]
        case "amin":
            return [(x, seed * KINDS["is_smallest"](x))]
        case "norm":
            return [(x, seed * x / part)]
        case "dot":
            return [(x, seed * rest[0]), (rest[0], seed * x)]
        case "var":
            return [(x, 2 * seed * (x - KINDS["mean"](x)) / (length - 1))]
        case "std":
            return [(x, seed * (x - KINDS["mean"](x)) / ((length - 1) * part))]
        case "logsumexp":
            return [(x, seed * KINDS["softmax"](x))]
        case "softmax":
            return [(x, part * (seed - _total(seed * part)))]
        case "log_softmax":
            return [(x, seed - exp(part) * _total(seed))]
        case "cumsum":
            return [(x, KINDS["reversed_cumsum"](seed + 0 * x))]
    raise GiveUpError(f"no rule for the derivative of {_name(part)}")


def _element(expression: Expr, place: int) -> Expr:
    """One element of a vector that is known element by element. What is reduced in it stays whole."""
    parts = (part for part in _outside(expression) if isinstance(part, (Reduction, Vector)))
    picked = expression.xreplace({part: part if isinstance(part, Reduction) else part.args[place] for part in parts})
    if is_vector(picked):
        raise MixedError("elements of a vector variable and a vector of expressions mix here")
    return picked
