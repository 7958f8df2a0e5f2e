"""The line that writes over a weight between two steps, by whatever name it has the weight's numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import gradtui


def data_set(weight: torch.Tensor, other: torch.Tensor) -> None:
    weight.data = other * 0.5


WRITES: dict[str, Callable[[torch.Tensor, torch.Tensor], object]] = {
    "copy_": lambda weight, other: weight.copy_(other),
    ".data": lambda weight, other: weight.data.copy_(0.5 * (other + weight.data)),
    "detach": lambda weight, other: weight.detach().lerp_(other, 0.5),
    "a view": lambda weight, other: weight.view(-1)[1:].mul_(0.5),
    "a slice": lambda weight, other: weight.data.__setitem__(slice(1), 0.5),
    "out": lambda weight, other: torch.mul(weight, 0.5, out=weight),
    "other data": data_set,
}


@pytest.mark.parametrize("name", WRITES)
def test_the_line_is_told(name: str) -> None:
    torch.manual_seed(0)
    model, other = nn.Linear(3, 1), torch.rand(1, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            model(torch.rand(8, 3)).square().mean().backward()
            optimizer.step()
            with torch.no_grad():
                WRITES[name](model.weight, other)
    (told,) = [one for one in watch.findings if one.kind == "overwritten"]
    assert told.parameter == "weight"
    assert told.source is not None
    assert told.source.line == WRITES[name].__code__.co_firstlineno + (name == "other data")


def test_what_is_written_elsewhere_is_none() -> None:
    """A teacher of its own, and a result that is changed in place."""
    model, teacher = nn.Linear(3, 1), nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            nn.functional.relu_(model(torch.rand(8, 3)) + 3).mean().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            for one, learned in zip(teacher.parameters(), model.parameters(), strict=True):
                one.data.lerp_(learned.data, 0.1)
    assert [one for one in watch.findings if one.kind == "overwritten"] == []


@pytest.mark.parametrize("size", [(3, 4), (640, 64), (784, 512)])
def test_what_is_written_into_some_columns_is_seen(size: tuple[int, int]) -> None:
    """A mask of all columns but the first: of a large weight some elements alone are looked at."""
    torch.manual_seed(0)
    model = nn.Linear(*size)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.rand(2, size[0])).square().mean().backward()
            optimizer.step()
            with torch.no_grad():
                model.weight[:, 1:] *= 0.5
    assert [one.parameter for one in watch.findings if one.kind == "overwritten"] == ["weight"]


@pytest.mark.parametrize("shared", [False, True])
def test_what_other_processes_write_is_none(shared: bool) -> None:
    """Hogwild: they train the same weights. What is written by NumPy is as unseen as they are."""
    model = nn.Linear(3, 1)
    numbers = (model.share_memory() if shared else model).weight.detach().numpy()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            model(torch.rand(8, 3)).square().mean().backward()
            optimizer.step()
            numbers += 0.01
    assert [one.kind for one in watch.findings] == ([] if shared else ["overwritten"])
