"""What user code raised, as a Problem: one sentence, the place in the user's own text, and the way that led there."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from types import CodeType, TracebackType

import torch

from gradtui.engine.capture.places import Places, shown
from gradtui.engine.user.marks import marked, start_of
from gradtui.engine.user.module import text_of
from gradtui.snapshot.model import Problem, ProblemKind, Source

MOST_CALLS = 8
"""Calls that are told: the first of them and the last."""
LONGEST = 300
"""Characters of what an exception says."""

IsOwn = Callable[[str], bool]
"""Whether a file is the user's own."""

ALLOCATION = re.compile(r"[Tt]ried to allocate ([\d.]+ \w+)")


class TooLongError(BaseException):
    """The time is up, so many seconds. No Exception: user code that catches those shall not catch this."""


def problem(error: BaseException, target: str, is_own: IsOwn) -> Problem:
    """Why `target` gave no tensor."""
    if isinstance(error, SyntaxError) and error.filename and is_own(error.filename):
        return _syntax(error)
    frames = _frames(error.__traceback__, is_own)
    message, kind, hint = _sentence(error, target)
    if not frames:
        return Problem(kind, message, hint=hint)
    return Problem(kind, message, hint=hint, source=Places().of_instruction(*frames[-1]), traceback=_told(frames))


def files_of(error: BaseException, is_own: IsOwn) -> set[Path]:
    """The user's files that the error came through."""
    found = {Path(code.co_filename) for code, _ in _frames(error.__traceback__, is_own)}
    if isinstance(error, SyntaxError) and error.filename and is_own(error.filename):
        found.add(Path(error.filename))
    return found


def _sentence(error: BaseException, target: str) -> tuple[str, ProblemKind, str]:
    said = " ".join(str(error).split())
    said = said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
    name = type(error).__name__
    match error:
        case TooLongError():
            return f"{target} took longer than {said} and was stopped", "timeout", ""
        case SystemExit():
            status = "" if error.code is None else said
            return f"{target} ended by sys.exit({status}) instead of returning a tensor", "crash", ""
        case KeyboardInterrupt():
            return f"{target} raised KeyboardInterrupt", "crash", ""
        case EOFError():
            return f"{target} read its standard input, which is empty here: {name}: {said}", "crash", ""
    if is_memory(error):
        wanted = ALLOCATION.search(said)
        return f"{target} asked for more memory than there is{f': {wanted[1]}' if wanted else ''}", "memory", ""
    return f"{target} raised {name}{': ' * bool(said)}{said}", "crash", ""


def is_memory(error: BaseException) -> bool:
    """Python's own, torch's on an accelerator, and the RuntimeError of torch's allocator on the CPU."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(sign in str(error) for sign in ("allocate memory", "out of memory"))
    )


def _syntax(error: SyntaxError) -> Problem:
    """The place that Python names; columns count from 1, an end of 0 or -1 is none."""
    assert error.filename is not None
    line, column = error.lineno or 1, max(error.offset or 1, 1)
    end_line, end = error.end_lineno or line, error.end_offset or 0
    text = text_of(error.filename)
    start = min(start_of(text, line) + column - 1, len(text))
    stop = start_of(text, end_line) + end - 1 if (end_line, end) > (line, column) else start + 1
    stop = max(start, min(stop, len(text)))
    source = Source(text[start:stop], start, stop, shown(error.filename), line)
    return Problem("syntax", f"{source.file} is not Python: {error.msg}", source=source, traceback=_call(text, source))


def _frames(trace: TracebackType | None, is_own: IsOwn) -> list[tuple[CodeType, int]]:
    """The user's frames, each with the instruction that it is at."""
    found = []
    while trace is not None:
        if is_own(trace.tb_frame.f_code.co_filename):
            found.append((trace.tb_frame.f_code, trace.tb_lasti))
        trace = trace.tb_next
    return found


def _told(frames: list[tuple[CodeType, int]]) -> tuple[str, ...]:
    """The way there as Python tells it. Calls that repeat are told once."""
    places = Places()
    calls: list[tuple[str, ...]] = []
    for (code, instruction), repeats in groupby(frames):
        calls.append(_call(text_of(code.co_filename), places.of_instruction(code, instruction), code.co_name))
        count = len(list(repeats))
        if count > 1:
            calls.append((f"  … {count - 1} times more",))
    if len(calls) > MOST_CALLS:
        left_out = (f"  … {len(calls) - MOST_CALLS} more calls",)
        calls = [*calls[: MOST_CALLS // 2], left_out, *calls[-MOST_CALLS // 2 :]]
    return tuple(line for call in calls for line in call)


def _call(text: str, source: Source, function: str = "") -> tuple[str, ...]:
    line, marks = marked(text, source)
    inside = f", in {function}" if function else ""
    return f'  File "{source.file}", line {source.line}{inside}', f"    {line}", f"    {marks}"
