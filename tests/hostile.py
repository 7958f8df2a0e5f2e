"""Text that would act on a terminal, put into every place of a Snapshot where text may stand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, inspect
from msgspec.structs import replace

from gradtui.file.soundness import flaw
from gradtui.snapshot.model import Snapshot

MARK = "7777"
"""A parameter of the escape sequences that no terminal has and that nothing else writes."""

CSI, C1_CSI, OSC, C1_OSC, DCS = (
    f"\x1b[{MARK}m",
    f"\x9b{MARK}m",
    "\x1b]0;TITLE\x07",
    "\x9d0;TITLE\x9c",
    f"\x1bP{MARK}q\x1b\\",
)
BIDI = "\u202e\u202a\u2066\u2069\u200e\u200f\u061c"
HIDDEN = "\u200b\u2060\ufeff\u00ad\U000e0041"
LINES = "\r\n\u2028\u2029\x85\x0b\x0c"
REST = "".join(map(chr, (*range(9), *range(0x0E, 0x20), *range(0x7F, 0xA0))))
ATTACK = f"{CSI}{C1_CSI}{OSC}{BIDI}{C1_OSC}{DCS}{HIDDEN}[@click=app.quit]q[/][red]{LINES}{REST}\t"
"""All of them, the worst first: what stands behind may be cut where there is little room."""

LINKED = {
    *(("Snapshot", name) for name in ("variables", "differences", "derivative", "along", "parameters", "modules")),
    *(("Curve", "variable"), ("Event", "leaves"), ("Event", "module"), ("Node", "module"), ("Node", "variable")),
    *(("Training", "trained"), ("Update", "variables")),
    *(("Orders", "along"), ("Orders", "jacobian"), ("Order", "values"), ("Order", "differences")),
}
"""Fields whose texts name what other fields name: a Snapshot is sound only where all of them agree."""


class Field(NamedTuple):
    """A field that holds text: itself, in a container, or as the keys of a mapping."""

    struct: str
    name: str
    keys: bool = False

    def __str__(self) -> str:
        return f"{self.struct}.{self.name}{' (keys)' * self.keys}"


@cache
def text_fields(kind: type[Struct] = Snapshot) -> tuple[Field, ...]:
    """Every one that is reached from `kind`, by its types: a new one needs no entry here."""
    found: dict[Field, None] = {}
    seen: set[type] = set()

    def visit(kind: inspect.StructType) -> None:
        if kind.cls not in seen:
            seen.add(kind.cls)
            for field in kind.fields:
                look(field.type, Field(kind.cls.__name__, field.name))

    def look(kind: inspect.Type, field: Field) -> None:
        match kind:
            case inspect.StrType():
                found[field] = None
            case inspect.StructType():
                visit(kind)
            case inspect.DictType():
                look(kind.key_type, field._replace(keys=True))
                look(kind.value_type, field)
            case inspect.UnionType():
                for one in kind.types:
                    look(one, field)
            case inspect.TupleType():
                for one in kind.item_types:
                    look(one, field)
            case inspect.VarTupleType() | inspect.ListType():
                look(kind.item_type, field)

    root = inspect.type_info(kind)
    assert isinstance(root, inspect.StructType)
    visit(root)
    return (*found,)


def hostile(snapshot: Snapshot, *fields: Field, attack: str = ATTACK) -> Snapshot:
    """`snapshot` with `attack` before every text of `fields`; and of all that names the same, where it must be so."""
    alone: Snapshot = _attacked(snapshot, _by_place(fields), attack)
    if flaw(alone) is None:
        return alone
    linked = {one for one in text_fields() if (one.struct, one.name) in LINKED}
    attacked: Snapshot = _attacked(snapshot, _by_place(linked | {*fields}), attack)
    return attacked


def holds(snapshot: Snapshot, field: Field) -> bool:
    """Whether there is any text in that field."""
    changed: Snapshot = _attacked(snapshot, _by_place([field]), ATTACK)
    return changed != snapshot


def texts(what: Any) -> Iterator[str]:
    """All that it holds, with the keys of mappings."""
    if isinstance(what, str):
        yield what
    elif isinstance(what, Mapping):
        yield from what
        yield from (text for value in what.values() for text in texts(value))
    elif isinstance(what, tuple | list):
        yield from (text for value in what for text in texts(value))
    elif isinstance(what, Struct):
        yield from texts(msgspec.structs.astuple(what))


def acting(text: str, but: str = "\n") -> list[str]:
    """The characters that a terminal or a reader would obey instead of show, but for those in `but`."""
    categories = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    bad = {one for one in {*text}.difference(but) if unicodedata.category(one) in categories}
    return [f"U+{ord(one):04X}" for one in text if one in bad] if bad else []


OWN = re.compile(
    r"\x1b\[[0-9;:]*[mHABCDJK]"  # colours and places
    r"|\x1b\[\?[0-9;$]*[a-z]|\x1b\[[<>=][0-9;]*[a-z]|\x1b\[[0-9;]*[ctn]|\x1b[=>78]"  # modes and questions
    r"|\x1b\]22;[a-z]*\x07|\x1b\]52;c;[A-Za-z0-9+/=]*\x07"  # the pointer's shape, the clipboard
    r"|\x1bP\+q[0-9A-F]*\x1b\\|[\r\n\x07]"
)
"""What the screen itself writes between its texts."""


def obeyed(raw: str) -> list[str]:
    """What stands in the bytes for a terminal that no screen of ours would have written."""
    found = acting(OWN.sub("", raw))
    return [*found, *(own for own in OWN.findall(raw) if MARK in own)]


Fields = Mapping[tuple[str, str], list[Field]]


def _by_place(fields: Iterable[Field]) -> Fields:
    found: dict[tuple[str, str], list[Field]] = {}
    for field in fields:
        found.setdefault((field.struct, field.name), []).append(field)
    return found


def _attacked(what: Any, fields: Fields, attack: str) -> Any:
    if isinstance(what, Struct):
        name = type(what).__name__
        changed = {}
        for field in what.__struct_fields__:
            value = _attacked(getattr(what, field), fields, attack)
            own = fields.get((name, field))
            changed[field] = _prefixed(value, own, attack) if own else value
        return replace(what, **changed)
    if isinstance(what, dict):
        return {key: _attacked(value, fields, attack) for key, value in what.items()}
    return tuple(_attacked(one, fields, attack) for one in what) if isinstance(what, tuple) else what


def _prefixed(value: Any, own: list[Field], attack: str) -> Any:
    if isinstance(value, dict):
        pairs = {key: _prefixed(one, own, attack) for key, one in value.items()} if _wants(own, keys=False) else value
        return {attack + key: one for key, one in pairs.items()} if _wants(own, keys=True) else pairs
    if isinstance(value, tuple):
        return tuple(_prefixed(one, own, attack) for one in value)
    return attack + value if isinstance(value, str) else value


def _wants(own: list[Field], *, keys: bool) -> bool:
    return any(field.keys == keys for field in own)
