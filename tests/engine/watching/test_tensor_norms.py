"""The norms of a run are those of float64, also of many elements."""

from __future__ import annotations

import pytest
import torch

from gradtui.engine.watching.tensor_norms import norms


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_many_elements_lose_no_digits(dtype: torch.dtype) -> None:
    tensors = [
        torch.full((3,), 0.1, dtype=dtype),
        torch.full((2000, 1000), 0.1, dtype=dtype),
        torch.zeros(70_000, dtype=dtype),
    ]
    exact = [float(tensor.double().norm()) for tensor in tensors]
    assert norms(tensors) == pytest.approx(exact, rel=1e-6)
