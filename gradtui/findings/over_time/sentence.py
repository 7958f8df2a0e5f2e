"""One row of the words on a training."""

from __future__ import annotations

from typing import NamedTuple

from gradtui.snapshot.finding import Kind


class Sentence(NamedTuple):
    """text, remedy: with the names of facts in braces; {names} are the parameters, {cause} what a backward pass told."""

    kind: Kind
    text: str
    remedy: str
