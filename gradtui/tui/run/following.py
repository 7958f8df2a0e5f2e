"""A run's file on the screen: read in a thread, as far as it has been written, and read on."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress

from textual.message import Message

from gradtui.file.header import FileError
from gradtui.file.run_reading import Following
from gradtui.runs.binned_norms import Timeline, View
from gradtui.runs.packed_updates import Record, Updates
from gradtui.runs.run import Run

SECONDS, MOST_SECONDS = 0.2, 2.0
"""That are read at once: then there is something to show. Of a long file twice as many each time."""
PAUSE = 0.25
"""Seconds between two looks at the file."""
STOPPED = "not followed any more: an error within gradtui"


class Grown(Message):
    """The run as far as it has been read. quiet: seconds since its file was written to."""

    def __init__(self, source: Source, run: Run, view: View, quiet: float | None) -> None:
        super().__init__()
        self.source, self.run, self.view, self.quiet = source, run, view, quiet


class Failed(Message):
    """Why the file cannot be read, or no longer; what was read of it stays."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class Source:
    """The file of one run. `follow` posts what it finds until it is cancelled; it may be begun again.

    unread: the share of the file that was written before and is still to be read. stopped: whether an error of ours ended
    the following, so that what comes is not read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._following = Following(path, patient=True)
        self._timeline: Timeline | None = None
        self._updates: Updates | None = None
        self.run, self.view, self.unread = Run(), View(Record()), 1.0
        self.stopped = False

    async def follow(self, post: Callable[[Message], object]) -> None:
        self.stopped = False
        try:
            await self._follow(post)
        except Exception:
            self.stopped = True
            post(Failed(STOPPED))
            raise

    async def _follow(self, post: Callable[[Message], object]) -> None:
        told: str | None = None
        seconds = SECONDS
        while True:
            try:
                grown = await asyncio.to_thread(self._read, seconds)
            except (FileError, OSError) as error:
                problem = error.problem if isinstance(error, FileError) else error.strerror
                sentence = f"{os.path.basename(self.path)}: {problem}"
                if sentence != told:
                    told = sentence
                    post(Failed(sentence))
                await asyncio.sleep(PAUSE)
                continue
            told = None
            post(Grown(self, self.run, self.view, self._quiet()))
            seconds = min(2 * seconds, MOST_SECONDS) if grown else SECONDS
            if not grown:
                await asyncio.sleep(PAUSE)

    def _read(self, seconds: float) -> bool:
        """A stretch of the file; whether there was anything."""
        grown = self._following.more(seconds)
        self.unread = self._following.unread
        if not grown and self._timeline is not None:
            return False
        self.run = self._following.run()
        updates = self.run.updates
        assert isinstance(updates, Updates)
        if self._timeline is None or self._updates is None or updates.record is not self._updates.record:
            self._timeline = Timeline(updates.record)
        self._updates = updates
        self._timeline.grow(len(updates))
        self.view = self._timeline.view()
        return grown

    def _quiet(self) -> float | None:
        with suppress(OSError):
            return max(0.0, time.time() - os.stat(self.path).st_mtime)
        return None
