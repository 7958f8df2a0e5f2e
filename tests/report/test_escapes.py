"""No text of a Snapshot acts on the terminal, or on the reader, that a report is for; in whatever field it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from gradtui.report import json as as_json
from gradtui.report.dot import dot
from gradtui.report.mermaid import mermaid
from gradtui.report.problem import pointed, traced
from gradtui.report.python import NoScriptError, script
from gradtui.report.steps import steps
from gradtui.report.svg import svg
from gradtui.report.text import report
from gradtui.snapshot.model import Problem, Snapshot
from tests import examples
from tests.file.test_snapshot_format import EVERYTHING
from tests.hostile import ATTACK, Field, acting, hostile, text_fields, texts

SGR = re.compile(r"\x1b\[(0|1|2|31|32|33|34|36)m")
"""The colours of the chart."""

SNAPSHOTS: dict[str, Snapshot] = {
    "expression": examples.quadratic(),
    "function": replace(EVERYTHING, problem=None),
    "capture": replace(EVERYTHING, problem=None, origin="capture"),
    "problem": EVERYTHING,
}


def coloured(snapshot: Snapshot) -> str:
    return SGR.sub("", report(snapshot, colour=True))


def refused(snapshot: Snapshot) -> str:
    assert snapshot.problem is not None
    return pointed(snapshot.expression, snapshot.problem) + traced(snapshot)


def written(snapshot: Snapshot) -> str:
    try:
        return script(snapshot)
    except NoScriptError as error:
        return str(error)


FORMS: dict[str, Callable[[Snapshot], str]] = {
    "report": report,
    "report in colour": coloured,
    "steps": steps,
    "dot": dot,
    "mermaid": mermaid,
    "svg": svg,
    "python": written,
}


@cache
def holding(field: Field) -> list[Snapshot]:
    """The snapshots with a text in that field, and with that text in it."""
    return [changed for snapshot in SNAPSHOTS.values() if (changed := hostile(snapshot, field)) != snapshot]


@pytest.mark.long
@pytest.mark.parametrize("field", text_fields(), ids=str)
def test_every_field_in_every_report(field: Field) -> None:
    for snapshot in holding(field):
        forms = FORMS if snapshot.problem is None else {"refusal": refused}
        assert {form: acting(write(snapshot)) for form, write in forms.items()} == {form: [] for form in forms}


@pytest.mark.long
@pytest.mark.parametrize("field", text_fields(), ids=str)
def test_every_field_in_json(field: Field) -> None:
    """A program reads the text as it is; no terminal does."""
    for snapshot in holding(field):
        told = as_json.answer(snapshot)
        if snapshot.problem is not None:
            told = as_json.refusal(snapshot.expression, snapshot.problem, snapshot)
        line = as_json.line(told)
        assert acting(line.decode(), but="") == ["U+000A"]
        assert list(texts(json.loads(line))) == list(texts(_listed(told)))


def test_json_escapes_what_needs_two() -> None:
    """Characters beyond 16 bits are a pair of escapes; half of one is an escape by itself."""
    assert json.loads(as_json.line({"a": "\U000e0041\ud800"})) == {"a": "\U000e0041\ud800"}
    assert as_json.line({"a": "\U000e0041\x9b\u2028é🙂"}) == '{"a": "\\udb40\\udc41\\u009b\\u2028é🙂"}\n'.encode()


def test_attacks_are_seen() -> None:
    """Nothing is left out: each character that acted is one that is seen, and markup is text."""
    told = "".join(line.strip() for line in report(hostile(SNAPSHOTS["function"], Field("Note", "text"))).splitlines())
    assert "␛[7777m�7777m␛]0;TITLE␇�" in told
    assert "[@click=app.quit]q[/][red]" in told


@pytest.mark.parametrize("field", text_fields(), ids=str)
def test_a_drawing_stays_xml(field: Field) -> None:
    snapshot = hostile(SNAPSHOTS["function"], field)
    plain = ElementTree.fromstring(svg(SNAPSHOTS["function"]))
    assert {one.tag for one in ElementTree.fromstring(svg(snapshot)).iter()} == {one.tag for one in plain.iter()}


def test_a_problem_of_hostile_text() -> None:
    problem = Problem("syntax", ATTACK, 1, 2, ATTACK)
    assert acting(pointed(ATTACK, problem)) == []


def _listed(told: Any) -> Any:
    """As JSON has it: a tuple is a list."""
    return json.loads(json.dumps(told))
