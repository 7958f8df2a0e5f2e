"""Tensors that are read together: each view of what is read already has the numbers that torch says it has."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch

from gradtui.engine.tensors import reader
from gradtui.engine.tensors.reader import Reader
from gradtui.engine.tensors.summaries import summaries
from gradtui.snapshot.graph import Summary

SHAPES = [(3, 4), (2, 3, 5), (1, 4, 3), (2, 1, 3, 4), (20, 9)]


def views(whole: torch.Tensor) -> list[torch.Tensor]:
    """Every order of its dimensions, and some other shapes of its elements."""
    turned = [whole.permute(order) for order in permutations(range(whole.ndim))]
    return [*turned, whole.reshape(-1), whole.unsqueeze(1), whole[None]]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("is_read_before", [False, True], ids=["together", "one after the other"])
def test_any_view_of_any_view_has_its_first_numbers(shape: tuple[int, ...], is_read_before: bool) -> None:
    torch.manual_seed(0)
    wholes = [torch.randn(shape), torch.randn(shape)]
    for place in range(len(views(wholes[0]))):
        together = Reader()
        seen = []
        for first in [views(whole)[place] for whole in wholes]:
            seen.append((first, together.add(first)))
            if is_read_before:
                together.read()
                together.know(*seen[-1])
            seen += [(view, together.add(view)) for view in views(first)]
        together.read()
        for view, at in seen:
            told = together.values[at]
            assert told is not None
            assert told.shape == tuple(view.shape)
            assert told.numbers == tuple(view.flatten()[:8].tolist())
            assert told.norm == pytest.approx(view.norm().item())


def test_views_of_what_is_held_are_not_read_again() -> None:
    together = Reader()
    whole = torch.randn(3, 4)
    places = {together.add(tensor) for tensor in (whole, whole, whole[:], whole.view(3, 4), whole.t().t())}
    assert len(places) == 1
    turned = together.add(whole.t())
    together.read()
    of_whole, of_turned = together.values[places.pop()], together.values[turned]
    assert of_whole is not None
    assert of_turned is not None
    assert of_turned.summary is of_whole.summary


def test_other_elements_at_the_same_address_are_read_by_themselves() -> None:
    whole = torch.arange(40.0).reshape(4, 10)
    complex_numbers = torch.complex(torch.ones(3, 4), torch.arange(12.0).reshape(3, 4))
    negative = complex_numbers.conj().imag  # the same memory as what it is the negative of
    tensors = [
        whole,
        whole[:2],
        whole[:, :5],
        whole.view(torch.int32).view(torch.float32)[:, ::2],
        whole[:2, :5].expand(4, 2, 5),
        whole.double(),
        complex_numbers.imag,
        negative,
        negative.resolve_neg(),
    ]
    for order in (tensors, tensors[::-1]):
        together = Reader()
        places = [together.add(tensor) for tensor in order]
        together.read()
        for place, tensor in zip(places, order, strict=True):
            told = together.values[place]
            assert told is not None
            assert told.shape == tuple(tensor.shape)
            assert told.numbers == tuple(tensor.flatten()[:8].tolist())
            assert told.norm == pytest.approx(tensor.norm().item())


def test_no_more_is_copied_at_a_time_than_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = [torch.full((100,), float(number)) for number in range(40)]
    copied = []

    def copying(rows: torch.Tensor) -> list[Summary]:
        copied.append(rows.numel())
        return summaries(rows)

    monkeypatch.setattr(reader, "MOST_HELD", 5 * (100 + reader.OVERHEAD))
    monkeypatch.setattr(reader, "summaries", copying)
    assert [values and values.numbers[0] for values in reader.read(tensors)] == [*range(40)]
    assert copied == [500] * 8


def test_a_view_of_what_is_zero_or_bad_is_told_as_odd_too() -> None:
    """Of what waits to be read with others, and of what is too large for that."""
    together = Reader()
    odd = set()
    for shape in ((3, 4), (200, 200)):
        for number in (0.0, torch.inf, torch.nan, 1.0):
            tensor = torch.full(shape, number)
            places = {together.add(tensor), together.add(tensor.t())}
            odd |= set() if number == 1 else places
    assert together.read() == odd
