"""A loss that a GradScaler has scaled: that it is so is told, by how much, and no gradient is judged by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

import gradtui
from tests.torch_version import VERSION

SCALE = 2.0**16


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))


class Training:
    """Holds its scaler where no caller's variable does."""

    def __init__(self, scaler: torch.amp.GradScaler) -> None:
        self.model, self._scaler = network(), scaler
        torch.manual_seed(1)
        self.data = torch.randn(3, 4)

    def plain(self) -> torch.Tensor:
        loss: torch.Tensor = self.model(self.data).pow(2).mean()
        return loss

    def captured(self, loss: object) -> gradtui.Snapshot:
        return gradtui.capture(loss, model=self.model)


def scaler(**settings: float) -> torch.amp.GradScaler:
    return torch.amp.GradScaler("cpu", **settings)  # type: ignore[arg-type]


LOSSES: dict[str, tuple[Callable[[torch.amp.GradScaler, torch.Tensor], object], float]] = {
    "scaled": (lambda scaler, loss: scaler.scale(loss), 1),
    "and divided": (lambda scaler, loss: scaler.scale(loss) / 4, 4),
    "several": (lambda scaler, loss: scaler.scale([loss, loss * 1.0]), 0.5),
    "a vector": (lambda scaler, loss: scaler.scale(loss.reshape(1).expand(3)), 1 / 3),
    "of another scale": (lambda scaler, loss: scaler.scale(loss), 1),
}


@pytest.mark.parametrize("case", LOSSES)
def test_the_scale_is_told_and_not_judged(case: str) -> None:
    scaled, parts = LOSSES[case]
    own = scaler(init_scale=7.0 if case == "of another scale" else SCALE)
    training = Training(own)
    loss = training.plain()
    snapshot = training.captured(scaled(own, loss))
    assert snapshot.scale == own.get_scale()
    assert "scaled" in [note.kind for note in snapshot.notes]
    assert snapshot.findings == ()
    plain = training.captured(training.plain())
    for name, told in snapshot.parameters.items():
        assert told.grad is not None
        without = plain.parameters[name].grad
        assert without is not None
        assert without.norm is not None
        assert told.grad.norm == pytest.approx(without.norm * own.get_scale() / parts, rel=1e-4)  # as torch has it
        assert [finding.kind for finding in snapshot.why(name)] == ["ordinary"]


def test_an_explosion_under_the_scale_is_one() -> None:
    """What multiplies is told to be what it is, and not the scaler."""
    training = Training(scaler())
    snapshot = training.captured(training._scaler.scale(training.plain() * 1e6))
    (finding,) = snapshot.findings
    assert finding.kind == "exploding"
    node = snapshot.graph.nodes[finding.node or 0]
    assert node.name == "MulBackward0"
    assert node.id not in [note.node for note in snapshot.notes if note.kind == "scaled"]
    assert [found.kind for found in training.captured(training.plain() * 1e6).findings] == ["exploding"]


def test_what_overflows_by_the_scale() -> None:
    """In float16 that is what a GradScaler is there for: it leaves the step out."""
    own = scaler()
    weight = torch.ones(2, requires_grad=True)
    snapshot = gradtui.capture(own.scale((weight.half() * 4).sum().float()), names={"weight": weight})
    (finding,) = snapshot.findings
    assert finding.kind == "overflow"
    assert "GradScaler" in finding.remedy


NOT_SCALED: dict[str, Callable[[torch.amp.GradScaler, torch.Tensor], torch.Tensor]] = {
    "no factor": lambda scaler, loss: loss,
    "by a number that is the same": lambda scaler, loss: loss * SCALE,
    "by another number": lambda scaler, loss: loss * 10,
    "not enabled": lambda scaler, loss: torch.amp.GradScaler("cpu", enabled=False).scale(loss),
    "one of two": lambda scaler, loss: scaler.scale(loss) + loss,
}


@pytest.mark.parametrize("case", NOT_SCALED)
def test_what_no_scaler_has_scaled(case: str) -> None:
    if case == "by a number that is the same" and VERSION < (2, 10):
        pytest.skip("what a node keeps, which tells the two apart, is not seen before torch 2.10")
    own = scaler()
    own.scale(torch.ones(1))
    training = Training(own)
    snapshot = training.captured(NOT_SCALED[case](own, training.plain()))
    assert snapshot.scale is None
    assert not any(note.kind == "scaled" for note in snapshot.notes)


def test_a_saved_one_is_judged_in_the_same_way(tmp_path: Path) -> None:
    own = scaler()
    training = Training(own)
    snapshot = training.captured(own.scale(training.plain()))
    snapshot.save(tmp_path / "scaled.gradtui")
    loaded = gradtui.load(tmp_path / "scaled.gradtui")
    assert loaded == snapshot
    assert loaded.findings == ()
