"""Presses random keys, types, points, resizes and kills workers.

`python -m tests.faults.monkey --minutes 30 --seed 1`; with `--stay` it never quits, and the memory of one process is told;
with `--run` it is at the screen on a run, with the backward passes of its updates.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual.keys import _character_to_key

from gradtui.file.run_writing import save
from gradtui.snapshot.faults import KEPT_IN
from gradtui.tui.keys import KEYS
from gradtui.tui.run.keys import KEYS as RUN_KEYS
from tests import warm
from tests.runs import made
from tests.terminal import driver
from tests.terminal.driver import PATIENCE, Terminal, alive, assert_restored, state

CASES = Path(__file__).parents[1] / "cases"
FIRST = "x^2 + 3x + 1"
RUN = "run.gradtui"

SEQUENCES = {keys[0].value: sequence for sequence, keys in ANSI_SEQUENCES_KEYS.items() if isinstance(keys, tuple)}
"""What a terminal sends, by Textual's names for the keys."""
SEQUENCES |= {
    f"{modifier}+{key}": f"\x1b[{code[:-1]};{number}{code[-1]}"
    for code, key in FUNCTIONAL_KEYS.items()
    for modifier, number in (("shift", 2), ("ctrl", 5))
    if f"{modifier}+{key}" not in SEQUENCES and code != "1R"  # that is where the cursor stands
}
SEQUENCES |= {character: character for character in map(chr, range(33, 127))}
SEQUENCES |= {_character_to_key(character): character for character in map(chr, range(33, 127))}

QUITTING = {"q", "ctrl+q"}
INTERRUPTED = (-2, 130)
"""How it ends where ctrl+c comes when the terminal is the shell's again, at the end or between two screens."""
EXTRA_KEYS = ("tab", "shift+tab", "ctrl+p", "ctrl+c", "ctrl+u", "delete", "backspace", "enter", "escape")
SIZES = ((120, 36), (80, 24), (140, 40), (64, 18), (48, 12), (300, 100), (40, 10), (20, 5), (7, 3), (1, 1))
FAULTS = (signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP)
LONGEST = 400
"""Characters that are typed at once: more would not fit into the pty."""

KEPT = 2**17
"""Bytes of what was painted last that are kept: half an hour of it would be gigabytes."""

WARM = 2 / 3
"""The part of the actions in which memory may grow: caches fill, and the heap takes the shape of the largest burst."""
ROUND = 400
"""Actions after which one that stays does the same again: that needs no new memory, unless something is left behind."""
SAMPLE = 50
"""Actions from one look at the memory to the next."""

ESCAPES = re.compile(rb"\x1b(\[[0-9;?<>]*[A-Za-z]|[()][A-Z0-9]|.)")


@dataclass
class Report:
    """What the monkey did. memory: of the screen's process, (actions, MiB), each with the first function on the screen."""

    seed: int
    actions: int = 0
    keys: int = 0
    texts: int = 0
    clicks: int = 0
    resizes: int = 0
    kills: int = 0
    quits: int = 0
    memory: list[tuple[int, float]] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Of memory, where it never quit: the largest after the warm-up over the largest in it."""
        warm = self.memory[-1][0] * WARM
        before = [mebibytes for actions, mebibytes in self.memory if actions <= warm]
        return max(mebibytes for actions, mebibytes in self.memory if actions > warm) / max(before)

    def __str__(self) -> str:
        samples = self.memory[:: max(1, len(self.memory) // 12)]
        memory = "  ".join(f"{mebibytes:.1f} ({actions})" for actions, mebibytes in samples)
        growth = "" if not self.memory else f"; after the warm-up times {self.growth:.3f}"
        return (
            f"seed {self.seed}: {self.keys} keys, {self.texts} texts, {self.clicks} clicks, {self.resizes} resizes, "
            f"{self.kills} workers killed or stopped, {self.quits} quits\nmemory in MiB (after actions): {memory}{growth}"
        )


class Screen(Terminal):
    """A terminal that nobody looks at."""

    def keep(self, data: bytes) -> None:
        self.raw = (self.raw + data)[-KEPT:]

    def tail(self) -> str:
        """The end of what was painted, as plain text."""
        return ESCAPES.sub(b"", self.raw).decode(errors="replace")[-30000:]


class Monkey:
    """Knows every key of the screen and nothing else. Fails with its seed and what it did last.

    stays: keeps away from the palette, and from the letter that quits where nobody reads what is typed.
    at_run: it is at the screen on a run.
    """

    def __init__(self, seed: int, stays: bool = False, one_round: int = ROUND, at_run: bool = False) -> None:
        self.report, self.random = Report(seed), random.Random(seed)
        bindings = (*KEYS, *RUN_KEYS) if at_run else KEYS
        self.keys = [*sorted({key for binding in bindings for key in binding.key.split(",")} - QUITTING), *EXTRA_KEYS]
        self.at_run = at_run
        self.texts = _texts()
        self.stays, self.one_round = stays, one_round
        if stays:
            self.keys = [key for key in self.keys if key != "ctrl+p"]
            self.texts = [text for text in self.texts if "q" not in text]
        self.done: list[str] = []
        self.columns = 0

    def run(self, over: Callable[[Report], bool]) -> Report:
        """Torment one program after another until it is over; quitting by the palette is its good right."""
        while not over(self.report):
            with _program(self.at_run) as screen:
                self.screen = screen
                if self._torment(over):
                    self._leave()
        return self.report

    def _torment(self, over: Callable[[Report], bool]) -> bool:
        """Whether the program still runs when it is over."""
        for key in self.keys:
            self.press(key)
        while not over(self.report):
            if self.stays and self.report.actions % self.one_round == 0:
                self.random.seed(self.report.seed)
            if self.stays and self.report.actions % SAMPLE == 0:
                self._measure()
            self.report.actions += 1
            (action,) = self.random.choices(
                (self.key, self.hold, self.type, self.click, self.resize, self.kill), (60, 8, 12, 8, 4, 2)
            )
            action()
            if self.report.keys % 25 == 0:
                self._expect_a_frame()
            if self.screen.process.poll() is not None:
                self._expect_whole()
                self.report.quits += 1
                return False
        if self.stays:
            self._measure()
        return True

    def press(self, key: str) -> None:
        self.report.keys += 1
        self._write(bytes_of(key), key)

    def key(self) -> None:
        self.press(self.random.choice(self.keys))

    def hold(self) -> None:
        key = self.random.choice(self.keys)
        for _ in range(self.random.randint(5, 40)):
            self.press(key)

    def type(self) -> None:
        """Over the old function, or into whatever has the focus."""
        text = self.random.choice(self.texts)[:LONGEST]
        self.report.texts += 1
        if self.random.random() < 0.8:
            self._write(bytes_of("slash") + bytes_of("ctrl+u"), "/ ctrl+u")
        if self.random.random() < 0.5:
            self._write(text, repr(text))
        else:
            for character in text[:40]:
                self._write(character, repr(character))
        self.press(self.random.choice(("enter", "escape", "left", "backspace", "tab")))

    def click(self) -> None:
        self.report.clicks += 1
        column, row = self.random.randint(1, 140), self.random.randint(1, 40)
        button = self.random.choice((0, 0, 0, 2, 64, 65))
        self._write(f"\x1b[<{button};{column};{row}M\x1b[<{button};{column};{row}m", f"click {button} {column},{row}")

    def resize(self) -> None:
        size = self.random.choice((*SIZES, (self.random.randint(1, 200), self.random.randint(1, 60))))
        self._resize(*size)

    def kill(self) -> None:
        children = [*filter(self._is_started, self.screen.children())]
        if children:
            self.report.kills += 1
            fault = self.random.choice(FAULTS)
            self.done.append(f"{fault.name} to a worker")
            with suppress(ProcessLookupError):
                os.kill(self.random.choice(children), fault)

    def _is_started(self, child: int) -> bool:
        """Stopped before it has become a program of its own, it would keep the one that waits for that."""
        own, program = (Path(f"/proc/{process}/cmdline") for process in (child, self.screen.process.pid))
        with suppress(OSError):  # it has gone; or there is no such folder
            return own.read_bytes() != program.read_bytes()
        return True

    def _resize(self, columns: int, rows: int) -> object:
        """What was painted at once."""
        self.report.resizes += 1
        self.done.append(f"{columns}x{rows}")
        self.columns = columns
        self.screen.resize(columns, rows)
        return self.screen.read(0.01)

    def _write(self, data: str, name: str) -> None:
        self.done = [*self.done[-199:], name]
        with suppress(OSError):  # it may have quit
            os.write(self.screen.descriptor, data.encode(errors="replace"))
        self.screen.read(0.002)

    def _expect_a_frame(self) -> None:
        """The program lives: in another size it paints anew."""
        self.screen.read(0.0)
        painted = self._resize(110 if self.columns == 100 else 100, 30)
        limit = time.monotonic() + PATIENCE
        while not (painted or self.screen.read()) and self.screen.process.poll() is None:
            if state(self.screen.process.pid).startswith("T"):  # a ctrl+z after it had given the terminal back
                self.screen.signal(signal.SIGCONT)
            if time.monotonic() > limit:
                self.screen.signal(signal.SIGABRT)  # now it says where it hangs
                while self.screen.read(1.0):
                    pass
                self._fail(f"no frame within {PATIENCE:g} s")

    def _measure(self) -> None:
        """Memory with the first function on a screen of one size, once it is at rest."""
        self._resize(120, 36)
        for key in ("escape", "escape", "escape"):
            self._write(bytes_of(key), key)
            self.screen.read(0.2)  # escape and the next key at once would be another key
        self._write(bytes_of("slash") + bytes_of("ctrl+u") + FIRST + bytes_of("enter"), "the first function")
        for _ in range(20):
            if not self.screen.read(0.1):
                break
        if self.screen.process.poll() is None:
            self.report.memory.append((self.report.actions, _resident(self.screen.process.pid)))

    def _leave(self) -> None:
        """The way that is always open, whatever has the focus."""
        self._write(bytes_of("ctrl+q"), "ctrl+q")
        self._expect_whole()

    def _expect_whole(self) -> None:
        """The terminal, and no child left."""
        children = self.screen.children()
        status = self.screen.wait_exit()
        if status != 0 and not (status in INTERRUPTED and "ctrl+c" in self.done):
            self._fail(f"exit status {self.screen.process.returncode}")
        assert_restored(self.screen)
        assert not any(alive(child) for child in children)

    def _fail(self, what: str) -> None:
        actions = "\n".join(self.done[-40:])
        raise AssertionError(f"{what}; seed {self.report.seed}; {self.report}\nlast:\n{actions}\n{self.screen.tail()}")


def bytes_of(key: str) -> str:
    """What a terminal sends for a key of Textual's. Raises KeyError for one that the driver does not know."""
    return driver.KEYS.get(key) or SEQUENCES[key]


@contextmanager
def _program(at_run: bool) -> Iterator[Screen]:
    """A program that has answered once. What it saves, shoots and remembers goes where it does no harm."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "HOME": home,
            "XDG_DATA_HOME": home,
            "XDG_STATE_HOME": home,
            "XDG_CONFIG_HOME": home,
            "XDG_DOWNLOAD_DIR": home,
            "TEXTUAL_SCREENSHOT_LOCATION": home,
            "PYTHONFAULTHANDLER": "1",
        }
        # a ctrl+s that comes just after the program has left would keep its last words, and so its end, until ctrl+q
        if at_run:
            save(made.run(), Path(home, RUN))
        command = warm.gradtui(RUN if at_run else FIRST)
        with Screen(command, environment=environment, folder=Path(home), flow_control=False) as screen:
            answer = b"train.py" if at_run else b"AccumulateGrad"
            screen.wait(lambda: answer in screen.raw, "the first answer")
            yield screen
            if (error := Path(home, "gradtui", KEPT_IN)).exists():  # the screen went on, but it was an error of ours
                raise AssertionError(error.read_text())


def _texts() -> list[str]:
    """Functions good and bad, and values."""
    hostile = [case["expr"] for case in json.loads((CASES / "hostile.json").read_text())]
    formulas = [case["expr"] for case in json.loads((CASES / "formulas.json").read_text())]
    notations = [case["typed"] for case in json.loads((CASES / "notations.json").read_text())]
    gotchas = [case["expression"] for case in json.loads((CASES / "gotchas.json").read_text())]
    ours = [
        "a*b + sin(c) - w/d",
        "sum([x, 2, 3]^2)",
        "3",
        "-1e30",
        "pi/2",
        "1, 2, 3",
        "",
        "((((",
        "é²√π",
        "quit",
        "shot",
    ]
    return [text for texts in (hostile, formulas, notations, gotchas, ours * 5) for text in texts]


def _resident(process: int) -> float:
    """Resident memory in MiB."""
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True).stdout
    return int(said) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.monkey", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stay", action="store_true")
    parser.add_argument("--run", action="store_true")
    arguments = parser.parse_args()
    end = time.monotonic() + 60 * arguments.minutes
    print(Monkey(arguments.seed, arguments.stay, at_run=arguments.run).run(lambda _: time.monotonic() >= end))


if __name__ == "__main__":
    main()
