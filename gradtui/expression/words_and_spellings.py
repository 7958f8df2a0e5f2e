"""The words of the language that are no functions: constants, variables, modules, those of Python; and other ways to write a
word, an operator or a digit."""

from __future__ import annotations

import math
import re
import unicodedata

CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}

GREEK = {
    **dict(zip("αβγδεζηθικλμνξρστυφχψω", (
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
        "mu", "nu", "xi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    ), strict=True)),
    # Only the capitals that cannot be taken for a Latin letter.
    **dict(zip("ΓΔΘΛΞΠΣΦΨΩ", (
        "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega",
    ), strict=True)),
}  # fmt: skip
"""Each Greek letter and the name it is short for: `θ` and `theta` are one variable."""

GLYPHS = {**GREEK, "π": "pi", "ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "µ": "mu"}

OTHER_SPELLINGS = {"∞": "inf", "NaN": "nan", "Inf": "inf", "infinity": "inf", "Infinity": "inf"}

SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")

OPERATORS = {
    "**": "^",
    ".^": "^",
    ".*": "*",
    "./": "/",
    **dict.fromkeys(("=>", "↦"), "->"),
    **dict.fromkeys("×·∙⋅∗•", "*"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("−–—‐‑‒", "-"),
    **dict.fromkeys("≤⩽", "<="),
    **dict.fromkeys("≥⩾", ">="),
    "≠": "!=",
}
"""Other ways to write an operator. The dash is what many programs make of a typed minus."""

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")

RAISED_LETTERS = str.maketrans("ᵃᵇᶜᵈᵉᵏᵐⁿᵖʳᵗᵘᵛʷˣʸᶻᵝᵞᶿ", "abcdekmnprtuvwxyzβγθ")
"""Those that people raise; a raised T transposes, and a raised i counts."""

FRACTIONS = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5), "⅘": (4, 5),
    "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8),
}  # fmt: skip

ROOTS = {"√": 2, "∛": 3, "∜": 4}

ENCLOSING = {"|": "abs", "‖": "norm", "⌊": "floor", "⌈": "ceil"}
"""The function that a pair of bars or hooks stands for, by the one that opens it."""

POSTFIXES = {"squared": 2, "cubed": 3}
INFIXES = {"mod", "if", "else", *POSTFIXES}
"""Operators that are words."""

MODULES = frozenset((
    "torch", "torch.nn", "torch.nn.functional", "torch.special", "torch.linalg", "nn", "nn.functional", "F",
    "math", "np", "np.linalg", "numpy", "numpy.linalg",
))  # fmt: skip
"""What may stand before a known function or constant, as in pasted Python: `torch.sin(x)`, `math.pi`."""

DIFFERENT_ELSEWHERE = {
    "np.var": "np.var divides by n, torch's var by n - 1",
    "numpy.var": "numpy.var divides by n, torch's var by n - 1",
    "np.std": "np.std divides by n, torch's std by n - 1",
    "numpy.std": "numpy.std divides by n, torch's std by n - 1",
    "math.remainder": "math.remainder rounds to the nearest multiple, torch's remainder rounds down",
}
"""Functions that share torch's name and not its meaning."""

PYTHON_WORDS = frozenset((
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
    "finally", "for", "from", "global", "if", "import", "in", "is", "nonlocal", "not", "or", "pass", "raise", "return",
    "try", "while", "with", "yield", "True", "False", "None",
))  # fmt: skip

_VARIABLE = re.compile(rf"(?:[A-Za-z]|{'|'.join(GREEK.values())})[0-9]*(?:_[A-Za-z0-9]+)*")


_BARS = {"∣": "|", "∥": "‖", "ℯ": "e", "ⅇ": "e", "ℎ": "h"}


def plain_character(character: str) -> str:
    """A letter, digit or sign as a keyboard has it: that of a formula that is copied (`𝑥`, `∣`), or twice as wide (`（`).

    Always one character, so that places in the text stay."""
    if "\U0001d400" <= character <= "\U0001d7ff" or "\uff01" <= character <= "\uff5e":
        return unicodedata.normalize("NFKC", character)
    return _BARS.get(character, character)


def is_variable(word: str) -> bool:
    """Whether a word is a variable by its shape: one letter or Greek name, with digits or a subscript if wanted."""
    return _VARIABLE.fullmatch(word) is not None


def starts_greek(name: str) -> bool:
    """Whether a variable is a Greek name, with whatever index."""
    return is_variable(name) and len(re.split(r"[0-9_]", name)[0]) > 1


def canonical(word: str) -> str:
    """One spelling for a word that has several: `θ` is `theta`, `x₁` is `x_1`, `π` is `pi`, `∞` is `inf`."""
    if not word.isascii():
        word = "".join(map(plain_character, word))
        stem = word.rstrip("₀₁₂₃₄₅₆₇₈₉")
        word = f"{stem}_{word[len(stem) :].translate(SUBSCRIPTS)}" if stem != word else word
        word = GLYPHS.get(word[0], word[0]) + word[1:]
    return OTHER_SPELLINGS.get(word, word)
