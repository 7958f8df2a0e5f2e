"""A tensor in few numbers: those of torch itself, also where an element is not finite."""

from __future__ import annotations

import math

import pytest
import torch

import gradtui
from gradtui.engine.tensors.reader import read
from gradtui.engine.tensors.summaries import summary
from gradtui.engine.tensors.values import values_of
from gradtui.graph.gradients import by_module, by_parameter
from gradtui.report.json import answer
from gradtui.snapshot.model import Values

KINDS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def tensors(dtype: torch.dtype) -> list[torch.Tensor]:
    """Ordinary, and with one element or all of them nan or infinite."""
    ordinary = torch.linspace(-3, 5, 6000, dtype=torch.float64).to(dtype).reshape(60, 100)
    found = [ordinary]
    for bad in (math.nan, math.inf, -math.inf):
        spoilt = ordinary.clone()
        spoilt[7, 3] = bad
        found += [spoilt, torch.full_like(ordinary, bad)]
    both = found[1].clone()
    both[0, 0] = math.inf
    return [*found, both]


def right(values: Values, tensor: torch.Tensor) -> None:
    exact = tensor.double()
    finite = exact[exact.isfinite()]
    norm = torch.linalg.vector_norm(exact).item()
    assert values.norm == pytest.approx(norm, rel=1e-3, nan_ok=True)
    expected = torch.linalg.vector_norm(finite).item() if finite.numel() else None
    assert values.finite_norm == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("dtype", KINDS, ids=str)
def test_the_norm_of_what_is_not_finite(dtype: torch.dtype) -> None:
    for tensor in tensors(dtype):
        right(values_of(tensor), tensor)
        right(Values(tuple(tensor.shape), (), summary(tensor)), tensor)
    small = [tensor[6:8].clone() for tensor in tensors(dtype)]
    for tensor, values in zip(small, read(small), strict=True):
        assert values is not None
        right(values, tensor)


def test_a_nan_gradient_passes_for_none() -> None:
    """The README's assertion, on a row of which most elements are nan."""
    model = torch.nn.Sequential(torch.nn.Linear(4, 128), torch.nn.Linear(128, 1))
    x = torch.randn(3, 4)
    hidden = model[0](x)
    zero = hidden[:, :77] - hidden[:, :77].detach()
    spoilt = torch.cat([zero.sqrt() * 0, hidden[:, 77:]], 1)
    snapshot = gradtui.capture(model[1](spoilt).sum(), model=model)
    grad = snapshot.parameters["0.weight"].grad
    assert grad is not None
    assert grad.norm is not None
    assert not grad.norm > 0
    assert math.isnan(grad.norm)
    assert grad.finite_norm is not None
    assert grad.finite_norm > 0
    rows = {row.name: row for row in by_parameter(snapshot)}
    assert rows["0.weight"].grad is not None
    assert rows["0.weight"].grad.nan == 77 * 4
    modules = {row.name: row.grad for row in by_module(snapshot, by_parameter(snapshot))}
    for name in ("", "0"):
        found = modules[name]
        assert found is not None
        assert found.norm is not None
        assert math.isnan(found.norm)
    told = answer(snapshot)["parameters"]["0.weight"]
    assert (told["norm"], told["share"], told["grad"]["norm"]) == ("nan", None, "nan")
    assert told["finite_norm"] == pytest.approx(grad.finite_norm)


MANY = 1 << 20
FORMS = {
    "one number for all": torch.full((), 0.1).expand(MANY),
    "one row for all": torch.linspace(0, 1, 1000).expand(1000, 1000),
    "one column for all": torch.linspace(0, 1, 1000)[:, None].expand(1000, 1000),
    "alike": torch.full((MANY,), 0.1),
    "transposed": torch.linspace(0, 1, MANY).reshape(1024, 1024).t(),
    "channels last": torch.linspace(0, 1, MANY).reshape(4, 64, 64, 64).contiguous(memory_format=torch.channels_last),
    "with gaps": torch.full((1000, 2000), 0.1)[:, 1:-1],
    "every second": torch.full((2 * MANY,), 0.1)[::2],
    "bfloat16": torch.full((MANY,), 0.1, dtype=torch.bfloat16),
    "whole numbers": torch.full((MANY,), 3),
}


def _has_all_digits(tensor: torch.Tensor) -> None:
    found, exact = summary(tensor), tensor.double()
    finite = exact[exact.isfinite()]
    assert (found.nan, found.inf) == (int(exact.isnan().sum()), int(exact.isinf().sum()))
    assert found.zero == int((exact == 0).sum())
    assert found.finite_norm == pytest.approx(float(finite.norm()), rel=1e-6)
    assert found.mean == pytest.approx(float(finite.mean()), rel=1e-5)
    assert (found.min, found.max) == (float(finite.min()), float(finite.max()))


@pytest.mark.parametrize("form", FORMS)
def test_many_elements_lose_no_digits(form: str) -> None:
    """Held against float64."""
    _has_all_digits(FORMS[form])


@pytest.mark.parametrize("repeated", [True, False])
def test_bad_elements_among_many(repeated: bool) -> None:
    row = torch.linspace(0, 1, 1000)
    row[500:503] = torch.tensor([math.nan, math.inf, -math.inf])
    many = row.expand(5000, 1000)
    _has_all_digits(many if repeated else many.contiguous())
