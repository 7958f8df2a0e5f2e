"""A training step that is watched, against the plain one, torch's anomaly mode and TorchLens where it is installed.

One thread and its processor time, plain and watched steps in turn, the tenth percentile of each: what else the machine does
is in none of them. Memory: the most that a process of its own ever had, above what it had before the model.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks.measure import percentile
from tests.benchmarks.table import Other, Row

WIDTH, LAYERS, HEADS, WORDS, BATCH, LENGTH = 256, 4, 4, 8_192, 4, 128
WARM, ROUNDS = 3, 2
"""Steps of a round that are not counted, and rounds. The watch looks at more in the first three."""
SHARE = 0.1
MOST_SLOWER, MOST_MEMORY = 1.1, 1.3
CHILD = "from tests.benchmarks.training import peak; import sys; print(peak(*sys.argv[1:]))"
MEMORY_STEPS = 6


class Case(NamedTuple):
    """model, given, loss: of one step. steps: that are timed in each round."""

    what: str
    model: Callable[[Any], Any]
    given: Callable[[Any], tuple[Any, Any]]
    steps: int


def rows() -> Iterator[Row]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for name, case in CASES.items():
            plain, ours, anomaly = times(case, watched, torch.autograd.set_detect_anomaly)
            peer, floor = Other(anomaly, "anomaly mode"), Other(plain, "plain torch")
            yield Row(f"a watched step of {case.what}", ours, peer=peer, floor=floor, bar=MOST_SLOWER, of="floor")
            if find_spec("torchlens") is not None:
                yield Row("  beside TorchLens, forward and backward", ours, peer=Other(lens(case), "torchlens"))
            if not Path("/proc/self/clear_refs").exists():
                continue
            most = float(in_child("watched", name))
            floor = Other(float(in_child("plain", name)), "plain torch")
            yield Row("  its peak memory", most, "MB", floor=floor, bar=MOST_MEMORY, of="floor")
    finally:
        torch.set_num_threads(threads)


def step_of(case: Case) -> Callable[[], None]:
    import torch

    torch.manual_seed(0)
    model, (given, wanted) = case.model(torch), case.given(torch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad()
        made = model(given).flatten(0, -2)
        torch.nn.functional.cross_entropy(made, wanted.flatten()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def times(case: Case, *around: Callable[[Any], AbstractContextManager[object]]) -> list[float]:
    """Seconds of a plain step, and of one within each of these: of the same steps, as some of a training take ten times as long
    where numbers vanish."""
    ways = (nullcontext, *around)
    found: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for took, enter in zip(found, ways, strict=True):
            step = step_of(case)
            with enter(True):
                for place in range(WARM + case.steps):
                    start = time.process_time()
                    step()
                    if place >= WARM:
                        took.append(time.process_time() - start)
    return [percentile(took, SHARE) for took in found]


def lens(case: Case) -> float:
    """What TorchLens records of a forward pass and of the backward pass from its result."""
    import torch
    import torchlens

    model, (given, _) = case.model(torch), case.given(torch)
    took = []
    for _ in range(2):
        start = time.process_time()
        trace = torchlens.trace(model, given)
        trace.log_backward(trace[trace.output_layers[0]].out.square().mean())
        took.append(time.process_time() - start)
    return min(took)


@contextmanager
def watched(_: bool) -> Iterator[None]:
    from gradtui.engine.watching.watch import Watch
    from gradtui.file.run_writing import RunWriter

    with tempfile.TemporaryDirectory() as folder, RunWriter(os.path.join(folder, "run.gradtui")) as writer:
        watch = Watch(writer)
        try:
            yield
        finally:
            watch.close()


def in_child(*arguments: str) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CHILD, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def peak(how: str, name: str) -> float:
    """Bytes that this process had at most while it trained, above what it had before. Linux alone can forget a peak."""
    import gradtui.engine.watching.watch  # noqa: F401 - in both, before the model is there

    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    with watched(True) if how == "watched" else nullcontext():
        step = step_of(CASES[name])
        for _ in range(MEMORY_STEPS):
            step()
    return _status("VmHWM") - before


def _status(name: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:"))
    return float(line.split()[1]) * 1024


def mlp(torch: Any) -> Any:
    nn = torch.nn
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def convnet(torch: Any) -> Any:
    nn = torch.nn
    layers = []
    for before, after in ((3, 32), (32, 64), (64, 64)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 16, 10))


def gpt2(torch: Any) -> Any:
    """In plain torch, with the words of GPT-2 and its tied head."""
    nn = torch.nn

    class Block(nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.attention, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.wide, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
            self.dropout = nn.Dropout(0.1)

        def forward(self, x: Any) -> Any:
            batch, length, width = x.shape
            parts = self.attention(self.first(x)).view(batch, length, 3, HEADS, width // HEADS)
            query, key, value = parts.permute(2, 0, 3, 1, 4)
            seen = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
            x = x + self.dropout(self.out(seen.transpose(1, 2).reshape(batch, length, width)))
            return x + self.dropout(self.narrow(nn.functional.gelu(self.wide(self.second(x)))))

    class Model(nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(LENGTH, WIDTH)
            self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
            self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WORDS, bias=False)
            self.head.weight = self.words.weight

        def forward(self, words: Any) -> Any:
            x = self.words(words) + self.places(torch.arange(words.shape[1]))
            return self.head(self.norm(self.blocks(x)))

    return Model()


def words(torch: Any) -> tuple[Any, Any]:
    text = torch.randint(0, WORDS, (BATCH, LENGTH + 1))
    return text[:, :-1], text[:, 1:]


CASES = {
    "convnet": Case(
        "a convnet (batch 64 of 32x32)",
        convnet,
        lambda torch: (torch.randn(64, 3, 32, 32), torch.randint(0, 10, (64,))),
        5,
    ),
    "mlp": Case(
        "an MLP (784, 512, 512, 10, batch 256)",
        mlp,
        lambda torch: (torch.randn(256, 784), torch.randint(0, 10, (256,))),
        30,
    ),
    "gpt2": Case(f"GPT-2 ({LAYERS} layers, width {WIDTH}, batch {BATCH}x{LENGTH})", gpt2, words, 2),
}
