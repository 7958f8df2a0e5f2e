"""Rules of operations that act on each element alone: grad_fn name -> the forward, then ∂y/∂a, ∂y/∂b ...

Written in our own language, so that they can be evaluated: a, b, c are the operands in `next_functions` order, y is the
result, any other name is a parameter by torch's name. A key with a parameter's value goes before the one without.
At a few places torch has a convention of its own (a^b and xlogy where both are 0): there the recorded number counts.
Those for which our language has no words stand last, as those of `tensor_rules` do: the forward, then what a, b ... get.
"""

from __future__ import annotations

ARITHMETIC: dict[str, tuple[str, ...]] = {
    "AddBackward0": ("a + alpha*b", "1", "alpha"),
    "AddBackward1": ("a + other", "1"),
    "SubBackward0": ("a - alpha*b", "1", "-alpha"),
    "SubBackward1": ("a - other", "1"),
    "RsubBackward0": ("b - alpha*a", "-alpha", "1"),
    "RsubBackward1": ("other - alpha*a", "-alpha"),
    "MulBackward0": ("a*b", "b", "a"),
    "MulBackward1": ("a*other", "other"),
    "DivBackward0": ("a/b", "1/b", "-a/b^2"),
    "DivBackward1": ("a/other", "1/other"),
    "DivBackward2": ("a/b", "1/b", "-a/b^2"),
    "DivBackward2 rounding_mode=floor": ("floor(a/b)", "0", "0"),
    "DivBackward2 rounding_mode=trunc": ("trunc(a/b)", "0", "0"),
    "NegBackward0": ("-a", "-1"),
    "ReciprocalBackward0": ("1/a", "-y^2"),
    "PowBackward0": ("a^exponent", "exponent*a^(exponent - 1)"),
    "PowBackward0 exponent=0": ("a^0", "0"),
    "PowBackward1": ("a^b", "b*a^(b - 1)", "y*log(a)"),
    "PowBackward2": ("self^a", "y*log(self)"),
    "AddcmulBackward0": ("a + value*b*c", "1", "value*c", "value*b"),
    "AddcdivBackward0": ("a + value*b/c", "1", "value/c", "-value*b/c^2"),
    "LerpBackward0": ("lerp(a, b, weight)", "1 - weight", "weight"),
    "LerpBackward1": ("lerp(a, b, c)", "1 - c", "c", "b - a"),
    "LdexpBackward0": ("a*2^b", "2^b", "y*log(2)"),
}

TRIGONOMETRY: dict[str, tuple[str, ...]] = {
    "SinBackward0": ("sin(a)", "cos(a)"),
    "CosBackward0": ("cos(a)", "-sin(a)"),
    "TanBackward0": ("tan(a)", "1 + y^2"),
    "AsinBackward0": ("asin(a)", "1/sqrt(1 - a^2)"),
    "AcosBackward0": ("acos(a)", "-1/sqrt(1 - a^2)"),
    "AtanBackward0": ("atan(a)", "1/(1 + a^2)"),
    "Atan2Backward0": ("atan2(a, b)", "b/(a^2 + b^2)", "-a/(a^2 + b^2)"),
    "SinhBackward0": ("sinh(a)", "cosh(a)"),
    "CoshBackward0": ("cosh(a)", "sinh(a)"),
    "TanhBackward0": ("tanh(a)", "1 - y^2"),
    "AsinhBackward0": ("asinh(a)", "1/sqrt(a^2 + 1)"),
    "AcoshBackward0": ("acosh(a)", "1/sqrt(a^2 - 1)"),
    "AtanhBackward0": ("atanh(a)", "1/(1 - a^2)"),
    "SincBackward0": ("sinc(a)", "where(a == 0, 0, (cos(pi*a) - y)/a)"),
    "Deg2RadBackward0": ("deg2rad(a)", "pi/180"),
    "Rad2DegBackward0": ("rad2deg(a)", "180/pi"),
}

POWERS_AND_LOGARITHMS: dict[str, tuple[str, ...]] = {
    "ExpBackward0": ("exp(a)", "y"),
    "Exp2Backward0": ("exp2(a)", "y*log(2)"),
    "Expm1Backward0": ("expm1(a)", "y + 1"),
    "LogBackward0": ("log(a)", "1/a"),
    "Log2Backward0": ("log2(a)", "1/(a*log(2))"),
    "Log10Backward0": ("log10(a)", "1/(a*log(10))"),
    "Log1PBackward0": ("log1p(a)", "1/(1 + a)"),
    "SqrtBackward0": ("sqrt(a)", "1/(2*y)"),
    "RsqrtBackward0": ("rsqrt(a)", "-y^3/2"),
    "HypotBackward0": ("hypot(a, b)", "a/y", "b/y"),
    "XlogyBackward0": ("xlogy(a, b)", "log(b)", "a/b"),
    "XlogyBackward1": ("xlogy(self, a)", "self/a"),
    "XlogyBackward2": ("xlogy(a, other)", "log(other)"),
    "SpecialXlog1PyBackward0": ("a*log1p(b)", "log1p(b)", "a/(1 + b)"),
    "LogaddexpBackward0": ("logaddexp(a, b)", "1/(1 + exp(b - a))", "1/(1 + exp(a - b))"),
    "Logaddexp2Backward0": ("log2(2^a + 2^b)", "1/(1 + 2^(b - a))", "1/(1 + 2^(a - b))"),
}

STEPS_AND_CORNERS: dict[str, tuple[str, ...]] = {
    "AbsBackward0": ("abs(a)", "sign(a)"),
    "SignBackward0": ("sign(a)", "0"),
    "SgnBackward0": ("sign(a)", "0"),
    "FloorBackward0": ("floor(a)", "0"),
    "CeilBackward0": ("ceil(a)", "0"),
    "RoundBackward0": ("round(a)", "0"),
    "TruncBackward0": ("trunc(a)", "0"),
    "FracBackward0": ("frac(a)", "1"),
    "FmodBackward0": ("fmod(a, other)", "1"),
    "FmodBackward1": ("fmod(a, b)", "1", "-trunc(a/b)"),
    "RemainderBackward0": ("remainder(a, other)", "1"),
    "RemainderBackward1": ("remainder(a, b)", "1", "-floor(a/b)"),
    "CopysignBackward0": ("copysign(a, b)", "where(a == 0, 0, y/a)", "0"),
    "CopysignBackward1": ("copysign(a, other)", "where(a == 0, 0, y/a)"),
    "MaximumBackward0": (
        "max(a, b)",
        "where(a == b, 1/2, where(a > b, 1, 0))",
        "where(a == b, 1/2, where(a < b, 1, 0))",
    ),
    "MinimumBackward0": (
        "min(a, b)",
        "where(a == b, 1/2, where(a < b, 1, 0))",
        "where(a == b, 1/2, where(a > b, 1, 0))",
    ),
    "FmaxBackward0": ("max(a, b)", "where(a >= b, 1, 0)", "where(a < b, 1, 0)"),
    "FminBackward0": ("min(a, b)", "where(a <= b, 1, 0)", "where(a > b, 1, 0)"),
    "ClampBackward0": (
        "clamp(a, b, c)",
        "where(b <= a, where(a <= c, 1, 0), 0)",
        "where(a < b, where(b < c, 1, 0), 0)",
        "where(a > c, 1, where(b > c, 1, 0))",
    ),
    "ClampBackward0 max=None": ("max(a, b)", "where(a >= b, 1, 0)", "where(a < b, 1, 0)"),
    "ClampBackward0 min=None": ("min(a, c)", "where(a <= c, 1, 0)", "0", "where(a > c, 1, 0)"),
    "ClampBackward1": ("clamp(a, min, max)", "where(min <= a, where(a <= max, 1, 0), 0)"),
    "ClampBackward1 max=None": ("max(a, min)", "where(a >= min, 1, 0)"),
    "ClampBackward1 min=None": ("min(a, max)", "where(a <= max, 1, 0)"),
    "ClampMinBackward0": ("max(a, min)", "where(a >= min, 1, 0)"),
    "ClampMinBackward1": ("max(a, b)", "where(a >= b, 1, 0)", "where(a < b, 1, 0)"),
    "ClampMaxBackward0": ("min(a, max)", "where(a <= max, 1, 0)"),
    "ClampMaxBackward1": ("min(a, b)", "where(a <= b, 1, 0)", "where(a > b, 1, 0)"),
    "WhereBackward0": ("where(condition, a, b)", "where(condition, 1, 0)", "where(condition, 0, 1)"),
}

_AT_A_BOUND = "at the bound itself: 0 from torch 2.14 on"
_EQUAL = "where both are equal: 1/2 from torch 2.14 on"
FROM_2_14 = {
    **dict.fromkeys(("ClampBackward1", "ClampMinBackward0", "ClampMaxBackward0"), _AT_A_BOUND),
    **dict.fromkeys(
        ("ClampBackward0", "ClampMinBackward1", "ClampMaxBackward1", "FmaxBackward0", "FminBackward0"), _EQUAL
    ),
}
"""Where torch takes another derivative at a corner from some version on than the row says, and what."""

SPECIAL: dict[str, tuple[str, ...]] = {
    "ErfBackward0": ("erf(a)", "2*exp(-a^2)/sqrt(pi)"),
    "ErfcBackward0": ("erfc(a)", "-2*exp(-a^2)/sqrt(pi)"),
    "ErfinvBackward0": ("erfinv(a)", "sqrt(pi)/2*exp(y^2)"),
    "SpecialErfcxBackward0": ("erfcx(a)", "2*a*y - 2/sqrt(pi)"),
    "LgammaBackward0": ("lgamma(a)", "digamma(a)"),
    "I0Backward0": ("i0(a)", "i1(a)"),
    "SpecialI0EBackward0": ("i0e(a)", "i1e(a) - sign(a)*y"),
    "SpecialI1Backward0": ("i1(a)", "where(a == 0, 1/2, i0(a) - y/a)"),
    "SpecialModifiedBesselI0Backward0": ("i0(a)", "i1(a)"),
    "SpecialModifiedBesselI1Backward0": ("i1(a)", "where(a == 0, 1/2, i0(a) - y/a)"),
    "SpecialI1EBackward0": ("i1e(a)", "where(a == 0, 1/2, i0e(a) - y*(sign(a) + 1/a))"),
    "SpecialNdtriBackward0": ("ndtri(a)", "sqrt(2*pi)*exp(y^2/2)"),
    "SpecialLogNdtrBackward0": ("log_ndtr(a)", "exp(-y - a^2/2)/sqrt(2*pi)"),
    "SpecialEntrBackward0": ("entr(a)", "-(1 + log(a))"),
}

ACTIVATIONS: dict[str, tuple[str, ...]] = {
    "SigmoidBackward0": ("sigmoid(a)", "y*(1 - y)"),
    "LogitBackward0 eps=None": ("logit(a)", "1/(a*(1 - a))"),
    "LogitBackward0": ("logit(a, eps)", "where(eps <= a, where(a <= 1 - eps, 1/(a*(1 - a)), 0), 0)"),
    "LogSigmoidBackward0": ("logsigmoid(a)", "sigmoid(-a)"),
    "ReluBackward0": ("relu(a)", "where(a > 0, 1, 0)"),
    "LeakyReluBackward0": ("leaky_relu(a, negative_slope)", "where(a > 0, 1, negative_slope)"),
    "PreluKernelBackward0": ("where(a > 0, a, b*a)", "where(a > 0, 1, b)", "where(a > 0, 0, a)"),
    "EluBackward0": ("scale*elu(a, alpha)", "scale*where(a > 0, 1, alpha*exp(a))"),
    "CeluBackward0": ("celu(a, alpha)", "where(a > 0, 1, exp(a/alpha))"),
    "GeluBackward0": ("a*ndtr(a)", "ndtr(a) + a*exp(-a^2/2)/sqrt(2*pi)"),
    "SiluBackward0": ("a*sigmoid(a)", "sigmoid(a)*(1 + a*(1 - sigmoid(a)))"),
    "MishBackward0": (
        "a*tanh(softplus(a))",
        "tanh(softplus(a)) + a*sigmoid(a)*(1 - tanh(softplus(a))^2)",
    ),
    "SoftplusBackward0": (
        "softplus(a, beta, threshold)",
        "where(beta*a > threshold, 1, sigmoid(beta*a))",
    ),
    "HardtanhBackward0": ("hardtanh(a, min_val, max_val)", "where(min_val < a, where(a < max_val, 1, 0), 0)"),
    "HardsigmoidBackward0": ("hardsigmoid(a)", "where(abs(a) < 3, 1/6, 0)"),
    "HardswishBackward0": ("hardswish(a)", "where(a <= -3, 0, where(a < 3, a/3 + 1/2, 1))"),
    "HardshrinkBackward0": ("hardshrink(a, lambd)", "where(abs(a) > lambd, 1, 0)"),
    "SoftshrinkBackward0": ("softshrink(a, lambd)", "where(abs(a) > lambd, 1, 0)"),
    "ThresholdBackward0": ("threshold(a, threshold, value)", "where(a > threshold, 1, 0)"),
}

NOTHING = "0: no gradient passes"

ELEMENTWISE_IN_WORDS: dict[str, tuple[str, ...]] = {
    "RreluWithNoiseBackward0": ("a where positive, else a little of a", "ḡ where a > 0, else ḡ*y/a"),
    "GeluBackward0 approximate=tanh": (
        "a*(1 + t)/2, t = tanh(sqrt(2/pi)*(a + 0.044715*a^3))",
        "ḡ*((1 + t)/2 + a*(1 - t^2)*(1 + 0.134145*a^2)/sqrt(2*pi))",
    ),
    "DigammaBackward0": ("digamma(a)", "ḡ*polygamma(1, a)"),
    "PolygammaBackward0": ("polygamma(n, a)", "ḡ*polygamma(n + 1, a)"),
    "MvlgammaBackward0": ("the multivariate lgamma of a", "ḡ*(digamma(a) + digamma(a - 1/2) + …), p terms"),
    "SpecialBesselJ0Backward0": ("bessel_j0(a)", "-ḡ*bessel_j1(a)"),
    "SpecialBesselJ1Backward0": ("bessel_j1(a)", "ḡ*(bessel_j0(a) - y/a), ḡ/2 at 0"),
    "SpecialBesselY0Backward0": ("bessel_y0(a)", "-ḡ*bessel_y1(a)"),
    "SpecialBesselY1Backward0": ("bessel_y1(a)", "ḡ*(bessel_y0(a) - y/a)"),
    "SpecialModifiedBesselK0Backward0": ("modified_bessel_k0(a)", "-ḡ*modified_bessel_k1(a)"),
    "SpecialModifiedBesselK1Backward0": ("modified_bessel_k1(a)", "-ḡ*(modified_bessel_k0(a) + y/a)"),
    "FrexpBackward0": ("the mantissa of a", "ḡ/2^exponent"),
    "NextafterBackward0": ("the next number after a towards b", "ḡ, 0 where a is b", "ḡ where a is b, else 0"),
    "RoundBackward1": ("a to so many decimals", NOTHING),
    "NanToNumBackward0": ("a with nan and infinities replaced", "ḡ where a is finite, else 0"),
}

ELEMENTWISE: dict[str, tuple[str, ...]] = (
    ARITHMETIC | TRIGONOMETRY | POWERS_AND_LOGARITHMS | STEPS_AND_CORNERS | SPECIAL | ACTIVATIONS
)
