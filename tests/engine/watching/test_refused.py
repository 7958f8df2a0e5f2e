"""What torch refuses in a training, forwards and backwards: the line and the cause, as for one step that is traced."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding
from tests.torch_version import VERSION

Step = Callable[[nn.Module, torch.Tensor], Any]


def told(step: Step, kind: type[Exception] = RuntimeError) -> tuple[Finding, ...]:
    """What a watch tells of a training of which each loss comes of `step`, and that ends with such an exception."""
    torch.manual_seed(0)
    model = nn.Linear(3, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with torch.enable_grad(), suppress(kind), gradtui.watch(model, optimizer) as watch:
        for _ in range(3):
            optimizer.zero_grad()
            step(model, torch.rand(4, 3)).backward()
            optimizer.step()
    return watch.findings


def writes(model: nn.Module, x: torch.Tensor) -> Any:
    leaf = torch.ones(3, requires_grad=True)
    leaf += 1
    return model(x).mean() + leaf.sum()


def leaves(model: nn.Module, x: torch.Tensor) -> Any:
    y = model(x)
    y.numpy()
    return y.mean()


def infers(model: nn.Module, x: torch.Tensor) -> Any:
    with torch.inference_mode():
        x = x * 2
    y = model(x)
    return y.mean()


def steps(model: nn.Module, x: torch.Tensor) -> Any:
    y = model(x)
    y = torch.heaviside(y, torch.zeros(()))
    return y.mean()


def is_constant(model: nn.Module, x: torch.Tensor) -> Any:
    model(x)
    return torch.tensor(0.0)


def switches_off(model: nn.Module, x: torch.Tensor) -> Any:
    torch.set_grad_enabled(False)
    y = model(x)
    return y.mean()


def switches_off_for_a_while(model: nn.Module, x: torch.Tensor) -> Any:
    with torch.set_grad_enabled(False):
        y = model(x)
    return y.mean()


def has_other_sizes(model: nn.Module, x: torch.Tensor) -> Any:
    return model(x[:, 1:]).mean()


REFUSED: dict[str, tuple[Step, str, int]] = {
    "a leaf is written over": (writes, "inplace", 2),
    "a graph ends in NumPy": (leaves, "left_torch", 2),
    "inference mode": (infers, "no_grad", 3),
    "no derivative": (steps, "not_differentiable", 2),
    "sizes that do not fit": (has_other_sizes, "refused", 1),
    "a constant": (is_constant, "constant", 2),
    "gradients are off for good": (switches_off, "no_grad", 1),
    "gradients are off for a while": (switches_off_for_a_while, "no_grad", 2),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_cause_is_told_with_its_line(name: str) -> None:
    step, kind, line = REFUSED[name]
    first = told(step)[0]
    assert (first.kind, first.certainty) == (kind, "proved")
    assert first.source is not None
    assert first.source.line == step.__code__.co_firstlineno + line


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a leaf Variable that requires grad is not finite: nan"),
        RuntimeError("mat1 and mat2 shapes cannot be multiplied (4x8 and 9x1)"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_nothing_is_told_of_an_exception_of_their_own(error: Exception) -> None:
    def step(model: nn.Module, x: torch.Tensor) -> Any:
        raise error

    assert not told(step, type(error))


def test_a_state_that_is_carried_over_is_told_where_it_is_used() -> None:
    state: Any = torch.zeros(3)

    def step(model: nn.Module, x: torch.Tensor) -> Any:
        nonlocal state
        state = torch.tanh(model(x) + state).sum(0)
        return state.mean()

    first = told(step)[0]
    assert (first.kind, first.certainty, first.update) == ("freed", "proved", 1)
    assert first.source is not None
    assert first.source.text == "model(x) + state"
    assert "detach" in first.remedy


def test_two_backwards_of_one_update_carry_nothing_over() -> None:
    def step(model: nn.Module, x: torch.Tensor) -> Any:
        y = model(x).tanh()
        y.mean().backward()
        return y.square().mean()

    first = told(step)[0]
    assert first.kind == "freed"
    assert first.source is not None
    assert first.source.text == "y.mean().backward()"


def test_what_anomaly_mode_stops_at_is_told() -> None:
    def step(model: nn.Module, x: torch.Tensor) -> Any:
        y = 0 * model(x).relu().mul(0).sqrt()
        return y.mean()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.autograd.detect_anomaly():
            first = told(step)[0]
    assert (first.kind, first.certainty) == ("zero_times_inf", "proved" if VERSION >= (2, 10) else "likely")
    assert first.source is not None
    assert first.source.line == step.__code__.co_firstlineno + 1


def test_bare_tensors_that_a_loss_is_cut_off_from_are_named() -> None:
    """Before any optimizer has made a step: nobody has told their names."""
    with suppress(RuntimeError), gradtui.watch(nn.Identity()) as watch:
        angle = torch.tensor(0.3, requires_grad=True)
        loss = torch.tensor([torch.cos(angle).item()]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
    first = watch.findings[0]
    assert (first.kind, first.parameter) == ("left_torch", "angle")
    assert first.source is not None
    assert first.source.text == "torch.cos(angle).item()"


@pytest.mark.parametrize("again", [False, True])
def test_a_step_between_a_loss_and_its_backward_is_told_with_its_line(again: bool) -> None:
    """A GAN whose second loss goes through the critic as it was before its step; and one loss of which there are two steps."""
    torch.manual_seed(0)
    maker, critic = nn.Linear(3, 4), nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
    of_critic, of_maker = (torch.optim.SGD(one.parameters(), lr=0.1) for one in (critic, maker))
    with suppress(RuntimeError), gradtui.watch(nn.ModuleList([maker, critic])) as watch:
        fake = critic(maker(torch.rand(4, 3)))
        losses = {"critic": fake.square().mean(), "maker": -fake.mean()}
        losses["critic"].backward(retain_graph=True)
        of_critic.step()
        losses["critic" if again else "maker"].backward()
        of_maker.step()
    first = watch.findings[0]
    assert (first.kind, first.certainty, first.update) == ("old_graph" if again else "inplace", "likely", 1)
    line = test_a_step_between_a_loss_and_its_backward_is_told_with_its_line.__code__.co_firstlineno + 10
    assert "of_critic.step() at" in first.text
    assert f"test_refused.py:{line}" in first.text
