"""A tensor that is there and could not be read: each report says so in words, makes up no number, and finds nothing in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from gradtui.file.snapshot_format import load, save
from gradtui.findings.findings import findings, why
from gradtui.report import json as as_json
from gradtui.report.steps import steps
from gradtui.report.text import report
from gradtui.snapshot.model import Snapshot, Unread, Values
from gradtui.snapshot.numbers import UNREAD, numbers
from tests import examples, synthetic
from tests.file.test_snapshot_format import EVERYTHING, bits
from tests.report.test_escapes import FORMS
from tests.unread import PLACES, without_numbers

SNAPSHOTS: dict[str, Snapshot] = {
    "expression": examples.quadratic(),
    "two variables": examples.two_variables(),
    "function": replace(EVERYTHING, problem=None),
    "capture": replace(EVERYTHING, problem=None, origin="capture"),
    "model": synthetic.bert(1),
}
REASONS: tuple[Unread, ...] = get_args(Unread)


@pytest.mark.long
@pytest.mark.parametrize("name", SNAPSHOTS)
@pytest.mark.parametrize("place", [*PLACES, "all of them"])
def test_every_report_tells_it(name: str, place: str, tmp_path: Path) -> None:
    places = PLACES if place == "all of them" else (place,)
    snapshot = without_numbers(SNAPSHOTS[name], "freed", *places)
    for form, write in FORMS.items():
        assert write(snapshot), form
    told = json.loads(as_json.line(as_json.answer(snapshot)))
    if bits(snapshot) != bits(SNAPSHOTS[name]) and place != "Node.tangent":  # that one is seen in sums alone
        assert '"unread": "freed"' in json.dumps(told)
    save(snapshot, tmp_path / "unread.gradtui")
    assert bits(load(tmp_path / "unread.gradtui")) == bits(snapshot)


@pytest.mark.long
@pytest.mark.parametrize("name", SNAPSHOTS)
@pytest.mark.parametrize("place", [*PLACES, "all of them"])
def test_nothing_is_found_in_it(name: str, place: str) -> None:
    """What is not known is neither 0 nor nan nor huge: no finding is there that was not there before.

    But that of an output that is infinite nobody knows where it became so.
    """
    places = (
        PLACES if place == "all of them" else ("Parameter.grad", place)
    )  # a leaf's own, too, is one with its node's
    snapshot = without_numbers(SNAPSHOTS[name], "meta", *places)
    before = {finding.kind for finding in findings(SNAPSHOTS[name])}
    after = {finding.kind for finding in findings(snapshot) if finding.node is not None or finding.kind != "nonfinite"}
    assert after <= before
    for parameter in (*snapshot.parameters, *snapshot.variables):
        assert why(snapshot, parameter)


@pytest.mark.parametrize("reason", REASONS)
def test_in_words(reason: Unread) -> None:
    assert numbers(Values((2, 3), (), unread=reason)) == UNREAD[reason]
    assert numbers(Values((), (), unread=reason)) == UNREAD[reason]
    assert as_json.values(Values((2,), (), unread=reason)) == {"shape": [2], "unread": reason}
    snapshot = without_numbers(synthetic.bert(1), reason, "Parameter.grad", "Node.grad_output", "Snapshot.value")
    assert UNREAD[reason] in report(snapshot)
    assert UNREAD[reason] in " ".join(steps(snapshot).split())


def test_none_is_another_thing() -> None:
    """A parameter without a gradient has null, and None in the table; one whose gradient cannot be read has neither."""
    bert = synthetic.bert(1)
    name, parameter = next(iter(bert.parameters.items()))
    absent = replace(bert, parameters={name: replace(parameter, grad=None, node=None)})
    unread = without_numbers(bert, "sharded", "Parameter.grad")
    told: dict[str, Any] = as_json.answer(unread)["parameters"][name]
    assert as_json.answer(absent)["parameters"][name]["grad"] is None
    assert told["grad"] == {"shape": list(parameter.value.shape), "unread": "sharded"}
    assert told["norm"] is None
    assert "None" in report(absent)
    assert "None" not in report(unread)


def test_a_module_of_which_a_part_is_not_known_has_no_norm() -> None:
    """The norm of the rest would look like that of the whole."""
    bert = synthetic.bert(1)
    name = next(iter(bert.parameters))
    first = {name: without_numbers(bert, "sharded", "Parameter.grad").parameters[name]}
    table = report(replace(bert, parameters=bert.parameters | first))
    assert any(line.startswith("bert") and UNREAD["sharded"] in line for line in table.splitlines())
