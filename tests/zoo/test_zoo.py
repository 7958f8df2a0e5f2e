"""Every snippet of the zoo is explained by its true cause: kind, parameter, line."""

from __future__ import annotations

import pytest

from gradtui.findings.findings import findings, why
from tests.torch_version import sees_what_is_kept
from tests.zoo import beside, dead, evidence, functions_and_switches, itself, nan, none, reported, values
from tests.zoo.case import Case, cases_of, run, symptom

ZOO = [
    *cases_of(none),
    *cases_of(functions_and_switches),
    *cases_of(beside),
    *cases_of(itself),
    *cases_of(evidence),
    *cases_of(dead),
    *cases_of(nan),
    *cases_of(values),
    *cases_of(reported),
]

CUT = {"detached", "no_grad", "integer", "left_torch", "not_differentiable", "new_leaf", "unused"}
"""Only a trace sees these."""

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

cases = pytest.mark.parametrize("case", ZOO, ids=str)
explained = pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[sees_what_is_kept] if case.kept else ()) for case in ZOO], ids=str
)


@cases
def test_torch_shows_the_symptom(case: Case) -> None:
    assert symptom(case) == case.symptom


@pytest.mark.long
@explained
def test_why_names_the_true_cause(case: Case) -> None:
    root = why(run(case.code), case.parameter)[0]
    assert root.kind == case.kind, root
    assert root.remedy
    assert root.text.startswith(case.parameter)
    if case.line is not None:
        assert root.source is not None, root
        assert (root.source.file or "").endswith(f"{case.code.__module__.rpartition('.')[2]}.py")
        assert root.source.line == case.line, root


@pytest.mark.long
@explained
def test_the_first_finding_is_the_true_cause(case: Case) -> None:
    found = findings(run(case.code))
    if not case.told:
        assert case.kind not in [finding.kind for finding in found]
        return
    assert found
    assert found[0].kind == case.kind, found
    assert found[0].source is None or case.line is None or found[0].source.line == case.line
    for words in case.also:
        assert words in found[0].text, found[0]


@pytest.mark.long
@cases
def test_without_a_trace_it_says_how_to_see_more(case: Case) -> None:
    """What can be told from the graph alone is told; what cannot is not guessed."""
    root = why(run(case.code, traced=False), case.parameter)[0]
    if case.kind in CUT and case.symptom == "fine":
        assert root.kind == "ordinary"
    elif case.kind in CUT:
        assert root.kind == "not_in_graph"
        assert "gradtui.trace" in root.remedy
    elif case.code.__module__ == none.__name__:
        assert root.kind == case.kind
    assert root.remedy
    assert root.text.startswith(case.parameter)


def test_without_a_trace_the_last_operation_is_not_blamed() -> None:
    """Of the forward pass only the output is known then; but backward tells where its gradients went bad."""
    first, second = why(run(nan.fractional_power, traced=False), "weight")
    assert first.node is None
    assert "which operation made it was not seen" in first.text
    assert "gradtui.trace" in first.remedy
    assert "PowBackward0" in second.text
