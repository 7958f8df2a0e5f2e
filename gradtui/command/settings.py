"""`gradtui --settings`: which file was read, and each setting with where it comes from."""

from __future__ import annotations

import os

import click

from gradtui.command.option_values import shown, themed
from gradtui.settings.every_setting import ENTRIES, Value
from gradtui.settings.read_settings import Settings


def show(settings: Settings) -> None:
    """On standard output, what is wrong below. Raises click's complaint for a theme of the command line that is none."""
    from gradtui.tui.configured_keys import bound
    from gradtui.tui.keys import KEYS
    from gradtui.tui.run.keys import KEYS as RUN_KEYS

    settings = themed(settings)
    keys, wrong = bound(settings.keys, places=settings.sources)
    for_runs, of_runs = bound(settings.keys, RUN_KEYS, settings.sources)
    known = {key.id for key in keys}
    keys += [key for key in for_runs if key.id not in known]
    wrong += [sentence for sentence in of_runs if sentence not in wrong]
    settings = settings.complaining(*wrong)
    click.echo(f"file  {_file(settings)}\n")
    rows = [
        (entry.name, _text(settings.get(entry.name)), settings.sources.get(entry.name, "as usual"))
        for entry in ENTRIES
        if entry.name != "keys"
    ]
    usual = {key.id: key.key for key in (*RUN_KEYS, *KEYS)}
    for key in keys:
        source = "as usual" if key.key == usual[key.id] else "given to another action"
        if key.id in settings.keys:
            source = settings.sources[f"keys.{key.id}" if key.id in settings.get("keys") else "keymap"]
        rows.append((f"keys.{key.id}", " ".join(key.key.split(",")) or "–", source))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, value, source in rows:
        click.echo(shown(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {source}"))
    if settings.wrong:
        click.echo("\nwrong, and left out:")
        for sentence in settings.wrong:
            click.echo(shown(f"  {sentence}"))


def _file(settings: Settings) -> str:
    if settings.file is None:
        return "none: so says GRADTUI_CONFIG"
    return shown(str(settings.file) if os.path.exists(settings.file) else f"{settings.file} (there is none yet)")


def _text(value: Value) -> str:
    if isinstance(value, tuple):
        return ":".join(f"{end:g}" for end in value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return "–" if value is None else str(value)
