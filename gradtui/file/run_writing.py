"""A Run on its way to disk: each thing that is told is one whole record, which is in the file when the call comes back."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO, Any, Self

from msgspec import msgpack
from msgspec.structs import replace

from gradtui.file import run_format, snapshot_format
from gradtui.file.header import MAGIC, RUN, BrokenError, FileError
from gradtui.file.pieces import TOO_LARGE
from gradtui.file.run_format import End, Head, Step, deflated, record
from gradtui.file.writing import replacing
from gradtui.runs.packed_updates import Norms, Record, scalars
from gradtui.runs.run import Run, Update
from gradtui.runs.thinning import Thinning
from gradtui.snapshot.exception_text import unbroken
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Snapshot

MOST_NAMES = 2**16
"""Of parameters, in one record."""
MOST_PRINTED = 2**20
"""Characters of what was printed, in one record."""


class RunWriter:
    """Begins the file anew, or writes to one that is open. A process that is forked from this one writes nothing to it.

    Raises OSError for what cannot be written: the file then ends with the last whole record. Raises FileError for what no
    file can hold.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        what: str = "",
        arguments: Sequence[str] = (),
        rank: int | None = None,
        ranks: int | None = None,
        started: float | None = None,
        file: IO[bytes] | None = None,
        thinning: Thinning | None = None,
    ) -> None:
        self._path = os.fspath(path)
        self._own = file is None
        self._file: IO[bytes] = file or open(self._path, "wb", buffering=0)  # noqa: SIM115 - as long as the run goes on
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._record = Record()
        self._thinning: Thinning | None = thinning or Thinning()
        self._optimizers = 0
        head = Head(unbroken(what), tuple(map(unbroken, arguments)), rank, ranks, started)
        try:
            self._write(MAGIC + bytes([RUN]) + self._encoded(run_format.HEAD, head))
        except BaseException:
            self.close()
            raise

    def optimizer(self, name: str) -> int:
        """One more optimizer; its number."""
        self._append(run_format.OPTIMIZER, unbroken(name))
        self._optimizers += 1
        return self._optimizers - 1

    def shards(self, names: Sequence[str]) -> None:
        """Of these parameters, and of those that were told before, this process holds a part."""
        for start in range(0, len(names), MOST_NAMES):
            self._append(run_format.SHARDS, [*map(unbroken, names[start : start + MOST_NAMES])])

    def update(self, update: Update) -> None:
        parameters = {unbroken(name): one for name, one in update.parameters.items()}
        with self._lock:
            new = self._record.new_names(parameters)
            records = [
                self._encoded(run_format.NAMES, new[start : start + MOST_NAMES])
                for start in range(0, len(new), MOST_NAMES)
            ]
            norms = self._record.pack(update.update, parameters) if parameters else None
            is_whole, late = True, list[Norms]()
            if norms is not None and self._thinning is not None and not update.thinned:
                is_whole, late = self._thinning.take(norms)
            records += [self._encoded(run_format.NORMS, one) for one in late]
            told = scalars(update if is_whole else replace(update, thinned=True))
            records.append(self._encoded(run_format.UPDATE, Step(told, norms if is_whole else None)))
            try:
                self._write(b"".join(records))
            except BaseException:
                self._record.unlearn(new)
                raise

    def snapshot(self, update: int, snapshot: Snapshot) -> None:
        stream = io.BytesIO(run_format.SNAPSHOT_OF.pack(update))
        stream.seek(0, io.SEEK_END)
        try:
            snapshot_format.write(snapshot, stream)
        except BrokenError as error:
            raise FileError(self._path, error) from None
        if stream.tell() > run_format.MOST_OF_A_SNAPSHOT:
            raise FileError(self._path, TOO_LARGE)
        with self._lock:
            self._write(b"".join([*self._wanted(update), record(run_format.SNAPSHOT, stream.getvalue())]))

    def finding(self, finding: Finding) -> None:
        """What it is about is kept whole, where it is one of the last updates, and that before it."""
        with self._lock:
            wanted = self._wanted(finding.update) if finding.update is not None else ()
            self._write(b"".join([*wanted, self._encoded(run_format.FINDING, finding)]))

    def printed(self, text: str) -> None:
        """What the script wrote since the last call."""
        for start in range(0, len(text), MOST_PRINTED):
            self._append(run_format.PRINTED, unbroken(text[start : start + MOST_PRINTED]))

    def watch_ended(self, why: str) -> None:
        """Nothing more is seen of the training, which goes on."""
        self._append(run_format.WATCH_ENDED, unbroken(why))

    def end(self, exit: int | None = None) -> None:
        self._finish()
        self._append(run_format.END, End(exit))

    def close(self) -> None:
        """What stood out in the last updates of a run that is thinned comes first."""
        with suppress(OSError):
            self._finish()
        if self._own:
            self._file.close()

    def _finish(self) -> None:
        with self._lock:
            if self._thinning is not None and not self._file.closed:
                self._write(b"".join(self._encoded(run_format.NORMS, one) for one in self._thinning.rest()))

    def _wanted(self, update: int) -> list[bytes]:
        found = self._thinning.wanted(update) if self._thinning is not None else []
        return [self._encoded(run_format.NORMS, one) for one in found]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _append(self, kind: int, what: object) -> None:
        with self._lock:
            self._write(self._encoded(kind, what))

    def _encoded(self, kind: int, what: Any) -> bytes:
        try:
            return record(kind, deflated(msgpack.encode(what)))
        except UnicodeEncodeError:
            raise FileError(self._path, snapshot_format.HALF) from None
        except BrokenError as error:
            raise FileError(self._path, error) from None

    def _write(self, records: bytes) -> None:
        """All of them, or none."""
        if os.getpid() != self._process:
            return
        _write_whole(self._file, records)


def _write_whole(file: IO[bytes], records: bytes) -> None:
    """Write all of `records` or nothing. Raises OSError.

    An unbuffered file takes as much as there is room for; only the next write raises. What was written by then is taken out
    again: half a record would spoil those that another process writes behind it.
    """
    rest = memoryview(records)
    try:
        while rest:
            rest = rest[file.write(rest) or 0 :]
    except OSError:
        with suppress(OSError):  # of a device
            end, part = file.tell(), len(records) - len(rest)
            if part and os.fstat(file.fileno()).st_size == end:
                file.truncate(end - part)
                file.seek(end - part)
        raise


class Ending:
    """Writes to the end of a file that another process is writing: what a script prints, and how it ends.

    The script goes on where that cannot be written: then `lost` says why.
    """

    lost: OSError | None = None

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 - as long as the run goes on

    def printed(self, text: str) -> None:
        if text:
            self._append(run_format.PRINTED, unbroken(text))

    def end(self, exit: int | None) -> None:
        self._append(run_format.END, End(exit))

    def _append(self, kind: int, what: object) -> None:
        try:
            _write_whole(self._file, record(kind, deflated(msgpack.encode(what))))
        except OSError as error:
            self.lost = error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()


def save(run: Run, path: str | os.PathLike[str]) -> None:
    """Write `run` to `path`, whole or not at all. Raises FileError for what no file can hold, and OSError."""
    with (
        replacing(path) as file,
        RunWriter(
            path,
            what=run.what,
            arguments=run.arguments,
            rank=run.rank,
            ranks=run.ranks,
            started=run.started,
            file=file,
        ) as writer,
    ):
        writer._thinning = None  # what is left of it is all that there is
        for name in run.optimizers:
            writer.optimizer(name)
        writer.shards(run.shards)
        for update in run.updates:
            writer.update(update)
        for number, snapshot in run.snapshots.items():
            writer.snapshot(number, snapshot)
        for finding in run.findings:
            writer.finding(finding)
        writer.printed(run.printed)
        if run.watch_ended:
            writer.watch_ended(run.watch_ended)
        if run.ended:
            writer.end(run.exit)
        file.flush()
