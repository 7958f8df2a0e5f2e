"""The one table of functions: a row each.

A new function is a row here, one in engine/typed/operations.py, one in calculus/functions.py and, where autograd records
something for it that has none yet, one in grad_fns. The rest is made of these: what is coloured, suggested, listed in the
help and written as a script. tests/test_language.py holds a name against all of them.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from msgspec import Struct


class Function(Struct, frozen=True):
    """A function of the language.

    name: canonical, as torch spells it where torch has it. aliases: other spellings that mean the same.
    least, most: how many arguments it takes. kind: `elementwise`, or `reduction` where elements of a vector mix.
    doc: one line for a person.
    parameters: torch's names of the arguments after the first, which may then be given by name (`clamp(x, min=0)`).
    settings: how many of the last parameters torch takes as plain numbers: no variable may stand there.
    numbers: from which argument on torch takes plain numbers beside tensors, 0 for the first; None where it takes tensors.
    home: where torch has it, F for torch.nn.functional.
    script: how PyTorch code says it where torch has no such function, with `{0}` and `{1}` for its arguments.
    options: torch's names of what may be given by name alone, but for the first `placed` of them, which may also follow
    the arguments. Each is a word, a plain number, or a vector of plain numbers, by OPTIONS.
    classes: its last argument may be a class, a whole number.
    inverse: the function that someone who writes sin^-1(x) may mean.
    operator: the operator it is read as (`pow(x, 2)` is `x^2`); such a function never makes a Call.
    takes_dim: torch wants a `dim`; `dim=0` and `dim=-1` are accepted and left out, as there are only vectors.
    """

    name: str
    doc: str
    least: int = 1
    most: int = 1
    aliases: tuple[str, ...] = ()
    kind: Literal["elementwise", "reduction"] = "elementwise"
    parameters: tuple[str, ...] = ()
    settings: int = 0
    numbers: int | None = None
    home: Literal["torch", "torch.special", "F"] = "torch"
    script: str = ""
    inverse: str = ""
    operator: Literal["", "+", "-", "*", "/", "^", "negation"] = ""
    takes_dim: bool = False
    options: tuple[str, ...] = ()
    placed: int = 0
    classes: bool = False


REDUCTIONS_OF_LOSSES = ("mean", "sum", "none")
OPTIONS: dict[str, Literal["reduction", "number", "vector", "flag"]] = {
    "reduction": "reduction",
    "delta": "number",
    "beta": "number",
    "label_smoothing": "number",
    "weight": "vector",
    "pos_weight": "vector",
    "log_target": "flag",
}
"""What each option of a function takes."""


TRIGONOMETRY = (
    Function("sin", "sine, x in radians", aliases=("sen",), inverse="asin"),
    Function("cos", "cosine, x in radians", inverse="acos"),
    Function("tan", "tangent, x in radians", aliases=("tg",), inverse="atan"),
    Function("cot", "cotangent, 1/tan(x)", aliases=("ctg", "cotg"), script="torch.tan({0}).reciprocal()"),
    Function("sec", "secant, 1/cos(x)", script="torch.cos({0}).reciprocal()"),
    Function("csc", "cosecant, 1/sin(x)", aliases=("cosec",), script="torch.sin({0}).reciprocal()"),
    Function("asin", "the angle whose sine is x", aliases=("arcsin",)),
    Function("acos", "the angle whose cosine is x", aliases=("arccos",)),
    Function("atan", "the angle whose tangent is x", aliases=("arctan", "arctg")),
    Function("atan2", "the angle of the point (x, y), given as atan2(y, x)", 2, 2, aliases=("arctan2",)),
    Function("sinh", "hyperbolic sine", aliases=("sh",), inverse="asinh"),
    Function("cosh", "hyperbolic cosine", aliases=("ch",), inverse="acosh"),
    Function("tanh", "hyperbolic tangent", aliases=("th",), inverse="atanh"),
    Function("coth", "hyperbolic cotangent, 1/tanh(x)", aliases=("cth",), script="torch.tanh({0}).reciprocal()"),
    Function("sech", "hyperbolic secant, 1/cosh(x)", script="torch.cosh({0}).reciprocal()"),
    Function("csch", "hyperbolic cosecant, 1/sinh(x)", aliases=("cosech",), script="torch.sinh({0}).reciprocal()"),
    Function("asinh", "inverse of sinh", aliases=("arcsinh", "arsinh")),
    Function("acosh", "inverse of cosh", aliases=("arccosh", "arcosh")),
    Function("atanh", "inverse of tanh", aliases=("arctanh", "artanh")),
    Function("sinc", "sin(pi x)/(pi x), 1 at 0"),
    Function("deg2rad", "degrees to radians", aliases=("radians",)),
    Function("rad2deg", "radians to degrees", aliases=("degrees",)),
)

POWERS_AND_LOGARITHMS = (
    Function("exp", "e to the power x", inverse="log"),
    Function("exp2", "2 to the power x"),
    Function("expm1", "exp(x) - 1, exact near 0"),
    Function(
        "log", "natural logarithm; log(x, 2) to base 2", 1, 2, aliases=("ln",), parameters=("base",), inverse="exp"
    ),
    Function("log2", "logarithm to base 2", aliases=("log_2",)),
    Function("log10", "logarithm to base 10", aliases=("log_10",)),
    Function("log1p", "log(1 + x), exact near 0"),
    Function("sqrt", "square root"),
    Function("cbrt", "cube root, also of negative numbers", script="torch.sign({0}) * torch.abs({0}) ** (1 / 3)"),
    Function("rsqrt", "1/sqrt(x)"),
    Function("square", "x^2"),
    Function("reciprocal", "1/x"),
    Function("hypot", "sqrt(x^2 + y^2)", 2, 2),
    Function("xlogy", "x log(y), 0 where x is 0", 2, 2, numbers=0),
    Function("logaddexp", "log(exp(x) + exp(y)), stable", 2, 2),
)

STEPS_AND_CORNERS = (
    Function("abs", "absolute value |x|", aliases=("absolute", "fabs")),
    Function("sign", "-1, 0 or 1", aliases=("sgn",)),
    Function("floor", "the next integer below"),
    Function("ceil", "the next integer above"),
    Function("round", "the nearest integer, halves to even"),
    Function("trunc", "x without its fraction", aliases=("fix",)),
    Function("frac", "the fraction of x: x - trunc(x)"),
    Function("fmod", "remainder of x/y with the sign of x", 2, 2, numbers=1),
    Function("remainder", "remainder of x/y with the sign of y: x mod y, x % y", 2, 2, aliases=("mod",), numbers=1),
    Function("copysign", "the size of x with the sign of y", 2, 2, numbers=1),
    Function("max", "the larger of x and y; max(x): the largest element", 1, 2),
    Function("min", "the smaller of x and y; min(x): the smallest element", 1, 2),
    Function("maximum", "the larger of x and y", 2, 2),
    Function("minimum", "the smaller of x and y", 2, 2),
    Function("clamp", "x kept between min and max", 2, 3, aliases=("clip",), parameters=("min", "max"), numbers=1),
    Function("where", "where(x > 0, a, b): a where the comparison holds, else b", 3, 3),
    Function("lerp", "start + weight (end - start)", 3, 3, parameters=("end", "weight"), numbers=2),
)

_SIGN = "(1 - 2 * (({0}) < 0) * (({0}).detach().floor() % 2))"
"""Of gamma(x): that of lgamma is lost."""
GAMMA = f"torch.lgamma({{0}}).exp() * {_SIGN}"
BETA = "(torch.lgamma({0}) + torch.lgamma({1}) - torch.lgamma({0} + {1})).exp() * " + " * ".join(
    _SIGN.replace("{0}", one) for one in ("{0}", "{1}", "{0}.detach() + {1}.detach()")
)

SPECIAL = (
    Function("erf", "error function", inverse="erfinv"),
    Function("erfc", "1 - erf(x)"),
    Function("erfinv", "inverse of erf"),
    Function("erfcx", "exp(x^2) erfc(x)", home="torch.special"),
    Function("lgamma", "logarithm of |Gamma(x)|", aliases=("gammaln",)),
    Function("digamma", "derivative of lgamma"),
    Function("gamma", "Gamma(x), (x - 1)! of whole numbers", aliases=("Gamma",), script=GAMMA),
    Function("beta", "gamma(x) gamma(y)/gamma(x + y)", 2, 2, script=BETA),
    Function("i0", "modified Bessel function of order 0"),
    Function("i0e", "exp(-|x|) i0(x)", home="torch.special"),
    Function("i1", "modified Bessel function of order 1", home="torch.special"),
    Function("i1e", "exp(-|x|) i1(x)", home="torch.special"),
    Function("ndtr", "area under the standard normal curve left of x", inverse="ndtri", home="torch.special"),
    Function("ndtri", "inverse of ndtr", home="torch.special"),
    Function("log_ndtr", "log(ndtr(x)), stable", home="torch.special"),
    Function("entr", "-x log(x), 0 at 0", home="torch.special"),
)

ACTIVATIONS = (
    Function("sigmoid", "1/(1 + exp(-x))", aliases=("expit", "logistic", "sigma"), inverse="logit"),
    Function("logit", "log(x/(1 - x)), inverse of sigmoid", 1, 2, parameters=("eps",), settings=1),
    Function("logsigmoid", "log(sigmoid(x)), stable", home="F"),
    Function("relu", "x where positive, else 0"),
    Function("relu6", "relu cut off at 6", home="F"),
    Function(
        "leaky_relu",
        "x where positive, else slope x (0.01)",
        1,
        2,
        parameters=("negative_slope",),
        settings=1,
        home="F",
    ),
    Function("elu", "x where positive, else alpha (exp(x) - 1)", 1, 2, parameters=("alpha",), settings=1, home="F"),
    Function("selu", "elu, scaled so that layers keep mean 0 and variance 1", home="F"),
    Function(
        "celu", "x where positive, else alpha (exp(x/alpha) - 1)", 1, 2, parameters=("alpha",), settings=1, home="F"
    ),
    Function("gelu", "x ndtr(x)", home="F"),
    Function("silu", "x sigmoid(x)", aliases=("swish",), home="F"),
    Function("mish", "x tanh(softplus(x))", home="F"),
    Function(
        "softplus", "log(1 + exp(beta x))/beta, stable", 1, 3, parameters=("beta", "threshold"), settings=2, home="F"
    ),
    Function("softsign", "x/(1 + |x|)", home="F"),
    Function("tanhshrink", "x - tanh(x)", home="F"),
    Function("hardtanh", "x kept between -1 and 1", 1, 3, parameters=("min_val", "max_val"), settings=2, home="F"),
    Function("hardsigmoid", "x/6 + 1/2 kept between 0 and 1", home="F"),
    Function("hardswish", "x hardsigmoid(x)", home="F"),
    Function(
        "hardshrink", "x, but 0 between -lambd and lambd (0.5)", 1, 2, parameters=("lambd",), settings=1, home="F"
    ),
    Function("softshrink", "x moved towards 0 by lambd (0.5)", 1, 2, parameters=("lambd",), settings=1, home="F"),
    Function(
        "threshold",
        "x where above threshold, else value",
        3,
        3,
        parameters=("threshold", "value"),
        settings=2,
        home="F",
    ),
)

REDUCTIONS = (
    Function("sum", "sum of the elements", kind="reduction"),
    Function("mean", "mean of the elements", kind="reduction"),
    Function("prod", "product of the elements", kind="reduction"),
    Function("amax", "the largest element, ties share the gradient", kind="reduction"),
    Function("amin", "the smallest element, ties share the gradient", kind="reduction"),
    Function("norm", "length of the vector", aliases=("vector_norm",), kind="reduction"),
    Function("dot", "sum of the products of the elements", 2, 2, kind="reduction"),
    Function("var", "variance, divided by n - 1", kind="reduction"),
    Function("std", "square root of var", kind="reduction"),
    Function("logsumexp", "log(sum(exp(x))), stable", kind="reduction", takes_dim=True),
    Function("softmax", "exp(x)/sum(exp(x))", kind="reduction", takes_dim=True),
    Function("log_softmax", "log(softmax(x)), stable", kind="reduction", takes_dim=True),
    Function("cumsum", "sums of the first 1, 2, 3 ... elements", kind="reduction", takes_dim=True),
)

_loss = partial(Function, least=2, most=2, kind="reduction", parameters=("target",), home="F")

LOSSES = (
    _loss("mse_loss", "mean of (x - y)^2", options=("reduction",)),
    _loss("l1_loss", "mean of |x - y|", options=("reduction",)),
    _loss("huber_loss", "(x - y)^2/2 up to delta (1), then a line", options=("reduction", "delta"), placed=2),
    _loss("smooth_l1_loss", "|x - y|, (x - y)^2/(2 beta) below beta (1)", options=("reduction", "beta")),
    _loss(
        "cross_entropy",
        "-log_softmax(x) at class y, a whole number; or y the probabilities",
        options=("weight", "reduction", "label_smoothing"),
        placed=1,
        classes=True,
    ),
    _loss("nll_loss", "-x at class y, x log probabilities", options=("weight", "reduction"), placed=1, classes=True),
    _loss(
        "binary_cross_entropy", "mean of -(y log(x) + (1 - y) log(1 - x))", options=("weight", "reduction"), placed=1
    ),
    _loss(
        "binary_cross_entropy_with_logits",
        "binary_cross_entropy of sigmoid(x) and y, stable",
        options=("weight", "reduction", "pos_weight"),
        placed=1,
    ),
    _loss("kl_div", "mean of y (log(y) - x), x log probabilities", options=("reduction", "log_target")),
)

OPERATORS = (
    Function("pow", "x to the power y", 2, 2, aliases=("power",), operator="^"),
    Function("neg", "-x", aliases=("negative",), operator="negation"),
    Function("add", "x + y", 2, 2, operator="+"),
    Function("sub", "x - y", 2, 2, aliases=("subtract",), operator="-"),
    Function("mul", "x*y", 2, 2, aliases=("multiply",), operator="*"),
    Function("div", "x/y", 2, 2, aliases=("divide", "true_divide"), operator="/"),
)

TABLE: tuple[Function, ...] = (
    *TRIGONOMETRY,
    *POWERS_AND_LOGARITHMS,
    *STEPS_AND_CORNERS,
    *SPECIAL,
    *ACTIVATIONS,
    *REDUCTIONS,
    *LOSSES,
    *OPERATORS,
)

OF_A_NAME = frozenset(("gamma", "Gamma", "beta", "sigma"))
"""Functions only right before `(`; elsewhere these are variables."""

FUNCTIONS: dict[str, Function] = {name: row for row in TABLE for name in (row.name, *row.aliases)}
