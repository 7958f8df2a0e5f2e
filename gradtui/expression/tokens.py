"""Text -> tokens, without ever failing: what cannot be read is a token of kind `error`."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal, NamedTuple

TokenKind = Literal["number", "word", "qualified", "superscript", "operator", "bracket", "newline", "error", "end"]

SPELLINGS = {
    "**": "^",
    **dict.fromkeys("×·∙⋅∗", "*"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("−–", "-"),
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
}
"""Other ways to write an operator. The dash is what many programs make of a typed minus."""

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")

_SPACE = r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+"
_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+−–]?[0-9]+)?"
# A Greek letter is a word of its own (πr² is pi*r^2); Latin letters run together.
_WORD = r"[A-Za-z_][A-Za-z0-9_]*[₀-₉]*|[α-ρσ-ωΓΔΘΛΞΠΣΦΨΩϵϑϕµ](?:[0-9]+)?(?:_[A-Za-z0-9]+|[₀-₉]+)?|∞"
_UNKNOWN = r"//|:=|<<|>>|->|[-+*/^%&]=|&&"
_OPERATOR = r"\*\*|<=|>=|==|!=|[-+*/^<>=.,;√×·∙⋅∗÷∕⁄−–≤≥≠]"
_TOKEN = (
    rf"(?P<number>{_NUMBER})|(?P<word>{_WORD})|(?P<bracket>[()\[\]|])|(?P<error>{_UNKNOWN})|(?P<operator>{_OPERATOR})"
    rf"|(?P<superscript>[⁺⁻]?[⁰¹²³⁴-⁹]+)|(?P<newline>\r\n|[\r\n])|(?P<space>{_SPACE})|(?P<unknown>.)"
)
_PATTERN = re.compile(_TOKEN, re.DOTALL)
_KINDS: dict[str, TokenKind] = {
    "number": "number",
    "word": "word",
    "name": "word",
    "bracket": "bracket",
    "operator": "operator",
    "superscript": "superscript",
    "newline": "newline",
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
    """All tokens of `text` without white space, as which newlines inside brackets count. `names` are always words."""
    tokens = []
    depth = 0
    for match in _pattern(names).finditer(text):
        group, piece = match.lastgroup or "unknown", match.group()
        if group == "operator":
            piece = SPELLINGS.get(piece, piece)
            depth = 0 if piece == ";" else depth
        elif group == "bracket":
            depth = max(depth + (piece in "([") - (piece in ")]"), 0)
        elif group == "space" or (group == "newline" and depth):
            continue
        tokens.append(Token(_KINDS[group], piece, match.start(), match.end()))
    return tokens


def _pattern(names: Collection[str]) -> re.Pattern[str]:
    """The usual pattern, or one that knows names such as `Δx` that would fall apart otherwise."""
    unusual = [name for name in names if not re.fullmatch(_WORD, name) and name.isidentifier()]
    if not unusual:
        return _PATTERN
    longest_first = sorted(map(re.escape, unusual), key=len, reverse=True)
    return re.compile(rf"(?P<name>(?:{'|'.join(longest_first)})(?!\w))|{_TOKEN}", re.DOTALL)
