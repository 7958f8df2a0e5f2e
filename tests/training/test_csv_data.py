"""A file of data is read whatever stands between its cells; what is no column of numbers is told with its line."""

from __future__ import annotations

import pytest

from gradtui.training.csv_data import DataError, read_columns

XY = {"x": (1.0, -2.5), "y": (3.0, 4e-3)}


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


def test_read_in_utf_16() -> None:
    assert read_columns("x,y\n1,3\n-2.5,4e-3\n".encode("utf-16")) == XY


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"x,y\n", "rows"),
        (b"1,2\n3,4\n", "line 1"),
        (b"x,\n3,4\n", "line 1"),
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
