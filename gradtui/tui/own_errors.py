"""Errors of our own in the process of the screen: each is told in a sentence, with a file that holds what is to be reported.

One in what a message brings about, a key, an answer or a click, and one in a worker leave the rest of the screen to work with.
One in what is made, laid out or painted leaves nothing to look at, and one that comes again and again no way to leave: it ends
the screen, in order.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual.events import Callback, Compose, Mount
from textual.message_pump import MessagePump
from textual.messages import InvokeLater
from textual.notifications import Notification, Notify
from textual.worker import WorkerFailed

from gradtui.snapshot.faults import report, sentence

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message

MOST = 30
"""Times that the screen goes on after the same error."""
VITAL = (Compose, Mount, Callback, InvokeLater)
"""Messages that bring about what all else stands on."""
SECONDS = 12.0
"""For which it is told."""

_dispatch = MessagePump._dispatch_message


async def _dispatch_message(self: MessagePump, message: Message) -> None:
    """Textual ends the widget with any error, and the app with it."""
    try:
        await _dispatch(self, message)
    except Exception as error:
        errors: OwnErrors | None = getattr(self.app, "own_errors", None)
        if errors is None or isinstance(message, VITAL) or not errors.goes_on_after(error):
            raise


setattr(MessagePump, "_dispatch_message", _dispatch_message)  # noqa: B010


class OwnErrors:
    """Of one app. usable: whether there is a picture to go on with. last: what was said of the last one."""

    def __init__(self, app: App[Any]) -> None:
        self._app, self._times = app, Counter[str]()
        self.usable, self.last = False, ""
        self._note: Notification | None = None

    def begin(self) -> None:
        """There is a picture."""
        self.usable = True
        asyncio.get_running_loop().set_exception_handler(self.of_loop)

    def goes_on_after(self, error: BaseException) -> bool:
        """Tell of it and go on, where that can be."""
        if isinstance(error, WorkerFailed):
            error = error.error
        said = sentence(error)
        self._times[said] += 1
        if not self.usable or not self._app.is_running or self._times[said] > MOST:
            return False
        self._app._exception = self._app._exception or error  # type: ignore[assignment]  # for tests, which it is raised in
        self.last = (
            f"An error within gradtui: {said}. What is shown may lack something; all else goes on. {report(error)}"
        )
        if self._note is None or self._note.message != self.last or self._note.has_expired:
            self._note = Notification(self.last, "Error", "error", SECONDS, markup=False)
            self._app.post_message(Notify(self._note))
        return True

    def of_loop(self, loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        """What raised was called by the loop, and by no message."""
        error = context.get("exception")
        if not isinstance(error, Exception) or not self._app.is_running:
            loop.default_exception_handler({**context})
        elif not self.goes_on_after(error):
            self._app._handle_exception(error)

    def ends_by(self, error: BaseException, typed: str) -> str:
        """What is said where the screen ends. typed: what is said of what was typed."""
        if isinstance(error, WorkerFailed):
            error = error.error
        self.last = f"an error within gradtui ended the screen: {sentence(error)}. {typed}{report(error)}"
        return self.last
