"""Which optimizers make steps of about the learning rate, whatever the gradient is, and next to none of one far below eps: by
what those of torch do."""

from __future__ import annotations

import pytest
import torch

from gradtui.findings.over_time.history import DIVIDING

RATE, STEPS = 1e-3, 300
ABOUT = 3
"""Times by which a step may be off from the rate: by then that of RAdam has grown to it, and that of Adagrad is far below."""
OTHERS = ("Adadelta", "Adafactor", "Adagrad", "ASGD", "Muon", "Rprop", "SGD")
"""LBFGS has a closure."""


def last_step(name: str, size: float) -> tuple[float, float]:
    """How far an element goes in the mean, by gradients of this size beside eps or beside 1; and eps."""
    weight = torch.nn.Parameter(torch.zeros(4, 4))
    optimizer = getattr(torch.optim, name)([weight], lr=RATE)
    eps = optimizer.defaults.get("eps", 0.0)
    eps = eps if isinstance(eps, float) else 0.0
    before, rows = weight.detach().clone(), torch.Generator().manual_seed(0)
    signs = torch.randn(4, 4, generator=rows).sign()
    for _ in range(STEPS):
        before = weight.detach().clone()
        gradient = size * signs
        weight.grad = gradient.to_sparse() if name == "SparseAdam" else gradient
        optimizer.step()
    return (weight.detach() - before).square().mean().sqrt().item(), eps


@pytest.mark.parametrize("name", [*sorted(DIVIDING), *OTHERS])
def test_it_is_what_torch_does(name: str) -> None:
    if not hasattr(torch.optim, name):
        pytest.skip("not in this torch")
    steps = [last_step(name, size)[0] for size in (1.0, 1e-3)]
    _, eps = last_step(name, 1.0)
    follows_the_rate = all(RATE / ABOUT < step < RATE * ABOUT for step in steps)
    is_held = eps > 0 and last_step(name, 1e-3 * eps)[0] < RATE / 100
    assert (follows_the_rate and is_held) is (name in DIVIDING), (steps, eps)


def test_none_of_torch_is_left_out() -> None:
    there = {name for name, one in vars(torch.optim).items() if isinstance(one, type)} - {"Optimizer", "LBFGS"}
    assert there <= {*DIVIDING, *OTHERS}
