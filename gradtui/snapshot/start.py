"""What the explorer begins with: everything that a person may say before the screen is there."""

from __future__ import annotations

from msgspec import Struct

from gradtui.snapshot.model import Device, Dtype, Origin


class Start(Struct, frozen=True):
    """The function, where it stands, and how it is looked at.

    expression: as typed, or `model.py:loss` where `origin` is `function`. at: the texts of values by name, a vector's one by one
    or as a whole (`[1, 2]`). window: of the chart, None for the usual one. step: how far one key press moves x, as text. theme:
    Textual's name. names: words that are variables whatever they are.
    """

    expression: str
    at: dict[str, str | tuple[str, ...]] = {}
    dtype: Dtype = "float32"
    device: Device = "cpu"
    window: tuple[float, float] | None = None
    step: str = "0.1"
    theme: str | None = None
    names: tuple[str, ...] = ()
    origin: Origin = "expression"
