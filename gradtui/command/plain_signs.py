"""Signs of ASCII for an output whose encoding has no others, as in the locale C: what a tick or an arrow says is not lost."""

from __future__ import annotations

import unicodedata

SIGNS = {
    **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", (f"^{digit}" for digit in range(10)), strict=True)),
    "✓": "ok",
    "✗": "no",
    "∞": "inf",
    "∅": "0",
    "≈": "about",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "→": "->",
    "←": "<-",
    "↑": "^",
    "↓": "v",
    "↗": "/",
    "↙": "/",
    "↘": "\\",
    "↖": "\\",
    "⏎": "enter",
    "Σ": "sum ",
    "∂": "d",
    "∇": "grad ",
    "Δ": "d",
    "√": "sqrt",
    "λ": "lambda",
    "ḡ": "g",
    "̇": "'",
    "̄": "_",
    "·": "*",
    "×": "x",
    "÷": "/",
    "−": "-",
    "–": "-",
    "…": "~",
    "⌣": "u",
    "⌢": "n",
    "⁝": "|",
    "⁞": "|",
    "∏": "prod ",
    "∘": "o",
    "½": "1/2",
    "’": "'",
    "\u0302": "^",
    "⁻": "^-",
    "⠀": " ",
}
"""In tables, one for one."""


def sign(character: str) -> str:
    """One that stands for it, a question mark where there is none."""
    if character in SIGNS:
        return SIGNS[character]
    if "\u2500" <= character <= "\u257f":  # of boxes
        return "-" if character in "─━┄┅┈┉╌╍" else "|" if character in "│┃┆┇┊┋╎╏" else "+"
    if "\u2800" <= character <= "\u28ff":  # Braille, of which curves are made
        return "*"
    if "\u25a0" <= character <= "\u25ff":  # circles, triangles
        return "o"
    name = unicodedata.name(character, "")
    if name.startswith("GREEK SMALL LETTER "):
        return name.rpartition(" ")[2].lower()
    return unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode() or "?"
