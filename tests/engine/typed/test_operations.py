"""Each function of the table has its torch counterpart; tests/numbers has its values and gradients."""

from __future__ import annotations

import pytest
import torch

from gradtui.engine.typed.operations import OPERATIONS
from gradtui.engine.typed.refused import UnfitError
from gradtui.expression.functions import FUNCTIONS, TABLE, Function

CPU = torch.device("cpu")
CALLED = [row for row in TABLE if not row.operator]


def test_table_and_operations_cover_each_other() -> None:
    assert set(OPERATIONS) == {row.name for row in CALLED}


@pytest.mark.parametrize("row", CALLED, ids=lambda row: row.name)
@pytest.mark.parametrize("count", ["least", "most"])
def test_takes_numbers_beside_variables(row: Function, count: str) -> None:
    """Wherever one argument is a variable, the others may be plain numbers; some want vectors. log of two makes no call."""
    number = getattr(row, count) if row.name != "log" else 1
    for place in range(number - row.settings):
        operands: list[torch.Tensor | float] = [*[0.5, 0.25, 0.75][:number]]
        if row.name == "where":
            operands[0], place = True, max(place, 1)
        operands[place] = torch.tensor(0.3, requires_grad=True)
        if row.name in ("dot", "var", "std", "cross_entropy", "nll_loss"):
            with pytest.raises(UnfitError):
                OPERATIONS[row.name].apply(operands, torch.float32, CPU)
        else:
            result = OPERATIONS[row.name].apply(operands, torch.float32, CPU)
            assert result.shape == ()
            assert result.dtype is torch.float32


def test_setting_is_no_variable() -> None:
    x = torch.tensor(1.0)
    with pytest.raises(UnfitError):
        OPERATIONS["leaky_relu"].apply([x, x], torch.float32, CPU)


def test_aliases_lead_to_operations() -> None:
    assert all(row.operator or row.name in OPERATIONS for row in FUNCTIONS.values())
