"""What user code raises is one clear sentence, whatever it says, or cannot say."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import torch

from gradtui.engine.autograd import constructors
from gradtui.engine.capture.recorder import Recorder
from gradtui.engine.capture.trace import Trace
from gradtui.engine.user import memory_and_recursion
from gradtui.engine.user.errors import TooLongError, TooMuchError
from gradtui.engine.user.evaluate import evaluate
from gradtui.service.protocol import Ready, frame, message, whole
from gradtui.snapshot.model import Problem, ProblemKind, Request, Snapshot

RAISING = """
import sys
import torch

class Mute(Exception):
    def __str__(self): raise ValueError("no")
    __repr__ = __str__

class Leaving(Exception):
    def __str__(self): sys.exit(3)

class Numeric(Exception):
    def __str__(self): return 3

class Looping(Exception):
    def __str__(self): return str(self)

class Holding(Exception):
    pass

class Backward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return x * 1
    @staticmethod
    def backward(ctx, grad): raise Mute

def mute(x): raise Mute
def leaving(x): raise Leaving
def numeric(x): raise Numeric
def looping(x): raise Looping
def holding(x): raise Holding(Mute())
def half(x): raise ValueError("half \\ud800 of")
def key(x): raise KeyError("\\udc80")
def attribute(x): return getattr(torch, "\\ud800")
def leave(x): sys.exit(Mute())
def leave_half(x): sys.exit("\\udc80")
def odd_syntax(x): raise SyntaxError("odd", (__file__, "a", None, Mute()))
def mute_syntax(x): raise SyntaxError(Mute(), (__file__, 1, 2, "x"))
def nowhere(x): raise SyntaxError("m", (Mute(), 1, 2, "x"))
def chained(x):
    try:
        raise Mute
    except Mute as error:
        raise ValueError("then") from error
def group(x): raise ExceptionGroup("several", [Mute(), ValueError("\\ud800")])
def backward(x): return Backward.apply(x)
"""
NAMES = [line.split("(")[0].removeprefix("def ") for line in RAISING.splitlines() if line.startswith("def ")]


def run(file: Path, function: str) -> Snapshot:
    try:
        return evaluate(Request(1, f"{file}:{function}", origin="function"))
    except BaseException as error:
        raised = type(error).__name__
    pytest.fail(f"{raised} came out of it")  # pytest itself does not survive some of these exceptions


def problem(file: Path, function: str) -> Problem:
    found = run(file, function).problem
    assert found is not None
    return found


@pytest.mark.parametrize("function", NAMES)
def test_one_sentence_that_can_be_sent(tmp_path: Path, function: str) -> None:
    file = tmp_path / "raising.py"
    file.write_text(RAISING)
    snapshot = run(file, function)
    assert snapshot.problem is not None
    assert "\n" not in snapshot.problem.message
    assert snapshot.problem.message.encode().decode() == snapshot.problem.message, "whole characters"
    frame(snapshot)
    if function != "backward":
        assert snapshot.problem.message.startswith(f"raising.py:{function} ")
        assert snapshot.problem.source is not None
        raised = 4 if function == "chained" else 0
        line = 1 + RAISING[: RAISING.index(f"def {function}(")].count("\n")
        assert snapshot.problem.source.line == line + raised


def test_what_is_told_of_it(tmp_path: Path) -> None:
    file = tmp_path / "raising.py"
    file.write_text(RAISING)
    assert "ValueError" in problem(file, "mute").message, "of what its own message raises"
    assert r"half \ud800 of" in problem(file, "half").message
    assert problem(file, "odd_syntax").kind == "crash", "raised by hand, not by Python's compiler"


def test_half_a_character_anywhere_in_an_answer() -> None:
    broken = Snapshot(
        1,
        "a\ud800",
        printed="\udc80",
        files={"\ud800": "b"},
        problem=Problem("crash", "\udfff", hint="\ud800", traceback=("\ud800",)),
    )
    sent = message(frame(whole(broken))[4:], Snapshot)
    assert (sent.expression, sent.printed, sent.files) == ("a\\ud800", "\\udc80", {"\\ud800": "b"})
    assert sent.problem is not None
    assert sent.problem.traceback == ("\\ud800",)
    assert whole(Ready("torch")) == Ready("torch")


def terms(separator: str, count: int) -> str:
    return separator.join(["x"] * count)


@pytest.fixture
def usual_depth() -> Iterator[None]:
    """Python's own limit: what other tests import raises it."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    yield
    sys.setrecursionlimit(limit)


MANY = 3_000 if sys.version_info < (3, 13) else 16_000
"""More than Python compiles."""
TOO_DEEP = {
    "terms": ("def f(x):\n    return " + terms(" + ", MANY) + "\n", 2),
    "lines": ("def f(x):\n    y = 2\n    return (x\n" + "        + x * y\n" * MANY + "    )\n", 3),
    "a chain": ("a = 1\ndef f(x):\n    return x" + ".sin()" * MANY + "\n", 3),
    "branches": ("a = 1\ndef f(x):\n    if x:\n        return x\n" + "    elif x:\n        return x\n" * MANY, 2),
    "a table": ("a = 1\nb = " + terms(" + ", MANY) + "\ndef f(x): return x\n", 2),
}


@pytest.mark.usefixtures("usual_depth")
@pytest.mark.parametrize("name", TOO_DEEP)
def test_a_file_that_python_cannot_compile(tmp_path: Path, name: str) -> None:
    """3,000 terms in a line, say. Python says RecursionError, or MemoryError from 3.13 on, and no place."""
    code, line = TOO_DEEP[name]
    with pytest.raises((RecursionError, MemoryError)):
        compile(code, "", "exec")
    file = tmp_path / "deep.py"
    file.write_text(code)
    found = problem(file, "f")
    assert found.kind == "limit"
    assert found.message.startswith(f"{os.path.relpath(file)}" if not file.is_absolute() else f"{file}")
    assert found.hint
    assert found.source is not None
    assert found.source.line == line
    assert all(len(told) < 300 for told in found.traceback)


@pytest.mark.long
@pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="from Python 3.12 on the calls of its compiler count apart from others"
)
@pytest.mark.usefixtures("usual_depth")
def test_a_file_that_python_can_only_just_compile(tmp_path: Path) -> None:
    """The calls that stand around it in gradtui do not count."""
    low, high = 500, 3_000
    while high - low > 1:
        middle = (low + high) // 2
        try:
            compile("def f(x): return " + terms(" + ", middle), "", "exec")
        except RecursionError:
            high = middle
        else:
            low = middle
    file = tmp_path / "just.py"
    file.write_text("def f(x): return " + terms(" + ", low))
    assert run(file, "f").problem is None


def test_calls_as_deep_as_alone(tmp_path: Path) -> None:
    code = "def f(x, n: int = 0):\n    def g(n): return x if n == 0 else g(n - 1)\n    return g(n)\n"
    namespace: dict[str, Callable[..., object]] = {}
    exec(code, namespace)  # noqa: S102
    deepest = 0
    with suppress(RecursionError):
        while True:
            namespace["f"](1.0, deepest + 1)
            deepest += 1
    file = tmp_path / "calls.py"
    file.write_text(code.replace("= 0):", f"= {deepest}):", 1))
    assert run(file, "f").problem is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("def f(x):\n    raise OSError(12, 'Cannot allocate memory')", "memory"),
        ("def f(x):\n    raise OSError(2, 'No such file')", "crash"),
        ("def f(x):\n    raise RuntimeError('DefaultCPUAllocator: can\\'t allocate memory')", "memory"),
        ("def f(x):\n    raise MemoryError", "memory"),
    ],
)
def test_memory_by_whatever_name(tmp_path: Path, code: str, kind: ProblemKind) -> None:
    file = tmp_path / "memory.py"
    file.write_text(code)
    assert problem(file, "f").kind == kind


LOOKS = [TooMuchError("9 MiB"), TooLongError("9 s"), RecursionError("too deep")]


@pytest.mark.parametrize("look", LOOKS, ids=repr)
@pytest.mark.parametrize("leaving", ["trace", "constructors"])
def test_a_look_that_comes_when_the_code_has_raised(
    tmp_path: Path, look: BaseException, leaving: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes all the memory is refused more of it, and a look at it may come on the way out through our frames."""
    (tmp_path / "late.py").write_text("def f(x): raise MemoryError('no more')\n")

    usual = Trace.__exit__

    def leave(trace: Trace, *raised: Any) -> None:
        usual(trace, *raised)
        raise look

    @contextmanager
    def watched(*told: object) -> Iterator[None]:
        try:
            yield
        finally:
            raise look

    if leaving == "trace":
        monkeypatch.setattr(Trace, "__exit__", leave)
    else:
        monkeypatch.setattr(constructors, "watched", watched)
    told = problem(tmp_path / "late.py", "f")
    assert told.kind == "memory"
    assert told.source is not None
    assert told.source.line == 1


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such signals come here")
@pytest.mark.parametrize("number", [signal.SIGALRM, signal.SIGPROF])
def test_no_look_comes_while_we_leave(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a part of what stands around the code stays on: every call of torch after that would be recorded."""
    (tmp_path / "late.py").write_text("def f(x): raise MemoryError('no more')\n")
    usual, memory, depth = Recorder.__exit__, 2**30, torch._C._len_torch_function_stack()

    def leave(recorder: Recorder, *raised: Any) -> None:
        monkeypatch.setattr(memory_and_recursion, "_taken", lambda: (2**40, 2**40))
        signal.raise_signal(number)
        usual(recorder, *raised)

    monkeypatch.setattr(Recorder, "__exit__", leave)
    told = evaluate(Request(1, f"{tmp_path / 'late.py'}:f", origin="function"), memory=memory)
    assert torch._C._len_torch_function_stack() == depth
    assert told.problem is not None
    assert told.problem.kind == "memory"
    assert told.problem.source is not None


def test_warnings_of_before_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "fine.py"
    file.write_text("import warnings\nwarnings.simplefilter('ignore')\ndef f(x): return x\n")
    before = warnings.filters[:], warnings.showwarning, sys.getrecursionlimit()
    run(file, "f")
    assert (warnings.filters[:], warnings.showwarning, sys.getrecursionlimit()) == before
