"""The line under the expression: how it is read, or what is wrong and where."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from gradtui.snapshot.model import Problem
from gradtui.snapshot.visible import visible
from gradtui.tui.panes.line_view import cut, folded
from gradtui.tui.panes.readout import both_ends

CARET = "^"


class ProblemLine(Widget):
    """One line, or two where sentence and hint do not fit in one; the second lies over what is below, so nothing jumps."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._echo = self._remark = Content()
        self._problem: Problem | None = None
        self._column: int | None = None

    def show(self, echo: Content, remark: Content, problem: Problem | None = None, column: int | None = None) -> None:
        """`echo` at the left and `remark` at the right; or `problem`, with a caret at `column` where it has a place."""
        if problem == self._problem and echo.is_same(self._echo) and remark.is_same(self._remark):
            self.point_at(column)
            return
        before = len(self._lines())
        self._echo, self._remark, self._problem, self._column = echo, remark, problem, column
        self.tooltip = remark or None
        self.refresh(layout=len(self._lines()) != before)

    def point_at(self, column: int | None) -> None:
        """Put the caret elsewhere."""
        if column != self._column:
            before = len(self._lines())
            self._column = column
            self.refresh(layout=len(self._lines()) != before)

    def render(self) -> Content:
        if self._problem is None:
            return both_ends(self._echo, self._remark, self.size.width)
        return Content("\n").join(
            Content.assemble(
                (line, "$text-error" if part == "message" else "$foreground-muted"), (rest, "$foreground-muted")
            )
            for line, rest, part in self._lines()
        )

    def _lines(self) -> list[tuple[str, str, str]]:
        """What stands in each line; one empty line where nothing is wrong."""
        if self._problem is None:
            return [("", "", "message")]
        return _lines(visible(self._problem.message), visible(self._problem.hint), self._column, self.size.width)


def _lines(message: str, hint: str, column: int | None, width: int) -> list[tuple[str, str, str]]:
    """(text, text after it, `message` or `hint`) for each line."""
    joined = f" – {hint}" if hint else ""
    for rest, after in ((joined, []), ("", [hint] if hint else [])):
        line = place_caret(message, rest, column, width)
        if line is not None:
            return [(*line, "message"), *((text, "", "hint") for text in after)]
    width = max(1, width)
    first, *more = ["".join(text for text, _ in pieces) for pieces in folded(((message, ""),), width, indent="")]
    told = [first, *([cut(" ".join(more), width)] if more else ())]
    return [*((line, "", "message") for line in told), *(((hint, "", "hint"),) if hint else ())]


def place_caret(message: str, rest: str, column: int | None, width: int) -> tuple[str, str] | None:
    """The sentence beside a caret at `column`, right of it or else left; None where the line is too short for both."""
    length = cell_len(message + rest)
    if column is None or not 0 <= column < width:
        return (message, rest) if length <= width else None
    if column + 2 + length <= width:
        return f"{' ' * column}{CARET} {message}", rest
    if length + 1 <= column:
        return " " * (column - 1 - length) + message, f"{rest} {CARET}"
    return None
