"""Many answers without a screen: a line of JSON for each line that comes in."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from io import BufferedIOBase
from typing import Annotated, BinaryIO, NamedTuple, cast

from msgspec import DecodeError, Meta, Struct, ValidationError, json

from gradtui.chart.window import Window
from gradtui.command.evaluator import evaluator
from gradtui.command.option_values import Value
from gradtui.command.stream_lines import LONGEST_LINE, lines_of
from gradtui.expression.parser import ExpressionError, parse
from gradtui.expression.point import PointError, read_point
from gradtui.expression.words_and_spellings import lowered
from gradtui.report.json import answer, line, refusal
from gradtui.report.text import curve_request
from gradtui.settings.every_setting import WrongError, read_window
from gradtui.snapshot.highest_order import MOST_DEGREE, MOST_ORDER
from gradtui.snapshot.model import Device, Dtype, Problem, Request, Snapshot
from gradtui.snapshot.orders import OrdersRequest

TRAINING = ("optimizer", "train", "updates", "data", "batch", "seed")


class Line(Struct):
    """A line of JSON. Values are numbers, lists of numbers, or texts such as `pi/2`; keys that mean nothing are not looked at.
    Those of a training are refused."""

    expression: str
    at: dict[str, float | str | list[float]] = {}
    dtype: str | None = None
    window: list[float | str] | str | None = None
    order: Annotated[int, Meta(ge=1, le=MOST_ORDER)] | None = None
    taylor: Annotated[int, Meta(ge=0, le=MOST_DEGREE)] | None = None
    optimizer: object = None
    train: object = None
    updates: object = None
    data: object = None
    batch: object = None
    seed: object = None


class LineError(Exception):
    """A line that holds no request; `expression` is the text to answer for."""

    def __init__(self, problem: Problem, expression: str) -> None:
        super().__init__(problem.message)
        self.problem, self.expression = problem, expression


class Unsaid(NamedTuple):
    """What holds for a line that says nothing of it.

    at: where variables stand. alone: the same for the one variable of a line that has one. window: of the charts. order: of the
    highest derivative. taylor: the degree of Taylor's polynomial.
    """

    at: Mapping[str, Value]
    alone: Value | None
    dtype: Dtype
    device: Device
    window: Window | None = None
    order: int | None = None
    taylor: int | None = None


def answer_input(unsaid: Unsaid) -> int:
    """Answer each line of standard input on standard output; the exit status."""
    return 0 if answer_lines(cast(BufferedIOBase, sys.stdin.buffer), sys.stdout.buffer, unsaid) else 1


def answer_lines(lines: BufferedIOBase, answers: BinaryIO, unsaid: Unsaid) -> bool:
    """One line of JSON for each line, at once; whether all went well."""
    well = True
    with evaluator() as evaluate:
        for number, text in enumerate(lines_of(lines), start=1):
            try:
                snapshot = evaluate(_request(number, text, unsaid))
            except LineError as error:
                snapshot = Snapshot(number, error.expression, problem=error.problem)
            problem = snapshot.problem
            well = well and problem is None
            answers.write(line(refusal(snapshot.expression, problem) if problem else answer(snapshot)))
            answers.flush()
    return well


def _request(number: int, raw: bytes, unsaid: Unsaid) -> Request:
    text = raw.decode(errors="replace")
    if len(raw) > LONGEST_LINE:
        raise LineError(Problem("limit", f"a line holds at most {LONGEST_LINE:,} bytes"), text[:100] + "…")
    if 0 in raw:
        problem = Problem(
            "syntax", "a zero byte stands in it: this is no text in UTF-8", hint="UTF-16 begins with its mark"
        )
        raise LineError(problem, text)
    if "\ufffd" in text and not _is_unicode(raw):
        raise LineError(Problem("syntax", "this is not UTF-8"), text)
    asked = _read_json(text) if text.lstrip().startswith("{") else Line(text)
    if (key := next((key for key in TRAINING if getattr(asked, key) is not None), None)) is not None:
        problem = Problem(
            "syntax", f"a line is not trained: {key} means nothing here", hint=f"gradtui F --{key} … --json"
        )
        raise LineError(problem, asked.expression)
    here = dict(unsaid.at)
    for given, value in asked.at.items():
        name = lowered(given)
        here[name] = _value(name, value, asked.expression)
    variables = _variables(asked.expression, here)
    if unsaid.alone is not None:
        here |= _alone(variables, here, unsaid.alone)
    curve = curve_request(variables, here, _window(asked, unsaid.window))
    degree = unsaid.taylor if asked.taylor is None else asked.taylor
    most = asked.order or unsaid.order or (None if degree is None else 1)
    orders = OrdersRequest(most, degree=degree) if most is not None and variables else None
    dtype = _dtype(asked, unsaid.dtype)
    return Request(number, asked.expression, here, dtype, unsaid.device, curve=curve, orders=orders)


def _read_json(text: str) -> Line:
    try:
        return json.decode(text, type=Line)
    except ValidationError as error:
        problem = Problem("syntax", f"not a request: {error}", hint='{"expression": "x^2", "at": {"x": 3}} is one')
    except (DecodeError, RecursionError) as error:
        problem = Problem("syntax", f"starts with a brace, but is not JSON: {error}")
    raise LineError(problem, text)


def _value(name: str, value: float | str | list[float], expression: str) -> Value:
    if not name.isidentifier():
        raise LineError(Problem("name", f"{name!r} is not a name"), expression)
    if isinstance(value, str):
        try:
            return read_point(value).value
        except PointError as error:
            raise LineError(Problem("syntax", f"{name}: {error}"), expression) from None
    return tuple(value) if isinstance(value, list) else value


def _variables(expression: str, at: Mapping[str, Value]) -> tuple[str, ...]:
    """None of what cannot be read: the evaluation says why."""
    try:
        return parse(expression, tuple(at)).variables
    except ExpressionError:
        return ()


def _alone(variables: Sequence[str], at: Mapping[str, Value], alone: Value) -> dict[str, Value]:
    """The value without a name, for the one variable that has none; the evaluation refuses what cannot be read."""
    free = [name for name in variables if name not in at]
    return {free[0]: alone} if len(free) == 1 else {}


def _dtype(asked: Line, default: Dtype) -> Dtype:
    match asked.dtype:
        case None:
            return default
        case "float32" | "float64" as dtype:
            return dtype
    raise LineError(Problem("dtype", f"{asked.dtype} is not float32 or float64"), asked.expression)


def _window(asked: Line, default: Window | None) -> Window | None:
    """The ends in a list, or as `--window` takes them."""
    if asked.window is None:
        return default
    try:
        return read_window(asked.window if isinstance(asked.window, str) else ":".join(map(str, asked.window)))
    except WrongError as error:
        raise LineError(Problem("syntax", f"window: {error}"), asked.expression) from None


def _is_unicode(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
