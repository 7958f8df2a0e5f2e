"""Parameters and buffers that have no shape yet: torch refuses to look at them, and the watch leaves them alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import gradtui
from gradtui.engine.watching.calls.clipping_and_writes import Notice


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


def test_what_goes_wrong_at_a_call_ends_the_watch_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("of our own")

    monkeypatch.setattr(Notice, "heard", fails)
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer):
        for _ in range(3):
            torch.autograd.backward(model(torch.ones(4, 2)).square().mean())
            optimizer.step()
    assert capsys.readouterr().err.count("of our own") == 1
