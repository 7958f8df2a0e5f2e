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
SHARDED = """
import torch, torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

dist.init_process_group("gloo")
torch.manual_seed(0)
mesh = init_device_mesh("cpu", (2,))
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
for part in (model[0], model[2], model):
    fully_shard(part, mesh=mesh)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
x = torch.randn(16, 4)
for update in range(4):
    optimizer.zero_grad()
    loss = (model(x) if update < 3 else torch.log(model(x) - 100)).square().mean()
    loss.backward()
    optimizer.step()
dist.destroy_process_group()
"""


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


def test_parameters_that_are_spread_over_ranks(tmp_path: Path) -> None:
    """FSDP2: a parameter is whole only while its module runs, and a rank may hold nothing of it."""
    (tmp_path / "train.py").write_text(SHARDED)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--no-python"]
    command = [*launcher, sys.executable, "-m", "gradtui", "--export", "ranks/", "train.py"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    files = sorted((tmp_path / "ranks").iterdir())
    assert len(files) == 2
    for file in files:
        shown = subprocess.run(
            [sys.executable, "-m", "gradtui", "--json", str(file)], capture_output=True, text=True, check=False
        )
        run = json.loads(shown.stdout)
        assert (run["exit"], len(run["updates"])) == (0, 4)
        assert [*run["updates"][0]["parameters"]] == ["0.weight", "0.bias", "2.weight", "2.bias"]
        assert [(one["kind"], one["update"]) for one in run["findings"]][:1] == [("nonfinite", 3)]
