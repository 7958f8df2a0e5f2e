"""Lines that are broken, and whole again."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from gradtui.tui.panes.line_view import Line, folded, unfolded, within

TEXTS = ["This is f itself, where backward starts with ḡ = 1.", "  8  from PowBackward0 x^2", "a"]


@pytest.mark.parametrize("width", [14, 20, 30, 200])
def test_lines_are_whole_again(width: int) -> None:
    broken = [Line(part) for text in TEXTS for part in folded(((text, "node--text"),), width)]
    assert (len(broken) > len(TEXTS)) == (width < 200)
    assert unfolded(broken) == TEXTS


@pytest.mark.parametrize("width", range(1, 12))
def test_what_is_cut_has_a_mark(width: int) -> None:
    """At the edge of two pieces too, and beside a wide character."""
    pieces = (("ab", "one"), ("函数", "two"), ("cd", ""))
    told = "".join(text for text, _ in within(pieces, width))
    assert told == "ab函数cd" if width >= 8 else told[-1] == "…"
    assert cell_len(told) == min(width, 8)
