"""Where one looks in a run: which update, which module, which stretch of updates, coloured by what, in which panes. No widget."""

from __future__ import annotations

from typing import Literal

from gradtui.runs.binned_norms import Measure, View, column_of, columns
from gradtui.runs.modules import Modules, Row
from gradtui.runs.packed_updates import Record, Updates
from gradtui.runs.run import Run, Update
from gradtui.snapshot.finding import Finding

Panes = Literal["charts", "beside"]
PANES: tuple[Panes | None, ...] = (None, "charts", "beside")
FIRST_ROWS = 16
"""Rows to which modules are opened at first, and to more where there is room."""
NARROWEST = 8
"""Updates in a window at least."""


class Look:
    """place: of the update that is selected, among all. latest: whether it stays at the last one. finding: the one that is
    told, of those that one goes through. only: the panes that have the whole screen, none for all of them. printed: whether
    what the script printed has the place of the numbers. rank: of several runs side by side the one that is seen. room: rows
    that are seen at a time."""

    def __init__(self) -> None:
        self.run = Run()
        self.record = Record()
        self.view = View(self.record)
        self.place = 0
        self.latest = True
        self.row = 0
        self.measure: Measure = "gradient"
        self.finding: int | None = None
        self.only: Panes | None = None
        self.printed = False
        self.rank = 0
        self.room = 0
        self._modules = Modules()
        self._opened: set[str] | None = None
        self._window: tuple[int, int] | None = None
        self.rows: list[Row] = []

    def take(self, run: Run, view: View) -> None:
        """The run as far as it has come now."""
        updates = run.updates
        record = updates.record if isinstance(updates, Updates) else Updates.of(updates).record
        if record is not self.record:  # another run in its place
            self._modules, self._opened, self._window, self.latest, self.row = Modules(), None, None, True, 0
            self.finding = None
        self.run, self.view, self.record = run, view, record
        if self._modules.grow(record.names):
            if self._opened is None:
                self._opened = self._modules.paths(max(FIRST_ROWS, self.room))
            self._lay_out()
        if self.latest:
            self.place = max(0, self.count - 1)
            if run.ended:  # nothing comes any more: where it went wrong is of more interest than where it ended
                self.latest = False
                self.next_finding()
                self.printed = self.printed or (not self.count and bool(run.printed.strip()))  # all that there is
        self.place = min(self.place, max(0, self.count - 1))

    def take_beside(self, run: Run, view: View) -> None:
        """That of another rank, at the same update and row, with the same modules open and the same stretch of updates."""
        place, path, finding = self.place, self.selected.path if self.selected is not None else "", self.finding
        opened, window = self._opened, self._window
        self.take(run, view)
        self._opened, self._window = opened or self._opened, window
        self._lay_out()
        self.row = next((number for number, row in enumerate(self.rows) if row.path == path), self.row)
        self.go(place)
        self.finding = finding

    @property
    def count(self) -> int:
        return self.view.count

    @property
    def update(self) -> Update | None:
        """The selected one."""
        return self.run.updates[self.place] if self.place < self.count else None

    @property
    def selected(self) -> Row | None:
        return self.rows[self.row] if self.row < len(self.rows) else None

    # Updates

    @property
    def window(self) -> tuple[int, int]:
        """The updates that are seen, from the first to before the last."""
        if self._window is None:
            return 0, max(1, self.count)
        low, high = self._window
        return max(0, min(low, self.count - 1)), max(1, min(high, self.count))

    def columns(self, width: int) -> list[range]:
        return columns(*self.window, max(1, width))

    def column(self, width: int) -> int | None:
        """Of the selected update; the middle one of those that it has."""
        low, high = self.window
        if not low <= self.place < high:
            return None
        return column_of(self.place, low, high, width)

    def go(self, place: int) -> None:
        self.place = max(0, min(place, self.count - 1))
        self.latest = self.place >= self.count - 1 and not self.run.ended
        low, high = self.window
        if self._window is not None and not low <= self.place < high:
            self._around(high - low)

    def move(self, by: int, width: int) -> None:
        """By so many columns of `width`, each of at least one update."""
        low, high = self.window
        self.go(self.place + by * max(1, (high - low) // max(1, width)))

    def zoom(self, factor: float) -> None:
        low, high = self.window
        self._around(round((high - low) * factor))

    def _around(self, size: int) -> None:
        size = max(NARROWEST, size)
        if size >= self.count:
            self._window = None
            return
        low = max(0, min(self.place - size // 2, self.count - size))
        self._window = low, low + size

    def fit(self) -> None:
        self._window = None

    # Modules

    def move_row(self, by: int) -> None:
        self.row = max(0, min(self.row + by, len(self.rows) - 1))

    def toggle(self) -> None:
        """Open or close the module; of a parameter the one that it is in is closed."""
        row = self.selected
        if row is None or self._opened is None:
            return
        if row.opened is None:
            above = next((one for one in reversed(self.rows[: self.row]) if one.depth < row.depth), None)
            if above is None:
                return
            self._opened.discard(above.path)
            self.row = self.rows.index(above)
        else:
            self._opened ^= {row.path}
        self._lay_out()

    def _lay_out(self) -> None:
        path = self.selected.path if self.selected is not None else None
        self.rows = self._modules.rows(self._opened or ())
        self.row = next((number for number, row in enumerate(self.rows) if row.path == path), 0)

    def show_parameter(self, name: str) -> None:
        """Select it, with all modules around it open."""
        if self._opened is None or name not in self.record.names:
            return
        parts = name.split(".")
        self._opened |= {".".join(parts[:end]) + "." for end in range(1, len(parts))}
        self._lay_out()
        self.row = next((number for number, row in enumerate(self.rows) if row.path == name), self.row)

    # Findings and Snapshots

    def next_finding(self) -> Finding | None:
        """The first, or the one after that which is told; go to the update where it begins."""
        findings = self.run.findings
        if not findings:
            return None
        self.finding = 0 if self.finding is None else (self.finding + 1) % len(findings)
        found = findings[self.finding]
        if found.update is not None:
            self.go(self.record.place(found.update))
        if found.parameter is not None:
            self.show_parameter(found.parameter)
        return found

    @property
    def told(self) -> Finding | None:
        """The finding that one has gone to, or the first that begins at the selected update."""
        findings, update = self.run.findings, self.update
        if self.finding is not None and self.finding < len(findings):
            return findings[self.finding]
        return next((one for one in findings if update is not None and one.update == update.update), None)

    def nearest(self) -> int | None:
        """The update nearest to the selected one that has a Snapshot; of two the one before."""
        update = self.update
        if update is None:
            return None
        return min(self.run.snapshots, key=lambda number: (abs(number - update.update), number), default=None)

    def next_snapshot(self, by: int) -> bool:
        """Go to the next, or the one before, of the updates that have one."""
        update = self.update
        if update is None:
            return False
        there = [number for number in self.run.snapshots if (number - update.update) * by > 0]
        if there:
            self.go(self.record.place(min(there) if by > 0 else max(there)))
        return bool(there)
