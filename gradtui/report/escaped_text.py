"""A person's text as it stands in SVG and HTML."""

from __future__ import annotations

from html import escape

from gradtui.snapshot.visible import visible


def escaped(text: str, *, lines: bool = False) -> str:
    """Its control characters are seen, but for line feeds of what has lines, and none of it is markup."""
    return escape("\n".join(map(visible, text.split("\n"))) if lines else visible(text))
