"""A file of data is read whatever stands between its cells; what is no column of numbers is told with its line."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.training.csv_data import Columns, DataError, read_data

XY = {"x": (1.0, -2.5), "y": (3.0, 4e-3)}


def read_columns(data: bytes) -> Columns:
    """Of a file all columns of which are wanted."""
    read = read_data(data)
    if read.unusable:
        raise DataError(next(iter(read.unusable.values())))
    return read.columns


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n1,3\n-2.5,4e-3\n",
        "x;y\n1;3\n-2.5;4e-3",
        "x\ty\r\n1\t3\r\n-2.5\t4e-3\r\n",
        "x; y\n1; 3\n-2,5; 0,004\n",
        '"x" , "y"\n1 , 3\n\n-2.5 , 4e-3\n\n',
        "\ufeffx,y\n1,3\n-2.5,4e-3\n",
    ],
)
def test_read(text: str) -> None:
    assert read_columns(text.encode()) == XY


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("name,x,y\nanna,1,3\nben,-2.5,4e-3\n", {"name"}),
        ("x,y,when it was,why not\n1,3,2020-01-01,\n-2.5,4e-3,,\n", {"when it was", "why not"}),
        (",x,y\n0,1,3\n1,-2.5,4e-3\n", set()),
        ("\tx\ty\n0\t1\t3\n1\t-2.5\t4e-3\n", set()),
        ("x,y,\n1,3,\n-2.5,4e-3,\n", set()),
        ("x,y,\n1,3\n-2.5,4e-3\n", set()),
        ("x,y\n1,3,\n-2.5,4e-3,,\n", set()),
        ("x,y,,\n1,3,note,\n-2.5,4e-3,,\n", set()),
        ("z,x,y,z\n0,1,3,0\n1,-2.5,4e-3,0\n", {"z"}),
        ("x,y,z\n1,3,nan\n-2.5,4e-3,\n", {"z"}),
        ("x,y,2020\n1,3,5\n-2.5,4e-3,5\n", {"2020"}),
        ("x;y;z\n1;3;1.234,5\n-2,5;0,004;1\n", {"z"}),
        ("\n \n\nname,x,y\nanna,1,3\n\nben,-2.5,4e-3\n", {"name"}),
        ("\r\n\t\r\nx\ty\r\n1\t3\r\n-2.5\t4e-3\r\n", set()),
    ],
)
def test_a_column_that_cannot_be_used_is_in_nobodys_way(text: str, names: set[str]) -> None:
    read = read_data(text.encode())
    assert read.columns == XY
    assert {*read.unusable} == names


def test_words_in_another_encoding_are_in_nobodys_way() -> None:
    """As a spreadsheet writes them on Windows; used, such a column is told with its line and the reason."""
    read = read_data("x,prénom,y,wer\n1,Zoë,3,7\n-2.5,Ann,4e-3,Jürgen\n".encode("cp1252"))
    assert read.columns == XY
    assert "line 3" in read.unusable["wer"]
    assert "UTF-8" in read.unusable["wer"]


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\0\0", b"\x1f\x8b\x08\x08\xff\xfe\n\xff", "é;è\n1;2\n".encode("cp1252")]
)
def test_what_is_no_text_is_told(data: bytes) -> None:
    with pytest.raises(DataError) as raised:
        read_data(data)
    assert "no text" in str(raised.value)


def test_what_is_wrong_with_a_column_has_the_line_that_an_editor_shows() -> None:
    read = read_data(b"\n\nx,name,z\n1,anna,2\n\n2,ben,\n")
    assert "line 4" in read.unusable["name"]
    assert "'anna'" in read.unusable["name"]
    assert "line 6" in read.unusable["z"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n\n", ("empty",)),
        (" , ,\n1,2,3\n", ("line 2",)),
        ("\n1,2\n3,4\n", ("line 2",)),
        (",0,1\n0,1.5,2.5\n", ("line 1", "0")),
        ("x\n1,5\n", ("line 2", "2 cells", "1 column")),
        ("x,y,z\n1\n", ("line 2", "1 cell,", "3 columns")),
        ("name,who\nanna,ben\n", ("line 2", "'anna'")),
    ],
)
def test_a_file_of_which_nothing_can_be_used_is_refused(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(DataError) as raised:
        read_data(text.encode())
    assert all(word in str(raised.value) for word in words), raised.value


def test_read_in_utf_16() -> None:
    assert read_columns("x,y\n1,3\n-2.5,4e-3\n".encode("utf-16")) == XY


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"x,y\n", "rows"),
        (b"1,2\n3,4\n", "line 1"),
        (b"x,x\n3,4\n", "x"),
        (b"x y,z\n3,4\n", "'x y'"),
        (b"x,y\n1,2\n3\n", "line 3"),
        (b"x,y\n1,2\n3,\n", "line 3"),
        (b"x,y\n1,2\n\n3,four\n", "line 4"),
        (b"x,y\n1,nan\n", "line 2"),
        (b"x,y\n1,1e999\n", "line 2"),
        (b"x,y\n1,1_0\n", "line 2"),
        (b"x,y\n1,2\n\xff,3\n", "line 3"),
        (b"x,y\n1,2\n\0,3\n", "line 3"),
        (b'x,y\n1,"2\n3,4\n', "line"),
        (b"x\n" + b"9" * 200_000 + b"\n", "line 2"),
    ],
)
def test_refused_with_its_place(data: bytes, word: str) -> None:
    with pytest.raises(DataError) as raised:
        read_columns(data)
    assert word in str(raised.value)
    assert len(str(raised.value)) < 200


def written(rows: list[tuple[str, str]], separator: str) -> bytes:
    """As Python's own csv module writes it, with quotes where they are needed."""
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerows([("x", "y"), *rows])
    return file.getvalue().encode()


def read_or_refused(data: bytes) -> Columns | str:
    try:
        return read_columns(data)
    except DataError as error:
        return str(error)


MARKS = {
    "english": (",", "."),
    "german": (".", ","),
    "swiss": ("'", "."),
    "swiss of paper": ("’", "."),
    "french": ("\u202f", ","),
    "with spaces": (" ", ","),
    "with spaces that do not break": ("\xa0", "."),
    "python": ("_", "."),
    "indian": (",", "."),
}


def in_style(value: float, decimals: int, style: str) -> str:
    text = f"{value:,.{decimals}f}"
    if style == "indian" and len(text.partition(".")[0].lstrip("-")) > 7:
        text = text.replace(",", "", 1)
        whole, point, rest = text.partition(".")
        text = f"{whole[:-6]},{whole[-6:]}{point}{rest}"
    thousands, decimal = MARKS[style]
    return text.translate({ord(","): thousands, ord("."): decimal})


@given(
    values=st.lists(st.floats(-9_999, 9_999) | st.floats(-9_999_999, 9_999_999), min_size=1, max_size=4),
    decimals=st.integers(0, 4),
    style=st.sampled_from([*MARKS]),
    separator=st.sampled_from([",", ";", "\t"]),
)
def test_a_number_is_never_read_as_another(values: list[float], decimals: int, style: str, separator: str) -> None:
    """With marks between thousands as they are written anywhere: the number, or a refusal with its line and column. Points alone
    are decimal points: whole numbers with points between thousands cannot be told from them."""
    cells = [in_style(value, decimals, style) for value in values]
    if style == "german" and not decimals:
        return
    read = read_or_refused(written([*zip(cells, cells, strict=True)], separator))
    if isinstance(read, str):
        assert "line " in read
        assert "column x" in read
    else:
        assert read["x"] == tuple(float(f"{value:.{decimals}f}") for value in values)


@given(
    values=st.lists(st.floats(-999_999, 999_999), min_size=1, max_size=8),
    decimals=st.sampled_from([0, 1, 2, 4, 5]),
    decimal=st.sampled_from(".,"),
    separator=st.sampled_from([",", ";", "\t"]),
)
def test_without_marks_between_thousands_all_is_read(
    values: list[float], decimals: int, decimal: str, separator: str
) -> None:
    cells = [f"{value:.{decimals}f}" for value in values]
    rows = [(cell.replace(".", decimal), "1") for cell in cells]
    assert read_columns(written(rows, separator))["x"] == tuple(map(float, cells))


@pytest.mark.parametrize(
    ("text", "place", "ways"),
    [
        ('x,y\n2,3\n"1,000",2\n', "line 3, column x", ("1000", "1.000")),
        ("x;y\n1,000;2\n", "line 2, column x", ("1000", "1.000")),
        ("x;y\n2,5;3\n4;1.000\n", "line 3, column y", ("1000", "1,000")),
        ("x\ty\n2.5\t3\n4\t-12,345\n", "line 3, column y", ("-12345", "-12.345")),
        ("x;y\n1.234,5;2\n", "line 2, column x", ("1234.5",)),
        ("x;y\n1 000;2\n", "line 2, column x", ("1234.5",)),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_a_way_out(text: str, place: str, ways: tuple[str, ...]) -> None:
    with pytest.raises(DataError) as raised:
        read_columns(text.encode())
    assert place in str(raised.value)
    assert all(way in str(raised.value) for way in ways)


@pytest.mark.parametrize(
    "text", ["x;y\n2,5;1,000\n", "x;y\n0,125;1,000\n", "x;y\n1234,500;1,000\n", "x;y\n2.5;1.000\n"]
)
def test_three_decimals_are_read_where_another_number_tells_the_mark(text: str) -> None:
    assert read_columns(text.encode())["y"] == (1.0,)
