"""A Problem as lines for a terminal, with a caret under the place."""

from __future__ import annotations

import unicodedata

from gradtui.report import findings_text
from gradtui.report.text import printed, tree
from gradtui.snapshot.model import Problem, Snapshot
from gradtui.snapshot.visible import visible

WIDTH = 76
"""Characters of the text that are shown, of a longer one those around the place."""


def pointed(text: str, problem: Problem) -> str:
    """The sentence, the text with carets under the place, and the hint. Each character is visible."""
    text = visible(text)
    lines = [f"error: {problem.message}"]
    if problem.start is not None:
        start, end = problem.start, max(problem.end or 0, problem.start + 1)
        first = max(0, min(start - WIDTH // 2, len(text) + 1 - WIDTH))
        shown = text[first : first + WIDTH]
        before = shown[: start - first]
        carets = _width(shown[start - first : end - first]) or 1
        lines += [f"  {shown}", f"  {' ' * _width(before)}{'^' * carets}"]
    if problem.hint:
        lines.append(problem.hint)
    return "\n".join(map(visible, lines))


def traced(snapshot: Snapshot) -> str:
    """Why, as far as it is known; what user code printed, the graph of what ran, and how it failed: with the way there."""
    problem = snapshot.problem
    assert problem is not None
    lines = [
        *findings_text.lines(snapshot),
        *printed(snapshot),
        *tree(snapshot),
        f"error: {problem.message}",
        *problem.traceback,
    ]
    if problem.hint:
        lines.append(problem.hint)
    return "\n".join(map(visible, lines))


def _width(text: str) -> int:
    """Cells on a terminal: two for a wide character."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
