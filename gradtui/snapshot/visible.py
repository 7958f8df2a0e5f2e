"""Text of a person, made safe for one line of a terminal: what would act on the screen or hide is shown instead."""

from __future__ import annotations

import unicodedata


def visible(text: str) -> str:
    """`text` with every control, format and separator character as a visible one, each for one: offsets stay."""
    return text if text.isascii() and text.isprintable() else "".join(map(_visible, text))


def harmless(text: str) -> str:
    """Several lines that keep their accents and combining marks, but hold nothing that would act on a terminal."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(
        _visible(one) if one != "\n" and unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else one
        for one in text
    )


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
