"""A real training of two processes under torchrun, each with a file of its own in one folder, side by side afterwards."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

import gradtui
from tests import warm
from tests.command.test_usage import run as command
from tests.torch_version import shards_on_a_cpu

pytestmark = [pytest.mark.child, pytest.mark.long]

TRAIN = """
import torch
import torch.distributed as dist

dist.init_process_group("gloo")
rank = dist.get_rank()
torch.manual_seed(0)
model = torch.nn.ModuleDict({"shared": torch.nn.Linear(3, 3), "seldom": torch.nn.Linear(3, 3)})
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
data = torch.Generator().manual_seed(rank)
for step in range(6):
    x = torch.randn(4, 3, generator=data)
    loss = model["shared"](x).square().mean()
    if rank == 0 or step < 2:
        loss = loss + model["seldom"](x).square().mean()
    optimizer.zero_grad()
    loss.backward()
    for name, parameter in model.named_parameters():
        if name.startswith("shared") or step < 2:
            dist.all_reduce(parameter.grad)
            parameter.grad /= 2
    optimizer.step()
    print(f"rank {rank} step {step}\\n", end="", flush=True)  # in one piece
dist.destroy_process_group()
"""


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
data = torch.Generator().manual_seed(dist.get_rank())
x = torch.randn(16, 4, generator=data)
for update in range(4):
    optimizer.zero_grad()
    loss = (model(x) if update < 3 else torch.log(model(x) - 100)).square().mean()
    loss.backward()
    optimizer.step()
dist.destroy_process_group()
"""


def launch(train: str, folder: Path, status: int = 0) -> str:
    """Its error output; afterwards there is a run of each rank. status: 1 where a finding is proved."""
    (folder / "train.py").write_text(train)
    launched = subprocess.run(
        [
            *(*warm.python(), "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--no-python"),
            *warm.gradtui("--export", "runs/", "train.py"),
        ],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert launched.returncode == status, launched.stderr
    assert sorted(path.name for path in (folder / "runs").iterdir()) == ["rank-0.gradtui", "rank-1.gradtui"]
    return launched.stderr


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of a training whose parameters are spread over the ranks (FSDP2), and whose last update goes wrong."""
    folder = tmp_path_factory.mktemp("sharded")
    launch(SHARDED, folder)
    return folder / "runs"


@shards_on_a_cpu
def test_parts_of_parameters_are_none_that_differ(sharded: Path) -> None:
    """Of each parameter each rank holds a part."""
    first, second = (gradtui.load(sharded / f"rank-{rank}.gradtui") for rank in range(2))
    assert isinstance(first, gradtui.Run)
    assert isinstance(second, gradtui.Run)
    assert {*first.shards} == {"0.weight", "0.bias", "2.weight", "2.bias"}
    parts = [run.updates[0].parameters["0.weight"].weight for run in (first, second)]
    assert parts[0] != parts[1], "they are not the same numbers"
    told = json.loads(command(str(sharded), "--json").stdout)
    assert {one["update"] for one in told["findings"]} == {3}
    assert "ranks" not in {one["kind"] for one in told["findings"]}


@shards_on_a_cpu
@pytest.mark.parametrize("rank", range(2))
def test_parameters_that_are_spread_over_ranks(sharded: Path, rank: int) -> None:
    """A parameter is whole only while its module runs, and a rank may hold nothing of it."""
    run = json.loads(command(str(sharded / f"rank-{rank}.gradtui"), "--json").stdout)
    assert (run["exit"], len(run["updates"])) == (0, 4)
    assert [*run["updates"][0]["parameters"]] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert [(one["kind"], one["update"]) for one in run["findings"]][:1] == [("nonfinite", 3)]


def test_two_processes(tmp_path: Path) -> None:
    error = launch(TRAIN, tmp_path)
    assert {"rank 0 step 5", "rank 1 step 5"} <= {*error.splitlines()}
    told = json.loads(command(str(tmp_path / "runs"), "--json").stdout)
    assert [(one["rank"], one["updates"], one["ended"]) for one in told["by_rank"]] == [(0, 6, True), (1, 6, True)]
    (found,) = [one for one in told["findings"] if one["kind"] == "ranks"]
    assert (found["update"], found["certainty"]) == (2, "proved")
    assert "seldom" in found["text"]
    assert "shared" not in found["text"]


FLAT = """
import functools
import torch, torch.distributed as dist
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel
from torch.distributed.fsdp.wrap import size_based_auto_wrap_policy

dist.init_process_group("gloo")
for own in (True, False):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    policy = functools.partial(size_based_auto_wrap_policy, min_num_params=100)
    model = FullyShardedDataParallel(model, auto_wrap_policy=policy, use_orig_params=own, device_id=torch.device("cpu"))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    data = torch.Generator().manual_seed(dist.get_rank())
    for update in range(8):
        x = torch.randn(16, 4, generator=data)
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
dist.destroy_process_group()
"""


@shards_on_a_cpu
def test_parameters_that_are_put_into_one(tmp_path: Path) -> None:
    """FSDP1 moves gradients itself, and leaves a rank without those of which it holds nothing."""
    launch(FLAT, tmp_path)
    for rank in range(2):
        run = gradtui.load(tmp_path / "runs" / f"rank-{rank}.gradtui")
        assert isinstance(run, gradtui.Run)
        assert run.findings == ()
        every = {f"{layer}.{kind}" for layer in (0, 2, 4) for kind in ("weight", "bias")}
        assert {*run.updates[0].parameters} == every
        assert every <= {*run.shards}
    assert json.loads(command(str(tmp_path / "runs"), "--json").stdout)["findings"] == []


@shards_on_a_cpu
@pytest.mark.parametrize("own", [True, False])
def test_gradients_add_up_in_what_is_put_into_one(own: bool, tmp_path: Path) -> None:
    """FSDP1 makes other views of its gradients before each pass, of the same memory."""
    forgotten = FLAT.replace("        optimizer.zero_grad()\n", "").replace("(True, False)", f"({own},)")
    launch(forgotten, tmp_path, 1)
    run = gradtui.load(tmp_path / "runs" / "rank-0.gradtui")
    assert isinstance(run, gradtui.Run)
    assert [(one.kind, one.certainty, one.update) for one in run.findings] == [("zero_grad", "proved", 1)]
