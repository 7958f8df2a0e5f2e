"""What must hold for any text at all: read, echoed, evaluated, differentiated, reported."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from types import FrameType
from typing import TypeVar

from msgspec.structs import replace

from gradtui.calculus.derivative import derivatives
from gradtui.engine.typed.evaluate import evaluate
from gradtui.expression import Expression, ExpressionError, parse, write
from gradtui.expression.highlight import pieces
from gradtui.expression.parser import MOST_CHARACTERS
from gradtui.report import json, steps, text
from gradtui.service.protocol import frame
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Experiment, Problem, Request, Snapshot
from tests.expression.shapes import shape

T = TypeVar("T")

PARSE, EVALUATE, SIMPLIFY, REPORT = 0.5, 5.0, 2.0, 5.0
"""Seconds that each may take of this process; sympy is stopped at its limit, as the service does."""

PLACES = (0.0, 1.0, -1.0, 0.5, 2.0, 4.3, -3.0, 1e-30, 1e30, -1e-8, 100.0, 3.5e38, float("inf"), float("nan"))
KINDS = ("syntax", "name", "arity", "limit", "domain", "dtype", "timeout", "memory")
"""Of problems; a `crash` is a failure here."""


class StoppedError(BaseException):
    """Out of time; not an Exception, so that nothing takes it for its own."""


@contextmanager
def stopped_after(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise StoppedError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def timed(limit: float, what: str, function: Callable[[], T]) -> T:
    """What `function` gives, once it took less than `limit`: into one or two runs the garbage of all tests before may fall."""
    for _ in range(3):
        start = time.process_time()
        result = function()
        taken = time.process_time() - start
        if taken < limit:
            return result
    raise AssertionError(f"{what} took {taken:.2f} s")


def is_shown(said: str) -> bool:
    return bool(said) and said.isprintable()


def read(given: str, names: tuple[str, ...] = ()) -> Expression | str:
    """The expression, or the kind of its error."""
    pieces(given, names)
    found = timed(PARSE, "parse", lambda: _parsed(given, names))
    if isinstance(found, Expression):
        return found
    assert 0 <= found.start <= found.end <= len(given), f"{found.start}-{found.end} of {len(given)}"
    assert is_shown(found.message), repr(found.message)
    assert found.hint.isprintable(), repr(found.hint)
    return found.kind


def _parsed(given: str, names: tuple[str, ...]) -> Expression | ExpressionError:
    try:
        return parse(given, names)
    except ExpressionError as error:
        return error


def read_back(expression: Expression) -> None:
    """The echo gives the same tree. It alone may have more characters than a text may."""
    echo = write(expression)
    if len(echo) <= MOST_CHARACTERS:
        again = parse(echo, expression.variables)
        assert shape(again) == shape(expression), echo
        assert write(again) == echo


def request(random: Random, given: str, expression: Expression, names: tuple[str, ...] = ()) -> Request:
    """Anywhere, and with anything that the screen may ask for."""
    at = {name: _place(random) for name in expression.variables if random.random() < 0.8}
    name = random.choice((*expression.variables, "x"))
    curve = CurveRequest(
        name, random.choice(((-10.0, 10.0), (0.0, 1e-300), (-1e308, 1e308))), random.choice((2, 50, 400))
    )
    return Request(
        random.randrange(2**31),
        given,
        at,
        random.choice(("float32", "float64")),
        names=names,
        curve=curve if random.random() < 0.5 else None,
        along=(name, random.choice((0, 0, 1))) if random.random() < 0.5 else None,
        experiments=(Experiment(random.randrange(4), random.choice((None, 0, 1)), 0.5),)
        if random.random() < 0.1
        else (),
    )


def _place(random: Random) -> float | tuple[float, ...]:
    if random.random() < 0.7:
        return random.choice(PLACES)
    return tuple(random.choice(PLACES) for _ in range(random.choice((0, 1, 2, 3, 3, 100))))


def evaluated(asked: Request) -> Snapshot:
    snapshot = timed(EVALUATE, "evaluate", lambda: evaluate(asked))
    assert snapshot.id == asked.id
    if snapshot.problem is not None:
        check_problem(snapshot.problem, asked.expression)
    assert frame(snapshot)
    return snapshot


def check_problem(problem: Problem, given: str) -> None:
    assert problem.kind in KINDS, problem
    assert is_shown(problem.message), problem
    assert problem.hint.isprintable(), problem
    if problem.start is not None and problem.end is not None:
        assert 0 <= problem.start <= problem.end <= len(given), problem


def reported(snapshot: Snapshot) -> None:
    for report in (
        lambda: json.line(json.answer(snapshot)),
        lambda: text.report(snapshot),
        lambda: steps.steps(snapshot),
    ):
        assert timed(REPORT, "a report", report)


def derived(asked: Request, snapshot: Snapshot) -> Snapshot | None:
    """With the symbolic derivative; None where that was stopped."""
    try:
        with stopped_after(SIMPLIFY):
            told = derivatives(asked)
    except StoppedError:
        return None
    for derivative in told.values():
        assert derivative.text is not None or is_shown(derivative.note), derivative
    return replace(snapshot, derivative=told)
