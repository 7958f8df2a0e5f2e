"""A file of numbers in columns -> data. The first line names the columns; commas, semicolons or tabs stand between."""

from __future__ import annotations

import codecs
import csv
import io
import math
import re

MOST_BYTES = 64 * 2**20
MOST_NUMBERS = 1_000_000
SEPARATORS = ("\t", ";", ",")
BEGINNINGS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: "utf-8-sig"}
EXAMPLE = "the first line names the columns: x,y"
LONGEST = 40
"""Characters of a cell that are quoted."""
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
"""A number whose one mark may stand between thousands, or before decimals."""
GROUPED = re.compile(r"[+-]?\d{1,3}(?:[.,'’_\s]\d{2,3})*[.,'’_\s]\d{3}(?:[.,]\d*)?")
"""A number with marks between thousands, as it is written somewhere; \\s has the spaces that no line breaks at, too."""

Columns = dict[str, tuple[float, ...]]


class DataError(ValueError):
    """What is wrong with a file of data, in one sentence with its line."""


def read_columns(data: bytes) -> Columns:
    """The columns by name, all of one length. Raises DataError."""
    rows = csv.reader(io.StringIO(_text(data), newline=""), delimiter=_separator(data), skipinitialspace=True)
    try:
        names = _names(next(rows, []))
        marks = _Marks()
        found: list[list[float]] = [[] for _ in names]
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                raise DataError(f"line {rows.line_num} has {len(cells)} cells, and there are {len(names)} columns")
            for name, column, cell in zip(names, found, cells, strict=True):
                column.append(_number(cell, name, rows.line_num))
                marks.see(cell.strip(), name, rows.line_num)
            if len(names) * len(found[0]) > MOST_NUMBERS:
                raise DataError(f"more than {MOST_NUMBERS:,} numbers are too many to train on here")
    except csv.Error as error:
        raise DataError(f"line {rows.line_num}: {error}") from None
    if not found[0]:
        raise DataError("there are no rows under the first line")
    marks.check()
    return {name: tuple(column) for name, column in zip(names, found, strict=True)}


def _text(data: bytes) -> str:
    encoding = next((name for mark, name in BEGINNINGS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DataError(f"line {line} is not UTF-8: this is no text, or in another encoding") from None
    if "\0" in text:
        raise DataError(f"line {text[: text.index(chr(0))].count(chr(10)) + 1} holds a zero byte: this is no text")
    return text


def _separator(data: bytes) -> str:
    """What stands in the first line."""
    first = next(iter(_text(data).lstrip().splitlines()), "")
    return next((separator for separator in SEPARATORS if separator in first), ",")


def _names(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if not any(names):
        raise DataError(f"the file is empty: {EXAMPLE}")
    for name in names:
        if not name:
            raise DataError(f"line 1 leaves a column without a name: {EXAMPLE}")
        if _is_number(name):
            raise DataError(f"line 1 has the number {name[:LONGEST]}: {EXAMPLE}")
        if not name.isidentifier():
            raise DataError(f"{name[:LONGEST]!r} in line 1 is no name for a variable: letters, digits and _ make one")
        if names.count(name) > 1:
            raise DataError(f"two columns are called {name[:LONGEST]}")
    return names


class _Marks:
    """The commas and points in the numbers of a file. A point is decimal where no number has a comma. A comma is where no number
    has a point, and one of them tells it: `2,5` does, `1,000` may be 1000."""

    def __init__(self) -> None:
        self._proved: set[str] = set()
        self._doubtful: dict[str, tuple[str, str, int]] = {}

    def see(self, text: str, name: str, line: int) -> None:
        """One number, and where it stands."""
        mark = "," if "," in text else "." if "." in text else ""
        if mark and THOUSANDS.fullmatch(text):
            self._doubtful.setdefault(mark, (text, name, line))
        elif mark:
            self._proved.add(mark)

    def check(self) -> None:
        """Raises DataError for the first number that can be read in two ways."""
        seen = {*self._proved, *self._doubtful}
        decimal = seen if seen == {"."} or self._proved == seen == {","} else set()
        if wrong := [place for mark, place in self._doubtful.items() if mark not in decimal]:
            text, name, line = min(wrong, key=lambda place: place[2])
            ways = float(text.replace(",", ".")), re.sub("[.,]", "", text)
            other = text.translate({ord(","): ".", ord("."): ","})
            told = f"{text} may be {ways[0]:g} or {ways[1]}: write {other} or {ways[1]}"
            raise DataError(f"line {line}, column {name}: {told}")


def _number(cell: str, name: str, line: int) -> float:
    text = cell.strip()
    if not text:
        raise DataError(f"line {line} has a gap in column {name}: fill it, or leave the line out")
    if not _is_number(text):
        hint = ": write it without marks between thousands, as 1234.5" if GROUPED.fullmatch(text) else ""
        raise DataError(f"line {line}, column {name}: {text[:LONGEST]!r} is no number{hint}")
    value = float(text.replace(",", "."))
    if not math.isfinite(value):
        raise DataError(f"line {line}, column {name}: {text[:LONGEST]} is not finite")
    return value


def _is_number(text: str) -> bool:
    """Also with a decimal comma, which can only be one where something else stands between the cells."""
    try:
        float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        return False
    return "_" not in text
