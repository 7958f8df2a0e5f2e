"""Of a long run the extremes are kept, whatever is left out between them."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from gradtui.file.run_reading import load
from gradtui.file.run_writing import RunWriter, save
from gradtui.runs.run import ParameterNorms, Run, Update
from gradtui.runs.thinning import Thinning
from tests.runs import made

NAMES = [f"layer.{number}.weight" for number in range(8)]


def training(count: int, seed: int) -> list[Update]:
    chance = random.Random(seed)
    strange = (None, math.nan, math.inf, 0.0)
    return [
        Update(
            number,
            loss=chance.random(),
            grad_norm=1.0,
            parameters={
                name: ParameterNorms(
                    chance.choice(strange) if chance.random() < 0.01 else chance.random(), 2.0, chance.random()
                )
                for name in NAMES
            },
        )
        for number in range(count)
    ]


def thinned(updates: list[Update], path: Path) -> Run:
    with RunWriter(path, thinning=Thinning(first=160, following=80)) as writer:
        for one in updates:
            writer.update(one)
    return load(path)


@pytest.mark.parametrize("seed", range(3))
def test_extremes_are_kept(seed: int, tmp_path: Path) -> None:
    """Between two updates that are whole, of each parameter: the lowest and highest gradient, and whether there was none."""
    updates = training(500, seed)
    run = thinned(updates, tmp_path / "run.gradtui")
    assert [(one.update, one.loss, one.grad_norm) for one in run.updates] == [
        (one.update, one.loss, one.grad_norm) for one in updates
    ]
    whole = [one.update for one in run.updates if not one.thinned]
    assert whole[:20] == [*range(20)]
    assert run.thinned == 500 - len(whole) > 300
    assert max(after - before for before, after in pairwise(whole)) >= 8
    for start, end in pairwise([*whole, 500]):
        for name in NAMES:
            before = [one.parameters[name] for one in updates[start:end]]
            kept = [one.parameters[name] for one in run.updates[start:end] if name in one.parameters]
            assert {*map(repr, kept)} <= {*map(repr, before)}
            numbers, left = ([one.grad for one in some if one.grad is not None] for some in (before, kept))
            assert (None in [one.grad for one in kept]) == (None in [one.grad for one in before])
            finite, finite_left = ([one for one in some if math.isfinite(one)] for some in (numbers, left))
            assert (len(finite) < len(numbers)) == (len(finite_left) < len(left))
            assert [f(finite, default=0) for f in (min, max)] == [f(finite_left, default=0) for f in (min, max)]
            assert max(one.change for one in kept) == max(one.change for one in before)
    cells = sum(len(one.parameters) for one in run.updates)
    assert cells < 500 * len(NAMES) / 2


def test_what_something_is_found_out_about_is_kept(tmp_path: Path) -> None:
    """The update where a finding begins and the one before it, whole."""
    path = tmp_path / "run.gradtui"
    updates = training(404, 0)
    with RunWriter(path, thinning=Thinning(first=160, following=80)) as writer:
        for one in updates:
            writer.update(one)
            if one.update == 402:
                writer.finding(replace(made.FOUND, update=402))
    run = load(path)
    assert run.updates[401].thinned
    assert [run.updates[number].parameters for number in (401, 402)] == [
        updates[number].parameters for number in (401, 402)
    ]


def test_a_thinned_run_is_saved_as_it_is(tmp_path: Path) -> None:
    run = thinned(training(500, 1), tmp_path / "run.gradtui")
    save(run, tmp_path / "again.gradtui")
    again = load(tmp_path / "again.gradtui")
    assert [*map(repr, again.updates)] == [*map(repr, run.updates)]
    assert again.thinned == run.thinned
