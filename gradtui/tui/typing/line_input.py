"""A line to type in: what cannot be seen is shown, and every key acts in the order in which it was typed."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType, NoBinding
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input

from gradtui.snapshot.visible import visible
from gradtui.tui.compositor import paint_at_once
from gradtui.tui.typing.key_order import send

LEAVING = ("submit", "leave")
"""Actions after which others decide, by `decided`, whether the line is left: what is typed meanwhile waits for that."""


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

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._deciding = False
        self._held: list[events.Key | events.Paste] = []

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.call_next(self._hear, event)

    async def _on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        await self._hear(event)

    def _on_blur(self, event: events.Blur) -> None:
        self.decided()

    def decided(self) -> None:
        """Whether it is left is known: what came after the key that asked for it goes where it belongs."""
        if self.app.focused is self:
            self.call_next(self._hear_held)
            return
        held, self._held, self._deciding = self._held, [], False
        for event in held:
            send(self.app, event)

    async def _hear_held(self) -> None:
        held, self._held, self._deciding = self._held, [], False
        for event in held:
            await self._hear(event)

    async def _hear(self, event: events.Key | events.Paste) -> None:
        """What is typed is painted before anything is made of it. What follows the key that left the line is not its own."""
        if self._deciding:
            self._held.append(event)
        elif self.app.focused is not self:
            send(self.app, event)
        elif isinstance(event, events.Paste):
            self._insert(self.joined(event.text))
        else:
            await self._obey(event)
            paint_at_once(self)

    def joined(self, text: str) -> str:
        """Several lines that are pasted, as one: as lines of a function are. Textual takes the first alone."""
        return joined(text)

    def _insert(self, pasted: str) -> None:
        if self.selection.is_empty:
            self.insert_text_at_cursor(pasted)
        else:
            self.replace(pasted, *self.selection)

    async def _obey(self, event: events.Key) -> None:
        try:
            bindings = self._bindings.get_bindings_for_key(event.key)
        except NoBinding:
            await super()._on_key(event)
        else:
            self._deciding = bindings[0].action in LEAVING
            await self.run_action(bindings[0].action)
