"""Textual's driver, for terminals that stop, stall and vanish, and for signals that come at any moment."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, ClassVar, cast

from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.geometry import Size

LEAVING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)

GRACE = 5.0
"""Seconds from such a signal to the end of the process: Textual waits for ever for a terminal that takes no more bytes."""

LOOK = 1.0
"""Seconds between two looks whether there still is a terminal: a closed one reads like one on which nobody types."""


LEFT = "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[?7h\x1b[?1049l\x1b[?25h"
"""Mouse, paste and focus are not told of, lines are wrapped, and the screen is that of before, with its cursor."""


class Between:
    """A terminal that one screen has left to the next: as the first found it, and what signals did then."""

    def __init__(self, driver: TerminalDriver) -> None:
        self.attributes, self.handlers = driver.attrs_before, driver._before
        self._descriptor = driver.fileno
        for number in LEAVING:
            signal.signal(number, self._end)

    def give_back(self) -> None:
        """No other screen comes."""
        with suppress(termios.error, OSError):
            os.write(sys.__stdout__.fileno() if sys.__stdout__ else 1, LEFT.encode())
            if self.attributes is not None:
                termios.tcsetattr(self._descriptor, termios.TCSANOW, self.attributes)
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def _end(self, number: int, frame: FrameType | None) -> None:
        """As it would have been without screens."""
        give_back()
        os.kill(os.getpid(), number)


def give_back() -> None:
    """The terminal, where a screen has left it to one that did not come."""
    between, TerminalDriver.between = TerminalDriver.between, None
    if between is not None:
        between.give_back()


class TerminalDriver(LinuxDriver):
    """Paints on standard output, in UTF-8 whatever the locale says, and leaves the terminal as it found it.

    Where another screen follows, it hands the terminal over as it is. Else the shell would show for a moment, keys typed then
    would be written there, and ctrl+c would end the program.
    """

    between: ClassVar[Between | None] = None

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        assert sys.__stdout__ is not None
        self._file = cast(Any, _Output(sys.__stdout__.fileno(), self._gone))
        self._painting = self._suspended = False
        self._leaving: int | None = None
        self._before = {number: signal.signal(number, self._leave) for number in LEAVING}
        if self.between is not None:
            self._before = self.between.handlers
        # on the loop; Textual does it between any two instructions, some of which hold the locks that it needs
        self._loop.add_signal_handler(signal.SIGTSTP, self._suspend)
        self._loop.add_signal_handler(signal.SIGCONT, self._continue)
        self._look()

    def start_application_mode(self) -> None:
        self._painting = True
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self.between is not None:
            self.attrs_before, TerminalDriver.between = self.between.attributes, None
        # on the loop; Textual's would be interrupted by the next such signal, and tell of the older size last
        self._loop.add_signal_handler(signal.SIGWINCH, self._resized)

    def _resized(self) -> None:
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            self._app.post_message(Resize(size, size))

    @property
    def _has_successor(self) -> bool:
        return getattr(self._app, "has_successor", False) and self._leaving is None and not self._suspended

    def disable_input(self) -> None:
        """What is typed and not read yet is for the screen that follows, if there is one: Textual throws it away."""
        if not self._has_successor:
            super().disable_input()
            return
        self._disable_mouse_support()
        self.exit_event.set()
        if self._key_thread is not None:
            self._key_thread.join()
        self.exit_event.clear()

    def stop_application_mode(self) -> None:
        if not self._painting:
            return
        if self._has_successor:
            self.disable_input()
            self.write("\x1b[<u")  # the keyboard's protocol is asked for anew
            self.flush()
            TerminalDriver.between = Between(self)
        else:
            super().stop_application_mode()
        self._painting = False

    def close(self) -> None:
        """At a stop, and at the end: what comes then, another screen or none, is not this one's to end, unless that has begun."""
        super().close()
        if self._suspended or self.between is not None:
            return
        if self._leaving is None:
            for number, handler in self._before.items():
                signal.signal(number, handler)
        else:  # it may have come when nobody heard that any more, or another way of leaving after it
            self._app.exit(return_code=128 + self._leaving)

    def write(self, data: str) -> None:
        if self._painting:
            super().write(data)

    @property
    def mouse(self) -> bool:
        """Whether the terminal tells of clicks and the wheel."""
        return self._mouse

    def use_mouse(self, wanted: bool) -> None:
        """From now on, also after a stop."""
        self._disable_mouse_support()
        self._mouse = wanted
        self._enable_mouse_support()

    def _get_terminal_size(self) -> tuple[int, int]:
        """Of the terminal itself: COLUMNS and LINES, which Textual would rather take, do not change with it."""
        with suppress(OSError):
            columns, rows = os.get_terminal_size(self.fileno)
            if columns and rows:  # a terminal that nobody gave a size says 0 x 0
                return columns, rows
        return super()._get_terminal_size()

    def _leave(self, number: int, frame: FrameType | None = None) -> None:
        """Quit; at once, as the loop itself may be waiting for a terminal that takes nothing."""
        if self._leaving is not None:
            return
        self._leaving = number
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # in the background too the terminal is restored
        signal.signal(signal.SIGALRM, lambda *_: self._end(number))
        signal.setitimer(signal.ITIMER_REAL, GRACE)
        with suppress(RuntimeError):  # the loop has ended, and so will the process
            self._loop.call_soon_threadsafe(lambda: self._app.exit(return_code=128 + number))

    def _end(self, number: int) -> None:
        if self.attrs_before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        os._exit(128 + number)

    @property
    def can_suspend(self) -> bool:
        """Whether there is a shell that would bring it back: one that gave its job a process group of its own."""
        try:
            return os.getpgid(os.getsid(0)) != os.getpgrp()
        except OSError:  # the shell has gone
            return False

    def suspend_job(self) -> None:
        """Stop, with what else is in the job: the shell waits for the process that it started, which may be another one."""
        self._give_back()
        os.killpg(os.getpgrp(), signal.SIGSTOP)

    def _suspend(self) -> None:
        self._give_back()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _continue(self) -> None:
        """Back on the screen; in the background there is none, and the process stops again."""
        if self._leaving is not None:
            return
        if not self._in_foreground():
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        self._give_back()  # stopped without having been asked, it has kept a terminal that the shell used meanwhile
        if self._suspended:
            self._suspended = False
            self.resume_application_mode()
            self._app.refresh(layout=True)

    def _give_back(self) -> None:
        if self._painting:
            self._suspended = True
            self.suspend_application_mode()

    def _in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:  # not our controlling terminal: no job control
            return True

    def _look(self) -> None:
        try:
            termios.tcgetattr(self.fileno)
        except termios.error:
            self._leave(signal.SIGHUP)
        else:
            self._loop.call_later(LOOK, self._look)

    def _gone(self) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._leave, signal.SIGHUP)


class _Output:
    """What Textual's writing thread writes to. `gone` is called where nothing can be written any more."""

    def __init__(self, descriptor: int, gone: Callable[[], None]) -> None:
        self._descriptor, self._gone = descriptor, gone
        self._closed = False

    def write(self, text: str) -> None:
        data = text.encode(errors="replace")
        while data and not self._closed:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:  # another program has left the terminal so
                select.select([], [self._descriptor], [])
            except OSError:
                self._closed = True
                self._gone()

    def flush(self) -> None:
        """Nothing is kept back."""

    def fileno(self) -> int:
        return self._descriptor
