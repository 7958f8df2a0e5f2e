"""Where in a file's text an instruction came from."""

from __future__ import annotations

from gradtui.snapshot.model import Source

Position = tuple[int, int, int, int]
"""First and last line, from 1; first and end column, in bytes of UTF-8 from 0: as `co_positions()` gives them."""


def source_at(text: str, file: str, position: Position) -> Source:
    """The piece of `text` at `position`, as far as the text (which may have been edited since) goes."""
    first, last, start, end = position
    start, end = _offset(text, first, start), _offset(text, last, end)
    return Source(text[start : max(start, end)], start, max(start, end), file, first)


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


def _offset(text: str, line: int, column: int) -> int:
    start = start_of(text, line)
    end = text.find("\n", start)
    here = text[start : None if end < 0 else end]
    return start + len(here.encode()[:column].decode(errors="ignore"))
