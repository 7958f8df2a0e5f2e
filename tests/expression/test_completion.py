"""What is offered while one types: the rest of a name, or what the function takes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.expression.completion import completion
from gradtui.expression.functions import FUNCTIONS


@pytest.mark.parametrize(
    ("text", "rest", "is_text"),
    [
        ("mse", "_loss(", True),
        ("x + rel", "u(", True),
        ("clamp(", "x, min, max)", False),
        ("clamp(x", ", min, max)", False),
        ("clamp(x,", " min, max)", False),
        ("clamp(x, ", "min, max)", False),
        ("x.clamp(", "min, max)", False),
        ("torch.clamp(", "x, min, max)", False),
        ("clamp(sin(x), 0, ", "max)", False),
        ("huber_loss(p, t, ", "reduction=, delta=)", False),
        ("g(a, b) = a*b; g(x,", " b)", False),
        ("sin(x", ")", True),
    ],
)
def test_offered(text: str, rest: str, is_text: bool) -> None:
    assert completion(text) == (rest, is_text)


@pytest.mark.parametrize("text", ["", "x", "2 + ", "(x", "[x, ", "sin(x) + 1", "\\si", "the", "si = x; si", "x(", "1("])
def test_nothing_is_offered(text: str) -> None:
    assert completion(text) is None


def test_a_given_name_is_left_alone() -> None:
    assert completion("mse", ("mse",)) is None


@pytest.mark.long
@settings(max_examples=50, deadline=None)
@given(st.text("xy s=(),[]{};.\\\"'clampg0:"))
def test_any_text(text: str) -> None:
    found = completion(text)
    assert found is None or found.rest


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_says_what_it_takes(name: str) -> None:
    found = completion(f"{name}(")
    assert found is not None
    assert found.rest.endswith(")")
