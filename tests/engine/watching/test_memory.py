"""What a Snapshot of an update takes beside the training: no second copy of the weights; and they are left as they were."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from torch import nn

import gradtui

CHILD = """
import re, torch, gradtui
from pathlib import Path
from torch import nn

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

torch.set_num_threads(1)
model = nn.Sequential(*(nn.Linear(2000, 2000) for _ in range(8)))
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
with gradtui.watch(model, optimizer) as watch:
    for step in range(3):
        before, data = peak(), torch.full((2, 2000), float("nan") if step == 2 else 1.0)
        loss = model(data).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
assert watch.findings[0].certainty == "proved", watch.findings
print((peak() - before) / (8 * 2000 * 2000 * 4 / 1024))
"""


@pytest.mark.child
@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="where the system tells what a process had at most")
def test_where_all_goes_bad_no_second_copy_of_the_weights_is_made() -> None:
    """Memory that is given back goes to the system at once, so that what is left is what is held."""
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "1000000"}
    ran = subprocess.run(
        [sys.executable, "-c", CHILD], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert float(ran.stdout) < 1


class Shrinking(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        weight.data.mul_(0.9)
        return x * 1

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: torch.Tensor) -> tuple[torch.Tensor, None]:
        return grads[0], None


def by_a_function_of_its_own(weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return Shrinking.apply(x, weight)  # type: ignore[no-untyped-call, no-any-return]


def by_detach(weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    weight.detach().mul_(0.9)
    return x


def by_a_view(weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    weight.detach()[0].sub_(0.1)
    return x


def into_it(weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    torch.mul(weight.detach(), 0.9, out=weight.detach())
    return x


def by_an_argument(weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    nn.functional.dropout(weight.detach(), 0.5, inplace=True)
    return x


def trained(write: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], watched: bool) -> torch.Tensor:
    torch.manual_seed(0)
    model = nn.Linear(3, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer, every=1) if watched else nullcontext():
        for _ in range(3):
            loss = model(write(model.weight, torch.ones(2, 3))).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.weight.detach()


@pytest.mark.parametrize("write", [by_a_function_of_its_own, by_detach, by_a_view, into_it, by_an_argument])
def test_weights_that_the_forward_pass_writes_over_are_left_as_they_were(
    write: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> None:
    """Those of the training that nobody watches."""
    assert torch.equal(trained(write, watched=True), trained(write, watched=False))
