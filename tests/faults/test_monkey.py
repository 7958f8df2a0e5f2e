"""Random keys, thousands; the same by hand for half an hour: `python -m tests.faults.monkey --minutes 30 --stay`."""

from __future__ import annotations

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key
from textual.keys import _normalize_key_list

from gradtui.tui.keys import KEYS
from tests.faults.monkey import WARM, Monkey, bytes_of

KEYS_TO_PRESS = 1_500
KEYS_ON_A_RUN = 300
ONE_ROUND = 200
"""Actions, some thousand keys in all."""
MOST = 1.1
"""Times the memory after the warm-up, which is a whole round of what is then done again; without a leak it is 1.00 to 1.05."""


@pytest.mark.parametrize("key", sorted({key for binding in KEYS for key in binding.key.split(",")} - {"escape"}))
def test_keys_are_the_keys(key: str) -> None:
    """Textual reads each as what the monkey takes it for; an escape alone is known only by what does not follow it."""
    (event,) = XTermParser().feed(bytes_of(key))
    assert isinstance(event, Key)
    assert event.key == _normalize_key_list(key)


@pytest.mark.child
@pytest.mark.long
def test_random_keys() -> None:
    """No exception, and every quit is whole."""
    report = Monkey(seed=1).run(lambda report: report.keys >= KEYS_TO_PRESS and report.kills > 0)
    print(report)


@pytest.mark.child
@pytest.mark.long
def test_random_keys_on_a_run() -> None:
    """And on the backward passes of its updates, back and forth."""
    report = Monkey(seed=3, at_run=True).run(lambda report: report.keys >= KEYS_ON_A_RUN)
    print(report)


@pytest.mark.child
@pytest.mark.long
def test_memory_stays() -> None:
    """Of one process, after a warm-up."""
    report = Monkey(seed=2, stays=True, one_round=ONE_ROUND).run(lambda report: report.actions >= ONE_ROUND / WARM)
    print(report)
    assert not report.quits
    assert report.growth < MOST
