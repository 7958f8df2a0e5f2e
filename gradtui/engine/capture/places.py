"""Where in a person's files the running operation stands: file, line and exact columns, from the frames of the caller."""

from __future__ import annotations

import dis
import io
import linecache
import os
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import suppress
from inspect import CO_VARARGS, unwrap
from itertools import accumulate
from pathlib import Path
from types import CodeType, FrameType
from typing import Any
from weakref import ref

import torch
from torch.autograd.function import BackwardCFunction

from gradtui.engine.capture.assignments import assigned
from gradtui.engine.capture.introspection import is_a
from gradtui.engine.capture.leaf_names import local_variables
from gradtui.engine.torch_private import function_of
from gradtui.engine.working_folder import shown
from gradtui.snapshot.model import Source

TORCH = os.path.dirname(torch.__file__) + os.sep
OWN = str(Path(__file__).parents[2]) + os.sep
LIBRARIES = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")})
APPLY: CodeType | None = getattr(getattr(torch.autograd.Function.apply, "__func__", None), "__code__", None)
"""What stands between the forward of a custom autograd.Function and the line that called it. None from torch 2.14 on, where
it has no frame: there a forward is known by its own."""


class Places:
    """Answers for the innermost frame that is no library's; where there is none, the innermost that is not torch's.

    texts: of files, by file name, where what ran is not what `linecache` would read.
    """

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        know_functions()
        self._texts = _Texts(texts or {})
        self._distance: dict[CodeType, int] = {}
        self._found: dict[tuple[CodeType, int], Source] = {}
        self._assigned: dict[tuple[str, str], Source | None] = {}

    @property
    def files(self) -> dict[str, str]:
        """Text of every file that a Source named."""
        found = (*self._found.values(), *self._assigned.values())
        return {source.file: self._texts.text(source.file) for source in found if source is not None and source.file}

    def here(self, frame: FrameType | None) -> Source | None:
        """The place of the call that `frame`, or a frame around it, is in."""
        best, nearest = None, 2
        while frame is not None and nearest:
            far = self._distance.get(frame.f_code)
            if far is None:
                far = self._distance[frame.f_code] = distance(frame.f_code)
            if far < nearest:
                best, nearest = frame, far
            frame = frame.f_back
        return None if best is None else self.of_instruction(best.f_code, best.f_lasti)

    def of_assignment(self, known: tuple[str, str] | None) -> Source | None:
        """Where the only statement of a file stands that gives a variable (`image`, `self.gate`) its value.

        known: the variable and the name of the file, None for none.
        """
        if known is not None and known not in self._assigned:
            self._assigned[known] = self._texts.assignment(*known)
        return None if known is None else self._assigned[known]

    def of_instruction(self, code: CodeType, instruction: int) -> Source:
        """The place that an instruction of `code` was compiled from."""
        key = code, instruction
        if key not in self._found:
            self._found[key] = self._texts.source(code, instruction)
        return self._found[key]


_forwards: dict[CodeType, ref[type]] = {}


def know_functions() -> None:
    """Read what forwards there are, where `apply` has no frame: before one of them may run."""
    if APPLY is None:
        _forwards.clear()
        waiting = torch.autograd.Function.__subclasses__()
        while waiting:
            function = waiting.pop()
            waiting += function.__subclasses__()
            with suppress(Exception):  # a class of the person's own
                forward: Any = function.forward
                while forward is not None:
                    _forwards.setdefault(forward.__code__, ref(function))
                    forward = getattr(forward, "__wrapped__", None)


def applies(code: CodeType) -> bool:
    """Whether it is that of `apply`, or of a forward where `apply` has no frame."""
    return code is APPLY or code in _forwards


def application(frame: FrameType | None, *, anew: bool = False) -> FrameType | None:
    """The frame of `apply`, or of the forward itself, where a custom autograd.Function's forward is running.

    anew: look also for Functions that were written since `know_functions`.
    """
    found = frame
    while found is not None and found.f_code is not APPLY and found.f_code not in _forwards:
        found = found.f_back
    if found is None and anew and APPLY is None:
        know_functions()
        return application(frame)
    return found


def applied(frame: FrameType) -> tuple[Any, tuple[Any, ...]]:
    """The Function of an `application`, None where it is not known, and what it takes in: of a forward, as it is by now."""
    held, code = local_variables(frame), frame.f_code
    if code is APPLY:
        return held.get("cls"), held.get("args", ())
    count = code.co_argcount
    given = [held.get(name) for name in code.co_varnames[:count]]
    if code.co_flags & CO_VARARGS:
        given += held.get(code.co_varnames[count + code.co_kwonlyargcount], ())
    if given and is_a(given[0], BackwardCFunction):
        context: Any = given[0]
        return function_of(context), tuple(given[1:])
    return _forwards[code](), tuple(given)


def in_function(frame: FrameType | None) -> bool:
    """Whether a custom autograd.Function's forward is running."""
    return application(frame) is not None


def is_users(frame: FrameType) -> bool:
    """Whether it is in a person's own file."""
    return distance(frame.f_code) == 0


def is_own(filename: str) -> bool:
    """Whether it is a person's own file, and no library's."""
    return _distance(filename) == 0


COMPILED = "__compiled_fn", "__resume_at"
"""Begin the names under which code that torch.compile has rewritten calls its graphs, and what is left of it after one."""


def distance(code: CodeType) -> int:
    """0 for a person's own file, 1 for a library's, 2 for torch's and for ours; and for what hands on to torch what was called
    elsewhere, as a mode or a tensor of a person's own does."""
    return 2 if code.co_name == "__torch_function__" else _distance(code.co_filename)


def calling(frame: FrameType) -> FrameType:
    """The frame, or that of a person's which calls what torch has compiled: there all that is compiled has the first line."""
    one: FrameType | None = frame
    while one is not None:
        if distance(one.f_code) == 0:
            is_compiled = any(name.startswith(COMPILED) for name in one.f_code.co_names)
            return calling(one.f_back) if is_compiled and one.f_back is not None else frame
        one = one.f_back
    return frame


def _distance(filename: str) -> int:
    if filename.startswith((TORCH, OWN, "<frozen")):
        return 2
    return 1 if filename.startswith(LIBRARIES) else 0


Positions = tuple[int | None, int | None, int | None, int | None]
"""First and last line, first and last column, as co_positions() has them."""


class _Texts:
    """Files as text, and places in them as offsets."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = {shown(name): text for name, text in given.items()}
        self._lines: dict[str, list[str]] = {}
        self._starts: dict[str, list[int]] = {}
        self._positions: dict[CodeType, list[Positions]] = {}

    def text(self, name: str) -> str:
        return "".join(self._lines.get(name, ()))

    def source(self, code: CodeType, instruction: int) -> Source:
        """What co_positions() says of an instruction; of a file that cannot be read, the line alone."""
        if code not in self._positions:
            self._positions[code] = list(code.co_positions())
        positions, number = self._positions[code], instruction // 2
        first, last, begin, end = positions[number] if number < len(positions) else (None,) * 4
        name = shown(code.co_filename)
        lines = self._load(name, code.co_filename)
        if first is None or last is None or last > len(lines):
            return Source("", 0, 0, name, first or code.co_firstlineno)
        if begin is None or end is None or (first, begin) == (last, end):
            begin, end = 0, len(lines[last - 1].rstrip("\n").encode())
        return self._between(name, first, begin, last, end)

    def assignment(self, variable: str, filename: str) -> Source | None:
        name = shown(filename)
        self._load(name, filename)
        place = assigned(self.text(name), variable)
        return None if place is None else self._between(name, *place)

    def _between(self, name: str, first: int, begin: int, last: int, end: int) -> Source:
        """Lines from 1, columns in bytes."""
        lines, starts = self._lines[name], self._starts[name]
        start = starts[first - 1] + _characters(lines[first - 1], begin)
        stop = starts[last - 1] + _characters(lines[last - 1], end)
        return Source(self.text(name)[start:stop], start, stop, name, first)

    def _load(self, name: str, filename: str) -> list[str]:
        if name not in self._lines:
            given = self._given.get(name)
            lines = linecache.getlines(filename) if given is None else io.StringIO(given).readlines()
            self._lines[name] = lines
            self._starts[name] = [0, *accumulate(map(len, lines))]
        return self._lines[name]


def hooks_of(hooks: Mapping[int, Any] | None) -> Iterator[Source]:
    """Where hooks of the person's begin."""
    for hook in (hooks or {}).values():
        code = getattr(unwrap(hook), "__code__", None)
        if is_a(code, CodeType) and is_own(code.co_filename):
            yield Places().of_instruction(code, 0)


def returned(function: Any) -> Source | None:
    """Where a function of the person's returns, the last place of several."""
    code = getattr(unwrap(function), "__code__", None)
    if not is_a(code, CodeType) or not is_own(code.co_filename):
        return None
    ends = [one.offset for one in dis.get_instructions(code) if one.opname.startswith("RETURN")]
    return Places().of_instruction(code, ends[-1]) if ends else None


def _characters(line: str, column: int) -> int:
    """co_positions() counts the bytes of UTF-8."""
    return column if line.isascii() else len(line.encode()[:column].decode(errors="ignore"))
