"""Each child fails once in every way at every moment of a request: the answer comes by itself, and no process stays."""

from __future__ import annotations

import asyncio
import marshal
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradtui.service.client import Service
from gradtui.service.protocol import Ready, frame
from gradtui.snapshot.model import Request, Snapshot, Values, VariableState
from gradtui.snapshot.truth import Derivative
from tests.terminal.driver import PATIENCE

pytestmark = pytest.mark.child

CHILD = (sys.executable, "-I", "-S", str(Path(__file__).with_name("failing_child.py")))
MOMENTS = ("starting", "waiting", "reading", "evaluating", "half answered", "answered")
FAULTS = ("SIGKILL", "SIGSEGV", "SIGSTOP", "exit", "memory", "rubbish", "hang")
AT_A_TIME = 4

SHORT, LONG = 0.7, 20.0
"""Seconds of deadline: for a child that will not answer, and for one that will, however busy the machine is."""


ASKED = ("first", "second", "third")


def frames() -> dict[str, list[Any]]:
    """What the children say: that they are ready, then the answer to a request with such a text in it."""
    one = Values((), (1.0,))
    told: dict[str, list[Any]] = {"torch": [frame(Ready("torch"))], "calculus": [frame(Ready("calculus"))]}
    for id, text in enumerate(ASKED, 1):
        value = Snapshot(id, text, variables={"x": VariableState(one, one)}, value=one)
        told["torch"].append((text.encode(), frame(value)))
        told["calculus"].append((text.encode(), frame(Snapshot(id, text, derivative={"x": Derivative("1")}))))
    return told


class Screen:
    """Keeps what it is shown; each answer with a problem ends the short deadline."""

    def __init__(self) -> None:
        self.shown: list[Snapshot] = []
        self.service: Service
        self._came = asyncio.Event()

    def __call__(self, snapshot: Snapshot) -> None:
        self.shown.append(snapshot)
        if snapshot.problem:
            self.service._torch.deadline = LONG
        self._came.set()

    async def until(self, condition: Callable[[Snapshot], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not (self.shown and condition(self.shown[-1])):
                self._came.clear()
                await self._came.wait()


def whole(number: int) -> Callable[[Snapshot], bool]:
    """Whether this is the good answer to a request, value and derivative."""
    return lambda answer: (
        answer.id == number and bool(answer.value and answer.derivative and answer.derivative["x"].text)
    )


def told(number: int) -> Callable[[Snapshot], bool]:
    """Whether this says why it took too long."""
    return lambda answer: (
        answer.id == number
        and bool(
            (answer.problem and answer.problem.kind == "timeout")
            or (answer.derivative and "takes longer" in answer.derivative["x"].note)
        )
    )


async def fail(folder: Path, moment: str, fault: str, calculus: bool) -> None:
    folder.mkdir()
    (folder / "frames").write_bytes(marshal.dumps(frames()))
    failing = (*CHILD, str(folder), moment, fault)
    sound = (*CHILD, str(folder), "never", "")
    lasting = fault in ("hang", "SIGSTOP")
    screen = Screen()
    screen.service = Service(
        screen,
        deadline=SHORT if lasting and not calculus else LONG,
        calculus_deadline=SHORT if lasting and calculus else LONG,
        startup=3.0 if lasting and moment == "starting" else LONG,
        torch=sound if calculus else failing,
        calculus=(*(failing if calculus else sound), "--calculus"),
    )
    await screen.service.start()
    try:
        screen.service.submit(Request(1, ASKED[0]))
        hangs = fault == "hang" and moment not in ("starting", "answered")
        await screen.until(told(1) if hangs else whole(1))
        screen.service.submit(Request(2, ASKED[1]))
        await screen.until(told(2) if fault == "hang" and moment == "answered" else whole(2))
        screen.service._calculus.deadline = LONG
        screen.service.submit(Request(3, ASKED[2]))
        await screen.until(whole(3))
    finally:
        await screen.service.close()
    assert (folder / "failed").exists()
    processes = [int(path.name) for path in folder.iterdir() if path.name.isdigit()]
    assert len(processes) >= 2
    for process in processes:
        with pytest.raises(ProcessLookupError):  # a zombie would still be there
            os.kill(process, 0)


@pytest.mark.long
@pytest.mark.parametrize("moment", MOMENTS)
async def test_one_fault(tmp_path: Path, moment: str) -> None:
    turn = asyncio.Semaphore(AT_A_TIME)

    async def in_turn(fault: str, calculus: bool) -> str | None:
        async with turn:
            try:
                await fail(tmp_path / f"{fault} {calculus}", moment, fault, calculus)
            except (Exception, pytest.fail.Exception) as error:
                return f"{fault} of the {'calculus' if calculus else 'torch'} child: {error!r}"
            return None

    wrong = await asyncio.gather(*(in_turn(fault, calculus) for fault in FAULTS for calculus in (False, True)))
    assert not [line for line in wrong if line]
