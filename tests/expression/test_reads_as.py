"""What people type, and the one reading of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gradtui.expression import parse, write
from gradtui.expression.syntax import Binary, Number, postorder
from tests.expression.shapes import python_shape, shape

CASES = Path(__file__).parents[1] / "cases"
NOTATIONS = [(case["typed"], case["reads_as"]) for case in json.loads((CASES / "notations.json").read_text())]
FORMULAS = json.loads((CASES / "formulas.json").read_text())

MORE = [
    # degrees, subscripts, other signs
    ("sin 30° + cos(45°)", "sin(deg2rad(30)) + cos(deg2rad(45))"),
    ("2x° + 45°x", "2*deg2rad(x) + deg2rad(45)*x"),
    ("h_θ(x) = θ x + μ_θ + w_{σ}", "theta*x + mu_theta + w_sigma"),
    ("log₃ x + log₃(y)^2", "log(x)/log(3) + (log(y)/log(3))^2"),
    ("x → x⊙y ✕ 2", "x*y*2"),
    ("Δ*x + Δ^2 sin(x)", "Delta*x + Delta^2*sin(x)"),
    ("Δ = 3; Δx", "Delta = 3; Delta*x"),
    ("wᵢxᵢ² + b₁₂ + logₑ(y)", "w_i*x_i^2 + b_12 + log(y)/log(e)"),
    ("sin\u2061(x) + 2\u2062x", "sin(x) + 2*x"),
    ("(x, y) => x*y", "x*y"),
    ("(x) -> x^2", "x^2"),
    # conditions that are joined
    ("where(0 < x < 2, x, y)", "where(0 < x, where(x < 2, x, y), y)"),
    ("where(x > 0 and y > 0, x, y)", "where(x > 0, where(y > 0, x, y), y)"),
    ("where(x < 0 or (x > 1), x^2, 0)", "where(x < 0, x^2, where(x > 1, x^2, 0))"),
    ("where(x < 0 or x > 2 and y > 0, 1, 0)", "where(x < 0, 1, where(x > 2, where(y > 0, 1, 0), 0))"),
    ("x if -1 <= x <= 1 else 0", "where(-1 <= x, where(x <= 1, x, 0), 0)"),
    # a power to T, where it is one
    ("x^T", "x^T"),
    ("w^(T) x", "w^T*x"),
    ("T + w^T x", "T + w^T*x"),
    ("T = 3; w^T x", "T = 3; w^T*x"),
    ("e^T x + 2^T x", "e^T*x + 2^T*x"),
    ("e^{(x)} + x^{(1/2)} + 2^{(n)}", "e^x + x^(1/2) + 2^n"),
    # e of Mathematica, and E elsewhere
    ("E^(-x) Sin[x]", "e^-x*sin(x)"),
    ("Pi Exp[Pi x]/E", "pi*exp(pi*x)/e"),
    ("E^x + E x[0]", "E^x + E*x[0]"),
    # raised numbers, roots, bars
    ("x⁻¹", "x^-1"),
    ("x¹⁰", "x^10"),
    ("x²y", "x^2*y"),
    ("√(x+1)", "sqrt(x + 1)"),
    ("√(x+1)^2", "sqrt(x + 1)^2"),
    ("√√x", "sqrt(sqrt(x))"),
    ("∛x + ∜y", "cbrt(x) + y^(1/4)"),
    ("∛(x+1)²", "cbrt(x + 1)^2"),
    # copied from a page
    ("𝑥² + 𝟐𝜋", "x^2 + 2*pi"),
    ("ℯ^𝑥", "e^x"),
    ("（ｘ＋１）²", "(x + 1)^2"),
    ("x‑1 — y", "x - 1 - y"),
    ("∣x∣∣y∣ + ∥z∥", "abs(x)*abs(y) + norm(z)"),
    ("‖x‖² + |x|²", "norm(x)^2 + abs(x)^2"),
    ("2⌊x⌋⌈y⌉ + ⌊⌊x⌋/2⌋", "2*floor(x)*ceil(y) + floor(floor(x)/2)"),
    ("½x² + ⅔", "1/2*x^2 + 2/3"),
    ("x^½ + sin ½x", "x^(1/2) + sin(1/2*x)"),
    ("1/½", "1/(1/2)"),
    ("eˣ + e⁻ˣ + e⁻²ˣ + xⁿ + λᶿ", "e^x + e^-x + e^(-(2*x)) + x^n + lambda^theta"),
    ("where(x ⩾ 1, 2•x, x)", "where(x >= 1, 2*x, x)"),
    ("√x y", "sqrt(x)*y"),
    ("√|x|", "sqrt(abs(x))"),
    ("2|x|", "2*abs(x)"),
    ("|x||y|", "abs(x)*abs(y)"),
    ("|x|y|z|", "abs(x)*y*abs(z)"),
    ("|x+|y||", "abs(x + abs(y))"),
    ("||x|-1|", "abs(abs(x) - 1)"),
    ("|(|x|)|", "abs(abs(x))"),
    ("|sin x|", "abs(sin(x))"),
    # functions without parentheses
    ("sin x cos x", "sin(x)*cos(x)"),
    ("sin cos x", "sin(cos(x))"),
    ("sin x^2", "sin(x^2)"),
    ("sin 2 pi x", "sin(2*pi*x)"),
    ("sin x*2", "sin(x)*2"),
    ("log x y", "log(x*y)"),
    ("sin 2(x+1)", "sin(2*(x + 1))"),
    ("2sin(x)cos(x)", "2*sin(x)*cos(x)"),
    ("sin² x", "sin(x)^2"),
    ("sin^2 2x", "sin(2*x)^2"),
    ("sin(x)²", "sin(x)^2"),
    ("max x", "max(x)"),
    # precedence
    ("-2x", "-2*x"),
    ("-x^2^-y", "-x^(2^-y)"),
    ("2^-x^2", "2^(-x^2)"),
    ("(-x)^2", "(-x)^2"),
    ("(x^2)^3", "(x^2)^3"),
    ("x-(y-z)", "x - (y - z)"),
    ("x/(2y)", "x/(2*y)"),
    ("x/2y", "x/2*y"),
    ("-(x+1)", "-(x + 1)"),
    ("--x", "--x"),
    ("+x", "x"),
    ("x - -y", "x - -y"),
    ("x(x+1)", "x*(x + 1)"),
    # Python and PyTorch
    ("torch.nn.functional.softplus(x, 2, threshold=30)", "softplus(x, 2, 30)"),
    ("torch.special.expit(x)", "sigmoid(x)"),
    ("np.arctan2(y, x)", "atan2(y, x)"),
    ("(x+1).exp().sum()", "sum(exp(x + 1))"),
    ("x.clamp(0, 1)", "clamp(x, 0, 1)"),
    ("clamp(x, max=1, min=0)", "clamp(x, 0, 1)"),
    ("F.leaky_relu(x, negative_slope=0.2)", "leaky_relu(x, 0.2)"),
    ("F.softmax(x, dim=-1)", "softmax(x)"),
    ("torch.softmax(x, 0)", "softmax(x)"),
    ("pow(x, 2)", "x^2"),
    ("torch.add(x, 3).neg()", "-(x + 3)"),
    ("math.e^x", "e^x"),
    ("torch.pi x", "pi*x"),
    ("where((x > 0), 1, 2)", "where(x > 0, 1, 2)"),
    ("where(x ≤ 0, 1, 2)", "where(x <= 0, 1, 2)"),
    # numbers and names
    ("2e", "2*e"),
    ("2e^x", "2*e^x"),
    ("2e3x", "2000.0*x"),
    ("1e−3x", "0.001*x"),
    ("3.x", "3.0*x"),
    ("0x", "0*x"),
    ("007", "7"),
    ("NaN*x - ∞", "nan*x - inf"),
    ("πr²", "pi*r^2"),
    ("θ + theta", "theta + theta"),
    ("x₁ + x_1", "x_1 + x_1"),
    ("λ x", "lambda*x"),
    ("sum(λ[1:]) + x", "sum(lambda[1:]) + x"),
    ("λ*sum(x[1:2])", "lambda*sum(x[1:2])"),
    ("x⋅y ∙ z – 1", "x*y*z - 1"),
    ("[1, 2.5, -x]", "[1, 2.5, -x]"),
    # statements
    ("a = x^2\nsin(a)", "a = x^2; sin(a)"),
    ("\n a = x;\n\n a + 1;\n", "a = x; a + 1"),
    ("sq = x^2; 2sq", "sq = x^2; 2*sq"),
    ("(x\n+\r\n1)", "x + 1"),
    ("loss = (x - 1)^2", "(x - 1)^2"),
]


@pytest.mark.parametrize(("typed", "reading"), NOTATIONS + MORE)
def test_reading(typed: str, reading: str) -> None:
    expression = parse(typed)
    assert write(expression) == reading
    assert shape(parse(reading)) == shape(expression)
    assert write(parse(reading)) == reading


@pytest.mark.parametrize("case", FORMULAS, ids=[case["name"] for case in FORMULAS])
def test_formula(case: dict[str, object]) -> None:
    """All formulas are read as Python reads them; names in `names` are variables whatever they are."""
    text, checks = str(case["expr"]), case["checks"]
    assert isinstance(checks, list)
    names = tuple(checks[0]["at"])
    expression = parse(text, names)
    assert set(expression.variables) == set(names)
    expected = python_shape(text.replace("^", "**")).replace("arcsin", "asin")
    for constant in {"pi", "e"} - set(names):
        expected = f" {expected} ".replace(f" {constant} ", f" <{constant}> ").strip()
        expected = expected.replace(f" {constant})", f" <{constant}>)")
    assert shape(expression) == expected
    assert shape(parse(write(expression), names)) == expected


def test_integers_stay_integers() -> None:
    body = parse("x^2").body
    assert isinstance(body, Binary)
    assert isinstance(body.right, Number)
    assert type(body.right.value) is int
    assert type(next(node.value for node in postorder(parse("2.0")) if isinstance(node, Number))) is float


@pytest.mark.parametrize(
    ("text", "names", "variables"),
    [
        ("y + x*y", (), ("y", "x")),
        ("f(x, y) = y + x + z", (), ("x", "y", "z")),
        ("a = z^2; f(x) = a + x", (), ("x", "z")),
        ("f(x) = 3", (), ("x",)),
        ("mass(height) = height^2", (), ("height",)),
        ("e^x", ("e",), ("e", "x")),
        ("E_n + I_0 + w1 + omega_0 + Volt", ("Volt",), ("E_n", "I_0", "w1", "omega_0", "Volt")),
        ("θ + theta", ("θ",), ("θ",)),
        ("Δx + 1", ("Δx",), ("Δx",)),
        ("sin(x)", ("sin",), ("sin", "x")),
        ("f(x)", ("f",), ("f", "x")),
        ("x = 42; x", (), ()),
    ],
)
def test_variables(text: str, names: tuple[str, ...], variables: tuple[str, ...]) -> None:
    assert parse(text, names).variables == variables


@pytest.mark.parametrize(("text", "name"), [("x^2", "f"), ("g(x) = x", "g"), ("y = x", "y"), ("a = x; b = a", "b")])
def test_name(text: str, name: str) -> None:
    assert parse(text).name == name


def test_a_bound_value_is_one_node() -> None:
    expression = parse("a = x^2; a*a")
    left, right = expression.body.operands
    assert left.operands == right.operands == (expression.bindings[0].value,)


def test_as_deep_as_may_be() -> None:
    text = "x" + " + x" * 2000
    assert write(parse(text)) == text
