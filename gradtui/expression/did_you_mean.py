"""What to say about a word or a character that is not of the language, and what its author may have meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from gradtui.expression.functions import FUNCTIONS, TABLE
from gradtui.expression.words_and_spellings import CONSTANTS, GREEK, PYTHON_WORDS, is_variable

LIKE_THIS = "write a function of x, such as f(x) = x^2 + 3x + 1"

PYTHON_HINTS = {
    **dict.fromkeys(("if", "else", "elif"), "write where(x > 0, a, b) for: a if x > 0 else b"),
    **dict.fromkeys(("and", "or"), "it joins two comparisons: where(x > 0 and x < 1, a, b)"),
    "not": "write the opposite: x <= 0 for not x > 0",
    **dict.fromkeys(("def", "return", "lambda"), LIKE_THIS),
}

DERIVATIVE = "type f alone: its derivative is shown too"
MATRIX = "a matrix is written row by row: [dot([1, 2], x), dot([3, 4], x)]; gradtui model.py:loss reads all of Python"
OPERATORS_OF_PAPER = {
    **dict.fromkeys(("sum", "Sigma"), "write sum(x) for the sum of the elements of a vector"),
    "prod": "write prod(x) for the product of the elements of a vector",
    **dict.fromkeys(("int", "iint", "oint"), "integrals are not computed; sum([...]) adds what is written out"),
    **dict.fromkeys(("nabla", "partial", "prime", "dot", "ddot"), DERIVATIVE),
    "lim": "type f alone, and step x towards the place",
    "pm": "write + or -",
    **dict.fromkeys(("top", "intercal", "dagger"), "write dot(w, x) for the product of two vectors"),
    "mathrm{d}": DERIVATIVE,
}
"""Commands of LaTeX that have no word here, and the way out."""

SAID = {
    **dict.fromkeys(("lim", "limit"), OPERATORS_OF_PAPER["lim"]),
    **dict.fromkeys(("int", "integral", "integrate", "antiderivative"), OPERATORS_OF_PAPER["int"]),
}
"""The same as words."""

CHARACTERS = {
    "∑": ("∑ is not part of the language", OPERATORS_OF_PAPER["sum"]),
    "∏": ("∏ is not part of the language", OPERATORS_OF_PAPER["prod"]),
    "∫": ("∫ is not part of the language", OPERATORS_OF_PAPER["int"]),
    **{sign: (f"{sign} is not part of the language", DERIVATIVE) for sign in "∇∂"},
    "±": ("± is not part of the language", OPERATORS_OF_PAPER["pm"]),
    **dict.fromkeys('"`‘“”«»', ("quotation marks are not part of the language", "leave them out")),
    **dict.fromkeys("'’′", ("quotation marks are not part of the language", DERIVATIVE)),
    "\\": ("a backslash begins a command of LaTeX, and there is none here", "leave it out"),
    "$": ("$ stands only around a whole formula of LaTeX", "leave it out"),
    "//": ("// is not an operator of the language", "write floor(x/2) for x // 2"),
    **dict.fromkeys(
        ("&", "&&", "~"), ("& and the like do not join conditions here", "write and, or: where(x > 0 and x < 1, a, b)")
    ),
    **dict.fromkeys((":", ":="), ("a colon is not part of the language", "= gives a name: a = x^2; sin(a)")),
    **dict.fromkeys("ᵀⁱʲ", ("only digits and single letters can stand raised", "write x^n for a raised n")),
    **dict.fromkeys("⁺⁻", ("a raised sign needs raised digits after it", "write x⁻¹ or x^-1")),
}

MISSING_FUNCTIONS = {
    "factorial": "x! or gamma(x + 1)",
    "matmul": "dot(a, b)",
    "mm": "dot(a, b)",
    "average": "mean(x)",
    "tgn": "tan(x)",
    "csec": "csc(x)",
    "cotan": "cot(x)",
    "atg": "atan(x)",
    **dict.fromkeys(("MSELoss", "mse"), "mse_loss(x, y)"),
    "L1Loss": "l1_loss(x, y)",
    "HuberLoss": "huber_loss(x, y)",
    "SmoothL1Loss": "smooth_l1_loss(x, y)",
    **dict.fromkeys(("CrossEntropyLoss", "crossentropy"), "cross_entropy(x, 0)"),
    "NLLLoss": "nll_loss(x, 0)",
    "mae": "mean(abs(x - y))",
    **dict.fromkeys(("BCELoss", "bce"), "binary_cross_entropy(x, y)"),
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits(x, y)",
    "KLDivLoss": "kl_div(x, y)",
    **dict.fromkeys(("ifelse", "If", "IF", "iff", "Piecewise", "piecewise", "cond"), "where(x > 0, a, b)"),
    **dict.fromkeys(("heaviside", "Heaviside", "UnitStep", "HeavisideTheta"), "where(x > 0, 1, 0)"),
    **dict.fromkeys(("fmax", "fmin"), "max(x, y), min(x, y)"),
    "LOG": "log(x), or log10(x)",
    "ATAN2": "atan2(y, x) for the angle of the point (x, y)",
    "tgamma": "gamma(x)",
    "exp10": "10^x",
    "Ramp": "relu(x)",
    "LogisticSigmoid": "sigmoid(x)",
    **{f"{name}d": f"{name}(x°)" for name in ("sin", "cos", "tan")},
    "lb": "log2(x)",
    "lg": "log10(x), or log2(x)",
}

METHODS = {
    **dict.fromkeys(("backward", "grad", "grad_fn", "requires_grad", "requires_grad_"), DERIVATIVE),
    **dict.fromkeys(("item", "float", "double", "to", "cpu", "cuda", "clone", "numpy", "tolist"), "leave it out"),
    **dict.fromkeys(
        ("detach", "data"), "every part of f has its gradient here; gradtui model.py:loss reads all of Python"
    ),
    **dict.fromkeys(("T", "t", "mm", "matmul"), "write dot(w, x) for the product of two vectors"),
}
"""What people ask of tensors by a method that is no function, and the way out."""

DERIVATIVES = frozenset((
    "grad", "gradient", "derivative", "deriv", "diff", "D", "differentiate", "partial", "jacobian", "hessian", "nabla",
))  # fmt: skip
"""Names under which other programs have a derivative."""

MOST_SHOWN = 40
"""Letters of an unknown word in a message."""

MOST_APART = 3
"""Letters of a word that a hint may take for as many names."""

_DERIVATIVE = re.compile(
    r"(?<![A-Za-z0-9_\\])(?:d|∂)[ ]?[A-Za-z]?[ ]*/[ ]*(?P<by>(?:d|∂)[ ]?[A-Za-z])(?![A-Za-z0-9_])"
    r"|\\[dtc]?frac[ ]*\{[ ]*(?:d|\\partial)[ ]*[A-Za-z]?[ ]*\}[ ]*\{[ ]*(?P<under>(?:d|\\partial)[ ]*\\?[A-Za-z]+)[ ]*\}"
)

_PIECES = rf"(?:{'|'.join((*GREEK.values(), 'pi'))}|[A-Za-z])[0-9]*(?:_[A-Za-z0-9]+)*"
_VISIBLE = ("L", "N", "P", "S")


def name_of(character: str) -> str:
    """`U+202E RIGHT-TO-LEFT OVERRIDE`: a character that may not be shown as itself."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def unreadable(piece: str) -> tuple[str, str]:
    """Message and hint for a token of kind `error`."""
    if piece in CHARACTERS:
        return CHARACTERS[piece]
    if piece[0] in "\"'":
        return CHARACTERS[piece[0]]
    if piece[0] == "\\":
        return _command(piece)
    if len(piece) == 2 and piece.endswith("="):
        return f"{piece} is not part of the language", "= gives a name: a = x^2; sin(a)"
    if piece.isascii() and piece.isprintable():
        return f"{piece} is not part of the language", ""
    if unicodedata.category(piece)[0] not in _VISIBLE:
        return f"an invisible character, {name_of(piece)}, is not part of the language", "delete it"
    if unicodedata.category(piece) == "Nd":
        return f"{piece} ({name_of(piece)}) is not a digit of the language", "write numbers with 0 to 9"
    if piece.isalpha():
        return f"{piece} ({name_of(piece)}) is not a letter of the language", "names are Latin or Greek letters"
    return f"{piece} ({name_of(piece)}) is not part of the language", ""


def _command(command: str) -> tuple[str, str]:
    """For a command of LaTeX that stands for nothing here."""
    name = command[1:].partition("_")[0]
    if name in OPERATORS_OF_PAPER:
        return f"{command} is not part of the language", OPERATORS_OF_PAPER[name]
    return (
        f"{command} is not a command of LaTeX that gradtui knows",
        "it knows \\frac, \\sqrt, \\sin, \\cdot and the like",
    )


def unknown_word(word: str, called: bool) -> tuple[str, str]:
    """Message and hint for a word without a meaning; `called`: an opening parenthesis follows."""
    if word in PYTHON_WORDS:
        return f"{word} is Python, not part of the language", PYTHON_HINTS.get(word, LIKE_THIS)
    if word.startswith("_") or "__" in word:
        return f"{word} is not a name that gradtui knows", "names start with a letter"
    what = "function" if called else "name"
    shown = word if len(word) <= MOST_SHOWN else f"{word[: MOST_SHOWN - 1]}…"
    return f"{shown} is not a {what} that gradtui knows", _meant(word, called)


def unknown_method(word: str) -> tuple[str, str]:
    """Message and hint for a word after a dot that is no function."""
    message = f".{word} is not a function that gradtui knows"
    if word == "where":
        return message, "write where(x > 0, a, b)"
    if word in METHODS:
        return message, METHODS[word]
    guess = nearest(word)
    return message, f"did you mean .{guess}()?" if guess else "a dot stands before a known function: x.sin(), x.pow(2)"


def derivative_in(text: str, names: Collection[str]) -> tuple[int, int] | None:
    """Where a text asks for a derivative, as `d/dx x^2` and `\\frac{df}{dx}` do; None where it does not."""
    found = _DERIVATIVE.search(text)
    by = (found["by"] or found["under"]).replace(" ", "") if found else ""
    return found.span() if found and by not in names else None


def _meant(word: str, called: bool) -> str:
    if word in DERIVATIVES and (called or len(word) > 1):
        return DERIVATIVE
    if word.lower() in SAID:
        return SAID[word.lower()]
    for spelled in (word, word.lower()) if called else (word,):
        if spelled in MISSING_FUNCTIONS:
            return f"write {MISSING_FUNCTIONS[spelled]}"
    if word.lower() in CONSTANTS:
        return f"did you mean {word.lower()}?"
    if guess := _run_together(word, called):
        return f"did you mean {guess}?"
    if guess := nearest(word, 0.6 if called else 0.75):
        return f"did you mean {guess}?"
    pieces = re.findall(_PIECES, word)
    letters = sum(map(str.isalpha, word))
    if letters <= MOST_APART and len(pieces) <= MOST_APART and "".join(pieces) == word:
        return f"did you mean {'*'.join(pieces)}{'*(...)' if called else ''}? One name is written {word[0]}_{word[1:]}"
    if called:
        return f"gradtui knows sin, exp, relu and {len(TABLE) - 3} more"
    return "a name is one letter, with a subscript if wanted (w, x1, w_2); a value given by --at makes any word a name"


def _run_together(word: str, called: bool) -> str:
    """`sinx` is sin(x), `sin2x` sin(2x), `xsin(` is x*sin(...); `sinn` is neither."""
    for name in sorted(FUNCTIONS, key=len, reverse=True):
        head, tail = word[: -len(name)], word[len(name) :]
        if called and word.endswith(name) and is_variable(head):
            return f"{head}*{name}(...)"
        letter = tail.lstrip("0123456789")
        is_argument = is_variable(letter) or letter in CONSTANTS or (not letter and name[-1].isalpha())
        if not called and tail and word.startswith(name) and tail != name[-1] and is_argument:
            return f"{name}({tail})"
    return ""


def nearest(word: str, likeness: float = 0.75) -> str:
    """The function or constant spelled most like `word`, or ""; the first letter is taken to be right.

    likeness: from 0 to 1, what difflib asks of a match. Two letters swapped in a word of three leave 0.67.
    """
    from difflib import get_close_matches  # 5 ms that a text without an error need not pay

    known = [name for name in (*FUNCTIONS, *CONSTANTS) if name[0] == word[:1].lower() and 2 < len(name) < len(word) + 2]
    matches = get_close_matches(word.lower(), known, n=1, cutoff=likeness) if len(word) > 2 else []
    return matches[0] if matches else ""
