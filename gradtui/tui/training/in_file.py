"""What of a run goes into a file that is written from the screen, and what is said where nothing of it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gradtui.snapshot.model import Snapshot
from gradtui.tui.session import Session


class InFile(Struct, frozen=True):
    """snapshot: what is written. withheld: updates that are made and not in it, as the picture is of an experiment. way_out: to
    updates, where it has none."""

    snapshot: Snapshot
    withheld: int
    way_out: str

    def export(self, path: str, **how: Any) -> None:
        """Write it. Raises ExportError, and OSError."""
        # not wanted before the first paint
        from gradtui.report.export import ExportError, NoUpdatesError, export, suffix_of

        if self.withheld and suffix_of(path) == ".py":
            raise ExportError(
                f"a script makes the updates, and an experiment is on, of which it knows nothing: {self.way_out}"
            )
        try:
            export(self.snapshot, path, **how)
        except NoUpdatesError as error:
            raise ExportError(f"{error}: {self.way_out}") from None

    @property
    def told(self) -> str:
        """What the file lacks, after its name."""
        count = f"{self.withheld:,} update{'s' * (self.withheld > 1)}"
        return f", without the {count}: an experiment is on" if self.withheld else ""


def in_file(whole: Snapshot, session: Session, made: int, keys: Mapping[str, str]) -> InFile:
    """whole: the picture with all updates that led to it. made: how many there are; the one that is there before anybody takes it
    is none. keys: how those of the actions are called."""
    if not session.live:
        return InFile(whole, 0, "none was made where this is from")
    if session.experiments:
        return InFile(whole, made, f"{keys['undo']} takes the experiment back")
    return InFile(whole if made else replace(whole, training=None), 0, f"{keys['update']} makes one")
