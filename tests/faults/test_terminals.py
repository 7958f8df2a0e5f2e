"""Terminals that are not what one expects, and a storm of sizes."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal.driver import Terminal, assert_restored
from tests.terminal.light import light

pytestmark = pytest.mark.child

GRADTUI = str(Path(sys.executable).with_name("gradtui"))
ALL = ("29", "11", "AddBackward0", "AccumulateGrad")

STRANGE = {
    "unknown": {"TERM": "nobody-has-heard-of-it"},
    "no color": {"NO_COLOR": "1"},
    "no UTF-8": {"LC_ALL": "POSIX", "LANG": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "16 colours": {"TERM": "linux", "COLORTERM": ""},
}


@pytest.mark.parametrize("environment", STRANGE.values(), ids=STRANGE.keys())
def test_strange_terminals(environment: dict[str, str]) -> None:
    with Terminal(light(), columns=80, rows=24, environment=environment) as terminal:
        terminal.wait_for(*ALL)
        terminal.press("right")
        terminal.wait_for("4.1", "11.2")
        if "NO_COLOR" in environment:
            assert colours(terminal.raw) == set()
        if environment.get("TERM") == "linux":
            assert {"32", "36", "93"} <= colours(terminal.raw), "f, f', the tangent"
            assert not colours(terminal.raw) & {"38", "48"}
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


def colours(raw: bytes) -> set[str]:
    """The first numbers of the colours that were asked for, by their SGR; 39 and 49 are the terminal's own."""
    asked = set()
    for sequence in re.findall(rb"\x1b\[([0-9;]*)m", raw):
        numbers = re.sub(r"\b([34]8);(5;\d+|2;\d+;\d+;\d+)", r"\1", sequence.decode()).split(";")
        asked |= {one for one in numbers if one[:1] in ("3", "4", "9") and len(one) == 2 and one not in ("39", "49")}
        asked |= {one for one in numbers if len(one) == 3}
    return asked


@pytest.mark.parametrize("theme", ["ansi", "ansi-light"])
def test_no_color_with_an_ansi_theme(theme: str) -> None:
    """Textual has it black on black."""
    with Terminal(light("--theme", theme), environment={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for(*ALL)
        terminal.press("down")
        terminal.wait_for("step 2 of 5", "q quit")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert colours(terminal.raw) == set()
        assert_restored(terminal)


def test_dumb_terminal() -> None:
    """It cannot place text."""
    with Terminal(light(), environment={"TERM": "dumb"}) as terminal:
        terminal.wait_for("TERM is dumb", "--print")
        assert terminal.wait_exit() == 2
        assert_restored(terminal)


def test_a_storm_of_sizes() -> None:
    """From 1x1 to 300x100, faster than they can be painted; the last one is whole."""
    sizes = random.Random(5)
    with Terminal(light(), columns=80, rows=24) as terminal:
        terminal.wait_for(*ALL)
        for _ in range(40):
            terminal.resize(sizes.randint(1, 300), sizes.randint(1, 100))
            terminal.read(0.002)
        for columns, rows in ((300, 100), (1, 1), (80, 24)):
            terminal.resize(columns, rows)
        terminal.wait_for(*ALL)
        terminal.press("right")
        terminal.wait_for("4.1", "11.2")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


def test_the_size_is_the_terminals() -> None:
    """Not that of COLUMNS and LINES: a Python prompt, from where one may start it, sets them once (GNU readline does)."""
    with Terminal(light(), columns=120, rows=36, environment={"COLUMNS": "80", "LINES": "24"}) as terminal:
        terminal.wait(lambda: terminal.text.splitlines()[-1].strip() != "", "the footer in the last line")
        terminal.wait_for(*ALL)
        terminal.resize(20, 5)
        terminal.wait_for("small")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


@pytest.mark.parametrize("arguments", [[], ["x^2"], ["--step", "1"]])
def test_standard_input_that_is_no_terminal(arguments: list[str]) -> None:
    run = subprocess.run([GRADTUI, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert run.returncode == 2
    assert "the screen needs a terminal" in run.stderr
    assert "--print" in run.stderr
    assert run.stdout == ""


def test_a_torch_that_does_not_start(tmp_path: Path) -> None:
    """The screen comes all the same, and says how to mend it."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise OSError('libtorch.so: no such file')")
    with Terminal([GRADTUI], columns=120, rows=36, environment={"PYTHONPATH": str(tmp_path)}) as terminal:
        terminal.wait_for("PyTorch does not start", "pip install --force-reinstall torch", "x^2 + 3x + 1")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)
