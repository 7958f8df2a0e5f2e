"""A parameter beside a model, that an optimizer has too: why it gets no gradient. It was not replaced."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import gradtui
from gradtui.snapshot.finding import Finding

Used = Callable[[Tensor, Tensor], Tensor]


def number(y: Tensor, gain: Tensor) -> Tensor:
    return y * gain.exp().sum().item()


def detached(y: Tensor, gain: Tensor) -> Tensor:
    return y * gain.exp().detach()


def data(y: Tensor, gain: Tensor) -> Tensor:
    return y * gain.data.exp()


def listed(y: Tensor, gain: Tensor) -> Tensor:
    return y * torch.tensor(gain.tolist())


def compared(y: Tensor, gain: Tensor) -> Tensor:
    return torch.where(y > gain - 5, y, 0)


def unused(y: Tensor, gain: Tensor) -> Tensor:
    return y


def watched(used: Used, size: int) -> tuple[Finding, ...]:
    torch.manual_seed(0)
    model, gain = nn.Linear(3, 2), nn.Parameter(torch.ones(size))
    optimizer = torch.optim.SGD([*model.parameters(), gain], lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            torch.autograd.backward(used(model(torch.rand(4, 3)), gain).square().mean())
            optimizer.step()
    return watch.findings


def traced(used: Used, size: int) -> tuple[Finding, ...]:
    torch.manual_seed(0)
    model, gain = nn.Linear(3, 2), nn.Parameter(torch.ones(size))
    with gradtui.trace(model) as trace:
        loss = used(model(torch.rand(4, 3)), gain).square().mean()
    return trace.capture(loss, names={"gain": gain, **dict(model.named_parameters())}).findings


@pytest.mark.parametrize("look", [watched, traced])
@pytest.mark.parametrize("size", [1, 2])  # 2: as the model's bias
@pytest.mark.parametrize(
    ("used", "kind"),
    [
        (number, "left_torch"),
        (detached, "detached"),
        (data, "detached"),
        (listed, "left_torch"),
        (compared, "not_differentiable"),
    ],
)
def test_the_line_that_cuts_it_off(
    look: Callable[[Used, int], tuple[Finding, ...]], used: Used, kind: str, size: int
) -> None:
    (told,) = look(used, size)
    assert told.kind == kind
    assert told.parameter == "gain"
    assert told.source is not None
    assert told.source.line == used.__code__.co_firstlineno + 1


@pytest.mark.parametrize("look", [watched, traced])
def test_one_that_is_unused_is_told_as_that(look: Callable[[Used, int], tuple[Finding, ...]]) -> None:
    (told,) = look(unused, 1)
    assert (told.kind, told.certainty, told.parameter) == ("unused", "perhaps", "gain")


@pytest.mark.parametrize("lacks", [False, True], ids=["each has its own", "there is none of the model"])
@pytest.mark.parametrize("held", [list, dict, SimpleNamespace])
def test_what_the_optimizer_of_another_model_has_did_not_replace_anything(lacks: bool, held: Callable[[], Any]) -> None:
    """Two models of one shape, as two critics are; the loss is of one."""
    model = nn.Linear(3, 3)
    other, holder = nn.Linear(3, 3), held()
    others = torch.optim.Adam(other.parameters())
    if isinstance(holder, list):
        holder.append(other)
    elif isinstance(holder, dict):
        holder["other"] = other
    else:
        holder.other = other
    del other
    own = None if lacks else torch.optim.Adam(model.parameters())
    with gradtui.trace(model) as trace:
        loss = model(torch.rand(4, 3)).square().mean()
    assert not trace.capture(loss).findings, (others, own)


def test_what_is_beside_a_model_and_not_used_did_not_replace_anything() -> None:
    model, scale = nn.Linear(3, 3), nn.Parameter(torch.ones(3))
    with gradtui.trace(model) as trace:
        loss = model(torch.rand(4, 3)).square().mean()
    found = trace.capture(loss, names={"scale": scale, **dict(model.named_parameters())}).findings
    assert {one.certainty for one in found} <= {"perhaps"}
