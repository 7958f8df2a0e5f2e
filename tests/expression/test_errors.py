"""What is refused: with its kind, at its place, with a way out."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from gradtui.expression import ExpressionError, parse, write

HOSTILE = json.loads((Path(__file__).parents[1] / "cases" / "hostile.json").read_text())


def refused(text: str, names: tuple[str, ...] = ()) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse(text, names)
    error = caught.value
    assert 0 <= error.start <= error.end <= len(text)
    assert error.message == str(error)
    return error


def outcome(text: str) -> ExpressionError | None:
    try:
        parse(text)
    except ExpressionError as error:
        return error
    return None


@pytest.mark.parametrize("case", HOSTILE, ids=[str(i) for i in range(len(HOSTILE))])
def test_hostile(case: dict[str, str]) -> None:
    start = time.perf_counter()
    error = outcome(case["expr"])
    assert time.perf_counter() - start < 0.5
    if error:
        assert error.kind in ("syntax", "name", "arity", "limit")
        assert error.message.isprintable()
        assert error.hint.isprintable()
        assert 0 <= error.start <= error.end <= len(case["expr"])
    else:
        assert case["kind"] != "escape", write(parse(case["expr"]))


@pytest.mark.parametrize(
    ("text", "kind", "place", "hint"),
    [
        # the end of the text
        ("x +", "syntax", (3, 3), "add a number or a name"),
        ("x + ", "syntax", (4, 4), "add a number or a name"),
        ("1e+", "syntax", (3, 3), "add a number or a name"),
        ("sin(x", "syntax", (5, 5), "closing parenthesis"),
        ("(", "syntax", (1, 1), "closing parenthesis"),
        ("[1, 2", "syntax", (5, 5), "closing bracket"),
        ("|x", "syntax", (2, 2), "closing bar, or write abs(...)"),
        ("x + ; y", "syntax", (4, 4), "add a number or a name"),
        ("", "syntax", (0, 0), "x^2"),
        (";;;", "syntax", (0, 3), "x^2"),
        # brackets and commas
        ("x + 1)", "syntax", (5, 6), "leave out )"),
        ("(x]", "syntax", (2, 3), "closing parenthesis"),
        ("()", "syntax", (0, 2), ""),
        ("[]", "syntax", (0, 2), ""),
        ("(1, 2)", "syntax", (2, 3), "[1, 2, 3]"),
        ("[[1]]", "syntax", (1, 4), ""),
        ("2[0]", "syntax", (1, 2), "*"),
        ("x[0", "syntax", (3, 3), "closing bracket"),
        ("x[(", "syntax", (3, 3), "closing bracket"),
        ("x[]", "syntax", (1, 3), "x[0]"),
        ("x[y]", "syntax", (2, 3), "x[1:]"),
        ("x[1.5]", "syntax", (2, 5), "x[1:]"),
        ("x[0, 1]", "syntax", (2, 6), ""),
        ("x[::-1]", "syntax", (4, 6), "x[::2]"),
        ("x[1:2:3:4]", "syntax", (2, 9), ""),
        # lines that may go on, and what comes after the function
        ("y = x^2\n- 3x", "syntax", (8, 9), "one line"),
        ("y = x^2\n\n  + 3x", "syntax", (11, 12), "in parentheses"),
        ("x\n+ 1", "syntax", (2, 3), "one line"),
        ("def f(x):\n  return x^2\n- 3", "syntax", (23, 24), "one line"),
        (r"\begin{align} f &= x \\ &= 2x \end{align}", "syntax", (25, 26), "keep one"),
        ("=exp(x)", "syntax", (0, 1), "leave it out"),
        ("def f(x):\n  return x\n  return y", "syntax", (23, 29), "leave it out"),
        ("f(x) = x^2; x = 3", "syntax", (12, 17), "--at x=3"),
        ("y = x^2 + b\nw = -pi/2", "syntax", (12, 21), "--at w=3"),
        ("sin(x; y", "syntax", (5, 5), "closing parenthesis"),
        ("POWER(1,5;2)", "arity", (0, 12), "pow(x, y)"),
        ("x.detach()*x", "name", (1, 8), "model.py:loss"),
        ("x.backward()", "name", (1, 10), "derivative"),
        ("tf.nn.leaky_relu(x)", "name", (0, 16), "leaky_relu(x)"),
        ("nn.GELU(approximate='tanh')(x)", "arity", (8, 19), "gelu(x)"),
        ("nn.LeakyReLU(0.2)(x", "syntax", (19, 19), "closing parenthesis"),
        ("where((x > 0) | (x < -2), x, 0)", "syntax", (14, 15), "write and, or"),
        ("x > 0 and x < 2", "syntax", (0, 15), "where"),
        ("where(x > 0 and y, 1, 2)", "name", (12, 15), "two comparisons"),
        ("where(not x > 0, 1, 2)", "name", (6, 9), "opposite"),
        ("Δx/Δt", "name", (0, 2), "Delta_x"),
        (r"\frac{\Delta x}{\Delta t}", "name", (6, 14), "for a product"),
        (r"\dot{x} + x", "syntax", (0, 4), "derivative"),
        ("ln2 + x", "name", (0, 3), "ln(2)"),
        ("sin2x", "name", (0, 5), "sin(2x)"),
        ("If[x > 0, x, -x]", "name", (0, 2), "where(x > 0, a, b)"),
        ("torch.max(x, 0)", "arity", (13, 14), "maximum(x, y)"),
        ("x.min(-1)", "arity", (6, 8), "minimum(x, y)"),
        ("np.max(x, 0)", "arity", (10, 11), "max(x)"),
        ("ATAN2(x, y)", "name", (0, 5), "atan2(y, x)"),
        ("scipy.special.kl_div(x, y)", "name", (0, 20), "kl_div(x)"),
        ("20°C + x", "syntax", (2, 4), "unit"),
        # marks that are raised, and are no powers
        ("w^T x + b", "syntax", (1, 3), "dot(w, x)"),
        (r"\mathbf{w}^{T}\mathbf{x}", "syntax", (10, 14), "dot"),
        (r"\theta^T(x - y)", "syntax", (6, 8), "^(T)"),
        ("x^T|y|", "syntax", (1, 3), "dot(x, x)"),
        ("x^{(2)} + y", "syntax", (1, 7), "x_2"),
        ("(y^{(i)} - 1)^2", "syntax", (2, 8), "y^i for a power"),
        ("a^{[1]}", "syntax", (1, 7), "a_1"),
        (r"\theta_1^{(2)}", "syntax", (8, 14), r"\theta_1^2"),
        ("I*Sin[x]", "name", (0, 1), "real"),
        # operators
        ("* x", "syntax", (0, 1), ""),
        ("x ** * y", "syntax", (5, 6), ""),
        ("2 3", "syntax", (2, 3), "*3"),
        ("(x+1)2", "syntax", (5, 6), "*2"),
        ("1.2.3", "syntax", (3, 5), ""),
        ("x // 2", "syntax", (2, 4), "floor(x/2)"),
        ("x!!", "syntax", (1, 3), "(x!)!"),
        ("!x", "syntax", (0, 1), ""),
        ("x @", "syntax", (3, 3), "add a number or a name"),
        ("x += 1", "syntax", (2, 4), "a = x^2"),
        # read in two ways
        ("√x²", "syntax", (0, 3), "√(x^2) or (√x)^2"),
        ("x²^3", "syntax", (2, 3), "parentheses"),
        ("sin x (x+1)", "syntax", (0, 7), "parentheses"),
        ("sin x e^x", "syntax", (0, 7), "parentheses"),
        ("sin^-1(x)", "syntax", (0, 4), "asin(x) for the inverse, 1/sin(x)"),
        ("sin⁻¹ x", "syntax", (0, 5), "asin(x)"),
        ("0x1F", "syntax", (0, 4), "31"),
        ("f(f(x))", "name", (0, 1), "f(x) = ..."),
        ("h(x+1)", "name", (0, 1), "h*(...)"),
        # comparisons
        ("x > 0", "syntax", (0, 5), "where("),
        ("(x > 0) + 1", "syntax", (1, 6), "where("),
        ("where(x, 1, 2)", "syntax", (6, 7), "where(x > 0"),
        ("where(x = 0, 1, 2)", "syntax", (6, 7), "x == 0"),
        ("if x > 0: x", "name", (0, 2), "where("),
        ("x if x > 0", "syntax", (2, 4), "else"),
        ("x else y", "name", (2, 6), "where("),
        ("x if x else y", "syntax", (5, 6), "where("),
        ("|x if x > 0 else y|", "name", (3, 5), "where("),
        ("x and y", "name", (2, 5), "where("),
        # words
        ("xy", "name", (0, 2), "did you mean x*y?"),
        ("2 + sinx", "name", (4, 8), "did you mean sin(x)?"),
        ("sinn", "name", (0, 4), "did you mean sin?"),
        ("cosn(x)", "name", (0, 4), "did you mean cos?"),
        ("relo(x)", "name", (0, 4), "did you mean relu?"),
        ("xsin(x)", "name", (0, 4), "did you mean x*sin(...)?"),
        ("pix", "name", (0, 3), "did you mean pi*x?"),
        ("csec(x)", "name", (0, 4), "csc(x)"),
        ("Pi x", "name", (0, 2), "pi?"),
        ("Π(x)", "name", (0, 1), "Π*(...)"),
        ("PI x", "name", (0, 2), "pi?"),
        ("3,5x", "syntax", (1, 2), "3.5"),
        ("(0,5x)^2", "syntax", (2, 3), "0.5"),
        ("sin(0,5x)", "arity", (5, 6), "0.5"),
        ("sin(0,25x)", "arity", (5, 6), "0.25"),
        ("sqrt(1,05)", "arity", (6, 7), "1.05"),
        ("sin(0,x)", "arity", (0, 8), "sin(x)"),
        ("x + 1 = 0", "syntax", (6, 7), "left - (right)"),
        ("LOG(x)", "name", (0, 3), "log"),
        ("Sinc[x]", "name", (0, 4), "sinc"),
        ("Log[2, x]", "syntax", (3, 9), "log(x, 2)"),
        ("Sin[x", "syntax", (5, 5), "closing bracket"),
        ("log_(x)", "name", (0, 4), "log"),
        ("factorial(x)", "name", (0, 9), "x!"),
        ("torch.sinn(x)", "name", (0, 10), "did you mean torch.sin?"),
        ("torch.zeros(3)", "name", (0, 11), ""),
        ("np.var(x)", "name", (0, 6), "var(x)"),
        ("x.numpy()", "name", (1, 7), ""),
        ("x.sinn()", "name", (1, 6), ".sin()"),
        ("x.sin", "syntax", (1, 5), ".sin()"),
        ("1 + lambda x: x", "syntax", (4, 13), "f(x) = x^2"),
        ("_a + 1", "name", (0, 2), "letter"),
        # definitions
        ("y = y", "name", (4, 5), ""),
        ("f(x) = f(x - 1)", "name", (7, 8), ""),
        ("pi = 3; pi", "name", (0, 2), "another name"),
        ("sin = 3; sin", "name", (0, 3), "another name"),
        ("a = 1; a = 2; a", "name", (7, 8), "another name"),
        ("b = a; a = 1; a*b", "name", (7, 8), "another name"),
        ("f(x, x) = x", "name", (5, 6), ""),
        ("x^2 = 4", "syntax", (4, 5), "=="),
        ("x; x + 1", "syntax", (0, 1), "a = x^2"),
        # functions of the text's own
        ("g(t) = t^2; g(x, 2)", "arity", (12, 19), "g(t)"),
        ("g(t) = t^2; g + 1", "arity", (12, 13), "g(t)"),
        ("g(t) = t^2; x; g(x)", "syntax", (12, 13), "a = x^2"),
        ("g(t) = g(t - 1); g(x)", "name", (7, 8), ""),
        ("g(t) = t; g(u) = u; g(x)", "name", (10, 11), "another name"),
        ("g(t) = a*t; a = 2; g(x)", "name", (12, 13), "another name"),
        ("g(sin) = 1; g(x)", "name", (2, 5), "another name"),
        # pasted from Python
        ("def f(x):", "syntax", (9, 9), "return"),
        ("def f(x): y = x^2", "syntax", (17, 17), "return"),
        ("def f(): return 5", "syntax", (6, 7), "def f(x):"),
        ("def f(x) return x", "syntax", (17, 17), "def f(x):"),
        ("def f(x=2): return x", "syntax", (7, 8), "--at"),
        ("def f(x):\n  if x > 0:\n    return x", "name", (12, 14), "where("),
        ("def f(x):\n  for i in x:\n    return x", "name", (12, 15), ""),
        ("def f(x):\n  print(x)\n  return x", "name", (12, 17), ""),
        ("def f(x): r = r + x; return r", "name", (14, 15), ""),
        ("return x; x + 1", "syntax", (0, 8), "a = x^2"),
        ("return", "syntax", (6, 6), "return x^2"),
        ("sin(x) = 0.5", "name", (0, 3), "another name"),
        ("def elu(x): return elu(x - 1)", "name", (19, 22), "other names"),
        ("def sin(x): y = sin(x); return y", "name", (16, 19), "other names"),
        ("import os\nx", "name", (0, 6), "f(x)"),
        ("import torch", "name", (0, 6), "f(x)"),
        ("torch.tensor(x)", "name", (0, 12), "--at"),
        ("torch.tensor(2.0, requires_grad=True)", "name", (0, 12), "--at"),
        ("torch.tensor(", "name", (0, 12), "--at"),
        ("nn.Linear(3, 1)(x)", "name", (0, 9), "functions"),
        ("jnp.var(x)", "name", (0, 7), "var(x)"),
        ("x times", "syntax", (7, 7), "add a number or a name"),
        ("# x", "syntax", (0, 3), "x^2"),
        ("x := 3", "syntax", (2, 4), "a = x^2"),
        ("x + y -> 2", "syntax", (6, 8), ""),
        ("@(x", "syntax", (0, 1), ""),
        ("1_0", "name", (1, 3), ""),
        ("def f(x: open(1)): return x", "syntax", (13, 14), "def f(x):"),
        ("def f(x) -> open(1): return x", "syntax", (16, 17), "def f(x):"),
        # LaTeX
        ("\\frac{x}", "syntax", (8, 8), "frac"),
        ("\\frac{x{2}", "syntax", (10, 10), "brace"),
        ("\\foo x", "syntax", (0, 4), "\\frac"),
        ("\\sum x", "syntax", (0, 4), "sum(x)"),
        ("\\sin^{-1}(x)", "syntax", (0, 5), "asin(x)"),
        ("x \\", "syntax", (2, 3), ""),
        ("\\sqrt[x]{2}", "syntax", (0, 7), "x^(1/n)"),
        ("\\begin{cases} x \\end{cases}", "syntax", (16, 27), "otherwise"),
        ("\\begin{cases} x & x>0", "syntax", (21, 21), "\\end{cases}"),
        ("\\begin{cases} x & x", "syntax", (18, 19), "x > 0"),
        ("\\begin{cases} 1 & \\text{otherwise} \\\\ 2 & x>0 \\end{cases}", "syntax", (35, 37), "\\end{cases}"),
        ("x \\end{cases}", "syntax", (2, 13), ""),
        ("\\begin{matrix} 1 \\end{matrix}", "syntax", (0, 14), "\\frac"),
        ("x \\\\ y", "syntax", (2, 4), "\\frac"),
        ("\\|x\\|_1", "syntax", (3, 7), ""),
        ("\\lVert x\\rVert_1", "syntax", (8, 16), ""),
        ("\\overline{AB}", "syntax", (0, 13), ""),
        ("\\bary", "syntax", (0, 5), ""),
        ("\\mathrm{d}x", "syntax", (0, 10), "derivative is shown"),
        ("w^\\top x", "syntax", (2, 6), "dot(w, x)"),
        ("x^2, x", "syntax", (3, 4), "[1, 2, 3]"),
        ("sqrt[", "syntax", (0, 5), "x^(1/n)"),
        ("\\sqrt[3", "syntax", (0, 7), "x^(1/n)"),
        ("\\sqrt[³]{x}", "syntax", (0, 7), "x^(1/n)"),
        ("\\sqrt x^2", "syntax", (0, 8), "{x^2}"),
        ("\\sqrt12", "syntax", (6, 7), "*2"),
        ("sin^{²}x", "syntax", (0, 4), "asin(x)"),
        ("x^{2", "syntax", (4, 4), "closing brace"),
        ("x $ y", "syntax", (2, 3), "leave it out"),
        # signs of paper
        ("∑ x", "syntax", (0, 1), "sum(x)"),
        ("∫ x", "syntax", (0, 1), ""),
        ("∇ x", "syntax", (0, 1), "derivative is shown"),
        # losses
        ('mse_loss(x, y, reduction="max")', "arity", (25, 30), '"mean"'),
        ("mse_loss(x, y, reduction=2)", "arity", (25, 26), '"mean"'),
        ("mse_loss(x, y, delta=2)", "arity", (15, 20), "reduction"),
        ("mse_loss(x, y, 2)", "arity", (0, 17), "mse_loss(x, target)"),
        ("huber_loss(x, y, delta=w)", "arity", (23, 24), "delta="),
        ("cross_entropy(z, 0, weight=w)", "arity", (27, 28), "[1, 2, 3]"),
        ("cross_entropy(z, 0.5)", "arity", (17, 20), "cross_entropy(x, 0)"),
        ("nll_loss(z, y)", "arity", (12, 13), "nll_loss(x, 0)"),
        ('sin("sum")', "syntax", (4, 9), ""),
        # derivatives
        ("d/dx x^2", "syntax", (0, 4), "derivative is shown"),
        ("1 + dy/dx", "syntax", (4, 9), "derivative is shown"),
        ("\\frac{d}{dx} x^2", "syntax", (0, 12), "derivative is shown"),
        ("\\frac{\\partial f}{\\partial x}", "syntax", (0, 29), "derivative is shown"),
        ("∂f/∂x", "syntax", (0, 5), "derivative is shown"),
        ("grad(x^2)", "name", (0, 4), "derivative is shown"),
        ("derivative(x^2)", "name", (0, 10), "derivative is shown"),
        ("f'(x)", "syntax", (1, 2), "derivative is shown"),
        # no word of more than three letters is taken apart
        ("loss", "name", (0, 4), "a name is one letter"),
        ("foo", "name", (0, 3), "f*o*o"),
        # Greek names before a parenthesis
        ("theta(x)", "name", (0, 5), "theta*(...)"),
        ("θ(x)", "name", (0, 1), "θ*(...)"),
        # arguments
        ("sin()", "arity", (0, 5), "sin(x)"),
        ("sin", "arity", (0, 3), "sin(x)"),
        ("sin + 1", "arity", (0, 3), "sin(x)"),
        ("sin(x, y)", "arity", (0, 9), "sin(x)"),
        ("atan2(x)", "arity", (0, 8), "atan2(x, y)"),
        ("1 + max(x, y, z)", "arity", (4, 16), "max(a, max(b, c))"),
        ("log(base=2)", "arity", (0, 11), "log(x, base)"),
        ("clamp(x, 0, min=1)", "arity", (12, 17), "clamp(x, min, max)"),
        ("sum(x, dim=0)", "arity", (7, 10), "leave it out"),
        ("softmax(x, dim=1)", "arity", (15, 16), "leave it out"),
        ("softmax(dim=0)", "arity", (0, 14), ""),
        ("leaky_relu(x, w)", "arity", (14, 15), "number"),
        # numbers and limits
        ("1 + 1e999", "limit", (4, 9), ""),
        ("1e-400x", "limit", (0, 6), "write 0"),
        ("1/.00e0 + 0.0e-400 + x^0.001e−322", "limit", (23, 33), "write 0"),
        ("9" * 400, "limit", (0, 400), ""),
        # characters
        ("\u202ex + 1", "syntax", (0, 1), "delete it"),
        ("x\u200b+1", "syntax", (1, 2), "delete it"),
        ("x\x00", "syntax", (1, 2), "delete it"),
        ("x + \udc80", "syntax", (4, 5), "delete it"),
        ("х + 1", "syntax", (0, 1), "Latin or Greek"),
        ("xᵀ", "syntax", (1, 2), "x^n"),
        ("e⁻ˣ²", "syntax", (3, 4), "(x²)^3"),
        ("sinˣ(x)", "syntax", (0, 4), "(sin(x))^n"),
        ("∛x²", "syntax", (0, 3), "∛(x^2)"),
        ("2½", "syntax", (1, 2), "*½"),
        ("⌊x", "syntax", (2, 2), "closing"),
        ("⌈x⌋", "syntax", (2, 3), "closing"),
        ("‖x", "syntax", (2, 2), "closing bar"),
        ("'x'", "syntax", (0, 3), "leave them out"),
        *(
            (text, "syntax", (text.index("'"), text.index("'") + count), "its derivative is shown")
            for text, count in (("f'(x)", 1), ("sin'(x)", 1), ("2 sin''(x)", 2), ("x'", 1), ("h = x^2; h'", 1))
        ),
        *(
            (
                f"{name}(x) = x^2; {name}{primes}",
                "syntax",
                (13, 13 + len(primes.rstrip("(x)"))),
                "its derivative is shown",
            )
            for name in "fg"
            for primes in ("'", "'(x)", "''(x)")
        ),
        ("[[1, 2], [3, 4]] @ x", "syntax", (1, 7), "row by row"),
        ("x^2, x = 3", "syntax", (3, 4), "--at x=3"),
        ("f(x) = x^2, y=-1", "syntax", (10, 11), "--at y=3"),
        ("x, y", "syntax", (1, 2), "[1, 2, 3]"),
        ("MSE(p, y)", "name", (0, 3), "mse_loss"),
        ("BCE(p, y)", "name", (0, 3), "binary_cross_entropy"),
        ("MAE(p)", "name", (0, 3), "mean(abs"),
        ("'x^2'", "syntax", (0, 1), "leave them out"),
        ("`x", "syntax", (0, 1), "leave them out"),
    ],
)
def test_refused(text: str, kind: str, place: tuple[int, int], hint: str) -> None:
    error = refused(text)
    assert (error.kind, (error.start, error.end)) == (kind, place)
    assert hint in error.hint


def test_a_long_word_is_not_said_in_full() -> None:
    assert len(refused("x" * 9000).message) < 100


@pytest.mark.parametrize(
    ("text", "said"), [("\u202ex", "U+202E RIGHT-TO-LEFT OVERRIDE"), ("х", "U+0445 CYRILLIC"), ("x\udc80", "U+DC80")]
)
def test_characters_are_named(text: str, said: str) -> None:
    assert said in refused(text).message


@pytest.mark.parametrize(
    ("opening", "closing"), [("(", ")"), ("sin(", ")"), ("-", ""), ("√", ""), ("2^", ""), ("|", "|")]
)
def test_nesting(opening: str, closing: str) -> None:
    """200 deep is read, 201 is refused; either way Python's stack plays no part."""
    inside = "x" if opening != "|" else "1"
    assert parse(opening * 200 + inside + closing * 200)
    assert refused(opening * 201 + inside + closing * 201).kind == "limit"
    assert refused(opening * 1500 + inside + closing * 1500).kind == "limit"


@pytest.mark.parametrize(
    ("text", "says"),
    [("x**", "after **,"), ("x ×", "after ×,"), ("x^", "after ^,"), ("÷ x", "before ÷"), ("x ** * y", "after **")],
)
def test_operators_are_named_as_typed(text: str, says: str) -> None:
    assert says in f"{refused(text).message},"


def test_joined_conditions() -> None:
    assert refused(f"where({' or '.join(['x > 0'] * 1000)}, x, 1)").kind == "limit"
    assert outcome(f"where({' or '.join(['x > 0'] * 90)}, x, 1)") is None


@pytest.mark.parametrize("text", ["x" + ".sin()" * 201, "x" + "^(1)" * 201, "sin²(" * 120 + "x" + ")²" * 120])
def test_nesting_of_the_reading(text: str) -> None:
    """What would be refused when it is typed as it is echoed is refused at once."""
    error = refused(text)
    assert error.kind == "limit"
    assert "200 deep" in error.message
    assert parse("x" + ".sin()" * 200)


def test_operations() -> None:
    assert parse("x" + "+x" * 2000)
    assert refused("x" + "+x" * 2001).kind == "limit"
    assert refused("-x*" * 1001 + "1").kind == "limit"


@pytest.mark.parametrize(
    "opening", ["nn.ELU(2)(", "nn.functional.relu(", "sin(", "\\sqrt{", "x[", "where(x > 0, x, ", "x^("]
)
def test_nested_as_deep_as_there_is_room(opening: str) -> None:
    """Refused as quickly as anything hostile."""
    count = 9_900 // (len(opening) + 1)
    closing = {"{": "}", "[": "]"}.get(opening[-1], ")")
    start = time.process_time()
    refused(opening * count + "x" + closing * count)
    assert time.process_time() - start < 0.5


def test_characters() -> None:
    assert parse("x" + " " * 9_999)
    error = refused("x" + " " * 10_000)
    assert (error.kind, error.start) == ("limit", 10_000)


def test_a_thousand_characters_are_read_quickly() -> None:
    """The bar is 3 ms on a quiet machine: this process's own time, the best of twenty, with room for a slower one."""
    text = " + ".join(["sin(x^2)*exp(-x) + 3x*(w_1 - 2.5)/sqrt(1 + x^2)"] * 19)
    assert 900 < len(text) < 1_000
    times = []
    for _ in range(20):
        start = time.process_time()
        parse(text)
        times.append(time.process_time() - start)
    assert min(times) < 0.02


@pytest.mark.parametrize("word", ["lim", "limit", "integral", "Integrate", "derivative", "diff", "grad"])
@pytest.mark.parametrize("text", ["{} x^2", "{} x->0 x", "{}(x^2)"])
def test_words_of_calculus_are_not_taken_apart_or_for_others(word: str, text: str) -> None:
    """`lim` is none of `l*i*m`, and `diff` none of `div`: what is there instead is said."""
    with pytest.raises(ExpressionError) as caught:
        parse(text.format(word))
    assert "did you mean" not in caught.value.problem.hint
    assert "a name is one letter" not in caught.value.problem.hint
    assert caught.value.problem.hint
