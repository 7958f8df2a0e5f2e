"""The texts of a file, made harmless: a file is anybody's, and what it says is shown and printed."""

from __future__ import annotations

from functools import cache
from operator import is_
from typing import Any, TypeVar, cast

from msgspec import Struct, inspect
from msgspec.structs import replace

from gradtui.snapshot.visible import harmless_lines

T = TypeVar("T")


class SameNamesError(Exception):
    """Two keys of a mapping differ only in what cannot be seen."""


def with_harmless_texts(what: T) -> T:
    """`what` with every text in it, and in all that it is made of, as `harmless_lines` has it.

    Which fields hold texts is read off their types. Raises SameNamesError.
    """
    shown: Any = what
    if isinstance(what, str):
        shown = harmless_lines(what)
    elif isinstance(what, Struct):
        changed = {}
        for name in _fields_with_text(type(what)):
            value = getattr(what, name)
            harmless = None if value is None else with_harmless_texts(value)
            if harmless is not value:
                changed[name] = harmless
        if changed:
            shown = replace(what, **changed)
    elif isinstance(what, dict):
        pairs = with_harmless_texts([*what.items()])
        shown = dict(pairs)
        if len(shown) < len(what):
            raise SameNamesError
    elif isinstance(what, tuple | list):
        items = list(map(with_harmless_texts, what))
        if not all(map(is_, items, what)):
            shown = type(what)(items)
    return cast(T, shown)


@cache
def _fields_with_text(kind: type[Struct]) -> tuple[str, ...]:
    """Numbers, of which there are many, are not looked through."""
    told = inspect.type_info(kind)
    assert isinstance(told, inspect.StructType)
    return tuple(field.name for field in told.fields if _holds_text(field.type))


def _holds_text(kind: inspect.Type) -> bool:
    match kind:
        case inspect.StrType():
            return True
        case inspect.StructType():
            return any(_holds_text(field.type) for field in kind.fields)
        case inspect.DictType():
            return _holds_text(kind.key_type) or _holds_text(kind.value_type)
        case inspect.UnionType():
            return any(map(_holds_text, kind.types))
        case inspect.TupleType():
            return any(map(_holds_text, kind.item_types))
        case inspect.VarTupleType() | inspect.ListType():
            return _holds_text(kind.item_type)
    return False
