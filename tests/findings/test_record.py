"""A snapshot as the detectors look at it."""

from __future__ import annotations

import pytest

from gradtui.engine.typed.evaluate import evaluate
from gradtui.findings import record
from gradtui.findings.findings import findings
from gradtui.graph.incoming_edges import Use, uses
from gradtui.snapshot.model import Graph, Request, Snapshot
from tests import synthetic


@pytest.mark.parametrize(
    "snapshot",
    [evaluate(Request(1, "0*sqrt(x)", {"x": 0.0})), synthetic.bert(1)],
    ids=["of an expression", "of a model"],
)
def test_uses_that_are_at_hand_are_not_looked_for(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is found is the same."""
    looked_for = []

    def counted(graph: Graph) -> list[list[Use]]:
        looked_for.append(graph)
        return uses(graph)

    monkeypatch.setattr(record, "uses", counted)
    found = findings(snapshot)
    assert found
    assert looked_for
    looked_for.clear()
    assert findings(snapshot, uses(snapshot.graph)) == found
    assert not looked_for
