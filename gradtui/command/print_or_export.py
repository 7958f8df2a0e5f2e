"""An answer without a screen: evaluated once, and written as report, JSON, steps or file. What goes wrong goes to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, NoReturn, TypeVar

import click

from gradtui.command import exit_status
from gradtui.command.option_values import Value, shown, unread
from gradtui.command.standard_output import encoded, put

if TYPE_CHECKING:
    from gradtui.snapshot.model import Problem, Request, Snapshot
    from gradtui.snapshot.start import Start
    from gradtui.snapshot.training import TrainingRequest

T = TypeVar("T")

Form = Literal["text", "json", "steps"]

TANGENTS = {"json", "steps", ".json", ".gradtui", ".html"}
"""Forms and suffixes of files in which the ledger is."""
CURVES = {"text", "json", ".json", ".gradtui", ".html", ".chart.svg"}
"""Forms and suffixes of files in which the curve is."""
UNFINISHED = {".json", ".gradtui", ".html", ".svg", ".dot", ".mmd"}
"""Suffixes of files that tell of a graph whose backward fails, too."""
UPDATES = {"text", "json", ".json", ".gradtui", ".html", ".csv", ".py"}
"""Forms and suffixes of files in which updates are."""


def check_updates(form: Form | None, export: str | None) -> None:
    """Refuse to train for what tells of one place alone."""
    if not {form, _suffix(export)} & UPDATES:
        what = _suffix(export) if form is None else f"--{form}" if export is None else f"--{form} and {_suffix(export)}"
        others = ", ".join(sorted(suffix for suffix in UPDATES if suffix.startswith(".")))
        raise click.UsageError(f"{what} tells of no update: --print, --json and files {others} do")


def answer(start: Start, variables: Sequence[str], form: Form | None, export: str | None) -> None:
    """Evaluate once, and write report, JSON, steps or file. A function is run once more: it says its variables."""
    from msgspec.structs import replace

    from gradtui.command import training
    from gradtui.command.evaluator import evaluator
    from gradtui.expression.point import read_points
    from gradtui.snapshot.model import Request
    from gradtui.snapshot.orders import OrdersRequest

    is_function = start.origin == "function"
    values = {name: point.value for name, point in read_points(start.at).items()}
    request = Request(1, start.expression, {**values, **start.data}, start.dtype, start.device, origin=start.origin)
    request = replace(
        request, names=start.names, data=tuple(start.data), training=_training(start, variables, request.at)
    )
    request = replace(request, orders=OrdersRequest(start.order, degree=start.degree) if start.order else None)
    free = [name for name in variables if name not in start.data]
    wanted = {form, _suffix(export)}
    with evaluator(start.expression if is_function else None) as evaluate:
        from gradtui.report import json, steps  # noqa: F401 - what is imported here loads while torch does

        if form == "text":
            import plotext  # noqa: F401 - joins the dots of the chart

        from gradtui.report import text

        def whole(variables: Sequence[str], at: Mapping[str, Value]) -> Request:
            along = (variables[0], 0) if wanted & TANGENTS and variables else None
            curve = text.curve_request(variables, at, start.window, max(1, start.order)) if wanted & CURVES else None
            return replace(request, along=along, curve=curve)

        asked = whole(() if is_function else free, values)
        snapshot = training.made(evaluate, asked, start.updates) if asked.training else evaluate(asked)
        if snapshot.differences and is_function:  # it can be run again
            made = snapshot.training
            asked = whole(tuple(snapshot.variables), _places(snapshot))
            if asked.training is not None:
                asked = replace(asked, training=replace(asked.training, count=0))
            snapshot = replace(evaluate(asked), training=made)
    if snapshot.problem is not None:
        _keep(snapshot, export if is_function else None)
        refuse(start.expression, snapshot.problem, form, snapshot if is_function else None)
    _give(snapshot, form, export)


def _suffix(export: str | None) -> str | None:
    if export is None:
        return None
    from gradtui.report.export import suffix_of

    return suffix_of(export)


def _training(start: Start, variables: Sequence[str], at: Mapping[str, Value]) -> TrainingRequest | None:
    from gradtui.snapshot.training import Leg, TrainingRequest
    from gradtui.training.optimizers import DEFAULT

    if not start.updates:
        return None
    if start.origin == "function":
        optimizer = start.optimizer or DEFAULT
        return TrainingRequest(optimizer, start.trained or (), legs=(Leg(0, optimizer, dict(at)),))
    trained = start.trained or tuple(name for name in variables if name not in start.data)
    return TrainingRequest(start.optimizer or DEFAULT, trained, batches=start.batches)


def load(path: str, form: Form | None) -> Snapshot:
    """The Snapshot of a .gradtui file."""
    from gradtui.file.snapshot_format import load

    return opened(load, path, form)


def opened(load: Callable[[str], T], path: str, form: Form | None) -> T:
    """What `load` makes of the file; where it is none, or cannot be read, it is refused."""
    from gradtui.file.header import FileError
    from gradtui.snapshot.model import Problem

    try:
        return load(path)
    except FileError as error:
        refuse(path, Problem("syntax", shown(str(error))), form)
    except OSError as error:
        refuse(path, Problem("name", unread(path, error)), form)


def write(snapshot: Snapshot, form: Form | None, export: str | None) -> None:
    """A Snapshot that was saved: as it would have been written when it was made."""
    if snapshot.problem is not None and form is not None:
        _keep(snapshot, export)
        refuse(snapshot.expression, snapshot.problem, form, snapshot)
    _give(snapshot, form, export, saved=True)


def refuse(text: str, problem: Problem, form: Form | None, snapshot: Snapshot | None = None) -> NoReturn:
    """Say what is wrong, on stderr with a caret under the place, and end.

    snapshot: what there is to show of what ran before.
    """
    from gradtui.report import json
    from gradtui.report.problem import pointed, traced

    if form == "json":
        put((json.line(json.refusal(text, problem, snapshot)),))
    told = pointed(shown(text), problem) if snapshot is None else traced(snapshot)
    click.echo(told, err=True)
    sys.exit(exit_status.of_problem(problem, snapshot))


def _places(snapshot: Snapshot) -> dict[str, Value]:
    """Where the variables of an answer stand, as one asks for it."""
    states = snapshot.variables.items()
    return {name: state.value.numbers if state.value.shape else state.value.numbers[0] for name, state in states}


def _give(snapshot: Snapshot, form: Form | None, path: str | None, *, saved: bool = False) -> None:
    """The Snapshot on standard output, in a file, or both. saved: whether nothing can be asked for any more."""
    if path is not None:
        from gradtui.report.export import export

        with exporting(path, "none was made where this is from" if saved else "--updates 10 makes some"):
            export(snapshot, path)
    if form is not None:
        _show(snapshot, form)
        if snapshot.origin != "expression":
            from gradtui.findings.findings import findings

            if status := exit_status.of_findings(findings(snapshot)):
                sys.exit(status)


def _keep(snapshot: Snapshot, path: str | None) -> None:
    """Write what ran before something failed, where the file can tell of that."""
    if _suffix(path) in UNFINISHED and path is not None and snapshot.graph.nodes:
        from gradtui.report.export import export

        with exporting(path):
            export(snapshot, path)


def check_export(path: str) -> None:
    """Refuse a file whose name asks for no format."""
    from gradtui.report.export import check_suffix

    with exporting(path):
        check_suffix(path)


@contextmanager
def exporting(path: str, way_out: str = "") -> Iterator[None]:
    """What cannot be written, and what the system says to it, as click says what is wrong. way_out: to updates, where there are
    none."""
    from gradtui.report.export import ExportError, NoUpdatesError

    try:
        yield
    except NoUpdatesError as error:
        raise click.BadParameter(f"{error}: {way_out}", param_hint="--export") from None
    except ExportError as error:
        raise click.BadParameter(shown(str(error)), param_hint="--export") from None
    except OSError as error:
        raise click.ClickException(shown(f"{path}: {error.strerror}")) from None


def _show(snapshot: Snapshot, form: Form) -> None:
    if form == "json":
        from gradtui.report import json

        put((json.line(json.answer(snapshot)),))
    elif form == "steps":
        from gradtui.report import steps

        put((encoded(steps.steps(snapshot)),))
    else:
        from gradtui.report import text

        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        put((encoded(text.report(snapshot, colour=colour)),))
