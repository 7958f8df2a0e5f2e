"""Warnings that user code brings about, shown as Python would show them if it were run alone, at the person's own line."""

from __future__ import annotations

import linecache
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TextIO

import torch

from gradtui.engine.capture.places import OWN
from gradtui.engine.capture.recording import Recording
from gradtui.engine.torch_private import running_node
from gradtui.engine.working_folder import shown
from gradtui.snapshot.exception_text import said, unbroken

Place = tuple[str, int]
"""File and line."""

QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
"""Python shows none of these, but for a DeprecationWarning at a line of the program itself."""
BLANKET = ("ignore", None, Warning, None, 0)
"""What the worker has for itself."""
NOWHERE = {("sys", 1), ("<sys>", 0)}
"""Where Python says that it was, up to 3.12 and from 3.13 on, where it was further up than there are calls."""


@contextmanager
def warned(module: str, is_own: Callable[[str], bool], recording: Callable[[], Recording | None]) -> Iterator[None]:
    """Within it warnings go to the standard error, each once for each line.

    module: the name of the program. recording: of its forward pass, for what is warned of in backward.
    """
    known: set[tuple[str, type[Warning], Place | None]] = set()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        what = said(message) if isinstance(message, Warning) else unbroken(message)
        place = _place((filename, lineno), is_own, recording())
        if (what, category, place) not in known:
            known.add((what, category, place))
            with suppress(
                OSError, ValueError, AttributeError
            ):  # user code may have closed it, or put anything in its place
                print(_told(what, category, place), file=sys.stderr if file is None else file)

    always = torch.is_warn_always_enabled()
    with warnings.catch_warnings():
        _filter(module)
        warnings.showwarning = show
        torch.set_warn_always(True)  # else only who is first in this process is told
        try:
            yield
        finally:
            torch.set_warn_always(always)


def _filter(module: str) -> None:
    """What Python shows; `always`, as who looks for repetitions would find them all at our own line."""
    if sys.warnoptions:  # the person has said what to show
        if BLANKET in warnings.filters:
            warnings.filters.remove(BLANKET)  # type: ignore[attr-defined]
        return
    warnings.simplefilter("always")
    for category in QUIET:
        warnings.simplefilter("ignore", category)
    for name in (re.escape(module) + "$", r"gradtui\.engine\."):
        warnings.filterwarnings("always", category=DeprecationWarning, module=name)


def _place(given: Place, is_own: Callable[[str], bool], recording: Recording | None) -> Place | None:
    """Where Python says; where that is a line of ours, the person's line that it came of, None where there is none."""
    if not given[0].startswith(OWN) and given not in NOWHERE:
        return given
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if is_own(frame.f_code.co_filename):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    node = running_node()
    source = recording.sources.get(node._sequence_nr()) if recording is not None and node is not None else None
    return None if source is None or source.file is None or source.line is None else (source.file, source.line)


def _told(what: str, category: type[Warning], place: Place | None) -> str:
    name = unbroken(category.__name__)
    if place is None:
        return f"{name}: {what}"
    text = linecache.getline(*place).strip()
    return f"{shown(place[0])}:{place[1]}: {name}: {what}" + (f"\n  {text}" if text else "")
