"""`--help` by topic: the options under headings, a screen at a time where there are more lines than that."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence

import click

TOPICS: Mapping[str, Sequence[str]] = {
    "The function": ("places", "order", "taylor", "dtype", "device"),
    "An answer without a screen": ("as_text", "as_json", "as_steps", "export", "plain"),
    "Training": ("optimizer", "train", "updates", "data", "batch", "seed"),
    "A script of yours": ("every",),
    "The screen": ("window", "step", "theme", "vocabulary", "keymap", "mouse", "serve"),
    "Help": ("show_settings", "schema", "version", "help"),
}
"""Names of parameters by heading."""


def write_options(command: click.Command, context: click.Context, formatter: click.HelpFormatter) -> None:
    """Each option under its heading; all in columns of one width."""
    told = {one.name: one.get_help_record(context) for one in command.get_params(context)}
    width = max(len(record[0]) for record in told.values() if record) + 2
    for heading, names in TOPICS.items():
        records = [record for record in map(told.get, names) if record]
        with formatter.section(heading):
            formatter.write_dl([(option.ljust(width - 2), text) for option, text in records], col_max=width)


def show(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    """What `--help` does: in a terminal that it does not fit into, a pager shows it."""
    if not wanted or context.resilient_parsing:
        return
    text = context.get_help()
    if sys.stdout.isatty() and text.count("\n") + 2 > shutil.get_terminal_size().lines:
        click.echo_via_pager(text + "\n")
    else:
        click.echo(text, color=context.color)
    context.exit()
