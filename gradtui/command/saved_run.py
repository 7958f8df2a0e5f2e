"""A whole run: opened from its file, and written as report, JSON or file."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from gradtui.command import exit_status
from gradtui.command.option_values import shown, unread
from gradtui.command.print_or_export import exporting, opened, refuse
from gradtui.command.standard_output import encoded, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtui.command.print_or_export import Form
    from gradtui.runs.run import Run
    from gradtui.settings.read_settings import Settings


def is_run(path: str) -> bool:
    """Whether there is such a file, and it says that it holds a run."""
    from gradtui.file.header import is_run

    try:
        return is_run(path)
    except OSError:
        return False  # opening it tells why


def is_folder(path: str) -> bool:
    """Whether it is a folder, and meant as one: it ends as a path does, or has runs in it."""
    if not os.path.isdir(path):
        return False
    if path.endswith(("/", os.sep)):
        return True
    from gradtui.file.header import FileError
    from gradtui.file.run_folder import files

    try:
        return bool(files(path))
    except (OSError, FileError):
        return False


def load(path: str, form: Form | None) -> Run:
    """The Run of a .gradtui file, as far as it has been written."""
    from gradtui.file.run_reading import load

    return opened(load, path, form)


def check(form: Form | None, export: str | None) -> None:
    """Refuse what no run is written as."""
    if form == "steps":
        raise click.UsageError("a run has many backward passes: open the screen, and enter shows that of an update")
    if export is not None:
        from gradtui.report.run import export as written

        with exporting(export):
            written.check(export)


def write(run: Run, form: Form | None, export: str | None) -> None:
    """On standard output, in a file, or both."""
    if export is not None:
        _export(run, export)
    if form is not None:
        put(_pieces(run, form))


def saved(path: str, form: Form | None, export: str | None) -> NoReturn:
    """A run that was saved, or goes on: written out."""
    check(form, export)
    run = load(path, form)
    write(run, form, export)
    sys.exit(exit_status.of_findings(run.findings) if form is not None else 0)


def shown_on_screen(path: str, settings: Settings) -> int:
    """The screen on a run, or on the ranks of a folder, until it is left; the exit status."""
    from gradtui.file.header import FileError
    from gradtui.snapshot.model import Problem
    from gradtui.tui.run import opened

    try:
        return opened.run(path, settings.theme, settings)
    except FileError as error:
        refuse(path, Problem("syntax", shown(str(error))), None)
    except OSError as error:
        refuse(path, Problem("name", unread(path, error)), None)


def folder(path: str, form: Form | None, export: str | None) -> NoReturn:
    """The ranks of a training, side by side: written out."""
    from gradtui.file.header import FileError
    from gradtui.file.run_folder import load_folder
    from gradtui.report.run import ranks as report
    from gradtui.runs.side_by_side import side_by_side
    from gradtui.snapshot.model import Problem

    if export is not None or form == "steps":
        raise click.UsageError("ranks side by side are printed (--print, --json) or seen on the screen")
    try:
        ranks = side_by_side(load_folder(path))
    except FileError as error:
        refuse(path, Problem("syntax", shown(str(error))), form)
    except OSError as error:
        refuse(path, Problem("name", unread(path, error)), form)
    put(report.pieces(ranks) if form == "json" else (encoded(report.report(ranks)),))
    sys.exit(exit_status.of_findings(report.all_findings(ranks)))


def _pieces(run: Run, form: Form) -> Iterator[bytes]:
    if form == "json":
        from gradtui.report.run.json import pieces

        return pieces(run)
    from gradtui.report.run.text import report

    return iter((encoded(report(run)),))


def _export(run: Run, path: str) -> None:
    from gradtui.report.run.export import export

    with exporting(path):
        export(run, path)
