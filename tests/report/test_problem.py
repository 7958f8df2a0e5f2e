from __future__ import annotations

from gradtui.report.problem import pointed
from gradtui.snapshot.model import Problem


def test_caret() -> None:
    assert pointed("x + * 2", Problem("syntax", "no", 4, 5, "try x + 2")).splitlines() == [
        "error: no",
        "  x + * 2",
        "      ^",
        "try x + 2",
    ]


def test_carets_under_a_word_and_at_the_end() -> None:
    assert pointed("xy + 1", Problem("name", "no", 0, 2)).splitlines()[2] == "  ^^"
    assert pointed("x +", Problem("syntax", "no", 3, 3)).splitlines()[2] == "     ^"
    assert pointed("", Problem("syntax", "no", 0, 0)).splitlines()[2] == "  ^"


def test_wide_characters() -> None:
    assert pointed("二x!", Problem("syntax", "no", 2, 3)).splitlines()[2] == "     ^"


def test_without_a_place() -> None:
    assert pointed("x", Problem("timeout", "no answer")) == "error: no answer"


def test_a_long_text_is_shown_around_the_place() -> None:
    text = "x+" * 2000 + "!" + "+x" * 2000
    _, shown, carets = pointed(text, Problem("syntax", "no", 4000, 4001)).splitlines()
    assert len(shown) < 80
    assert shown[carets.index("^")] == "!"
    _, shown, carets = pointed(text, Problem("syntax", "no", 0, 8000)).splitlines()
    assert len(carets) <= len(shown) < 80
