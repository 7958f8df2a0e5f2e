"""All public formulas and every partial derivative to 50 digits: the reference, calculus, and torch's float64."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gradtui.calculus import derivative, derivative_rules
from gradtui.calculus.to_sympy import Formula
from gradtui.engine.typed.evaluate import evaluate
from gradtui.expression import parse
from gradtui.expression.syntax import (
    Binary,
    Call,
    Constant,
    Expression,
    Negation,
    Node,
    Number,
    Reference,
    Variable,
    fold,
)
from gradtui.graph.rounding import roundings
from gradtui.snapshot.model import Request
from tests.numbers.mathematics import FUNCTIONS, Real, mp

FORMULAS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "cases" / "formulas.json").read_text())

REFERENCE, EXACT = mp.mpf("1e-28"), mp.mpf("1e-46")
"""How far the references of 30 digits may be off, and what is computed with 50."""

ROUGH = {"Keijzer-4": mp.mpf("1e-15")}
"""References that have fewer digits: the 0.3 in this one was a float when it was made."""

CONSTANTS = {"pi": mp.pi, "e": mp.e}
ARITHMETIC = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": lambda a, b: a**b,
}


def digits(expression: Expression, at: dict[str, Real], *, binary: bool = False) -> Real:
    """f by mpmath alone, to 100 digits. binary: with the float64 that stands for a decimal such as 0.3, as torch has it."""

    def combine(node: Node, operands: list[Real]) -> Real:
        match node:
            case Number():
                return mp.mpf(node.value if binary else expression.text[node.start : node.end])
            case Constant():
                return +CONSTANTS[node.name]
            case Variable():
                return at[node.name]
            case Reference():
                return operands[0]
            case Negation():
                return -operands[0]
            case Binary():
                return ARITHMETIC[node.operator](*operands)
            case Call():
                return FUNCTIONS[node.function](*operands)
        raise AssertionError(node)

    return fold(expression, combine)[expression.body]


def slope(expression: Expression, at: dict[str, Real], name: str, *, binary: bool = False) -> Real:
    """df/d name by a central quotient over 10^-35 of itself: to 60 digits or more."""
    step = mp.mpf("1e-35") * max(1, abs(at[name]))
    high, low = (digits(expression, at | {name: at[name] + side * step}, binary=binary) for side in (1, -1))
    return (high - low) / (2 * step)


def near(one: Real, other: Real, relative: Real) -> bool:
    return bool(abs(one - other) <= relative * max(abs(one), abs(other)) + mp.mpf("1e-55"))


@pytest.mark.long
@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula["name"])
def test_fifty_digits(formula: dict[str, Any]) -> None:
    expression = parse(formula["expr"], formula["checks"][0]["at"])
    precise = ROUGH.get(formula["name"], REFERENCE)
    for check in formula["checks"]:
        exact = {name: mp.mpf(repr(number)) for name, number in check["at"].items()}
        counts = tuple((name, 0) for name in expression.variables)
        prepared = derivative._prepared(Formula(formula["expr"], frozenset(check["at"])), counts)
        f, *slopes = prepared.program.at(
            {name: derivative_rules.mp.mpf(repr(number)) for name, number in check["at"].items()}
        )
        assert near(digits(expression, exact), mp.mpf(check["value"]), precise)
        assert near(mp.mpf(f), digits(expression, exact), EXACT)
        for name, told in zip(expression.variables, slopes, strict=True):
            right = slope(expression, exact, name)
            assert near(right, mp.mpf(check["grads"][name]), precise), name
            assert near(mp.mpf(told), right, EXACT), name


@pytest.mark.long
@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula["name"])
def test_float64(formula: dict[str, Any]) -> None:
    """torch is within the bound on rounding that the check of autograd goes by, of the slope at the very float64 values."""
    for check in formula["checks"]:
        snapshot = evaluate(Request(1, formula["expr"], check["at"], "float64"))
        expression = parse(formula["expr"], check["at"])
        binary = {name: mp.mpf(number) for name, number in check["at"].items()}
        bounds = roundings(snapshot.graph, "float64")
        for name in expression.variables:
            gradient, (bound,) = snapshot.variables[name].grad.numbers[0], bounds[name]
            assert abs(gradient - slope(expression, binary, name, binary=True)) <= bound, name
            assert bound <= 1e-9 * max(1, abs(gradient)), name
