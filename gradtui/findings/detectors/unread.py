"""Is there a parameter, or a gradient, whose numbers could not be read?"""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.cause import Cause, Place
from gradtui.findings.record import Record


def detect(record: Record) -> Iterator[Cause]:
    for name, leaf in record.wanted.items():
        if leaf.value.unread == "freed":
            yield Cause("storage freed", Place(), certainty="proved", about=(name,))
        reason = leaf.grad.unread if leaf.grad is not None else None
        if reason is not None:
            yield Cause(f"unread: {reason}", Place(leaf.node), certainty="perhaps", about=(name,), aside=True)
