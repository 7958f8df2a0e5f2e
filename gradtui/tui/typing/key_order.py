"""Keys act one after the other, each on what has the keys by then: several may be there before the first of them is heard, and
some of them before the screen that they are for."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count
from typing import Any, cast
from weakref import WeakKeyDictionary, ref

from textual.app import App
from textual.events import Event, Key, Paste
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widget import Widget

Typed = Key | Paste


class KeyOrder:
    """Of one app. Keys go on as they come, as long as they go to the same widget, each of which hears them in their order.

    Where another widget has the keys now, they wait until all that was sent to the one before is heard by it, or has come back
    unheard: what is sent behind that, in its order, comes to what has the keys after all of it.
    """

    def __init__(self, app: App[Any], hear: Callable[[Event], Awaitable[None]]) -> None:
        """hear: what the app does with a key of which it is the turn."""
        self._app, self._hear = app, hear
        self._count = count()
        self._numbers: WeakKeyDictionary[Typed, int] = WeakKeyDictionary()
        self._sent_to: WeakKeyDictionary[Typed, Widget] = WeakKeyDictionary()
        self._stream: Callable[[], Widget | None] = lambda: None  # a reference that keeps no screen that was left
        self._waiting: list[tuple[int, int, Typed]] = []  # by its number; no two events are compared
        self._turning = self._holding = False
        self._then: Callable[[], object] | None = None

    async def arrive(self, event: Typed) -> None:
        """A key that was pressed, or one that comes back unheard from what it was sent to: the app's own, or astray by now."""
        now, number = self._receiver, self._numbers.setdefault(event, next(self._count))
        if event.is_forwarded:
            in_turn = not self._holding and not (self._waiting and self._waiting[0][0] < number)
            if in_turn and self._sent_to.get(event, now) is now:
                await self._hear(event)
            else:
                self.send(event)
        elif (
            self._holding
            or self._waiting
            or self._turning
            or self._stream() not in (None, now)
            or self._overtakes(event)
        ):
            self._wait(event)
        else:
            await self._send_on(event)

    def send(self, event: Typed) -> None:
        """The same again, to what has the keys now, in its place among all that were pressed."""
        again = Key(event.key, event.character) if isinstance(event, Key) else Paste(event.text)
        self._numbers[again] = self._numbers.setdefault(event, next(self._count))
        self._wait(again)

    def hold(self, keys: Iterable[Typed]) -> None:
        """Keys wait, these before all others, until they are let go."""
        self._holding = True
        for event in keys:
            self.send(event)

    def let_go(self) -> None:
        self._holding = False
        if self._waiting:
            self._turn()

    def leave(self, then: Callable[[], object]) -> None:
        """None is heard any more. `then` comes once all that was sent on has come back."""
        self._holding, self._then = True, then
        self._turn()

    @property
    def unheard(self) -> list[Typed]:
        """In their order."""
        return [event for _, _, event in sorted(self._waiting, key=lambda one: one[:2])]

    def keeps(self, event: Typed) -> bool:
        """Whether one that has just been pressed waits here."""
        if event.is_forwarded:
            return False
        self._numbers.setdefault(event, next(self._count))
        if self._holding:
            self._wait(event)
        return self._holding

    @property
    def _receiver(self) -> Widget:
        """What has the keys now."""
        return self._app.focused or self._app.screen

    def _overtakes(self, event: Typed) -> bool:
        """Whether it acts at once, also before what was sent on and is not heard yet."""
        return isinstance(event, Key) and event.key == self._app.COMMAND_PALETTE_BINDING

    async def _send_on(self, event: Typed) -> None:
        self._stream, self._sent_to[event] = ref(self._receiver), self._receiver
        await self._hear(event)

    def _wait(self, event: Typed) -> None:
        heappush(self._waiting, (self._numbers[event], next(self._count), event))
        if not self._holding:
            self._turn()

    def _turn(self) -> None:
        if not self._turning:
            self._turning = True
            self._follow(self._stream())

    def _follow(self, at: MessagePump | None) -> None:
        """Behind all that this one was sent, and then behind what comes back from it, up to the app."""
        while at is not None and at is not self._app:
            above = at._parent
            if at.call_later(self._follow, above):
                return
            at = above
        self._app.call_later(self._go_on)

    async def _go_on(self) -> None:
        """All that was sent is heard."""
        self._turning = False
        if self._then is not None:
            self._then()
        if self._holding or not self._app.screen_stack:
            return
        now, first = self._receiver, True
        self._stream = ref(now)
        while self._waiting and self._receiver is now and (first or not self._overtakes(self._waiting[0][-1])):
            await self._send_on(heappop(self._waiting)[-1])
            first = False
        if self._waiting:
            self._turn()


def send(app: App[Any], event: Typed) -> None:
    """To what has the keys now, in its place."""
    order: KeyOrder = app.key_order  # type: ignore[attr-defined]
    order.send(event)


@contextmanager
def one_after_the_other() -> Iterator[None]:
    """Apps on one terminal, which is given back at the end, whatever happens between two of them."""
    try:
        yield
    finally:
        if os.name == "posix":
            from gradtui.tui.terminal import give_back  # of a terminal as POSIX has them

            give_back()


class Successor:
    """For an app. has_successor: whether another follows, for which all waits that is not heard yet, or not even read."""

    key_order: KeyOrder
    has_successor = False

    def come_after(self, before: Successor | None) -> None:
        """Keys wait until it is `ready`."""
        if before is not None:
            self.key_order.hold(before.key_order.unheard)

    def ready(self) -> None:
        """What the keys are about is on the screen, or comes before them."""
        self.key_order.let_go()

    def leave(self) -> None:
        """For another; to be left for none, there is `exit`."""
        self.has_successor = True
        self.key_order.leave(cast(App[Any], self).exit)

    def post_message(self, message: Message) -> bool:
        """Not into a queue that may end before it."""
        if isinstance(message, Key | Paste) and self.key_order.keeps(message):
            return True
        return bool(cast(Any, super()).post_message(message))
