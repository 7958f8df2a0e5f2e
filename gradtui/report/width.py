"""How wide a printed report is, and texts broken to that."""

import textwrap

WIDTH = 80


def wrapped(text: str, indent: str = "    ", *, first: str = "") -> list[str]:
    """The text in lines, the first after `first`, the others after `indent`. Most are one line, which is seen at once."""
    if text and len(first) + len(text) <= WIDTH and text.isprintable() and not text[-1].isspace():
        return [first + text]
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=indent)


def indented(text: str) -> list[str]:
    """As `wrapped`, a step to the right."""
    return wrapped(text, " " * 6, first="  ")
