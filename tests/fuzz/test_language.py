"""Texts by the grammar and by mutation: what must hold for any text."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import texts
from tests.fuzz.run import Tally, one, run


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_any_text(seed: int) -> None:
    """1,000 of them, from a seed: `python -m tests.fuzz` takes more."""
    tally = run(1_000, seed)
    assert not tally.failures, "\n".join(tally.failures)
    assert {"accepted", "evaluated", "refused: syntax", "refused: name"} <= set(tally.outcomes)


@pytest.mark.long
@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_text_shrunk(random: Random) -> None:
    """The same, where hypothesis draws: what fails comes out short."""
    one(random, texts.text(random), Tally())
