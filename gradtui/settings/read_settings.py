"""The settings that hold: of the file, stronger of the environment, strongest of the command line."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from gradtui.settings import config_file
from gradtui.settings.every_setting import ENTRIES, IN_ENVIRONMENT, Value, WrongError, WrongPartsError, written
from gradtui.settings.keymaps import KEYMAPS

MOST_TOLD = 8
"""Sentences about what is wrong: a file of another program has no end of them."""


class Settings(Struct, frozen=True):
    """values: by name, of those that somebody has set. sources: where each was set, in a few words; `keys.step.up` too.

    file: that was looked for. wrong: what stands somewhere and is no setting, a sentence each; all else holds.
    """

    values: dict[str, Value] = {}
    sources: dict[str, str] = {}
    file: Path | None = None
    wrong: tuple[str, ...] = ()

    def get(self, name: str) -> Any:
        usual = next(entry.usual for entry in ENTRIES if entry.name == name)
        return self.values.get(name, usual)

    @property
    def theme(self) -> str | None:
        return cast(str | None, self.get("theme"))

    @property
    def plain(self) -> bool:
        """Whether nodes have plain names."""
        return bool(self.get("vocabulary") == "plain")

    @property
    def mouse(self) -> bool:
        return bool(self.get("mouse"))

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """Keys by action, of those that have others than usual: of the keymap, stronger those that were named one by one."""
        own: dict[str, tuple[str, ...]] = self.get("keys")
        taken = {key for keys in own.values() for key in keys}
        ready = KEYMAPS[self.get("keymap")]
        return {
            **own,
            **{name: tuple(key for key in ready[name] if key not in taken) for name in ready if name not in own},
        }

    def given(self, **options: Value) -> Settings:
        """With what the command line says; None for what it does not."""
        said = {name: value for name, value in options.items() if value is not None}
        sources = {name: f"--{name}" for name in said}
        return replace(self, values=self.values | said, sources=self.sources | sources)

    def complaining(self, *sentences: str) -> Settings:
        return replace(self, wrong=(*self.wrong, *sentences))

    def without(self, name: str, why: str) -> Settings:
        """Where a setting cannot be what it is: the usual one, and a sentence."""
        where = self.sources.get(name, "")
        values = {one: value for one, value in self.values.items() if one != name}
        sources = {one: source for one, source in self.sources.items() if one != name}
        return replace(self, values=values, sources=sources).complaining(f"{where}: {why}" if where else why)


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Of the file and of the environment. Nothing raises: what is wrong is told in `wrong`."""
    values: dict[str, Value] = {}
    sources: dict[str, str] = {}
    wrong: list[str] = []
    path = None
    try:
        path = config_file.path(environ)
        there = {} if path is None else config_file.read(path)
    except config_file.UnreadableError as error:
        there = {}
        wrong.append(str(error))
    lines = config_file.lines(path) if path and there else {}
    known = {entry.name: entry for entry in ENTRIES}
    for name, value in there.items():
        place = _place(path, lines, name)
        if name not in known:
            wrong.append(f"{place}: {_unknown(name, list(known))}")
            continue
        try:
            values[name] = known[name].read(value)
        except WrongError as error:
            wrong.append(f"{place}: {name}: {error}")
            continue
        except WrongPartsError as error:
            wrong += [f"{_place(path, lines, name, one.part)}: {name}.{one.part}: {one}" for one in error.wrong]
            values[name] = error.sound
        sources[name] = place
        if name == "keys":
            sources |= {
                f"keys.{action}": _place(path, lines, "keys", action) for action in cast(dict[str, Any], values[name])
            }
    for entry in IN_ENVIRONMENT:
        if environ.get(entry.variable):
            try:
                values[entry.name] = entry.read(environ[entry.variable])
                sources[entry.name] = entry.variable
            except WrongError as error:
                wrong.append(f"{entry.variable}: {error}")
    variables = [config_file.VARIABLE, *(entry.variable for entry in IN_ENVIRONMENT)]
    others = sorted(name for name in environ if name.startswith("GRADTUI_") and name not in variables)
    wrong += [_unknown(name, variables) for name in others]
    return Settings(values, sources, path, few(wrong))


def few(wrong: Sequence[str]) -> tuple[str, ...]:
    """The first sentences, and how many more there are."""
    more = len(wrong) - MOST_TOLD
    return tuple(wrong) if more <= 0 else (*wrong[:MOST_TOLD], f"{more:,} more entries are wrong")


def _unknown(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"there is no setting {written(name)}; " + (
        f"did you mean {close[0]}?" if close else f"there is {', '.join(known)}"
    )


def _place(path: Path | None, lines: Mapping[str, int], name: str, part: str = "") -> str:
    line = lines.get(f"{name}.{part}") or lines.get(name)
    return f"{path}, line {line}" if line else str(path)
