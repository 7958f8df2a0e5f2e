"""A deep graph that was captured or traced can be dropped: all at once, from any place, on any thread, at exit.

In a process of its own: what is tested for is its end.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.child

SCRIPT = """
import gc, threading, torch, gradtui

def chain(length, y):
    for _ in range(length // 2):
        y = torch.sin(y * 1.01)
    return y

def start():
    return torch.ones((), requires_grad=True)

class Same(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1.0
    @staticmethod
    def backward(ctx, grad):
        return grad

def plain():
    y = chain(LENGTH, start())
    assert len(gradtui.capture(y).graph.nodes) == LENGTH + 1
    del y

def from_the_middle():
    middle = chain(LENGTH // 2, start())
    y = chain(LENGTH // 2, middle)
    gradtui.capture(y)
    del y
    gc.collect()
    del middle

def used_further_on():
    y = chain(LENGTH, start())
    gradtui.capture(y)
    further = chain(LENGTH, y)
    del y
    gc.collect()
    del further

def residual():
    y = start()
    for _ in range(LENGTH // 2):
        y = y + torch.sin(y)
    gradtui.capture(y)
    del y

def custom():
    y = start()
    for _ in range(LENGTH // 2):
        y = Same.apply(y)
    gradtui.capture(y)
    del y

def traced():
    with gradtui.trace():
        y = chain(LENGTH, start())
    del y

def never_dropped():
    global kept
    kept = chain(LENGTH, start())
    gradtui.capture(kept)

def run():
    for case in (plain, from_the_middle, used_further_on, residual, custom, traced, never_dropped):
        print(case.__name__, flush=True)
        case()
        gc.collect()
    print("alive", gc.callbacks, flush=True)

threading.stack_size(STACK)
thread = threading.Thread(target=run)
thread.start()
thread.join()
run()
"""

CASES = ["plain", "from_the_middle", "used_further_on", "residual", "custom", "traced", "never_dropped", "alive []"]


LENGTH = 5_000
"""Nodes: from 4,000 on a graph is too deep for this stack."""
STACK = 512 * 1024
"""Bytes, also of the main thread: a sixteenth of the usual, so that a graph is deep sooner."""


@pytest.mark.long
def test_dropped() -> None:
    """A process whose code touches such a graph and drops it, on a thread or its own, ends with a segmentation fault."""
    code = f"LENGTH, STACK = {LENGTH}, {STACK}\n{SCRIPT}"
    limits = f"import resource, os, sys; resource.setrlimit(resource.RLIMIT_STACK, ({STACK}, {STACK}))"
    start = f"{limits}; os.execv(sys.executable, [sys.executable, '-c', sys.argv[1]])"
    run = subprocess.run([sys.executable, "-c", start, code], capture_output=True, text=True)
    assert (run.returncode, run.stdout.splitlines()) == (0, 2 * CASES), run.stderr
