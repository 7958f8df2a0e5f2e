"""Screens that come one after the other on one terminal: what is pressed meanwhile is heard by the one that comes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from textual.app import App
from textual.events import Key, Paste
from textual.message import Message

from gradtui.tui.typing.key_order import KeyOrder


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
