"""Lines that are broken, and whole again."""

from __future__ import annotations

import pytest

from gradtui.tui.panes.line_view import Line, folded, unfolded

TEXTS = ["This is f itself, where backward starts with ḡ = 1.", "  8  from PowBackward0 x^2", "a"]


@pytest.mark.parametrize("width", [14, 20, 30, 200])
def test_lines_are_whole_again(width: int) -> None:
    broken = [Line(part) for text in TEXTS for part in folded(((text, "node--text"),), width)]
    assert (len(broken) > len(TEXTS)) == (width < 200)
    assert unfolded(broken) == TEXTS
