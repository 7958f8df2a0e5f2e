"""A place in a file's text, shown as a line with marks under it."""

from __future__ import annotations

from gradtui.snapshot.model import Source


def marked(text: str, source: Source) -> tuple[str, str]:
    """The first line of the source, without what it is indented by, and marks under the piece of it."""
    assert source.line is not None
    start = start_of(text, source.line)
    line = text[start:].partition("\n")[0]
    indent = len(line) - len(line.lstrip())
    marks = min(source.end, start + len(line)) - source.start
    return line.strip(), " " * (source.start - start - indent) + "^" * max(marks, 1)


def start_of(text: str, line: int) -> int:
    """The offset of a line's first character; of the end where there are fewer lines."""
    offset = 0
    for _ in range(line - 1):
        offset = text.find("\n", offset) + 1
        if not offset:
            return len(text)
    return offset
