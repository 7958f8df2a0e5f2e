"""Pictures of the screen on a model: `tests.tui.test_snapshots` says how they are made and kept."""

from __future__ import annotations

import pytest

from gradtui.tui.saved import explorer as saved
from tests import synthetic
from tests.tui.panes.test_source import FailingService, explorer
from tests.tui.test_snapshots import BOTH_SIZES, Compare, Size, after

BERT = synthetic.bert(12)


@BOTH_SIZES
def test_modules(snap_compare: Compare, size: Size) -> None:
    """Down to a layer: the loss, the head, the model, its twelve layers, one of them open."""
    keys = ("end", "enter", "down", "enter", "down", "enter", "down", "enter")
    assert snap_compare(saved(BERT), terminal_size=size, run_before=after(*keys))


@pytest.mark.long
@BOTH_SIZES
def test_lanes_and_search(snap_compare: Compare, size: Size) -> None:
    keys = ("t", "ctrl+f", *"softmax", "enter", "f3")
    assert snap_compare(saved(BERT), terminal_size=size, run_before=after(*keys))


@BOTH_SIZES
def test_parameters_by_norm(snap_compare: Compare, size: Size) -> None:
    keys = ("m", "T", "T", "b", "b", "home", "down")
    assert snap_compare(saved(BERT), terminal_size=size, run_before=after(*keys))


@BOTH_SIZES
def test_function(snap_compare: Compare, size: Size) -> None:
    """Its text, with the place of the selected node lit."""
    assert snap_compare(explorer(), terminal_size=size, run_before=after("down", "down"))


@BOTH_SIZES
def test_exception(snap_compare: Compare, size: Size) -> None:
    """The last good picture, and where it went wrong."""
    assert snap_compare(explorer(service=FailingService), terminal_size=size, run_before=after())
