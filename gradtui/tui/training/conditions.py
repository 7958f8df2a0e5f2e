"""What updates of a typed f are made under, and do not move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gradtui.expression.point import Point
from gradtui.snapshot.model import Device, Dtype
from gradtui.tui.session import Session


class Conditions(NamedTuple):
    """held: variables that are not trained, and where they stand. data: names of columns."""

    f: str
    dtype: Dtype
    device: Device
    data: tuple[str, ...]
    held: tuple[tuple[str, Point], ...]


def conditions(session: Session, trained: Sequence[str]) -> Conditions:
    """As the session stands."""
    held = tuple((name, session.points[name]) for name in session.variables if name not in trained)
    return Conditions(session.text, session.dtype, session.device, tuple(session.data), held)
