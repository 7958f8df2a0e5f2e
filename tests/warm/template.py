"""`python template.py SOCKET`: a process with torch and sympy that forks a worker for each `start.py` at that socket.

It goes into the background once it listens, and ends at the end of its input.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import gradtui.engine.user.evaluate  # noqa: F401 - so that it is loaded here, once
from gradtui.engine.user import module
from gradtui.service import __main__ as service
from gradtui.service.worker import _load_calculus, _load_torch

MESSAGE = 2**20


def main() -> None:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(sys.argv[1])
    listening.listen(100)
    _load_torch()
    _load_calculus()
    if os.fork():
        os._exit(0)
    os.setsid()
    with selectors.DefaultSelector() as events:
        events.register(0, selectors.EVENT_READ)
        events.register(listening, selectors.EVENT_READ)
        while True:
            for key, _ in events.select():
                if key.fileobj == 0:
                    Path(sys.argv[1]).unlink()
                    Path(sys.argv[1]).parent.rmdir()
                    return
                if key.fileobj is listening:
                    _begin(events, listening.accept()[0])
                elif isinstance(key.fileobj, socket.socket):
                    _pass_on(events, key.fileobj, key.data)
                else:
                    _end(events, *key.data)


def _begin(events: selectors.BaseSelector, connection: socket.socket) -> None:
    told, descriptors, _, _ = socket.recv_fds(connection, MESSAGE, 3)
    if not told:
        connection.close()
        return
    worker = os.fork()
    if worker == 0:
        _be_a_worker(os.fsdecode(told).split("\0"), descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    process = os.pidfd_open(worker)
    events.register(connection, selectors.EVENT_READ, (worker, process))
    events.register(process, selectors.EVENT_READ, (worker, process, connection))


def _pass_on(events: selectors.BaseSelector, connection: socket.socket, ends: tuple[int, int]) -> None:
    """A signal, or that the process at the other side is gone: so is then the worker, with what it has started."""
    worker, _ = ends
    if connection.fileno() < 0:  # its end came first, just now
        return
    try:
        number = int(connection.recv(16) or 0)
    except ConnectionError:
        number = 0
    with suppress(ProcessLookupError):
        os.kill(worker, number or signal.SIGKILL)
    if not number:
        events.unregister(connection)
        with suppress(ProcessLookupError):
            os.killpg(worker, signal.SIGKILL)


def _end(events: selectors.BaseSelector, worker: int, process: int, connection: socket.socket) -> None:
    _, status = os.waitpid(worker, 0)
    events.unregister(process)
    os.close(process)
    with suppress(KeyError):
        events.unregister(connection)
    with suppress(OSError):
        connection.send(b"%d" % os.waitstatus_to_exitcode(status))
    connection.close()


def _be_a_worker(told: list[str], descriptors: list[int]) -> None:
    os.setsid()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    os.closerange(3, max(descriptors) + 100)
    folder, count, *rest = told
    sys.argv[1:] = rest[: int(count)]
    os.environ.clear()
    for line in rest[int(count) :]:
        name, _, value = line.partition("=")
        os.environ[name] = value
    os.chdir(folder)
    module.HERE = Path(folder)  # read as it is imported
    status = 1
    try:
        status = service.main()
        sys.stderr.flush()
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
