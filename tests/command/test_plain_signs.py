"""What a report says in signs is not lost where the encoding of the output has none of them."""

from __future__ import annotations

from pathlib import Path

import pytest

import gradtui
from gradtui.command.standard_output import ERRORS
from gradtui.report import text
from tests import examples

PACKAGE = Path(gradtui.__file__).parent
FOLDERS = ("chart", "findings", "graph", "report", "runs", "training")
OF_DAMAGED_TEXT = {"\ufffd"}


def test_every_sign_that_is_written() -> None:
    files = [path for folder in FOLDERS for path in (PACKAGE / folder).rglob("*.py")]
    signs = {one for path in files for one in path.read_text(encoding="utf-8") if not one.isascii()}
    assert len(signs) > 30
    assert {one for one in signs if one.encode("ascii", ERRORS) == b"?"} <= OF_DAMAGED_TEXT


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437"])
def test_columns_stay_where_they_are(encoding: str) -> None:
    report = text.report(examples.quadratic())
    plain = report.encode(encoding, ERRORS).decode(encoding)
    assert "?" not in plain
    assert "autograd ok" in plain or "autograd \u221a" in plain
    rows = [
        (one, other) for one, other in zip(report.splitlines(), plain.splitlines(), strict=True) if "Backward0" in one
    ]
    assert len(rows) > 2
    assert all(len(one) == len(other) for one, other in rows)


def test_what_cannot_be_read_is_no_matter_of_signs() -> None:
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("utf-8", ERRORS)
