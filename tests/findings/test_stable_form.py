"""What people write instead: told of the piece that it stands for, and of no other."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import torch

import gradtui
from tests.findings.test_detective import At, snapshot, told


@pytest.mark.parametrize(
    ("text", "at", "form"),
    [
        ("log(exp(x) + exp(y))", {"x": 100.0, "y": 1.0}, "logaddexp(x, y)"),
        ("log(mean(exp(x)))", {"x": (100.0, 1.0)}, "logsumexp(x) - log(n)"),
        ("exp(x)/(1 + exp(x))", 100, "sigmoid(x)"),
        ("y/(exp(x) + 1)", {"x": 100.0, "y": 2.0}, "y*sigmoid(-x)"),
        ("exp(x)/(1 + exp(y) + exp(x))", {"x": 100.0, "y": 1.0}, "softmax(x)"),
        ("exp(x)/sum(exp(x))", {"x": (-200.0, -200.0)}, "softmax(x)"),
        ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", 100, "tanh(x)"),
        ("sqrt(x^2 + y*y)", {"x": 1.0, "y": 1e30}, "hypot(x, y)"),
        ("sqrt(x^2 + 1)", 1e30, "hypot(x, sqrt(y))"),
        ("(x^2 + y^2)^0.5", {"x": 1e30, "y": 1.0}, "hypot(x, y)"),
        ("sqrt(sum(x^2))", {"x": (1e30, 1.0)}, "m*norm(x/m)"),
        ("sqrt(dot(x, x))", {"x": (1e30, 1.0)}, "m*norm(x/m)"),
        ("norm(x)", {"x": (1e30, 1.0)}, "m*norm(x/m)"),
        ("sqrt(sum(x^2))", {"x": (0.0, 0.0)}, "write norm(x)"),
        ("sqrt(x^2 + y^2)", {"x": 1e-30, "y": 0.0}, "hypot(x, y)"),
        ("sqrt(x^2)", 1e-30, "abs(x)"),
        ("sqrt(sum(x^2))", {"x": (1e-30, 1e-31)}, "m*norm(x/m)"),
        ("log(2 + exp(x))", 100, "logaddexp(x, log(c))"),
        ("log(exp(x) + y)", {"x": 100.0, "y": 2.0}, "logaddexp(x, log(y))"),
        ("log(exp(x) - 1)", 100, "x + log1p(-y*exp(-x))"),
        ("log(1 + exp(x) + exp(y))", {"x": 100.0, "y": 1.0}, "logsumexp"),
        ("log(exp(x)/sum(exp(y)))", {"x": 100.0, "y": (1.0, 2.0)}, "x - logsumexp(y)"),
        ("log(exp(x))", 100, "write x for"),
        ("log(cosh(x))", -100, "softplus(-2*abs(x))"),
        ("log(1/(1 + exp(-x)))", -100, "sigmoid(x)"),
        ("(1 + exp(-x))^-1", -100, "sigmoid(x)"),
        ("(exp(x) - exp(y))/(exp(x) + exp(y))", {"x": 100.0, "y": 1.0}, "tanh((x - y)/2)"),
        ("(exp(2x) - 1)/(exp(2x) + 1)", 100, "tanh(x/2)"),
        ("sinh(x)/cosh(x)", 100, "tanh(x)"),
        ("exp(x)/exp(y)", {"x": 100.0, "y": 99.0}, "exp(x - y)"),
        ("exp(x)/sum(exp(y))", {"x": 1.0, "y": (100.0, 1.0)}, "exp(x - logsumexp(y))"),
        ("log(1 - tanh(x)^2)", 20, "softplus(-2*x)"),
        ("log(-sigmoid(x) + 1)", 100, "logsigmoid(-x)"),
        ("sum(x/sqrt(sum(x^2)))", {"x": (0.0, 0.0)}, "sqrt(sum(x^2) + "),
        ("sin(x)*(1/x)", 0, "sinc(x/pi)"),
        ("sin(3x)/(3x)", 0, "sinc(x/pi)"),
        ("sum((x - mean(x))/std(x))", {"x": (2.0, 2.0)}, "std(x) + "),
        ("sum((x - mean(x))/sqrt(var(x)))", {"x": (2.0, 2.0)}, "var(x) + "),
        ("log(1 - sigmoid(x))", 100, "logsigmoid(-x)"),
        ("log(exp(x)[0]/sum(exp(x)))", {"x": (100.0, 1.0)}, "log_softmax(x)"),
        ("dot(x, y)/(norm(x)*norm(y))", {"x": (0.0, 0.0), "y": (1.0, 2.0)}, "cosine_similarity"),
    ],
)
def test_the_form_that_people_take_instead(text: str, at: At | float, form: str) -> None:
    assert form in told(text, at)[0].remedy


@pytest.mark.parametrize(
    ("text", "at", "never"),
    [
        ("exp(-x^2)/0", 1, "softmax"),
        ("exp(x)/y", {"x": 1.0, "y": 0.0}, "softmax"),
        ("exp(x)/x", 0, "sigmoid"),
        ("(exp(x) - 1)/x", 100, "tanh"),
        ("sin(x)/(x - 1)", 1, "sinc"),
        ("sin(y)/x", {"x": 0.0, "y": 1.0}, "sinc"),
        ("sin(3x)/x^2", 0, "sinc"),
        ("3*log(x)", 0, "xlogy"),
        ("y*log(x)", {"x": 0.0, "y": 2.0}, "xlogy"),
        ("sqrt(x^3 + 1)", 1e20, "hypot"),
        ("sqrt(sum(x^3))", {"x": (1e20, 1.0)}, "norm"),
        ("norm([x, 3])/y", {"x": 1.0, "y": 0.0}, "length"),
        ("log(2 + exp(x))", 100, "softplus(x) for log(1"),
        ("log(exp(x) - 1)", 100, "logaddexp"),
        ("log(exp(x) - exp(y))", {"x": 100.0, "y": 1.0}, "logaddexp"),
        ("log(exp(x) + y)", {"x": 100.0, "y": -2.0}, "logaddexp"),
        ("log(exp(x)/(exp(y) - 3))", {"x": 100.0, "y": 1.0}, "log_softmax(x), which"),
        ("log(exp(x)/sum(exp(y)))", {"x": 100.0, "y": (1.0, 2.0)}, "log_softmax"),
        ("exp(x)/(exp(x) - 1)", 100, "softmax(x)"),
        ("exp(x)/(x + exp(x))", 100, "softmax(x)"),
        ("exp(x)/sum(exp(y))", {"x": 1.0, "y": (100.0, 1.0)}, "softmax(x)"),
        ("(exp(2x) - 1)/(exp(2x) + 1)", 100, "y*sigmoid"),
        ("exp(x)*exp(x)", 60, "exp(x + y)"),
        ("exp(x)/exp(y)", {"x": 60.0, "y": -60.0}, "exp(x - y)"),
        ("sqrt(x^2 + y)", {"x": 1e30, "y": -4.0}, "hypot"),
        ("sqrt(x^2 + y^2)", {"x": 0.0, "y": 0.0}, "hypot"),
        ("sqrt(sum(x^2))", {"x": (1e30, 1.0)}, "write norm(x)"),
        ("sqrt(x^2)", 0, "abs(x)"),
        ("sqrt(sum(x^2))", {"x": (0.0, 0.0)}, "m*norm"),
        ("log(prod(x))", {"x": (-1e30, -1e30)}, "sum(log(x))"),
        ("log(prod(x))", {"x": (0.0, 1.0)}, "sum(log(x))"),
        ("log(0.5 - sigmoid(x))", 0, "logsigmoid"),
        ("sum(x*log(y))", {"x": (0.0, 2.0), "y": (1.0, 0.0)}, "xlogy"),
        ("x/norm(y)", {"x": 1e30, "y": (1e-10, 0.0)}, "length"),
        ("sin(x^2)/x^3", 0, "sinc"),
        ("sin(1 - x)/(x - 1)", 1, "sinc"),
    ],
)
def test_no_form_of_another_piece(text: str, at: At | float, never: str) -> None:
    """A piece is known by all of it, not by two of its operations."""
    for finding in told(text, at):
        assert never not in finding.remedy


ALIKE = [
    ("logaddexp(x, log(c))", "log(exp(x) + c)"),
    ("logsigmoid(x)", "log(exp(x)/(1 + exp(x)))"),
    ("logsigmoid(-x)", "log(1/(1 + exp(x)))"),
    ("x - logsumexp([x, y])", "log(exp(x)/sum(exp([x, y])))"),
    ("x + log1p(-y*exp(-x))", "log(exp(x) - y)"),
    ("abs(x) + softplus(-2*abs(x)) - log(2)", "log(cosh(x))"),
    ("sigmoid(log(c) - x)/c", "1/(c + exp(x))"),
    ("sigmoid(x - log(c))", "exp(x)/(c + exp(x))"),
    ("y/c*sigmoid(log(c) - x)", "y/(c + exp(x))"),
    ("y*sigmoid(-x)", "y/(1 + exp(x))"),
    ("tanh((x - y)/2)", "(exp(x) - exp(y))/(exp(x) + exp(y))"),
    ("tanh(x/2)", "(exp(x) - 1)/(exp(x) + 1)"),
    ("exp(x - logaddexp(y, c))", "exp(x)/(exp(y) + exp(c))"),
    ("hypot(x, sqrt(y))", "sqrt(x^2 + y)"),
    ("max(abs(x), abs(y))*norm([x, y]/max(abs(x), abs(y)))", "sqrt(x^2 + y^2)"),
    ("2*(log(2) - x - softplus(-2*x))", "log(1 - tanh(x)^2)"),
    ("sinc(x/pi)", "sin(x)/x"),
    ("2*sin(x/2)^2", "1 - cos(x)"),
    ("2*cos(x/2)^2", "1 + cos(x)"),
    ("2*sinh(x/2)^2", "cosh(x) - 1"),
    ("2*sigmoid(-2*x)", "1 - tanh(x)"),
    ("2*sigmoid(2*x)", "1 + tanh(x)"),
    ("erfc(-x)", "1 + erf(x)"),
    ("(x - 1)/(sqrt(x) + 1)", "sqrt(x) - 1"),
    ("(x - y)/(sqrt(x) + sqrt(y))", "sqrt(x) - sqrt(y)"),
    ("log1p((x - y)/y)", "log(x) - log(y)"),
    ("(y - x)/(x*y)", "1/x - 1/y"),
    ("exp(y)*expm1(x - y)", "exp(x) - exp(y)"),
    ("exp(c*log1p(x))", "(1 + x)^c"),
]


@pytest.mark.parametrize(("form", "of"), ALIKE)
def test_a_form_is_the_same_function(form: str, of: str) -> None:
    """By PyTorch, in float64, where both lose little."""
    at = {"x": 1.3, "y": 0.7, "c": 2.5}
    told_of = [
        snapshot(text, {name: at[name] for name in at if re.search(rf"\b{name}\b", text)}, "float64")
        for text in (form, of)
    ]
    values = [one.value.numbers for one in told_of if one.value is not None]
    grads = [{name: state.grad for name, state in one.variables.items()} for one in told_of]
    assert values[0] == pytest.approx(values[1], rel=1e-12)
    assert {*grads[0]} == {*grads[1]}
    for name, grad in grads[0].items():
        other = grads[1][name]
        assert grad is not None
        assert other is not None
        assert grad.numbers == pytest.approx(other.numbers, rel=1e-11)


def test_sums_of_sums_are_looked_at_once() -> None:
    """Each of 60 sums has the one before twice: 2^60 ways lead down."""
    doubled = "; ".join(f"t{number + 1} = t{number} + t{number}" for number in range(60))
    assert told(f"t0 = x + x; {doubled}; log(t60)", -1)[0].kind == "domain"


def standardised(x: torch.Tensor) -> torch.Tensor:
    return ((x - x.mean()) / x.std()).pow(2).sum()


def contrasted(x: torch.Tensor) -> torch.Tensor:
    likeness = (100 * x).exp()
    return -torch.log(likeness[0] / likeness.sum())


def determined(x: torch.Tensor) -> torch.Tensor:
    return (1e-15 * x).diag().det().abs().log()


def determined_by_0(x: torch.Tensor) -> torch.Tensor:
    return torch.log(torch.linalg.det((1e-20 * x).diag()))


def by_next_to_nothing(x: torch.Tensor) -> torch.Tensor:
    return (x / (1e-25 * x)).sum()


@pytest.mark.parametrize(
    ("function", "form"),
    [
        (standardised, "std(x) + "),
        (contrasted, "log_softmax(x)"),
        (determined, "slogdet(x)[1]"),
        (determined_by_0, "slogdet(x)[1]"),
        (by_next_to_nothing, "farther from 0"),
    ],
)
def test_in_a_persons_own_code(function: Callable[[torch.Tensor], torch.Tensor], form: str) -> None:
    x = torch.full((3,), 2.0, requires_grad=True)
    with gradtui.trace():
        out = function(x)
    assert form in gradtui.capture(out).findings[0].remedy


@pytest.mark.parametrize(
    ("function", "never"),
    [
        (lambda x: torch.log(2 + torch.exp(100 * x)), "softplus(x) for log(1"),
        (lambda x: torch.log(torch.exp(100 * x) - 1), "logaddexp"),
        (lambda x: 1 / (3 + torch.exp(100 * x)), "write sigmoid(-x)"),
    ],
)
def test_a_constant_that_is_not_known_is_not_taken_for_1(
    function: Callable[[torch.Tensor], torch.Tensor], never: str
) -> None:
    """torch keeps no constant of a sum."""
    x = torch.full((3,), 2.0, requires_grad=True)
    with gradtui.trace():
        out = function(x).sum()
    found = gradtui.capture(out).findings
    assert found
    assert not any(never in finding.remedy for finding in found)


@pytest.mark.parametrize(
    ("function", "form"),
    [
        (lambda x: torch.log(1 - torch.tanh(10 * x) ** 2), "softplus(-2*x)"),
        (lambda x: torch.log(1 - torch.tanh(10 * x).pow(2)), "softplus(-2*x)"),
        (lambda x: torch.log1p(-torch.sigmoid(20 * x)), "logsigmoid(-x)"),
        (lambda x: (1 + torch.exp(50 * x)) ** -1, "sigmoid"),
        (lambda x: torch.square(x * 1e19).sum().sqrt(), "m*norm(x/m)"),
    ],
)
def test_an_exponent_that_is_not_kept_is_known_by_what_was_made(
    function: Callable[[torch.Tensor], torch.Tensor], form: str
) -> None:
    x = torch.tensor([2.0, 0.01], requires_grad=True)
    with gradtui.trace():
        out = function(x).sum()
    assert form in gradtui.capture(out).findings[0].remedy


def test_another_exponent_is_not_taken_for_it() -> None:
    x = torch.tensor([2.0, 0.01], requires_grad=True)
    with gradtui.trace():
        out = torch.log(1 - torch.tanh(10 * x) ** 3).sum()
    assert "softplus" not in gradtui.capture(out).findings[0].remedy
