"""Whole programs on a pty, read as a person reads them."""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.benchmarks.measure import alternating, busy, percentile, timed
from tests.benchmarks.table import Other, Row
from tests.terminal.driver import Terminal

PEERS = Path(__file__).parent / "peers"
GRADTUI = [str(Path(sys.executable).with_name("gradtui"))]
EXACT = [*GRADTUI, "--dtype", "float64"]
BARE_APP = [sys.executable, str(PEERS / "bare_app.py")]
PLOTEXT_APP = [sys.executable, str(PEERS / "plotext_app.py")]
READY = ("2*x + 3", "AccumulateGrad", "·····")
KEYS = 60
BURST = 200
TYPED = "sin(x)*exp(-x^2) + 3x^2 - cos(2x)*tanh(x) + 17"
A_SECOND = 15
QUIET = 0.3
"""Seconds without a byte after which nothing more is on its way."""

Texts = tuple[str, ...]


def rows() -> Iterator[Row]:
    first, bare = alternating(lambda: shown_after(GRADTUI, "x^2 + 3x + 1"), lambda: shown_after(BARE_APP, "the first"))
    yield Row("first paint", first, floor=Other(bare, "bare Textual app"), bar=1.25, of="floor")
    whole, torch = alternating(
        lambda: shown_after(GRADTUI, "29", "11", "tangent", *READY),
        timed(lambda: subprocess.run([sys.executable, "-c", "import torch"], check=True)),
    )
    yield Row("everything shown after launch", whole, floor=Other(torch, "import torch"), bar=1.3, of="floor")
    ours, bare_times, plot_times = pressed_in_turn(stepping(), counting(), plotting())
    median, floor = statistics.median(ours), Other(statistics.median(bare_times), "bare Textual app")
    yield Row("key to painted frame, 140x40, median", median, floor=floor, bar=0.016)
    yield Row("key to painted frame, 95 %", percentile(ours, 0.95), bar=0.033)
    plot = Other(statistics.median(plot_times), "textual-plotext app")
    yield Row("key to painted frame, median", median, peer=plot, bar=0.3, of="peer")
    yield from updates()
    quiet = burst()
    yield Row(f"{BURST} keys at once: the last frame after the last key", quiet, bar=0.1)
    slowest = statistics.median(max(typing()) for _ in range(3))
    yield Row(f"typing at {A_SECOND} keys a second: the slowest echo, of 3 runs the median", slowest, bar=0.033)
    for what, there, back in (("zoom", "+", "-"), ("pan", "\x1b[1;5C", "\x1b[1;5D")):
        times = changing(there, back)
        yield Row(f"{what} of the chart, median", statistics.median(times))
        yield Row(f"{what} of the chart, 95 %", percentile(times, 0.95), bar=0.033)
    with busy():
        yield from beside_others(Other(median, "on a quiet machine"), Other(quiet, "on a quiet machine"))


def beside_others(key: Other, keys: Other) -> Iterator[Row]:
    """What people have while they train."""
    ours, plot_times = pressed_in_turn(stepping(), plotting())
    plot = Other(statistics.median(plot_times), "textual-plotext app")
    what = "beside a busy process for each core: key to painted frame"
    yield Row(f"{what}, median", statistics.median(ours), peer=plot, floor=key)
    yield Row(f"{what}, 95 %", percentile(ours, 0.95))
    yield Row(f"  {BURST} keys at once", burst(), floor=keys)
    yield Row(f"  typing at {A_SECOND} keys a second: the slowest echo", max(typing()))


def updates() -> Iterator[Row]:
    """One update of training against one step of x, on the same f, by the same distance."""
    command = [*EXACT, "x + 3x + 1", "--at", "0", "--step", "0.125"]
    trained = [*command, "--optimizer", "SGD(lr=0.03125)"]  # f' is 4: x goes down by 0.125
    ready = ("AccumulateGrad", "f(x) = 1", "·····")
    steps = Presses(command, ready, "right", (along(count / 8) for count in itertools.count(1)))
    made = Presses(trained, (*ready, "0 updates"), "g", (along(-count / 8) for count in itertools.count(1)))
    step_times, update_times = pressed_in_turn(steps, made)
    step = Other(statistics.median(step_times), "a step of x")
    yield Row("an update, key to painted frame, median", statistics.median(update_times), peer=step, bar=1.0, of="peer")


def along(x: float) -> Texts:
    return f"x = {x}", f"{4 * x + 1:g}"


class Presses:
    """A program, the key to press in it, and what its screen must show after each press."""

    def __init__(self, command: Sequence[str], ready: Texts, key: str, expected: Iterator[Texts]) -> None:
        self._terminal = Terminal(command, columns=140, rows=40)
        self._key, self._expected = key, expected
        self._terminal.wait_for(*ready)
        settle(self._terminal)

    def press(self) -> float:
        """Seconds from the press to the last byte of the frame that shows what is expected."""
        return seconds_until(self._terminal, self._key, next(self._expected))

    def close(self) -> None:
        self._terminal.press("q")
        self._terminal.wait_exit()
        self._terminal.__exit__(None, None, None)


def stepping() -> Presses:
    return Presses(EXACT, READY, "right", map(stepped, itertools.count(1)))


def counting() -> Presses:
    return Presses(BARE_APP, ("count 0",), "right", map(counted, itertools.count(1)))


def plotting() -> Presses:
    return Presses(PLOTEXT_APP, ("count 0", "x = 4.0"), "right", map(plotted, itertools.count(1)))


def pressed_in_turn(*programs: Presses) -> list[list[float]]:
    """KEYS presses in each of the programs, in turn."""
    times = [[program.press() for program in programs] for _ in range(KEYS)]
    for program in programs:
        program.close()
    return [list(column) for column in zip(*times, strict=True)]


def shown_after(command: list[str], *texts: str) -> float:
    """Seconds from start until all `texts` stand on a 120x36 screen."""
    with Terminal(command) as terminal:
        seconds = terminal.wait_for(*texts)
        terminal.press("q")
        terminal.wait_exit()
    return seconds


def stepped(step: int) -> Texts:
    """What `x^2 + 3x + 1` must show after `step` steps of 0.1 from 4: x, f and f'; in float64 they are round numbers."""
    tenths = 40 + step
    value = (tenths * tenths + 30 * tenths + 100) / 100
    return f"x = {tenths / 10:.7g}", f"{value:.7g}", f"{(2 * tenths + 30) / 10:.7g}"


def counted(step: int) -> Texts:
    return (f"count {step}",)


def plotted(step: int) -> Texts:
    """The number beside the plot, and the title in it."""
    return f"count {step}", f"x = {4 + step / 10:.1f}"


def settle(terminal: Terminal) -> None:
    while terminal.read(QUIET):
        pass


def seconds_until(terminal: Terminal, keys: str, texts: Texts) -> float:
    start = time.perf_counter()
    terminal.press(keys)
    terminal.wait(lambda: all(text in terminal.text for text in texts), f"{texts} on the screen")
    arrived = terminal.last_read
    while terminal.read(0.03):
        pass
    return arrived - start


def burst() -> float:
    """BURST steps written at once: seconds until the screen shows the last of them."""
    with Terminal(EXACT, columns=140, rows=40) as terminal:
        terminal.wait_for(*READY)
        settle(terminal)
        terminal.press(*["right"] * BURST)
        written = time.perf_counter()
        texts = stepped(BURST)
        terminal.wait(lambda: all(text in terminal.text for text in texts), f"{texts} on the screen")
        return terminal.last_read - written


def typing() -> list[float]:
    """Seconds from each key to its echo, typed A_SECOND a second whatever the program does meanwhile."""
    with Terminal(GRADTUI, columns=140, rows=40) as terminal:
        terminal.wait_for(*READY)
        terminal.press("/", "ctrl+u")
        settle(terminal)
        return list(echoes(terminal, lambda count: f"f(x) = {TYPED[:count]}" in terminal.text.replace("  ", " ")))


def echoes(terminal: Terminal, echoed: Callable[[int], bool]) -> Iterator[float]:
    start = time.perf_counter()
    for count, character in enumerate(TYPED, 1):
        due = start + count / A_SECOND
        while (left := due - time.perf_counter()) > 0:
            terminal.read(left)
        pressed = time.perf_counter()
        terminal.press(character)
        terminal.wait(lambda count=count: echoed(count), f"{TYPED[:count]!r} echoed")  # type: ignore[misc]
        yield max(0.0, terminal.last_read - pressed)


def changing(*keys: str, command: Sequence[str] = GRADTUI, ready: Texts = READY, before: Texts = ()) -> list[float]:
    """Seconds from each press of `keys`, in turn, to the end of the last frame it gave. before: pressed first."""
    with Terminal(command, columns=140, rows=40) as terminal:
        terminal.wait_for(*ready)
        settle(terminal)
        for first in before:
            frame(terminal, first)
        return [frame(terminal, key) for key in itertools.islice(itertools.cycle(keys), KEYS)]


def frame(terminal: Terminal, key: str) -> float:
    """Seconds from a press to the end of the last frame it gave."""
    painted = len(terminal.raw)
    start = time.perf_counter()
    terminal.press(key)
    terminal.wait(lambda: len(terminal.raw) > painted, f"another picture after {key}")
    settle(terminal)
    return terminal.last_read - start
