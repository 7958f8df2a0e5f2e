"""Layers with an optimizer each, that are trained by a method of their own and never called (as in forward-forward).

Truth is which tensor has which numbers.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import gradtui


class Layer(nn.Linear):
    def __init__(self, wide: int) -> None:
        super().__init__(3, wide)
        self.optimizer = torch.optim.Adam(self.parameters(), lr=0.01)

    def learn(self, x: torch.Tensor) -> None:
        self.optimizer.zero_grad()
        self.forward(x).square().mean().backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()


class Net(nn.Module):
    def __init__(self, layers: list[Layer]) -> None:
        super().__init__()
        self.layers = layers

    def learn(self, x: torch.Tensor) -> None:
        for layer in self.layers:
            for _ in range(3):
                layer.learn(x)


class Plain:
    def __init__(self, layers: list[Layer]) -> None:
        self.layers = layers

    learn: Any = Net.learn


def in_a_model(x: torch.Tensor) -> None:
    Net([Layer(2), Layer(5)]).learn(x)


def in_an_object(x: torch.Tensor) -> None:
    Plain([Layer(2), Layer(5)]).learn(x)


def in_a_list(x: torch.Tensor) -> None:
    layers = [Layer(2), Layer(5)]
    for layer in layers:
        for _ in range(3):
            layer.learn(x)


def in_two_variables(x: torch.Tensor) -> None:
    first, second = Layer(2), Layer(5)
    for layer in first, second:
        for _ in range(3):
            layer.learn(x)


@pytest.mark.parametrize("train", [in_a_model, in_an_object, in_a_list, in_two_variables])
def test_each_has_a_name_of_its_own_which_it_keeps(train: Any) -> None:
    torch.manual_seed(0)
    with gradtui.watch(nn.Identity()) as watch:
        train(torch.rand(4, 3))
    first, second = (watch.run.updates[number].parameters for number in (2, 3))
    names = ("first", "second") if train is in_two_variables else ("layers[0]", "layers[1]")
    assert {*first} == {f"{names[0]}.weight", f"{names[0]}.bias"}
    assert {*second} == {f"{name}.{kind}" for name in names for kind in ("weight", "bias")}
    for name in names:
        assert bool(second[f"{name}.weight"].change) is (name == names[1]), "only the one that learns is changed"
