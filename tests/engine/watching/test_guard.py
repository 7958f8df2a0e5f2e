"""What goes wrong in a watch ends the watch, never the training."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FunctionType
from typing import cast

import pytest
import torch
from torch import nn

from gradtui.engine.watching.sink import Sink
from gradtui.engine.watching.watch import Watch
from tests.failing import called_by, failing

BY_TORCH = {
    "Guard.__call__",
    "Hook.__call__",
    "Tape.__torch_function__",
    "Tape._constructed",
    "Tape._is_off",
    "Tape.note",
    "Tape.pause",
    "Telling.raise_theirs",
    "Watch._backward",
    "Watch._module_begins",
    "Watch._module_ends",
    "Watch._scaler_step",
    "Watch._step_begins",
    "Watch._step_ends",
    "Watch._was_scaled",
    "WeightHooks.heard",
    "_version",
    "caller",
    "in_backward",
    "is_compiling",
    "torch_functions",
    "unasked",
}
"""What torch calls, which does no more than begin or hand on a call, and what that is made of."""


class Nowhere:
    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


def losses() -> list[float]:
    """Of a training in which all happens that a watch looks at."""
    torch.manual_seed(0)
    first = nn.Linear(3, 4)
    net = nn.Sequential(first, nn.Dropout(0.1), nn.ReLU(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    scaler = torch.amp.GradScaler("cpu")
    x, y, seen = torch.randn(5, 3), torch.randn(5, 1), []
    for update in range(4):
        optimizer.zero_grad()
        made = net(x)
        made.register_hook(lambda gradient: gradient * 1.0)
        loss = nn.functional.mse_loss(made, y) * (float("nan") if update == 3 else 1.0)
        if update == 1:
            torch.autograd.backward(scaler.scale(loss))
            scaler.unscale_(optimizer)
        else:
            torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        if update == 1:
            scaler.step(optimizer)
            scaler.update()
        else:
            optimizer.step()
        first.weight.data.clamp_(-1, 1)
        seen.append(loss.item())
        (slope,) = torch.autograd.grad(net(x).square().sum(), [first.weight])
        seen.append(float(slope.sum()))
    weight = nn.Parameter(torch.ones(2))
    for _ in range(2):
        loss = (weight - 3).square().sum()
        torch.autograd.backward(loss)
        assert weight.grad is not None
        with torch.no_grad():
            weight.sub_(0.1 * weight.grad)
        weight.grad = None
        seen.append(loss.item())
    slow = torch.optim.LBFGS([weight], max_iter=2)

    def closure() -> torch.Tensor:
        slow.zero_grad()
        loss = weight.square().sum()
        torch.autograd.backward(loss)
        return loss.detach()

    last = slow.step(closure)  # type: ignore[no-untyped-call]
    seen.append(float(last))
    return seen


def functions() -> list[FunctionType]:
    watch = Watch(cast(Sink, Nowhere()))
    try:
        return called_by(BY_TORCH, losses)
    finally:
        watch.close()


def test_whatever_of_it_fails_the_training_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    plain, harmed, every = str(losses()), [], functions()
    assert len(every) > 20
    for function in every:
        watch = Watch(cast(Sink, Nowhere()))
        try:
            with failing(function):
                seen = str(losses())
        except RuntimeError as error:
            seen = repr(error)
        if seen != plain or capsys.readouterr().err.count("not watched any more") > 1:
            harmed.append(function.__qualname__)
        watch.close()
    assert not harmed


def test_what_the_handler_of_a_signal_raises_within_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def comes(*args: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(Watch, "_comes", lambda watch, **how: signal.raise_signal(signal.SIGINT))
    before = signal.signal(signal.SIGINT, comes)
    watch = Watch(cast(Sink, Nowhere()))
    try:
        with pytest.raises(TimeoutError):
            losses()
    finally:
        signal.signal(signal.SIGINT, before)
        watch.close()
