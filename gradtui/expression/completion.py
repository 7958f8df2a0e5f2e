"""What may follow in half-typed text: the rest of a name, or the arguments of the function that the cursor is in."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from gradtui.expression.call_arguments import parameters
from gradtui.expression.functions import FUNCTIONS
from gradtui.expression.tokens import Token, scan
from gradtui.expression.words_and_spellings import MODULES, canonical, is_variable

FEWEST_LETTERS = 2
_DEFINITION = re.compile(r"([A-Za-z]\w*)\(([A-Za-z_0-9, ]+)\)\s*[=:]")


class Completion(NamedTuple):
    """rest: what stands after the text. is_text: whether it may be typed as it is, and is no list of names of arguments."""

    rest: str
    is_text: bool


def completion(text: str, names: Collection[str] = ()) -> Completion | None:
    """For the end of `text`; None where nothing is to say. `names` are variables whatever they are."""
    tokens = [token for token in scan(text, names) if token.kind != "newline"]
    if not tokens:
        return None
    own = {name: tuple(map(str.strip, given.split(","))) for name, given in _DEFINITION.findall(text)}
    last = tokens[-1]
    if last.kind == "word" and last.end == len(text) and text[last.start] != "\\":
        rest = _rest_of(last.text, {*names, *own, *(token.text for token in tokens[:-1])}, own)
        if rest:
            return Completion(rest, is_text=True)
    return _arguments(text, tokens, own)


def _rest_of(word: str, known: Collection[str], own: Collection[str]) -> str:
    """The rest of the first function's name that begins so."""
    if len(word) < FEWEST_LETTERS or word in FUNCTIONS or word in known:
        return ""
    found = next((name for name in (*own, *FUNCTIONS) if name.startswith(word) and name != word), "")
    return found[len(word) :] + "(" if found and not is_variable(word) else ""


def _arguments(text: str, tokens: Sequence[Token], own: dict[str, tuple[str, ...]]) -> Completion | None:
    """What the innermost call that is open still takes."""
    opened: list[list[int]] = []
    for place, token in enumerate(tokens):
        if token.text in ("(", "[", "{"):
            opened.append([place, 0])
        elif token.text in (")", "]", "}") and opened:
            opened.pop()
        elif token.text == "," and opened:
            opened[-1][1] += 1
        elif token.text == ";":
            opened.clear()
    if not opened or tokens[opened[-1][0]].text != "(" or not opened[-1][0]:
        return None
    place, commas = opened[-1]
    before = tokens[place - 1]
    takes = _takes(before, own)
    if takes is not None and place > 2 and tokens[place - 2].text == "." and tokens[place - 3].text not in MODULES:
        takes = takes[1:]  # of a method, x.clamp(0, 1)
    if takes is None or len(takes) < commas:
        return None
    is_begun = tokens[-1].text not in ("(", ",")
    left = takes[commas + is_begun :]
    if not left:
        return Completion(")", is_text=True) if is_begun and len(opened) == 1 else None
    space = " " if tokens[-1].text == "," and text[-1] == "," else ""
    return Completion((", " if is_begun else space) + ", ".join(left) + ")", is_text=False)


def _takes(word: Token, own: dict[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    if word.kind != "word":
        return None
    if word.text in own:
        return own[word.text]
    row = FUNCTIONS.get(canonical(word.text))
    if row is None:
        return None
    return parameters(row)
