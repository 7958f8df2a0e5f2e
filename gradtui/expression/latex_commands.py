"""The commands of LaTeX that the language reads: each as the words and signs that it stands for."""

from __future__ import annotations

import re
from typing import NamedTuple

from gradtui.expression.functions import FUNCTIONS
from gradtui.expression.words_and_spellings import GREEK, GREEK_INDEX, TEXT_INDEX, without_marks

FRACTIONS = frozenset(("frac", "dfrac", "tfrac", "cfrac"))

SIGNS = {
    **dict.fromkeys(("cdot", "times", "ast", "odot"), "*"),
    "div": "/",
    **dict.fromkeys(("le", "leq", "leqslant"), "<="),
    **dict.fromkeys(("ge", "geq", "geqslant"), ">="),
    **dict.fromkeys(("to", "mapsto", "rightarrow"), "->"),
    **dict.fromkeys(("coloneqq", "coloneq"), "="),
    "colon": ":",
    "lt": "<",
    "gt": ">",
    **dict.fromkeys(("ne", "neq"), "!="),
}

BRACKETS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("left(", "left[", "left\\{", "left\\lparen", "{", "lparen"), ("(",)),
    **dict.fromkeys(("right)", "right]", "right\\}", "right\\rparen", "}", "rparen"), (")",)),
    **dict.fromkeys(("left|", "lvert", "left\\lvert", "left\\vert"), ("abs", "(")),
    **dict.fromkeys(("right|", "rvert", "right\\rvert", "right\\vert"), (")",)),
    **dict.fromkeys(("left\\|", "lVert", "left\\lVert", "left\\Vert"), ("norm", "(")),
    **dict.fromkeys(("right\\|", "rVert", "right\\rVert", "right\\Vert"), (")",)),
    **dict.fromkeys(("lfloor", "left\\lfloor"), ("floor", "(")),
    **dict.fromkeys(("lceil", "left\\lceil"), ("ceil", "(")),
    **dict.fromkeys(("rfloor", "right\\rfloor", "rceil", "right\\rceil"), (")",)),
}
"""Pairs that group: `\\left[x + 1\\right]` is no vector."""

WORDS = {
    **{name: name for name in (*GREEK.values(), "pi", "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh")},
    **{name: name for name in ("tanh", "coth", "arcsin", "arccos", "arctan", "exp", "ln", "log", "max", "min")},
    **{f"var{name}": name for name in ("epsilon", "theta", "phi", "rho", "sigma", "kappa", "pi")},
    "lambda": "lambda",
    "infty": "inf",
    "Pi": "Π",
    "bmod": "mod",
    "mod": "mod",
    "lg": "log10",
    "sqrt": "sqrt",
}

ENVIRONMENTS = frozenset(
    ("equation", "align", "aligned", "gather", "gathered", "split", "displaymath", "math", "multline", "eqnarray")
)
"""Environments that set formulas: their text is read, a row a line."""

CASES_END, ROW_END = "\\end{cases}", "\\\\"

SPACES = frozenset(("quad", "qquad", "displaystyle", "textstyle", "limits", "nolimits", "nonumber", "notag", "rm"))
NAMED = r"(?:operatorname\*?|mathrm|mathit|mathbf|text|textrm|mbox|mathsf|boldsymbol|bm|vec|mathbb|mathcal)"
_NUMBERED = (
    r"(?:(?:label|tag)\*?[ ]*\{[^{}]*\}"
    r"|q?quad[ ]*\([0-9]+[a-z]?\)(?=[ ]*[.,]?[ ]*(?:$|[\r\n$]|\\(?:\\|end|\]|\)))))"
)
"""The number of an equation: `\\tag{1}`, or `\\qquad (1)` at the end of its line."""
_ABOVE = "hat|widehat|bar|overline|tilde|widetilde"

COMMAND = (
    r"\\(?:\\|(?:begin|end)[ ]*\{[a-z]+\*?\}|"
    rf"(?:{_ABOVE})(?:[ ]*\{{[ ]*\\?[A-Za-z]+[ ]*\}}|[ ]+[A-Za-z]|[ ]*\\[A-Za-z]+)|\||"
    rf"{_NUMBERED}|{NAMED}[ ]*\{{[ ]*\\?[A-Za-z][A-Za-z0-9]*[ ]*[.,]?[ ]*\}}"
    rf"|(?:left|right)[ ]*(?:[(){{}}\[\]|.]|\\[A-Za-z]+|\\[{{}}|])"
    r"|[A-Za-z]+|[,;:!>{} ])"
    rf"(?:_(?:[A-Za-z0-9]|\{{[A-Za-z0-9]+\}}|{GREEK_INDEX}|{TEXT_INDEX}))?"
)
"""A command with its subscript, which without braces is one character long."""

_PARTS = re.compile(
    rf"\\(?:{NAMED}[ ]*\{{[ ]*\\?(?P<named>\w+)[ ]*[.,]?[ ]*\}}|(?P<name>.+?))"
    rf"(?:_(?P<index>[A-Za-z0-9]+|\{{.+\}}|{GREEK_INDEX}|{TEXT_INDEX}))?$",
    re.DOTALL,
)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)[ ]*\{([a-z]+)\*?\}$")
_ACCENTED = re.compile(rf"\\({_ABOVE})(?:[ ]*\{{[ ]*\\?|[ ]+|[ ]*\\)([A-Za-z]+)[ }}]*(?:_\{{?([A-Za-z0-9]+)\}}?)?$")
_SIZES = re.compile(r"[bB]igg?[lr]?$")
_LANGUAGE = re.compile(r"[A-Za-z]+(?=[ ]*\n)")
_DELIMITERS = (("```", "```"), ("`", "`"), ("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"))


class Meaning(NamedTuple):
    """What a command stands for: a structure of its own (`frac`), or so many pieces; neither where it is not known."""

    structure: str = ""
    pieces: tuple[str, ...] | None = None


def meaning(command: str) -> Meaning:
    """`\\sin` is the word sin, `\\left|` is `abs(`, `\\log_2` is log2, `\\frac` a structure."""
    parts = _PARTS.match(command)
    assert parts is not None
    if environment := _ENVIRONMENT.match(command):
        if environment[1] in ("cases", "dcases"):
            return Meaning("cases") if command.startswith("\\begin") else Meaning(pieces=(CASES_END,))
        return Meaning(pieces=() if environment[1] in ENVIRONMENTS else None)
    if accented := _ACCENTED.match(command):
        return _accented(*accented.groups())
    if command.startswith(("\\label", "\\tag")) or (command.endswith(")") and "quad" in command):
        return Meaning(pieces=())
    name = (parts["named"] or parts["name"]).replace(" ", "")
    index = without_marks(f"_{parts['index']}")[1:] if parts["index"] else None
    if name == "|":
        return Meaning(pieces=("‖",) if index in (None, "2") else None)
    if index and (name in BRACKETS or name in SIGNS or name in SPACES) and (index != "2" or "rVert" not in name):
        return Meaning()
    if name in FRACTIONS and parts["named"] is None and not index:
        return Meaning("frac")
    if name in BRACKETS:
        return Meaning(pieces=BRACKETS[name])
    if name in SIGNS:
        return Meaning(pieces=(SIGNS[name],))
    if name in SPACES or _SIZES.match(name) or name in {"left.", "right.", *",;:!>"} or not name:
        return Meaning(pieces=())
    word = (
        name
        if parts["named"]
        else WORDS.get(name, name if name in FUNCTIONS and name not in ("sum", "prod", "dot") else None)
    )
    if word is None or (word == "d" and "mathrm" in command):
        return Meaning()
    if word == "log" and index:
        named = {"2": "log2", "10": "log10", "e": "log"}.get(index)
        return Meaning(pieces=(named,)) if named else Meaning("log", (index,))
    return Meaning(pieces=(f"{word}_{index}" if index else word,))


def _accented(above: str, name: str, index: str | None) -> Meaning:
    r"""`\hat{y}` is y_hat, and another variable than y."""
    if len(name) > 1 and name not in GREEK.values():
        return Meaning()
    ending = {"overline": "bar"}.get(above, above.removeprefix("wide"))
    return Meaning(pieces=(f"{name}_{ending}{'_' if index else ''}{index or ''}",))


def inside(text: str) -> tuple[int, int]:
    """Where the formula stands, without the `$` or `\\[` around it."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    for opening, closing in _DELIMITERS:
        held = text.startswith(opening, start) and text.endswith(closing, start + len(opening), end)
        if held:
            language = _LANGUAGE.match(text, start + len(opening)) if opening == "```" else None
            return language.end() if language else start + len(opening), end - len(closing)
    return 0, len(text)
