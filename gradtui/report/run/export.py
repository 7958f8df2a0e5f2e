"""A Run as a file, in the format that its name asks for."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from gradtui.file.header import FileError
from gradtui.file.run_writing import save
from gradtui.file.writing import replacing, try_folder
from gradtui.report.export import ExportError
from gradtui.report.run import json as run_json
from gradtui.runs.run import Run

SUFFIXES = (".json", ".csv", ".gradtui")


def check_suffix(path: str) -> str:
    """The format that a name asks for. Raises ExportError where it is none of a run."""
    suffix = Path(path).suffix
    if suffix not in SUFFIXES:
        raise ExportError(f"a whole run is written as {' '.join(SUFFIXES)}: {path} ends in none of them")
    return suffix


def check(path: str) -> None:
    """Raises ExportError where its name asks for no format of a run, and OSError where nothing can be written there."""
    check_suffix(path)
    try_folder(path)


def export(run: Run, path: str) -> None:
    """Write `path`, whole or not at all. Raises ExportError for what cannot be written so, and OSError."""
    suffix = check_suffix(path)
    if suffix == ".gradtui":
        try:
            save(run, path)
        except FileError as error:
            raise ExportError(str(error)) from None
        return
    with replacing(path) as file:
        for piece in run_json.pieces(run) if suffix == ".json" else _csv(run):
            file.write(piece)


def _csv(run: Run) -> Iterator[bytes]:
    """A line an update: `update,optimizer,loss,lr,grad_norm,seconds`; of several groups the rate of the first."""
    yield _line("update", "optimizer", "loss", "lr", "grad_norm", "seconds")
    for one in run.updates:
        numbers = (one.loss, one.lr[0] if one.lr else None, one.grad_norm, one.seconds)
        yield _line(one.update, one.optimizer, *("" if number is None else repr(number) for number in numbers))


def _line(*cells: object) -> bytes:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerow(cells)
    return file.getvalue().encode()
