"""One child process that is asked one request at a time, and is killed and started again where it fails."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, SubprocessStreamProtocol
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from gradtui.service.memory_guard import Guard
from gradtui.service.not_started import not_installed, shortage
from gradtui.service.processor_wait import waited
from gradtui.service.protocol import HEADER, VERSION, ProtocolError, Ready, frame, message, payload_length, whole
from gradtui.snapshot.model import Problem, Request, Snapshot

STARTUP = 120.0
"""Seconds until a child that does not say Ready is given up: torch from a cold network disk takes its time."""

STDERR_TAIL = 4096
TITLE = "the evaluation process"
LAST_WORDS = 1.0
"""Seconds that a child which closed its pipe has to end by itself, so that its own exit status is seen."""

LINGER = 0.1
"""Seconds that the pipes of a process that has ended are still listened to, where somebody else holds them."""

LOADING = 60.0
"""Seconds more for the first update of a process, and for its first tangents: torch loads what its optimizers and its forward
mode are made of, which takes as long as itself, and longer where Python keeps no compiled files."""

LONGEST_END = 5.0
"""Seconds for all processes to be gone, at the end."""

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

DAMAGED = f"PyTorch may be damaged: {sys.executable} -m pip install --force-reinstall torch"

T = TypeVar("T")


class ChildError(Exception):
    """Why there is no answer from a child. `again`: something befell it, and a second try may well go better."""

    def __init__(self, problem: Problem, *, again: bool = False) -> None:
        super().__init__(problem.message)
        self.problem, self.again = problem, again


class Child:
    """A process that speaks the protocol, kept alive from one request to the next.

    It starts in the background at `start`, and again as soon as it has failed with a request, or has ended after it had
    answered one. `deadline` seconds are counted from when a ready child is asked, but for those in which it could have run and
    other programs had the processors. `title`: what it is called where it fails.
    """

    def __init__(
        self, command: Sequence[str], *, deadline: float, startup: float = STARTUP, title: str = TITLE
    ) -> None:
        self.command, self.deadline, self.startup, self.title = command, deadline, startup, title
        self._turn = asyncio.Lock()
        self._starting: asyncio.Task[_Running] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._asked: _Running | None = None

    @property
    def printed(self) -> str:
        """What was written beside the answer to the last request, its end."""
        return self._asked.said if self._asked else ""

    @property
    def busy(self) -> bool:
        """Whether it is being asked, or is not there yet."""
        return self._turn.locked() or self._starting is None or not self._starting.done()

    def start(self) -> None:
        self._starting = asyncio.create_task(_start(self.command, self.startup))

    def interrupt(self) -> None:
        """Tell a child that is being asked to come to an end with it. One that does not know the signal goes on."""
        if self._turn.locked() and self._asked is not None:
            self._asked.interrupt()

    async def ask(self, request: Request) -> Snapshot:
        """The answer to `request`. Raises ChildError; the next request finds a new child then."""
        try:
            data = frame(whole(request) if request.origin == "function" else request)  # a file may be called anything
        except ProtocolError as error:
            raise ChildError(Problem("limit", str(error))) from error
        async with self._turn:
            running = self._asked = await self._running()
            again = request.origin != "function"  # a person's own code is not run twice unasked
            guard = Guard(running.pid, running.kill) if not again else None
            loads = {"training"} if request.training is not None else set()
            loads |= {"tangents"} if request.along is not None else set()
            seconds = self.deadline + LOADING * (not loads <= running.loaded)
            try:
                answer = await _within(seconds, running.ask(data), running)
                if request.origin == "function":
                    await running.hear_out()
                if answer.id != request.id:
                    raise ProtocolError(f"an answer to request {answer.id}")
            except TimeoutError:
                halted = running.halted
                self._replace(running.end())
                problem = Problem("timeout", f"no answer within {seconds:g} s: the evaluation was stopped")
                raise ChildError(problem, again=again and halted) from None
            except ProtocolError as error:
                self._replace(running.end())
                raise ChildError(_not_protocol(error, self.title), again=again) from error
            except (ConnectionError, EOFError) as error:
                problem = await asyncio.shield(self._replace(running.post_mortem(self.title)))
                if guard is not None:
                    problem = guard.problem(self.title) or problem
                raise ChildError(problem, again=again) from error
            except asyncio.CancelledError:  # its answer would come to the next request
                self._replace(running.end())
                raise
            finally:
                if guard is not None:
                    guard.close()
            running.loaded |= loads
            if not running.minded:
                running.minded = True
                self._keep(self._mind(running))
            return answer

    async def close(self) -> None:
        """End the process and wait until it is gone."""
        self._closed = True
        starting, self._starting = self._starting, None
        if starting is not None:
            starting.cancel()
            await asyncio.wait([starting])
            if not starting.cancelled() and starting.exception() is None:
                await starting.result().end()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LONGEST_END)
            for task in self._tasks:  # a process that the system itself cannot end
                task.cancel()

    async def _running(self) -> _Running:
        """A child that is ready: the one there is, or a new one where that has ended or could not start."""
        if self._closed:
            raise ChildError(Problem("crash", "the evaluation service is closed"))
        if self._starting is None:
            self.start()
        assert self._starting is not None
        try:
            running = await asyncio.shield(self._starting)
        except ChildError:
            self._starting = None
            raise
        if running.alive and not running.halted:
            return running
        self._replace(running.end())
        return await self._running()

    async def _mind(self, running: _Running) -> None:
        """Replace a child that ends while nobody asks it: the next request need not wait for torch."""
        await running.gone()
        async with self._turn:
            starting = self._starting
            if starting is not None and starting.done() and not starting.exception() and starting.result() is running:
                self._replace(running.end())

    def _replace(self, ending: Coroutine[None, None, T]) -> asyncio.Task[T]:
        """Start a new child while the old one ends."""
        if not self._closed:
            self.start()
        return self._keep(ending)

    def _keep(self, work: Coroutine[None, None, T]) -> asyncio.Task[T]:
        """Run it beside the requests; `close` waits for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _within(seconds: float, work: Coroutine[None, None, T], running: _Running) -> T:
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


async def _start(command: Sequence[str], seconds: float) -> _Running:
    """Start a child and wait until it is ready. Raises ChildError."""
    loop = asyncio.get_running_loop()
    try:
        transport, protocol = await loop.subprocess_exec(
            partial(_Pipes, loop), *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
    except (OSError, RuntimeError) as error:  # asyncio starts a thread beside each process, and says RuntimeError
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ChildError(Problem("crash", f"{TITLE} does not start: {why}", hint=shortage())) from error
    running = _Running(transport, protocol)
    try:
        ready = await _within(seconds, running.receive(Ready), running)
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
        raise ChildError(_not_protocol(error), again=True) from error
    except (ConnectionError, EOFError) as error:
        raise ChildError(await running.post_mortem(starting=True), again=True) from error
    except BaseException:
        await running.end()
        raise
    return running


class _Running:
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
        await self.end()
        status = self._transport.get_returncode()
        if status is None:
            return Problem("crash", f"{title} closed its pipes, and the system cannot end it")
        ended = f"was ended by {_signal_name(-status)}" if status < 0 else f"ended with status {status}"
        lines = self.said.strip().splitlines()
        said = f": {_printable(lines[-1])}" if lines else ""
        hint = SHORT_OF_MEMORY if status == -KILLED else ""
        if starting and (status > 0 or -status in FAULTS):
            hint = not_installed() or shortage() or DAMAGED
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


def _not_protocol(error: ProtocolError, title: str = TITLE) -> Problem:
    return Problem("crash", f"{title} does not keep to its protocol: {_printable(str(error))}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _printable(line: str) -> str:
    """At most 200 characters and no control characters: it is shown on the screen."""
    return "".join(character if character.isprintable() else " " for character in line[:200])
