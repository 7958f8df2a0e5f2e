"""The colours of what is being typed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.expression.highlight import pieces


def kinds(text: str, names: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(text[piece.start : piece.end], piece.kind) for piece in pieces(text, names)]


def test_kinds() -> None:
    assert kinds("2x² + torch.sin(π) ") == [
        ("2", "number"),
        ("x", "variable"),
        ("²", "number"),
        ("+", "operator"),
        ("torch", "function"),
        (".", "operator"),
        ("sin", "function"),
        ("(", "bracket"),
        ("π", "constant"),
        (")", "bracket"),
    ]


@pytest.mark.parametrize(
    ("text", "word", "kind"),
    [
        ("foo + 1", "foo", "error"),
        ("2 + si", "si", "function"),
        ("si + 2", "si", "error"),
        ("foo = x; foo + 1", "foo", "variable"),
        ("x # y", "# y", "bracket"),
        ("x\u202e", "\u202e", "error"),
        ("i0(x)", "i0", "function"),
        ("e^x", "e", "constant"),
    ],
)
def test_words(text: str, word: str, kind: str) -> None:
    assert set(dict(item for item in reversed(kinds(text)) if item[0] == word).values()) == {kind}


def test_names_are_variables() -> None:
    assert kinds("Volt*e", ("Volt", "e")) == [("Volt", "variable"), ("*", "operator"), ("e", "variable")]


@pytest.mark.long
@settings(max_examples=50, deadline=None)
@given(st.text())
def test_covers_the_text_in_order(text: str) -> None:
    found = pieces(text)
    ends = [0, *(piece.end for piece in found)]
    for end, piece in zip(ends, found, strict=False):
        assert end <= piece.start < piece.end
        assert text[end : piece.start].isspace() or end == piece.start
    assert text[ends[-1] :].isspace() or ends[-1] == len(text)
