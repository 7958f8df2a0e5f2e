"""Every node knows the piece of the text that made it."""

from __future__ import annotations

import pytest

from gradtui.expression import parse
from gradtui.expression.syntax import postorder


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("x^2 + 3x + 1", ["x", "2", "x^2", "3", "x", "3x", "x^2 + 3x", "1", "x^2 + 3x + 1"]),
        ("(x * x) + (3 * x)", ["x", "x", "x * x", "3", "x", "3 * x", "(x * x) + (3 * x)"]),
        ("2((x+1))", ["2", "x", "1", "x+1", "2((x+1))"]),
        ("-(x)^2", ["x", "2", "(x)^2", "-(x)^2"]),
        ("+x - 1", ["x", "1", "+x - 1"]),
        ("sin 2x cos x", ["2", "x", "2x", "sin 2x", "x", "cos x", "sin 2x cos x"]),
        ("sin^2(x)y", ["x", "sin^2(x)", "2", "sin^2(x)", "y", "sin^2(x)y"]),
        ("2|x+1|", ["2", "x", "1", "x+1", "|x+1|", "2|x+1|"]),
        ("√(x)²", ["x", "√(x)", "²", "√(x)²"]),
        ("x⁻¹²", ["x", "¹²", "⁻¹²", "x⁻¹²"]),
        ("torch.sin( x )", ["x", "torch.sin( x )"]),
        ("(x + 1).pow(2)", ["x", "1", "x + 1", "2", "(x + 1).pow(2)"]),
        ("a = 2x; f(x) = a", ["2", "x", "2x", "a"]),
        ("where((x > 0), 1, 2)", ["x", "0", "x > 0", "1", "2", "where((x > 0), 1, 2)"]),
        ("[1, -x]", ["1", "x", "-x", "[1, -x]"]),
        ("math.pi*θ", ["math.pi", "θ", "math.pi*θ"]),
    ],
)
def test_spans(text: str, pieces: list[str]) -> None:
    assert [text[node.start : node.end] for node in postorder(parse(text))] == pieces


def test_what_stands_inside_is_spanned() -> None:
    text = "f(x) = sin^2 x cos(x)|x - 1|(x+1)/√x + x.clamp(-1, max(1, x²))^x"
    for node in postorder(parse(text)):
        assert 0 <= node.start < node.end <= len(text)
        for operand in node.operands:
            assert node.start <= operand.start
            assert operand.end <= node.end
