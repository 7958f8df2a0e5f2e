"""Elements of a large typed variable that get no gradient are told of as those of a small one are."""

from __future__ import annotations

import pytest
import torch

from gradtui.engine.typed.evaluate import evaluate
from gradtui.findings.findings import findings
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Request

LARGE = [4_097, 16_385]
"""Of the smaller one gradients are read one by one in a capture."""


def found(expression: str, odd: float, count: int) -> list[Finding]:
    at = tuple(odd if place % 4 == 0 else 1.5 for place in range(count))
    return [*findings(evaluate(Request(1, expression, {"x": at}, "float32")))]


@pytest.mark.parametrize("count", LARGE)
@pytest.mark.parametrize(
    ("expression", "odd"),
    [
        ("sum(relu(x))", -1.0),
        ("sum(sqrt(relu(x) + 1))", -1.0),
        ("mean(sigmoid(x))", 200.0),
        ("mean(tanh(x)^2)", 40.0),
        ("sum(where(x > 0, x^2, 3))", -1.0),
        ("sum(exp(x))", -300.0),
        ("sum(gelu(x))", -50.0),
        ("sum(max(x, 0))", -2.0),
        ("sum(clamp(x, -2, 2))", 3.0),
        ("sum(relu6(x))", 7.0),
    ],
)
def test_the_same_is_told(expression: str, odd: float, count: int) -> None:
    """As many as torch gives a gradient of 0."""
    (small,), (large,) = found(expression, odd, 16), found(expression, odd, count)
    assert (large.kind, large.node) == (small.kind, small.node)
    assert f"{-(-count // 4):,} of its {count:,} elements" in large.text


@pytest.mark.parametrize("count", [16, *LARGE])
@pytest.mark.parametrize(
    ("expression", "odd"),
    [
        ("sum(x^2)", 0.0),
        ("sum(abs(x))", 0.0),
        ("sum(x + relu(x))", -1.0),
        ("sum(relu(x) + relu(-x))", 0.0),
        ("sum(leaky_relu(x))", -1.0),
        ("sum(relu(x))", 2.0),
        ("sum(cos(x))", 0.0),
    ],
)
def test_what_is_at_rest_or_gets_a_gradient_by_another_way_is_no_fault(expression: str, odd: float, count: int) -> None:
    assert not found(expression, odd, count)


def test_the_numbers_are_those_of_torch() -> None:
    x = torch.tensor([-1.0 if place % 4 == 0 else 1.5 for place in range(4_097)], requires_grad=True)
    (grad,) = torch.autograd.grad(x.relu().sum(), x)
    (told,) = found("sum(relu(x))", -1.0, 4_097)
    assert f"{int((grad == 0).sum()):,} of" in told.text
