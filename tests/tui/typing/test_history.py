"""What was accepted can be had again, and the draft is not lost."""

from __future__ import annotations

from gradtui.tui.typing.history import History


def filled() -> History:
    history = History()
    for text in ("x", "x^2", "sin(x)"):
        history.add(text)
    return history


def test_up_and_down() -> None:
    history = filled()
    assert history.older("sin(x)") == "x^2"
    assert history.older("x^2") == "x"
    assert history.older("x") == "x"
    assert history.newer("x") == "x^2"
    assert history.newer("x^2") == "sin(x)"


def test_draft_comes_back() -> None:
    history = filled()
    assert history.older("x^2 + (") == "sin(x)"
    assert history.newer("sin(x)") == "x^2 + ("


def test_each_text_once_the_newest_last() -> None:
    history = filled()
    history.add("x")
    assert history.entries == ["x^2", "sin(x)", "x"]


def test_empty() -> None:
    assert History().older("x") == "x"
    assert History().newer("x") == "x"
