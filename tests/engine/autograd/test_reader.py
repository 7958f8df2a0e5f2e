"""Tensors that are read together: each view of what is read already has the numbers that torch says it has."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch

from gradtui.engine.autograd import reader
from gradtui.engine.autograd.reader import Reader

SHAPES = [(3, 4), (2, 3, 5), (1, 4, 3), (2, 1, 3, 4), (20, 9)]


def views(whole: torch.Tensor) -> list[torch.Tensor]:
    """Every order of its dimensions, and some other shapes of its elements."""
    turned = [whole.permute(order) for order in permutations(range(whole.ndim))]
    return [*turned, whole.reshape(-1), whole.unsqueeze(1), whole[None]]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("most_held", [reader.MOST_HELD, 1], ids=["together", "at once"])
def test_any_view_of_any_view_has_its_first_numbers(
    shape: tuple[int, ...], most_held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MOST_HELD", most_held)
    torch.manual_seed(0)
    wholes = [torch.randn(shape), torch.randn(shape)]
    for place in range(len(views(wholes[0]))):
        read = Reader()
        firsts = [views(whole)[place] for whole in wholes]
        seen = [(first, read.add(first)) for first in firsts]
        for first, placed in seen[:2]:
            seen += [(view, read.add(view, [placed])) for view in views(first)]
        values = read.values()
        for view, placed in seen:
            told = values[placed.place]
            assert told is not None
            assert told.shape == tuple(view.shape)
            assert told.numbers == tuple(view.flatten()[:8].tolist())
            assert told.norm == pytest.approx(view.norm().item())


def test_other_elements_at_the_same_address_are_read_by_themselves() -> None:
    whole = torch.arange(40.0).reshape(4, 10)
    read = Reader()
    placed = [read.add(whole)]
    others = [whole[:2], whole[:, :9], whole.view(torch.int32).view(torch.float32)[:, ::2], whole.double()]
    placed += [read.add(other, placed) for other in others]
    values = [read.values()[one.place] for one in placed]
    for told, tensor in zip(values, (whole, *others), strict=True):
        assert told is not None
        assert told.shape == tuple(tensor.shape)
        assert told.norm == pytest.approx(tensor.norm().item())


def test_a_view_of_what_is_zero_or_bad_is_told_as_odd_too() -> None:
    read, told = Reader(), set[int]()
    read.when_read(told.update)
    zeros, bad, fine = torch.zeros(3, 4), torch.full((3, 4), torch.inf), torch.ones(3, 4)
    odd = set()
    for tensor in (zeros, bad, fine):
        placed = read.add(tensor)
        view = read.add(tensor.t(), [placed])
        odd |= set() if tensor is fine else {placed.place, view.place}
    read.values()
    assert told == odd
