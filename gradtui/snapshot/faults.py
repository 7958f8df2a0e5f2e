"""Errors of our own: they are told as ours, with a file that holds what is to be reported, and never go into code of a person's
that runs."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import CodeType

from gradtui.snapshot.exception_text import said
from gradtui.snapshot.visible import visible

OWN = str(Path(__file__).parents[1]) + os.sep
KEPT_IN = "error.txt"
"""In the platform's folder of states: what is to be reported of the last one."""


def told(error: BaseException) -> str:
    """Its kind, and the first line of what it says."""
    what = said(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {what}" if what else type(error).__name__


def sentence(error: BaseException) -> str:
    """`ValueError: what it says (chart/drawing.py, line 42)`: the last line of ours that it went through."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(OWN)]
    where = f" ({Path(ours[-1].filename.removeprefix(OWN)).as_posix()}, line {ours[-1].lineno})" if ours else ""
    return visible(f"{told(error)}{where}")


def report(error: BaseException) -> str:
    """How it is reported, with a file where one can be written."""
    import platform
    from importlib.metadata import version

    own = sys.modules["gradtui"].__version__  # imported by name, it would bring the API with torch
    python = f"Python {platform.python_version()}, {platform.platform()}"
    with suppress(OSError, RuntimeError, ImportError):  # of a package that is not there, which may be the error
        import platformdirs

        place = f"gradtui {own}, Textual {version('textual')}, {python}\n"
        path = Path(platformdirs.user_state_dir("gradtui", appauthor=False)) / KEPT_IN
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(place + "".join(traceback.format_exception(error)), encoding="utf-8", errors="backslashreplace")
        return visible(f"Please report it where you got gradtui, with {path}")
    return "Please report it where you got gradtui"


def is_own(error: BaseException) -> bool:
    """Whether it was raised in code of ours, and not in a person's or in torch that this called."""
    if (
        not isinstance(error, Exception)
        or isinstance(error, MemoryError | RecursionError)
        or error.__traceback__ is None
    ):
        return False
    (*_, (frame, _)) = traceback.walk_tb(error.__traceback__)
    return frame.f_code.co_filename.startswith(OWN)


def is_of_signal(error: BaseException) -> bool:
    """Whether the handler of a signal raised it: a signal comes wherever the program is, and is meant for the program."""
    handlers, trace = frozenset(_handlers()), error.__traceback__
    while trace is not None and trace.tb_frame.f_code not in handlers:
        trace = trace.tb_next
    return trace is not None


def _handlers() -> Iterator[CodeType]:
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        handler = getattr(handler, "func", handler)  # of a partial
        for called in (handler, type(handler).__call__) if callable(handler) else ():
            code = getattr(called, "__code__", None)
            if isinstance(code, CodeType):
                yield code
