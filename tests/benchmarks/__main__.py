"""`python -m tests.benchmarks [GROUP ...] [--write]`: a table a group, each row ours, the peer's, the floor, the ratio, the bar.

All in one run; whole programs run in turn on a pty and are read as a person reads them. Medians unless said otherwise. --write
puts the tables, and the machine, into docs/speed.md.
"""

from __future__ import annotations

import compileall
import gc
import sys
from pathlib import Path

import gradtui
from tests.benchmarks import engine, graphs, memory, scale, screen, training
from tests.benchmarks.table import aligned, written

SPEED = Path("docs/speed.md")
GROUPS = {
    "engine": engine.rows,
    "graphs": graphs.rows,
    "training": training.rows,
    "screen": screen.rows,
    "memory": memory.rows,
    "scale": scale.rows,
}


def main() -> None:
    wanted = [argument for argument in sys.argv[1:] if argument != "--write"] or list(GROUPS)
    compileall.compile_dir(Path(gradtui.__file__).parent, quiet=1)  # as an installation does
    for group in wanted:
        gc.collect()
        gc.freeze()  # what the groups before have left would be looked through in the middle of a measurement
        rows = []
        for row in GROUPS[group]():
            print(aligned(row), flush=True)
            rows.append(row)
        if "--write" in sys.argv:
            SPEED.write_text(written(SPEED.read_text("utf-8"), group, rows), "utf-8")


if __name__ == "__main__":
    main()
