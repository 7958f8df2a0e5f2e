"""How a run is counted."""

from __future__ import annotations

import pytest

from gradtui.snapshot.training import Batches
from gradtui.training.continuing import epoch


@pytest.mark.parametrize(
    ("size", "rows", "update", "told"),
    [(8, 40, 0, "epoch 1, batch 1 of 5"), (8, 41, 6, "epoch 2, batch 1 of 6"), (50, 40, 3, "epoch 4")],
)
def test_epoch(size: int, rows: int, update: int, told: str) -> None:
    assert epoch(Batches(size), rows, update) == told
