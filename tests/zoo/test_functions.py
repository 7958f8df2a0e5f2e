"""The same of a function in a user's file: its variables, and the models that it uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradtui.engine.user.evaluate import evaluate
from gradtui.findings.findings import findings, why
from gradtui.snapshot.model import Request

CODE = """
import torch
body, head, other = torch.nn.Linear(3, 4), torch.nn.Linear(4, 1), torch.nn.Linear(9, 9)

def number(x: float = 2.0):
    return torch.tensor(x.item() ** 2)

def whole(x: float = 2.5, y: float = 1.0):
    return torch.exp(x.long() * 0.5) * y

def loss():
    return head(body(torch.ones(5, 3)).detach()).sum()

def fine(x: float = 2.0):
    return (x ** 2 + head(torch.ones(1, 4))).sum()

def pole(x: float = 0.0):
    return torch.log(x)
"""


@pytest.mark.parametrize(
    ("function", "kind", "words"),
    [
        ("number", "left_torch", "x: not in the graph: x.item()"),
        ("whole", "integer", "x: not in the graph: x.long()"),
        ("loss", "detached", "body.* (2 parameters)"),
        ("pole", "pole", "the logarithm of 0 is -inf"),
    ],
)
def test_the_cause_in_a_function(tmp_path: Path, function: str, kind: str, words: str) -> None:
    path = tmp_path / "model.py"
    path.write_text(CODE)
    snapshot = evaluate(Request(1, f"{path}:{function}", origin="function"))
    assert snapshot.problem is None
    first = findings(snapshot)[0]
    assert first.kind == kind, findings(snapshot)
    assert words in first.text
    assert "other" not in str(findings(snapshot)), "a model that the function does not use is none of its concern"


def test_a_function_with_nothing_wrong(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(CODE)
    snapshot = evaluate(Request(1, f"{path}:fine", origin="function"))
    assert findings(snapshot) == ()
    assert [finding.kind for finding in why(snapshot, "x")] == ["ordinary"]
