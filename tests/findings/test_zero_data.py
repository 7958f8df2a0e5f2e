"""A weight that is multiplied by data of 0: whose numbers are told as evidence."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import gradtui


@pytest.mark.parametrize(("features", "told"), [(1, "1 element "), (3, "3 elements ")])
def test_the_numbers_are_of_what_gets_no_gradient(features: int, told: str) -> None:
    model = nn.Linear(features, 1)
    with gradtui.trace(model):
        loss = model(torch.zeros(1, features)).sum()
    found = gradtui.capture(loss, model=model).why("weight")[0]
    (numbers,) = (evidence for evidence in found.evidence if "element" in evidence)
    assert told in numbers
    assert "operand" not in numbers, "that are the data, which are 0"
