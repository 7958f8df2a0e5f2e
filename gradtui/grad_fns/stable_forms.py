"""What people write instead of a piece that loses digits: by what it is made of. Pure."""

from __future__ import annotations

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

STEEP: dict[tuple[str, str], str] = {
    ("Log", "Add"): "write log1p(x) for log(1 + x)",
    ("Log2", "Add"): "write log1p(x)/log(2) for log2(1 + x)",
    ("Log10", "Add"): "write log1p(x)/log(10) for log10(1 + x)",
    ("Pow", "Add"): "write exp(n*log1p(x)) for (1 + x)^n",
    ("Exp", "Log"): "write a power for the exponential of a logarithm",
}
"""By an operation that makes much of a small error, and by what makes its operand."""
