"""`gradtui.watch`, inside of a program: what it records, and that nothing is left of it."""

from __future__ import annotations

import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding


def left() -> list[Any]:
    """What a watch might leave behind."""
    module: Any = torch.nn.modules.module
    optimizers: Any = __import__("torch.optim.optimizer", fromlist=["optimizer"])
    return [
        torch.autograd._engine_run_backward,  # type: ignore[attr-defined]
        torch.autograd.Function.__dict__.get("apply"),
        torch.amp.GradScaler.step,
        torch._C._len_torch_function_stack(),
        [*module._global_forward_hooks, *module._global_forward_pre_hooks],
        [*optimizers._global_optimizer_pre_hooks, *optimizers._global_optimizer_post_hooks],
    ]


def train(model: nn.Module, optimizer: torch.optim.Optimizer, updates: int, clear: bool = True) -> None:
    for _ in range(updates):
        if clear:
            optimizer.zero_grad()
        x = torch.rand(8, 3)
        nn.functional.mse_loss(model(x), x[:, :1]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 1))


def test_numbers_are_those_of_torch_and_nothing_is_left(model: nn.Module, tmp_path: Path) -> None:
    """The same weights, gradients and random numbers as without it, Snapshots or not."""
    before, start = left(), {name: one.clone() for name, one in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    torch.manual_seed(1)
    train(model, optimizer, 4)
    plain = {name: one.clone() for name, one in model.state_dict().items()}
    norms = {name: one.grad.norm().item() for name, one in model.named_parameters() if one.grad is not None}
    model.load_state_dict(start)
    torch.manual_seed(1)
    with gradtui.watch(model, optimizer, tmp_path / "run.gradtui", every=1) as watch:
        train(model, optimizer, 4)
    assert all(torch.equal(one, plain[name]) for name, one in model.state_dict().items())
    assert left() == before
    run = gradtui.load(tmp_path / "run.gradtui")
    assert isinstance(run, gradtui.Run)
    assert run.ended
    assert {name: one.grad for name, one in run.updates[3].parameters.items()} == pytest.approx(norms)
    assert [*run.snapshots] == [0, 1, 2, 3], "with dropout drawn as it was"
    last = run.snapshots[3].parameters["0.weight"].grad
    assert last is not None
    assert last.norm == pytest.approx(norms["0.weight"], rel=1e-4)
    assert watch.findings == ()


def test_findings_are_told_while_it_goes_on_and_after_an_exception(model: nn.Module) -> None:
    heard: list[Finding] = []
    before = left()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    watch = gradtui.watch(model, on_finding=heard.append)
    with suppress(KeyError), watch:
        train(model, optimizer, 8, clear=False)
        assert [one.kind for one in heard] == ["zero_grad"]
        raise KeyError
    assert [one.kind for one in watch.run.findings] == ["zero_grad"]
    assert len(watch.run.updates) == 8
    assert left() == before


def test_a_watch_that_breaks_lets_the_training_go_on(
    model: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    start = model[0].weight.clone()
    with gradtui.watch(model) as watch:
        monkeypatch.setattr("gradtui.engine.watching.tensor_norms.norms", lambda tensors: 1 / 0)
        train(model, optimizer, 3)
    assert "is not watched any more: ZeroDivisionError" in capsys.readouterr().err
    assert not torch.equal(start, model[0].weight)
    assert len(watch.run.updates) == 0


def test_results_of_large_passes_are_not_held_for_long(tmp_path: Path) -> None:
    """Beside the pass that runs no other of more than 16 MiB is held: a step needs little more memory than without a watch."""
    model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    given = torch.ones(30_000, 8)  # 2 x 7.3 MiB are made of it
    made: list[weakref.ref[torch.Tensor]] = []
    keep = model[1].register_forward_hook(lambda module, args, result: made.extend(map(weakref.ref, (args[0], result))))
    with gradtui.watch(model, optimizer, tmp_path / "run.gradtui"):
        for _ in range(4):
            optimizer.zero_grad()
            for part in (1.0, 2.0):
                (model(given).mean() * part).backward()
            assert sum(one() is not None for one in made) <= 4
            optimizer.step()
            assert sum(one() is not None for one in made) <= 2
    keep.remove()
