"""A copy of the model ran in its place, made before anybody watched: by deepcopy, as an average, from a file."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

import gradtui
from gradtui.engine.user.evaluate import evaluate
from gradtui.findings.findings import findings
from gradtui.snapshot.model import Request

X = torch.randn(5, 3)


def made() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def from_a_file(model: nn.Module) -> nn.Module:
    kept = io.BytesIO()
    torch.save(model.state_dict(), kept)
    kept.seek(0)
    other = made()
    other.load_state_dict(torch.load(kept))
    return other


WAYS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "deepcopy": copy.deepcopy,
    "average": AveragedModel,
    "file": from_a_file,
}


@pytest.mark.parametrize("way", WAYS)
def test_the_copy_is_told_of(way: str) -> None:
    model = made()
    other = WAYS[way](model)
    with gradtui.trace(model) as trace:
        loss = other(X).square().mean()
    (found,) = trace.capture(loss).findings
    assert (found.kind, found.certainty, found.parameter) == ("new_leaf", "likely", "0.weight")
    assert "copy" in found.text
    assert found.source is not None
    assert found.source.text == "other(X)"


def test_another_model_is_no_copy() -> None:
    model, other = made(), made()
    with gradtui.trace(model) as trace:
        loss = other(X).square().mean()
    assert [one.kind for one in trace.capture(loss).findings] == ["unused"]


def test_equal_zeros_are_no_copy() -> None:
    """Weights that begin at one number are alike without being copies of each other."""
    model, other = nn.LayerNorm(3), nn.LayerNorm(3)
    with gradtui.trace(model) as trace:
        loss = other(X).square().sum()
    assert [one.kind for one in trace.capture(loss).findings] == ["unused"]


def test_a_model_that_runs_beside_its_copy_is_used() -> None:
    model = made()
    teacher = copy.deepcopy(model)
    with gradtui.trace(model) as trace:
        loss = (model(X) - teacher(X)).square().mean() + model(X).mean()
    assert "new_leaf" not in [one.kind for one in trace.capture(loss).findings]


FILE = """
import copy
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
other = {copied}
{optimizer}

def loss():
    return {run}(torch.ones(2, 3)).square().mean()
"""


@pytest.mark.parametrize(
    ("copied", "optimizer", "run", "kinds"),
    [
        ("copy.deepcopy(net)", "", "other", []),
        ("copy.deepcopy(net)", "steps = torch.optim.SGD(net.parameters(), lr=0.1)", "other", ["new_leaf"]),
        ("copy.deepcopy(net)", "steps = torch.optim.SGD(net.parameters(), lr=0.1)", "net", []),
        ("AveragedModel(net)", "", "other", ["new_leaf"]),
        ("AveragedModel(net)", "", "net", []),
    ],
)
def test_of_several_models_in_a_file_one_is_known_to_be_meant(
    tmp_path: Path, copied: str, optimizer: str, run: str, kinds: list[str]
) -> None:
    """By an optimizer that has it, or as torch's own average is of it; else nobody knows which is the copy."""
    path = tmp_path / "model.py"
    path.write_text(FILE.format(copied=copied, optimizer=optimizer, run=run))
    snapshot = evaluate(Request(1, f"{path}:loss", origin="function"))
    assert snapshot.problem is None
    found = findings(snapshot)
    assert [one.kind for one in found] == kinds
    assert all((one.parameter or "").startswith("net.") for one in found)
