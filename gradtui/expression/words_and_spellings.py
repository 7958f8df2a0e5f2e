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
    # Only the capitals that cannot be taken for a Latin letter; a typed Pi would be taken for pi.
    **dict(zip("ΓΔΘΛΞΠΣΦΨΩ", (
        "Gamma", "Delta", "Theta", "Lambda", "Xi", "Π", "Sigma", "Phi", "Psi", "Omega",
    ), strict=True)),
}  # fmt: skip
"""Each Greek letter and the name it is short for: `θ` and `theta` are one variable."""

GLYPHS = {**GREEK, "π": "pi", "ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "µ": "mu"}

_NAMES = "|".join(name for name in GREEK.values() if name.isascii())
GREEK_INDEX = rf"(?:[α-ρσ-ωϵϑϕ]|\{{[α-ρσ-ωϵϑϕ]\}}|\\(?:{_NAMES})(?![A-Za-z])|\{{[ ]*\\(?:{_NAMES})[ ]*\}})"
TEXT_INDEX = (
    r"(?:\{[ ]*\\(?:text|mathrm|textrm|rm)[ ]*\{?[ ]*[A-Za-z0-9]+[ ]*\}[ ]*\}?"
    r"|\\(?:text|mathrm|textrm)[ ]*\{[ ]*[A-Za-z0-9]+[ ]*\})"
)
"""What may stand below a letter, besides Latin letters and digits: `h_θ`, `h_{\\theta}`, `x_{\\text{max}}`."""

_MARKS = re.compile(r"\\(?:text|mathrm|textrm|rm)(?![a-z])|[{}\\ ]")

OTHER_SPELLINGS = {"∞": "inf", "NaN": "nan", "Inf": "inf", "infinity": "inf", "Infinity": "inf"}

IN_MATHEMATICA = {"E": "e", "Pi": "pi", "I": ""}
"""Constants of Mathematica that are names elsewhere; the imaginary unit has none here."""

SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789aehijklmnoprstuvx")
LOWERED = "".join(map(chr, SUBSCRIPTS))
"""What stands below a letter, as one character each: `x₁`, `wᵢ`."""

OPERATORS = {
    "**": "^",
    ".^": "^",
    ".*": "*",
    "./": "/",
    **dict.fromkeys(("=>", "↦", "→"), "->"),
    **dict.fromkeys("×✕·∙⋅∗•⊙", "*"),
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

SPOKEN = {
    ("plus",): "+",
    ("minus",): "-",
    ("times",): "*",
    ("over",): "/",
    ("divided", "by"): "/",
    ("to", "the", "power", "of"): "^",
    ("to", "the", "power"): "^",
    ("square", "root", "of"): "sqrt",
    ("cube", "root", "of"): "cbrt",
}
"""Operators and functions that are said, and the sign or word for them."""

SAID_FIRST = frozenset(words[0] for words in SPOKEN)

CLASSES = {
    "MSELoss": "mse_loss", "L1Loss": "l1_loss", "HuberLoss": "huber_loss", "SmoothL1Loss": "smooth_l1_loss",
    "CrossEntropyLoss": "cross_entropy", "NLLLoss": "nll_loss", "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits", "KLDivLoss": "kl_div", "LogSigmoid": "logsigmoid",
    "LeakyReLU": "leaky_relu", "LogSoftmax": "log_softmax",
    **{name: name.lower() for name in (
        "ReLU", "ReLU6", "SiLU", "GELU", "ELU", "SELU", "CELU", "Mish", "Sigmoid", "Tanh", "Softplus", "Softsign",
        "Hardswish", "Hardsigmoid", "Hardtanh", "Softmax", "Threshold", "Softshrink", "Hardshrink", "Tanhshrink",
    )},
}  # fmt: skip
"""Modules of torch.nn, and the function that each applies: `nn.ReLU()(x)` is relu(x), `nn.ELU(2)(x)` elu(x, 2)."""

TENSORS = frozenset(("torch.tensor", "torch.as_tensor"))
"""What makes a constant of a number or a list: `torch.tensor(2.0)` is 2.0."""

VECTORS = frozenset(("torch.stack", "np.array", "numpy.array", "np.stack", "jnp.array", "jax.numpy.array", "jnp.stack"))
"""What makes a vector of its elements, whatever they are."""

POSTFIXES = {"squared": 2, "cubed": 3}
INFIXES = {"mod", "if", "else", "and", "or", *POSTFIXES}
"""Operators that are words."""

MODULES = frozenset((
    "torch", "torch.nn", "torch.nn.functional", "torch.special", "torch.linalg", "nn", "nn.functional", "F",
    "math", "np", "np.linalg", "numpy", "numpy.linalg", "scipy", "scipy.special", "jax", "jax.numpy", "jax.nn", "jnp",
    "tf", "tf.math", "tf.nn", "sympy", "Math",
))  # fmt: skip
"""What may stand before a known function or constant, as in pasted Python: `torch.sin(x)`, `math.pi`."""

DIFFERENT_ELSEWHERE = {
    "np.var": "np.var divides by n, torch's var by n - 1",
    "numpy.var": "numpy.var divides by n, torch's var by n - 1",
    "np.std": "np.std divides by n, torch's std by n - 1",
    "numpy.std": "numpy.std divides by n, torch's std by n - 1",
    **{
        f"{module}.{name}": f"{module}.{name} divides by n, torch's {name} by n - 1"
        for module in ("jnp", "jax.numpy")
        for name in ("var", "std")
    },
    "jax.nn.gelu": "jax.nn.gelu takes tanh for erf unless told otherwise, torch's gelu erf",
    "tf.nn.leaky_relu": "tf.nn.leaky_relu has a slope of 0.2 below 0, torch's leaky_relu one of 0.01",
    "sympy.sinc": "sympy.sinc is sin(x)/x, torch's sinc sin(pi x)/(pi x)",
    "sympy.frac": "sympy.frac is x - floor(x), torch's frac x - trunc(x)",
    "scipy.special.kl_div": "scipy.special.kl_div is x log(x/y) - x + y, torch's kl_div y (log(y) - x)",
    "Math.round": "Math.round rounds halves up, torch's round to even",
    "math.remainder": "math.remainder rounds to the nearest multiple, torch's remainder rounds down",
}
"""Functions that share torch's name and not its meaning."""

PYTHON_WORDS = frozenset((
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
    "finally", "for", "from", "global", "if", "import", "in", "is", "nonlocal", "not", "or", "pass", "raise", "return",
    "try", "while", "with", "yield", "True", "False", "None",
))  # fmt: skip

_VARIABLE = re.compile(rf"(?:[A-Za-z]|{'|'.join(GREEK.values())})[0-9]*(?:_[A-Za-z0-9]+)*")


ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde"}
"""Signs above a letter, and how its name ends: `ŷ` is y_hat."""

ACCENTED = "âĉêĝĥîĵôŝûŵŷẑāēīōūȳḡãẽĩñõũỹṽ"
"""Letters that carry one of them in one character."""

_BARS = {"∣": "|", "∥": "‖", "ℯ": "e", "ⅇ": "e", "ℎ": "h"}


def plain_character(character: str) -> str:
    """A letter, digit or sign as a keyboard has it: that of a formula that is copied (`𝑥`, `∣`), or twice as wide (`（`).

    Always one character, so that places in the text stay."""
    if "\U0001d400" <= character <= "\U0001d7ff" or "\uff01" <= character <= "\uff5e":
        return unicodedata.normalize("NFKC", character)
    return _BARS.get(character, character)


def without_marks(word: str) -> str:
    """`x_{12}` is x_12, `h_θ` and `h_{\\theta}` are h_theta."""
    letter, line, index = word.partition("_")
    if not line or (index.isascii() and index.isalnum()):
        return word
    index = _MARKS.sub("", index)
    return f"{letter}_{GLYPHS.get(index, index)}"


def is_variable(word: str) -> bool:
    """Whether a word is a variable by its shape: one letter or Greek name, with digits or a subscript if wanted."""
    return _VARIABLE.fullmatch(word) is not None


def starts_greek(name: str) -> bool:
    """Whether a variable is a Greek name, with whatever index."""
    return is_variable(name) and (not name[0].isascii() or len(re.split(r"[0-9_]", name)[0]) > 1)


def canonical(word: str) -> str:
    """One spelling for a word that has several: `θ` is `theta`, `x₁` is `x_1`, `π` is `pi`, `∞` is `inf`."""
    if not word.isascii():
        word = "".join(map(plain_character, word))
        stem = word.rstrip(LOWERED)
        word = f"{stem}_{word[len(stem) :].translate(SUBSCRIPTS)}" if stem != word else word
        apart = unicodedata.normalize("NFD", word)
        if apart[1:2] in ACCENTS:
            rest = apart[2:].strip("_")
            word = f"{apart[0]}_{ACCENTS[apart[1]]}{'_' if rest else ''}{rest}"
        word = GLYPHS.get(word[0], word[0]) + word[1:]
    return OTHER_SPELLINGS.get(word, word)


def lowered(name: str) -> str:
    """A name that is given a value, in letters that any program takes: `x₁` is x_1."""
    return canonical(name) if any(letter in LOWERED for letter in name) else name
