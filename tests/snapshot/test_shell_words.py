"""A command that is copied, or started by another program, is read as it was meant."""

from __future__ import annotations

import shlex

from gradtui.snapshot.shell_words import shell_line

WORDS = ["gradtui", "x^2 + 3x", "x^2", "|x|", "C:\\models\\model.py:loss", "--at", "x=0.5", "it's", 'say "x"', ""]


def test_posix() -> None:
    assert shlex.split(shell_line(WORDS, windows=False)) == WORDS


def test_windows() -> None:
    """Nothing that cmd reads stands outside of double quotes, and no single quote quotes."""
    line = shell_line(WORDS, windows=True)
    assert line == r'gradtui "x^2 + 3x" "x^2" "|x|" C:\models\model.py:loss --at x=0.5 "it' + "'" + r's" "say \"x\"" ""'
