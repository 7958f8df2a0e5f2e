"""A file of numbers in columns -> data. The first line names the columns; commas, semicolons or tabs stand between."""

from __future__ import annotations

import codecs
import csv
import io
import math
import re

from msgspec import Struct

MOST_BYTES = 64 * 2**20
MOST_NUMBERS = 1_000_000
SEPARATORS = ("\t", ";", ",")
BEGINNINGS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: "utf-8-sig"}
LOST = "\N{REPLACEMENT CHARACTER}"
OTHER_ENCODING = "is not UTF-8: this is no text, or in another encoding"
EXAMPLE = "the first line names the columns: x,y"
LONGEST = 40
"""Characters of a cell that are quoted."""
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
"""A number whose one mark may stand between thousands, or before decimals."""
GROUPED = re.compile(r"[+-]?\d{1,3}(?:[.,'’_\s]\d{2,3})*[.,'’_\s]\d{3}(?:[.,]\d*)?")
"""A number with marks between thousands, as it is written somewhere; \\s has the spaces that no line breaks at, too."""

Columns = dict[str, tuple[float, ...]]


class DataError(ValueError):
    """What is wrong with a file of data, or with a column of it, in one sentence with its line."""


class Data(Struct, frozen=True):
    """columns: those of numbers by name, all of one length. unusable: the others, and why, in a sentence with its line: they are
    in nobody's way until f uses one. Columns without a name are in neither."""

    columns: Columns = {}
    unusable: dict[str, str] = {}


def read_data(data: bytes) -> Data:
    """Raises DataError for a file in which no column can be used."""
    rows = csv.reader(io.StringIO(_text(data), newline=""), delimiter=_separator(data), skipinitialspace=True)
    filled = (cells for cells in rows if any(cell.strip() for cell in cells))
    try:
        header = [cell.strip() for cell in next(filled, [])]
        unusable = _unusable(header, rows.line_num)
        found: dict[str, list[float]] = {name: [] for name in header if name and name not in unusable}
        if not found:
            raise DataError(next(iter(unusable.values()), f"the file is empty: {EXAMPLE}"))
        places = [(place, name) for place, name in enumerate(header) if name in found]
        marks, count = _Marks(), 0
        for count, cells in enumerate(filled, start=1):
            _check_width(cells, header, rows.line_num)
            for place, name in places:
                try:
                    found[name].append(_number(cells[place], name, rows.line_num))
                    marks.see(cells[place].strip(), name, rows.line_num)
                except DataError as error:
                    unusable[name] = str(error)
                    places = [one for one in places if one[1] not in unusable]
            if len(places) * count > MOST_NUMBERS:
                raise DataError(f"more than {MOST_NUMBERS:,} numbers are too many to train on here")
    except csv.Error as error:
        raise DataError(f"line {rows.line_num}: {error}") from None
    if not count:
        raise DataError("there are no rows under the first line")
    unusable = marks.doubts() | unusable
    columns = {name: tuple(column) for name, column in found.items() if name not in unusable}
    if not columns:
        raise DataError(next(unusable[name] for name in header if name in found))
    return Data(columns, unusable)


def _text(data: bytes) -> str:
    """What is not UTF-8 stands there as a replacement character: it may be in a column that nobody uses."""
    encoding = next((name for mark, name in BEGINNINGS.items() if data.startswith(mark)), "utf-8")
    text = data.decode(encoding, "replace")
    if "\0" in text:
        raise DataError(f"line {text[: text.index(chr(0))].count(chr(10)) + 1} holds a zero byte: this is no text")
    return text


def _separator(data: bytes) -> str:
    """What stands in the first line that has anything in it."""
    first = next((line for line in _text(data).splitlines() if line.strip()), "")
    return next((separator for separator in SEPARATORS if separator in first), ",")


def _unusable(names: list[str], line: int) -> dict[str, str]:
    """Which of the names in the header no variable can have, and why."""
    told: dict[str, str] = {}
    for name in filter(None, names):
        if LOST in name:
            told[name] = f"line {line} {OTHER_ENCODING}"
        elif _is_number(name):
            told[name] = f"line {line} has the number {name[:LONGEST]}: {EXAMPLE}"
        elif not name.isidentifier():
            what = "no name for a variable: letters, digits and _ make one"
            told[name] = f"{name[:LONGEST]!r} in line {line} is {what}"
        elif names.count(name) > 1:
            told[name] = f"two columns are called {name[:LONGEST]}"
    return told


def _check_width(cells: list[str], header: list[str], line: int) -> None:
    """Raises DataError for a row of more or fewer cells than the header has; empty ones at the end of either do not count."""
    named, filled = (max(place for place, cell in enumerate(row, 1) if cell.strip()) for row in (header, cells))
    if len(cells) < named or filled > len(header):
        told = f"{len(cells)} cell{'s' * (len(cells) != 1)}", f"{named} column{'s' * (named != 1)}"
        raise DataError(f"line {line} has {told[0]}, and the first line names {told[1]}")


class _Marks:
    """The commas and points in the numbers of a file. A point is decimal where no number has a comma. A comma is where no number
    has a point, and one of them tells it: `2,5` does, `1,000` may be 1000."""

    def __init__(self) -> None:
        self._proved: set[str] = set()
        self._doubtful: dict[tuple[str, str], tuple[str, int]] = {}

    def see(self, text: str, name: str, line: int) -> None:
        """One number, and where it stands."""
        mark = "," if "," in text else "." if "." in text else ""
        if mark and THOUSANDS.fullmatch(text):
            self._doubtful.setdefault((mark, name), (text, line))
        elif mark:
            self._proved.add(mark)

    def doubts(self) -> dict[str, str]:
        """By column the first number that can be read in two ways."""
        seen = {*self._proved, *(mark for mark, _ in self._doubtful)}
        decimal = seen if seen == {"."} or self._proved == seen == {","} else set()
        told: dict[str, str] = {}
        for (mark, name), (text, line) in self._doubtful.items():
            if mark not in decimal:
                small, large = float(text.replace(",", ".")), re.sub("[.,]", "", text)
                other = text.translate({ord(","): ".", ord("."): ","})
                ways = f"{text} may be {small:g} or {large}: write {other} or {large}"
                told.setdefault(name, f"line {line}, column {name}: {ways}")
        return told


def _number(cell: str, name: str, line: int) -> float:
    text = cell.strip()
    if not text:
        raise DataError(f"line {line} has a gap in column {name}: fill it, or leave the line out")
    if LOST in text:
        raise DataError(f"line {line}, column {name}, {OTHER_ENCODING}")
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
