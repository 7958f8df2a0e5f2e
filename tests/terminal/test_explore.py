"""`gradtui.explore`, from a script, in a running event loop, in a thread, at a debugger's prompt; and without a terminal."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal.driver import Terminal, assert_restored

pytestmark = pytest.mark.child

LOSS = """
import gradtui, torch
w = torch.tensor(4.0, requires_grad=True)
loss = w**2 + 3*w + 1
"""
WAYS = {
    "script": "gradtui.explore(loss)",
    "snapshot": "gradtui.explore(gradtui.capture(loss))",
    "event loop": "import asyncio\nasync def main(): gradtui.explore(loss)\nasyncio.run(main())",
    "thread": "import threading\none = threading.Thread(target=gradtui.explore, args=(loss,)); one.start(); one.join()",
}
AFTER = "\nprint('gradient', w.grad); loss.backward(); print('then', w.grad.item())\n"


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_the_screen_opens_and_everything_is_as_before(way: str, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(LOSS + WAYS[way] + AFTER)
    with Terminal([sys.executable, str(script)], environment={"TMPDIR": str(tmp_path)}) as terminal:
        terminal.wait_for("AddBackward0", "AccumulateGrad", "saved", "quit", "step 1 of 5")
        if way in ("script", "snapshot"):
            assert re.search(r"AccumulateGrad +w ", terminal.text), "the name of the caller's variable"
        terminal.press("q")
        terminal.wait_for("gradient None", "then 11.0")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)
    assert list(tmp_path.iterdir()) == [script]


@pytest.mark.long
def test_at_a_debuggers_prompt(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(f"{LOSS}breakpoint()\nprint('end')\n")
    with Terminal([sys.executable, str(script)]) as terminal:
        terminal.wait_for("(Pdb)")
        terminal.press("gradtui.explore(loss)\n")
        terminal.wait_for("AccumulateGrad", "q quit")
        terminal.press("q")
        terminal.wait(lambda: terminal.raw.endswith(b"(Pdb) "), "the prompt")
        terminal.press("c\n")
        assert terminal.wait_exit() == 0


@pytest.mark.long
def test_without_a_terminal() -> None:
    code = f"{LOSS}\ntry:\n    gradtui.explore(loss)\nexcept RuntimeError as error:\n    print(error)"
    run = subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert run.stdout.startswith("explore opens a screen, and there is no terminal here")
    assert run.stdout.count("\n") == 1
