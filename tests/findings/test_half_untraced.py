"""What a capture without a trace says of float16: an overflow only where one can be. Truth is torch's own numbers in float32."""

from __future__ import annotations

import torch

import gradtui


def test_nan_that_a_value_holds_is_no_overflow() -> None:
    """Rows of 0 are divided by their length: 0/0, and nothing is large."""
    weight = torch.ones(3, 3, dtype=torch.float16, requires_grad=True)
    units = torch.zeros(2, 3, dtype=torch.float16) @ weight
    loss = (units / units.norm(dim=1, keepdim=True)) @ torch.ones(3, 1, dtype=torch.float16)
    kinds = [one.kind for one in gradtui.capture(loss.sum(), names={"weight": weight}).findings]
    assert kinds
    assert "overflow" not in kinds


def test_a_gradient_that_float16_cannot_hold_is_one() -> None:
    weight = torch.full((3, 3), 1e-3, dtype=torch.float16, requires_grad=True)
    loss = (torch.full((2, 3), 300.0, dtype=torch.float16) @ weight).sum() * 250
    assert loss.isfinite()
    assert [one.kind for one in gradtui.capture(loss, names={"weight": weight}).findings] == ["overflow"]
    loss.backward()  # type: ignore[no-untyped-call]
    assert weight.grad is not None
    assert weight.grad.isinf().all()
