"""Gradients that are not finite whatever the GradScaler's scale is: what makes them so is told as without one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui

WAYS: dict[str, Callable[[Tensor], Tensor]] = {
    "sqrt": lambda x: x + torch.sqrt(x * 0),
    "acos": lambda x: torch.acos(x / x.detach()),
    "norm": lambda x: x + torch.linalg.vector_norm(x * 0, dim=1, keepdim=True) ** 0.5,
    "a branch": lambda x: torch.where(x > -100, x, torch.sqrt(x - 100)),
}


def told(way: Callable[[Tensor], Tensor], scaled: bool, anew: bool = False) -> gradtui.Finding:
    torch.manual_seed(0)
    first, second, x = nn.Linear(3, 4), nn.Linear(4, 1), torch.rand(5, 3)
    model = nn.ModuleList([first, second])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**16, enabled=scaled)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(12):
            scaler = torch.amp.GradScaler("cpu", init_scale=2.0**16, enabled=scaled) if anew else scaler
            optimizer.zero_grad()
            loss = (second(way(first(x))) - 1).square().mean()
            torch.autograd.backward(scaler.scale(loss))
            scaler.step(optimizer)
            scaler.update()
    return watch.findings[0]


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("name", WAYS)
def test_the_cause(name: str, anew: bool) -> None:
    plain, scaled = told(WAYS[name], False), told(WAYS[name], True, anew)
    assert "not finite" in plain.text
    assert (scaled.kind, scaled.source, scaled.remedy) == (plain.kind, plain.source, plain.remedy)


def of_fused(fused: bool, optimizers: Callable[..., torch.optim.Optimizer], unscales: bool) -> list[gradtui.Finding]:
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = optimizers(model.parameters(), lr=0.01, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**126)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(8):
            optimizer.zero_grad()
            torch.autograd.backward(scaler.scale((1000 * model(torch.rand(5, 3))).mean()))
            if unscales:
                scaler.unscale_(optimizer)
            scaler.step(optimizer)
            scaler.update()
    return [*watch.findings]


@pytest.mark.parametrize("unscales", [False, True])
@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.Adagrad])
def test_a_fused_optimizer_skips_as_another(kind: Callable[..., torch.optim.Optimizer], unscales: bool) -> None:
    """The step runs, and does nothing."""
    plain, fused = of_fused(False, kind, unscales), of_fused(True, kind, unscales)
    assert [one.kind for one in plain] == ["skipped"]
    assert [(one.text, one.certainty, one.source) for one in fused] == [
        (one.text, one.certainty, one.source) for one in plain
    ]


def test_a_scale_that_is_too_large() -> None:
    """It alone makes the gradients infinite, and each new scaler begins with it."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(8):
            scaler = torch.amp.GradScaler("cpu", init_scale=2.0**124)
            optimizer.zero_grad()
            torch.autograd.backward(scaler.scale((100 * model(torch.rand(5, 3))).mean()))
            scaler.step(optimizer)
            scaler.update()
    assert [one.kind for one in watch.findings] == ["skipped"]


@pytest.mark.parametrize("exponent", [124, 127])
@pytest.mark.parametrize("back", [0.5, 0.25])
def test_a_scale_that_comes_down_to_what_fits(exponent: int, back: float) -> None:
    """Every step after the first ones runs."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**exponent, backoff_factor=back)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(16):
            optimizer.zero_grad()
            torch.autograd.backward(scaler.scale((1000 * model(torch.rand(5, 3))).mean()))
            scaler.step(optimizer)
            scaler.update()
    assert {one.certainty for one in watch.findings} <= {"perhaps"}
