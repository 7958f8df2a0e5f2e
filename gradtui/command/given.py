"""What was given on the command line, each option under the name that `options` declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from gradtui.command.print_or_export import Form
    from gradtui.snapshot.model import Device, Dtype


class Given(NamedTuple):
    target: tuple[str, ...]
    places: tuple[str, ...]
    as_text: bool
    as_json: bool
    as_steps: bool
    plain: bool
    export: str | None
    dtype: Dtype | None
    device: Device
    window: str | None
    step: str | None
    theme: str | None
    vocabulary: str | None
    mouse: bool | None
    keymap: str | None
    show_settings: bool
    serve: int | None
    optimizer: str | None
    train: str | None
    updates: int | None
    data: str | None
    batch: int | None
    seed: int | None
    every: int
    order: int | None
    taylor: int | None

    @property
    def form(self) -> Form | None:
        """Of an answer on stdout; None for the screen, or for a file alone."""
        return "text" if self.as_text else "json" if self.as_json else "steps" if self.as_steps else None

    @property
    def wants_no_screen(self) -> bool:
        return self.form is not None or self.export is not None

    @property
    def trains(self) -> bool:
        return any(one is not None for one in (self.optimizer, self.train, self.updates, self.batch, self.seed))

    def check_answers(self) -> None:
        """Refuse two answers at once."""
        if self.as_text + self.as_json + self.as_steps > 1:
            raise click.UsageError("--print, --json and --steps are different answers: ask for one of them")
        if self.plain and (self.form or self.export):
            raise click.UsageError("--plain is a session and no report: ask for one of them")
