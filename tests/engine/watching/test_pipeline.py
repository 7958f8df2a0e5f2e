"""A pipeline of torch's own looks at shapes before it begins, by a backward pass over numbers that nobody has set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import distributed, nn
from torch.distributed.pipelining import PipelineStage, ScheduleInterleaved1F1B

import gradtui
from tests.torch_version import runs_a_pipeline_alone


@pytest.fixture
def numbers_that_nobody_has_set_are_nan() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@runs_a_pipeline_alone
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("numbers_that_nobody_has_set_are_nan")
def test_its_look_is_no_pass_of_the_training(tmp_path: Path) -> None:
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meeting", rank=0, world_size=1)
    try:
        model = nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.Tanh()), nn.Linear(4, 1))
        stages = [PipelineStage(one, place, 2, torch.device("cpu")) for place, one in enumerate(model)]
        schedule = ScheduleInterleaved1F1B([*stages], n_microbatches=2, loss_fn=nn.functional.mse_loss)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with gradtui.watch(model, optimizer) as watch:
            for _ in range(4):
                x = torch.rand(6, 3)
                optimizer.zero_grad()
                schedule.step(x, target=x.sum(1, keepdim=True))
                optimizer.step()
    finally:
        distributed.destroy_process_group()
    assert watch.findings == ()
    assert len(watch.run.updates) == 4
