"""The program without the seconds that torch and sympy take to load: they are loaded here, once for all that is started.

It is the whole program, with two child processes; those pass its requests on to a thread of this process, which answers
them as a worker does. For what is a matter of the terminal and of signals, not of the workers.
"""

from __future__ import annotations

import socket
import sys
import tempfile
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

from gradtui.engine.training.evaluate import evaluate
from gradtui.service.protocol import ProtocolError, Ready, frame, read
from gradtui.service.worker import _load_calculus
from gradtui.snapshot.model import Request

PROGRAM = Path(__file__).with_name("program.py")
ONE_AT_A_TIME = threading.Lock()


def light(*arguments: str) -> list[str]:
    """The command that starts it."""
    return [sys.executable, "-P", str(PROGRAM), _address(), *arguments]


@cache
def _address() -> str:
    """Of a socket at which a thread listens as long as this process runs."""
    address = str(Path(tempfile.mkdtemp(prefix="gradtui-light-")) / "socket")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen()
    threading.Thread(target=_listen, args=(listening,), daemon=True).start()
    return address


def _listen(listening: socket.socket) -> None:
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=_serve, args=(connection,), daemon=True).start()


def _serve(connection: socket.socket) -> None:
    """As `gradtui.service.worker` does, until the other side is gone, at whatever moment."""
    with suppress(OSError, ProtocolError), connection, connection.makefile("rb") as requests:
        worker: Literal["torch", "calculus"] = "torch" if requests.readline() == b"torch\n" else "calculus"
        answer = evaluate if worker == "torch" else _load_calculus()
        connection.sendall(frame(Ready(worker)))
        while (request := read(requests, Request)) is not None:
            with ONE_AT_A_TIME:
                snapshot = answer(request)
            connection.sendall(frame(snapshot))
