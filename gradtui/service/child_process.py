"""A process on three pipes: started, asked in frames, ended, and what became of it; the end of what it printed is kept."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, SubprocessStreamProtocol
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from gradtui.service.not_started import damaged, gone, not_installed, shortage
from gradtui.service.processor_wait import waited
from gradtui.service.protocol import HEADER, VERSION, ProtocolError, Ready, message, payload_length
from gradtui.snapshot.model import Problem, Snapshot

STARTUP = 120.0
"""Seconds until a child that does not say Ready is given up: torch from a cold network disk takes its time."""

STDERR_TAIL = 4096
TITLE = "the evaluation process"
LAST_WORDS = 1.0
"""Seconds that a child which closed its pipe has to end by itself, so that its own exit status is seen."""

LINGER = 0.1
"""Seconds that the pipes of a process that has ended are still listened to, where somebody else holds them."""

BUFFERED = 2**16
"""Bytes of a pipe that are read before they are asked for."""

TURNS = 4
"""Turns of the loop in which all that a pipe holds is read."""

LAST_LOOK = 0.1
"""Seconds more for an answer that is late: where this process was itself stopped, it waits in the pipe."""

SHORT_OF_MEMORY = "mostly it is the system that does so, when it is short of memory"
KILLED = getattr(signal, "SIGKILL", 9)
FAULTS = (
    signal.SIGSEGV,
    signal.SIGABRT,
    signal.SIGILL,
    signal.SIGFPE,
    *filter(None, [getattr(signal, "SIGBUS", None)]),
)
"""What a process does to itself; other signals are somebody's."""

T = TypeVar("T")


class ChildError(Exception):
    """Why there is no answer from a child. `again`: something befell it, and a second try may well go better."""

    def __init__(self, problem: Problem, *, again: bool = False) -> None:
        super().__init__(problem.message)
        self.problem, self.again = problem, again


async def start(command: Sequence[str], seconds: float) -> Running:
    """Start a child and wait until it is ready. Raises ChildError."""
    loop = asyncio.get_running_loop()
    try:
        transport, protocol = await loop.subprocess_exec(
            partial(_Pipes, loop), *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
    except (OSError, RuntimeError) as error:  # asyncio starts a thread beside each process, and says RuntimeError
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ChildError(Problem("crash", f"{TITLE} does not start: {why}", hint=shortage())) from error
    running = Running(transport, protocol)
    try:
        ready = await within(seconds, running.receive(Ready), running)
        if ready.protocol != VERSION:
            raise ProtocolError(f"version {ready.protocol} instead of {VERSION}")
        if ready.problem is not None:
            raise ChildError(ready.problem)
    except TimeoutError:
        await running.end()
        problem = Problem("timeout", f"the evaluation process was not ready within {seconds:g} s")
        raise ChildError(problem, again=True) from None
    except ProtocolError as error:
        await running.end()
        raise ChildError(not_protocol(error), again=True) from error
    except (ConnectionError, EOFError) as error:
        raise ChildError(await running.post_mortem(starting=True), again=True) from error
    except BaseException:
        await running.end()
        raise
    return running


async def within(seconds: float, work: Coroutine[None, None, T], running: Running) -> T:
    """Its result. Raises TimeoutError; not where it was this process that was stopped, and not what it waits for.

    running: the process that is to answer. What it waits for a processor does not count. Raises EOFError where it has
    ended: others may hold its pipe open.
    """
    task, exited = asyncio.create_task(work), running.exited
    ends: list[asyncio.Future[Any]] = [task, exited]
    try:
        patience, last = seconds, False
        while True:
            before = waited(running.pid)
            await asyncio.wait(ends, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if exited.done():
                await asyncio.wait([task], timeout=LINGER)
            if task.done():
                return task.result()
            if exited.done():
                raise EOFError
            if last:
                raise TimeoutError
            others = waited(running.pid) - before
            patience, last = max(others, LAST_LOOK), others < LAST_LOOK
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Running:
    """A process on three pipes: frames in, frames out, and the last of what it wrote to stderr.

    It leads a session of its own: it cannot reach the terminal, and what it started can be ended with it.
    """

    minded = False

    def __init__(self, transport: asyncio.SubprocessTransport, pipes: _Pipes) -> None:
        assert pipes.stdin is not None
        assert pipes.stdout is not None
        assert pipes.stderr is not None
        self._transport, self.exited = transport, pipes.exited
        self._stdin, self._stdout, self._stderr = pipes.stdin, pipes.stdout, pipes.stderr
        self.loaded: set[str] = set()
        self._said = b""
        self._draining = asyncio.create_task(self._drain())

    @property
    def pid(self) -> int:
        return self._transport.get_pid()

    @property
    def alive(self) -> bool:
        return self._transport.get_returncode() is None

    @property
    def said(self) -> str:
        """The end of what it wrote to stderr since it was asked."""
        return self._said.decode(errors="replace")

    async def hear_out(self) -> None:
        """What it wrote before its answer is in the pipe: let it be read."""
        for _ in range(TURNS):
            await asyncio.sleep(0)

    @property
    def halted(self) -> bool:
        """Whether somebody has stopped it (SIGSTOP): it lives, and answers nothing."""
        if not self.alive or not hasattr(os, "waitid"):  # macOS
            return False
        with suppress(ChildProcessError):
            return os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
        return False

    def interrupt(self) -> None:
        """Have what it runs stopped, where there is such a signal; on Windows it goes on for as long as it may."""
        if hasattr(signal, "SIGALRM"):
            with suppress(ProcessLookupError):
                self._transport.send_signal(signal.SIGALRM)

    async def gone(self) -> None:
        await asyncio.shield(self.exited)

    async def ask(self, request: bytes) -> Snapshot:
        self._said = b""
        self._stdin.write(request)
        await self._stdin.drain()
        return await self.receive(Snapshot)

    async def receive(self, kind: type[T]) -> T:
        """The next message. Raises ProtocolError, and EOFError where the child has ended."""
        header = await self._stdout.readexactly(HEADER.size)
        return message(await self._stdout.readexactly(payload_length(header)), kind)

    async def post_mortem(self, title: str = TITLE, *, starting: bool = False) -> Problem:
        """What became of a child that closed its pipes, in one line. starting: it has never been ready."""
        await asyncio.wait([self.exited], timeout=LAST_WORDS)
        by_itself = self.exited.done()
        await self.end()
        status = self._transport.get_returncode()
        if status is None:
            return Problem("crash", f"{title} closed its pipes, and the system cannot end it")
        lines = self.said.strip().splitlines()
        said = f": {_printable(lines[-1])}" if lines else ""
        if not by_itself:
            return Problem("crash", f"{title} closed its pipes, and was ended as nothing more can come from it{said}")
        ended = f"was ended by {_signal_name(-status)}" if status < 0 else f"ended with status {status}"
        hint = SHORT_OF_MEMORY if status == -KILLED else ""
        if starting and (status > 0 or -status in FAULTS):
            hint = not_installed() or shortage() or gone() or damaged("torch", "PyTorch")
        return Problem("crash", f"{title} {ended}{said}", hint=hint)

    def kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):  # nobody is left; on macOS, only zombies are
            if hasattr(os, "killpg"):
                os.killpg(self.pid, signal.SIGKILL)
            else:  # Windows: what it started itself lives on
                self._transport.kill()

    async def end(self) -> None:
        """Kill the process and what it started, reap it, and hear what it has said.

        A process that left the session lives on, and may hold the pipes: their end is not waited for.
        """
        self.kill()
        await asyncio.wait([self.exited], timeout=LAST_WORDS)
        await self.hear_out()
        await asyncio.wait([self._draining], timeout=LINGER)
        self._draining.cancel()
        self._transport.close()
        await asyncio.gather(self._draining, return_exceptions=True)

    async def _drain(self) -> None:
        while data := await self._stderr.read(65536):
            self._said = (self._said + data)[-STDERR_TAIL:]


class _Pipes(SubprocessStreamProtocol):
    """Says when the process has ended. `Process.wait` would wait for the ends of its pipes too, which others may hold."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=BUFFERED, loop=loop)
        self.exited = loop.create_future()

    def process_exited(self) -> None:
        super().process_exited()
        self.exited.set_result(None)


def not_protocol(error: ProtocolError, title: str = TITLE) -> Problem:
    return Problem("crash", f"{title} does not keep to its protocol: {_printable(str(error))}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _printable(line: str) -> str:
    """At most 200 characters and no control characters: it is shown on the screen."""
    return "".join(character if character.isprintable() else " " for character in line[:200])
