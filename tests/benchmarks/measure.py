"""Ways to measure that are fair to both sides. Seconds."""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

RUNS = 7


def alternating(*works: Callable[[], float], runs: int = RUNS, collected: bool = False) -> list[float]:
    """The median of what each of `works` returns, run in turn: a machine whose speed drifts drifts for all.

    One run of each comes first and is not counted. collected: before each the garbage of the one before is, not in its time.
    """

    def one(work: Callable[[], float]) -> float:
        if collected:
            gc.collect()
        return work()

    rounds = [[one(work) for work in works] for _ in range(1 + runs)][1:]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def timed(work: Callable[[], object]) -> Callable[[], float]:
    """`work` as something that returns the seconds it took."""

    def measured() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return measured


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


@contextmanager
def busy() -> Iterator[None]:
    """A process for each core that burns it."""
    burning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()
