"""Functions of ours that raise instead of what they do."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType, FunctionType
from typing import Any


def _raises(before: CodeType) -> CodeType:
    """Code for a function with as many variables of an outer one, and of the same kind: else Python 3.13 warns."""
    names = [f"v{number}" for number in range(len(before.co_freevars))]
    space: dict[str, Any] = {}
    is_async = bool(before.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR))
    source = "\n    ".join(
        ["def outer():", *(f"{name} = 0" for name in names)]
        + [f"{is_async * 'async '}def fails(*args, **kwargs):", "    raise RuntimeError"]
        + ([f"    {', '.join(names)}"] if names else [])
        + (["    yield"] if before.co_flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR) else [])
        + ["return fails"]
    )
    exec(source, space)  # noqa: S102
    code: CodeType = space["outer"]().__code__
    return code


@contextmanager
def failing(function: Callable[..., object]) -> Iterator[None]:
    assert isinstance(function, FunctionType)
    before = function.__code__
    function.__code__ = _raises(before).replace(co_filename=before.co_filename)
    try:
        yield
    finally:
        function.__code__ = before


def called_by(outer: Collection[str], run: Callable[[], object]) -> list[FunctionType]:
    """Of modules and of classes, those that one of `outer` calls while `run` runs, and that are none of these: whatever fails
    further in fails in one of them."""
    codes: set[CodeType] = set()

    def look(frame: FrameType, event: str, arg: object) -> None:
        around = frame.f_back
        if event == "call" and around is not None and around.f_code.co_qualname in outer:
            codes.add(frame.f_code)

    sys.setprofile(look)
    try:
        run()
    finally:
        sys.setprofile(None)
    found: dict[CodeType, FunctionType] = {}
    for module in [one for name, one in sys.modules.items() if name.startswith("gradtui.")]:
        kinds = [one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__]
        for value in (value for space in (module, *kinds) for value in vars(space).values()):
            one: object = inspect.unwrap(value) if callable(value) else None
            if isinstance(one, FunctionType) and one.__module__.startswith("gradtui.") and one.__code__ in codes:
                found[one.__code__] = one
    return [one for one in found.values() if one.__qualname__ not in outer]
