"""The rules of optimizers where there are too many numbers to fill them in."""

from __future__ import annotations

import pytest

from gradtui.snapshot.numbers import NOT_KNOWN
from gradtui.snapshot.training import Moved, Optimizer
from gradtui.training.optimizers import OPTIMIZERS, settings
from gradtui.training.rules import lines
from gradtui.tui.training.lines import GOING_ON


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_rule_without_numbers_has_no_gap_for_one(name: str) -> None:
    told = lines(name, "w", Moved(0.0, 0.0, 0.0), GOING_ON, settings(Optimizer(name)))
    assert told
    assert not any(NOT_KNOWN in line.rule for line in told)
