"""`gradtui.explore`, from a script, in a running event loop, in a thread, at a debugger's prompt; and without a terminal."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import warm
from tests.terminal.driver import Terminal, assert_restored

pytestmark = pytest.mark.child

LOSS = """
import gradtui, torch
w = torch.tensor(4.0, requires_grad=True)
loss = w**2 + 3*w + 1
"""
WAYS = (
    "gradtui.explore(loss)",
    "gradtui.explore(gradtui.capture(loss))",
    "import asyncio\nasync def main(): gradtui.explore(loss)\nasyncio.run(main())",
    "import threading\none = threading.Thread(target=gradtui.explore, args=(loss,)); one.start(); one.join()",
)
BETWEEN = "\ninput(f'\\x1b[2J\\x1b[Hleft {w.grad}')\n"
END = "breakpoint()\nloss.backward(); print('then', w.grad.item())\n"


@pytest.mark.long
def test_the_screen_opens_and_everything_is_as_before(tmp_path: Path) -> None:
    """In a script, on a Snapshot, in an event loop, in a thread, and at a debugger's prompt."""
    script = tmp_path / "train.py"
    script.write_text(LOSS + BETWEEN.join(WAYS) + BETWEEN + END)
    with Terminal([sys.executable, str(script)], environment={"TMPDIR": str(tmp_path)}) as terminal:
        for number in range(len(WAYS)):
            terminal.wait_for("AddBackward0", "AccumulateGrad", "saved", "quit", "step 1 of 5")
            if number < 2:
                assert re.search(r"AccumulateGrad +w ", terminal.text), "the name of the caller's variable"
            terminal.press("q")
            terminal.wait(lambda: terminal.raw.endswith(b"left None"), "the way back")
            assert_restored(terminal)
            terminal.press("\n")
        terminal.wait(lambda: terminal.raw.endswith(b"(Pdb) "), "the prompt")
        terminal.press("gradtui.explore(loss)\n")
        terminal.wait_for("AccumulateGrad", "q quit")
        terminal.press("q")
        terminal.wait(lambda: terminal.raw.endswith(b"(Pdb) "), "the prompt")
        terminal.press("c\n")
        terminal.wait_for("then 11.0")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)
    assert list(tmp_path.iterdir()) == [script]


TRAINING = """
import gradtui, torch
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
watch = gradtui.watch(model, optimizer)
for update in range(12):
    model(torch.ones(3, 2)).square().mean().backward()
    optimizer.step()
gradtui.explore(watch)
input('first is over')
watch.close()
gradtui.explore(watch.run)
print('then', len(watch.run.updates))
"""


@pytest.mark.long
def test_a_training_that_goes_on_and_the_run_that_it_leaves(tmp_path: Path) -> None:
    """The first is the Run as far as it has come; the findings of both say what is wrong."""
    script = tmp_path / "train.py"
    script.write_text(TRAINING)
    with Terminal([*warm.python(), str(script)], environment={"TMPDIR": str(tmp_path)}) as terminal:
        for after in ("first is over", "then 12"):
            terminal.wait_for("zero_grad", "weight", "quit")
            terminal.press("q")
            terminal.wait_for(after)
            if after == "first is over":
                terminal.press("\n")
        assert terminal.wait_exit() == 0
        assert_restored(terminal)
    assert [*tmp_path.glob("gradtui-*")] == [], "nothing is left"


def test_without_a_terminal() -> None:
    """It says so before it looks at what it is given."""
    code = "import gradtui\ntry:\n    gradtui.explore(None)\nexcept RuntimeError as error:\n    print(error)"
    run = subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert run.stdout.startswith("explore opens a screen, and there is no terminal here")
    assert run.stdout.count("\n") == 1
