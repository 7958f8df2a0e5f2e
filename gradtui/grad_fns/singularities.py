"""Why a value, or a derivative, is not finite, and what people do about it: a row for each place. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from gradtui.snapshot.finding import Kind


@dataclass(frozen=True, slots=True)
class Cause:
    """holds: of the operands at one element, as many as it takes. why: with {a}, {b} for the operands."""

    kind: Kind
    holds: Callable[..., bool]
    why: str
    remedy: str


# {beside 0} and the like are small numbers of the dtype at hand
ABOVE_0 = "keep the operand above 0: log(x + {beside 0}), or log(clamp(x, min={beside 0}))"
NOT_0 = "divide by what cannot be 0: add a small number where the sign is known, or where(x == 0, 1, x)"
INSIDE = "keep the operand off the ends: clamp(x, -1 + {beside 1}, 1 - {beside 1})"
INSIDE_01 = "keep the operand off the ends: clamp(x, {beside 1}, 1 - {beside 1})"
INTO = "bring the operand into range first: clamp(x, -1 + {beside 1}, 1 - {beside 1})"
INTO_01 = "bring the operand into range first: clamp(x, {beside 1}, 1 - {beside 1}), or sigmoid"
FARTHER = "keep the operand farther from 0: add a small number where its sign is known, or clamp(x, min={beside 0})"
LIMIT = "write the limit there, where(x == 0, limit, ...) with a safe operand inside, or the first terms of the series"
OFF_0 = "add a little inside, sqrt(x + {in a root}); for the length of a vector take norm, whose gradient at 0 is 0"
ROOT_OFF_0 = "add a little inside: rsqrt(x + {of a spread})"
POWER_OFF_0 = "add a little to the base: (x + {in a root})^p"
ABOVE_MINUS_1 = "keep the operand above -1 before it, not by a mask behind it: log1p(clamp(x, min=-1 + {beside 1}))"
ABOVE_1 = "keep the operand above 1: clamp(x, min=1 + {beside 1})"
UP = "check the sign, or keep it above 0: clamp(x, min={in a root}); a difference of squares may round below 0"
ODD_ROOT = "for an odd root write sign(x)*abs(x)^p; else keep the base at 0 or above"
BASE_UP = "keep the base at 0 or above"


def _pole_below(x: float) -> bool:
    return x <= 0 and x % 1 == 0


def _is_odd_root(exponent: float) -> bool:
    """Whether it is 1/3, 1/5, ... but for rounding."""
    root = round(1 / exponent) if exponent else 0
    return root % 2 == 1 and root != 1 and math.isclose(exponent * root, 1, rel_tol=1e-6)


LOGARITHM = (
    Cause("pole", lambda a: a == 0, "the logarithm of 0 is -inf", ABOVE_0),
    Cause(
        "domain",
        lambda a: a < 0,
        "there is no real logarithm of a negative number, {a}",
        f"{ABOVE_0}; log(abs(x)) if signs are noise",
    ),
)
FROM_MINUS_1_TO_1 = Cause("domain", lambda a: abs(a) > 1, "it takes only numbers from -1 to 1, not {a}", INTO)
INFINITE_AT_1 = Cause("pole", lambda a: abs(a) == 1, "it is infinite at {a}", INSIDE)
FROM_0_TO_1 = (
    Cause("pole", lambda a: a in (0, 1), "it is infinite at {a}", INSIDE_01),
    Cause("domain", lambda a: a < 0 or a > 1, "it takes only numbers from 0 to 1, not {a}", INTO_01),
)
BY_0 = Cause("domain", lambda: True, "there is no remainder of a division by 0", NOT_0)

FORWARD: dict[str, tuple[Cause, ...]] = {
    "Log": LOGARITHM,
    "Log2": LOGARITHM,
    "Log10": LOGARITHM,
    "Log1P": (
        Cause("pole", lambda a: a == -1, "log1p(-1) is the logarithm of 0, -inf", ABOVE_MINUS_1),
        Cause("domain", lambda a: a < -1, "1 + {a} is below 0 and has no real logarithm", ABOVE_MINUS_1),
    ),
    "Sqrt": (Cause("domain", lambda a: a < 0, "there is no real square root of a negative number, {a}", UP),),
    "Rsqrt": (
        Cause("pole", lambda a: a == 0, "1/sqrt(0) is infinite", ROOT_OFF_0),
        Cause("domain", lambda a: a < 0, "there is no real square root of a negative number, {a}", UP),
    ),
    "Reciprocal": (Cause("pole", lambda a: a == 0, "1/0 is infinite, a pole", NOT_0),),
    "Div": (
        Cause("zero_by_zero", lambda a, b: a == b == 0, "0/0 has no value, though f may have a limit here", LIMIT),
        Cause("pole", lambda a, b: b == 0, "{a}/0 is infinite, a pole", NOT_0),
    ),
    "Pow": (
        Cause("pole", lambda a, b: a == 0 and b < 0, "0 to the power {b} is 1/0 = inf, a pole", NOT_0),
        Cause(
            "domain", lambda a, b: a < 0 and _is_odd_root(b), "torch takes no root of a number below 0, {a}", ODD_ROOT
        ),
        Cause(
            "domain", lambda a, b: a < 0 and b % 1 != 0, "there is no real power {b} of {a}, a number below 0", BASE_UP
        ),
    ),
    "Asin": (FROM_MINUS_1_TO_1,),
    "Acos": (FROM_MINUS_1_TO_1,),
    "Atanh": (INFINITE_AT_1, FROM_MINUS_1_TO_1),
    "Erfinv": (INFINITE_AT_1, FROM_MINUS_1_TO_1),
    "Acosh": (Cause("domain", lambda a: a < 1, "it takes only numbers from 1 up, not {a}", ABOVE_1),),
    "Logit": FROM_0_TO_1,
    "SpecialNdtri": FROM_0_TO_1,
    "Digamma": (Cause("pole", _pole_below, "it has a pole at {a}", "keep the operand above 0"),),
    "Lgamma": (Cause("pole", _pole_below, "it has a pole at {a}", "keep the operand above 0"),),
    "Xlogy": (
        Cause("domain", lambda a, b: b < 0, "there is no real logarithm of a negative number, {b}", ABOVE_0),
        Cause("pole", lambda a, b: b == 0, "the logarithm of 0 is -inf", ABOVE_0),
    ),
    "SpecialEntr": (Cause("domain", lambda a: a < 0, "entr is -inf below 0, by definition", ABOVE_0),),
    "Fmod": (BY_0,),
    "Remainder": (BY_0,),
}
"""Where the value is not finite though the operands are."""

BY_THE_EXPONENT = "Pow by its exponent"
LOG_SLOPE = Cause("pole", lambda a: a == 0, "its derivative 1/x divides by 0", ABOVE_0)
ASIN_SLOPE = Cause(
    "vertical",
    lambda a: abs(a) == 1,
    "its derivative 1/sqrt(1 - x^2) divides by 0",
    f"{INSIDE}; for an angle take atan2",
)
STEEP = Cause("pole", lambda a: abs(a) == 1, "its derivative is infinite at {a} too", INSIDE)
STEEP_01 = Cause("pole", lambda a: a in (0, 1), "its derivative is infinite at {a} too", INSIDE_01)

BACKWARD: dict[str, tuple[Cause, ...]] = {
    "Sqrt": (Cause("vertical", lambda a: a == 0, "its derivative 1/(2*sqrt(0)) is infinite", OFF_0),),
    "Rsqrt": (Cause("pole", lambda a: a == 0, "its derivative divides by 0", ROOT_OFF_0),),
    "Log": (LOG_SLOPE,),
    "Log2": (LOG_SLOPE,),
    "Log10": (LOG_SLOPE,),
    "Log1P": (Cause("pole", lambda a: a == -1, "its derivative 1/(1 + x) divides by 0", ABOVE_MINUS_1),),
    "Reciprocal": (Cause("pole", lambda a: a == 0, "its derivative -1/x^2 divides by 0", NOT_0),),
    "Div": (
        Cause("zero_by_zero", lambda a, b: a == b == 0, "its derivatives 1/y and -x/y^2 divide by 0", LIMIT),
        Cause("pole", lambda a, b: b == 0, "its derivatives 1/y and -x/y^2 divide by 0", NOT_0),
    ),
    "Pow": (
        Cause("vertical", lambda a, b: a == 0 and 0 < b < 1, "its derivative {b}*0^({b} - 1) is infinite", POWER_OFF_0),
        Cause("pole", lambda a, b: a == 0 and b < 0, "its derivative {b}*0^({b} - 1) is infinite", NOT_0),
    ),
    BY_THE_EXPONENT: (
        Cause(
            "domain",
            lambda a, b: a < 0,
            "its derivative by the exponent has log({a}) in it, which is no real number",
            "keep the base above 0, or keep the variable out of the exponent",
        ),
        Cause("pole", lambda a, b: a == 0, "its derivative by the exponent has log(0) = -inf in it", POWER_OFF_0),
    ),
    "Asin": (ASIN_SLOPE,),
    "Acos": (ASIN_SLOPE,),
    "Acosh": (Cause("vertical", lambda a: a == 1, "its derivative 1/sqrt(x^2 - 1) divides by 0", ABOVE_1),),
    "Atanh": (STEEP,),
    "Erfinv": (STEEP,),
    "Logit": (STEEP_01,),
    "SpecialNdtri": (STEEP_01,),
    "Hypot": (
        Cause(
            "corner",
            lambda a, b: a == b == 0,
            "its derivative x/hypot(x, y) is 0/0 at the origin, a corner",
            "add a little: sqrt(x^2 + y^2 + {in a root}); or take norm([x, y]), whose gradient at 0 is 0",
        ),
    ),
    "Atan2": (
        Cause(
            "zero_by_zero",
            lambda a, b: a == b == 0,
            "its derivatives x/(x^2 + y^2) and -y/(x^2 + y^2) are 0/0 at the origin",
            "no angle is right there: leave the origin out, or add a little to one of the two",
        ),
    ),
    "BinaryCrossEntropy": (
        Cause(
            "pole", lambda a: a in (0, 1), "its derivative by the target is infinite at {a}: log((1 - x)/x)", INSIDE_01
        ),
    ),
    "Xlogy": (Cause("pole", lambda a, b: b == 0, "its derivative x/y divides by 0", ABOVE_0),),
    "SpecialEntr": (Cause("vertical", lambda a: a == 0, "its derivative -log(x) - 1 is infinite at 0", ABOVE_0),),
}
"""Where a derivative is not finite though the operands are."""

NEAR_0 = {"Div": "other", "Log": "self", "Log10": "self", "Log2": "self", "Pow": "self", "Sqrt": "result"}
"""What is steep where something of its is near 0, and torch's name under which its node keeps that."""
NEAR_SINGULAR = {
    "LinalgDet": "A",
    "LinalgInvEx": "inverse",
    "LinalgLstsq": "self",
    "LinalgPinv": "self",
    "LinalgQr": "R",
    "LinalgSlogdet": "A",
    "LinalgSolveEx": "A",
}
"""What is steep where its matrix is nearly singular, and the name of a matrix with the same ratios of singular values."""
NEAR_EQUAL = {"LinalgEigh": "eigenvalues", "LinalgSvd": "S"}
"""What divides by the differences of what stands under this name."""

CONVENTIONS: dict[str, Cause] = {
    "Pow": Cause(
        "convention",
        lambda a, b: a == b == 0,
        "at 0^0 torch takes 0 for both derivatives, though x^y*log(x), the one by the exponent, is -inf there",
        "keep the base above 0: clamp(x, min={beside 0})^y",
    ),
    "BinaryCrossEntropy": Cause(
        "convention",
        lambda a, b: a == b and a in (0, 1),
        "where x is its target, 0 or 1, torch takes 0 for the derivative (x - y)/(x*(1 - x)), though it is 1 at 0 and -1 at 1",
        "keep x off the ends: clamp(x, {beside 1}, 1 - {beside 1}); or take binary_cross_entropy_with_logits",
    ),
}
"""Of a gradient that is finite by agreement: of Pow where base and exponent are variables."""

SMALLER_EXPONENT = "stay with logarithms (logsumexp, softplus, log_softmax), or clamp the exponent"
SMALLER = "scale the numbers down, or {wider}"
