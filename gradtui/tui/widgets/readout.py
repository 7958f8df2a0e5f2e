"""What comes out: value, gradient, the derivative as Calculus writes it, and whether the three ways to it agree."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class Readout(Widget):
    """Lines of text, each cut at the end of the line; the whole of them is the tooltip."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: tuple[Content, ...] = ()

    def show(self, *lines: Content) -> None:
        self._lines = lines
        self.refresh()

    def render(self) -> Content:
        width = max(1, self.size.width)
        return Content("\n").join(line.truncate(width, ellipsis=True) for line in self._lines)


LIGHTS = {
    "starting": ("○", "$foreground-muted"),
    "ready": ("●", "$text-success"),
    "working": ("◐", "$text-warning"),
    "problem": ("✗", "$text-error"),
}


class Status(Widget):
    """Number type and device, and a light: ○ starting, ● ready, ◐ at work, ✗ the last request has no answer."""

    shown: reactive[tuple[str, str]] = reactive(("", "starting"), layout=True)

    def show(self, kind: str, light: str) -> None:
        self.shown = (kind, light)

    def render(self) -> Content:
        kind, light = self.shown
        lamp, style = LIGHTS[light]
        return Content.assemble((f"{kind} ", "$foreground-muted"), (lamp, style))
