"""Text -> tokens, without ever failing: what cannot be read is a token of kind `error`."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Literal, NamedTuple

from gradtui.expression.latex_commands import CASES_END, COMMAND, ROW_END, inside, meaning
from gradtui.expression.words_and_spellings import (
    ACCENTED,
    ACCENTS,
    FRACTIONS,
    GREEK_INDEX,
    LOWERED,
    OPERATORS,
    RAISED_LETTERS,
    ROOTS,
    TEXT_INDEX,
    plain_character,
    without_marks,
)

TokenKind = Literal[
    "number", "word", "qualified", "superscript", "operator", "bracket", "newline", "string", "structure", "skip", "error",
    "end",
]  # fmt: skip
"""structure: a command of LaTeX that is no word, `\\frac`. skip: what says nothing, a comment or `\\,`."""

_SPACE = r"(?:[ \t\u00a0\u2000-\u200a\u202f\u205f\u2061\u2062\u3000]+|\\\r?\n)+"
"""Also a line break behind a backslash, as it is pasted, and what a page has unseen between sin and x, and 2 and x."""
_PROMPT = r"(?m:^)(?:>>>|\.\.\.)(?=[ ])"
_NUMBER = (
    rf"(?:[0-9]{{1,3}}(?:_[0-9]{{3}})+(?![0-9])|[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+−–]?[0-9]+)?|[{''.join(FRACTIONS)}]"
)
# A Greek letter is a word of its own (πr² is pi*r^2); Latin letters run together.
_INDEX = rf"(?:\{{[A-Za-z0-9]+\}}|{GREEK_INDEX}|{TEXT_INDEX})"
_WORD = (
    rf"(?:[A-Za-zα-ω][{''.join(ACCENTS)}]|[{ACCENTED}])(?:[0-9]+|_[A-Za-z0-9]+|_{_INDEX}|[{LOWERED}]+)?|"
    rf"[A-Za-z_][A-Za-z0-9_]*(?:(?<=[A-Za-z0-9]_){_INDEX}|[{LOWERED}]+)?"
    rf"|[α-ρσ-ωΓΔΘΛΞΠΣΦΨΩϵϑϕµ](?:[0-9]+)?(?:_[A-Za-z0-9]+|_{_INDEX}|[{LOWERED}]+)?|∞"
)
_UNKNOWN = r"//|:=|<<|>>|[-+*/^%&]=|&&"
_DEGREES = r"°|\^[ ]*(?:\\circ(?![A-Za-z])|\{[ ]*\\circ[ ]*\})"
_OPERATOR = rf"{_DEGREES}|" r"->|=>|↦|→|\.\^|\.\*(?!\*)|\./|\*\*|<=|>=|==|!=|[-+*/^<>=.,;%!@×✕·∙⋅∗•⊙÷∕⁄−–—‐‑‒≤≥⩽⩾≠]"
_RAISED = "".join(map(chr, RAISED_LETTERS))
_STRING = r"\"[A-Za-z_]*\"|'[A-Za-z_]*'"
_TOKEN = (
    rf"(?P<prompt>{_PROMPT})|(?P<number>{_NUMBER})|(?P<word>{_WORD})|(?P<bracket>[()\[\]{{}}|‖⌊⌋⌈⌉])|(?P<error>{_UNKNOWN})|(?P<operator>{_OPERATOR}|[{''.join(ROOTS)}])"
    rf"|(?P<superscript>[⁺⁻]?(?:[⁰¹²³⁴-⁹]+[{_RAISED}]?|[{_RAISED}]))|(?P<newline>\r\n|[\r\n])|(?P<space>{_SPACE})|(?P<string>{_STRING})"
    rf"|(?P<command>{COMMAND})|(?P<unknown>.)"
)
_COMMENT = r"(?P<skip>#[^;\r\n]*|(?P<quotes>\"\"\"|\'\'\')(?:(?!(?P=quotes))[\s\S])*(?P=quotes))"
"""In Python that is pasted; a comment ends with its line, also where the lines are joined by `;`."""
_USUAL = re.compile(_WORD)
_KINDS: dict[str, TokenKind] = {
    "number": "number",
    "word": "word",
    "name": "word",
    "bracket": "bracket",
    "operator": "operator",
    "superscript": "superscript",
    "newline": "newline",
    "string": "string",
    "skip": "skip",
    "error": "error",
    "unknown": "error",
}


class Token(NamedTuple):
    """A piece of the text from `start` to `end` (exclusive); `text` is its one spelling: `**` is `^`."""

    kind: TokenKind
    text: str
    start: int
    end: int


def tokenize(text: str, names: Collection[str] = ()) -> list[Token]:
    """All tokens of `text` that say something; newlines inside brackets do not. `names` are always words."""
    return [token for token in scan(text, names) if token.kind != "skip"]


def scan(text: str, names: Collection[str] = ()) -> list[Token]:
    """All tokens of `text` but for white space, in order, none empty."""
    tokens: list[Token] = []
    depth = cases = 0
    has_rows = "\\begin" in text
    if not text.isascii():
        text = "".join(map(plain_character, text))
    first, last = inside(text) if "$" in text or "\\" in text or "`" in text else (0, len(text))
    for match in _pattern(names, "#" in text or "return" in text).finditer(text):
        group, piece = match.lastgroup or "unknown", match.group()
        start, end = match.span()
        if not first <= start < last and group != "space":
            tokens.append(Token("skip", piece, start, end))
            continue
        if group == "command" and piece == ROW_END and has_rows and not cases:
            tokens.append(Token("newline", piece, start, end))
            continue
        if has_rows and not cases and piece == "&=":
            tokens += [Token("skip", "&", start, start + 1), Token("operator", "=", start + 1, end)]
            continue
        if has_rows and piece in (ROW_END, "&"):
            tokens.append(Token("operator" if cases else "skip", piece, start, end))
            continue
        if group == "command":
            made = _of_command(piece, start, end)
            tokens.extend(made)
            cases += (made[0].kind == "structure" and "cases" in piece) - (made[0].text == CASES_END)
            depth = max(depth + sum((token.text == "(") - (token.text == ")") for token in made), 0)
            continue
        if group == "operator":
            piece = "°" if piece.endswith(("circ", "}")) else OPERATORS.get(piece, piece)
            depth = 0 if piece == ";" else depth
            piece = "==" if cases and piece == "=" else piece
        elif group == "bracket":
            depth = max(depth + (piece in "([{⌊⌈") - (piece in ")]}⌋⌉"), 0)
        elif group in ("space", "prompt") or (group == "newline" and (depth or cases > 0)):
            continue
        elif group == "number":
            piece = piece.replace("_", "")
        elif group in ("word", "name"):
            piece = without_marks(piece)
        tokens.append(Token(_KINDS[group], piece, start, end))
    return tokens


def _of_command(command: str, start: int, end: int) -> list[Token]:
    """What a command of LaTeX stands for, each of several pieces with a part of its span."""
    structure, pieces = meaning(command)
    if structure:
        return [Token("structure", command, start, end)]
    if pieces is None:
        return [Token("error", command, start, end)]
    if not pieces:
        return [Token("skip", command, start, end)]
    places = [start, *range(end - len(pieces) + 1, end), end]
    return [Token(_sort(piece), piece, low, high) for piece, low, high in zip(pieces, places, places[1:], strict=False)]


def _sort(piece: str) -> TokenKind:
    if piece in ("(", ")", "‖"):
        return "bracket"
    return "word" if piece[0].isalpha() else "operator"


def _pattern(names: Collection[str], is_python: bool) -> re.Pattern[str]:
    """The usual pattern, or one that knows comments, or names such as `Δx` that would fall apart otherwise."""
    unusual = [name for name in names if not _USUAL.fullmatch(name) and name.isidentifier()]
    longest_first = sorted(map(re.escape, unusual), key=len, reverse=True)
    return _compiled(tuple(longest_first), is_python)


@lru_cache(16)
def _compiled(names: tuple[str, ...], is_python: bool) -> re.Pattern[str]:
    """Where it is wanted first: it takes as long as twenty small modules."""
    name = rf"(?P<name>(?:{'|'.join(names)})(?!\w))|" if names else ""
    comment = f"{_COMMENT}|" if is_python else ""
    return re.compile(f"{name}{comment}{_TOKEN}", re.DOTALL)
