"""`python -m tests.benchmarks`: one table, each row ours, the peer's, the ratio and the bar, all in one run.

Whole programs run on a pty and are read as a person reads them. Ours and the peer run in turn, so that a machine whose
speed drifts drifts for both. Medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.terminal.driver import Terminal

PEERS = Path(__file__).parent / "peers"
GRADTUI = [str(Path(sys.executable).with_name("gradtui"))]
BARE_APP = [sys.executable, str(PEERS / "bare_app.py")]
PLOTEXT_APP = [sys.executable, str(PEERS / "plotext_app.py")]
RUNS = 7
KEYS = 60


@dataclass(frozen=True)
class Row:
    """One line of the table; seconds."""

    what: str
    ours: float
    peer: float | None
    peer_name: str
    bar: float
    unit: str = "ms"

    @property
    def measured(self) -> float:
        """What is held against the bar: the ratio to the peer, or our own figure where there is none."""
        return self.ours if self.peer is None else self.ours / self.peer

    def __str__(self) -> str:
        peer = "" if self.peer is None else f"{self.peer * 1000:.3g} ms {self.peer_name}"
        bar = f"{self.bar * 1000:g} ms" if self.peer is None else f"{self.bar:g} x"
        measured = f"{self.measured * 1000:.3g} ms" if self.peer is None else f"{self.measured:.2f} x"
        verdict = "ok" if self.measured <= self.bar else "MISSED"
        return f"{self.what:<44}{self.ours * 1000:>9.3g} ms   {peer:<28}{measured:>9}{bar:>9}   {verdict}"


def shown_after(command: list[str], *texts: str) -> float:
    """Seconds from start until all `texts` stand on a 120x36 screen."""
    with Terminal(command) as terminal:
        seconds = terminal.wait_for(*texts)
        terminal.press("q")
        terminal.wait_exit()
    return seconds


def import_torch() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - start


def alternating(ours: Callable[[], float], peer: Callable[[], float]) -> tuple[float, float]:
    """Medians of RUNS runs of each, in turn, after one uncounted run of each."""
    ours(), peer()
    pairs = [(ours(), peer()) for _ in range(RUNS)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def key_to_frame(command: list[str], ready: tuple[str, ...], expected: Callable[[int], tuple[str, ...]]) -> list[float]:
    """Seconds from each of KEYS presses of → until the screen (140x40) shows what it must show then."""
    with Terminal(command, columns=140, rows=40) as terminal:
        terminal.wait_for(*ready)
        while terminal.read(0.3):
            pass
        times = []
        for step in range(1, KEYS + 1):
            texts = expected(step)
            pressed = time.perf_counter()
            terminal.press("right")
            arrived = pressed
            while not all(text in terminal.text for text in texts):
                if terminal.read(1.0):
                    arrived = terminal.last_read
                elif time.perf_counter() > pressed + 10:
                    raise AssertionError(f"no {texts} on the screen:\n{terminal.text}")
            times.append(arrived - pressed)
            while terminal.read(0.03):
                pass
        terminal.press("q")
        terminal.wait_exit()
    return times


def expected_step(step: int) -> tuple[str, ...]:
    """What `x^2 + 3x + 1` must show after `step` steps of 0.1 from 4: x, f and f'; in float64 they are round numbers."""
    tenths = 40 + step
    x = tenths / 10
    value = (tenths * tenths + 30 * tenths + 100) / 100
    return f"{x:.7g}", f"{value:.7g}", f"{2 * x + 3:.7g}"


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def screen_rows() -> list[Row]:
    first, bare = alternating(
        lambda: shown_after(GRADTUI, "x^2 + 3x + 1"), lambda: shown_after(BARE_APP, "the first frame")
    )
    everything = ("29", "11", "2*x + 3", "AccumulateGrad", "tangent", "⠉⠉")
    whole, torch = alternating(lambda: shown_after(GRADTUI, *everything), import_torch)
    ours = key_to_frame([*GRADTUI, "--dtype", "float64"], ("2*x + 3", "AccumulateGrad"), expected_step)
    counted = key_to_frame(BARE_APP, ("count 0",), lambda step: (f"count {step}",))
    plotted = key_to_frame(PLOTEXT_APP, ("count 0",), lambda step: (f"count {step}",))
    return [
        Row("first paint", first, bare, "bare Textual app", 1.25),
        Row("everything shown", whole, torch, "import torch", 1.3),
        Row("key to frame, 140x40, median", statistics.median(ours), None, "", 0.016),
        Row("key to frame, 140x40, p95", percentile(ours, 0.95), None, "", 0.033),
        Row("  the bare app's median", statistics.median(ours), statistics.median(counted), "bare Textual app", 99),
        Row(
            "  a textual-plotext app's median", statistics.median(ours), statistics.median(plotted), "plotext app", 0.3
        ),
    ]


def best(work: Callable[[], object], repeats: int = 30) -> float:
    """The median of `repeats` runs of `work`, after three uncounted ones; seconds."""
    times = []
    for count in range(repeats + 3):
        start = time.perf_counter()
        work()
        if count >= 3:
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def engine_rows() -> list[Row]:
    import torch

    from gradtui.engine.curve import curve
    from gradtui.engine.evaluate import evaluate
    from gradtui.engine.forward import run
    from gradtui.expression import parse
    from gradtui.snapshot.model import CurveRequest, Request

    torch.set_num_threads(1)
    long = " + ".join(["sin(x)^2 + 3x*exp(-x/2)"] * 39)

    request = Request(id=0, expression="sin(x)*exp(-x^2)", at={"x": 0.5})
    asked = CurveRequest(variable="x", window=(-10, 10), points=1000)
    leaves = {"x": torch.tensor(0.5, requires_grad=True)}
    forward = run(parse(request.expression), leaves)

    def bare_curve() -> tuple[list[float], list[float], list[float]]:
        x = torch.linspace(-10, 10, 1000, requires_grad=True)
        f = torch.sin(x) * torch.exp(-(x**2))
        (derivative,) = torch.autograd.grad(f.sum(), x)
        return x.tolist(), f.tolist(), derivative.tolist()

    def bare_step() -> float:
        x = torch.tensor(0.5, requires_grad=True)
        (grad,) = torch.autograd.grad(torch.sin(x) * torch.exp(-(x**2)), x)
        return grad.item()

    return [
        Row(f"parse {len(long)} characters", best(lambda: parse(long)), None, "", 0.020),
        Row(
            "curve of f and f', 1,000 points",
            best(lambda: curve(asked, forward, leaves)),
            best(bare_curve),
            "bare torch",
            1.5,
        ),
        Row("one evaluation with the whole record", best(lambda: evaluate(request)), best(bare_step), "bare torch", 99),
    ]


def main() -> None:
    for row in (*engine_rows(), *screen_rows()):
        print(row, flush=True)


if __name__ == "__main__":
    main()
