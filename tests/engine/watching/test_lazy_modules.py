"""Parameters and buffers that have no shape yet: torch refuses to look at them, and the watch leaves them alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import gradtui


class Later(nn.Module):
    """runs: the number of calls from which on the last layer does."""

    def __init__(self, runs: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.LazyConv1d(4, 3), nn.LazyBatchNorm1d(), nn.Flatten(), nn.LazyLinear(3))
        self.last = nn.LazyLinear(1)
        self.left = runs

    def forward(self, x: Tensor) -> Tensor:
        self.left -= 1
        hidden: Tensor = self.body(x)
        return self.last(hidden) if self.left < 0 else hidden.mean(1, keepdim=True)


def losses(watched: bool, early: bool, runs: int) -> list[float]:
    watch = gradtui.watch(nn.Linear(1, 1)) if watched else None
    torch.manual_seed(0)
    model, x = Later(runs), torch.randn(16, 2, 6)
    if not early:
        model(x)
    optimizer, found = torch.optim.SGD(model.parameters(), lr=0.1), []
    for _ in range(8):
        loss = nn.functional.mse_loss(model(x), x[:, :1, 0])
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        found.append(loss.item())
    if watch is not None:
        watch.close()
        assert len(watch.run.updates) == 8
        assert [one for one in watch.findings if one.certainty != "perhaps"] == []
    return found


@pytest.mark.parametrize("early", [True, False], ids=["optimizer first", "run first"])
@pytest.mark.parametrize("runs", [0, 4, 99])
@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_the_training_is_as_without_the_watch(early: bool, runs: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert losses(True, early, runs) == losses(False, early, runs)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("runs", [0, 99])
def test_the_first_run_is_traced(runs: int) -> None:
    model = Later(runs)
    with gradtui.trace(model):
        loss = model(torch.ones(2, 2, 6)).square().mean()
    snapshot = gradtui.capture(loss, model=model)
    torch.autograd.backward(loss)
    told = {name: one.grad.norm for name, one in snapshot.parameters.items() if one.grad is not None}
    norms = {name: float(one.grad.norm()) for name, one in model.named_parameters() if one.grad is not None}
    assert told == pytest.approx(norms)
