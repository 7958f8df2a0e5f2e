"""What people write instead: told of the piece that it stands for, and of no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

import gradtui
from tests.findings.test_detective import At, told


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
        ("sqrt(sum(x^2))", {"x": (1e30, 1.0)}, "norm(x)"),
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
    ],
)
def test_no_form_of_another_piece(text: str, at: At | float, never: str) -> None:
    """A piece is known by all of it, not by two of its operations."""
    for finding in told(text, at):
        assert never not in finding.remedy


def test_sums_of_sums_are_looked_at_once() -> None:
    """Each of 60 sums has the one before twice: 2^60 ways lead down."""
    doubled = "; ".join(f"t{number + 1} = t{number} + t{number}" for number in range(60))
    assert told(f"t0 = x + x; {doubled}; log(t60)", -1)[0].kind == "domain"


def standardised(x: torch.Tensor) -> torch.Tensor:
    return ((x - x.mean()) / x.std()).pow(2).sum()


def contrasted(x: torch.Tensor) -> torch.Tensor:
    likeness = (100 * x).exp()
    return -torch.log(likeness[0] / likeness.sum())


@pytest.mark.parametrize(("function", "form"), [(standardised, "std(x) + "), (contrasted, "log_softmax(x)")])
def test_in_a_persons_own_code(function: Callable[[torch.Tensor], torch.Tensor], form: str) -> None:
    x = torch.full((3,), 2.0, requires_grad=True)
    with gradtui.trace():
        out = function(x)
    assert form in gradtui.capture(out).findings[0].remedy
