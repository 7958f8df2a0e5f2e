"""The real children, spoken to as documented."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from gradtui.service.client import CALCULUS, TORCH, Service
from gradtui.service.protocol import Ready, read, write
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Request, Snapshot
from tests import warm
from tests.terminal.driver import PATIENCE, alive

pytestmark = pytest.mark.child

FIRST = Request(1, "x^2 + 3x + 1", {"x": 4.0})

INTRUDER = """
import os, sys, gradtui.service.worker as worker
from gradtui.snapshot.model import Snapshot

def load():
    print("loading")
    def answer(request):
        print("evaluating", flush=True)
        os.write(1, b"below Python")
        os.system("echo from a program")
        sys.stdin.readline()
        if request.expression == "raise":
            raise ValueError("a reason\\nand more")
        if request.expression == "leave":
            sys.exit("that was it")
        if request.expression == "memory":
            return bytes(2**62)
        if request.expression == "allocate":
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")
        return Snapshot(request.id, request.expression)
    return answer

worker._load_torch = load
worker.serve("torch")
"""


class Worker:
    """A child on pipes, without the client."""

    def __init__(self, *command: str) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        self.ready = read(self.pipe("stdout"), Ready)

    def pipe(self, name: str) -> BinaryIO:
        stream: BinaryIO = getattr(self.process, name)
        return stream

    def ask(self, request: Request) -> Snapshot:
        write(self.pipe("stdin"), request)
        answer = read(self.pipe("stdout"), Snapshot)
        assert answer is not None
        assert answer.id == request.id
        return answer

    def close(self) -> tuple[int, str]:
        """Its exit status and what it wrote to stderr."""
        _, said = self.process.communicate()
        return self.process.returncode, said.decode()


@pytest.fixture(scope="module")
def torch_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """Started in a folder with a torch.py: that is not torch."""
    folder = tmp_path_factory.mktemp("shadow")
    for name in ("torch", "sympy", "msgspec"):
        (folder / f"{name}.py").write_text("raise SystemExit('the wrong one')")
    here = Path.cwd()
    os.chdir(folder)
    worker = Worker(*TORCH)
    os.chdir(here)
    yield worker
    assert worker.close() == (0, "")


@pytest.fixture
def intruder() -> Worker:
    return Worker(sys.executable, "-c", INTRUDER)


@pytest.mark.long
def test_torch_worker(torch_worker: Worker) -> None:
    assert torch_worker.ready == Ready("torch")
    answer = torch_worker.ask(FIRST)
    assert answer.value is not None
    assert answer.value.numbers == (29.0,)
    assert answer.variables["x"].grad.numbers == (11.0,)
    assert [node.sequence for node in answer.graph.nodes[:4]] == [3, 2, 1, 0]
    assert answer.derivative is None
    bad = torch_worker.ask(Request(2, "x +"))
    assert bad.problem is not None
    assert bad.problem.kind == "syntax"
    assert torch_worker.ask(FIRST) == answer, "an answer does not depend on what came before"


def test_ctrl_c_belongs_to_the_screen(torch_worker: Worker) -> None:
    torch_worker.process.send_signal(signal.SIGINT)
    assert torch_worker.ask(FIRST).problem is None


def test_curve(torch_worker: Worker) -> None:
    request = Request(3, "x^2", {"x": 1.0}, "float64", curve=CurveRequest("x", (-2.0, 2.0), 5, key="k"))
    curve = torch_worker.ask(request).curve
    assert curve is not None
    assert (curve.key, curve.x) == ("k", (-2.0, -1.0, 0.0, 1.0, 2.0))
    assert curve.f == (4.0, 1.0, 0.0, 1.0, 4.0)
    assert curve.derivative == (-4.0, -2.0, 0.0, 2.0, 4.0)


def test_calculus_worker() -> None:
    worker = Worker(*CALCULUS)
    assert worker.ready == Ready("calculus")
    answer = worker.ask(FIRST)
    assert answer.derivative is not None
    assert answer.derivative["x"].text == "2*x + 3"
    assert worker.close() == (0, "")


def test_prints_do_not_corrupt(intruder: Worker) -> None:
    """Whatever prints, by whatever way, is on stderr; and there is nothing to read."""
    assert intruder.ask(Request(1, "x")).problem is None
    assert intruder.ask(Request(2, "y")).problem is None
    status, said = intruder.close()
    assert status == 0
    for text in ("loading", "evaluating", "below Python", "from a program"):
        assert text in said


@pytest.mark.parametrize(
    ("expression", "kind", "says"),
    [
        ("raise", "crash", "ValueError: a reason"),
        ("leave", "crash", "SystemExit: that was it"),
        ("memory", "memory", "not enough memory"),
        ("allocate", "memory", "not enough memory"),
    ],
)
def test_what_evaluation_raises(intruder: Worker, expression: str, kind: str, says: str) -> None:
    """One sentence, and the worker goes on."""
    problem = intruder.ask(Request(1, expression)).problem
    assert problem is not None
    assert problem.kind == kind
    assert says in problem.message
    assert "\n" not in problem.message
    assert intruder.ask(Request(2, "x")).problem is None
    intruder.close()


@pytest.mark.parametrize("name", ["torch", "sympy"])
def test_not_installed(name: str) -> None:
    flag = "torch" if name == "torch" else "calculus"
    code = f"import sys; sys.modules['{name}'] = None; import gradtui.service.worker as w; sys.exit(w.serve('{flag}'))"
    worker = Worker(sys.executable, "-c", code)
    assert worker.ready is not None
    assert worker.ready.problem is not None
    assert worker.ready.problem.message.endswith(f"is not installed: pip install {name}")
    assert worker.close()[0] == 1


def test_memory_limit() -> None:
    """A limit that torch does not fit in is told, one way or the other, and not sat out."""
    worker = subprocess.run([*TORCH, "--memory", "100"], input=b"", capture_output=True)
    assert worker.returncode != 0


def test_rubbish_ends_the_worker() -> None:
    run = subprocess.run(CALCULUS, input=b"hello, world", capture_output=True)
    assert run.returncode == 1
    assert b"not a frame" in run.stderr
    assert b"Traceback" not in run.stderr


@pytest.mark.long
async def test_both_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client with the real children."""
    warm.install(monkeypatch)
    service = Service()
    await service.start()
    answer = await service.evaluate(FIRST)
    await service.close()
    assert answer.problem is None
    assert answer.derivative is not None
    assert answer.derivative["x"].numbers == (11.0,)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a child that computes does not notice")
def test_no_orphans(tmp_path: Path) -> None:
    """The children of a client that is killed end too: one waits for requests, one is in an endless evaluation."""
    mark = tmp_path / "evaluating"
    endless = f"""
import gradtui.service.worker as worker

def answer(request):
    open({str(mark)!r}, "w").close()
    while True:
        pass

worker._load_torch = lambda: answer
worker.serve("torch")
"""
    code = f"""
import asyncio, pathlib, sys
from gradtui.service.client import Service
from gradtui.snapshot.model import Request

async def main():
    service = Service(torch=(sys.executable, "-c", {endless!r}))
    await service.start()
    service.submit(Request(1, "x"))
    while not pathlib.Path({str(mark)!r}).exists():
        await asyncio.sleep(0)
    print("evaluating", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
    client = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert client.stdout is not None
    assert client.stdout.readline() == b"evaluating\n"
    client.stdout.close()
    children = _children(client.pid)
    assert len(children) == 2
    client.kill()
    client.wait()
    limit = time.monotonic() + PATIENCE
    while any(alive(child) for child in children):
        assert time.monotonic() < limit


def _children(parent: int) -> list[int]:
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in listing.stdout.splitlines()]
    return [process for process, its_parent in pairs if its_parent == parent]
