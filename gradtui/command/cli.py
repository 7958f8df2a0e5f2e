"""The command `gradtui`: one command, no subcommands. What may not be needed is not loaded: `--help` is instant."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, NoReturn

import click

from gradtui import __version__

if TYPE_CHECKING:
    from gradtui.expression.syntax import Expression
    from gradtui.snapshot.model import Device, Dtype, Origin, Problem, Request, Snapshot

Form = Literal["text", "json", "steps"]

FIRST_EXAMPLE = "x^2 + 3x + 1"
SAVED = re.compile(r".+\.gradtui", re.DOTALL)
LOOKS_LIKE_AN_OPTION = re.compile(r"--[a-z][a-z-]+(=.*)?")

HELP = """Show how PyTorch's autograd differentiates a function.

TARGET is the function, x^2 + 3x + 1 if left out; or one of your own file, model.py:loss; or - to answer each line of
standard input with a line of JSON, where a line is an expression or {"expression": ..., "at": {...}}.

\b
gradtui                                  the explorer on x^2 + 3x + 1 at x = 4
gradtui "sin(x)*exp(-x^2)" --at x=0.5    another function
gradtui "w*x + b" --at w=2 --at b=0      several variables
gradtui "sum(x^2)" --at "x=[1, 2, 3]"    a vector
gradtui model.py:loss                    your own function, run as you would run it
gradtui "x^2" --at 3 --print             one text report, no screen
gradtui "x^2" --at 3 --steps             the backward pass, step by step
gradtui "x^2" --at 3 --export graph.svg  to a file: .dot .mmd .svg .json .py .gradtui
gradtui run.gradtui                      a saved snapshot; needs no PyTorch
gradtui - --json < functions.txt         many functions, one answer a line

Exit status: 0 fine; 1 a line of the batch, or the evaluation itself, failed; 2 a bad expression or bad usage.
"""


@click.command(help=HELP, context_settings={"ignore_unknown_options": True, "max_content_width": 100})
@click.argument("target", nargs=-1, type=click.UNPROCESSED)
@click.option("--at", "places", multiple=True, metavar="X=VALUE", help="Where x stands: x=4, x=pi/2, x=[2.1, 5.4].")
@click.option("--print", "as_text", is_flag=True, help="Print one text report; no screen.")
@click.option("--json", "as_json", is_flag=True, help="Print the same for programs; no screen.")
@click.option("--steps", "as_steps", is_flag=True, help="Print the whole backward pass, step by step; no screen.")
@click.option("--export", metavar="FILE", help="Write to a file: .dot .mmd .svg .json .py .gradtui.")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32", show_default=True)
@click.option("--device", type=click.Choice(["cpu", "cuda", "mps"]), default="cpu", show_default=True)
@click.option("--window", metavar="LOW:HIGH", help="The x-axis of the chart.  [default: -10:10]")
@click.option("--step", metavar="STEP", default="0.1", show_default=True, help="How far one key press moves x.")
@click.option("--theme", metavar="NAME", help="Colours of the screen: dark, light, ansi, nord ...")
@click.version_option(__version__, message="gradtui %(version)s")
def command(
    target: tuple[str, ...],
    places: tuple[str, ...],
    as_text: bool,
    as_json: bool,
    as_steps: bool,
    export: str | None,
    dtype: Dtype,
    device: Device,
    window: str | None,
    step: str,
    theme: str | None,
) -> None:
    text = _one_target(target)
    if as_text + as_json + as_steps > 1:
        raise click.UsageError("--print, --json and --steps are different answers: ask for one of them")
    if export is not None:
        _check_export(export)
    form: Form | None = "text" if as_text else "json" if as_json else "steps" if as_steps else None
    at, alone = _read_places(places)
    limits, step = _read_window(window), _read_step(step)
    if text == "-":
        if as_text or as_steps or export:
            raise click.UsageError("a batch is answered in JSON: gradtui - --json")
        sys.exit(_batch(at, alone, dtype, device, limits))
    if SAVED.fullmatch(text.strip()):
        if places:
            raise click.UsageError("a saved snapshot is what it is: there is no --at for it")
        _saved(text.strip(), form, export, theme)
        return
    from gradtui.snapshot.target import is_target

    is_function = is_target(text)
    variables = _parameters(text, at, as_json) if is_function else _parse(text, at, as_json).variables
    if alone is not None:
        at[_only_variable(variables, at, alone)] = alone
    if form is not None or export is not None:
        values = {name: _value(place, "--at") for name, place in at.items()}
        origin: Origin = "function" if is_function else "expression"
        from gradtui.snapshot.model import Request

        _print(Request(1, text, values, dtype, device, origin=origin), variables, limits, form, export)
        return
    _require_terminal()
    gc.disable()  # until the first frame is out: there is nothing to collect, and looking for it costs a tenth of the start
    theme = _theme(theme)
    from gradtui.tui.app import run

    status = run(
        expression=text,
        at=dict(at),
        dtype=dtype,
        device=device,
        window=limits,
        step=step,
        theme=theme,
        names=tuple(at),
        origin="function" if is_function else "expression",
    )
    sys.exit(status)


def main() -> None:
    """The entry point: click's own, with a quiet end on ctrl+c and on a closed pipe."""
    if sys.stdin is None:  # the shell may close either: `<&-`
        sys.stdin = open(os.devnull)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is None:
        sys.exit("Error: standard output is closed")
    try:
        command.main(prog_name="gradtui", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python flushes once more at its end
        sys.exit(1)


def _one_target(target: tuple[str, ...]) -> str:
    for argument in target:
        if LOOKS_LIKE_AN_OPTION.fullmatch(argument):
            raise click.NoSuchOption(argument.partition("=")[0])
    if len(target) > 1:
        raise click.UsageError('one function, in quotes: gradtui "x + 1"')
    return target[0] if target else FIRST_EXAMPLE


def _read_places(places: tuple[str, ...]) -> tuple[dict[str, str], str | None]:
    """The texts of `--at` by name, and the one that was given without a name."""
    at: dict[str, str] = {}
    alone: str | None = None
    for place in places:
        name, equals, value = place.partition("=")
        if not equals:
            if alone is not None:
                raise click.BadParameter(f"{alone} and {place} both have no name: x=4, say", param_hint="--at")
            alone = place
            _value(alone, "--at")
            continue
        name = name.strip()
        if not name.isidentifier():
            raise click.BadParameter(f"{_visible(name)!r} is not a name: x=4, say", param_hint="--at")
        if name in at:
            raise click.BadParameter(f"{name} is given twice", param_hint="--at")
        at[name] = value.strip()
        _value(value, f"--at {name}")
    return at, alone


def _only_variable(variables: Sequence[str], at: dict[str, str], value: str) -> str:
    """The variable that a value without a name is for."""
    free = [name for name in variables if name not in at]
    if not variables and not at:
        return "x"
    if len(free) != 1:
        names = ", ".join(free) or "no other variable"
        raise click.BadParameter(f"{value} is for which variable? There is {names}: x=4, say", param_hint="--at")
    return free[0]


def _value(text: str, option: str) -> float | tuple[float, ...]:
    from gradtui.expression.point import PointError, read_point

    try:
        return read_point(text).value
    except PointError as error:
        raise click.BadParameter(f"{_visible(text)}: {_visible(str(error))}", param_hint=option) from None


def _read_window(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    ends = [_value(end, "--window") for end in text.split(":")] if text.count(":") == 1 else []
    match ends:
        case [float(low), float(high)] if low < high:
            return low, high
    raise click.BadParameter(f"{_visible(text)}: LOW:HIGH with LOW below HIGH, such as -10:10", param_hint="--window")


def _read_step(text: str) -> str:
    value = _value(text, "--step")
    if not isinstance(value, float) or value <= 0:
        raise click.BadParameter(f"{_visible(text)}: a number above 0, such as 0.1", param_hint="--step")
    return text


def _theme(name: str | None) -> str | None:
    """Textual's name for it: `light` is enough for `textual-light`."""
    if name is None:
        return None
    from textual.theme import BUILTIN_THEMES

    for theme in (name, f"textual-{name}"):
        if theme in BUILTIN_THEMES:
            return theme
    raise click.BadParameter(f"{_visible(name)} is none of {', '.join(BUILTIN_THEMES)}", param_hint="--theme")


def _parse(text: str, at: dict[str, str], as_json: bool) -> Expression:
    from gradtui.expression.parser import ExpressionError, parse
    from gradtui.snapshot.model import Problem

    try:
        return parse(text, tuple(at))
    except ExpressionError as error:
        _refuse(text, Problem(error.kind, error.message, error.start, error.end, error.hint), as_json)


def _parameters(target: str, at: dict[str, str], as_json: bool) -> tuple[str, ...]:
    """Of the function, as its file has it; the file is read, not run. Refuses a target without file or function, and
    places for parameters that there are not."""
    from gradtui.snapshot.model import Problem
    from gradtui.snapshot.target import candidates, functions, split

    path, name = split(target)
    try:
        there = functions(Path(path).read_bytes())
    except OSError as error:
        why = f"there is no file {path}" if isinstance(error, FileNotFoundError) else f"{path}: {error.strerror}"
        _refuse(target, Problem("name", _visible(why)), as_json)
    except (SyntaxError, ValueError):
        there = {}  # running it tells where
    if not name:
        _refuse(target, Problem("name", f"which function of {path}?", hint=candidates(path, there)), as_json)
    parameters = there.get(name, ())
    unknown = [given for given in at if name in there and given not in parameters]
    if unknown:
        names = f"its parameters are {', '.join(parameters)}" if parameters else "it has none"
        _refuse(target, Problem("name", f"{name} has no parameter {unknown[0]}", hint=names), as_json)
    return parameters


def _refuse(text: str, problem: Problem, as_json: bool, snapshot: Snapshot | None = None) -> NoReturn:
    """Say what is wrong, on stderr with a caret under the place, and end."""
    from gradtui.report import json
    from gradtui.report.problem import pointed, traced

    if as_json:
        _write(json.line(json.refusal(text, problem, snapshot)))
    told = pointed(_visible(text), problem) if snapshot is None else traced(snapshot)
    click.echo(told, err=True)
    sys.exit(1 if problem.kind in ("timeout", "memory", "crash") else 2)


def _print(
    request: Request,
    variables: Sequence[str],
    window: tuple[float, float] | None,
    form: Form | None,
    export: str | None,
) -> None:
    """Evaluate once, and write report, JSON, steps or file. A function is run once more: it says its variables."""
    from msgspec.structs import replace

    from gradtui.command.batch import evaluator, placed

    is_function = request.origin == "function"
    wanted = {form, (export or "").rpartition(".")[2]}
    with evaluator(request.expression if is_function else None) as evaluate:
        from gradtui.report import json, steps  # noqa: F401 - what is imported here loads while torch does

        if form == "text":
            import textual_plotext  # noqa: F401 - draws the chart

        from gradtui.report import text

        def whole(variables: Sequence[str], at: Mapping[str, float | tuple[float, ...]]) -> Request:
            along = (variables[0], 0) if wanted & {"json", "steps", "gradtui"} and variables else None
            curve = text.curve_request(variables, at, window) if wanted & {"text", "json", "gradtui"} else None
            return replace(request, along=along, curve=curve)

        snapshot = evaluate(whole(() if is_function else variables, request.at))
        if snapshot.differences and is_function:  # it can be run again
            snapshot = evaluate(whole(tuple(snapshot.variables), placed(snapshot)))
    if snapshot.problem is not None:
        _refuse(request.expression, snapshot.problem, form == "json", snapshot if is_function else None)
    _give(snapshot, form, export)


def _check_export(path: str) -> None:
    from gradtui.report.export import ExportError, check_suffix

    try:
        check_suffix(path)
    except ExportError as error:
        raise click.BadParameter(_visible(str(error)), param_hint="--export") from None


def _give(snapshot: Snapshot, form: Form | None, path: str | None) -> None:
    """The Snapshot on standard output, in a file, or both."""
    if path is not None:
        from gradtui.report.export import ExportError, export

        try:
            export(snapshot, path)
        except ExportError as error:
            raise click.BadParameter(_visible(str(error)), param_hint="--export") from None
        except OSError as error:
            raise click.ClickException(_visible(f"{path}: {error.strerror}")) from None
    if form is not None:
        _show(snapshot, form)


def _show(snapshot: Snapshot, form: Form) -> None:
    if form == "json":
        from gradtui.report import json

        _write(json.line(json.answer(snapshot)))
    elif form == "steps":
        from gradtui.report import steps

        _write(steps.steps(snapshot).encode(sys.stdout.encoding, "replace"))
    else:
        from gradtui.report import text

        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        _write(text.report(snapshot, colour=colour).encode(sys.stdout.encoding, "replace"))


def _saved(path: str, form: Form | None, export: str | None, theme: str | None) -> None:
    """A saved Snapshot: written out, or on the screen."""
    from gradtui.file.format import FileError, load
    from gradtui.snapshot.model import Problem

    if form is None and export is None:
        _require_terminal()
    try:
        snapshot = load(path)
    except FileError as error:
        _refuse(path, Problem("syntax", _visible(str(error))), form == "json")
    except OSError as error:
        why = f"there is no file {path}" if isinstance(error, FileNotFoundError) else f"{path}: {error.strerror}"
        _refuse(path, Problem("name", _visible(why)), form == "json")
    if form is not None or export is not None:
        if snapshot.problem is not None and form is not None:
            _refuse(snapshot.expression, snapshot.problem, form == "json", snapshot)
        _give(snapshot, form, export)
        return
    theme = _theme(theme)
    from gradtui.tui.saved import run

    sys.exit(run(snapshot, theme))


def _batch(
    at: dict[str, str], alone: str | None, dtype: Dtype, device: Device, window: tuple[float, float] | None
) -> int:
    from gradtui.command.batch import answer_lines

    with _output() as answers:
        well = answer_lines(
            sys.stdin.buffer,
            answers,
            at={name: _value(place, "--at") for name, place in at.items()},
            alone=None if alone is None else _value(alone, "--at"),
            dtype=dtype,
            device=device,
            window=window,
        )
    return 0 if well else 1


def _require_terminal() -> None:
    instead = "--print gives a text report, --json the same for programs"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(f"the screen needs a terminal; {instead}")
    if os.environ.get("TERM") in ("dumb", "unknown"):
        raise click.UsageError(
            f"the screen needs a terminal that can place text (TERM is {os.environ['TERM']}); {instead}"
        )


def _write(data: bytes) -> None:
    with _output() as output:
        output.write(data)
        output.flush()


@contextmanager
def _output() -> Iterator[BinaryIO]:
    """Standard output, for bytes. A full disk, say, is told in one line; a closed pipe is left to `main`."""
    try:
        yield sys.stdout.buffer
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise click.ClickException(f"standard output: {error.strerror}") from None


def _visible(text: str) -> str:
    from gradtui.snapshot.visible import visible

    return visible(text)
