"""What is wrong with what is shown: of a large graph it comes later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
import torch

import gradtui
from gradtui.engine.user.evaluate import evaluate
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Request
from gradtui.tui import findings, plain_session
from gradtui.tui.saved import explorer
from tests import synthetic
from tests.tui.fakes import make_app
from tests.tui.test_app import press, text_of, until


async def test_a_large_graph_is_searched_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found is shown when it comes."""
    monkeypatch.setattr(findings, "MOST_AT_ONCE", 1)
    app = make_app("0*sqrt(x)", {"x": "0"})
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "something goes wrong" in text_of(app), "what is wrong")
        await press(pilot, "w")
        assert app.backward.cursor.told == app.findings.all[0]


@contextmanager
def held_search(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Event, Event]]:
    """That of 0*sqrt(x), in a thread: whether it has started, and what it waits for, at most to the end of the test."""
    monkeypatch.setattr(findings, "MOST_AT_ONCE", 1)
    search, started, gate = findings._findings, Event(), Event()

    def held(at: findings.Looked) -> tuple[Finding, ...]:
        if at.shown.expression == "0*sqrt(x)":
            started.set()
            gate.wait()
        return search(at)

    monkeypatch.setattr(findings, "_findings", held)
    try:
        yield started, gate
    finally:
        gate.set()


async def test_what_is_still_looked_for_is_no_all_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for meanwhile, it is told when it is found."""
    app = make_app("0*sqrt(x)", {"x": "0"})
    with held_search(monkeypatch) as (started, gate):
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, started.is_set, "the search")
            assert "looking for what is wrong" in text_of(app)
            await press(pilot, "w")
            (said,) = (notice.message for notice in app._notifications)
            gate.set()
            assert "looking for what is wrong" in said
            await until(pilot, lambda: app.backward.cursor.told is not None, "the reason")
            assert app.backward.cursor.told == app.findings.all[0]
            await until(pilot, lambda: "looking for what is wrong …" not in text_of(app), "that the search is over")


async def test_what_is_found_in_a_graph_that_was_left_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search goes on in its thread, and comes to its end behind that of the newer graph."""
    app = make_app("0*sqrt(x)", {"x": "0"})
    with held_search(monkeypatch) as (started, gate):
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, started.is_set, "the search")
            app.picture.take("x*y + sin(y)")
            await until(pilot, lambda: "SinBackward0" in text_of(app), "the newer graph")
            gate.set()
            await until(pilot, lambda: all(worker.is_finished for worker in app.workers), "the end of both searches")
            await pilot.pause()
            assert app.findings.all == ()
            assert "goes wrong" not in text_of(app)


@pytest.mark.parametrize("large", [1, findings.MOST_AT_ONCE])
async def test_why_of_a_parameter(monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    """Of a large graph in a thread."""
    monkeypatch.setattr(findings, "MOST_AT_ONCE", large)
    snapshot = synthetic.bert(2)
    name, node = next((name, one.node) for name, one in snapshot.parameters.items() if one.node is not None)
    app = explorer(snapshot)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        app.backward.select(node)
        await press(pilot, "w")
        await until(pilot, lambda: app.backward.cursor.told is not None, "the reason")
        assert app.backward.cursor.told is not None
        assert app.backward.cursor.told.parameter == name


async def test_what_leads_to_each_node_is_found_in_the_same_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once: the next node that is looked at does not wait for it."""
    app = make_app("0*sqrt(x)", {"x": "0"})
    with held_search(monkeypatch) as (started, gate):
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, started.is_set, "the search")
            replay = app.backward.replay
            assert "used" not in vars(replay)
            gate.set()
            await until(pilot, lambda: not app.findings.looking, "that the search is over")
            assert "used" in vars(replay)
            assert app.picture.node_panel._replay is replay


NO_GRAPH = """import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 1)

    def forward(self, x):
        return self.head(x).sum()

def detached():
    net = Net()
    loss = net(torch.ones(3))
    return loss.detach()

def under_no_grad():
    net = Net()
    with torch.no_grad():
        return net(torch.ones(3))

def frozen():
    net = Net()
    net.requires_grad_(False)
    return net(torch.ones(3))

def data():
    return torch.ones(3).sum()
"""


@pytest.mark.parametrize(
    ("function", "line", "said"),
    [
        ("detached", "return loss.detach()", "detach"),
        ("under_no_grad", "", "no_grad"),
        ("frozen", "def frozen():", "requires_grad"),
        ("data", "def data():", ""),
    ],
)
async def test_why_there_is_no_graph_is_told_at_once(function: str, line: str, said: str, tmp_path: Path) -> None:
    """Of a person's function, which is no constant: its backward raises, and what keeps it from a graph is known."""
    path = tmp_path / "model.py"
    path.write_text(NO_GRAPH)
    shown = evaluate(Request(1, f"{path}:{function}", origin="function"))
    assert not shown.graph.nodes
    app = explorer(shown)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        text = text_of(app)
        assert "constant" not in text
        assert "gradient is 0" not in text
        assert "the output has no graph" in text
        assert line in text
        told = "\n".join(app.picture.node_panel.whole())
        assert said in told
        assert [one.text for one in app.findings.all if one.text not in told] == []
        await press(pilot, "w")
        assert app.backward.cursor.told == next(iter(app.findings.all), None)
        assert bool(app._notifications) == (not app.findings.all)
    sentences: list[str] = []

    async def read() -> str:
        return "q"

    await plain_session.run(explorer(shown), read, sentences.append)
    assert sentences[0] == f"model.py:{function}()"
    assert said in "\n".join(sentences)


async def test_what_is_found_of_a_capture_that_was_refused_is_told() -> None:
    model = torch.nn.Linear(3, 1)
    shown = gradtui.capture(model(torch.ones(3)).sum().detach(), model=model)
    assert shown.problem is not None
    assert shown.findings
    app = explorer(shown)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert "the output has no graph" in text_of(app)
        told = "\n".join(app.picture.node_panel.whole())
        assert all(one.text in told for one in shown.findings)
