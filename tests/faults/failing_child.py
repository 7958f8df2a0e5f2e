"""A child that speaks the protocol, of which the first process fails once: at the moment and in the way that it is told.

`python failing_child.py FOLDER MOMENT FAULT [--calculus]`: FOLDER collects one file for each process, named by its id.
It says what stands in `FOLDER/frames`, and needs no package: some hundred are started.
"""

import marshal
import os
import signal
import sys

FOLDER, MOMENT, FAULT = sys.argv[1:4]
WORKER = "calculus" if "--calculus" in sys.argv else "torch"
HEADER = 4
"""Bytes of the length that a frame begins with."""


def reach(moment: str) -> None:
    """Fail where this is the moment."""
    if moment != MOMENT or not first():
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


def first() -> bool:
    try:
        open(f"{FOLDER}/failed", "x").close()
    except FileExistsError:
        return False
    return True


def read(count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = os.read(0, count - len(data))
        if not more:
            sys.exit(0)
        data += more
    return data


def main() -> None:
    open(f"{FOLDER}/{os.getpid()}", "x").close()
    with open(f"{FOLDER}/frames", "rb") as file:
        ready, *answers = marshal.load(file)[WORKER]
    reach("starting")
    os.write(1, ready)
    reach("waiting")
    while True:
        length = int.from_bytes(read(HEADER))
        reach("reading")
        request = read(length)
        reach("evaluating")
        (data,) = [answer for text, answer in answers if text in request]
        os.write(1, data[: len(data) // 2])
        reach("half answered")
        os.write(1, data[len(data) // 2 :])
        reach("answered")


main()
