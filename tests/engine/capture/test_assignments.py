"""The statement that gives a variable its value, found in the text."""

from __future__ import annotations

import pytest

from gradtui.engine.capture.assignments import assigned

TEXT = """image = load("é")
one, other = 1, 2
twice = 1
twice += 1


def step():
    global shared
    image = 3
    shared = 4
    if (within := 5):
        pass


shared = 1
if True:
    chosen: int = (
        7
    )


class Net:
    def __init__(self):
        self.gate = 0.1 * weight
        self.state = None

    def forward(self):
        self.state = 1
"""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("image", 1),
        ("one", None),
        ("twice", None),
        ("shared", None),
        ("within", None),
        ("chosen", 18),
        ("self.gate", 24),
        ("self.state", None),
        ("nothing", None),
    ],
)
def test_the_only_statement(name: str, line: int | None) -> None:
    found = assigned(TEXT, name)
    assert (None if found is None else found.line) == line


def test_columns_are_bytes() -> None:
    found = assigned(TEXT, "image")
    assert found is not None
    assert TEXT.encode()[found.column : found.end].decode() == 'load("é")'


def test_what_is_no_python_has_none() -> None:
    assert assigned("x = (", "x") is None
