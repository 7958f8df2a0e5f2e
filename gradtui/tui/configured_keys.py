"""The keys of the screen as a person has them: those of keys.py, but for the actions that were given others; and how they are
written."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from types import MappingProxyType

from textual.binding import Binding
from textual.keys import Keys, _character_to_key, format_key

from gradtui.settings.every_setting import written
from gradtui.settings.read_settings import few
from gradtui.tui.keys import KEYS, NO_ROOM, Row
from gradtui.tui.run.keys import KEYS as RUN_KEYS

NAMED = {key.value for key in Keys if not key.value.startswith("<")} | {"question_mark", "slash", "comma", "colon"}
MODIFIED = re.compile(r"(?:(?:ctrl|shift|alt)\+)+(.+)")

NOWHERE: Mapping[str, str] = MappingProxyType({})

ACTIONS = {str(binding.id) for binding in (*KEYS, *RUN_KEYS)}
"""Of the explorer and of the screen on a run, which have some in common."""


def bound(
    chosen: Mapping[str, Sequence[str]], keys_of: Sequence[Binding] = KEYS, places: Mapping[str, str] = NOWHERE
) -> tuple[list[Binding], list[str]]:
    """The keys of a screen with the chosen ones, and what is wrong with these, a sentence each. A key that was chosen for one
    action does nothing else any more; an action for which none was chosen has none. places: where `keys.step.up` was set."""
    wrong: list[str] = []
    here = {binding.id for binding in keys_of}
    taken: dict[str, str] = {}
    for name, keys in chosen.items():
        place = f"{places[f'keys.{name}']}: " if f"keys.{name}" in places else ""
        if name not in ACTIONS:
            close = difflib.get_close_matches(name, ACTIONS, 1)
            wrong.append(
                f"{place}there is no action {written(name)}" + (f"; did you mean {close[0]}?" if close else "")
            )
            continue
        if name not in here:
            continue
        for key in keys:
            normal = textual_name(key)
            if normal is None:
                wrong.append(f"{place}{name}: there is no key {written(key)}; h, ?, left, ctrl+d and f5 are keys")
            elif taken.setdefault(normal, name) != name:
                wrong.append(f"{place}{key} is given to {taken[normal]} and to {name}: it stays with the first")
    without = {name for name, keys in chosen.items() if not keys}
    return [_rebound(binding, taken, without) for binding in keys_of], list(few(wrong))


def _rebound(binding: Binding, taken: Mapping[str, str], without: Set[str]) -> Binding:
    """without: ids of those that are to have no key."""
    mine = [key for key, name in taken.items() if name == binding.id]
    usual = [] if binding.id in without else [key for key in binding.key.split(",") if key not in taken]
    kept = mine or usual
    if kept == binding.key.split(","):
        return binding
    return replace(binding, key=",".join(kept), key_display=None)


def textual_name(key: str) -> str | None:
    """Textual's name of a key that is written in whatever way: `?` is question_mark, Ctrl+L is ctrl+l. None for what is
    no key."""
    if len(key) == 1:
        return _character_to_key(key) if key.isprintable() else None
    key = key.lower()
    modified = MODIFIED.fullmatch(key)
    if key in NAMED or modified is None:
        return key if key in NAMED else None
    last = modified[1]
    name = _character_to_key(last) if len(last) == 1 else last
    known = len(last) == 1 or last in NAMED
    return key[: modified.start(1)] + name if known else None


def in_short(row: Row, keys: Sequence[Binding] = KEYS) -> str:
    """The keys of a row in the help: `← → ⇧→  [ ]`."""
    return "  ".join(
        " ".join(_shown(name, keys) for name in group.split() if name not in NO_ROOM) for group in row.groups
    )


def in_full(row: Row, keys: Sequence[Binding] = KEYS) -> Iterator[str]:
    """All keys of a row, spelled for someone who does not know the signs: `shift+→`."""
    for name in " ".join(row.groups).split():
        yield _shown(name, keys).replace("⇧", "shift+").replace("^", "ctrl+").replace("⏎", "enter")


def _shown(name: str, keys: Sequence[Binding]) -> str:
    binding = next((key for key in keys if key.id == name), None)
    return name.replace("ctrl+", "^") if binding is None else shown(binding)


def shown(binding: Binding) -> str:
    """Its first key as the footer writes it; `–` where it has none."""
    *modifiers, key = binding.key.partition(",")[0].split("+")
    signs = ("^" if "ctrl" in modifiers else "") + ("⇧" if "shift" in modifiers else "")
    return binding.key_display or (f"{signs}{format_key(key)}" if key else "–")


def key_names(keys: Sequence[Binding] = KEYS) -> dict[str, str]:
    """How a sentence names the key of an action, by the id of that; one that has no key stands in the palette."""
    return {str(binding.id): shown(binding) if binding.key else f"ctrl+p {binding.description}" for binding in keys}
