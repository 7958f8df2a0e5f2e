"""The text of a user's file, with the piece that made the selected node lit, or the line that went wrong."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import ClassVar

from gradtui.snapshot.model import Source
from gradtui.snapshot.target import line_of
from gradtui.snapshot.visible import visible
from gradtui.tui.panes.line_view import Line, LineView, Piece, within

KINDS = {"Comment": "comment", "Keyword": "keyword", "Number": "number", "String": "string", "Function": "function"}
"""Of the colours that Pygments tells apart, those that are shown."""

Span = tuple[int, int]


class SourceView(LineView):
    """`show` brings a piece of a file into sight; the file stays until another one is shown."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "source--number-of-line",
        "source--line",
        "source--lit",
        "source--bad",
        *(f"source--{kind}" for kind in KINDS.values()),
    }

    def __init__(self, function: str, *, id: str | None = None) -> None:
        """function: by name, where the file is shown from as long as there is no piece to light."""
        super().__init__(id=id)
        self._function, self._definition = function, 0
        self._text = ""
        self._lines: list[tuple[Piece, ...]] = []
        self._starts: list[int] = []
        self._span: Span | None = None
        self._bad = False

    def follow(self, files: Mapping[str, str], places: Iterable[Source | None], *, bad: bool) -> bool:
        """Show the first of the places that is in one of the files, else the first of these; False where there is none.

        bad: whether something went wrong there.
        """
        source = next((one for one in places if one is not None and one.file in files), None)
        name = next(iter(files), None) if source is None else source.file
        if name is None:
            return False
        self.show(name, files[name], source, bad=bad)
        if self.styles.max_height is None or self.styles.max_height.value != self.line_count + 2:
            self.styles.max_height = self.line_count + 2
        return True

    def show(self, name: str, text: str, source: Source | None, *, bad: bool = False) -> None:
        """The file `name`. Light `source`, a piece of its `text`; bad: as the place where something went wrong."""
        self.entitle(visible(name if source is None else f"{name}:{source.line}"))
        if text != self._text:
            self._text = text
            self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))][:-1]
            self._lines = _coloured(text)
            self._definition = (line_of(text, self._function) or 1) - 1
        self._span, self._bad = (source.start, source.end) if source is not None else None, bad
        self._paint()

    @property
    def line_count(self) -> int:
        return len(self._lines)

    def line(self, y: int) -> Line:
        digits = len(str(self.line_count))
        pieces = self._lit(y) if self._span is not None else self._lines[y]
        here = self._span is not None and self._row(self._span[0]) <= y <= self._row(self._span[1] - 1)
        number = (f"{y + 1:>{digits}} ", "source--lit" if here and not self._bad else "source--number-of-line")
        return Line(within((number, *pieces), self.line_width))

    def on_resize(self) -> None:
        self._paint()

    def _paint(self) -> None:
        before = self.max_scroll_y
        self.lines_changed()
        self._bring_into_sight()
        if self.max_scroll_y != before or not self.size:
            self.call_after_refresh(self._bring_into_sight)  # how far it scrolls is known then

    def _row(self, offset: int) -> int:
        return max(0, bisect_right(self._starts, offset) - 1)

    def _lit(self, y: int) -> tuple[Piece, ...]:
        """The line with what of the span lies on it in other colours."""
        assert self._span is not None
        first, last = (offset - self._starts[y] for offset in self._span)
        return tuple(_over(self._lines[y], first, last, "source--bad" if self._bad else "source--lit"))

    def _bring_into_sight(self) -> None:
        """The first line of the span, or of the function, in the middle, unless all of it is seen already."""
        start, end = self._span or [self._starts[self._definition] if self._starts else 0] * 2
        first, last, height = self._row(start), self._row(max(start, end - 1)), self.size.height
        top = self.scroll_offset.y
        if height and not (top <= first and last < top + height):
            self.scroll_to(y=max(0, first - height // 2), animate=False)


def _coloured(text: str) -> list[tuple[Piece, ...]]:
    """Each line of a Python file as pieces, without its end; a character stays a character."""
    from pygments.lexers import PythonLexer  # not wanted where there is no file
    from pygments.token import Token

    lines: list[list[Piece]] = [[]]
    for _, kind, piece in PythonLexer().get_tokens_unprocessed(text):
        name = next((KINDS[part] for part in reversed(kind) if part in KINDS), "")
        if kind in Token.Literal.String.Doc:
            name = "comment"
        style = f"source--{name}" if name else "source--line"
        head, *others = (line.removesuffix("\r") for line in piece.split("\n"))
        lines[-1].append((head, style))
        lines += [[(line, style)] for line in others]
    return [tuple(piece for piece in line if piece[0]) for line in lines]


def _over(pieces: tuple[Piece, ...], first: int, last: int, style: str) -> Iterator[Piece]:
    """The pieces with the characters from `first` to before `last` in `style`."""
    at = 0
    for text, usual in pieces:
        a, b = (max(0, min(len(text), place - at)) for place in (first, last))
        yield from ((part, kind) for part, kind in ((text[:a], usual), (text[a:b], style), (text[b:], usual)) if part)
        at += len(text)
