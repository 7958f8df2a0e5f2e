"""A line to type in: what cannot be seen is shown, and every key acts in the order in which it was typed."""

from __future__ import annotations

from textual import events
from textual.binding import NoBinding
from textual.widgets import Input

from gradtui.snapshot.visible import visible


class LineInput(Input):
    """An Input whose bindings act at once.

    Textual lets a key that is bound bubble up to the app before it acts; letters that are typed meanwhile, or pasted
    with it, overtake it.
    """

    def validate_value(self, value: str) -> str:
        """Every offset stays: one character stands for one."""
        return visible(value)

    async def _on_key(self, event: events.Key) -> None:
        try:
            bindings = self._bindings.get_bindings_for_key(event.key)
        except NoBinding:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()
        await self.run_action(bindings[0].action)
