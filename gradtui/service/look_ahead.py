"""A child whose next request is known before it is asked, and then has its answer at hand."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from msgspec import Struct, msgpack
from msgspec.structs import replace

from gradtui.service.child_process import ChildError
from gradtui.service.supervised_child import Child
from gradtui.snapshot.model import Request, Snapshot

QUICK = 0.02
"""Seconds that the last answer may have taken: what is asked meanwhile, and was not foreseen, has to wait for it."""


class _Foreseen(Struct, frozen=True):
    question: bytes
    answer: asyncio.Task[Snapshot]


class LookAhead:
    """Asks a `child`, also ahead of time. An answer given ahead is that of the very same question, to the last bit, or none."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._foreseen: _Foreseen | None = None
        self._took = QUICK

    async def ask(self, request: Request) -> Snapshot:
        """The answer to `request`. Raises ChildError."""
        foreseen, self._foreseen = self._foreseen, None
        if foreseen is not None and foreseen.question == _question(request):
            with suppress(ChildError):  # nobody has asked yet: it counts as no try
                return replace(await asyncio.shield(foreseen.answer), id=request.id)
        elif foreseen is not None and not self._child.busy:
            foreseen.answer.cancel()  # it has not begun; what has is let go on, as a child is asked one thing at a time
        return await self._ask(request)

    def foresee(self, request: Request) -> None:
        """Have it answered now, where the child has nothing to do and is quick."""
        if self._took < QUICK and not self._child.busy:
            answer = asyncio.create_task(self._ask(request))
            answer.add_done_callback(_heard)
            self._foreseen = _Foreseen(_question(request), answer)

    @property
    def printed(self) -> str:
        """What was written beside the last answer."""
        return self._child.printed

    async def close(self) -> None:
        """Nobody comes for it any more."""
        if self._foreseen is not None:
            self._foreseen.answer.cancel()
            await asyncio.wait([self._foreseen.answer])

    async def _ask(self, request: Request) -> Snapshot:
        loop = asyncio.get_running_loop()
        start, self._took = loop.time(), QUICK
        answer = await self._child.ask(request)
        self._took = loop.time() - start
        return answer


def _question(request: Request) -> bytes:
    """All of a request but its number; as bytes, in which -0.0 is not 0.0."""
    return msgpack.encode(replace(request, id=0))


def _heard(answer: asyncio.Task[Snapshot]) -> None:
    """What went wrong with an answer that nobody came for is nobody's trouble."""
    if not answer.cancelled():
        answer.exception()
