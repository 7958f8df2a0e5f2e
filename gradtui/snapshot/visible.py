"""Text of a person, made safe for one line of a terminal: what would act on the screen or hide is shown instead."""

from __future__ import annotations

import unicodedata


def visible(text: str) -> str:
    """`text` with every control, format and separator character as a visible one, each for one: offsets stay."""
    return text if text.isascii() and text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    code = ord(character)
    if character == "\t":
        return " "
    if code < 0x20:
        return chr(0x2400 + code)  # ␛ for escape
    if code == 0x7F:
        return "␡"
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me"}:
        return "�"  # bidirectional overrides, zero widths, marks without a base
    return character
