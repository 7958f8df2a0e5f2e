"""`python template.py DESCRIPTOR`: a process with torch and sympy that forks what each `start.py` at that socket asks for.

It goes into the background once it has them, and ends with the last of those that hold it.
"""

from __future__ import annotations

import atexit
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress
from copy import copy
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import NoReturn

import torch

import gradtui.api
import gradtui.engine.user.evaluate
import gradtui.engine.watching.watch  # noqa: F401 - as the two before: so that it is loaded here, once
from gradtui.engine import working_folder
from gradtui.engine.watching import program
from gradtui.service.worker import _load_calculus, _load_torch

MESSAGE = 2**20


def main() -> None:
    listening = socket.socket(fileno=int(sys.argv[1]))
    _load_torch()
    _load_calculus()
    torch.optim.SGD([torch.zeros(1, requires_grad=True)]).step()  # loads what every optimizer needs
    for one in list(weakref.finalize._registry):  # type: ignore[attr-defined]
        one.atexit = False  # torch takes its operators apart one by one at the end: more than half of a fork's time
    if os.fork():
        os._exit(0)
    os.setsid()
    held = 0
    with selectors.DefaultSelector() as events:
        events.register(listening, selectors.EVENT_READ)
        while True:
            for key, _ in events.select():
                if key.fileobj is listening:
                    held += _accept(events, listening.accept()[0])
                elif not isinstance(key.fileobj, socket.socket):
                    _end(events, *key.data)
                elif key.data is not None:
                    _pass_on(events, key.fileobj, key.data)
                else:
                    events.unregister(key.fileobj)
                    key.fileobj.close()
                    held -= 1
                    if not held:
                        return


def _accept(events: selectors.BaseSelector, connection: socket.socket) -> bool:
    """Whether it is of one that holds this process; otherwise it tells of a command."""
    told, descriptors, _, _ = socket.recv_fds(connection, MESSAGE, 3)
    if told == b"hold":
        connection.send(b"held")
        events.register(connection, selectors.EVENT_READ)
    elif told:
        _begin(events, connection, os.fsdecode(told).split("\0"), descriptors)
    else:
        connection.close()
    return told == b"hold"


def _begin(events: selectors.BaseSelector, connection: socket.socket, told: list[str], descriptors: list[int]) -> None:
    worker = os.fork()
    if worker == 0:
        _be_a_process(told, descriptors)
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


def _be_a_process(told: list[str], descriptors: list[int]) -> NoReturn:
    """As Python has it from its start to its end, but for what it takes apart at its end: that takes a quarter of a second."""
    os.setsid()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    os.closerange(3, max(descriptors) + 100)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
    folder, count, *rest = told
    os.environ.clear()
    for line in rest[int(count) :]:
        name, _, value = line.partition("=")
        os.environ[name] = value
    os.chdir(folder)
    working_folder.HERE = folder  # read as it is imported
    status: object = 1
    try:
        _run(folder, rest[: int(count)])
        status = 0
    except SystemExit as error:
        status = error.code
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    if isinstance(status, str):
        print(status, file=sys.stderr)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


def _run(folder: str, arguments: list[str]) -> None:
    """What `python ARGUMENTS` runs."""
    sys.modules["__main__"] = main = ModuleType("__main__")
    Loaded.hide()
    safe = arguments[0] == "-P"
    first, *rest = arguments[safe:]
    if first not in ("-c", "-m"):
        program.run([first, *rest])
        return
    sys.argv[:] = [first, *rest[1:]]
    if not safe:
        sys.path.insert(0, folder if first == "-m" else "")
    if first == "-m":
        runpy._run_module_as_main(rest[0])  # type: ignore[attr-defined]
    else:
        exec(compile(rest[0], "<string>", "exec"), vars(main))  # noqa: S102 - a test's own text


class Loaded(Loader):
    """Brings torch, which is there, once it is imported: a script's watch begins with that."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return torch

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = SPEC

    @classmethod
    def hide(cls) -> None:
        find = PathFinder.find_spec

        def find_spec(
            name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
        ) -> ModuleSpec | None:
            if name != "torch":
                return find(name, path, target)
            spec = copy(SPEC)
            spec.loader = cls()
            return spec

        del sys.modules["torch"]
        PathFinder.find_spec = find_spec  # type: ignore[method-assign, assignment]


SPEC: ModuleSpec = torch.__spec__

if __name__ == "__main__":
    main()
