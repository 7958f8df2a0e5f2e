"""The client with a child that fails as it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from gradtui.service import child_process
from gradtui.service import client as client_module
from gradtui.service.client import Service
from gradtui.service.processor_wait import waited
from gradtui.service.supervised_child import Child
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import ProblemKind, Request, Snapshot
from gradtui.snapshot.training import Batches, Optimizer, TrainingRequest
from tests import warm
from tests.failing import failing
from tests.terminal.driver import alive

pytestmark = pytest.mark.child

FAKE = str(Path(__file__).with_name("fake_child.py"))


class Screen:
    """Collects what a screen would be shown."""

    def __init__(self) -> None:
        self.shown: list[Snapshot] = []
        self._came = asyncio.Event()

    def __call__(self, snapshot: Snapshot) -> None:
        self.shown.append(snapshot)
        self._came.set()

    async def until(self, condition: Callable[[list[Snapshot]], bool]) -> list[Snapshot]:
        async with asyncio.timeout(30):
            while not condition(self.shown):
                self._came.clear()
                await self._came.wait()
        return self.shown


@asynccontextmanager
async def service(
    folder: Path, screen: Screen | None = None, *flags: str, deadline: float = 20.0, calculus_deadline: float = 20.0
) -> AsyncIterator[Service]:
    command = (sys.executable, FAKE, str(folder), *flags)
    service = Service(
        screen or Screen(),
        deadline=deadline,
        calculus_deadline=calculus_deadline,
        torch=command,
        calculus=(sys.executable, FAKE, str(folder), "--calculus"),
    )
    await service.start()
    try:
        yield service
    finally:
        await service.close()
        assert not [process for process in started(folder) if alive(process)]
        for process in started(folder):
            with pytest.raises(ChildProcessError):  # no zombie either: there is no child to wait for
                os.waitpid(process, os.WNOHANG)


def started(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir() if path.name.isdigit()]


async def test_whole_answer(tmp_path: Path) -> None:
    async with service(tmp_path) as client:
        answer = await client.evaluate(Request(1, "x"))
    assert answer.value is not None
    assert answer.derivative is not None
    assert answer.derivative["x"].text == "1"


async def test_answers_with_and_without_derivative(tmp_path: Path) -> None:
    """The derivative comes with the first answer or in a second one, and each of the two parts only once."""
    screen = Screen()
    async with service(tmp_path, screen) as client:
        client.submit(Request(1, "x"))
        shown = await screen.until(lambda shown: shown[-1:] != [] and shown[-1].derivative is not None)
    assert {snapshot.id for snapshot in shown} == {1}
    assert len(shown) <= 2
    assert all(snapshot.graph is shown[0].graph for snapshot in shown), "by this the screen knows it again"


@pytest.mark.parametrize("size", [2, 3, 5, 9], ids=str)
async def test_calculus_is_of_the_rows_that_torch_has_seen(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which ones a minibatch has, torch's sampler tells; the last of an epoch is smaller."""
    columns = {"x": (1.0, 2.0, -3.0, 0.5, 4.0), "y": (2.0, 1.0, 0.0, 5.0, -1.0)}
    batches = TrainingRequest(Optimizer("SGD", {"lr": 0.1}), ("w", "b"), update=2, batches=Batches(size, seed=1))
    request = Request(1, "(w*x + b - y)^2", {"w": 2.0, "b": 0.5, **columns}, data=("x", "y"), training=batches)
    screen = Screen()
    warm.install(monkeypatch)
    client = Service(screen)
    await client.start()
    try:
        client.submit(request)
        shown = await screen.until(lambda shown: shown[-1:] != [] and shown[-1].derivative is not None)
        for answer in (shown[-1], await client.evaluate(replace(request, id=2))):
            assert answer.derivative is not None
            for name, state in answer.variables.items():
                assert answer.derivative[name].numbers == pytest.approx(state.grad.numbers, rel=1e-6)
    finally:
        await client.close()


async def test_another_window_is_one_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The derivative at the point is known; another point is asked for."""
    screen = Screen()
    async with service(tmp_path, screen) as client:
        whole = [Request(number, "x", {"x": 1.0}, curve=CurveRequest("x", (0.0, number))) for number in (1, 2, 3)]
        await client.evaluate(whole[0])
        asked: list[int] = []
        ask = client._calculus.ask

        async def counted(request: Request) -> Snapshot:
            asked.append(request.id)
            return await ask(request)

        monkeypatch.setattr(client._calculus, "ask", counted)
        client.submit(whole[1])
        shown = await screen.until(lambda shown: bool(shown))
        assert [(snapshot.id, snapshot.derivative is not None) for snapshot in shown] == [(2, True)]
        await client.evaluate(replace(whole[2], at={"x": 2.0}))
    assert asked == [3]


async def test_newest_wins(tmp_path: Path) -> None:
    """While one is in flight, of a hundred only the last is evaluated."""
    screen, mark = Screen(), tmp_path / "go"
    async with service(tmp_path, screen) as client:
        client.submit(Request(1, f"wait {mark}"))
        await asyncio.sleep(0)  # the lanes take the first
        await asyncio.sleep(0)
        for number in range(2, 102):
            client.submit(Request(number, "x"))
        mark.touch()
        shown = await screen.until(lambda shown: any(s.id == 101 and s.derivative for s in shown))
    ids = [snapshot.id for snapshot in shown]
    assert ids == sorted(ids)
    assert set(ids) == {1, 101}


@pytest.mark.parametrize(
    ("expression", "kind", "says"),
    [
        ("exit 3", "crash", "ended with status 3"),
        ("complain ouch", "crash", "ended with status 1: ouch"),
        ("complain \x1b[31m", "crash", "status 1:  [31m"),
        ("kill SIGSEGV", "crash", "was ended by SIGSEGV"),
        ("kill SIGKILL", "crash", "was ended by SIGKILL"),
        ("rubbish", "crash", "does not keep to its protocol"),
        ("other", "crash", "does not keep to its protocol"),
        ("half", "crash", "ended with status 0"),
        ("\ud800", "limit", "half of a character"),
    ],
)
async def test_failures(tmp_path: Path, expression: str, kind: ProblemKind, says: str) -> None:
    """Each is a Snapshot with one line, and the next request is answered."""
    async with service(tmp_path) as client:
        failed = await client.evaluate(Request(1, expression))
        assert failed.id == 1
        assert failed.problem is not None
        assert failed.problem.kind == kind
        assert says in failed.problem.message
        assert failed.problem.message.isprintable()
        assert (await client.evaluate(Request(2, "x"))).problem is None


@pytest.mark.parametrize("first", [0, 1])
async def test_one_that_lives_on_without_its_pipes(tmp_path: Path, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends it then is not told as what was wrong with it."""
    monkeypatch.setattr(child_process, "LAST_WORDS", 0.1)
    async with service(tmp_path) as client:
        problem = (await client.evaluate(Request(1, f"shut {first}"))).problem
        assert problem is not None
        assert "closed its pipes" in problem.message
        assert "so long" in problem.message
        assert "SIGKILL" not in problem.message
        assert not problem.hint
        assert (await client.evaluate(Request(2, "x"))).problem is None


@pytest.mark.parametrize("hanging", ["hang", "kill SIGSTOP"])
async def test_deadline(tmp_path: Path, hanging: str) -> None:
    async with service(tmp_path, deadline=0.2) as client:
        failed = await client.evaluate(Request(1, hanging))
        assert failed.problem is not None
        assert failed.problem.kind == "timeout"
        client._torch.deadline = 20.0
        assert (await client.evaluate(Request(2, "x"))).problem is None


async def test_what_torch_loads_for_the_first_tangents_has_time(tmp_path: Path) -> None:
    """Seven seconds, where Python keeps no compiled files. What comes after it has the usual time."""
    go = tmp_path / "go"
    async with service(tmp_path, deadline=0.1) as client:
        await client._torch._running()
        first = asyncio.create_task(client.evaluate(Request(1, f"wait {go}", along=("x", 0))))
        assert await asyncio.wait([first], timeout=0.5) == (set(), {first})
        go.touch()
        assert (await first).problem is None
        second = await client.evaluate(Request(2, "hang", along=("x", 0)))
        assert second.problem is not None
        assert second.problem.kind == "timeout"


async def test_what_others_take_of_the_processors_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine an answer comes late, and comes."""
    go, told = tmp_path / "go", iter([0.0, 20.0])

    def waited(pid: int) -> float:
        seconds = next(told, 20.0)
        if seconds:
            go.touch()
        return seconds

    monkeypatch.setattr("gradtui.service.child_process.waited", waited)
    async with service(tmp_path, deadline=0.2) as client:
        await client._torch._running()  # its start has a time of its own
        told = iter([0.0, 20.0])
        go.unlink(missing_ok=True)
        answer = await client.evaluate(Request(1, f"wait {go}"))
    assert answer.problem is None


def test_a_busy_machine_is_seen() -> None:
    """By what the system tells of a process that has to share a processor with more of its kind."""
    if not Path("/proc/self/schedstat").exists():
        pytest.skip("only Linux tells")
    script = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\nwhile True: pass"
    busy = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]
    try:
        ends = time.monotonic() + 30
        while waited(busy[0].pid) < 0.2:
            assert time.monotonic() < ends
        assert waited(2**22 + 1) == 0
    finally:
        for process in busy:
            process.kill()
            process.wait()


async def test_a_request_that_ends_the_worker_is_tried_twice(tmp_path: Path) -> None:
    """Killed from outside, the picture comes back by itself; a request that kills each worker is not sent for ever."""
    screen = Screen()
    async with service(tmp_path, screen) as client:
        client.submit(Request(1, f"once {tmp_path / 'mark'}"))
        shown = await screen.until(lambda shown: any(snapshot.value for snapshot in shown))
        assert (
            shown[0].problem is not None or shown[0].value is not None
        )  # the calculus worker may be the one that ended
        screen.shown.clear()
        client.submit(Request(2, "kill SIGSEGV"))
        await screen.until(lambda shown: len(shown) == 2)
        client.submit(Request(3, "x"))
        shown = await screen.until(lambda shown: shown[-1].value is not None)
    assert [snapshot.id for snapshot in shown if snapshot.problem] == [2, 2]


async def test_killed_while_idle(tmp_path: Path) -> None:
    async with service(tmp_path) as client:
        await client.evaluate(Request(1, "x"))
        for process in started(tmp_path):
            os.kill(process, signal.SIGKILL)
        answer = await client.evaluate(Request(2, "x"))
        assert answer.problem is None
        assert answer.derivative is not None


async def test_torch_is_missing(tmp_path: Path) -> None:
    async with service(tmp_path, None, "--missing") as client:
        for number in (1, 2):
            answer = await client.evaluate(Request(number, "x"))
            assert answer.problem is not None
            assert answer.problem.message == "PyTorch is not installed: pip install torch"


async def test_dead_at_the_start(tmp_path: Path) -> None:
    async with service(tmp_path, None, "--dead") as client:
        answer = await client.evaluate(Request(1, "x"))
        assert answer.problem is not None
        assert answer.problem.message.endswith("ended with status 1: no luck")


async def test_no_such_program(tmp_path: Path) -> None:
    client = Service(torch=(str(tmp_path / "nothing"),), calculus=(str(tmp_path / "nothing"),))
    await client.start()
    answer = await client.evaluate(Request(1, "x"))
    await client.close()
    assert answer.problem is not None
    assert "No such file" in answer.problem.message


async def test_much_on_stderr(tmp_path: Path) -> None:
    """Ten megabytes fill no pipe and are not kept."""
    async with service(tmp_path) as client:
        assert (await client.evaluate(Request(1, "talk"))).problem is None


async def test_calculus_takes_too_long(tmp_path: Path) -> None:
    """It costs the derivative, not the answer; and it is not tried again for the same expression."""
    async with service(tmp_path, calculus_deadline=0.2) as client:
        first = await client.evaluate(Request(1, "hard"))
        client._calculus.deadline = 20.0
        second = await client.evaluate(Request(2, "hard"))
        other = await client.evaluate(Request(3, "x"))
    for answer in (first, second):
        assert answer.value is not None
        assert answer.derivative is not None
        assert answer.derivative["x"].text is None
        assert answer.derivative["x"].note == "not simplified: it takes longer than 0.2 s"
    assert other.derivative is not None
    assert other.derivative["x"].text == "1"


async def test_close_at_once(tmp_path: Path) -> None:
    async with service(tmp_path):
        pass


async def test_close_in_the_middle(tmp_path: Path) -> None:
    async with service(tmp_path) as client:
        await client.evaluate(Request(1, "x"))
        client.submit(Request(2, "hang"))
        await asyncio.sleep(0)  # the lanes take it


async def test_an_error_of_our_own_is_an_answer(tmp_path: Path) -> None:
    """In this process, while it asks the child or while it hands on what came; the next request has its own."""
    screen = Screen()
    async with service(tmp_path, screen) as client:
        client.submit(Request(1, "x"))
        await screen.until(lambda shown: any(answer.derivative is not None for answer in shown))
        for number, function in ((2, Child.ask), (4, client_module._last)):
            with failing(function):
                client.submit(Request(number, "x"))
                first = await screen.until(lambda shown: shown[-1].id == number)  # noqa: B023
                assert function is client_module._last or first[-1].problem is not None
                await asyncio.sleep(0)
            client.submit(Request(number + 1, "x"))
            last = await screen.until(lambda shown: shown[-1].id == number + 1 and shown[-1].derivative is not None)  # noqa: B023
            assert last[-1].problem is None
