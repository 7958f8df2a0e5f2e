"""Which thread a watch is of: what others do is not seen."""

from __future__ import annotations

import threading
from collections.abc import Callable


class _Here(threading.local):
    """Of each thread: what the watch left there when it came. The number of a thread that has ended may be that of another."""

    token: object = None
    is_first: bool = False


class WatchedThread:
    """The one that makes it; or that in which the training then begins, and another one once that has ended.

    moves: is called in a thread that is watched from then on, while the lock is held. has_begun: whether the training has. stays:
    no other one is watched any more.
    """

    def __init__(self, moves: Callable[[], object]) -> None:
        self.has_begun = self.stays = False
        self._moves, self.lock = moves, threading.Lock()
        self._here, self._token, self._thread = _Here(), object(), threading.current_thread()
        self._here.token, self._here.is_first = self._token, True
        self._first_has_run = False

    def is_here(self) -> bool:
        return self._here.token is self._token

    def comes(self, runs_a_module: bool = False, is_in_module: bool = False) -> bool:
        """Whether the thread that runs now is watched, or is from now on: a training begins in it, or may do so, as none has
        begun yet. The thread that made the watch has it back as soon as it runs a module itself, and keeps it.

        is_in_module: whether the watched one runs a module."""
        with self.lock:
            self._first_has_run |= self._here.is_first
            may_begin = not runs_a_module or self._here.is_first or not (self._first_has_run or is_in_module)
            is_free = (may_begin and not self.has_begun) or not self._thread.is_alive()
            if not self.is_here() and is_free and not self.stays:
                self._here.token = self._token = object()
                self._thread = threading.current_thread()
                self._moves()
            return self.is_here()
