"""User code that takes all it can: in a real worker, which is told that little is free. What the machine has is not touched."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gradtui.service import memory_guard
from gradtui.service.client import Service
from gradtui.snapshot.model import Request, Snapshot
from tests.terminal.driver import PATIENCE

FREE = 300
"""MiB that the worker is told there are."""
SECONDS = 60.0

GREEDY = """
import os, signal, sys, time, torch

def blocks(x):
    kept = []
    while True: kept.append(bytearray(2**20))
def numbers(x):
    kept = []
    while True: kept.append(len(kept))
def tensors(x):
    kept = []
    while True: kept.append(torch.ones(2**18))
def at_once(x): return x * torch.ones(2**30).sum()
def text(x):
    text = "x"
    while True: text += text
def calls(x):
    sys.setrecursionlimit(10**9)
    def f(n): return f(n + 1)
    return f(0)
def by_turns(x):
    sys.setrecursionlimit(10**9)
    def f(n): return g(n + 1)
    def g(n): return f(n + 1)
    return f(0)
def modules(x):
    sys.setrecursionlimit(10**9)
    class Layer(torch.nn.Module):
        def forward(self, x): return self(x)
    return Layer()(x)
def slots(x):
    sys.setrecursionlimit(10**9)
    class Number:
        def __add__(self, other): return self + other
    return Number() + 1
def content(x):
    kept = []
    while True:
        try: kept.append(bytearray(200 * 2**20))  # the second is refused; what is held by then is too little to be stopped for
        except MemoryError: return x * 7
def modest(x):
    kept = [bytearray(2**20) for _ in range(100)]
    return x * 7
def slow(x):
    time.sleep(1)
    return x * 7
def killed(x): os.kill(os.getpid(), signal.SIGKILL)

def run(x, case: int): return CASES[case](x)
CASES = [blocks, numbers, tensors, at_once, text, calls, by_turns, modules, slots, content, modest, slow, killed]
"""
NAMES = [name.strip() for name in GREEDY.split("CASES = [")[1].strip("]\n").split(",")]


def worker(target: str) -> tuple[str, ...]:
    code = (
        "import sys, gradtui.service.worker as worker\n"
        f"worker.free = lambda: {FREE} * 2**20\n"
        f"sys.exit(worker.serve('torch', function={target!r}, seconds={SECONDS}))"
    )
    return sys.executable, "-c", code


class User:
    def __init__(self, folder: Path) -> None:
        (folder / "greedy.py").write_text(GREEDY)
        self.target = f"{folder / 'greedy.py'}:run"
        self.service = Service(torch=worker(self.target), function=self.target, seconds=SECONDS)

    async def run(self, case: str) -> Snapshot:
        return await self.service.evaluate(
            Request(1, self.target, {"x": 3.0, "case": float(NAMES.index(case))}, origin="function")
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def user(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[User]:
    user = User(tmp_path_factory.mktemp("greedy"))
    await user.service.start()
    yield user
    await user.service.close()


pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.child,
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system tells nothing of memory"),
]


@pytest.mark.long
@pytest.mark.parametrize("case", ["blocks", "numbers", "tensors", "at_once", "text"])
async def test_it_is_told_as_memory(user: User, case: str) -> None:
    problem = (await user.run(case)).problem
    assert problem is not None
    assert problem.kind == "memory"
    assert problem.source is not None
    assert problem.traceback[-3].endswith(f"in {case}")
    assert (await user.run("modest")).problem is None, "the worker stays"


@pytest.mark.parametrize("case", ["calls", "by_turns", "modules", "slots"])
async def test_it_is_told_as_recursion(user: User, case: str) -> None:
    """Though the file has raised Python's own limit: no time-out, no memory taken, no end of the process."""
    problem = (await user.run(case)).problem
    assert problem is not None
    assert problem.kind == "crash"
    assert "raised RecursionError" in problem.message
    assert problem.source is not None
    left_out = (
        "more calls",
        "times more",
    )  # the other where Python lets fewer calls be, as from 3.12 on where C has a part in it
    assert any(words in line for line in problem.traceback for words in left_out)
    assert (await user.run("modest")).problem is None, "the worker stays"


async def test_code_that_takes_what_there_is_and_is_content(user: User) -> None:
    assert (await user.run("content")).variables["x"].grad.numbers == (7.0,)


CHILD = """
import os, time
def f(x):
    if os.fork() == 0:
        kept = b"x" * (100 * 2**20)
        open(MARK, "w").close()
        time.sleep(600)
    while True: time.sleep(0.01)
"""


@pytest.mark.long
async def test_processes_that_take_it_together_are_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its own limit only. What is left is what the test says: little, once the child has taken something."""
    mark, file = tmp_path / "mark", tmp_path / "child.py"
    file.write_text(CHILD.replace("MARK", repr(str(mark))))
    monkeypatch.setattr(memory_guard, "free", lambda: 10 * 2**20 if mark.exists() else 300 * 2**20)
    target = f"{file}:f"
    service = Service(function=target, seconds=PATIENCE)
    await service.start()
    try:
        problem = (await service.evaluate(Request(1, target, origin="function"))).problem
    finally:
        await service.close()
    assert problem is not None
    assert problem.kind == "memory"
    assert "GiB of memory" in problem.message


@pytest.mark.long
async def test_memory_that_others_have_taken_is_not_held_against_it(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter([100 * 2**30])
    monkeypatch.setattr(memory_guard, "free", lambda: next(left, 0))
    assert (await user.run("slow")).problem is None


@pytest.mark.long
async def test_a_process_that_the_system_ended(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux counts those that it ends for their memory."""
    kills = iter([3])
    monkeypatch.setattr(memory_guard, "kills", lambda: next(kills, 4))
    problem = (await user.run("killed")).problem
    assert problem is not None
    assert problem.kind == "memory"


GIB = 2**30


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 8 GiB free, whose groups of processes the test writes."""
    (tmp_path / "meminfo").write_text(f"MemTotal: {16 * 2**20} kB\nMemAvailable: {8 * 2**20} kB\n")
    monkeypatch.setattr(memory_guard, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory_guard, "MEMBERSHIP", tmp_path / "cgroup")
    monkeypatch.setattr(memory_guard, "CGROUPS", tmp_path / "groups")
    return tmp_path


def write(folder: Path, **texts: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


async def test_what_is_free_on_a_machine(system: Path) -> None:
    assert memory_guard.free() == 8 * GIB


async def test_what_is_free_in_a_container(system: Path) -> None:
    """What its files are cached in is free too."""
    (system / "cgroup").write_text("0::/job/step\n")
    write(system / "groups" / "job" / "step", memory__max="max", memory__current=0)
    cached = f"anon 5\ninactive_file {GIB // 4}"
    write(system / "groups" / "job", memory__max=2 * GIB, memory__current=int(1.5 * GIB), memory__stat=cached)
    assert memory_guard.free() == int(0.75 * GIB)


async def test_what_is_free_in_a_container_of_the_first_kind(system: Path) -> None:
    (system / "cgroup").write_text("5:cpu:/x\n4:memory:/job\n")
    write(
        system / "groups" / "memory",  # in the container its own group is the root
        memory__limit_in_bytes=GIB,
        memory__usage_in_bytes=GIB // 2,
        memory__stat="total_inactive_file 0",
    )
    assert memory_guard.free() == GIB // 2
    write(system / "groups" / "memory", memory__limit_in_bytes=2**63 - 4096)
    assert memory_guard.free() == 8 * GIB


async def test_a_system_that_tells_nothing(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (system / "meminfo").unlink()

    def refuse(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(os, "sysconf", refuse)
    assert memory_guard.free() is None
    guard = memory_guard.Guard(os.getpid(), lambda: None)
    guard.close()
    assert guard.problem("it") is None
