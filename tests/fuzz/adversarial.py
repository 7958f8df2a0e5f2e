"""Expressions that the language accepts and that cost as much as any can."""

from __future__ import annotations

At = dict[str, float | tuple[float, ...]]


def _vector(element: str, count: int) -> str:
    return f"[{','.join([element] * count)}]"


def _doubling(first: str, next_one: str, times: int) -> str:
    """`a0 = x + x; a1 = a0 + a0; ...`: each name stands for twice as much as the one before."""
    bindings = [f"a0 = {first.format('x')}", *(f"a{k} = {next_one.format(f'a{k - 1}')}" for k in range(1, times))]
    return "; ".join([*bindings, f"a{times - 1}"])


HALVES: At = {"x": (0.5,) * 100_000}

ADVERSARIAL: dict[str, tuple[str, At]] = {
    "sum": ("+".join(["x"] * 2_000), {}),
    "powers": ("+".join(f"x^{k}" for k in range(1_000, 1_990)), {}),
    "nested activations": ("gelu(" * 199 + "x" + ")" * 199, {}),
    "nested powers": ("^".join(["x"] * 200), {}),
    "nested conditions": ("where(x>0," * 190 + "x" + ",1)" * 190, {}),
    "doubling products": (_doubling("{0}*{0}", "{0}*{0}", 300), {}),
    "doubling waves": (_doubling("sin({0})*{0}", "sin({0})*{0}", 300), {}),
    "huge powers": ("((x+1)^1e300 + x^99999999999)^(1/999999999999)", {}),
    "a power of a sum": ("(x + y + z + w)^200", {}),
    "special functions": ("+".join(["lgamma(x)*digamma(x)*i0e(x)"] * 300), {}),
    "many variables": ("*".join(f"x_{k}" for k in range(1_300)), {}),
    "pairs of variables": ("+".join(f"x{k}*y{k}" for k in range(800)), {}),
    "a long vector, sums": (_vector("1", 4_000) + "*x" + "+x" * 900, {}),
    "a long vector, waves": (_vector("1", 2_000) + "*x" + "*sin x" * 800, {}),
    "a vector of x": (f"sum({_vector('x', 4_000)})", {}),
    "vectors that mix": (f"a = {_vector('x*y', 900)}; softmax(a)*cumsum(a)" + "*a" * 1_000, {}),
    "a scalar's softmax": ("x" + "+softmax(x)" * 900, {}),
    "100,000 numbers, waves": ("x" + "*sin x" * 49, HALVES),
    "100,000 numbers, mixed": ("x" + "*softmax(x)" * 49, HALVES),
    "100,000 conditions": ("where(x>0, " * 49 + "x" + ", x)" * 49, HALVES),
}
"""Name -> text, and where its variables stand."""
