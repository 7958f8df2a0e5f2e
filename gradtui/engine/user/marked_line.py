"""A place in a file's text, shown as a line with marks under it."""

from __future__ import annotations

from gradtui.snapshot.model import Source

WIDEST = 200
"""Characters of a line that are shown, of a longer one those around the place."""


def marked(text: str, source: Source) -> tuple[str, str]:
    """The first line of the source, without what it is indented by, and marks under the piece of it."""
    assert source.line is not None
    start = start_of(text, source.line)
    line = text[start:].partition("\n")[0]
    indent = len(line) - len(line.lstrip())
    place = source.start - start - indent
    marks = max(min(source.end, start + len(line)) - source.start, 1)
    line = line.strip()
    if len(line) > WIDEST:
        first = max(0, min(place - WIDEST // 4, len(line) - WIDEST))
        line, place = f"…{line[first : first + WIDEST]}…", place - first + 1
        marks = min(marks, WIDEST - place + 1)
    return line, " " * place + "^" * marks


def start_of(text: str, line: int) -> int:
    """The offset of a line's first character; of the end where there are fewer lines."""
    offset = 0
    for _ in range(line - 1):
        offset = text.find("\n", offset) + 1
        if not offset:
            return len(text)
    return offset
