"""Is what a parameter holds there at all?"""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.cause import Cause, Place
from gradtui.findings.record import Record


def detect(record: Record) -> Iterator[Cause]:
    for name, leaf in record.wanted.items():
        if leaf.value.unread == "freed":
            yield Cause("storage freed", Place(), certainty="proved", about=(name,))
