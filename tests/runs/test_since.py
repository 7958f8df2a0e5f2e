"""What is said of a run in which nothing was found."""

from __future__ import annotations

import pytest

from gradtui.runs.run import Run
from gradtui.runs.since import none_found
from tests.runs import made


@pytest.mark.parametrize(("exit", "is_told"), [(0, False), (None, False), (1, True), (3, True)])
def test_of_a_run_that_ended_badly_it_is_said_beside_that_no_fault_is_found(exit: int | None, is_told: bool) -> None:
    told = none_found(Run("train.py", ended=True, exit=exit))
    assert (told != none_found(Run("train.py", ended=True))) == is_told
    assert not is_told or str(exit) in told


def test_no_fault_is_found_in_updates_only_where_there_are_some() -> None:
    empty = none_found(Run("train.py", ended=True, exit=1))
    some = none_found(Run("train.py", ended=True, exit=1, updates=made.run().updates))
    assert "fault" in some
    assert "fault" not in empty
