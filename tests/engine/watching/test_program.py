"""A person's script that is run: what its exceptions came through is its own."""

from __future__ import annotations

from time import process_time
from traceback import walk_tb
from types import CodeType, FrameType, TracebackType

from gradtui.engine.watching import program

SECONDS = 3.0
"""Of the processor; what grows with the square of the calls takes ten times that, what grows with the calls a hundredth."""
CALLS = 100_000


def _error(names: list[str]) -> BaseException:
    """Raised through calls of so many functions of these files, the outermost first."""
    trace = None
    for name in reversed(names):
        trace = TracebackType(trace, FRAMES[name], 0, 1)
    return ValueError("it").with_traceback(trace)


def _frame(name: str) -> FrameType:
    code: CodeType = compile("import sys; frame = sys._getframe()", name, "exec")
    found: dict[str, FrameType] = {}
    exec(code, found)  # noqa: S102
    return found["frame"]


OURS = program.__file__
FRAMES = {name: _frame(name) for name in ("train.py", OURS)}


def _names(error: BaseException) -> list[str]:
    return [frame.f_code.co_filename for frame, _ in walk_tb(error.__traceback__)]


def test_calls_of_ours_are_taken_out_wherever_they_stand() -> None:
    error = _error([OURS, "train.py", OURS, OURS, "train.py", OURS])
    program.without_own(error)
    assert _names(error) == ["train.py", "train.py"]


def test_of_an_error_that_only_came_through_ours_nothing_is_left() -> None:
    error = _error([OURS, OURS])
    program.without_own(error)
    assert error.__traceback__ is None


def test_a_recursion_without_end_is_told_at_once() -> None:
    error = _error([OURS, *["train.py"] * CALLS, OURS])
    start = process_time()
    program.without_own(error)
    assert process_time() - start < SECONDS
    assert _names(error) == ["train.py"] * CALLS
