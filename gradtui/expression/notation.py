"""Expression -> the one unambiguous way to write it."""

from __future__ import annotations

from gradtui.expression.syntax import Expression


def write(expression: Expression) -> str:
    """The unambiguous reading (`reads_as`): every product written, `^` for powers. Parses back to the same function."""
    raise NotImplementedError
