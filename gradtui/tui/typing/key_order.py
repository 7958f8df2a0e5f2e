"""Keys act one after the other, each on what has the keys by then: several may be there before the first of them is heard."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from textual.app import App
from textual.events import Key, Paste
from textual.widget import Widget

Typed = Key | Paste

_SENT: WeakKeyDictionary[Typed, Widget] = WeakKeyDictionary()
"""What had the keys when this one was sent on."""


def receiver(app: App[Any]) -> Widget:
    """What has the keys now."""
    return app.focused or app.screen


def sent(app: App[Any], event: Typed) -> None:
    """It is on its way to what has the keys now."""
    _SENT[event] = receiver(app)


def is_astray(app: App[Any], event: Typed) -> bool:
    """Whether a key before it has given the keys to something else."""
    return _SENT.get(event, receiver(app)) is not receiver(app)


def send(app: App[Any], event: Typed) -> None:
    """The same again, to what has the keys now; before what waits to be heard by the `app`."""
    again = Key(event.key, event.character) if isinstance(event, Key) else Paste(event.text)
    app.call_next(app.on_event, again)
