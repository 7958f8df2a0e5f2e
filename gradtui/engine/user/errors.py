"""What user code raised, as a Problem: one sentence, the place in the user's own text, and the way that led there."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from errno import ENOMEM
from functools import cache
from itertools import groupby
from pathlib import Path
from types import CodeType, FrameType, TracebackType

import torch

from gradtui.engine.capture.places import Places
from gradtui.engine.user.marked_line import marked, start_of
from gradtui.engine.user.module import text_of
from gradtui.engine.user.too_nested import TooDeepError
from gradtui.engine.working_folder import shown
from gradtui.snapshot.exception_text import said, unbroken
from gradtui.snapshot.model import Problem, ProblemKind, Source

MOST_CALLS = 8
"""Calls that are told: the first of them and the last."""
LONGEST = 300
"""Characters of what an exception says."""
NO_END = "look for the case in which it shall end"

IsOwn = Callable[[str], bool]
"""Whether a file is the user's own."""

ALLOCATION = re.compile(r"[Tt]ried to allocate ([\d.]+ \w+)")
NO_MEMORY = ("allocate memory", "out of memory", "bad_alloc", "failed to map segment")

RECURSION = 1_000
"""Deeper are only functions that call themselves: it is Python's own limit, where that is not raised."""
ENDS = 1_000
"""Of a longer way so many calls at each end are looked at."""


Calls = list[tuple[CodeType, int]]


class TooLongError(BaseException):
    """The time is up, so many seconds. No Exception: user code that catches those shall not catch this."""


class TooMuchError(MemoryError):
    """So much memory has been taken that hardly any is left."""


class Way:
    """What an exception came through, the outermost call first.

    first, last: its calls, of a long way both ends. length: how many there were.
    """

    def __init__(self, error: BaseException) -> None:
        first: list[TracebackType] = []
        last: deque[TracebackType] = deque(maxlen=ENDS)
        self.length, trace = 0, error.__traceback__
        while trace is not None:
            self.length += 1
            (first if self.length <= ENDS else last).append(trace)
            trace = trace.tb_next
        self.first, self.last = first, [*last]

    def frames(self) -> Iterator[FrameType]:
        return (one.tb_frame for one in (*self.first, *self.last))

    def own(self, is_own: IsOwn) -> tuple[Calls, Calls]:
        """The user's own, each with the instruction that it is at."""
        known = cache(is_own)

        def calls(ends: list[TracebackType]) -> Calls:
            return [(one.tb_frame.f_code, one.tb_lasti) for one in ends if known(one.tb_frame.f_code.co_filename)]

        return calls(self.first), calls(self.last)


def problem(error: BaseException, target: str, is_own: IsOwn) -> Problem:
    """Why `target` gave no tensor."""
    place = _not_python(error, is_own)
    if place is not None:
        return _syntax(*place, too_deep=isinstance(error, TooDeepError))
    way = Way(error)
    message, kind, hint = _sentence(error, target, way.length)
    first, last = way.own(is_own)
    if not first and not last:
        return Problem(kind, message, hint=hint)
    left_out = way.length - len(way.first) - len(way.last)
    source = Places().of_instruction(*[*first, *last][-1])
    return Problem(kind, message, hint=hint, source=source, traceback=_told(first, last, left_out))


def files_of(error: BaseException, is_own: IsOwn) -> set[Path]:
    """The user's files that the error came through."""
    found = {Path(code.co_filename) for ends in Way(error).own(is_own) for code, _ in ends}
    place = _not_python(error, is_own)
    if place is not None:
        found.add(Path(place[0]))
    return found


def of_user_code(error: BaseException, is_own: IsOwn) -> BaseException:
    """What it raised, where a look at its time or memory came when that was already on its way out, through our frames."""
    cause: BaseException | None = error
    while cause is not None and not any(Way(cause).own(is_own)) and _not_python(cause, is_own) is None:
        cause = cause.__context__
    return error if cause is None else cause


def _sentence(error: BaseException, target: str, calls: int) -> tuple[str, ProblemKind, str]:
    what = " ".join(said(error).split())
    what = what if len(what) <= LONGEST else what[: LONGEST - 1] + "…"
    name = unbroken(type(error).__name__)
    recursion, deep = calls > RECURSION, f"{calls:,} calls deep"
    if isinstance(error, TooLongError):
        if recursion:
            return f"{target} calls itself: after {what} it was {deep}, and was stopped", "crash", NO_END
        return f"{target} took longer than {what} and was stopped", "timeout", ""
    if isinstance(error, SystemExit):
        status = "" if error.code is None else what
        return f"{target} ended by sys.exit({status}) instead of returning a tensor", "crash", ""
    if isinstance(error, KeyboardInterrupt):
        return f"{target} raised KeyboardInterrupt", "crash", ""
    if isinstance(error, EOFError):
        return f"{target} read its standard input, which is empty here: {name}: {what}", "crash", ""
    if isinstance(error, TooMuchError):
        return f"{target} had taken {what} of memory, and was stopped", "memory", "hardly any is left for it"
    if is_memory(error):
        if recursion:
            return f"{target} calls itself until there is no memory left, {deep}", "memory", NO_END
        wanted = ALLOCATION.search(what)
        return f"{target} asked for more memory than there is{f': {wanted[1]}' if wanted else ''}", "memory", ""
    hint = NO_END if isinstance(error, RecursionError) else ""
    return f"{target} raised {name}{': ' * bool(what)}{what}", "crash", hint


def is_memory(error: BaseException) -> bool:
    """Python's own, torch's on an accelerator, the system's, and the RuntimeError of torch's allocator on the CPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == ENOMEM
    return isinstance(error, RuntimeError) and any(sign in said(error) for sign in NO_MEMORY)


def _not_python(error: BaseException, is_own: IsOwn) -> tuple[str, tuple[int, ...], str] | None:
    """File, place and message of a SyntaxError in one of the user's files. Who raises one by hand may put anything in it."""
    if not isinstance(error, SyntaxError) or type(error.filename) is not str or type(error.msg) is not str:
        return None
    place = error.lineno, error.offset, error.end_lineno, error.end_offset
    if not all(number is None or type(number) is int for number in place) or not is_own(error.filename):
        return None
    return error.filename, tuple(number or 0 for number in place), unbroken(error.msg)


def _syntax(filename: str, place: tuple[int, ...], what: str, *, too_deep: bool) -> Problem:
    """The place that Python names; lines and columns count from 1, an end of 0 or -1 is none."""
    line, column, end_line, end = place
    line, column = max(line, 1), max(column, 1)
    end_line = end_line or line
    text = text_of(filename)
    start = min(start_of(text, line) + column - 1, len(text))
    stop = start_of(text, end_line) + end - 1 if (end_line, end) > (line, column) else start + 1
    stop = max(start, min(stop, len(text)))
    source = Source(text[start:stop], start, stop, shown(filename), line)
    way = _call(text, source)
    if too_deep:
        told = f"{source.file} cannot be compiled: what begins in line {line} goes on for too long, or too deep, for Python"
        return Problem("limit", told, hint="write it as several statements", source=source, traceback=way)
    return Problem("syntax", f"{source.file} is not Python: {what}", source=source, traceback=way)


def _told(first: Calls, last: Calls, left_out: int) -> tuple[str, ...]:
    """The way there as Python tells it, of a long one both ends. Calls that repeat are told once."""
    calls = _each(first if left_out else [*first, *last])
    if left_out:
        calls = [*calls[: MOST_CALLS // 2], (f"  … {left_out:,} more calls",), *_each(last)[-MOST_CALLS // 2 :]]
    elif len(calls) > MOST_CALLS:
        between = (f"  … {len(calls) - MOST_CALLS} more calls",)
        calls = [*calls[: MOST_CALLS // 2], between, *calls[-MOST_CALLS // 2 :]]
    return tuple(line for call in calls for line in call)


def _each(calls: Calls) -> list[tuple[str, ...]]:
    places = Places()
    told: list[tuple[str, ...]] = []
    for (code, instruction), repeats in groupby(calls):
        told.append(_call(text_of(code.co_filename), places.of_instruction(code, instruction), code.co_name))
        count = len(list(repeats))
        if count > 1:
            told.append((f"  … {count - 1} times more",))
    return told


def _call(text: str, source: Source, function: str = "") -> tuple[str, ...]:
    line, marks = marked(text, source)
    inside = f", in {function}" if function else ""
    return f'  File "{source.file}", line {source.line}{inside}', f"    {line}", f"    {marks}"
