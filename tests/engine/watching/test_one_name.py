"""Models that run later than others: a parameter keeps the name that it has."""

from __future__ import annotations

import torch
from torch import nn

import gradtui


def test_a_second_model_makes_no_other_parameter_of_those_of_the_first() -> None:
    """In each update, and in the backward passes that are kept, each parameter has one name."""
    first, second = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)), nn.Linear(3, 1)
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.01) for model in (first, second)]
    with gradtui.watch(first, every=1) as watch:
        for number in range(6):
            model, optimizer = ((first, optimizers[0]), (second, optimizers[1]))[number % 2]
            optimizer.zero_grad()
            model(torch.ones(2, 3)).sum().backward()
            optimizer.step()
    run = watch.run
    names = {name for update in run.updates for name in update.parameters}
    assert len(names) == 6
    assert set(run.updates[0].parameters) <= set(run.updates[4].parameters)
    for snapshot in run.snapshots.values():
        assert set(snapshot.parameters) <= names


def test_a_part_that_is_trained_before_the_whole() -> None:
    part = nn.Linear(3, 4)
    whole = nn.Sequential(part, nn.ReLU(), nn.Linear(4, 1))
    with gradtui.watch(part, every=1) as watch:
        for model in (part, whole):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
            for _ in range(2):
                optimizer.zero_grad()
                model(torch.ones(2, 3)).sum().backward()
                optimizer.step()
    run = watch.run
    assert len({name for update in run.updates for name in update.parameters}) == 4
