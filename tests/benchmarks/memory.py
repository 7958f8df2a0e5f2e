"""What stays resident, and what goes over the pipe. Bytes."""

from __future__ import annotations

import gc
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from gradtui.service.protocol import frame
from gradtui.snapshot.model import Request, Snapshot
from tests.benchmarks.graphs import bert
from tests.benchmarks.screen import EXACT, READY, settle
from tests.benchmarks.table import Other, Row
from tests.terminal.driver import Terminal

BARE_TORCH = "import torch; torch.ones(1, requires_grad=True).sum().backward(); print(flush=True); input()"
STEPS = 20


def rows() -> Iterator[Row]:
    with Terminal(EXACT, columns=140, rows=40) as terminal:
        terminal.wait_for(*READY)
        for _ in range(STEPS):
            terminal.press("right")
            settle(terminal)
        screen = resident(terminal.process.pid)
        worker = max(resident(child) for child in terminal.children())
        terminal.press("q")
        terminal.wait_exit()
    yield Row("the screen's process, resident", screen, "MB", bar=90e6)
    yield Row("the torch worker, resident", worker, "MB", floor=Other(bare_torch(), "bare torch"))
    yield Row("bytes on the pipe for a step of x", step_bytes(), "B")
    from gradtui import trace

    yield Row("kept for a node of a captured BERT loss", kept(nullcontext), "B", bar=1024)
    yield Row("  with trace: values, lines, the text of the files", kept(trace), "B")


def resident(process: int) -> float:
    listing = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=True)
    return int(listing.stdout) * 1024


def bare_torch() -> float:
    command = [sys.executable, "-c", BARE_TORCH]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        size = resident(process.pid)
        process.communicate(b"\n")
    return size


def kept(watched: Callable[[Any], AbstractContextManager[object]]) -> float:
    """Of a Snapshot alone: the loss is gone, and what is made once was made before."""
    model, ids = bert()
    snapshot = captured(model, ids, watched)
    tracemalloc.start()
    snapshot = captured(model, ids, watched)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(snapshot.graph.nodes)


def captured(model: Any, ids: Any, watched: Callable[[Any], AbstractContextManager[object]]) -> Snapshot:
    import gradtui

    with watched(model):
        loss = model(ids).last_hidden_state.square().mean()
    return gradtui.capture(loss, model=model)


def step_bytes() -> float:
    """The request and the answer of one step of the first example, without a curve: that is asked once a window."""
    from gradtui.engine.typed.evaluate import evaluate

    request = Request(id=1, expression="x^2 + 3x + 1", at={"x": 4.1})
    return len(frame(request)) + len(frame(evaluate(request)))
