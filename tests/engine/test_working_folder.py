"""A program that goes to another folder, or whose folder is removed: its places keep their names, its files are found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from torch import nn

import gradtui
from gradtui.engine import working_folder


def train(count: int) -> None:
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(count):
        (model(torch.ones(2, 3)).sum() * torch.inf).backward()
        optimizer.step()


def removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The process stands in a folder that is gone."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()


def test_trace_in_a_folder_that_is_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    removed(monkeypatch, tmp_path)
    x = torch.tensor(3.0, requires_grad=True)
    with gradtui.trace():
        y = x * x
    (found,) = {node.source.file for node in gradtui.capture(y).graph.nodes if node.source}
    assert found is not None
    assert found.endswith(os.path.join("engine", "test_working_folder.py"))


def test_training_in_a_folder_that_is_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = nn.Linear(3, 1)
    with gradtui.watch(model, path=tmp_path / "run.gradtui") as watch:
        train(1)  # with the first optimizer torch asks for the folder itself
        removed(monkeypatch, tmp_path)
        train(1)
    assert len(watch.run.updates) == 2
    assert watch.run.findings[0].source is not None


def test_files_have_one_name_wherever_the_program_goes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(working_folder, "HERE", str(Path(__file__).parent))
    model = nn.Linear(3, 1)
    with gradtui.watch(model, path=tmp_path / "run.gradtui", every=1) as watch:
        train(1)
        monkeypatch.chdir(Path(__file__).parents[1])
        train(1)
    places = [found.source for found in watch.run.findings if found.source]
    places += [node.source for one in watch.run.snapshots.values() for node in one.graph.nodes if node.source]
    assert {place.file for place in places} == {"test_working_folder.py"}


def test_run_of_a_relative_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with gradtui.watch(nn.Linear(3, 1), path="run.gradtui") as watch:
        os.chdir("elsewhere")
        train(1)
        assert len(watch.run.updates) == 1


def test_started_in_a_folder_that_is_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    removed(monkeypatch, tmp_path)
    monkeypatch.setattr(working_folder, "HERE", working_folder._now())
    assert working_folder.shown("/model.py") == "/model.py"
