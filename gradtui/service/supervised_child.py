"""One child process that is asked one request at a time, and is killed and started again where it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from gradtui.service.child_process import STARTUP, TITLE, ChildError, Running, not_protocol, start, within
from gradtui.service.memory_guard import Guard
from gradtui.service.protocol import ProtocolError, frame, whole
from gradtui.snapshot.model import Problem, Request, Snapshot

LOADING = 60.0
"""Seconds more for the first update of a process, and for its first tangents: torch loads what its optimizers and its forward
mode are made of, which takes as long as itself, and longer where Python keeps no compiled files."""

LONGEST_END = 5.0
"""Seconds for all processes to be gone, at the end."""

T = TypeVar("T")


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
        self._starting: asyncio.Task[Running] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._asked: Running | None = None

    @property
    def printed(self) -> str:
        """What was written beside the answer to the last request, its end."""
        return self._asked.said if self._asked else ""

    @property
    def busy(self) -> bool:
        """Whether it is being asked, or is not there yet."""
        return self._turn.locked() or self._starting is None or not self._starting.done()

    def start(self) -> None:
        self._starting = asyncio.create_task(start(self.command, self.startup))

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
                answer = await within(seconds, running.ask(data), running)
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
                raise ChildError(not_protocol(error, self.title), again=again) from error
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

    async def _running(self) -> Running:
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

    async def _mind(self, running: Running) -> None:
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
