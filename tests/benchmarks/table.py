"""A line of the table: ours, the peer, the floor, the ratio and the bar, all measured in one run."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

Unit = Literal["ms", "µs", "MB", "KiB", "B"]
SCALES: dict[Unit, float] = {"ms": 1e-3, "µs": 1e-6, "MB": 1e6, "KiB": 1024.0, "B": 1.0}
"""What one of each is, in seconds or bytes."""
HEADINGS = ("what", "ours", "peer", "floor", "ratio", "bar", "")


@dataclass(frozen=True)
class Other:
    """What ours is held against: `value` in seconds or bytes, as ours, and what it is."""

    value: float
    name: str


@dataclass(frozen=True)
class Row:
    """`ours`, `peer` and `floor` in seconds or bytes; `unit` is how they are shown.

    peer: another way to the same end. floor: what cannot be left out. bar: the most that ours may be; of the figure itself
    (`figure`), of its ratio to the peer or to the floor; None where the row is only to be known.
    """

    what: str
    ours: float
    unit: Unit = "ms"
    peer: Other | None = None
    floor: Other | None = None
    bar: float | None = None
    of: Literal["figure", "peer", "floor"] = "figure"

    @property
    def ratio(self) -> float | None:
        """Ours to what the bar speaks of, else to the peer, else to the floor."""
        other = {"figure": self.peer or self.floor, "peer": self.peer, "floor": self.floor}[self.of]
        return None if other is None else self.ours / other.value

    @property
    def measured(self) -> float:
        """What is held against the bar."""
        return self.ours if self.of == "figure" or self.ratio is None else self.ratio

    @property
    def holds(self) -> bool:
        return self.bar is None or self.measured <= self.bar

    def cells(self) -> tuple[str, ...]:
        bar = "" if self.bar is None else self._figure(self.bar) if self.of == "figure" else f"{self.bar:g} x {self.of}"
        verdict = "" if self.bar is None else "ok" if self.holds else "MISSED"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return self.what, self._figure(self.ours), self._other(self.peer), self._other(self.floor), ratio, bar, verdict

    def _figure(self, value: float) -> str:
        shown = value / SCALES[self.unit]
        return f"{shown:,.0f} {self.unit}" if shown >= 100 else f"{shown:.3g} {self.unit}"

    def _other(self, other: Other | None) -> str:
        return "" if other is None else f"{self._figure(other.value)}, {other.name}"


def written(text: str, group: str, rows: Sequence[Row]) -> str:
    """docs/speed.md with the table of a group, under its heading, and the line that tells the machine, made anew."""
    before, heading, rest = text.partition(f"\n## {group}\n")
    _, following, after = rest.partition("\n## ")
    return f"{before}{heading}\n{machine()}.\n\n{markdown(rows)}\n{following}{after}"


def markdown(rows: Sequence[Row]) -> str:
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(map(str.strip, line))} |" for line in lines)


def machine() -> str:
    """`2 cores (x86_64, Linux), Python 3.11.7, torch 2.13.0, textual 8.2.0; load 0.4 at the end`."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "textual"))
    place = f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), Python {platform.python_version()}"
    return f"{place}, {versions}; load {os.getloadavg()[0]:.1f} at the end"


def aligned(row: Row) -> str:
    """A line for the terminal."""
    return "{:<46}{:>10}  {:<32}{:<32}{:>6}  {:<14}{}".format(*row.cells())
