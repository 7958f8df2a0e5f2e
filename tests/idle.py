"""Textual's waits for a quiet app, over as soon as the app is quiet.

Textual sleeps 20 ms after each key and each pause, and again where the process worked meanwhile: the tests of the screen slept
for two thirds of their time. Here all that these 20 ms would have brought still comes: what is ready, what is due by a timer,
what threads do for the app.

And it asks each widget, by a message to be answered, whether it has done all that it was sent before: these were half of all
messages. Here it is looked up.
"""

from __future__ import annotations

import asyncio
import math
from time import process_time
from typing import Any

import textual.app
import textual.pilot
from textual._wait import SLEEP_GRANULARITY
from textual.message_pump import MessagePump
from textual.pilot import Pilot, WaitForScreenTimeout
from textual.widget import Widget

TURN = 0.001
"""Seconds of one look: the shortest that the event loop sleeps."""


async def wait_for_idle(min_sleep: float = SLEEP_GRANULARITY, max_sleep: float = 1) -> None:
    """As Textual's, which knows no more of the process than its time on the processor."""
    loop: Any = asyncio.get_running_loop()
    begun = active = loop.time()
    while (now := loop.time()) < begun + max_sleep:
        used = process_time()
        await asyncio.sleep(TURN)
        if loop._ready or process_time() - used > (loop.time() - now) / 4:
            active = loop.time()
            continue
        now, due = loop.time(), _next(loop)
        if now >= begun + min_sleep and active + SLEEP_GRANULARITY <= max(now, due):
            return
        await asyncio.sleep(min(due - now, SLEEP_GRANULARITY))


def _next(loop: Any) -> float:
    """When something comes: at once where a thread has not yet done what the loop waits for, which may wait itself."""
    threads = loop._default_executor
    if threads is not None and threads._idle_semaphore._value < len(threads._threads):
        return -math.inf
    return min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=math.inf)


TURNS = 50
"""Of the event loop, after which a widget waits for something outside of it, and is looked at now and then."""


async def wait_for_screen(pilot: Pilot[Any], timeout: float = 30.0) -> bool:
    """As Textual's: whether the app, its screen and all in it have done what they were sent, and none of them failed."""
    app = pilot.app
    if not app.screen_stack:
        return False
    loop, turns = asyncio.get_running_loop(), 0
    end = loop.time() + timeout
    widgets = [one for one in app.screen.walk_children() if isinstance(one, Widget)]
    busy: list[MessagePump] = [app, app.screen, *widgets]
    for pump in (app, app.screen, *filter(_is_to_be_told, widgets)):
        pump.check_idle()
    while busy:
        await asyncio.sleep(0 if turns < TURNS else TURN)
        turns += 1
        if app._exception_event.is_set():
            return False
        busy = [pump for pump in busy if not _is_done(pump)]
        if busy and loop.time() > end:
            raise WaitForScreenTimeout(f"{busy} did not finish")
    return True


def _is_to_be_told(widget: Widget) -> bool:
    """It wants something of the screen, and says so once it has heard something: it may have wanted it before it could."""
    return (
        widget._repaint_required
        or widget._layout_required
        or widget._scroll_required
        or widget._refresh_styles_required
    )


def _is_done(pump: MessagePump) -> bool:
    """It has nothing before it and waits for what comes, or it is left."""
    queue: Any = pump._message_queue
    waits = queue.empty() and queue.ready_event._waiters and pump._pending_message is None
    return bool(waits) or pump._closing or pump._closed


def install() -> None:
    """For all apps that tests run."""
    Pilot._wait_for_screen = wait_for_screen  # type: ignore[method-assign,assignment]
    textual.app.wait_for_idle = textual.pilot.wait_for_idle = wait_for_idle  # type: ignore[attr-defined]
