"""What people write instead of a piece that overflows, is not finite or loses digits: by what it is made of. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from gradtui.snapshot.finding import Kind

Piece = tuple[Any, ...]
Pattern = str | Piece
"""An operation with patterns of its operands; those of Add and Mul may stand in any order. A letter is any operand that is
finite, and where it stands twice, the same; with + before it one that is above 0 throughout, which an operation may have, too,
and with ! one that is known and nowhere 0; "1" is that plain number, "c" one that is above 0 or not known; "0" an operand that
is 0 where nan was made of it. Square is x^2 or x*x, Root sqrt(x) or x^0.5; Total a sum of several, all made alike or constants
above 0, of which one is its operand."""


class Form(NamedTuple):
    """mends: the faults of which the form is free at the same numbers. {in a root} and the like are small numbers of the
    dtype at hand."""

    piece: Piece
    words: str
    mends: tuple[Kind, ...] = ()


OVERFLOW: tuple[Kind, ...] = ("overflow",)
BY_0: tuple[Kind, ...] = ("pole", "zero_by_zero")
EXPONENTIALS: tuple[Kind, ...] = (*OVERFLOW, *BY_0)
"""Of quotients and logarithms of exponentials, which underflow, too."""

LOG_SIGMOID = (
    "write logsigmoid(-x) for log(1 - sigmoid(x)), or binary_cross_entropy_with_logits for the whole loss: value and gradient "
    "stay finite"
)
LOG_DETERMINANT = (
    "write slogdet(x)[1] for log(abs(det(x))): a determinant leaves what its dtype holds long before its logarithm does; "
    "a matrix that is singular has neither"
)
SCALED_NORM = "take the largest out first, m*norm(x/m) with m = max(abs(x)): norm(x) alone squares its elements, too"
LENGTH_AT_0 = "write norm(x) for sqrt(sum(x^2)): its gradient at 0 is 0; or add a small number under the root"
SINC = "write sinc(x/pi) for sin(x)/x: the same function, 1 at 0"

STABLE: tuple[Form, ...] = (
    Form(
        ("Log1P", ("Exp", "x")),
        "write softplus(x) for log1p(exp(x)): the same function, and it does not overflow",
        OVERFLOW,
    ),
    Form(("Log", ("Add", "1", ("Exp", "x"))), "write softplus(x) for log(1 + exp(x)): it does not overflow", OVERFLOW),
    Form(
        ("Log", ("Add", "c", ("Exp", "x"))),
        "write logaddexp(x, log(c)) for log(exp(x) + c), which is softplus(x) where c is 1: it does not overflow",
        OVERFLOW,
    ),
    Form(
        ("Log", ("Sum", ("Exp", "x"))),
        "write logsumexp(x) for log(sum(exp(x))): it takes the largest element out first",
        EXPONENTIALS,
    ),
    Form(
        ("Log", ("Mean", ("Exp", "x"))),
        "write logsumexp(x) - log(n) for log(mean(exp(x))) of n elements",
        EXPONENTIALS,
    ),
    Form(
        ("Log", ("Div", ("Exp", "x"), ("Add", "1", ("Exp", "x")))),
        "write logsigmoid(x) for log(exp(x)/(1 + exp(x)))",
        EXPONENTIALS,
    ),
    Form(
        ("Log", ("Reciprocal", ("Add", "1", ("Exp", "x")))),
        "write logsigmoid(-x) for log(1/(1 + exp(x))), logsigmoid(x) for log(1/(1 + exp(-x)))",
        EXPONENTIALS,
    ),
    Form(
        ("Log", ("Div", ("Exp", "x"), ("Total", ("Exp", "x")))),
        "write log_softmax(x), which is x - logsumexp(x), for log(exp(x)/sum(exp(x)))",
        EXPONENTIALS,
    ),
    Form(
        ("Log", ("Div", ("Exp", "x"), ("Total", ("Exp", "y")))),
        "write x - logsumexp(y) for log(exp(x)/sum(exp(y)))",
        EXPONENTIALS,
    ),
    Form(
        ("Log", ("Total", ("Exp", "x"))),
        "write logaddexp(x, y) for log(exp(x) + exp(y)), logsumexp for more of them: the largest is taken out first",
        EXPONENTIALS,
    ),
    Form(("Log", ("Add", ("Exp", "x"), "+y")), "write logaddexp(x, log(y)) for log(exp(x) + y)", OVERFLOW),
    Form(("Log", ("Sub", ("Exp", "x"), "y")), "write x + log1p(-y*exp(-x)) for log(exp(x) - y)", OVERFLOW),
    Form(("Log", ("Exp", "x")), "write x for log(exp(x))", EXPONENTIALS),
    Form(
        ("Log", ("Cosh", "x")),
        "write abs(x) + softplus(-2*abs(x)) - log(2) for log(cosh(x)): it does not overflow",
        OVERFLOW,
    ),
    Form(
        ("Reciprocal", ("Add", "1", ("Exp", "x"))),
        "write sigmoid(-x) for 1/(1 + exp(x)), sigmoid(x) for 1/(1 + exp(-x)): the same function, and it does not overflow",
        (*OVERFLOW, "underflow"),
    ),
    Form(
        ("Reciprocal", ("Add", "c", ("Exp", "x"))),
        "write sigmoid(log(c) - x)/c for 1/(c + exp(x)), which is sigmoid(-x) where c is 1: it does not overflow",
        (*OVERFLOW, "underflow"),
    ),
    Form(
        ("Div", ("Exp", "x"), ("Add", "1", ("Exp", "x"))),
        "write sigmoid(x) for exp(x)/(1 + exp(x)): the same function, and it does not overflow",
        OVERFLOW,
    ),
    Form(
        ("Div", ("Exp", "x"), ("Add", "c", ("Exp", "x"))),
        "write sigmoid(x - log(c)) for exp(x)/(c + exp(x)), which is sigmoid(x) where c is 1: it does not overflow",
        OVERFLOW,
    ),
    Form(
        ("Div", "y", ("Add", "1", ("Exp", "x"))),
        "write y*sigmoid(-x) for y/(1 + exp(x)): it does not overflow, nor does its gradient become nan",
        OVERFLOW,
    ),
    Form(
        ("Div", "y", ("Add", "c", ("Exp", "x"))),
        "write y/c*sigmoid(log(c) - x) for y/(c + exp(x)), which is y*sigmoid(-x) where c is 1: it does not overflow",
        OVERFLOW,
    ),
    Form(
        ("Div", ("Sub", ("Exp", "x"), ("Exp", "y")), ("Add", ("Exp", "x"), ("Exp", "y"))),
        "write tanh((x - y)/2) for (exp(x) - exp(y))/(exp(x) + exp(y)), which is tanh(x) where y is -x: it does not overflow",
        EXPONENTIALS,
    ),
    Form(
        ("Div", ("Sub", ("Exp", "x"), "1"), ("Add", "1", ("Exp", "x"))),
        "write tanh(x/2) for (exp(x) - 1)/(exp(x) + 1): it does not overflow",
        OVERFLOW,
    ),
    Form(("Reciprocal", ("Exp", "x")), "write exp(-x) for 1/exp(x)", ("overflow", "underflow")),
    Form(("Reciprocal", ("Square", "x")), "write x^-2 for 1/x^2: its slope is not made of x^4", ("underflow",)),
    Form(("Div", ("Sinh", "x"), ("Cosh", "x")), "write tanh(x) for sinh(x)/cosh(x): it does not overflow", OVERFLOW),
    Form(
        ("Div", ("Exp", "x"), ("Total", ("Exp", "x"))),
        "write softmax(x) for exp(x)/sum(exp(x)), sigmoid(x - y) for exp(x)/(exp(x) + exp(y))",
        EXPONENTIALS,
    ),
    Form(
        ("Div", ("Exp", "x"), ("Total", ("Exp", "y"))),
        "write exp(x - logsumexp(y)) for exp(x)/sum(exp(y)), exp(x - logaddexp(y, z)) for exp(x)/(exp(y) + exp(z)): it overflows "
        "where the quotient itself does, and nowhere else",
        EXPONENTIALS,
    ),
    Form(
        ("Div", ("Exp", "x"), ("Exp", "y")),
        "write exp(x - y) for exp(x)/exp(y): it overflows where the quotient itself does, and nowhere else",
        EXPONENTIALS,
    ),
    Form(
        ("Root", ("Add", ("Square", "x"), ("Square", "y"))),
        "write hypot(x, y) for sqrt(x^2 + y^2): no square in it overflows",
        OVERFLOW,
    ),
    Form(
        ("Root", ("Add", ("Square", "!x"), ("Square", "y"))),
        "write hypot(x, y) for sqrt(x^2 + y^2): no square in it underflows",
        ("vertical",),
    ),
    Form(("Root", ("Square", "!x")), "write abs(x) for sqrt(x^2): no square in it underflows", ("vertical",)),
    Form(("Root", ("Sum", ("Square", "!x"))), SCALED_NORM, ("vertical",)),
    *(
        Form(
            ("Root", ("Add", ("Square", "x"), other)),
            "write hypot(x, sqrt(y)) for sqrt(x^2 + y): no square in it overflows",
            OVERFLOW,
        )
        for other in ("+y", "c")
    ),
    *(
        form
        for squares in (("Sum", ("Square", "x")), ("Dot", "x", "x"))
        for form in (
            Form(("Root", squares), SCALED_NORM, OVERFLOW),
            Form(("Root", squares), LENGTH_AT_0, ("vertical",)),
        )
    ),
    Form(("LinalgVectorNorm", "x"), SCALED_NORM, OVERFLOW),
    *(
        Form(("Log", piece), LOG_DETERMINANT, EXPONENTIALS)
        for piece in (("LinalgDet", "x"), ("Abs", ("LinalgDet", "x")))
    ),
    Form(("Log", ("Prod", "+x")), "write sum(log(x)) for log(prod(x))", EXPONENTIALS),
    Form(
        ("Log", ("Softmax", "x")),
        "write log_softmax(x) for log(softmax(x)): its value and its gradient stay finite",
        BY_0,
    ),
    Form(
        ("Log", ("Sigmoid", "x")),
        "write logsigmoid(x) for log(sigmoid(x)): its value and its gradient stay finite",
        BY_0,
    ),
    Form(("Log", ("Rsub", ("Sigmoid", "x"), "1")), LOG_SIGMOID, BY_0),
    Form(("Log", ("Sub", "1", ("Sigmoid", "x"))), LOG_SIGMOID, BY_0),
    Form(("Log1P", ("Neg", ("Sigmoid", "x"))), LOG_SIGMOID, BY_0),
    Form(("Log", ("Add", "1", ("Neg", ("Sigmoid", "x")))), LOG_SIGMOID, BY_0),
    Form(
        ("Log", ("Rsub", ("Square", ("Tanh", "x")), "1")),
        "write 2*(log(2) - x - softplus(-2*x)) for log(1 - tanh(x)^2): its value and its gradient stay finite",
        BY_0,
    ),
    Form(
        ("Mul", "0", ("Log", "y")),
        "write xlogy(x, y) for x*log(y), which is 0 where x is 0; keep y above 0 for the gradient",
        BY_0,
    ),
    Form(("Div", "x", ("LinalgVectorNorm", "y")), "add a little to the length: x/(norm(x) + {of a spread})", BY_0),
    Form(
        ("Div", "x", ("Root", ("Sum", ("Square", "y")))),
        "add a little inside the root: x/sqrt(sum(x^2) + {in a root})",
        BY_0,
    ),
    Form(
        ("Div", "x", ("Mul", ("LinalgVectorNorm", "y"), "z")),
        "add a little to the lengths: x/(norm(x)*norm(y) + {in a root}), as cosine_similarity does",
        BY_0,
    ),
    Form(("Div", "x", ("Std", "y")), "add a little to the spread: (x - mean(x))/(std(x) + {of a spread})", BY_0),
    Form(
        ("Div", "x", ("Root", ("Var", "y"))),
        "add a little to the variance: (x - mean(x))/sqrt(var(x) + {of a spread}), as layer_norm does",
        BY_0,
    ),
    Form(("Div", ("Sin", "x"), "x"), SINC, BY_0),
    Form(("Mul", ("Sin", "x"), ("Reciprocal", "x")), SINC, BY_0),
)
"""What is made of several operations, and the form that people take instead."""

DIFFERENCES: dict[tuple[str, str], str] = {
    ("1", "Cos"): "write 2*sin(x/2)^2 for 1 - cos(x)",
    ("1", "Cosh"): "write 2*sinh(x/2)^2 for cosh(x) - 1",
    ("1", "Erf"): "write erfc(x) for 1 - erf(x)",
    ("1", "Exp"): "write expm1(x) for exp(x) - 1",
    ("1", "Sigmoid"): "write sigmoid(-x) for 1 - sigmoid(x)",
    ("1", "Sqrt"): "write (a - 1)/(sqrt(a) + 1) for sqrt(a) - 1, with a - 1 worked out: x for a = 1 + x",
    ("1", "Tanh"): "write 2*sigmoid(-2*x) for 1 - tanh(x)",
    ("Exp", "Exp"): "write exp(b)*expm1(a - b) for exp(a) - exp(b), and 2*sinh(x) for exp(x) - exp(-x)",
    ("Log", "Log"): "write log1p((a - b)/b) for log(a) - log(b), with a - b worked out: 1 for a = b + 1",
    ("Reciprocal", "Reciprocal"): "write (b - a)/(a*b) for 1/a - 1/b, with b - a worked out: 1 for b = a + 1",
    ("Sqrt", "Sqrt"): "write (a - b)/(sqrt(a) + sqrt(b)) for sqrt(a) - sqrt(b), with a - b worked out: 1 for a = b + 1",
}
"""By the two operands of a difference that cancels, in alphabetical order."""

SUMS: dict[tuple[str, str], str] = {
    ("1", "Cos"): "write 2*cos(x/2)^2 for 1 + cos(x)",
    ("1", "Erf"): "write erfc(-x) for 1 + erf(x)",
    ("1", "Tanh"): "write 2*sigmoid(2*x) for 1 + tanh(x)",
}
"""The same of a sum of numbers of other signs."""

STEEP: tuple[Form, ...] = (
    Form(("Log", ("Add", "1", "x")), "write log1p(x) for log(1 + x)"),
    Form(("Log", ("Rsub", "x", "1")), "write log1p(-x) for log(1 - x)"),
    Form(("Log2", ("Add", "1", "x")), "write log1p(x)/log(2) for log2(1 + x)"),
    Form(("Log10", ("Add", "1", "x")), "write log1p(x)/log(10) for log10(1 + x)"),
    Form(("Log", ("Sigmoid", "x")), "write logsigmoid(x) for log(sigmoid(x))"),
    Form(("Log", ("Softmax", "x")), "write log_softmax(x) for log(softmax(x))"),
    Form(("Log", ("Exp", "x")), "write x for log(exp(x))"),
    Form(("Pow", ("+Add", "1", "x")), "write exp(n*log1p(x)) for (1 + x)^n"),
    Form(("Exp", ("Log", "x")), "write a power for the exponential of a logarithm"),
    Form(("Exp", ("Mul", "n", ("Log", "x"))), "write a power for the exponential of a logarithm"),
)
"""Where an operation makes much of a small error of its operand."""
