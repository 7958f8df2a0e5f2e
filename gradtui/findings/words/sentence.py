"""A row of the tables of words."""

from __future__ import annotations

from typing import Literal, NamedTuple

from gradtui.snapshot.finding import Kind


class Sentence(NamedTuple):
    """kind, phase: of the Finding. text, remedy: with the names of facts in braces."""

    kind: Kind
    phase: Literal["forward", "backward"]
    text: str
    remedy: str
