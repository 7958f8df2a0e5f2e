"""What a detector found over many updates, without a word."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from gradtui.snapshot.finding import Certainty, Finding
from gradtui.snapshot.source import Source


class Fault(Struct, frozen=True):
    """row: of `sentences.SENTENCES`. update: at which it began, None for from the start. about: the parameters.

    facts: numbers and texts. begun_by: what a whole backward pass at that update told, where that is the cause.
    """

    row: str
    update: int | None
    facts: Mapping[str, Any] = MappingProxyType({})
    certainty: Certainty = "likely"
    about: tuple[str, ...] = ()
    source: Source | None = None
    begun_by: Finding | None = None


UNSEEN = {
    "loss is not finite": "loss is not finite, unseen",
    "gradient is not finite": "gradient is not finite, unseen",
    "no gradient any more": "no gradient any more, unseen",
    "never a gradient": "never a gradient, unseen",
    "penalty alone": "penalty alone, unseen",
    "gradient is 0 for good": "gradient is 0 for good, unseen",
    "gradient is always 0": "gradient is always 0, unseen",
}
"""The row where no backward pass that was looked at tells why."""
