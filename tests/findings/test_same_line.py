"""What one line of code does in several modules, or at several calls, is one finding."""

from __future__ import annotations

import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding


class Off(nn.Module):
    """A block whose relu is off for whatever comes in; by `other` it is so at another line."""

    def __init__(self, *, other: bool = False) -> None:
        super().__init__()
        self.inner, self.other = nn.Linear(4, 4), other

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.other:
            return x + torch.relu(self.inner(x) - 50)
        return x + torch.relu(self.inner(x) - 100)


def dead(model: nn.Module) -> list[Finding]:
    with gradtui.trace(model) as trace:
        loss = model(torch.ones(2, 4)).sum()
    return [one for one in trace.capture(loss).findings if one.kind == "dead"]


def names(*blocks: int) -> set[str]:
    return {f"{block}.inner.{part}" for block in blocks for part in ("weight", "bias")}


def test_blocks_of_one_class() -> None:
    (found,) = dead(nn.Sequential(*(Off() for _ in range(3))))
    assert found.parameter in names(0, 1, 2)
    assert any("1" in fact and "2" in fact for fact in found.evidence), found.evidence


def test_another_line_is_another_finding() -> None:
    found = dead(nn.Sequential(Off(), Off(other=True), Off()))
    assert len(found) == 2
    assert len({one.source for one in found}) == 2


def test_calls_of_one_line_without_modules() -> None:
    weights = [torch.ones(4, requires_grad=True) for _ in range(3)]
    x = torch.ones(4)
    with gradtui.trace() as trace:
        for weight in weights:
            x = x + torch.relu(weight - 100)
        loss = x.sum()
    found = [one for one in trace.capture(loss).findings if one.kind == "dead"]
    assert len(found) == 1
    assert any("3" in fact for fact in found[0].evidence), found[0].evidence
    assert loss.item() == 4


def test_each_parameter_has_its_own_node() -> None:
    model = nn.Sequential(Off(), Off())
    with gradtui.trace(model) as trace:
        loss = model(torch.ones(2, 4)).sum()
    snapshot = trace.capture(loss)
    assert snapshot.why("0.inner.weight")[0].node != snapshot.why("1.inner.weight")[0].node
