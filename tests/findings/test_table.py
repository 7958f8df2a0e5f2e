"""The table of words has all that the detectors say, and nothing besides; what stands among the detectors is asked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import gradtui.findings
from gradtui.findings.findings import DETECTORS
from gradtui.findings.over_time.sentences import SENTENCES as OVER_TIME
from gradtui.findings.rank import ORDER
from gradtui.findings.words.not_finite import WHY_SLOPES, WHY_VALUES
from gradtui.findings.words.parts import PARTS, REASONS
from gradtui.findings.words.sentences import EVIDENCE, SENTENCES, TABLES
from gradtui.findings.words.zeros import WHY_ZEROS
from gradtui.schemas import answers
from gradtui.snapshot.finding import Kind

FOLDER = Path(str(gradtui.findings.__file__)).parent
FILES = [path for path in FOLDER.rglob("*.py") if not {"words", "over_time"} & {*path.parts}]
LONGEST = 150
NAMED: dict[str, tuple[set[str], int]] = {
    "Cause": ({*SENTENCES}, 0),
    "Reason": ({*REASONS}, 1),
    "_proved": ({*REASONS}, 1),
    "Part": ({*PARTS, "double where"}, 0),
}
"""Calls with the name of a row, and which argument that is."""
WITHOUT_ROW = {"ranks", "unfinished"}
"""Told of many processes at once, by `over_time.between_ranks`, and of ourselves."""
BEGINS = ("value: ", "slope: ", "zero: ", "cut by ", "refused: ", "unread: ", "way: ", "given: ")
"""Names that are made: the rest is a kind, an operation, an event."""


def names(call: str) -> Iterator[str]:
    """All names of rows that stand in such calls, those of a choice too."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == call:
                place = NAMED[call][1]
                yield from texts(node.args[place]) if len(node.args) > place else ()


def texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*texts(node.body), *texts(node.orelse))


@pytest.mark.parametrize("call", NAMED)
def test_every_name_has_a_row(call: str) -> None:
    found = {*names(call)}
    assert found
    assert not found - NAMED[call][0]


def test_every_row_is_told_by_a_detector() -> None:
    """Its name stands in the code, or its begin does, where the rest is a kind, an operation or a count."""
    code = "".join(path.read_text() for path in FILES)
    rows = {*SENTENCES, *REASONS, *PARTS, *EVIDENCE}
    begins = {begin for begin in BEGINS if f'f"{begin}{{' in code}
    assert begins == {*BEGINS}
    unsaid = {
        row for row in rows if f'"{row}"' not in code and not row.startswith(BEGINS) and not row.endswith(" counted")
    }
    assert not unsaid


def test_no_row_stands_in_two_topics() -> None:
    assert sum(map(len, TABLES.values())) == len(SENTENCES)


def test_every_topic_has_its_turn() -> None:
    assert sorted(ORDER) == sorted(TABLES)


def test_every_kind_is_told_of_something_and_known_to_the_schema() -> None:
    """A new kind stands in `Kind`, whence the schema has it, and in a table of words."""
    told = {row.kind for row in SENTENCES.values()} | {row.kind for row in OVER_TIME.values()} | WITHOUT_ROW
    assert told == {*get_args(Kind)}
    assert set(answers()["$defs"]["finding"]["properties"]["kind"]["enum"]) == told


def test_every_detector_in_the_package_is_asked() -> None:
    there = {path.stem for path in (FOLDER / "detectors").glob("*.py")} - {"__init__"}
    assert {detect.__module__.rpartition(".")[2] for detect in DETECTORS} == there


def test_no_file_is_long() -> None:
    assert not [path.name for path in FILES if len(path.read_text().splitlines()) > LONGEST]


def test_no_reason_has_two_meanings() -> None:
    """They are put into one table."""
    tables = (WHY_VALUES, WHY_SLOPES, WHY_ZEROS)
    assert len(REASONS) == sum(map(len, tables))
