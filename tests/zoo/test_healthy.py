"""Nothing is found where nothing is wrong."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import gradtui
from gradtui.findings.findings import findings, why
from gradtui.snapshot.model import Snapshot
from tests.models.language import bert, gpt2
from tests.zoo import beside, itself
from tests.zoo.case import Snippet, run
from tests.zoo.healthy import HEALTHY

assert {itself.ratio_to_a_copy, beside.quantised_straight_through} <= {*HEALTHY}


@pytest.mark.long
@pytest.mark.parametrize("traced", [True, False], ids=["traced", "untraced"])
@pytest.mark.parametrize("code", HEALTHY, ids=lambda code: str(code.__name__))
def test_no_finding_for_a_healthy_model(code: Snippet, traced: bool) -> None:
    snapshot = run(code, traced=traced)
    assert snapshot.problem is None
    assert snapshot.graph.nodes
    assert findings(snapshot) == ()
    for name, parameter in snapshot.parameters.items():
        kinds = [finding.kind for finding in why(snapshot, name)]
        assert kinds == (["ordinary"] if parameter.node is not None else ["frozen"]), name


@pytest.mark.long
@pytest.mark.parametrize("traced", [True, False], ids=["traced", "untraced"])
def test_no_finding_for_bert(traced: bool) -> None:
    _is_healthy(bert(6), traced)


@pytest.mark.long
@pytest.mark.parametrize("traced", [True, False], ids=["traced", "untraced"])
def test_no_finding_for_gpt2(traced: bool) -> None:
    _is_healthy(gpt2(6), traced)


def _is_healthy(model: Any, traced: bool) -> None:
    tokens = torch.randint(100, (2, 12))
    mask = torch.ones_like(tokens)
    mask[1, 8:] = 0

    def loss() -> Any:
        return model(input_ids=tokens, attention_mask=mask, labels=tokens).loss

    if traced:
        with gradtui.trace(model) as trace:
            found = loss()
        snapshot: Snapshot = trace.capture(found)
    else:
        snapshot = gradtui.capture(loss(), model=model)
    assert len(snapshot.graph.nodes) > 100
    assert findings(snapshot) == ()
