"""Graphs of 200,000 nodes: rows, modules that open and close, a saved one on the screen, and the way through it."""

from __future__ import annotations

import gc
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gradtui.file.snapshot_format import save
from gradtui.outline.arrangement import Arrangement
from gradtui.outline.filter_and_search import matches
from gradtui.outline.lanes import Lanes
from gradtui.snapshot.model import Snapshot
from tests import synthetic
from tests.benchmarks.measure import RUNS, alternating, percentile, timed
from tests.benchmarks.screen import BARE_APP, GRADTUI, changing, shown_after
from tests.benchmarks.table import Other, Row

LAYERS, STEPS = 3570, 66_666
"""Of a BERT and of a recurrence: 200,000 nodes each."""


def rows() -> Iterator[Row]:
    bert, recurrence = synthetic.bert(LAYERS), synthetic.recurrence(STEPS)
    ours, other = alternating(lambda: arranging(bert), lambda: arranging(recurrence), runs=RUNS)
    yield Row("first rows of 200,000 nodes: a model", ours, bar=0.5)
    yield Row("first rows of 200,000 nodes: a recurrence", other, bar=0.5)
    arrangement = arranged(bert)
    gc.collect()  # what is there when a file has been opened is not looked through again
    yield Row("opening and closing a module among them, the slowest", max(openings(arrangement)), bar=0.1)
    lanes, search = alternating(
        timed(lambda: Lanes(bert.graph)), timed(lambda: matches(bert.graph, "attention")), runs=3
    )
    yield Row("lanes of 200,000 nodes", lanes)
    yield Row("a search in 200,000 nodes", search)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "large.gradtui")
        save(bert, path)
        command = [*GRADTUI, path]
        first, ours, bare = alternating(
            lambda: shown_after(command, "large.gradtui"),
            lambda: shown_after(command, "NllLossBackward0", "norm"),
            lambda: shown_after(BARE_APP, "the first"),
            runs=3,
        )
        floor = Other(bare, "bare Textual app")
        yield Row("a saved model of 200,000 nodes: the frame that names it", first, floor=floor, bar=1.25, of="floor")
        yield Row("a saved model of 200,000 nodes shown", ours, floor=floor, bar=1.5)
        ready = ("NllLossBackward0", "norm")
        for what, key in (("a row", "up"), ("a page", "pagedown")):
            before = ("t", "end") if key == "up" else ("t",)
            times = changing(key, command=command, ready=ready, before=before)
            yield Row(f"scrolling them {what}, key to frame, median", statistics.median(times), bar=0.033)
            yield Row(f"scrolling them {what}, key to frame, 95 %", percentile(times, 0.95))


def arranging(snapshot: Snapshot) -> float:
    """Seconds, as at the opening of a file: the collector of garbage rests until the first frame, and what was made stays."""
    kept: list[Arrangement] = []
    gc.disable()
    try:
        return timed(lambda: kept.append(arranged(snapshot)))()
    finally:
        gc.enable()


def arranged(snapshot: Snapshot) -> Arrangement:
    arrangement = Arrangement(snapshot)
    arrangement.arrange()
    return arrangement


def openings(arrangement: Arrangement) -> Iterator[float]:
    """Seconds for each module from the whole down to a leaf in the middle, opened, and closed again."""
    node = len(arrangement.graph.nodes) // 2
    path = []
    for group in reversed(arrangement.outline.above(node)):
        row = next(row for row in arrangement.rows if row.kind == "group" and row.group == group)
        path.append(row)
        yield timed(lambda row=row: arrangement.toggle(row))()  # type: ignore[misc]
    for row in reversed(path):
        yield timed(lambda row=row: arrangement.toggle(row))()  # type: ignore[misc]
