"""Snapshots in which tensors could not be read: `unread` at one place of them, or at all."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from gradtui.snapshot.model import Snapshot, Unread, Values

PLACES = (
    *("Node.value", "Node.grad_output", "Node.tangent", "Edge.grad", "Saved.value"),
    *("VariableState.grad", "Parameter.value", "Parameter.grad", "Snapshot.value"),
)
"""Every field that holds a tensor's numbers. The value of a variable is not among them: that one is gradtui's own."""

Some = TypeVar("Some", bound=Struct)


def without_numbers(snapshot: Snapshot, reason: Unread, *places: str) -> Snapshot:
    """The same Snapshot, but that nothing is known of the tensors at `places`, which are there all the same."""
    return _struct(snapshot, reason, places)


def _struct(struct: Some, reason: Unread, places: tuple[str, ...]) -> Some:
    changed: dict[str, Any] = {}
    for field in struct.__struct_fields__:
        value = getattr(struct, field)
        if isinstance(value, Values) and f"{type(struct).__name__}.{field}" in places:
            changed[field] = Values(value.shape, (), unread=reason)
        elif isinstance(value, Struct):
            changed[field] = _struct(value, reason, places)
        elif isinstance(value, tuple):
            changed[field] = tuple(_item(item, reason, places) for item in value)
        elif isinstance(value, dict):
            changed[field] = {key: _item(item, reason, places) for key, item in value.items()}
    return replace(struct, **changed)


def _item(item: Any, reason: Unread, places: tuple[str, ...]) -> Any:
    return _struct(item, reason, places) if isinstance(item, Struct) else item
