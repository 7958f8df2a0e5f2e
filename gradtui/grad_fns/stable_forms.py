"""What people write instead of a piece that overflows, is not finite or loses digits: by what it is made of. Pure."""

from __future__ import annotations

from typing import Any

Piece = tuple[Any, ...]
Pattern = str | Piece
"""An operation with patterns of its operands; those of Add and Mul may stand in any order. A letter is any operand, and where it
stands twice, the same; "1" that plain number; "0" an operand that has a 0 in it. Square is x^2 or x*x; Total a sum of several, of
which one is its operand."""

STABLE: tuple[tuple[Piece, str], ...] = (
    (("Log1P", ("Exp", "x")), "write softplus(x) for log1p(exp(x)): the same function, and it does not overflow"),
    (("Log", ("Add", "1", ("Exp", "x"))), "write softplus(x) for log(1 + exp(x)): it does not overflow"),
    (("Log", ("Sum", ("Exp", "x"))), "write logsumexp(x) for log(sum(exp(x))): it takes the largest element out first"),
    (("Log", ("Mean", ("Exp", "x"))), "write logsumexp(x) - log(n) for log(mean(exp(x))) of n elements"),
    (
        ("Log", ("Div", ("Exp", "x"), ("Total", ("Exp", "y")))),
        "write log_softmax(x), which is x - logsumexp(x), for log(exp(x)/sum(exp(x)))",
    ),
    (
        ("Log", ("Total", ("Exp", "x"))),
        "write logaddexp(x, y) for log(exp(x) + exp(y)): it takes the larger one out first",
    ),
    (
        ("Reciprocal", ("Add", "1", ("Exp", "x"))),
        "write sigmoid(x) for 1/(1 + exp(-x)): the same function, and it does not overflow",
    ),
    (
        ("Div", ("Exp", "x"), ("Add", "1", ("Exp", "x"))),
        "write sigmoid(x) for exp(x)/(1 + exp(x)): the same function, and it does not overflow",
    ),
    (
        ("Div", "y", ("Add", "1", ("Exp", "x"))),
        "write y*sigmoid(-x) for y/(1 + exp(x)): it does not overflow, nor does its gradient become nan",
    ),
    (
        ("Div", ("Sub", ("Exp", "x"), ("Exp", "y")), ("Add", ("Exp", "x"), ("Exp", "y"))),
        "write tanh(x) for (exp(x) - exp(-x))/(exp(x) + exp(-x)): it does not overflow",
    ),
    (
        ("Div", ("Exp", "x"), ("Total", ("Exp", "y"))),
        "write softmax(x) for exp(x)/sum(exp(x)), sigmoid(x - y) for exp(x)/(exp(x) + exp(y))",
    ),
    (
        ("Sqrt", ("Add", ("Square", "x"), ("Square", "y"))),
        "write hypot(x, y) for sqrt(x^2 + y^2): it does not overflow",
    ),
    (("Sqrt", ("Add", ("Square", "x"), "y")), "write hypot(x, sqrt(y)) for sqrt(x^2 + y): it does not overflow"),
    (("Sqrt", ("Sum", ("Square", "x"))), "write norm(x) for sqrt(sum(x^2))"),
    (("Log", ("Prod", "x")), "write sum(log(x)) for log(prod(x))"),
    (
        ("Log", ("Softmax", "x")),
        "write log_softmax(x) for log(softmax(x)): its value and its gradient stay finite",
    ),
    (
        ("Log", ("Sigmoid", "x")),
        "write logsigmoid(x) for log(sigmoid(x)): its value and its gradient stay finite",
    ),
    (
        ("Log", ("Rsub", ("Sigmoid", "x"))),
        "write logsigmoid(-x) for log(1 - sigmoid(x)), or binary_cross_entropy_with_logits for the whole loss: value and "
        "gradient stay finite",
    ),
    (
        ("Mul", "0", ("Log", "y")),
        "write xlogy(x, y) for x*log(y), which is 0 where x is 0; keep y above 0 for the gradient",
    ),
    (("Div", "x", ("LinalgVectorNorm", "y")), "add a little to the length: x/(norm(x) + 1e-12)"),
    (
        ("Div", "x", ("Mul", ("LinalgVectorNorm", "y"), "z")),
        "add a little to the lengths: x/(norm(x)*norm(y) + 1e-12), as cosine_similarity does",
    ),
    (("Div", "x", ("Std", "y")), "add a little to the spread: (x - mean(x))/(std(x) + 1e-6)"),
    (
        ("Div", "x", ("Sqrt", ("Var", "y"))),
        "add a little to the variance: (x - mean(x))/sqrt(var(x) + 1e-6), as layer_norm does",
    ),
    (("Div", ("Sin", "x"), "x"), "write sinc(x/pi) for sin(x)/x: the same function, 1 at 0"),
)
"""What is made of several operations, and the form that people take instead."""

DIFFERENCES: dict[tuple[str, str], str] = {
    ("1", "Cos"): "write 2*sin(x/2)^2 for 1 - cos(x)",
    ("1", "Erf"): "write erfc(x) for 1 - erf(x)",
    ("1", "Exp"): "write expm1(x) for exp(x) - 1",
    ("1", "Sigmoid"): "write sigmoid(-x) for 1 - sigmoid(x)",
    ("1", "Sqrt"): "write (a - 1)/(sqrt(a) + 1) for sqrt(a) - 1",
    ("Exp", "Exp"): "write exp(b)*expm1(a - b) for exp(a) - exp(b), and 2*sinh(x) for exp(x) - exp(-x)",
    ("Log", "Log"): "write log1p((a - b)/b) for log(a) - log(b)",
    ("Reciprocal", "Reciprocal"): "write (b - a)/(a*b) for 1/a - 1/b",
    ("Sqrt", "Sqrt"): "write (a - b)/(sqrt(a) + sqrt(b)) for sqrt(a) - sqrt(b)",
}
"""By the two operands of a difference that cancels, in alphabetical order."""

STEEP: tuple[tuple[Piece, str], ...] = (
    (("Log", ("Add", "1", "x")), "write log1p(x) for log(1 + x)"),
    (("Log", ("Rsub", "x", "1")), "write log1p(-x) for log(1 - x)"),
    (("Log2", ("Add", "1", "x")), "write log1p(x)/log(2) for log2(1 + x)"),
    (("Log10", ("Add", "1", "x")), "write log1p(x)/log(10) for log10(1 + x)"),
    (("Pow", ("Add", "1", "x")), "write exp(n*log1p(x)) for (1 + x)^n"),
    (("Exp", ("Log", "x")), "write a power for the exponential of a logarithm"),
    (("Exp", ("Mul", "n", ("Log", "x"))), "write a power for the exponential of a logarithm"),
)
"""Where an operation makes much of a small error of its operand."""
