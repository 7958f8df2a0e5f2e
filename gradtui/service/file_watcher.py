"""Tells when one of the user's files was saved."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

STEP = 50
"""Milliseconds without a further change until one is told: a save is often several writes."""
LOOK = 1_000
"""Milliseconds between two looks at the files themselves: some network folders send no word of a change."""

State = tuple[int, int]
"""When a file was written, in nanoseconds, and its size."""


class Watch:
    """Calls `on_change` on the event loop when a file that it follows is written, or replaced by another.

    A file that is gone is none that changed: editors write another and rename it. One that is there again is.
    """

    def __init__(self, on_change: Callable[[], object]) -> None:
        self._on_change = on_change
        self._states: dict[Path, State | None] = {}
        self._gone: set[Path] = set()
        self._task: asyncio.Task[None] | None = None
        self._restart = asyncio.Event()
        self._closed = False

    def follow(self, files: Iterable[str | Path]) -> None:
        """These too, from now on; paths are read from the working directory."""
        folders = self._folders
        for path in {Path(file).absolute() for file in files} - self._states.keys():
            self._states[path] = _state(path)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        elif folders != self._folders:
            self._restart.set()

    async def close(self) -> None:
        """Stop watching, and wait until that has come to its end."""
        self._closed = True
        self._restart.set()
        if self._task is not None:
            await self._task

    @property
    def _folders(self) -> set[Path]:
        """Whole folders are watched: a file that is replaced is another one."""
        return {path.parent for path in self._states}

    async def _run(self) -> None:
        from watchfiles import awatch  # not before something is watched: it takes a tenth of a second to load

        while not self._closed:
            self._restart.clear()
            try:
                watched = awatch(
                    *self._folders,
                    watch_filter=None,
                    debounce=STEP,
                    step=STEP,
                    stop_event=self._restart,
                    rust_timeout=LOOK,
                    yield_on_timeout=True,
                    recursive=False,
                )
                async for _ in watched:
                    self._look()
            except OSError:  # a folder is gone, or the system watches no more of them
                await self._pause()
            self._look()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(LOOK / 1000):
                await self._restart.wait()
        except TimeoutError:
            pass

    def _look(self) -> None:
        states = {path: _state(path) for path in self._states}
        there = {path: state for path, state in states.items() if state is not None}
        changed = any(state != self._states[path] or path in self._gone for path, state in there.items())
        self._gone = states.keys() - there.keys()
        if changed and not self._closed:
            self._states.update(there)
            self._on_change()


def _state(path: Path) -> State | None:
    try:
        status = path.stat()
    except (OSError, ValueError):  # code may say that it is of a file whose name none can have
        return None
    return status.st_mtime_ns, status.st_size
