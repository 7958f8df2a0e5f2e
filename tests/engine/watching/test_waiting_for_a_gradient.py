"""DistributedDataParallel refuses to go on where a parameter got no gradient: which one is told, by its name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

import gradtui


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.frozen, self.used, self.aside = nn.Linear(3, 3).requires_grad_(False), nn.Linear(3, 1), nn.Linear(3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.used(self.frozen(x))
        return y


@pytest.mark.parametrize("finds", [False, True])
def test_the_parameter_is_told(tmp_path: Path, finds: bool) -> None:
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meeting", rank=0, world_size=1)
    try:
        model = DistributedDataParallel(Net(), find_unused_parameters=finds)
        optimizer = torch.optim.SGD([one for one in model.parameters() if one.requires_grad], lr=0.1)
        watch = gradtui.watch(model, optimizer)

        def train() -> None:
            with watch:
                for _ in range(4):
                    optimizer.zero_grad()
                    torch.autograd.backward(model(torch.rand(5, 3)).square().mean())
                    optimizer.step()

        if finds:
            train()
            assert not any(one.certainty == "proved" for one in watch.findings)
            return
        with pytest.raises(RuntimeError, match="Expected to have finished reduction"):
            train()
    finally:
        distributed.destroy_process_group()
    (told,) = watch.findings
    assert (told.kind, told.certainty, told.update) == ("unused", "proved", 1)
    assert "module.aside.weight, module.aside.bias" in told.text
    assert told.source is not None
    assert "model(torch.rand(5, 3))" in told.source.text
