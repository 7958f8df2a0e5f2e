"""Lines that are broken, and whole again."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from gradtui.tui.panes.line_view import within


@pytest.mark.parametrize("width", range(1, 12))
def test_what_is_cut_has_a_mark(width: int) -> None:
    """At the edge of two pieces too, and beside a wide character."""
    pieces = (("ab", "one"), ("函数", "two"), ("cd", ""))
    told = "".join(text for text, _ in within(pieces, width))
    assert told == "ab函数cd" if width >= 8 else told[-1] == "…"
    assert cell_len(told) == min(width, 8)
