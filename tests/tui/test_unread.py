"""Tensors that could not be read, in every pane: in words, and never as 0 or as none."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.numbers import UNREAD
from gradtui.tui.saved import explorer
from tests import examples, synthetic
from tests.file.test_snapshot_format import EVERYTHING
from tests.tui.test_app import text_of
from tests.tui.test_escapes import TOUR, settle
from tests.unread import PLACES, without_numbers

SNAPSHOTS: dict[str, Snapshot] = {
    "expression": examples.two_variables(),
    "function": replace(EVERYTHING, problem=None),
    "model": synthetic.bert(1),
}


@pytest.mark.long
@pytest.mark.parametrize(("name", "size"), [(name, (120, 36)) for name in SNAPSHOTS] + [("model", (60, 20))])
async def test_a_tour(name: str, size: tuple[int, int]) -> None:
    """Through every pane and list, where nothing is known but that it is there."""
    app = explorer(without_numbers(SNAPSHOTS[name], "freed", *PLACES))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press(*TOUR)
        await settle(pilot)
    assert app._exception is None


async def test_a_leaf_and_its_gradient() -> None:
    """Short in the tree, in words in the panel; a module of which a part is not known has no norm."""
    bert = synthetic.bert(1)
    app = explorer(without_numbers(bert, "sharded", "Parameter.grad", "Node.value", "Node.grad_output", "Edge.grad"))
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        text = text_of(app)
        assert UNREAD["sharded"] in text
        assert "norm" not in text
        await pilot.press("T")
        await settle(pilot)
        rows = [line for line in text_of(app).splitlines() if "weight" in line]
        assert rows
        assert all("sharded" in row for row in rows)
