"""Files that Python reads and cannot compile: its compiler goes down into what is nested, or goes on for long, only so far."""

from __future__ import annotations

import io
import tokenize
from dataclasses import dataclass

LONG = 1_000
"""Tokens of a statement that can be to blame by itself."""


class TooDeepError(SyntaxError):
    """Of the file and the line. Python itself says RecursionError, without a place."""


@dataclass(slots=True)
class _Line:
    """A logical line: where it begins and ends, and how much it holds."""

    first: int
    last: int
    indent: int
    tokens: int


def deepest_line(code: str) -> int:
    """Where the statement begins that Python could not compile; 1 where it is all of them together."""
    texts, lines = code.splitlines(keepends=True), _lines(code)
    starts = [place for place, line in enumerate(lines) if not line.indent]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        block = lines[start:end]
        if not _compiles("".join(texts[block[0].first - 1 : block[-1].last])):
            longest = max(block, key=lambda line: line.tokens)
            return longest.first if longest.tokens > LONG else block[0].first
    return 1


def _lines(code: str) -> list[_Line]:
    found: list[_Line] = []
    tokens = 0
    first = None
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type in (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT):
            continue
        first, tokens = first or token, tokens + 1
        if token.type == tokenize.NEWLINE:
            found.append(_Line(first.start[0], token.end[0], first.start[1], tokens))
            first, tokens = None, 0
    return found


def _compiles(text: str) -> bool:
    try:
        compile(text, "", "exec", dont_inherit=True)
    except (RecursionError, MemoryError):
        return False
    except (SyntaxError, ValueError):  # half of a statement
        return True
    return True
