"""Each function of the table has its torch counterpart, and that counterpart's gradient is right."""

from __future__ import annotations

import pytest
import torch

from gradtui.engine.operations import OPERATIONS, UnfitError
from gradtui.expression.functions import FUNCTIONS, TABLE, Function

CPU = torch.device("cpu")
CALLED = [row for row in TABLE if not row.operator]
ORDINARY: dict[str, tuple[float | bool | list[float], ...]] = {
    "acosh": (1.7,),
    "where": (True, 0.3, 0.7),
    "clamp": (0.3, -1.0, 1.0),
    "lerp": (0.3, 0.8, 0.4),
    "threshold": (0.3, 0.1, 5.0),
    "fmod": (1.3, 0.7),
    "remainder": (-1.3, 0.7),
    "dot": ([0.3, 0.7, -0.2], [1.1, 0.4, 0.6]),
}


def test_table_and_operations_cover_each_other() -> None:
    assert set(OPERATIONS) == {row.name for row in CALLED}


@pytest.mark.parametrize("row", CALLED, ids=lambda row: row.name)
def test_gradient(row: Function) -> None:
    """gradcheck at an ordinary point, of every argument that may be a variable."""
    usual: float | list[float] = [0.3, 0.7, 1.2] if row.kind == "reduction" else 0.3
    point = ORDINARY.get(row.name, (usual, 0.7)[: row.least] if row.least > 1 else (usual,))
    settings = len(point) - row.settings if len(point) > 1 else 1
    varied = [not isinstance(value, bool) and index < settings for index, value in enumerate(point)]
    inputs = [
        torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for value, flag in zip(point, varied, strict=True)
        if flag
    ]

    def function(*variables: torch.Tensor) -> torch.Tensor:
        rest = iter(variables)
        operands = [next(rest) if flag else value for value, flag in zip(point, varied, strict=True)]
        return OPERATIONS[row.name].apply(operands, torch.float64, CPU)  # type: ignore[arg-type]

    assert torch.autograd.gradcheck(function, inputs)


@pytest.mark.parametrize("row", CALLED, ids=lambda row: row.name)
@pytest.mark.parametrize("count", ["least", "most"])
def test_takes_numbers_beside_variables(row: Function, count: str) -> None:
    """Wherever one argument is a variable, the others may be plain numbers; dot alone wants vectors."""
    number = getattr(row, count)
    for place in range(number - row.settings):
        operands: list[torch.Tensor | float] = [*[0.5, 0.25, 0.75][:number]]
        if row.name == "where":
            operands[0], place = True, max(place, 1)
        operands[place] = torch.tensor(0.3, requires_grad=True)
        if row.name in ("dot", "var", "std"):
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
