"""What IPython and a notebook show: at any size a page, and nothing of a person's text is markup."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import gradtui
from gradtui.api import Run, Snapshot
from gradtui.report.page import live
from gradtui.snapshot import model
from tests import examples, synthetic
from tests.report.page.test_page import Elements
from tests.report.test_export import hostile
from tests.runs import made

ATTACK = "</pre><script>alert(1)</script>"


def asked(snapshot: model.Snapshot) -> Snapshot:
    return Snapshot(**{name: getattr(snapshot, name) for name in snapshot.__struct_fields__})


def shown(what: Any) -> dict[str, str]:
    told: dict[str, str] = what._repr_mimebundle_(include=None, exclude=None)
    assert told.keys() == {"text/plain", "text/html"}
    return told


@pytest.mark.parametrize(
    "snapshot",
    [
        examples.quadratic,
        lambda: synthetic.bert(12),
        lambda: synthetic.recurrence(2000),
        lambda: model.Snapshot(1, "5"),
    ],
    ids=["5 nodes", "701 nodes", "6,000 nodes", "none"],
)
def test_a_page_at_most(snapshot: Any) -> None:
    given = asked(snapshot())
    told = shown(given)
    assert len(told["text/plain"].splitlines()) <= 50
    assert len(told["text/html"]) < 60_000
    assert len(repr(given)) < 200
    drawn = [tag for tag, _ in Elements(told["text/html"]).found if tag == "svg"]
    assert bool(drawn) == (0 < len(given.graph.nodes) <= 40)


def test_a_capture_tells_why() -> None:
    """The finding comes first, the gradient of each parameter is there."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
    with gradtui.trace(model) as trace:
        with torch.no_grad():
            hidden = model[0](torch.ones(1, 2))
        loss = model[1](hidden).sum()
    snapshot = trace.capture(loss)
    text = Elements(shown(snapshot)["text/html"]).text
    assert snapshot.findings[0].text in text
    assert snapshot.findings[0].remedy in text
    assert "1.weight" in text
    assert snapshot.findings[0].kind in repr(snapshot)


def test_a_run_has_its_table(tmp_path: Path) -> None:
    run = made.run()
    given = Run(**{name: getattr(run, name) for name in run.__struct_fields__})
    told = shown(given)
    text = Elements(told["text/html"]).text
    assert run.findings[0].text in text
    assert all(str(number) in text for number in (0, 9, 50, 59))
    assert len(told["text/plain"].splitlines()) <= 50
    assert "finding" in repr(given)


@pytest.mark.parametrize("attack", [ATTACK, "\x1b[31m\u202e"])
def test_text_stays_text(attack: str) -> None:
    told = shown(asked(hostile(attack)))
    plain = shown(asked(hostile("plain")))
    tags = [[tag for tag, _ in Elements(one["text/html"]).found] for one in (told, plain)]
    assert tags[0] == tags[1]
    for form in told.values():
        assert not {"\x1b", "\u202e"} & set(form)
    assert "\x1b" not in repr(asked(hostile(attack)))


class Shell:
    """IPython with a kernel, as `watch` meets it: keeps what is displayed, and what that becomes."""

    kernel = object()

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []

    def get_ipython(self) -> Shell:
        return self

    def display(self, bundle: dict[str, str], *, raw: bool, display_id: bool) -> Shell:
        assert raw
        assert display_id
        self.shown.append(bundle)
        return self

    def update(self, bundle: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.shown.append(bundle)
        if len(self.shown) == 3:
            raise RuntimeError("the notebook is gone")


def test_a_watch_shows_a_table_that_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a notebook: empty first, at the end all; what goes wrong in showing it harms nothing."""
    shell = Shell()
    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.setitem(sys.modules, "IPython.display", shell)
    monkeypatch.setattr(live, "SECONDS", 0.0)
    monkeypatch.setattr(live, "SHARE", 0)
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            model(torch.ones(3, 2)).square().mean().backward()
            optimizer.step()
    assert len(shell.shown) >= 6
    assert ["5 updates" in told["text/html"] for told in (shell.shown[0], shell.shown[-1])] == [False, True]
    assert watch._repr_mimebundle_()["text/plain"] == shell.shown[-1]["text/plain"]
