"""`gradtui train.py` on a terminal: the screen follows the script, and whoever leaves it leaves the training running."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from gradtui.file.run_writing import save
from tests import warm
from tests.runs import made
from tests.terminal.driver import Terminal, alive, assert_restored

pytestmark = [pytest.mark.child, pytest.mark.long]

GRADTUI = str(Path(sys.executable).with_name("gradtui"))
TRAIN = """
import os, sys, time
import torch
torch.manual_seed(0)
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(6):
    if step == 3:
        print("three are made", flush=True)
        while not os.path.exists(sys.argv[1]):
            time.sleep(0.01)
    loss = model(torch.ones(2, 3)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("all is done", file=sys.stderr)
sys.exit(3)
"""


def test_the_screen_follows_and_is_left(tmp_path: Path) -> None:
    script, gate = tmp_path / "train.py", tmp_path / "gate"
    script.write_text(TRAIN)
    with Terminal(warm.gradtui(str(script), str(gate)), columns=120, rows=36) as terminal:
        terminal.wait_for("3 updates", "goes on", "three are made", "weight", "bias")
        gate.touch()
        terminal.wait_for("6 updates", "ended with 3", "all is done")
        terminal.press("q")
        assert terminal.wait_exit() == 3
        assert_restored(terminal)


def test_a_training_goes_on_without_the_screen(tmp_path: Path) -> None:
    script, gate = tmp_path / "train.py", tmp_path / "gate"
    script.write_text(TRAIN)
    with Terminal(warm.gradtui(str(script), str(gate)), columns=120, rows=36) as terminal:
        terminal.wait_for("three are made")
        terminal.press("q")
        terminal.wait_for("goes on without the screen")
        gate.touch()
        assert terminal.wait_exit() == 3
        assert b"all is done" in terminal.raw
        assert_restored(terminal)


def test_a_saved_run_is_left_for_a_backward_pass_and_come_back_to(tmp_path: Path) -> None:
    save(made.run(), tmp_path / "run.gradtui")
    with Terminal([GRADTUI, str(tmp_path / "run.gradtui")], columns=120, rows=36) as terminal:
        terminal.wait_for("since update 37", "train.py:21", "encoder", "∅∅∅∅")
        terminal.press("enter")
        terminal.wait_for("0*sqrt(x)", "back to the run")
        terminal.press("escape")
        terminal.wait_for("since update 37", "∅∅∅∅")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)


BETWEEN = """
import os, signal, sys, time
from gradtui.tui.run import opened
of_update, (path, here, end) = opened.explorer, sys.argv[1:]

def late(*args):
    open(here, "w").close()
    if end == "raises":
        raise RuntimeError("it never came")
    while not os.path.exists(end):
        time.sleep(0.01)
    return of_update(*args)

opened.explorer = late
sys.exit(opened.run(path))
"""
"""The second screen is made, or not, when the test says so."""


def between(folder: Path, end: str) -> Terminal:
    """A run that was left for the backward pass of an update, which is not there yet."""
    save(made.run(), folder / "run.gradtui")
    here = folder / "here"
    terminal = Terminal([sys.executable, "-c", BETWEEN, str(folder / "run.gradtui"), str(here), end])
    terminal.wait_for("since update 37", "∅∅∅∅")
    terminal.press("enter")
    terminal.wait(here.exists, "the time between two screens")
    return terminal


def test_between_two_screens_no_shell_is_seen_and_keys_wait(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with between(tmp_path, str(gate)) as terminal:
        terminal.press("ctrl+c", "n", "n")
        gate.touch()
        terminal.wait_for("back to the run", "step 2 of")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.raw.count(b"?1049l") == 1
        assert b"^C" not in terminal.raw
        assert_restored(terminal)


def test_an_error_between_two_screens_is_read_in_the_shell(tmp_path: Path) -> None:
    with between(tmp_path, "raises") as terminal:
        assert terminal.wait_exit() == 1
        assert terminal.raw.rindex(b"?1049l") < terminal.raw.index(b"it never came")
        assert_restored(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_between_two_screens(number: signal.Signals, tmp_path: Path) -> None:
    with between(tmp_path, str(tmp_path / "never")) as terminal:
        terminal.signal(number)
        assert terminal.wait_exit() in (-number, 128 + number)
        assert_restored(terminal)


UNTRAINED = """
import os, sys, time
try:
    print(os.getpid(), "is the script", flush=True)
    while True:
        time.sleep(0.01)
except KeyboardInterrupt:
    print("saving", flush=True)
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.01)
    print("all is saved", flush=True)
    sys.exit(3)
"""
HASTY = "from gradtui.tui import terminal; terminal.GRACE = 0.001; from gradtui.command.cli import main; main()"


def test_ctrl_c_leaves_the_script_its_time(tmp_path: Path) -> None:
    """Once the screen is left, nothing ends the program before the script has ended."""
    script, gate = tmp_path / "train.py", tmp_path / "gate"
    script.write_text(UNTRAINED)
    with Terminal([sys.executable, "-c", HASTY, str(script), str(gate)]) as terminal:
        terminal.wait_for("is the script")
        terminal.press("q")
        terminal.wait_for("goes on without the screen")
        terminal.press("ctrl+c")
        terminal.wait_for("saving")
        gate.touch()
        assert terminal.wait_exit() == 3
        assert b"all is saved" in terminal.raw
        assert_restored(terminal)


AT_ONCE = """
import os, signal, sys
import gradtui.{module} as module
usual = module.{name}

def interrupted(*args, **settings):
    module.{name} = usual
    usual(*args, **settings)
    os.killpg(0, signal.SIGINT)

module.{name} = interrupted
from gradtui.command.cli import main
main()
"""
"""ctrl+c comes as soon as one thing is done, the first time."""


@pytest.mark.parametrize(
    ("options", "module", "name"),
    [((), "command.live_script", "click.echo"), (("--print",), "file.run_writing", "Ending.printed")],
)
def test_ctrl_c_at_any_moment_leaves_the_script_its_time(
    options: tuple[str, ...], module: str, name: str, tmp_path: Path
) -> None:
    script, gate = tmp_path / "train.py", tmp_path / "gate"
    script.write_text(UNTRAINED)
    program = AT_ONCE.format(module=module, name=name)
    with Terminal([sys.executable, "-c", program, *options, str(script), str(gate)]) as terminal:
        if not options:
            terminal.wait_for("is the script")
            terminal.press("q")
        terminal.wait_for("saving")
        gate.touch()
        assert terminal.wait_exit() == 3
        assert b"all is saved" in terminal.raw
        assert_restored(terminal)


@pytest.mark.parametrize(
    ("options", "number"), [((), signal.SIGTERM), (("--print",), signal.SIGHUP), (("--print",), signal.SIGQUIT)]
)
def test_a_signal_ends_the_script_too(tmp_path: Path, options: tuple[str, ...], number: signal.Signals) -> None:
    script, folder = tmp_path / "train.py", tmp_path / "folder"
    script.write_text(UNTRAINED)
    folder.mkdir()
    with Terminal([GRADTUI, *options, str(script)], environment={"TMPDIR": str(folder)}) as terminal:
        terminal.wait_for("is the script")
        (process,) = terminal.children()
        if not options:
            terminal.press("q")
            terminal.wait_for("goes on without the screen")
        terminal.signal(number)
        assert terminal.wait_exit() == 128 + number
        terminal.wait(lambda: not alive(process), "the script's end")
        assert_restored(terminal)
    assert [*folder.iterdir()] == [], "nothing is left"


LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def test_nothing_typed_is_lost_between_two_screens(tmp_path: Path) -> None:
    """Letters come one by one, from before the one goes until the other is there."""
    save(made.run(), tmp_path / "run.gradtui")
    with Terminal([GRADTUI, str(tmp_path / "run.gradtui")]) as terminal:
        terminal.wait_for("since update 37", "∅∅∅∅")
        terminal.press("enter")
        terminal.press("ctrl+p")
        for letter in LETTERS:
            terminal.press(letter)
            terminal.read(0.01)
        terminal.wait_for(LETTERS)
        assert terminal.raw.count(b"?1049h") == 2
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)
