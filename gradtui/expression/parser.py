"""text -> Expression."""

from __future__ import annotations

from collections.abc import Collection

from gradtui.expression.syntax import Expression


class ExpressionError(Exception):
    """A text that is not an expression of the language.

    kind: `syntax`, `name`, `arity`, `limit` (and `domain` from the evaluator). start, end: offsets in the text, end exclusive.
    """

    def __init__(self, kind: str, message: str, start: int, end: int, hint: str = "") -> None:
        super().__init__(message)
        self.kind, self.message, self.start, self.end, self.hint = kind, message, start, end, hint


def parse(text: str, names: Collection[str] = ()) -> Expression:
    """Read `text`; `names` are variables whatever they are. Raises ExpressionError and nothing else."""
    raise NotImplementedError
