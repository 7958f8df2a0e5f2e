"""Ranks side by side: what differs first, which parameter got none where, which rank stopped or is slow; and nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from gradtui.file.run_writing import save
from gradtui.findings.over_time.between_ranks import findings, of_each
from gradtui.runs.packed_updates import Updates
from gradtui.runs.run import ParameterNorms, Run, Update
from gradtui.runs.side_by_side import side_by_side
from gradtui.schemas import answers
from gradtui.snapshot.finding import Finding
from tests.command.test_usage import run as command
from tests.runs import made

Change = Callable[[int, str, ParameterNorms], ParameterNorms]


def rank(number: int, change: Change | None = None, count: int = 40, each: float = 0.25, **fields: object) -> Run:
    """Of two, which see other data and so have other losses."""
    updates = []
    for place in range(count):
        one = made.update(place, bad=10**6)
        parameters = {name: change(place, name, norms) if change else norms for name, norms in one.parameters.items()}
        updates.append(replace(one, loss=1.0 + number, parameters=parameters, seconds=each * (place + 1)))
    told = {
        "rank": number,
        "ranks": 2,
        "ended": True,
        "exit": 0,
        "findings": (),
        "snapshots": {},
        "shards": (),
        **fields,
    }
    return replace(made.run(), updates=Updates.of(updates), **told)


def none_from_5(place: int, name: str, norms: ParameterNorms) -> ParameterNorms:
    """Of which comes that its weight is another from the next update on."""
    if name != "head.weight" or place < 5:
        return norms
    return replace(norms, grad=None, weight=norms.weight + (0.1 if place > 5 else 0))


def not_averaged_from_3(place: int, name: str, norms: ParameterNorms) -> ParameterNorms:
    grad = norms.grad and norms.grad * 1.5 if place >= 3 else norms.grad
    return replace(norms, grad=grad, weight=norms.weight + (0.1 if place >= 4 else 0.0))


def averaged_every_fourth(place: int, name: str, norms: ParameterNorms) -> ParameterNorms:
    """The weights, and not the gradients."""
    grad = norms.grad and norms.grad * 1.5
    return replace(norms, grad=grad, weight=norms.weight + (0.1 if place % 4 else 0.0))


def another_seed(place: int, name: str, norms: ParameterNorms) -> ParameterNorms:
    """Gradients are averaged."""
    return replace(norms, weight=norms.weight * 1.1)


def another_model(place: int, name: str, norms: ParameterNorms) -> ParameterNorms:
    return replace(norms, weight=norms.weight * 1.1, grad=norms.grad and norms.grad * 1.1)


def by_rounding(place: int, name: str, norms: ParameterNorms) -> ParameterNorms:
    return replace(norms, weight=norms.weight * (1 + 1e-6), grad=norms.grad and norms.grad * (1 - 1e-6))


def of(*runs: Run) -> tuple[Finding, ...]:
    return findings(side_by_side(runs))


@pytest.mark.parametrize("change", [None, by_rounding])
def test_ranks_that_train_alike(change: Change | None) -> None:
    """Other losses, and other roundings, are no difference; nor is one update less while both go on."""
    assert of(rank(0), rank(1, change)) == ()
    assert of(rank(0, ended=False), rank(1, change, count=39, ended=False)) == ()
    assert of(rank(0)) == of() == ()


def test_a_parameter_that_got_none_in_one_rank() -> None:
    (found,) = of(rank(0), rank(1, none_from_5))
    assert (found.kind, found.certainty, found.update, found.parameter) == ("ranks", "proved", 5, "head.weight")
    assert "rank 1" in found.text
    assert "None" in found.evidence[0]


def test_gradients_that_are_not_averaged() -> None:
    """That the weights part one update later is a consequence."""
    (found,) = of(rank(0), rank(1, not_averaged_from_3))
    assert (found.update, found.certainty) == (3, "proved")
    assert "encoder" in found.text


def test_weights_that_differ_from_the_start() -> None:
    (found,) = of(rank(0), rank(1, another_seed))
    assert (found.update, found.certainty) == (0, "likely")


def test_stages_of_a_pipeline_may_be_meant() -> None:
    """Parameters of other layers have the same names there; nothing is averaged."""
    (found,) = of(rank(0), rank(1, another_model))
    assert (found.update, found.certainty) == (0, "perhaps")


def test_weights_that_are_averaged_every_few_updates() -> None:
    """Local SGD: ranks part, and come together again."""
    assert of(rank(0), rank(1, averaged_every_fourth)) == ()


def test_parts_of_a_parameter_are_no_difference_but_what_is_whole_is() -> None:
    """As of FSDP: of each rank the norms are those of its own part."""
    every = tuple(rank(0).updates[0].parameters)
    assert of(rank(0, shards=every), rank(1, another_seed, shards=every)) == ()
    found = of(rank(0, shards=every[1:]), rank(1, another_seed, shards=every[1:]))
    assert [one.parameter for one in found] == [every[0]]


def test_nan_is_like_nan() -> None:
    both = [rank(number, lambda place, name, norms: replace(norms, grad=math.nan)) for number in range(2)]
    assert of(*both) == ()


def test_a_rank_that_stopped() -> None:
    (found,) = of(rank(0, count=60), rank(1, count=12, ended=False, exit=None))
    assert (found.update, "rank 1" in found.text, "11" in found.text) == (12, True, True)
    (found,) = of(rank(0, count=60), rank(1, count=12, exit=9))
    assert "9" in found.text


def test_a_rank_that_never_steps() -> None:
    (found,) = of(rank(0), rank(1, count=0))
    assert (found.certainty, "rank 1" in found.text) == ("perhaps", True)
    assert of(rank(0, count=0), rank(1, count=0)) == ()


def test_gradients_that_another_rank_has_spoilt() -> None:
    """By one bad batch, of which that one knows."""
    cause = replace(made.FOUND, update=7)
    spread = replace(cause, kind="nonfinite", phase="backward", certainty="likely", source=None)
    later = replace(spread, update=9)
    both = side_by_side([rank(0, findings=(spread, later)), rank(1, findings=(cause,))])
    assert [*of_each(both)] == [later, cause]
    other = replace(cause, kind="zero_grad", update=9)
    assert [*of_each(side_by_side([rank(0, findings=(later,)), rank(1, findings=(other,))]))] == [later, other]


def test_a_slow_rank() -> None:
    (found,) = of(rank(0), rank(1, each=0.6))
    assert (found.certainty, "rank 1" in found.text) == ("perhaps", True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(rank(1, not_averaged_from_3), tmp_path / "a.gradtui")
    save(rank(0), tmp_path / "b.gradtui")
    (tmp_path / "notes.txt").write_text("no run")
    return tmp_path


def test_the_command(folder: Path) -> None:
    told = command(str(folder), "--json")
    whole = json.loads(told.stdout)
    assert (told.exit_code, whole["schema"], whole["rank"]) == (1, "gradtui-run/1", 0)
    assert [one["rank"] for one in whole["by_rank"]] == [0, 1]
    assert {one["what"] for one in whole["differences"]} == {"gradient", "weight"}
    assert whole["findings"][0]["update"] == 3
    schema = answers()
    Draft202012Validator(schema).validate(whole)
    assert whole.keys() <= schema["$defs"]["run"]["properties"].keys()
    printed = command(f"{folder}/", "--print")
    assert (printed.exit_code, printed.stdout.splitlines()[0].startswith("proved, since update 3")) == (1, True)


def test_a_folder_without_runs_is_one_sentence(tmp_path: Path) -> None:
    told = command(f"{tmp_path}/", "--print")
    assert (told.exit_code, told.stderr.count("\n")) == (2, 1)
    (tmp_path / "run.gradtui").write_bytes(b"\x89gradtui\r\n\x1a\n\x02" + b"\1" * 100)
    told = command(f"{tmp_path}/", "--print")
    assert (told.exit_code, told.stderr.count("\n"), "damaged" in told.stderr) == (2, 1, True)


def test_an_update_of_other_parameters() -> None:
    """What one rank alone has is not compared."""
    other = replace(rank(1), updates=[Update(0, parameters={"other": ParameterNorms(1.0, 1.0, 0.1)})])
    assert [one.text for one in of(rank(0, count=1), other)] == []
