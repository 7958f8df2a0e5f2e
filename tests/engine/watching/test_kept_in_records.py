"""Graphs that are kept in records of several things: what holds them is named, and the line that puts them there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding


class Row(NamedTuple):
    update: int
    loss: torch.Tensor


@dataclass
class Step:
    loss: torch.Tensor


RECORDS: dict[str, Callable[[int, torch.Tensor], Any]] = {
    "dict": lambda update, loss: {"update": update, "loss": loss},
    "pair": lambda update, loss: (update, loss),
    "list": lambda update, loss: [update, loss],
    "named tuple": Row,
    "dataclass": lambda _, loss: Step(loss),
}


def train(keep: Callable[[int, torch.Tensor], None]) -> list[Finding]:
    torch.manual_seed(0)
    layer = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    with gradtui.watch(layer, optimizer) as watch:
        for update in range(15):
            loss = layer(torch.rand(5, 3)).square().mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            keep(update, loss)
    return [*watch.findings]


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("kind", [list, deque])
def test_what_holds_them_is_named(name: str, kind: type) -> None:
    history = kind()

    def keep(update: int, loss: torch.Tensor) -> None:
        history.append(RECORDS[name](update, loss))

    (found,) = train(keep)
    assert found.kind == "graph_kept"
    assert "history" in found.text
    assert found.source is not None
    assert found.source.text.startswith("history.append")


@pytest.mark.parametrize("name", RECORDS)
def test_numbers_in_records_keep_nothing(name: str) -> None:
    history: list[Any] = []
    assert train(lambda update, loss: history.append(RECORDS[name](update, loss.detach()))) == []
