"""Processes that user code leaves behind, and that hold the worker's pipes, as wandb, ray and joblib do: all waits end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gradtui.service.client import Service
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Request
from tests import warm
from tests.terminal.driver import PATIENCE, Terminal, alive, assert_restored

pytestmark = [pytest.mark.child, pytest.mark.long]

SLEEP = 10 * PATIENCE
"""Seconds that what is left behind lives: who waits for it fails the test."""
SOON = PATIENCE / 2

LEAVING = f"""
import os, subprocess, sys, time

HERE = os.path.dirname(__file__)

def ran():
    with open(os.path.join(HERE, "runs"), "a") as file:
        file.write("x")

def note(process):
    with open(os.path.join(HERE, "left"), "a") as file:
        file.write(f"{{process}} ")

def daemon(x: float = 1.0):
    ran()
    child = os.fork()
    if child == 0:
        os.setsid()
        note(os.getpid())
        os.execvp("sleep", ["sleep", "{SLEEP}"])
    return x**2

def program(x: float = 1.0):
    ran()
    note(subprocess.Popen(["sleep", "{SLEEP}"], start_new_session=True).pid)
    return x**2

def twice_removed(x: float = 1.0):
    ran()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            note(os.getpid())
            os.execvp("sleep", ["sleep", "{SLEEP}"])
        os._exit(0)
    os.wait()
    return x**2

def copy(x: float = 1.0):
    ran()
    if os.fork() == 0:
        os.setsid()
        note(os.getpid())
        time.sleep({SLEEP})
    return x**2

def run(x: float, case: int):
    return [daemon, program, twice_removed, copy][case](x)

def exits(x: float = 1.0):
    copy(x)
    sys.stdout.flush()
    os._exit(3)

def crashes(x: float = 1.0):
    daemon(x)
    os.kill(os.getpid(), 11)

def hangs(x: float = 1.0):
    copy(x)
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
"""

RUNNING = """
import multiprocessing, os, subprocess
from pathlib import Path

def run(x: float, case: int):
    functions = [waited_for, not_waited_for, program, shell, by_posix, below_python, forked, none]
    return functions[case](x)

def ran():
    with open(Path(__file__).parent / "runs", "a") as file:
        file.write("x")

def waited_for(x: float = 1.0):
    ran()
    if os.fork() == 0:
        os._exit(0)
    os.wait()
    return x**2

def not_waited_for(x: float = 1.0):
    ran()
    if os.fork() == 0:
        os._exit(0)
    return x**2

def program(x: float = 1.0):
    ran()
    subprocess.run(["true"], check=True)
    return x**2

def shell(x: float = 1.0):
    ran()
    os.system("true")
    return x**2

def by_posix(x: float = 1.0):
    ran()
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
    return x**2

def below_python(x: float = 1.0):
    import ctypes
    ran()
    system = ctypes.CDLL(None)
    if system.fork() == 0:
        system._exit(0)
    os.wait()
    return x**2

def forked(x: float = 1.0):
    ran()
    process = multiprocessing.get_context("fork").Process(target=len, args=("",))
    process.start()
    process.join()
    return x**2

def none(x: float = 1.0):
    ran()
    return x**2
"""
ALONE = [line.split("(")[0].removeprefix("def ") for line in RUNNING.splitlines() if line.startswith("def ")][2:-1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    warm.install(monkeypatch)
    (tmp_path / "leaving.py").write_text(LEAVING)
    (tmp_path / "running.py").write_text(RUNNING)
    yield tmp_path
    for process in left(tmp_path):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def left(folder: Path) -> list[int]:
    path = folder / "left"
    return [int(process) for process in path.read_text().split()] if path.exists() else []


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text())


@pytest.mark.long
async def test_the_answer_comes_and_the_service_closes(folder: Path) -> None:
    """Of each, and while what the others have left behind holds the pipes too."""
    target = f"{folder / 'leaving.py'}:run"
    service = Service(function=target, seconds=PATIENCE)
    await service.start()
    for case in range(4):
        at: dict[str, float | tuple[float, ...]] = {"x": 3.0, "case": float(case)}
        request = Request(case, target, at, curve=CurveRequest("x", (0.0, 1.0)), origin="function")
        snapshot = await service.evaluate(request)
        assert snapshot.problem is None
        assert snapshot.variables["x"].grad.numbers == (6.0,)
        assert runs(folder) == case + 1
    start = time.monotonic()
    await service.close()
    assert time.monotonic() - start < SOON
    assert all(map(alive, left(folder))), "they held the pipes all the time"
    assert len(left(folder)) == 4


@pytest.mark.long
@pytest.mark.parametrize(("function", "says"), [("exits", "ended with status 3"), ("crashes", "was ended by SIGSEGV")])
async def test_a_worker_that_ends_is_seen_to_though_its_pipes_are_held(folder: Path, function: str, says: str) -> None:
    target = f"{folder / 'leaving.py'}:{function}"
    service = Service(function=target, seconds=SLEEP)
    await service.start()
    start = time.monotonic()
    problem = (await service.evaluate(Request(1, target, origin="function"))).problem
    await service.close()
    assert time.monotonic() - start < PATIENCE
    assert problem is not None
    assert says in problem.message
    assert any(map(alive, left(folder)))


@pytest.mark.long
async def test_one_that_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradtui.service.client.GRACE", 1.0)
    target = f"{folder / 'leaving.py'}:hangs"
    service = Service(function=target, seconds=2.0)
    await service.start()
    problem = (await service.evaluate(Request(1, target, origin="function"))).problem
    start = time.monotonic()
    await service.close()
    assert time.monotonic() - start < SOON
    assert problem is not None
    assert problem.kind == "timeout"


@pytest.mark.long
def test_the_command_ends_and_nobody_holds_its_output(folder: Path) -> None:
    ran = subprocess.run(
        warm.gradtui("leaving.py:daemon", "--json"),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert "PowBackward0" in ran.stdout
    assert any(map(alive, left(folder)))
    assert runs(folder) == 1


@pytest.mark.long
def test_the_screen_is_left(folder: Path) -> None:
    with Terminal(warm.gradtui(f"{folder / 'leaving.py'}:daemon"), columns=120, rows=36) as terminal:
        terminal.wait_for("PowBackward0", "x**2")
        assert any(map(alive, left(folder)))
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


@pytest.mark.long
async def test_what_makes_processes_is_not_run_again(folder: Path) -> None:
    """Not 44 times for a curve and the differences, and a note says so; what makes none is."""
    target = f"{folder / 'running.py'}:run"
    service = Service(function=target, seconds=PATIENCE)
    await service.start()
    told = {}
    for case, name in enumerate([*ALONE, "none"]):
        (folder / "runs").write_text("")
        at: dict[str, float | tuple[float, ...]] = {"x": 3.0, "case": float(case)}
        asked = Request(case, target, at, curve=CurveRequest("x", (0.0, 1.0)), origin="function")
        snapshot = await service.evaluate(asked)
        assert snapshot.problem is None
        assert snapshot.variables["x"].grad.numbers == (6.0,)
        told[name] = runs(folder) > 1, [note.kind for note in snapshot.notes], snapshot.curve is not None
    await service.close()
    assert told == {**dict.fromkeys(ALONE, (False, ["code"], False)), "none": (True, [], True)}
