"""Two processes that train together: what a capture says in each, and that it changes nothing in either."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradtui.engine import distributed
from tests import warm
from tests.engine.capture import rank as case
from tests.torch_version import shards_on_a_cpu

pytestmark = [pytest.mark.child, pytest.mark.long]

RANKS = (0, 1)
ROOT = Path(__file__).parents[3]
RAN = [name for name in case.WRAPPERS if not name.startswith("FSDP1")]
NOT_RUN = [name for name in case.WRAPPERS if name.startswith("FSDP1")]
TIMEOUT = 2 * case.AT_MOST


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each process tells. None outlives this, and none waits for another for ever."""
    meeting_place = tmp_path_factory.mktemp("ranks") / "meeting place"
    command = [*warm.python(), "-m", case.__name__]
    processes = [
        subprocess.Popen(
            [*command, str(number), str(len(RANKS)), str(meeting_place)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in RANKS
    ]
    try:
        told = [process.communicate(timeout=TIMEOUT) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    for process, (_, errors) in zip(processes, told, strict=True):
        assert process.returncode == 0, errors[-4000:]
    return [
        json.loads(output.splitlines()[-1]) for output, _ in told
    ]  # gloo of torch 2.10 says on standard output whom it met


def looks(answers: list[dict[str, Any]], wrapper: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for number in RANKS:
        for look in case.LOOKS:
            yield number, look, answers[number][wrapper][look]


def bare(name: str) -> str:
    """The name in the model itself, without what wrappers and variables put before it."""
    parts = [part for part in name.split(".") if part not in ("module", "model", "_fsdp_wrapped_module")]
    return ".".join(parts)


@pytest.mark.long
@pytest.mark.parametrize("wrapper", case.WRAPPERS)
def test_nothing_is_different_afterwards(answers: list[dict[str, Any]], wrapper: str) -> None:
    """Gradients, averaged over the ranks, and weights are to the last bit those of a training that nobody looked at."""
    for number, look, looked in looks(answers, wrapper):
        alone = answers[number][wrapper]["alone"]
        assert all(step["told"]["untouched"] for step in looked["steps"]), (number, look)
        assert [step["grads"] for step in looked["steps"]] == [step["grads"] for step in alone["steps"]], (number, look)
        assert looked["weights"] == alone["weights"], (number, look)


@pytest.mark.parametrize("wrapper", RAN)
def test_gradients_are_those_of_this_rank(answers: list[dict[str, Any]], wrapper: str) -> None:
    for number, look, looked in looks(answers, wrapper):
        own, told = answers[number]["own"], looked["steps"][0]["told"]
        assert told["problem"] is None
        there = {bare(name): grad for name, grad in told["grads"].items()}
        wanted = {name: grad for name, grad in own.items() if grad is not None}
        assert {name for name, grad in there.items() if grad is not None} == set(wanted), (number, look)
        for name, grad in wanted.items():
            assert there[name] == pytest.approx(grad[: len(there[name])], rel=1e-4, abs=1e-7), (number, look, name)
            assert told["in graph"][next(full for full in told["in graph"] if bare(full) == name)]


@pytest.mark.parametrize("wrapper", RAN)
def test_the_ranks_own_are_not_the_averaged_ones(answers: list[dict[str, Any]], wrapper: str) -> None:
    """By torch: the wrapper averages. So what is told of one rank is another thing, and a note says so."""
    averaged = {bare(name): grad for name, grad in answers[0][wrapper]["alone"]["steps"][0]["grads"].items()}
    for name, own in answers[0]["own"].items():
        if own is not None:
            mean = [(a + b) / 2 for a, b in zip(own, answers[1]["own"][name], strict=True)]
            assert averaged[name] == pytest.approx(mean, rel=1e-4, abs=1e-7)
            assert averaged[name] != pytest.approx(own, rel=1e-2)
    for _, _, looked in looks(answers, wrapper):
        assert all(step["told"]["notes"].count("rank") == 1 for step in looked["steps"])


@pytest.mark.parametrize("wrapper", RAN)
def test_what_is_wrong_is_only_what_is_unused(answers: list[dict[str, Any]], wrapper: str) -> None:
    for _, look, looked in looks(answers, wrapper):
        for step in looked["steps"]:
            found = {bare(parameter).partition(".")[0] for _, parameter in step["told"]["findings"]}
            expected = {"other"} if "module.other.weight" in step["grads"] or "other.weight" in step["grads"] else set()
            if look == "nameless" and wrapper == "FSDP2 kept":
                expected = (
                    set()
                )  # the optimizer has the shards, the graph the whole parameters: nothing says that they belong
            assert found == expected, look


@pytest.mark.parametrize("wrapper", [name for name in RAN if name.startswith("FSDP2")])
def test_a_sharded_parameter_has_its_name_and_no_numbers(answers: list[dict[str, Any]], wrapper: str) -> None:
    for _, _, looked in looks(answers, wrapper):
        told = looked["steps"][0]["told"]
        assert set(told["values"].values()) == {"sharded"}
        assert not any("leaf" in name for name in told["values"])


@shards_on_a_cpu
def test_modules_are_known_where_parameters_are_sharded(answers: list[dict[str, Any]]) -> None:
    for number in RANKS:
        for look in ("captured", "traced"):
            told = answers[number]["FSDP2"][look]["steps"][0]["told"]
            assert {"first", "norm", "last"} <= set(told["places"])


@pytest.mark.parametrize("wrapper", NOT_RUN)
def test_where_backward_runs_only_once_it_is_the_programs(answers: list[dict[str, Any]], wrapper: str) -> None:
    """Its parameters are in the graph, and have no gradient for a reason that is told: never as if they were unused."""
    for number, look, looked in looks(answers, wrapper):
        for step in looked["steps"]:
            told = step["told"]
            assert told["problem"] is None
            assert told["notes"] == ["backward"]
            assert told["findings"] == []
            assert all(told["in graph"].values()), (number, look)
            assert set(told["grads"].values()) == {None}
            assert all("FullyShardedDataParallel" in reason for reason in told["reasons"].values())


def test_alone_there_is_no_rank() -> None:
    assert list(distributed.notes([None])) == []  # type: ignore[list-item]
