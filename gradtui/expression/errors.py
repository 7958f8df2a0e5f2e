"""What the language has to say to a text that is not of it."""

from __future__ import annotations


class ExpressionError(Exception):
    """A text that is not an expression of the language.

    kind: `syntax`, `name`, `arity`, `limit` (and `domain` from the evaluator).
    message: one sentence; hint: a way out, or "". start, end: offsets in the text, end exclusive.
    """

    def __init__(self, kind: str, message: str, start: int, end: int, hint: str = "") -> None:
        super().__init__(message)
        self.kind, self.message, self.start, self.end, self.hint = kind, message, start, end, hint
