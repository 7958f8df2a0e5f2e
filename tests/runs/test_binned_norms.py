"""Columns of updates against the plain loop over all numbers; the tree of modules."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.runs import binned_norms
from gradtui.runs.binned_norms import Cell, Timeline, column_of, columns
from gradtui.runs.modules import Modules, Row
from gradtui.runs.packed_updates import Updates
from gradtui.runs.run import ParameterNorms, Update
from tests.runs import made

STRANGE = (None, 0.0, math.nan, math.inf)


def random_updates(count: int, seed: int) -> list[Update]:
    """Of two optimizers, with all that a norm may be."""
    chance = random.Random(seed)
    names = [f"{part}.{layer}.weight" for part in ("a", "b") for layer in range(3)] + ["bias"]
    found = []
    for number in range(count):
        some = names[::2] if chance.random() < 0.3 else names
        parameters = {
            name: ParameterNorms(
                chance.choice(STRANGE) if chance.random() < 0.2 else chance.random(),
                chance.choice((0.0, 2.0)),
                chance.choice((0.0, math.nan, 0.5, 0.1)),
            )
            for name in some
        }
        found.append(Update(number, parameters=parameters))
    return found


def expected(updates: list[Update], names: list[str], measure: str) -> str | float:
    """By the plain loop."""
    seen = [one.parameters[name] for one in updates for name in names if name in one.parameters]
    if measure == "gradient":
        values = [one.grad for one in seen]
    else:
        values = [
            math.nan if math.isnan(one.change) else one.change / one.weight if one.weight else float(one.change > 0)
            for one in seen
        ]
    if not seen:
        return "unseen"
    known = [value for value in values if value is not None]
    if any(map(math.isnan, known)):
        return "nan"
    largest = max(known, default=None)
    return "none" if largest is None else "zero" if largest == 0 else "inf" if largest == math.inf else largest


def told(cell: Cell) -> str | float:
    return cell.sign or cell.value


@pytest.mark.parametrize("most", [8, 1024])
@pytest.mark.parametrize("seed", range(3))
def test_cells_are_those_of_the_plain_loop(seed: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binned_norms, "MOST_BINS", most)
    updates = random_updates(61, seed)
    packed = Updates.of(updates)
    grown, modules = Timeline(packed.record), Modules()
    for count in (1, 2, 30, 61):
        grown.grow(count)
    view = grown.view()
    modules.grow(packed.record.names)
    size = view._size
    for row in modules.rows({"", "a.", "b."}):
        names = [packed.record.names[place] for place in row.places]
        windows = [*columns(0, 61, 61), *(range(start, min(61, start + 2 * size)) for start in range(0, 61, 2 * size))]
        for measure in ("gradient", "change"):
            cells = view.cells(row, measure, windows)
            for window, cell in zip(windows, cells, strict=True):
                assert told(cell) == expected(updates[window.start : window.stop], names, measure), (row.path, window)


def test_what_comes_late_counts() -> None:
    packed = Updates.of([Update(0), Update(1)])
    packed.record.learn(["w"])
    grown, row = Timeline(packed.record), Row("w", "w", 0, (0,))
    grown.grow(2)
    packed.record.add_norms(packed.record.pack(0, {"w": ParameterNorms(3.0, 1.0, 0.5)}))
    grown.grow(2)
    assert [told(cell) for cell in grown.view().cells(row, "gradient", [range(1), range(1, 2)])] == [3.0, "unseen"]


def test_shades_go_from_the_lowest_to_the_highest_that_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small norm in one update is not seen beside a large one in the same column. Of a very large run nothing is joined."""
    norms = [ParameterNorms(10.0 ** -(place % 6), 1.0, 0.1) for place in range(60)]
    packed = Updates.of([Update(place, parameters={"w": one}) for place, one in enumerate(norms)])
    grown, row = Timeline(packed.record), Row("w", "w", 0, (0,))
    grown.grow(60)
    view = grown.view()
    for width in (1, 7, 10, 30, 59, 60, 100):
        seen = [cell.value for cell in view.cells(row, "gradient", columns(0, 60, width))]
        assert view.span("gradient", width) == (min(seen), max(seen))
    assert view.span("gradient", 10) == (1.0, 1.0)
    monkeypatch.setattr(binned_norms, "MOST_JOINED", 59)
    assert view.span("gradient", 10) == (1e-5, 1.0)


@pytest.mark.parametrize(
    ("low", "high", "width"), [(0, 5, 80), (0, 80, 80), (0, 60, 43), (3, 1000, 80), (7, 8, 1), (0, 0, 3)]
)
def test_columns_leave_no_update_out(low: int, high: int, width: int) -> None:
    found = columns(low, high, width)
    assert len(found) == width
    assert {place for column in found for place in column} >= {*range(low, high)} if high - low > width else True
    assert found[0].start == low
    assert all(len(column) >= 1 for column in found)
    assert all(place in found[column_of(place, low, high, width)] for place in range(low, high))


def test_modules_are_opened_down_to_parameters() -> None:
    modules = Modules()
    modules.grow(made.NAMES)
    assert [(row.label, row.depth, row.opened) for row in modules.rows(set())] == [("all", 0, False)]
    whole = modules.rows(modules.paths(100))
    assert [row.path for row in whole if row.opened is None] == [*made.NAMES]
    assert sorted(modules.rows({""})[0].places) == list(range(6))
    assert [row.label for row in modules.rows({""})] == ["all", "encoder", "head"]
    assert not modules.grow(made.NAMES)
    assert modules.grow((*made.NAMES, "head.scale"))
    assert modules.rows({"", "head."})[-1].path == "head.scale"


def blocks(count: int) -> list[str]:
    """Of a language model."""
    inner = [f"blocks.{block}.{part}.weight" for block in range(count) for part in ("norm", "attention", "mlp")]
    return ["words.weight", "places.weight", *inner, "norm.weight", "norm.bias", "head.weight"]


def test_what_holds_modules_is_opened_first() -> None:
    modules = Modules()
    modules.grow(blocks(6))
    assert modules.paths(11) == {""}
    assert modules.paths(12) == modules.paths(16) == {"", "blocks."}
    whole_level = {"", "blocks.", "words.", "places.", "norm.", "head."}
    assert modules.paths(17) == whole_level
    assert modules.paths(35) == whole_level | {f"blocks.{block}." for block in range(6)}


@given(names=st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=5).map(".".join)), most=st.integers(1, 60))
def test_no_more_is_opened_than_has_room(names: list[str], most: int) -> None:
    modules = Modules()
    modules.grow(names)
    at_least = len(modules.rows({""}))
    assert len(modules.rows(modules.paths(most))) <= max(most, at_least)


def test_names_of_any_kind() -> None:
    """A parameter may have the name of a module, no name, dots alone, or be deeper than any screen."""
    names = ("a", "a.b", "", "..", "a", ".".join("x" * 5000))
    modules = Modules()
    modules.grow(names)
    rows = modules.rows(modules.paths(1000))
    assert sorted(row.places[0] for row in rows if row.opened is None) == list(range(6))
