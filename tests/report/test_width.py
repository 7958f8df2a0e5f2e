"""Sentences broken to the width of a report, as Python's own textwrap breaks them."""

from __future__ import annotations

import textwrap

from hypothesis import given
from hypothesis import strategies as st

from gradtui.report.width import WIDTH, wrapped

TEXTS = st.text(st.sampled_from("ab  -·\t\n\r\x0b\x1c\x85\xa0\u2003\u200b\u2028"), max_size=8) | st.integers(
    WIDTH - 4, WIDTH + 2
).map(lambda length: ("word " * WIDTH)[:length])


@given(TEXTS, st.sampled_from(["", "    "]), st.sampled_from(["", "  "]))
def test_as_textwrap_breaks_it(text: str, indent: str, first: str) -> None:
    assert wrapped(text, indent, first=first) == textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=indent
    )
