"""The window follows the point where it must, and comes back to what a person chose."""

from __future__ import annotations

import pytest

from gradtui.snapshot.curve import FollowedWindow

CHOSEN = (-10.0, 10.0)


@pytest.mark.parametrize("way", [(1e9,), (25.0,), (-1e300,), (25.0, 1e12, 25.0), (11.0, 22.0, 33.0)])
def test_back_inside_what_was_chosen(way: tuple[float, ...]) -> None:
    followed = FollowedWindow(CHOSEN, CHOSEN)
    for place in way:
        followed = followed.after(place)
        assert followed.seen[0] < place < followed.seen[1]
    assert followed.after(-9.0).seen == CHOSEN


def test_it_moves_only_where_it_must() -> None:
    followed = FollowedWindow(CHOSEN, CHOSEN)
    assert followed.after(None) is followed
    assert followed.after(10.0) is followed
    beside = followed.after(11.0)
    assert beside.seen == (1.0, 21.0)
    assert beside.after(9.0) is beside


def test_one_far_away_is_no_wider_for_the_next_that_is_near() -> None:
    """An x of a billion wants a window of thousands; 25 has one as wide as was chosen."""
    far = FollowedWindow(CHOSEN, CHOSEN).after(1e9)
    assert far.seen[1] - far.seen[0] == 2000.0
    assert far.after(25.0).seen == (15.0, 35.0)
