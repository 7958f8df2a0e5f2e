"""A look for faults in which something of our own goes wrong: what else was found is told, and that the look did not end."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from os.path import basename
from typing import TypeVar

from gradtui.snapshot import faults
from gradtui.snapshot.finding import Finding

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

TEXT = "the look for faults did not end, by an error within gradtui: {error}"
REMEDY = "what else is told holds, but something may be missing; report this error to gradtui"


class Look:
    """failed: the Finding that it did not end, where it did not."""

    def __init__(self) -> None:
        self.failed: tuple[Finding, ...] = ()

    @contextmanager
    def own(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if faults.is_of_signal(error):
                raise
            if not self.failed:
                self.failed = (_unfinished(error),)

    def each(self, tell: Callable[[Asked], Answer], these: Iterable[Asked]) -> Iterator[Answer]:
        """What is told of each, but for where that fails."""
        for one in these:
            with self.own():
                yield tell(one)

    def of_each(self, ask: Iterable[Callable[[Asked], Iterable[Answer]]], about: Asked) -> Iterator[Answer]:
        """What each gives, up to where it fails."""
        for one in ask:
            with self.own():
                yield from one(about)


def _unfinished(error: Exception) -> Finding:
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{basename(last.filename)}, line {last.lineno}, in {last.name}"
    return Finding("unfinished", "backward", None, TEXT.format(error=faults.told(error)), REMEDY, evidence=(place,))
