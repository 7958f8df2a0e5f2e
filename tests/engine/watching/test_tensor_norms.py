"""The norms of a run are those of float64, also of many elements."""

from __future__ import annotations

import math

import pytest
import torch

from gradtui.engine.watching.tensor_norms import counts, norms, products


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_many_elements_lose_no_digits(dtype: torch.dtype) -> None:
    tensors = [
        torch.full((3,), 0.1, dtype=dtype),
        torch.full((2000, 1000), 0.1, dtype=dtype),
        torch.zeros(70_000, dtype=dtype),
    ]
    exact = [float(tensor.double().norm()) for tensor in tensors]
    assert norms(tensors) == pytest.approx(exact, rel=5e-5)


@pytest.mark.parametrize("size", [10, 1000, 100_000])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_what_is_extreme(dtype: torch.dtype, size: int) -> None:
    """Beyond the squares of float32, within the dtype; and what is not finite, which is not copied to be told."""
    largest, least = torch.finfo(dtype).max / 8, torch.finfo(dtype).smallest_normal * 8
    tensors = [
        torch.full((size,), number, dtype=dtype) for number in (1.0, largest, least, 0.0, math.nan, math.inf, -math.inf)
    ]
    exact = [float((one.double() / one[0].double()).norm() * abs(one[0].double())) for one in tensors[:3]]
    assert norms(tensors) == pytest.approx([*exact, 0.0, math.nan, math.inf, math.inf], rel=5e-5, nan_ok=True)
    tensors[5][size // 2] = math.nan
    tensors[5][0] = 1
    assert counts(tensors[5]) == (1, size - 2)
    assert counts(tensors[6]) == (0, size)


@pytest.mark.parametrize(
    "numbers", [(math.inf, -math.inf), (math.inf, 1.0), (math.nan, 1.0), (1e308, 1e308), (3.0, -1.0)]
)
def test_products_of_what_diverges_are_a_number_of_some_kind(numbers: tuple[float, float]) -> None:
    pairs = [(torch.tensor([one], dtype=torch.float64), torch.ones(1, dtype=torch.float64)) for one in numbers]
    assert products(pairs) == pytest.approx(sum(numbers), nan_ok=True)


def test_what_is_not_finite_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the update at which weights go bad all of them are, at every update that follows."""
    monkeypatch.setattr(torch.Tensor, "double", None)
    for size in (100, 100_000):
        for number in (math.nan, math.inf):
            assert norms([torch.full((size,), number)]) == pytest.approx([number], nan_ok=True)
