"""Users' files that misbehave, in the real worker: each is explained, and the worker stays or comes back."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gradtui.service.client import TORCH, Service
from gradtui.service.worker import _only
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Request, Snapshot
from tests import warm
from tests.terminal.driver import alive

SECONDS, GRACE = 2.0, 1.0
PATIENT = 60.0
"""Seconds for what ends by itself, however busy the machine."""
HANGING = ("hang", "hang_on")

HOSTILE = """
import os, sys, subprocess, threading, time, warnings
import torch

def leave(x): sys.exit("done here")
def quit(x): exit()
def interrupt(x): raise KeyboardInterrupt
def base(x): raise BaseException("no mere Exception")
def read(x): return x * float(input("a number? "))
def read_all(x): return x * len(sys.stdin.read() + os.read(0, 100).decode())
def hang(x):
    y = x * 2
    while True:
        pass
def hang_on(x):
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
def tensor(x): return x * torch.empty(25_000_000_000).sum()
def bytes_(x): return x * len(bytearray(100_000_000_000))
def grow(x):
    kept = []
    while True:
        kept.append(torch.empty(2**28))
def recurse(x): return recurse(x)
def fork(x):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return x * 2
def fork_and_raise(x):
    child = os.fork()
    if not child:
        raise ValueError("in the child")
    os.waitpid(child, 0)
    return x * 3
def say(x):
    for number in range(20_000):
        print("line", number)
    print("[red]the end[/]", file=sys.stderr)
    subprocess.run(["echo", "from a program"])
    os.write(1, b"below Python\\n")
    warnings.warn("beware")
    return x * 2
def thread(x):
    threading.Thread(target=lambda: 1 / 0).start()
    threading.Thread(target=time.sleep, args=(600,)).start()
    return x * 2
def go(x):
    os.chdir("/")
    torch.set_grad_enabled(False)
    sys.stdout = sys.stderr = None
    return x * 2
def os_exit(x):
    print("last words", flush=True)
    os._exit(3)
def crash(x):
    import ctypes
    ctypes.string_at(0)
def shut(x):
    os.closerange(0, 100)
    return x
def deep(x):
    y = x
    for _ in range(15_000):
        y = y * 1
    return y
def deep_and_raise(x):
    y = deep(x)
    try:
        raise KeyError("first")
    except KeyError as error:
        kept = error
        raise ValueError("then") from error

def run(x, case: int): return CASES[case](x)
def fine(x): return x * 7
CASES = [fine, leave, quit, interrupt, base, read, read_all, hang, hang_on, tensor, bytes_, grow, recurse, fork,
         fork_and_raise, say, thread, go, os_exit, crash, shut, deep, deep_and_raise]
"""
AT_A_LOOP = "while True:\n        pass" if sys.version_info < (3, 12) else "True"
"""Where Python says that it stands."""
NAMES = [name.strip() for name in HOSTILE.split("CASES = [")[1].strip("]\n").replace("\n", "").split(",")]


class User:
    """The service on the hostile file, as the screen has it; one that waits for nothing long where it is to hang."""

    def __init__(self, folder: Path) -> None:
        (folder / "model.py").write_text(HOSTILE)
        self.target = f"{folder / 'model.py'}:run"
        self.service = Service(function=self.target, seconds=PATIENT)
        self.hasty = Service(function=self.target, seconds=SECONDS)

    async def start(self) -> None:
        await self.service.start()
        await self.hasty.start()

    async def close(self) -> None:
        await self.service.close()
        await self.hasty.close()

    async def run(self, case: str, curve: CurveRequest | None = None) -> Snapshot:
        return await self.ask(self.hasty if case in HANGING else self.service, case, curve)

    async def ask(self, service: Service, case: str, curve: CurveRequest | None = None) -> Snapshot:
        at: dict[str, float | tuple[float, ...]] = {"x": 3.0, "case": float(NAMES.index(case))}
        return await service.evaluate(Request(1, self.target, at, curve=curve, origin="function"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def user(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[User]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gradtui.service.client.GRACE", GRACE)
        warm.install(patch)
        user = User(tmp_path_factory.mktemp("user"))
    await user.start()
    yield user
    await user.close()


pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.child]


async def still_well(user: User) -> None:
    for service in (user.service, user.hasty):
        snapshot = await user.ask(service, "fine")
        assert snapshot.problem is None
        assert snapshot.variables["x"].grad.numbers == (7.0,)


@pytest.mark.long
@pytest.mark.parametrize(
    ("case", "kind", "says", "place"),
    [
        ("leave", "crash", "ended by sys.exit(done here) instead of returning a tensor", 'sys.exit("done here")'),
        ("quit", "crash", "ended by sys.exit() instead of returning a tensor", "exit()"),
        ("interrupt", "crash", "raised KeyboardInterrupt", "raise KeyboardInterrupt"),
        ("base", "crash", "raised BaseException: no mere Exception", 'raise BaseException("no mere Exception")'),
        ("read", "crash", "read its standard input, which is empty here", 'input("a number? ")'),
        ("hang", "timeout", f"took longer than {SECONDS:g} s and was stopped", AT_A_LOOP),
        ("tensor", "memory", "asked for more memory than there is: 100000000000 bytes", "torch.empty(25_000_000_000)"),
        ("bytes_", "memory", "asked for more memory than there is", "bytearray(100_000_000_000)"),
        ("grow", "memory", "asked for more memory than there is: 1073741824 bytes", "torch.empty(2**28)"),
        ("recurse", "crash", "raised RecursionError", "recurse(x)"),
    ],
)
async def test_explained_at_its_line(user: User, case: str, kind: str, says: str, place: str) -> None:
    snapshot = await user.run(case)
    problem = snapshot.problem
    assert problem is not None
    assert problem.kind == kind
    assert problem.message.startswith(f"model.py:run {says}")
    assert problem.source is not None
    assert problem.source.text == place
    assert snapshot.files[problem.source.file or ""] == HOSTILE
    assert any(line.endswith(f"in {case}") for line in problem.traceback[-4:])
    await still_well(user)


@pytest.mark.long
async def test_what_ran_before(user: User) -> None:
    graph = (await user.run("hang")).graph
    assert [node.name for node in graph.nodes] == ["MulBackward0", "AccumulateGrad"]
    assert [(node.variable, node.grad_output) for node in graph.nodes] == [(None, None), ("x", None)]
    assert graph.nodes[0].value is not None
    assert graph.nodes[0].value.numbers == (6.0,)


@pytest.mark.long
async def test_a_deep_graph_is_let_go_of(user: User) -> None:
    """Dropped at once, it would end the process, now or at the next collection of garbage."""
    for _ in range(2):
        snapshot = await user.run("deep")
        assert len(snapshot.graph.nodes) == 15_001
        assert snapshot.variables["x"].grad.numbers == (1.0,)
        snapshot = await user.run("deep_and_raise")
        assert len(snapshot.graph.nodes) == 15_001
        assert snapshot.problem is not None
        assert snapshot.problem.message.endswith("raised ValueError: then")
        await still_well(user)


@pytest.mark.long
async def test_one_that_catches_everything_is_killed(user: User) -> None:
    problem = (await user.run("hang_on")).problem
    assert problem is not None
    assert problem.kind == "timeout"
    await still_well(user)


async def test_its_input_is_empty_and_not_the_protocol(user: User) -> None:
    assert (await user.run("read_all")).variables["x"].grad.numbers == (0.0,)
    await still_well(user)


@pytest.mark.parametrize(("case", "slope"), [("fork", 2.0), ("fork_and_raise", 3.0), ("thread", 2.0), ("go", 2.0)])
async def test_it_may_fork_start_threads_and_change_the_process(user: User, case: str, slope: float) -> None:
    here = os.getcwd()
    for _ in range(2):
        snapshot = await user.run(case)
        assert snapshot.problem is None
        if case != "go":
            assert snapshot.variables["x"].grad.numbers == (slope,)
        await still_well(user)
    assert os.getcwd() == here


async def test_the_end_of_what_it_prints(user: User) -> None:
    """Once, however often it is run for the curve, and nothing of it is another request's."""
    snapshot = await user.run("say", CurveRequest("x", (0.0, 1.0), 16))
    assert snapshot.problem is None
    assert snapshot.curve is None or len(snapshot.curve.x) >= 16
    printed = snapshot.printed
    assert len(printed.encode()) <= 4096
    assert printed.count("line 19999\n") == 1
    for said in ("[red]the end[/]\n", "from a program\n", "below Python\n", "UserWarning: beware\n"):
        assert printed.count(said) == 1
    assert (await user.run("fine")).printed == ""


@pytest.mark.long
@pytest.mark.parametrize(
    ("case", "says", "printed"),
    [
        ("os_exit", "ended with status 3", "last words\n"),
        ("crash", "was ended by SIGSEGV", ""),
        ("shut", ("ended", "closed its pipes"), ""),  # whichever is seen first
    ],
)
async def test_one_that_ends_the_process_is_not_run_again(
    user: User, case: str, says: str | tuple[str, ...], printed: str
) -> None:
    snapshot = await user.run(case)
    problem = snapshot.problem
    assert problem is not None
    assert problem.kind == "crash"
    assert problem.message.removeprefix(f"the process that {user.target} ran in ").startswith(says)
    assert snapshot.printed == printed
    await still_well(user)


@pytest.mark.long
async def test_only_the_function_of_the_command_line_is_run(user: User, tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\ndef run(x): return x")
    for target in (f"{other}:run", user.target.replace(":run", ":fine")):
        for origin in ("function", "capture"):
            problem = (await user.service.evaluate(Request(1, target, origin=origin))).problem
            assert problem is not None
            assert "only the function that the command line names is run" in problem.message
    assert not (tmp_path / "ran").exists()
    refused = _only(None, SECONDS)(Request(1, user.target, origin="function"))
    assert refused.problem is not None
    assert refused.problem.kind == "name"


@pytest.mark.long
async def test_nothing_of_it_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork that goes on for ever ends with the worker."""
    (tmp_path / "model.py").write_text(
        "import os, time\ndef f(x):\n    child = os.fork()\n    if not child: time.sleep(600)\n    print(child)\n    return x"
    )
    target = f"{tmp_path / 'model.py'}:f"
    warm.install(monkeypatch)
    service = Service(function=target, seconds=SECONDS)
    await service.start()
    snapshot = await service.evaluate(Request(1, target, origin="function"))
    children = [int(line) for line in snapshot.printed.split()]
    await service.close()
    assert children
    async with asyncio.timeout(PATIENT):
        while any(map(alive, children)):
            await asyncio.sleep(0.01)


async def test_it_runs_by_as_many_threads_as_without_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By another number of threads a sum in bfloat16 has other digits."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    file = tmp_path / "model.py"
    file.write_text(
        "import torch\ndef f(x): return x * torch.get_num_threads()\nif __name__ == '__main__': print(f(1))\n"
    )
    threads = int(subprocess.run([sys.executable, file], capture_output=True, check=True).stdout)
    service = Service(
        torch=TORCH, function=f"{file}:f", seconds=PATIENT
    )  # no fork of what has torch: it was told a number
    await service.start()
    asked = Request(1, f"{file}:f", {"x": 1.0}, origin="function")
    answers = [await service.evaluate(one) for one in (asked, Request(2, "x^2", {"x": 2.0}), asked)]
    await service.close()
    assert [one.value.numbers for one in answers if one.value is not None] == [(threads,), (4.0,), (threads,)]
