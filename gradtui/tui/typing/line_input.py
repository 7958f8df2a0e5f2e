"""A line to type in: what cannot be seen is shown, and every key acts in the order in which it was typed."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType, NoBinding
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input

from gradtui.snapshot.visible import visible
from gradtui.tui.painting import paint_at_once


def joined(text: str) -> str:
    """Lines as one: `a = x^2; a + 1`. What stands under a `def f(x):` follows it."""
    line = ""
    for part in filter(None, map(str.strip, text.splitlines())):
        line += f"{'' if not line else ' ' if line.endswith((':', ';', ',', '(')) else '; '}{part}"
    return line


class LineInput(Input):
    """An Input whose bindings act at once. F1 explains what can be typed; tab always leaves it.

    Textual lets a key that is bound bubble up to the app before it acts; letters that are typed meanwhile, or pasted
    with it, overtake it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f1", "app.explain", "help", id="line.help", key_display="F1", tooltip="What can be typed, and the keys"
        ),
        Binding("tab", "app.focus_next", show=False),
        Binding("shift+tab", "app.focus_previous", show=False),
    ]

    virtual_size = Reactive(Size(0, 0), layout=False)
    """Textual would lay out the whole screen with every letter; where it stands in its own place, nothing else moves."""

    def validate_value(self, value: str) -> str:
        """Every offset stays: one character stands for one."""
        return visible(value)

    def _on_paste(self, event: events.Paste) -> None:
        """Several lines are one, joined as lines of a function are; Textual takes the first alone."""
        event.stop()
        event.prevent_default()
        pasted = joined(event.text)
        if self.selection.is_empty:
            self.insert_text_at_cursor(pasted)
        else:
            self.replace(pasted, *self.selection)

    async def _on_key(self, event: events.Key) -> None:
        """What is typed is painted before anything is made of it. What follows the key that left the line is not its own."""
        focused = self.app.focused
        if focused is not self:
            event.stop()
            event.prevent_default()
            (focused or self.screen)._forward_event(events.Key(event.key, event.character))
            return
        try:
            bindings = self._bindings.get_bindings_for_key(event.key)
        except NoBinding:
            await super()._on_key(event)
        else:
            event.stop()
            event.prevent_default()
            await self.run_action(bindings[0].action)
        paint_at_once(self)
