"""The texts of a file, made harmless: a file is anybody's, and what it says is shown and printed."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from itertools import chain
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
    if _are_harmless([what]):
        return what
    shown: Any = what
    if isinstance(what, str):
        shown = harmless_lines(what)
    elif isinstance(what, Struct):
        fields = {name: getattr(what, name) for name in _fields_with_text(type(what))}
        shown = replace(what, **{name: with_harmless_texts(value) for name, value in fields.items()})
    elif isinstance(what, dict):
        shown = {with_harmless_texts(key): with_harmless_texts(value) for key, value in what.items()}
        if len(shown) < len(what):
            raise SameNamesError
    elif isinstance(what, tuple | list):
        shown = type(what)(map(with_harmless_texts, what))
    return cast(T, shown)


def _are_harmless(many: Collection[Any]) -> bool:
    """Whether `with_harmless_texts` would change nothing of all these. Many alike are looked at together."""
    kinds = {type(one) for one in many}
    if len(kinds) > 1:
        return all(_are_harmless([one for one in many if type(one) is kind]) for kind in kinds)
    for kind in kinds:
        if kind is str:
            return "".join(many).isprintable() or all(harmless_lines(text) == text for text in many)
        if issubclass(kind, Struct):
            return all(_are_harmless([getattr(one, name) for one in many]) for name in _fields_with_text(kind))
        if kind is dict:
            return _are_harmless([*chain(*many)]) and _are_harmless([*chain(*(one.values() for one in many))])
        if kind in (tuple, list):
            return _are_harmless([*chain(*many)])
    return True


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
