"""Half-typed text -> coloured pieces."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import Literal, NamedTuple

from gradtui.expression.functions import FUNCTIONS
from gradtui.expression.tokens import Token, TokenKind, scan
from gradtui.expression.words_and_spellings import CONSTANTS, MODULES, canonical, is_variable

Kind = Literal["number", "variable", "function", "constant", "operator", "bracket", "error"]

_KINDS: dict[TokenKind, Kind] = {
    "number": "number",
    "superscript": "number",
    "operator": "operator",
    "bracket": "bracket",
    "structure": "function",
    "string": "constant",
    "skip": "bracket",
    "error": "error",
}


class Piece(NamedTuple):
    """A piece of the text to be coloured; `start` and `end` are offsets, end exclusive."""

    kind: Kind
    start: int
    end: int


def pieces(text: str, names: Collection[str] = ()) -> list[Piece]:
    """The pieces of `text` in order, white space left out. Never raises; `names` are variables whatever they are."""
    found = [token for token in scan(text, names) if token.kind != "newline"]
    known = {canonical(name) for name in names}
    known.update(canonical(word.text) for word, after in pairwise(found) if after.text == "=")
    return [Piece(_KINDS.get(token.kind) or _word(token, text, known), token.start, token.end) for token in found]


def _word(token: Token, text: str, known: set[str]) -> Kind:
    """What a word is; one that is still being typed is given the benefit of the doubt."""
    name = canonical(token.text)
    if name in known:
        return "variable"
    if name in FUNCTIONS or (name in MODULES and text[token.end : token.end + 1] == "."):
        return "function"
    if name in CONSTANTS:
        return "constant"
    if is_variable(name):
        return "variable"
    if token.end == len(text) and any(function.startswith(name) for function in FUNCTIONS):
        return "function"
    return "error"
