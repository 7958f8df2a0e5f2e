"""A detector of ours that fails takes its own findings and no others, and the answer says that the look did not end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import FunctionType, ModuleType
from typing import Any, cast

import pytest
import torch
from torch import nn

import gradtui
from gradtui.engine.training.evaluate import evaluate as with_orders
from gradtui.engine.typed.evaluate import evaluate
from gradtui.findings import findings as of_snapshot
from gradtui.findings.detectors import higher_orders
from gradtui.findings.over_time import findings as of_training
from gradtui.findings.over_time import losses
from gradtui.findings.over_time.history import History, ParameterHistory
from gradtui.report import findings_text, json
from gradtui.snapshot.finding import NONE_FOUND, Finding
from gradtui.snapshot.model import Request, Snapshot
from gradtui.snapshot.orders import OrdersRequest
from tests.failing import called_by, failing


def step() -> Snapshot:
    """Where much is wrong."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    unused, weight, start = nn.Linear(1, 1), nn.Parameter(torch.ones(2)), torch.zeros(1, requires_grad=True)
    with gradtui.trace(nn.ModuleList([net, unused])) as trace:
        kept = net(torch.ones(3, 2)).detach()
        shares = torch.softmax(net(torch.ones(3, 2)), 1)
        loss = (kept * weight).sum() + (torch.sqrt(start) * 0).sum() + (shares - torch.ones(3)).square().mean()
    return trace.capture(loss)


SNAPSHOTS = (step(), evaluate(Request(1, "0*sqrt(x) + relu(y)", {"x": 0.0, "y": -1.0})))


def kinds(found: Sequence[Finding]) -> list[str]:
    return [one.kind for one in found]


def each_takes_its_own(
    module: ModuleType, ask: Callable[[], Sequence[Finding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the module's detectors, where it fails: the others' findings are as they are without it."""
    every = vars(module)["DETECTORS"]
    for detect in every:
        monkeypatch.setattr(module, "DETECTORS", tuple(one for one in every if one is not detect))
        without = ask()
        monkeypatch.setattr(module, "DETECTORS", every)
        with failing(cast(FunctionType, detect)):
            *others, last = ask()
        assert (tuple(others), last.kind) == (without, "unfinished")


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_a_detector_that_fails_takes_its_own_findings_and_no_others(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(of_snapshot.findings(snapshot)) > 1
    each_takes_its_own(of_snapshot, partial(of_snapshot.findings, snapshot), monkeypatch)


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_whatever_fails_it_is_told(snapshot: Snapshot) -> None:
    name = next(iter(snapshot.parameters or snapshot.variables))
    asked: list[Callable[[], Sequence[Finding]]] = [
        lambda: of_snapshot.findings(snapshot),
        lambda: of_snapshot.why(snapshot, name),
    ]
    for ask in asked:
        for function in called_by({"findings", "findings_and_each", "why", "Look.each", "Look.of_each"}, ask):
            if not function.__qualname__.startswith("Look."):
                with failing(function):
                    found = ask()
                assert kinds(found).count("unfinished") == 1, function
                assert "ordinary" not in kinds(found)
    with pytest.raises(KeyError):
        of_snapshot.why(snapshot, "no such name")


def test_of_a_further_derivative_too() -> None:
    snapshot = with_orders(Request(1, "x^3", {"x": 2.0}, orders=OrdersRequest(2)))
    assert not of_snapshot.findings_of_derivative(snapshot, 2)
    with failing(cast(FunctionType, higher_orders.of_order)):
        assert kinds(of_snapshot.findings_of_derivative(snapshot, 2)) == ["unfinished"]
        assert kinds(of_snapshot.why_derivative(snapshot, 2, "x")) == ["unfinished"]


def test_the_reports_do_not_say_that_nothing_was_found() -> None:
    torch.manual_seed(0)
    healthy = gradtui.capture((nn.Linear(2, 1)(torch.ones(2)) ** 2).sum())
    assert NONE_FOUND in next(findings_text.lines(healthy))
    with failing(cast(FunctionType, of_snapshot.DETECTORS[0])):
        told = "\n".join(findings_text.lines(healthy))
        assert NONE_FOUND not in told
        assert "RuntimeError" in told
        assert NONE_FOUND not in repr(healthy)
        findings: Any = json.answer(healthy)["findings"]
        assert [one["kind"] for one in findings] == ["unfinished"]


def test_of_a_training_too(monkeypatch: pytest.MonkeyPatch) -> None:
    history = History()
    history.updates, history.ended = 10, True
    history.parameters = {"own": ParameterHistory("own", (1,), "float32", True)}
    each_takes_its_own(of_training, partial(of_training.findings, history), monkeypatch)


def test_a_watch_goes_on_without_a_detector(capsys: pytest.CaptureFixture[str]) -> None:
    net = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    with failing(cast(FunctionType, losses.given)), gradtui.watch(net, optimizer) as watch:
        for _ in range(10):
            optimizer.zero_grad()
            torch.autograd.backward(net(torch.ones(1)).square().sum())
            optimizer.step()
    assert kinds(watch.findings).count("unfinished") == 1
    assert watch.run.updates
    assert kinds(watch.run.findings).count("unfinished") == 1
    assert not capsys.readouterr().err
