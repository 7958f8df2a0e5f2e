"""The loss by update: every one that has no height is marked where it stands, whatever the losses are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.chart.by_update import BESIDE, INFINITE, NAN, draw_loss, taking_turns
from gradtui.runs.binned_norms import column_of

MARGIN, WIDTH, HEIGHT = 12, 80, 14


def rows(losses: list[float], low: int = 0, troubles: tuple[int, ...] = ()) -> list[str]:
    numbered = [*enumerate(losses, low)]
    cells = draw_loss(numbered, (low, low + len(losses)), WIDTH, HEIGHT, troubles=troubles, margin=MARGIN)
    assert cells is not None
    return ["".join(text for text, _ in row) for row in cells]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(), min_size=1, max_size=60), st.integers(0, 10**6))
def test_any_losses(losses: list[float], low: int) -> None:
    drawn = rows(losses, low)
    assert len(drawn) == HEIGHT
    assert {*map(len, drawn)} == {WIDTH}
    assert any(map(math.isnan, losses)) == any(NAN in row[MARGIN + 1 :] for row in drawn[1:])


@pytest.mark.parametrize("count", [1, 2, 3, 66, 67, 68, 1000])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_has_no_height_stands_in_its_column(count: int, bad: float) -> None:
    losses = [1.0 + place for place in range(count)]
    place = count * 2 // 3
    losses[place] = bad
    drawn = rows(losses, troubles=(place,))
    width = WIDTH - MARGIN - 2
    at = MARGIN + 1 + column_of(place, 0, count, width)
    mark = NAN if math.isnan(bad) else INFINITE
    row = drawn[1] if bad == math.inf else drawn[HEIGHT - 3]
    assert row[at] == mark
    assert sum(line.count(mark) for line in drawn[1:]) == 1
    assert sum(line[at] == "┊" for line in drawn) >= HEIGHT - 6


def test_optimizers_that_take_turns_have_a_line_each() -> None:
    """As in a GAN: neither line goes to where the other's loss is."""
    losses = [(place, 1.0 if place % 2 else 4.0) for place in range(200)]
    named = ["Adam 2" if place % 2 else "Adam 1" for place in range(200)]
    cells = draw_loss(losses, (0, 200), WIDTH, HEIGHT, optimizers=named)
    assert cells is not None
    told, *rest = ["".join(text for text, _ in row) for row in cells]
    assert all(name in told for name in named)
    (second, _), drawn = BESIDE[0], [row[4:] for row in rest[:-2]]
    assert sum(second in row for row in drawn) == 1
    assert sum(any("\u2801" <= cell <= "\u28ff" for cell in row) for row in drawn) == 1


@pytest.mark.parametrize(
    ("optimizers", "losses"),
    [
        ([], [4.0, 3.0, 2.0, 1.0]),
        (["Adam"] * 4 + ["SGD"] * 4, [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]),
        (["Adam", "SGD"] * 4, [4.0, 4.0, 3.0, 3.0, 2.0, 2.0, 1.0, 1.0]),
        ([f"Adam {place}" for place in range(8)], [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]),
    ],
    ids=["one", "one after the other", "one loss for both", "made anew each time"],
)
def test_one_line_where_nobody_takes_turns(optimizers: list[str], losses: list[float]) -> None:
    numbered = [*enumerate(losses)]
    assert taking_turns(numbered, optimizers) == {"": numbered}


@pytest.mark.parametrize("count", [2, 3, 4, 5, 11, 101, 123_457, 1_600_000])
def test_updates_have_whole_numbers(count: int) -> None:
    """Also by their labels the same distance apart."""
    cells = draw_loss([(0, 1.0), (count - 1, 2.0)], (0, count), WIDTH, HEIGHT)
    assert cells is not None
    labels = "".join(text for text, _ in cells[-1]).split()
    first, second, *_ = found = [float(one) for one in labels]
    assert all(one == int(one) for one in found)
    assert found == [first + place * (second - first) for place in range(len(found))]
    assert not any("." in one and "e" not in one for one in labels)
