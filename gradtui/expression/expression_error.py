"""What the language has to say to a text that is not of it."""

from __future__ import annotations

from typing import Literal

from gradtui.snapshot.model import Problem

ErrorKind = Literal["syntax", "name", "arity", "limit", "domain"]


class ExpressionError(Exception):
    """A text that is not an expression of the language.

    kind: the parser knows no `domain`; that is the evaluator's.
    message: one sentence; hint: a way out, or "". start, end: offsets in the text, end exclusive.
    """

    def __init__(self, kind: ErrorKind, message: str, start: int, end: int, hint: str = "") -> None:
        super().__init__(message)
        self.kind, self.message, self.start, self.end, self.hint = kind, message, start, end, hint

    @property
    def problem(self) -> Problem:
        """As the answer to a Request."""
        return Problem(self.kind, self.message, self.start, self.end, self.hint)
