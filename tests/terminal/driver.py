"""A real pseudo-terminal with a program in it, read through a terminal emulator."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

PATIENCE = 60.0
"""Seconds until a condition that never comes true fails the test; a machine under load is slow, not wrong."""

RUSH = 0.0005
"""Seconds within which the rest of a frame follows: it is taken off the pty before the emulator works on it."""

KEYS = {
    "left": "\x1b[D",
    "right": "\x1b[C",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "shift+right": "\x1b[1;2C",
    "shift+left": "\x1b[1;2D",
    "backspace": "\x7f",
    "enter": "\r",
    "escape": "\x1b",
    "space": " ",
    "tab": "\t",
    "ctrl+c": "\x03",
    "ctrl+p": "\x10",
    "ctrl+q": "\x11",
    "ctrl+u": "\x15",
    "ctrl+z": "\x1a",
}


class Terminal:
    """Starts `command` on a pty of `columns` x `rows` and keeps what it paints.

    `raw` is every byte it wrote, `text` what a person sees now, `last_read` when it last wrote (time.perf_counter).
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 36,
        environment: dict[str, str] | None = None,
        folder: Path | None = None,
        controlling: bool = True,
        flow_control: bool = True,
    ) -> None:
        """folder: where it starts, here unless told; controlling: whether the terminal's signals reach it, as in a shell;
        flow_control: whether ctrl+s stops it from writing, where it has not the terminal for itself."""
        self.raw = b""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._text: str | None = None
        self.descriptor, self._slave = pty.openpty()
        self.resize(columns, rows)
        if not flow_control:
            attributes = termios.tcgetattr(self._slave)
            attributes[0] &= ~termios.IXON
            termios.tcsetattr(self._slave, termios.TCSANOW, attributes)
        self.attributes_before = termios.tcgetattr(self._slave)
        self.started = self.last_read = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            cwd=folder,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})},
            preexec_fn=_take_terminal if controlling else None,
        )
        self._open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._open:
            self.hang_up()

    @property
    def text(self) -> str:
        if self._text is None:  # the emulator takes some milliseconds for it
            self._text = "\n".join(self._screen.display)
        return self._text

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)
        self._text = None

    def hang_up(self) -> None:
        """What becomes of a terminal whose window is closed."""
        self._open = False
        os.close(self.descriptor)
        os.close(self._slave)

    def press(self, *keys: str) -> None:
        """Write keys: names of KEYS, or text as it is typed."""
        os.write(self.descriptor, "".join(KEYS.get(key, key) for key in keys).encode())

    def read(self, seconds: float = 0.05) -> bytes:
        """What the program writes within `seconds`, or sooner where it writes at once; it may be nothing."""
        data = self._available(seconds)
        if data:
            self.last_read = time.perf_counter()
            while more := self._available(RUSH):  # a frame is longer than what the pty holds
                self.last_read = time.perf_counter()
                data += more
            self.keep(data)
        return data

    def keep(self, data: bytes) -> None:
        """What was painted goes to `raw` and to `text`."""
        self.raw += data
        self._stream.feed(data)
        self._text = None

    def _available(self, seconds: float) -> bytes:
        """The next bytes as they come; none within `seconds`, or once the program has closed its side."""
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        try:
            return os.read(self.descriptor, 65536) if ready else b""
        except OSError:  # Linux says EIO once the last process has closed the other side
            return b""

    def wait(self, condition: Callable[[], bool], what: str) -> float:
        """Read until `condition()`; the seconds since the start. Fails with the screen as it stands."""
        limit = time.perf_counter() + PATIENCE
        while not condition():
            if time.perf_counter() > limit:
                raise AssertionError(f"waited {PATIENCE:g} s for {what}; the screen:\n{self.text}")
            self.read()
        return time.perf_counter() - self.started

    def wait_for(self, *texts: str) -> float:
        """Read until all of `texts` stand on the screen; also where a line was broken in one of them."""
        return self.wait(lambda: all(self._shows(text) for text in texts), f"{texts} on the screen")

    def _shows(self, text: str) -> bool:
        return text in self.text or text in " ".join(self.text.split())

    def wait_exit(self) -> int:
        """Read until the program ends and its last bytes are in; its exit status."""
        self.wait(lambda: self.process.poll() is not None, "the program's end")
        while self.read(0.05):
            pass
        return self.process.returncode

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def children(self) -> list[int]:
        """Process ids of the program's children that are alive."""
        return [process for process, parent, _ in _processes() if parent == self.process.pid]


def assert_restored(terminal: Terminal) -> None:
    """The terminal is as it was found: line discipline, main screen, cursor, mouse, focus events, bracketed paste."""
    while terminal.read():
        pass
    assert termios.tcgetattr(terminal.descriptor) == terminal.attributes_before
    for mode in (b"1049", b"1000", b"1003", b"1004", b"1006", b"2004"):
        assert terminal.raw.rfind(b"?%sh" % mode) <= terminal.raw.rfind(b"?%sl" % mode), f"{mode!r} was left on"
    for off in (b"?25l", b"?7l"):
        assert terminal.raw.rfind(off) <= terminal.raw.rfind(off[:-1] + b"h"), f"{off!r} was left so"


def alive(process: int) -> bool:
    """Whether a process runs; a zombie does not."""
    return state(process)[:1] not in ("", "Z")


def state(process: int) -> str:
    """As `ps` has it: T is stopped, Z a zombie; empty where there is no such process."""
    return next((its_state for other, _, its_state in _processes() if other == process), "")


def _processes() -> list[tuple[int, int, str]]:
    """Process id, parent and state of all processes."""
    if sys.platform == "linux":  # where no process need be started to ask
        return [process for path in Path("/proc").glob("[0-9]*/stat") for process in _stated(path)]
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listing.stdout.splitlines()]
    return [(int(row[0]), int(row[1]), row[2]) for row in rows]


def _stated(path: Path) -> Iterator[tuple[int, int, str]]:
    """What Linux says of a process; nothing where it is gone."""
    with suppress(OSError):
        name, _, rest = path.read_text(errors="replace").rpartition(")")
        yield int(name.partition(" ")[0]), int(rest.split()[1]), rest.split()[0]


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
