"""Signals at every moment, and terminals that stop, stall and vanish. Each time the terminal is as it was found."""

from __future__ import annotations

import fcntl
import os
import select
import shlex
import shutil
import signal
import struct
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import warm
from tests.terminal.driver import PATIENCE, Terminal, alive, assert_restored, state
from tests.terminal.light import light

pytestmark = pytest.mark.child

GRADTUI = str(Path(sys.executable).with_name("gradtui"))

MOMENTS: dict[str, Callable[[Terminal], bool]] = {
    "first byte": lambda terminal: bool(terminal.raw),
    "first picture": lambda terminal: "x^2 + 3x + 1" in terminal.text,
    "children start": lambda terminal: len(terminal.children()) > 0,
    "answered": lambda terminal: "AccumulateGrad" in terminal.text,
}
FULL = 4095
"""Bytes that wait in a Linux pty which takes no more."""


def assert_ends(terminal: Terminal, children: list[int]) -> None:
    terminal.wait(lambda: terminal.process.poll() is not None, "the program's end")
    terminal.wait(lambda: not any(alive(child) for child in children), "the children's end")


@pytest.mark.long
@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("first byte", signal.SIGTERM),
        ("first picture", signal.SIGQUIT),
        ("children start", signal.SIGINT),
        ("answered", signal.SIGTERM),
    ],
)
def test_ended_at_any_moment(moment: str, number: signal.Signals) -> None:
    ended([GRADTUI] if moment != "answered" else warm.gradtui(), moment, number)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_ended_by_another_signal(number: signal.Signals) -> None:
    ended(light(), "answered", number)


def ended(program: list[str], moment: str, number: signal.Signals) -> None:
    with Terminal(program) as terminal:
        terminal.wait(lambda: MOMENTS[moment](terminal), moment)
        children = terminal.children()
        terminal.signal(number)
        assert terminal.wait_exit() == 128 + number
        assert_restored(terminal)
        assert_ends(terminal, children)


def test_suspended() -> None:
    """The shell has its terminal while the program is stopped; then the picture comes back, in the new size."""
    with Terminal(light()) as terminal:
        terminal.wait_for("AccumulateGrad")
        terminal.signal(signal.SIGTSTP)
        terminal.wait(lambda: state(terminal.process.pid).startswith("T"), "the stop")
        assert_restored(terminal)
        terminal.resize(80, 24)
        terminal.signal(signal.SIGCONT)
        terminal.press("right")
        terminal.wait_for("4.1", "30.11", "AccumulateGrad")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


def test_stopped_without_being_asked() -> None:
    with Terminal(light()) as terminal:
        terminal.wait_for("AccumulateGrad")
        terminal.signal(signal.SIGSTOP)
        terminal.wait(lambda: state(terminal.process.pid).startswith("T"), "the stop")
        termios.tcsetattr(terminal.descriptor, termios.TCSANOW, terminal.attributes_before)  # as shells do
        painted = len(terminal.raw)
        terminal.signal(signal.SIGCONT)
        terminal.wait(lambda: b"?1049h" in terminal.raw[painted:], "the screen")
        terminal.press("right")
        terminal.wait_for("4.1", "30.11", "AccumulateGrad")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


@pytest.mark.parametrize("stop", [signal.SIGTSTP, signal.SIGSTOP])
def test_ended_while_stopped(stop: signal.Signals) -> None:
    with Terminal(light()) as terminal:
        terminal.wait(lambda: len(terminal.children()) == 2, "the children")
        children = terminal.children()
        terminal.signal(stop)
        terminal.wait(lambda: state(terminal.process.pid).startswith("T"), "the stop")
        terminal.signal(signal.SIGTERM)
        terminal.signal(signal.SIGCONT)
        assert terminal.wait_exit() == 128 + signal.SIGTERM
        assert_restored(terminal)
        assert_ends(terminal, children)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell with job control")
def test_in_the_background_of_a_shell() -> None:
    """`kill -TSTP`, bg, fg: in the background there is no screen, so it stops again, and the shell stays usable."""
    with Terminal(["bash", "--norc", "--noprofile", "-i"], environment={"PS1": "$ "}) as terminal:
        terminal.press(f"{shlex.join(light('x^2 + 3x'))}\r")
        terminal.wait_for("AccumulateGrad")
        (program,) = terminal.children()
        os.kill(program, signal.SIGTSTP)
        terminal.wait_for("Stopped")
        terminal.press("clear; bg; wait; jobs; echo $((40 + 2))\r")
        terminal.wait_for("Stopped", "42")
        terminal.press("fg\r")
        terminal.wait_for("AccumulateGrad", "q quit")
        terminal.press("q")
        terminal.wait(lambda: not alive(program), "the program's end")
        terminal.press("clear; echo $((50 + 2))\r")
        terminal.wait_for("52")
        terminal.press("exit\r")
        assert terminal.wait_exit() == 0


OPENED: dict[str, tuple[tuple[str, ...], str]] = {
    "panes": ((), "q quit"),
    "line being typed": (("/", "+ sin(x)"), "esc leave"),
    "palette": (("ctrl+p",), "Search for commands"),
    "help": (("?",), "choose; step, zoom"),
}
"""Keys to a screen, and what stands there."""


@pytest.mark.long
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell with job control")
def test_ctrl_z() -> None:
    """As in any program: the shell has its terminal back, as it was; `fg` brings the whole screen, in the size of now."""
    with Terminal(["bash", "--norc", "--noprofile", "-i"], environment={"PS1": "$ "}) as terminal:
        terminal.wait_for("$")
        before = termios.tcgetattr(terminal.descriptor)
        terminal.press(f"{shlex.join(light('x^2 + 3x'))}\r")
        terminal.wait_for("AccumulateGrad", "q quit")
        (program,) = terminal.children()
        for number, (keys, shown) in enumerate(OPENED.values()):
            terminal.press(*keys)
            terminal.wait_for(shown)
            terminal.press("ctrl+z")
            terminal.wait_for("Stopped")
            terminal.wait(lambda: termios.tcgetattr(terminal.descriptor) == before, "the terminal as the shell has it")
            terminal.press(f"clear; echo $((40 + {number}))\r")
            terminal.wait_for(f"{40 + number}")
            terminal.resize(*((100, 30) if number % 2 == 0 else (120, 36)))
            terminal.press("fg\r")
            terminal.wait_for(shown)
            if keys:
                terminal.press("escape")
                terminal.wait(lambda shown=shown: shown not in terminal.text, "the end of what was opened")  # type: ignore[misc]
            terminal.wait_for("q quit", "AccumulateGrad")
        terminal.press("q")
        terminal.wait(lambda: not alive(program), "the program's end")
        terminal.press("clear; jobs; echo $((50 + 2))\r")
        terminal.wait_for("52")
        assert "Stopped" not in terminal.text
        terminal.press("exit\r")
        assert terminal.wait_exit() == 0


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell with job control")
def test_ctrl_z_in_a_job_of_several_processes() -> None:
    """All of it stops, as when the terminal itself says so: the shell waits for the one that it started."""
    with Terminal(["bash", "--norc", "--noprofile", "-i"], environment={"PS1": "$ "}) as terminal:
        terminal.press(f"(sleep 0; {shlex.join(light('x^2 + 3x'))}; echo left with $?)\r")
        terminal.wait_for("AccumulateGrad", "q quit")
        terminal.press("ctrl+z")
        terminal.wait_for("Stopped")
        terminal.press("clear; fg\r")
        terminal.wait_for("AccumulateGrad", "q quit")
        terminal.press("q")
        terminal.wait_for("left with 0")
        terminal.press("exit\r")
        assert terminal.wait_exit() == 0


def test_ctrl_z_without_a_shell() -> None:
    """Nobody would bring it back: it says so and goes on."""
    with Terminal(light("x^2 + 3x")) as terminal:
        terminal.wait_for("AccumulateGrad", "q quit")
        terminal.press("ctrl+z")
        terminal.wait_for("there is no shell")
        assert not state(terminal.process.pid).startswith("T")
        terminal.press("right")
        terminal.wait_for("4.1", "29.11")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


@pytest.mark.parametrize("controlling", [True, False])
def test_closed_terminal(controlling: bool) -> None:
    """With the signal that says so, and without: not every terminal sends one."""
    with Terminal(light(), controlling=controlling) as terminal:
        terminal.wait_for("AccumulateGrad")
        children = terminal.children()
        terminal.hang_up()
        assert terminal.process.wait(PATIENCE) == 128 + signal.SIGHUP
        assert not any(alive(child) for child in children)


@pytest.mark.skipif(sys.platform != "linux", reason="counts the bytes that wait in a pty of Linux")
def test_stalled_terminal() -> None:
    """A terminal that takes nothing more holds the program up, but not for ever once it is told to end."""
    with Terminal(light()) as terminal:
        terminal.wait_for("AccumulateGrad", "q quit")
        children = terminal.children()
        for _ in range(60):
            terminal.press("m")
            select.select([], [], [], 0.02)  # a frame for each
        while _waiting(terminal) < FULL:
            assert terminal.process.poll() is None
        terminal.signal(signal.SIGTERM)
        assert terminal.process.wait(PATIENCE) == 128 + signal.SIGTERM
        assert termios.tcgetattr(terminal.descriptor) == terminal.attributes_before
        assert_ends(terminal, children)


def _waiting(terminal: Terminal) -> int:
    """Bytes that were painted and not read."""
    waiting: int = struct.unpack("i", fcntl.ioctl(terminal.descriptor, termios.FIONREAD, b"\0" * 4))[0]
    return waiting
