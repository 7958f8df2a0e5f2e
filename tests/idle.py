"""Textual's wait for a quiet app, over as soon as the app is quiet.

Textual sleeps 20 ms after each key and each pause, and again where the process worked meanwhile: the tests of the screen slept
for two thirds of their time. Here all that these 20 ms would have brought still comes: what is ready, what is due by a timer,
what threads do for the app.
"""

from __future__ import annotations

import asyncio
import math
from time import process_time
from typing import Any

import textual.app
import textual.pilot
from textual._wait import SLEEP_GRANULARITY

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


def install() -> None:
    """For all apps that tests run."""
    textual.app.wait_for_idle = textual.pilot.wait_for_idle = wait_for_idle  # type: ignore[attr-defined]
