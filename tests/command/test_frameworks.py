"""Trainings of others' frameworks: each on a small script of its own, as a person has it. Those that are not installed are tried
where they are (docs/runs.md says which, and when)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.child, pytest.mark.long]

SCRIPTS = Path(__file__).parents[1] / "cases" / "frameworks"


def told(script: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "gradtui", "--json", script]
    ended = subprocess.run(
        command, cwd=SCRIPTS, capture_output=True, text=True, check=False, env=os.environ | {"HF_HUB_OFFLINE": "1"}
    )
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


@pytest.mark.skipif(find_spec("lightning") is None, reason="lightning is not installed")
def test_lightning() -> None:
    """A LightningModule is never called, only a method of it; its step is a closure."""
    run = told("with_lightning.py")
    assert [*run["updates"][0]["parameters"]][:2] == ["net.0.weight", "net.0.bias"]
    assert (len(run["updates"]), run["findings"][0]["kind"], run["findings"][0]["source"]["line"]) == (
        8,
        "broadcast",
        10,
    )


@pytest.mark.skipif(find_spec("accelerate") is None, reason="accelerate is not installed")
def test_accelerate() -> None:
    """Gradients of two batches an update; a batch of one goes wrong."""
    run = told("with_accelerate.py")
    first = run["findings"][0]
    assert (len(run["updates"]), first["update"], first["source"]["line"]) == (8, 6, 15)


@pytest.mark.skipif(
    find_spec("accelerate") is None, reason="accelerate, without which there is no Trainer, is not installed"
)
def test_trainer_of_transformers() -> None:
    run = told("with_transformers.py")
    assert (len(run["updates"]), run["findings"], run["exit"]) == (6, [], 0)
