"""A clamp whose bound is the pole itself in its dtype, by torch's own rounding; and advice on data in what they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

import gradtui
from gradtui.engine.typed.evaluate import evaluate
from gradtui.findings.findings import findings
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Request
from tests.torch_version import VERSION


def of(f: Callable[[torch.Tensor], torch.Tensor], dtype: torch.dtype) -> Finding:
    x = torch.tensor([1.0, 0.25], dtype=dtype, requires_grad=True)
    with gradtui.trace() as trace:
        loss = f(x).sum()
    found: Finding = trace.capture(loss, names={"x": x}).findings[0]
    return found


LOST: list[tuple[Callable[[torch.Tensor], torch.Tensor], torch.dtype, str]] = [
    (lambda x: torch.log(1 - x.clamp(1e-8, 1 - 1e-8)), torch.float32, "1 - 1e-6"),
    (lambda x: torch.log1p(-x.clamp(max=1 - 1e-6)), torch.bfloat16, "1 - 1e-2"),
    (lambda x: torch.atanh(torch.nn.functional.hardtanh(x, -1 + 1e-4, 1 - 1e-4)), torch.float16, "1 - 1e-3"),
    *(
        [
            (lambda x: torch.acos(x.clamp(-1 + 1e-8, 1 - 1e-8)), torch.float32, "1 - 1e-6"),
            (lambda x: (1 - x).clamp_min(1e-50).sqrt(), torch.float32, "1e-8"),
        ]
        if VERSION < (2, 14)  # from then on a clamp stops the infinite gradient that comes back to its bound
        else []
    ),
]


@pytest.mark.parametrize(("f", "dtype", "bound"), LOST)
def test_told(f: Callable[[torch.Tensor], torch.Tensor], dtype: torch.dtype, bound: str) -> None:
    found = of(f, dtype)
    name = str(dtype).removeprefix("torch.")
    assert any("keeps nothing off" in one and name in one for one in found.evidence), found
    assert f"{name} holds, {bound};" in found.remedy


@pytest.mark.parametrize(
    ("f", "dtype"),
    [
        (lambda x: torch.log(1 - x.clamp(1e-8, 1)), torch.float32),  # 1 is what was asked for
        (lambda x: torch.log(1 - x), torch.float32),
        (lambda x: torch.log(1 - x.clamp(1e-8, 1 - 1e-8) * 1.0000001), torch.float32),
        (lambda x: 1 / (x.clamp(1e-50, 2) - 1), torch.float32),  # the bound is far away
    ],
)
def test_none(f: Callable[[torch.Tensor], torch.Tensor], dtype: torch.dtype) -> None:
    assert not any("keeps nothing off" in one for one in of(f, dtype).evidence)


@pytest.mark.parametrize("text", ["log(1 - clamp(x, 1e-8, 1 - 1e-8))", "acos(clamp(x, -1 + 1e-8, 1 - 1e-8))"])
def test_of_a_typed_text(text: str) -> None:
    found = findings(evaluate(Request(1, text, {"x": 1.0})))
    assert "1 - 1e-6" in found[0].remedy
    assert any("keeps nothing off" in one for one in found[0].evidence)


@pytest.mark.parametrize(
    ("dtype", "advice"), [(torch.float32, "1e-8"), (torch.float16, "1e-4"), (torch.bfloat16, "1e-8")]
)
def test_data_are_advised_in_their_dtype(dtype: torch.dtype, advice: str) -> None:
    data, w = torch.tensor([0.0, 0.5], dtype=dtype), torch.tensor(0.5, dtype=dtype, requires_grad=True)
    with gradtui.trace() as trace:
        loss = (torch.log(data) * w).sum()
    (found,) = trace.capture(loss, names={"w": w}).findings
    assert f"log(x + {advice})" in found.remedy
