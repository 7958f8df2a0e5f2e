"""A person's script, run and watched in a process of its own: what comes of it is a Run."""

from __future__ import annotations

import codecs
import locale
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from gradtui.command import exit_status, standard_output, topics
from gradtui.command import saved_run as runs
from gradtui.command.option_values import shown
from gradtui.command.print_or_export import exporting

if TYPE_CHECKING:
    from gradtui.command.print_or_export import Form
    from gradtui.runs.run import Run

SCRIPT = re.compile(r".+\.py", re.DOTALL)
FUNCTION = re.compile(r"(?!.*\.py:)[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
"""`package.module:function`; that of a file, `model.py:loss`, is another thing."""
BLOCK = 2**16
ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)]


class Command(click.Command):
    """Options stand before the name of a script; what stands after it is the script's own. `ctx.obj` is the script with that."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        valued = {name for one in self.params if isinstance(one, click.Option) and not one.is_flag for name in one.opts}
        own, ctx.obj = split(args, valued)
        return super().parse_args(ctx, own)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        topics.write_options(self, ctx, formatter)


def split(arguments: Sequence[str], valued: set[str]) -> tuple[list[str], list[str]]:
    """What is gradtui's own, and a script with its arguments, if there is one. valued: options that a value follows."""
    place = 0
    while place < len(arguments):
        one = arguments[place]
        if one == "-m" and place + 1 < len(arguments):
            return [*arguments[:place]], [*arguments[place:]]
        if one == "--":
            place += 1
            one = arguments[place] if place < len(arguments) else ""
            if _is_script(one):
                return [*arguments[: place - 1]], _script(arguments[place:])
            break
        if one in valued:
            place += 1
        elif not one.startswith("-"):
            if _is_script(one):
                return [*arguments[:place]], _script(arguments[place:])
            break
        place += 1
    return [*arguments], []


def _is_script(name: str) -> bool:
    """Also a function of a module that is run as an entry point is; one that gives something is there to be shown."""
    if not FUNCTION.fullmatch(name):
        return SCRIPT.fullmatch(name) is not None
    from gradtui.snapshot.target import gives

    return not gives(name, ("", *sys.path))


def _script(arguments: Sequence[str]) -> list[str]:
    """A `--` after the name only says that what follows is the script's."""
    name, *rest = arguments
    return [name, *(rest[1:] if rest[:1] == ["--"] else rest)]


def run(target: Sequence[str], form: Form | None, export: str | None, every: int) -> int:
    """Run it to its end and write what came of it; the exit status."""
    from msgspec.structs import replace

    runs.check(form, None if is_folder(export) else export)  # before the training, which may take hours
    check(target)
    with file(export) as path:
        status, lost = watched(target, path, every, aloud=form != "json")
        if not runs.is_run(path):  # it could not begin one, and has said why
            return status or 1
        found = replace(runs.load(path, form), exit=status, ended=True)
        if not found.updates and not found.findings and not found.watch_ended:
            if lost is None:
                click.echo(shown(no_training(target, status)), err=True)
            form = "json" if form == "json" else None
        elif form is None and export is None:
            form = "text"
        runs.write(found, form, None if export == path or is_folder(export) else export)
        if form is None:
            _tell_proved(found)
        tell_lost(lost)
    return exit_status.of_script(status, found.findings) or int(lost is not None)


def _tell_proved(run: Run) -> None:
    """Why the exit status is 1, where no report says it."""
    for finding in run.findings:
        if finding.certainty == "proved":
            click.echo(shown(finding.text), err=True)


def tell_lost(lost: OSError | None) -> None:
    """Why what a script wrote is not in its run."""
    if lost is not None:
        click.echo(f"of what the script printed a part is not kept: {lost.strerror}", err=True)


def check(target: Sequence[str]) -> None:
    if SCRIPT.fullmatch(target[0]) and not Path(target[0]).is_file():
        raise click.UsageError(f"there is no file {shown(target[0])}")


def no_training(target: Sequence[str], status: int) -> str:
    """In a sentence; of a file that has functions, what else there is to do with it. status: with which it ended."""
    from gradtui.snapshot.target import candidates, functions

    name = " ".join(target[:2]) if target[0] == "-m" else target[0]
    if status:
        return f"{name} ended with status {status}, and no training was seen in its process before that"
    said = f"{name} has come to its end, and in its process no training was seen, by an optimizer or by hand"
    said += " (of processes that it starts itself, gradtui.watch in each sees it)"
    with suppress(OSError, SyntaxError, ValueError):
        there = functions(Path(target[0]).read_bytes())
        return f"{said}; of its functions one may be shown: {candidates(target[0], there)}" if there else said
    return said


def watched(target: Sequence[str], path: str, every: int, aloud: bool) -> tuple[int, OSError | None]:
    """The script's exit status, and why what it wrote is not kept; that goes into the file at `path`, and to stderr as well
    where that is wanted."""

    def echo(block: bytes) -> None:
        if aloud:
            with suppress(OSError):
                standard_output.write(2, block)

    with (
        ended_by_signals(),
        interrupts_left_to_script(),
        subprocess.Popen(command(target, path, every), stdout=subprocess.PIPE) as process,
    ):
        try:
            return taken(process, path, echo)
        except BaseException:
            process.terminate()
            raise


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """A signal that would end this process alone is raised as SystemExit: there is a script to be ended with it."""

    def end(number: int, frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    usual = [number for number in ENDING if signal.getsignal(number) is signal.SIG_DFL]  # not where nohup ignores it
    for number in usual:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in usual:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def interrupts_left_to_script() -> Iterator[None]:
    """ctrl+c reaches the script too, which says what comes of it: at no moment does it interrupt what goes on here."""
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if usual:  # else ignored, as in the background of a shell
        signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        if usual:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def command(target: Sequence[str], path: str, every: int) -> list[str]:
    """What runs a script and writes what its training does to `path`."""
    return [sys.executable, "-P", "-m", "gradtui.service.script", path, str(every), *target]


def taken(process: subprocess.Popen[bytes], path: str, echo: Callable[[bytes], None]) -> tuple[int, OSError | None]:
    """Takes what the process writes into the file, and its status, which is the answer; with what kept it from that."""
    from gradtui.file.run_writing import Ending

    assert process.stdout is not None
    decoder = codecs.getincrementaldecoder(_encoding())("replace")

    def text(block: bytes) -> str:
        try:
            return decoder.decode(block)
        except UnicodeError:  # that of UTF-16 replaces no missing mark
            return block.decode(errors="replace")

    with Ending(path) as ending:
        while block := os.read(process.stdout.fileno(), BLOCK):
            ending.printed(text(block))
            echo(block)
        status = process.wait()
        status = status if status >= 0 else 128 - status
        ending.end(status)
    return status, ending.lost


def _encoding() -> str:
    """In which a Python that is started now writes to a pipe: a code page, on Windows."""
    return os.environ.get("PYTHONIOENCODING", "").partition(":")[0] or locale.getpreferredencoding(False)


def is_folder(export: str | None) -> bool:
    """Whether each rank of a training is to write a file of its own in it."""
    return export is not None and export.endswith(("/", os.sep))


@contextmanager
def file(export: str | None) -> Iterator[str]:
    """The file that is asked for, or one that is gone afterwards."""
    if is_folder(export):
        assert export is not None
        with exporting(export):
            os.makedirs(export, exist_ok=True)
        export = os.path.join(export, f"rank-{os.environ.get('RANK', '0')}.gradtui")
    if export is not None and export.endswith(".gradtui"):
        with exporting(export), open(export, "wb"):
            pass
        yield export
        return
    with exporting("TMPDIR"):
        folder = tempfile.TemporaryDirectory(prefix="gradtui-")
        path = Path(folder.name, "run.gradtui")
        path.touch()
    with folder:
        yield str(path)
