"""A person's script, run while the screen follows it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from gradtui.command import exit_status, standard_output, watched_script
from gradtui.command import saved_run as runs
from gradtui.command.option_values import shown
from gradtui.runs.since import none_found

if TYPE_CHECKING:
    from gradtui.settings.read_settings import Settings

GOES_ON = "the training goes on without the screen; ctrl+c ends it"
NOT_KEPT = (
    "this run is not kept; gradtui --export run.gradtui SCRIPT keeps one, and gradtui run.gradtui follows it meanwhile"
)


def show(target: Sequence[str], every: int, settings: Settings) -> int:
    """Run it with the screen on what comes of it; the exit status. Whoever leaves the screen leaves the training running, here
    in the terminal; a signal ends both."""
    from gradtui.tui.run import opened

    watched_script.check(target)
    with watched_script.file(None) as path, watched_script.ended_by_signals():
        script = Script(target, path, every)
        try:
            left = opened.run(path, settings.theme, settings)
            with watched_script.interrupts_left_to_script():
                if left >= 128:  # a signal
                    script.process.terminate()
                elif script.runs:
                    script.aloud.set()
                    click.echo(GOES_ON, err=True)
                status = script.wait()
                watched_script.tell_lost(script.lost)
        except BaseException:
            script.process.terminate()
            raise
        found = runs.load(path, None)
        nothing = none_found(found) if found.watch_ended else watched_script.no_training(target, status)
        click.echo(NOT_KEPT if found.updates else shown(nothing), err=True)
    return left or exit_status.of_script(status, found.findings)


class Script:
    """The script's process, and a thread that takes what it writes: it has no terminal, which is the screen's."""

    def __init__(self, target: Sequence[str], path: str, every: int) -> None:
        self.aloud = threading.Event()
        self.process = subprocess.Popen(
            watched_script.command(target, path, every),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._status = 0
        self.lost: OSError | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._take, args=(path,), daemon=True).start()

    @property
    def runs(self) -> bool:
        return not self._ended.is_set()

    def wait(self) -> int:
        """Until it has ended, and all that it wrote is in the file; its status."""
        self._ended.wait()
        return self._status

    def _take(self, path: str) -> None:
        try:
            self._status, self.lost = watched_script.taken(self.process, path, self._echo)
        finally:
            self._ended.set()

    def _echo(self, block: bytes) -> None:
        """What is written while the screen is there stands in it alone."""
        if self.aloud.is_set():
            with suppress(OSError):
                standard_output.write(sys.__stdout__.fileno() if sys.__stdout__ is not None else 1, block)
