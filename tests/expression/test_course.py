"""What a course writes: LaTeX, elements, functions of its own, pasted Python, words. Each means what its plain spelling means."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradtui.expression import parse, write
from gradtui.expression.syntax import Application, Node, Reference, postorder
from gradtui.report.latex import typeset
from tests.expression.shapes import shape, shape_on_paper
from tests.expression.test_properties import python_text

LATEX = [
    (r"\frac{x^{2}+1}{x-1}", "(x^2 + 1)/(x - 1)"),
    (r"\dfrac12 x", "1/2*x"),
    (r"\frac{1}{2}x", "(1/2)*x"),
    (r"\frac{a}{b}^2", "(a/b)^2"),
    (r"x/\frac{a}{b}", "x/(a/b)"),
    (r"\frac\pi2", "pi/2"),
    (r"\frac{d}{2} + d^{3}", "d/2 + d^3"),
    (r"\sqrt{x+1}", "sqrt(x + 1)"),
    (r"\sqrt x", "sqrt(x)"),
    (r"\sqrt2 x", "sqrt(2)*x"),
    (r"\sqrt x y", "sqrt(x)*y"),
    (r"\sqrt\theta_1 x", "sqrt(theta_1)*x"),
    (r"\sqrt\sin x", "sqrt(sin(x))"),
    (r"\sqrt(x + 1)", "sqrt(x + 1)"),
    (r"\sqrt[3]{x}", "cbrt(x)"),
    (r"\sqrt[4]{x}", "x^(1/4)"),
    (r"\sin(x)\cos(x)", "sin(x)*cos(x)"),
    (r"\sin x", "sin(x)"),
    (r"\sin^{2}(x)", "sin(x)^2"),
    (r"\sin^2 x", "sin(x)^2"),
    (r"\sin{x}", "sin(x)"),
    (r"\tanh(x)^2", "tanh(x)^2"),
    (r"\arctan(x)", "atan(x)"),
    (r"x \cdot \ln(x)", "x*log(x)"),
    (r"x \times y \div 2", "x*y/2"),
    (r"\log_2 x", "log2(x)"),
    (r"\log_{10}(x)", "log10(x)"),
    (r"\log_e x + \log_{e}(x)", "log(x) + log(x)"),
    (r"\log_3(x)", "log(x)/log(3)"),
    (r"\log_a(x)", "log(x)/log(a)"),
    (r"e^{-x^{2}}", "e^(-x^2)"),
    (r"\exp\left(-\frac{x^2}{2}\right)", "exp(-(x^2/2))"),
    (r"\left[x+1\right]^2", "(x + 1)^2"),
    (r"\left\{x+1\right\}^2", "(x + 1)^2"),
    (r"\bigl(x+1\bigr)^2", "(x + 1)^2"),
    (r"\left|x - \left|y\right|\right|", "abs(x - abs(y))"),
    (r"\lvert x\rvert + \lfloor x\rfloor + \lceil x\rceil", "abs(x) + floor(x) + ceil(x)"),
    (r"\lVert x\rVert", "norm(x)"),
    (r"\sigma(x) + \sigma", "sigmoid(x) + sigma"),
    (r"\theta_1 \, x_{12} + \alpha_{2}", "theta_1*x_12 + alpha_2"),
    (r"\varepsilon + \infty", "epsilon + inf"),
    (r"\operatorname{relu}(x) + \mathrm{softplus}(x)", "relu(x) + softplus(x)"),
    (r"\max(x, y)", "max(x, y)"),
    (r"x \bmod 2", "remainder(x, 2)"),
    (r"$x^2 + 3x + 1$", "x^2 + 3*x + 1"),
    (r" $$\frac{1}{x}$$ ", "1/x"),
    (r"\(x\)", "x"),
    (r"\[x\]", "x"),
    (r"f(x) = \frac{1}{1 + e^{-x}}", "1/(1 + e^-x)"),
    (r"\begin{cases} x^2 & x > 0 \\ -x & x \le 0 \end{cases}", "where(x > 0, x^2, -x)"),
    (r"\begin{cases}x^2,&\text{if }x\geq 1\\ 2x-1,&\text{otherwise}\end{cases}", "where(x >= 1, x^2, 2x - 1)"),
    (
        "\\begin{cases} 1 & x < 0 \\\\\n x & x < 1 \\\\\n 2 & x \\ge 1 \\\\\n\\end{cases} + 1",
        "where(x < 0, 1, where(x < 1, x, 2)) + 1",
    ),
    (r"\begin{cases} x & x > 1 \\ 1 & x < 0 \end{cases}", "where(x > 1, x, where(x < 0, 1, nan))"),
    (r"\begin{align*} f(x) &= x^2 + 1 \end{align*}", "x^2 + 1"),
    (r"\begin{aligned} a &= x^2 \\ f &= a + 1 \end{aligned}", "a = x^2; a + 1"),
    (r"\begin{align} f(x) &= x^2 \\ &\quad + 3x + 1 \end{align}", "x^2 + 3x + 1"),
    (r"\begin{split} f &= \\ & x^2 - \\ & 3x \\ & \cdot y \end{split}", "x^2 - 3x*y"),
    (
        r"\begin{align} f &= x \\ &- \begin{cases} 1 & x > 0 \\ -x & x \le 0 \end{cases} \end{align}",
        "x - where(x > 0, 1, -x)",
    ),
    (r"h_\theta(x) = \theta_0 + \theta_{\text{new}} x", "theta_0 + theta_new*x"),
    (r"\sigma_\mu + x_{\theta} + x_{\mathrm{max}}", "sigma_mu + x_theta + x_max"),
    (r"\boldsymbol{\theta}^2 + \mathbf{\mu}_1 + \bm{x}", "theta^2 + mu_1 + x"),
    (r"\sin 30^\circ + \cos(x^{\circ})", "sin(deg2rad(30)) + cos(deg2rad(x))"),
    (r"x \odot y", "x*y"),
    (r"f(x) = x^2 \qquad (2)", "x^2"),
    (r"$f(x) = x^2 \quad (12a)$", "x^2"),
    (r"\begin{align} a &= x^2 \quad (1) \\ f &= a + 1 \quad (2) \end{align}", "a = x^2; a + 1"),
    (r"x^2 \quad (2)(x + 1) \quad (x)", "x^2*2*(x + 1)*x"),
    (r"\begin{cases} \frac{\sin x}{x} & x \neq 0 \\ 1 & x = 0 \end{cases}", "where(x != 0, sin(x)/x, 1)"),
    (
        r"f(x)=\begin{dcases}x^2,&x>0\\0,&x=0\\-x,&\text{otherwise.}\end{dcases}",
        "where(x > 0, x^2, where(x == 0, 0, -x))",
    ),
    (r"L_\text{total} = x_\mathrm{max} + \theta_\text{new}", "x_max + theta_new"),
    ("x^2 \\label{eq:\na}", "x^2"),
    (r"\begin{equation} \label{eq:f} f(x) = x^2 \tag{1} \nonumber \end{equation}", "x^2"),
    (
        r"\begin{cases} 1 & x < 0 \\ x^2 & 0 \le x < 1 \text{ and } y > 0 \\ 2 & \text{otherwise} \end{cases}",
        "where(x < 0, 1, where(0 <= x < 1 and y > 0, x^2, 2))",
    ),
    (r"\begin{cases} x, & x \geq 0, \\ -x, & x < 0. \end{cases}", "where(x >= 0, x, -x)"),
    (r"\operatorname{ReLU}(x)", "relu(x)"),
    (r"(y - \hat{y})^2", "(y - y_hat)^2"),
    (r"\hat y + \widehat{\theta}_1 + \bar{x} + \tilde x", "y_hat + theta_hat_1 + x_bar + x_tilde"),
    (r"\|x\|_2^2 + \lVert y\rVert_2", "norm(x)^2 + norm(y)"),
    (r"\erf(x) + \relu{x}", "erf(x) + relu(x)"),
    (r"\frac x2", "x/2"),
    (r"f\colon x \mapsto x^2", "x^2"),
    (r"f(x) \coloneqq x^2", "x^2"),
]


@pytest.mark.parametrize(("typed", "plain"), LATEX)
def test_latex(typed: str, plain: str) -> None:
    assert shape(parse(typed)) == shape(parse(plain))


WORDS = [
    ("log(x, 2)", "log2(x)"),
    ("log(x, base=10)", "log10(x)"),
    ("log(x, b)", "log(x)/log(b)"),
    ("x mod 2 + 1", "remainder(x, 2) + 1"),
    ("2x mod 3", "remainder(2*x, 3)"),
    ("a + x % 2", "a + remainder(x, 2)"),
    ("x squared + 1", "x^2 + 1"),
    ("2x cubed", "2*x^3"),
    ("(x + 1) squared", "(x + 1)^2"),
    ("sin x squared", "sin(x^2)"),
    ("σ(2x)", "sigmoid(2*x)"),
    ("sigma(x) * sigma", "sigmoid(x)*sigma"),
    ("\\Gamma(x) + gamma", "gamma(x) + gamma"),
    ("beta x + beta(x, y)", "beta*x + beta(x, y)"),
    ("Γ(x)", "gamma(x)"),
    ("½(y − ŷ)²", "1/2*(y - y_hat)^2"),
    ("x̂₁ + x̄ + θ̂", "x_hat_1 + x_bar + theta_hat"),
    ("3 times x plus 1 minus y", "3x + 1 - y"),
    ("x to the power of 3 over 2", "x^3/2"),
    ("x divided by y", "x/y"),
    ("square root of x + cube root of y", "sqrt(x) + cbrt(y)"),
    ("nn.ReLU()(x)", "relu(x)"),
    ("torch.nn.MSELoss()(p, t)", "mse_loss(p, t)"),
    ("torch.maximum(x, torch.tensor(0.5))", "maximum(x, 0.5)"),
    ("np.array([1, -2])*x", "[1, -2]*x"),
    ("scipy.special.expit(x) + jnp.sin(x)", "sigmoid(x) + sin(x)"),
    ("`x^2`", "x^2"),
    ("Π + pi", "\\Pi + pi"),
    ("log_3(x) + log3 x", "log(x, 3) + log(x, 3)"),
    ("log_b(x)", "log(x, b)"),
    ("tg x + sh(x) + arctg x", "tan(x) + sinh(x) + atan(x)"),
    ("x!", "gamma(x + 1)"),
    ("3! x - 2x!^2", "6x - 2gamma(x + 1)^2"),
    ("2^x!", "2^gamma(x + 1)"),
    ("ReLU(x) + SQRT(x)", "relu(x) + sqrt(x)"),
    ("Sin[x]^2 + Max[0, x] + Sqrt[2]", "sin(x)^2 + max(0, x) + sqrt(2)"),
    ("w @ x + b", "dot(w, x) + b"),
    ("2 w @ x", "dot(2w, x)"),
    ("x.^2 + 3.*x./y", "x^2 + 3.0*x/y"),
    ("1_000x", "1000x"),
    ("x -> x^2", "x^2"),
    ("x => x**2", "x^2"),
    ("f(x) := x^2", "x^2"),
    ("x if x > 0 else 0.1x", "where(x > 0, x, 0.1x)"),
    ("1 if x > 1 else x if x > 0 else 0", "where(x > 1, 1, where(x > 0, x, 0))"),
    ("sin(x if x > 0 else -x)", "sin(where(x > 0, x, -x))"),
]


@pytest.mark.parametrize(("typed", "plain"), WORDS)
def test_words(typed: str, plain: str) -> None:
    assert shape(parse(typed)) == shape(parse(plain))
    assert write(parse(write(parse(typed)))) == write(parse(typed))


def test_words_are_names_where_they_are_given() -> None:
    assert write(parse("mod*squared", ("mod", "squared"))) == "mod*squared"
    assert write(parse("Sin*if", ("Sin", "if"))) == "Sin*if"
    assert write(parse("times*over", ("times", "over"))) == "times*over"
    assert write(parse("Pi*x", ("Pi",))) == "Pi*x"
    assert write(parse("log_3*x", ("log_3",))) == "log_3*x"
    assert write(parse("mod = x; 2mod", ("mod",))) == "mod = x; 2*mod"


PYTHON = [
    ("def f(x):\n  y = torch.sin(x)\n  return y**2 + y", "y = sin(x); y^2 + y"),
    ("def f(x): y = torch.sin(x); return y**2 + y", "y = sin(x); y^2 + y"),
    ("def f(x): return x**2", "x^2"),
    ("def f(x: torch.Tensor, w: float) -> torch.Tensor:\n    return w*x", "w*x"),
    ('def f(x):\n    """What it is."""\n    # and how\n    y = x*x  # a square\n    return y + 1', "y = x*x; y + 1"),
    ("def f(x):\n  x = x*2\n  x = x + 1\n  return x", "x_2 = x*2; x_3 = x_2 + 1; x_3"),
    (
        "def f(x):\n  x = x*2\n  x = x + 1\n  x = x**2\n  x = 3*x\n  return x",
        "x_2 = x*2; x_3 = x_2 + 1; x_4 = x_3^2; x_5 = 3*x_4; x_5",
    ),
    ("def f(p, y):\n  e = p - y\n  sum = e*e\n  return sum", "e_2 = p - y; sum_2 = e_2*e_2; sum_2"),
    ("return (x * x) + 1", "x*x + 1"),
    ("y = x*x\nreturn y + 1", "y = x*x; y + 1"),
    ("lambda x: x**2 + 1", "x^2 + 1"),
    ("f = lambda x, y: x*y", "x*y"),
    ("g = lambda t: t**2; g(3*x)", "g(t) = t^2; g(3*x)"),
    ("lambda*x + 1", "lambda*x + 1"),
    ("import torch\nfrom torch import nn\n\ndef f(x):\n    return torch.sin(x)", "sin(x)"),
    ("def f(x):\n    return x if x > 0 else 0.1 * x", "where(x > 0, x, 0.1*x)"),
    ("def f(x):\n    y = x\n    y *= x + 1\n    y -= 2\n    return y", "y = x; y_2 = y*(x + 1); y_3 = y_2 - 2; y_3"),
    ("def elu(x):\n    return x if x > 0 else torch.exp(x) - 1", "where(x > 0, x, exp(x) - 1)"),
    ("def tanh(x): return torch.tanh(x)*2", "tanh(x)*2"),
    (
        "def sigmoid(z):\n    return 1/(1 + torch.exp(-z))\nsigmoid(w*x) + torch.sigmoid(x)",
        "def sigmoid(z): return 1/(1 + exp(-z)); sigmoid(w*x) + torch.sigmoid(x)",
    ),
    ("0.5*(x + 1)  # half of it", "0.5*(x + 1)"),
    ("def f(x):\n    '''What = it is'''\n    return x**2 + \\\n        3*x", "x^2 + 3*x"),
    (">>> a = x\n>>> a*a", "a = x; a*a"),
    (">>> def f(x):\n...     return x**2", "x^2"),
    ("```python\nx**2\n```", "x^2"),
    ("torch.stack([x, y]).sum() + np.mean(np.array([x, y, 3]))", "sum([x, y]) + mean([x, y, 3])"),
    ("torch.clamp(x, max=1.0) + x.clamp(max=y)", "clamp(x, -inf, 1.0) + clamp(x, -inf, y)"),
    ("F.softplus(x, threshold=9) + F.hardtanh(x, max_val=2)", "softplus(x, 1, 9) + hardtanh(x, -1, 2)"),
    ("nn.LeakyReLU(0.2)(x) + nn.ELU(alpha=2)(nn.ReLU(inplace=True)(y))", "leaky_relu(x, 0.2) + elu(relu(y), 2)"),
    ("torch.nn.MSELoss(reduction='sum')(x, y)", 'mse_loss(x, y, reduction="sum")'),
    ("nn.Hardtanh(-1, 2, inplace=True)(x) + nn.Softmax(dim=0)(z)", "hardtanh(x, -1, 2) + softmax(z)"),
    ("torch.max(x, y) + x.max(0.0) + Math.max(x, 0)", "max(x, y) + max(x, 0.0) + max(x, 0)"),
    ("Math.sin(x) + tf.exp(x) + sympy.log(x)", "sin(x) + exp(x) + log(x)"),
    ("f(x; w, b) = w x + b", "w*x + b"),
    ("POWER(x;2) + MAX(x; y)", "x^2 + max(x, y)"),
    ("g = @(t) t.^2; g(3*x)", "g(t) = t^2; g(3*x)"),
    ("g: t -> t^2; g(3*x)", "g(t) = t^2; g(3*x)"),
    ("def g(t): a = t^2; return a*a\ng(x) + g(2)", "def g(t): a = t^2; return a*a; g(x) + g(2)"),
]


@pytest.mark.parametrize(("typed", "echo"), PYTHON)
def test_pasted_python(typed: str, echo: str) -> None:
    expression = parse(typed)
    assert write(expression) == echo
    again = parse(echo, expression.variables)
    assert shape(again) == shape(expression)
    assert write(again) == echo


def test_parameters_come_first() -> None:
    assert parse("def f(w, x):\n  return x*w*b").variables == ("w", "x", "b")
    assert parse("lambda w, x: x*w").variables == ("w", "x")
    assert parse("def loss(x):\n  return x").name == "loss"


def test_each_call_is_a_body_of_its_own_and_shares_its_arguments() -> None:
    expression = parse("c = 2; g(t) = c*t + t; g(x^2) + g(x^2)")
    calls = [node for node in postorder(expression) if isinstance(node, Application)]
    first, second = (_below(call.target) for call in calls)
    assert {node for node in first & second if not isinstance(node, Reference)} == {expression.bindings[0].value}
    arguments = [call.arguments[0] for call in calls]
    assert arguments[0] is not arguments[1]
    assert arguments[0] in first


def _below(node: Node) -> set[Node]:
    found = {node}
    waiting = [node]
    while waiting:
        for operand in waiting.pop().operands:
            if operand not in found:
                found.add(operand)
                waiting.append(operand)
    return found


def test_copies_are_counted() -> None:
    """Twice as many with each function: no text can ask for more than it may have."""
    lines = ["g0(t) = t + t"] + [f"g{n}(t) = g{n - 1}(g{n - 1}(t))" for n in range(1, 40)]
    with pytest.raises(Exception, match="2,000 operations"):
        parse("; ".join([*lines, "g39(x)"]))


@pytest.mark.parametrize(
    ("typed", "piece"),
    [
        (r"\frac{x}{y} + 1", r"{x}{y}"),
        ("x[1:] + 1", "x[1:]"),
        ("(x + 1)[0]", "(x + 1)[0]"),
        ("g(t) = t^2; 1 + g(3x)", "g(3x)"),
        ("def f(x):\n  y = sin(x)\n  return y", "sin(x)"),
        ("1 + mse_loss(x, y)", "mse_loss(x, y)"),
        ("1 + x mod 2", "x mod 2"),
        ("1 + x squared", "x squared"),
    ],
)
def test_spans_point_into_what_was_typed(typed: str, piece: str) -> None:
    assert piece in {typed[node.start : node.end] for node in postorder(parse(typed))}


@pytest.mark.parametrize("text", ["Delta*x/Delta", "w^T*x", "Delta*sin(x)", "(w^T*x)*Delta*y"])
def test_typeset_marks_read_back(text: str) -> None:
    assert shape(parse(typeset(parse(text)))) == shape(parse(text))


@pytest.mark.long
@settings(max_examples=200, deadline=None)
@example("-(x*(y*x))*-x")
@given(python_text)
def test_typeset_reads_back(text: str) -> None:
    """LaTeX out, LaTeX in: the same function, w1 being w_{1} there."""
    expression = parse(text.replace("w1", "w"))
    assert shape_on_paper(parse(typeset(expression))) == shape_on_paper(expression)


@pytest.mark.long
@settings(max_examples=50, deadline=None)
@given(python_text, st.sampled_from(["def f(x):\n  r = {}\n  return r", "r = {}\nreturn r", "r = {}; r"]))
def test_any_text_in_a_def(text: str, frame: str) -> None:
    assert write(parse(frame.format(text))) == write(parse(f"r = {text}; r"))
