"""Speaks the protocol and does what the expression says: a child whose every failure can be asked for.

`python fake_child.py FOLDER`: FOLDER collects one file for each process that was started, named by its id.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from gradtui.service.protocol import Ready, read, write
from gradtui.snapshot.model import Problem, Request, Snapshot, Values, VariableState
from gradtui.snapshot.truth import Derivative


def answer(request: Request) -> Snapshot:
    match request.expression.split():
        case ["hang"]:
            signal.pause()
        case ["hard"] if "--calculus" in sys.argv:
            signal.pause()
        case ["exit", status]:
            sys.exit(int(status))
        case ["complain", words]:
            sys.exit(f"a first line\n{words}")
        case ["kill", name]:
            os.kill(os.getpid(), getattr(signal, name))
        case ["rubbish"]:
            sys.stdout.buffer.write(b"hello, world\n")
            sys.stdout.buffer.flush()
            signal.pause()
        case ["shut", first]:
            os.write(2, b"so long")
            os.closerange(int(first), 3)
            signal.pause()
        case ["half"]:
            sys.stdout.buffer.write(b"\0\0\1\0and no more")
            sys.exit(0)
        case ["other"]:
            return Snapshot(request.id + 1, "other")
        case ["talk"]:
            sys.stderr.write("x" * 10_000_000)
        case ["once", mark]:  # ends at the first try
            if not Path(mark).exists():
                Path(mark).touch()
                os.kill(os.getpid(), signal.SIGKILL)
    if request.expression.startswith("wait "):  # until the file is there
        while not Path(request.expression[5:]).exists():
            pass
    one = Values((), (1.0,))
    if "--calculus" in sys.argv:
        return Snapshot(request.id, request.expression, derivative={"x": Derivative("1")})
    return Snapshot(request.id, request.expression, variables={"x": VariableState(one, one)}, value=one)


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / str(os.getpid())).touch()
    problem = Problem("crash", "PyTorch is not installed: pip install torch") if "--missing" in sys.argv else None
    if "--dead" in sys.argv:
        sys.exit("no luck")
    write(sys.stdout.buffer, Ready("torch", problem=problem))
    if problem:
        sys.exit(1)
    while (request := read(sys.stdin.buffer, Request)) is not None:
        write(sys.stdout.buffer, answer(request))


main()
