"""A child that speaks the protocol, of which the first process fails once: at the moment and in the way that it is told.

`python failing_child.py FOLDER MOMENT FAULT [--calculus]`: FOLDER collects one file for each process, named by its id.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from gradtui.service.protocol import HEADER, Ready, frame, message, payload_length
from gradtui.snapshot.model import Request, Snapshot, Values, VariableState
from gradtui.snapshot.truth import Derivative

FOLDER, MOMENT, FAULT = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
CALCULUS = "--calculus" in sys.argv


def reach(moment: str) -> None:
    """Fail where this is the moment."""
    if moment != MOMENT or not _first():
        return
    match FAULT:
        case "hang":
            while True:
                signal.pause()
        case "rubbish":
            os.write(1, b"Traceback (most recent call last)\n")
        case "memory":
            raise MemoryError
        case "exit":
            os._exit(0)
        case name:
            os.kill(os.getpid(), getattr(signal, name))


def _first() -> bool:
    try:
        (FOLDER / "failed").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def answer(request: Request) -> Snapshot:
    if CALCULUS:
        return Snapshot(request.id, request.expression, derivative={"x": Derivative("1")})
    one = Values((), (1.0,))
    return Snapshot(request.id, request.expression, variables={"x": VariableState(one, one)}, value=one)


def read(count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = os.read(0, count - len(data))
        if not more:
            sys.exit(0)
        data += more
    return data


def main() -> None:
    (FOLDER / str(os.getpid())).touch()
    reach("starting")
    os.write(1, frame(Ready("calculus" if CALCULUS else "torch")))
    reach("waiting")
    while True:
        length = payload_length(read(HEADER.size))
        reach("reading")
        request = message(read(length), Request)
        reach("evaluating")
        data = frame(answer(request))
        os.write(1, data[: len(data) // 2])
        reach("half answered")
        os.write(1, data[len(data) // 2 :])
        reach("answered")


main()
