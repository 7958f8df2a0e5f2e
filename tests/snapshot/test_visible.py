"""Every character there is, made safe to show."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable

import pytest

from gradtui.snapshot.visible import ACTING, UNSEEN, harmless, harmless_lines, visible


@pytest.mark.long
@pytest.mark.parametrize(
    ("write", "never", "kept"),
    [(visible, UNSEEN, ""), (harmless, ACTING, ""), (harmless_lines, ACTING, "\n\t")],
    ids=["visible", "harmless", "harmless lines"],
)
def test_every_character(write: Callable[[str], str], never: set[str], kept: str) -> None:
    """One for one, and none is lost: what is shown instead is printable."""
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    shown = write(every)
    assert len(shown) == len(every)
    assert not {unicodedata.category(one) for one in shown if one not in kept} & never
    assert all(a == b for a, b in zip(every, shown, strict=True) if unicodedata.category(a) not in never)
    assert write(shown) == shown


def test_a_page() -> None:
    assert visible("a\x1b[1m\tb\n") == "a␛[1m b␊"
    assert harmless("e\u0301\x9b\n") == "e\u0301�␊"
    assert harmless_lines("a\r\nb\rc\n\td\x1b") == "a\r\nb␍c\n\td␛"
    assert harmless_lines("a\r\n") == "a\r\n"
