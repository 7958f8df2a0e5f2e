"""A place in a text of a person's."""

from __future__ import annotations

from msgspec import Struct


class Source(Struct, frozen=True, gc=False):
    """The piece of text that made a node: offsets in the text, end exclusive.

    The text is the expression or, where `file` is set, that file as `Snapshot.files` keeps it; `line` is then the line of
    `start`, from 1.
    """

    text: str
    start: int
    end: int
    file: str | None = None
    line: int | None = None
