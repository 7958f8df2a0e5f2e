"""Evaluation for what has no event loop: a plain function, with the processes behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gradtui.service.client import Service
from gradtui.snapshot.model import Request, Snapshot

CALCULUS_DEADLINE = 0.7
"""Seconds for the symbolic derivative: hostile lines are answered within a second each."""


@contextmanager
def evaluator(function: str | None = None) -> Iterator[Callable[[Request], Snapshot]]:
    """A function that evaluates, for as long as the `with` lasts; whole answers, from processes of its own.

    function: the one `model.py:loss` whose code they may run.
    """
    with asyncio.Runner() as runner:
        service = Service(calculus_deadline=CALCULUS_DEADLINE, function=function)
        try:
            runner.run(service.start())
            yield lambda request: runner.run(service.evaluate(request))
        finally:
            runner.run(service.close())
