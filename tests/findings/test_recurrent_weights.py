"""Recurrent weights that get 0, as of each sequence only its first step counts: of two directions, or of one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui
from gradtui.api import Snapshot

Take = Callable[[Tensor, Tensor], Tensor]
TAKES: dict[str, Take] = {
    "last": lambda out, states: out[:, -1],
    "first": lambda out, states: out[:, 0],
    "mean": lambda out, states: out.mean(1),
    "states": lambda out, states: states.transpose(0, 1).flatten(1),
}


def seen(kind: type[nn.RNNBase], take: str, length: int = 5, both: bool = False, traced: bool = True) -> Snapshot:
    torch.manual_seed(0)
    net = kind(3, 4, 2, batch_first=True, bidirectional=both)  # type: ignore[arg-type]

    def loss() -> Tensor:
        out, states = net(torch.randn(6, length, 3))
        return TAKES[take](out, states[0] if isinstance(states, tuple) else states).square().sum()

    if not traced:
        return gradtui.capture(loss(), model=net)
    with gradtui.trace(net):
        made = loss()
    return gradtui.capture(made, model=net)


KINDS = pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])


@KINDS
@pytest.mark.parametrize("traced", [False, True])
def test_the_reverse_direction_at_the_last_position(kind: type[nn.RNNBase], traced: bool) -> None:
    """Of the last layer; those below are read throughout."""
    (told,) = seen(kind, "last", both=True, traced=traced).findings
    assert (told.kind, told.parameter, told.certainty) == ("zero", "weight_hh_l1_reverse", "likely")
    assert "h_n" in told.remedy


@KINDS
@pytest.mark.parametrize(("take", "length", "names"), [
    ("first", 5, {"weight_hh_l0", "weight_hh_l1"}),
    ("last", 1, {"weight_hh_l0", "weight_hh_l1"}),
])  # fmt: skip
def test_one_direction(kind: type[nn.RNNBase], take: str, length: int, names: set[str]) -> None:
    snapshot = seen(kind, take, length)
    assert {name for name, one in snapshot.parameters.items() if one.grad is not None and not one.grad.norm} == names
    for name in names:
        (told,) = snapshot.why(name)
        assert (told.kind, told.certainty) == ("zero", "perhaps")
        assert "batch_first" in told.remedy


@KINDS
@pytest.mark.parametrize(("take", "both"), [("last", False), ("mean", True), ("states", True), ("states", False)])
def test_what_reads_more_steps(kind: type[nn.RNNBase], take: str, both: bool) -> None:
    assert [one for one in seen(kind, take, both=both).findings if one.kind == "zero"] == []


def test_a_layer_that_gets_nothing_at_all_is_another_matter() -> None:
    net = nn.LSTM(3, 4, batch_first=True)
    with gradtui.trace(net):
        loss = (net(torch.randn(2, 5, 3))[0] * 0).sum()
    assert all("batch_first" not in one.remedy for one in gradtui.capture(loss, model=net).findings)
