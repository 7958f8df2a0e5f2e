"""What the dtypes hold, as torch has it."""

from __future__ import annotations

from decimal import Decimal

import pytest
import torch

from gradtui.dtypes import LIMITS, NARROW, limits, rounded
from gradtui.findings.dtype_remedies import LARGEST

DTYPES = {name: getattr(torch, name) for name in LIMITS}


@pytest.mark.parametrize("dtype", DTYPES)
def test_limits(dtype: str) -> None:
    here, known = limits(dtype), torch.finfo(DTYPES[dtype])
    assert (here.largest, here.smallest_normal, here.epsilon) == (known.max, known.smallest_normal, known.eps)
    assert here.smallest == torch.nextafter(*torch.tensor([0.0, 1.0], dtype=DTYPES[dtype])).item()
    assert float(torch.tensor(1.0, dtype=DTYPES[dtype]) + here.unit) == 1.0  # half of the way: to the even one
    assert known.resolution / 10 * 0.99 < 10.0**-here.digits < known.resolution * 1.01
    assert abs(Decimal(LARGEST[dtype]) / Decimal(known.max) - 1) < 0.03
    assert (known.bits == 16) == (dtype in NARROW)


def test_another_has_those_of_float32() -> None:
    assert limits("complex64") == limits("float32")


@pytest.mark.parametrize("dtype", DTYPES)
def test_rounded(dtype: str) -> None:
    """Torch rounds likewise."""
    numbers = [0.0, -1.5, 1e-8, 6e-8, 1 - 1e-2, 1 - 1e-3, 1 - 1e-6, 1 - 1e-8, 1 + 2**-8, 1 + 3 * 2**-8, 3.0e38, -1e-40]
    for number in numbers:
        with_torch = torch.tensor(number, dtype=torch.float64).to(DTYPES[dtype])
        if with_torch.isfinite():
            assert rounded(number, dtype) == with_torch.item()
