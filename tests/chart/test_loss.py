"""The loss by update: every one that has no height is marked where it stands, whatever the losses are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.chart.by_update import INFINITE, NAN, draw_loss
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
