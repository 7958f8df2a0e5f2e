"""Text of a person or of a file, made safe where it is shown: what would act on the screen or hide is shown instead.

Each character stays one character, so that every offset stays.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories of what a terminal or a reader obeys: controls, formats, halves of characters, ends of lines."""

UNSEEN = ACTING | {"Co", "Cn", "Mn", "Me"}
"""Of these, and of what has no shape or no place of its own on a line."""

HAS_LINES = re.compile(r"\r\n|[\n\t]")


def visible(text: str) -> str:
    """One line: every control, format, separator and combining character of `text` as a visible one."""
    return text if text.isascii() and text.isprintable() else _visible(text)


def harmless(text: str) -> str:
    """One line, with its accents and combining marks, but nothing that would act on a terminal."""
    return text if text.isprintable() else "".join(map(_harmless, text))


def harmless_lines(text: str) -> str:
    """The same of several lines, which keep their ends and tabs."""
    if text.isprintable() or HAS_LINES.sub("", text).isprintable():
        return text
    shown = [one if one in "\n\t" else _harmless(one) for one in text]
    for end in re.finditer("\r\n", text):
        shown[end.start()] = "\r"
    return "".join(shown)


@lru_cache(4096)
def _visible(text: str) -> str:
    return "".join([_shown(one) if unicodedata.category(one) in UNSEEN else one for one in text])


def _harmless(character: str) -> str:
    return _shown(character) if unicodedata.category(character) in ACTING else character


def _shown(character: str) -> str:
    code = ord(character)
    if character == "\t":
        return " "
    if code < 0x20:
        return chr(0x2400 + code)  # ␛ for escape
    return "␡" if code == 0x7F else "�"  # of bidirectional overrides, zero widths, marks without a base
