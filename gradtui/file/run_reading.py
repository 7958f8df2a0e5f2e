"""The file of a Run, read as far as it has been written; `Following` reads on from there."""

from __future__ import annotations

import io
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, BinaryIO

from msgspec import DecodeError, msgpack

from gradtui.file import header, run_format, snapshot_format
from gradtui.file.header import RUN, BrokenError, FileError
from gradtui.file.pieces import DAMAGED, SAME_NAMES, TOO_LARGE
from gradtui.file.plain_file import opened
from gradtui.file.run_format import HEADER, End, Head, Step, inflated
from gradtui.file.snapshot_format import KEPT
from gradtui.file.soundness import MOST_CHARACTERS
from gradtui.file.texts import SameNamesError, with_harmless_texts
from gradtui.runs.packed_updates import NO_GRADIENT, Norms, Record, Updates, unpacked
from gradtui.runs.run import Run
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Snapshot

MOST_PRINTED = 2**20
"""Characters of what the script wrote that are kept: the last."""
LEAST_RECORD = 300
"""Bytes of memory that a record takes at least."""
FINDING = 10_000
NAME, NUMBER, COUNTS = 200, 48, 200
NONE = {NO_GRADIENT}
BYTE = 8
"""Bytes of memory that a byte of an inflated record takes at most."""


def load(path: str | os.PathLike[str]) -> Run:
    """All that is whole in the file. Raises FileError for another file, and OSError."""
    following = Following(path)
    following.more()
    return following.run()


class Following:
    """Reads a file that may grow. Nothing is read before `more` is called.

    patient: whether a file with nothing in it is one that has not begun, and no fault. unread: the share of its bytes to which
    `more` did not come in its time.
    """

    def __init__(self, path: str | os.PathLike[str], *, patient: bool = False) -> None:
        self._path, self._patient = os.fspath(path), patient
        self._begin()

    def _begin(self) -> None:
        self._offset = 0
        self.unread = 0.0
        self._identity: tuple[int, int] | None = None
        self._room = KEPT
        self._head = Head()
        self._optimizers: list[str] = []
        self._record = Record()
        self._thinned = 0
        self._shards: dict[str, None] = {}
        self._findings: list[Finding] = []
        self._printed: list[str] = []
        self._characters = 0
        self._snapshots: dict[int, tuple[int, int]] = {}
        self._end: End | None = None
        self._watch_ended = ""

    def more(self, seconds: float | None = None) -> bool:
        """Read what has been written since, for so long at most; whether there was anything. A file that has taken the place
        of the one before, or is shorter than it was, is read from its start.

        Raises FileError for what is no such file, and OSError.
        """
        until = None if seconds is None else time.monotonic() + seconds
        try:
            with closing(opened(self._path)) as file:
                return self._read(file, until)
        except BrokenError as error:
            raise FileError(self._path, error) from None

    def run(self) -> Run:
        """As far as it has been read."""
        head, end = self._head, self._end
        return Run(
            head.what,
            head.arguments,
            tuple(self._optimizers),
            Updates(self._record),
            tuple(self._findings),
            Snapshots(self._path, dict(self._snapshots)),
            "".join(self._printed)[-MOST_PRINTED:],
            end.exit if end else None,
            end is not None,
            head.rank,
            head.ranks,
            head.started,
            self._thinned,
            tuple(self._shards),
            self._watch_ended,
        )

    def _read(self, file: BinaryIO, until: float | None) -> bool:
        there = os.fstat(file.fileno())
        if self._identity != (there.st_dev, there.st_ino) or there.st_size < self._offset:
            self._begin()
            self._identity = there.st_dev, there.st_ino
        if self._patient and not there.st_size:
            return False
        if not self._offset:
            header.check_start(file, RUN)
            self._offset = file.tell()
        begun = self._offset
        file.seek(begun)
        while until is None or time.monotonic() < until:
            size = self._next(file, there.st_size)
            if not size:
                self.unread = 0.0
                break
            self._offset += size
        else:
            self.unread = 1 - self._offset / there.st_size
        return self._offset > begun

    def _next(self, file: BinaryIO, size: int) -> int:
        """Take in one record; its bytes, 0 where it is not whole yet."""
        header = file.read(HEADER.size) or b""
        if len(header) < HEADER.size or not any(header):
            return 0
        kind, length, summed, check = map(int, HEADER.unpack(header))
        if zlib.crc32(header[: run_format.CHECKED]) != check:
            raise BrokenError(f"{DAMAGED} at byte {self._offset:,}: the checksum of a record is wrong")
        whole = HEADER.size + length
        if self._offset + whole > size:
            return 0
        if kind in (run_format.SNAPSHOT, run_format.ROWS):
            self._room -= LEAST_RECORD
            number = file.read(min(length, run_format.SNAPSHOT_OF.size))
            if len(number) < run_format.SNAPSHOT_OF.size or length > run_format.MOST_OF_A_SNAPSHOT:
                raise BrokenError(f"{DAMAGED} at byte {self._offset:,}: a snapshot is not what it says")
            self._snapshots[run_format.SNAPSHOT_OF.unpack(number)[0]] = (file.tell(), length - len(number))
            file.seek(self._offset + whole)
        elif length > snapshot_format.FRAME:
            raise BrokenError(TOO_LARGE)
        else:
            payload = file.read(length)
            if zlib.crc32(payload) != summed:
                raise BrokenError(f"{DAMAGED} at byte {self._offset:,}: the checksum of a record is wrong")
            self._take(kind, payload)
        if self._room < 0:
            raise BrokenError(TOO_LARGE)
        return whole

    def _take(self, kind: int, payload: bytes) -> None:
        known = TAKEN.get(kind)
        self._room -= LEAST_RECORD
        if known is None:
            return
        wanted, take = known
        plain = inflated(payload)
        try:
            what = msgpack.decode(plain, type=wanted)
            take(self, what if kind == run_format.PRINTED else with_harmless_texts(what), len(plain))
        except SameNamesError:
            raise BrokenError(f"{DAMAGED}: {SAME_NAMES}") from None
        except (DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise BrokenError(f"{DAMAGED} at byte {self._offset:,}: {str(error)[:200]}") from None

    def _take_head(self, head: Head, size: int) -> None:
        self._head = head
        self._room -= BYTE * size

    def _take_optimizer(self, name: str, size: int) -> None:
        self._optimizers.append(name)
        self._room -= NAME + BYTE * size

    def _take_names(self, names: list[str], size: int) -> None:
        if any(self._record.knows(name) for name in names) or len({*names}) < len(names):
            raise BrokenError(f"{DAMAGED}: {SAME_NAMES}")
        self._record.learn(names)
        self._room -= NAME * len(names) + BYTE * size

    def _take_update(self, step: Step, size: int) -> None:
        one, known = step.scalars, self._record.scalars
        if one.update < 0 or (known and one.update <= known[-1].update):
            raise BrokenError(f"{DAMAGED}: its updates are out of order")
        if not 0 <= one.optimizer < max(1, len(self._optimizers)):
            raise BrokenError(f"{DAMAGED}: an update is of an optimizer that there is not")
        if step.norms is not None and step.norms.update != one.update:
            raise BrokenError(f"{DAMAGED}: an update has the norms of another")
        self._record.add(one)
        self._thinned += one.thinned
        self._room -= NUMBER * len(one.lr)
        if step.norms is not None:
            self._take_norms(step.norms, size)

    def _take_norms(self, norms: Norms, size: int) -> None:
        self._room -= LEAST_RECORD + COUNTS * len(norms.counts) + size
        if not _is_sound(norms, len(self._record.names)):
            raise BrokenError(f"{DAMAGED}: an update has other numbers than parameters")
        self._record.add_norms(norms)

    def _take_shards(self, names: list[str], size: int) -> None:
        self._shards |= dict.fromkeys(names)
        self._room -= NAME * len(names) + BYTE * size

    def _take_finding(self, finding: Finding, size: int) -> None:
        if any(len(text) > MOST_CHARACTERS for text in (finding.text, finding.remedy, *finding.evidence)):
            raise BrokenError(f"{DAMAGED}: a text is too long")
        key = finding.kind, finding.parameter, finding.source
        self._findings = [one for one in self._findings if (one.kind, one.parameter, one.source) != key]
        self._findings.append(finding)
        self._room -= FINDING + BYTE * size

    def _take_printed(self, text: str, size: int) -> None:
        self._printed.append(text)
        self._characters += len(text)
        while self._characters - len(self._printed[0]) >= MOST_PRINTED:
            self._characters -= len(self._printed.pop(0))

    def _take_watch_ended(self, why: str, size: int) -> None:
        self._watch_ended = why[:MOST_CHARACTERS]

    def _take_end(self, end: End, size: int) -> None:
        self._end = end


TAKEN: dict[int, tuple[Any, Callable[[Following, Any, int], None]]] = {
    run_format.HEAD: (Head, Following._take_head),
    run_format.OPTIMIZER: (str, Following._take_optimizer),
    run_format.NAMES: (list[str], Following._take_names),
    run_format.UPDATE: (Step, Following._take_update),
    run_format.NORMS: (Norms, Following._take_norms),
    run_format.FINDING: (Finding, Following._take_finding),
    run_format.PRINTED: (str, Following._take_printed),
    run_format.END: (End, Following._take_end),
    run_format.SHARDS: (list[str], Following._take_shards),
    run_format.WATCH_ENDED: (str, Following._take_watch_ended),
}


def _is_sound(norms: Norms, names: int) -> bool:
    """As many of each as there are names, each of which is known and stands there once; no norm is negative."""
    count, rest = divmod(len(norms.names), 4)
    columns = (norms.grad, norms.weight, norms.change)
    if rest or any(len(column) != 8 * count for column in columns):
        return False
    known = {*unpacked("I", norms.names)}
    if len(known) < count or (known and max(known) >= names):
        return False
    if any(not (0 <= place < count and nan >= 0 and inf >= 0) for place, nan, inf in norms.counts):
        return False
    grad, weight, change = (unpacked("d", column) for column in columns)
    negative = (0.0).__gt__
    return not any(map(negative, weight)) and not any(map(negative, change)) and {*filter(negative, grad)} <= NONE


class Snapshots(Mapping[int, Snapshot]):
    """By the number of the update, in the order of these; each is read when it is asked for, and not kept.

    Asking raises FileError for one that is damaged, and OSError.
    """

    def __init__(self, path: str, places: dict[int, tuple[int, int]]) -> None:
        self._path = path
        self._places = dict(sorted(places.items()))

    def __getitem__(self, update: int) -> Snapshot:
        start, length = self._places[update]
        try:
            with opened(self._path) as file:
                file.seek(start)
                return snapshot_format.read(io.BytesIO(file.read(length)))
        except BrokenError as error:
            raise FileError(self._path, error) from None

    def __iter__(self) -> Iterator[int]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
