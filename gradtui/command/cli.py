"""The command `gradtui`: one command, no subcommands. What may not be needed is not loaded: `--help` is instant."""

from __future__ import annotations

import gc
import os
import re
import sys
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from gradtui.command import (
    option_values,
    options,
    print_or_export,
    saved_run,
    standard_output,
    training,
    watched_script,
)

if TYPE_CHECKING:
    from collections.abc import Container

    from gradtui.command.print_or_export import Form
    from gradtui.settings.read_settings import Settings
    from gradtui.snapshot.model import Device, Dtype, Origin

FIRST_EXAMPLE = "x^2 + 3x + 1"
LARGE_FILE = 2**16
"""Bytes of a saved Snapshot: it is read behind the first frame."""
SAVED = re.compile(r".+\.gradtui", re.DOTALL)

HELP = """Show how PyTorch's autograd differentiates a function.

TARGET is the function, x^2 + 3x + 1 if left out; or one of your own code, model.py:loss,
model.py:Net.loss or package.module:loss; or a training script with its arguments, which is run and watched; or
a saved file; or - to answer each line of standard input with a line of JSON, where a line is an expression or
{"expression": ..., "at": {...}}.

\b
gradtui                                  the explorer on x^2 + 3x + 1 at x = 4
gradtui "sin(x)*exp(-x^2)" --at x=0.5    another function
gradtui "w*x + b" --at w=2 --at b=0      several variables
gradtui "sum(x^2)" --at "x=[1, 2, 3]"    a vector
gradtui model.py:loss                    your own function, run as you would run it
gradtui train.py --epochs 3              a whole training, watched until it goes wrong
gradtui "x^2" --at 3 --print             one text report, no screen
gradtui "x^2" --at 3 --steps             the backward pass, step by step
gradtui "x^2" --at 3 --export graph.svg  a drawing of the graph; other forms by their suffix
gradtui run.gradtui                      a saved snapshot; needs no PyTorch
gradtui - --json < functions.txt         many functions, one answer a line

Exit status: 0 fine; 1 a line of the batch, or the evaluation itself, failed, or a finding about your own code is proved;
2 a bad expression or bad usage.
"""


@click.command(
    cls=watched_script.Command,
    help=HELP,
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "max_content_width": 100},
)
@options.declared
def command(
    target: tuple[str, ...],
    places: tuple[str, ...],
    as_text: bool,
    as_json: bool,
    as_steps: bool,
    plain: bool,
    export: str | None,
    dtype: Dtype | None,
    device: Device,
    window: str | None,
    step: str | None,
    theme: str | None,
    vocabulary: str | None,
    mouse: bool | None,
    keymap: str | None,
    show_settings: bool,
    serve: int | None,
    optimizer: str | None,
    train: str | None,
    updates: int | None,
    data: str | None,
    batch: int | None,
    seed: int | None,
    every: int,
    order: int | None,
    taylor: int | None,
) -> None:
    script = click.get_current_context().obj
    text = option_values.one_target(target, FIRST_EXAMPLE)
    if as_text + as_json + as_steps > 1:
        raise click.UsageError("--print, --json and --steps are different answers: ask for one of them")
    if plain and (as_text or as_json or as_steps or export):
        raise click.UsageError("--plain is a session and no report: ask for one of them")
    if export is not None and not (script and watched_script.is_folder(export)):
        print_or_export.check_export(export)
    if serve is not None:
        from gradtui.command import serve as page

        page.serve(page.without_own(sys.argv[1:]), serve)
        return
    form: Form | None = "text" if as_text else "json" if as_json else "steps" if as_steps else None
    at, alone = option_values.read_places(places)
    trains = any(option is not None for option in (optimizer, train, updates, batch, seed))
    if script:
        _refuse(options.OF_A_FUNCTION, "a script has options of its own, which stand after its name")
        if plain:
            raise click.UsageError("a script has no session in sentences: --print gives a text report")
        if form is not None or export is not None or not _has_terminal():
            sys.exit(watched_script.run(script, form, export, every))
    from gradtui.settings.read_settings import read

    settings = read().given(
        theme=theme,
        vocabulary=vocabulary,
        dtype=dtype,
        step=option_values.read_setting("step", step),
        window=option_values.read_setting("window", window),
        mouse=mouse,
        keymap=keymap,
    )
    if show_settings:
        from gradtui.command import settings as report

        report.show(settings)
        return
    if script:
        from gradtui.command import live_script

        sys.exit(live_script.show(script, every, option_values.themed(settings)))
    _refuse(("every",), "Snapshots are kept of a script's updates: gradtui --every 100 train.py")
    dtype, limits, step = settings.get("dtype"), settings.get("window"), settings.get("step")
    if text == "-":
        if as_text or as_steps or export:
            raise click.UsageError("a batch is answered in JSON: gradtui - --json")
        if trains or data:
            raise click.UsageError("a batch is not trained: one function at a time")
        from gradtui.command.json_lines import answer_input

        option_values.complain(settings)
        sys.exit(answer_input(at, alone, dtype, device, limits, order, taylor))
    if SAVED.fullmatch(text.strip()) or saved_run.is_folder(text.strip()):
        _refuse(options.OF_A_FUNCTION, "what is saved is what it is")
        _saved(text.strip(), form, export, settings, plain)
        return
    from gradtui.snapshot.start import Start
    from gradtui.snapshot.target import is_target

    try:
        text = option_values.file_target(text)
    except option_values.RefusedError as error:
        print_or_export.refuse(text, error.problem, form)
    origin: Origin = "function" if is_target(text) else "expression"
    if origin == "function" and (data or batch is not None or seed is not None):
        raise click.UsageError("the data of a file's function are its own: --data and --batch belong to a typed one")
    if trains and (form or export):
        print_or_export.check_updates(form, export)
    (columns, unusable), chosen = training.read_data(data), training.read_optimizer(optimizer)
    named = (*columns, *filter(str.isidentifier, unusable))
    twice = next((name for name in at if name in columns), None)
    if twice is not None:
        raise click.BadParameter(f"{twice} is a column of the data already", param_hint="--at")
    try:
        variables = option_values.read_variables(text, origin, (*at, *named))
    except option_values.RefusedError as error:
        print_or_export.refuse(text, error.problem, form)
    if origin == "expression":
        training.check_columns(columns, unusable, variables, (*at, *(train or "").split(",")))
    if alone is not None:
        at[option_values.only_variable(variables, (*at, *columns), alone)] = alone
    start = Start(
        text,
        dict(at),
        dtype,
        device,
        limits,
        step,
        names=tuple(dict.fromkeys((*at, *named))),
        origin=origin,
        optimizer=chosen,
        trained=training.read_trained(train, variables, columns, origin) if trains else None,
        updates=updates or (1 if trains and (form or export) else 0),
        data=dict(columns),
        unusable=dict(unusable),
        batches=training.read_batches(batch, seed, columns),
        order=order or (0 if taylor is None else 1),
        degree=taylor,
    )
    if form is not None or export is not None:
        option_values.complain(settings)
        print_or_export.answer(start, variables, form, export)
        return
    if plain:
        from gradtui.tui import plain_session
        from gradtui.tui.app import explorer

        sys.exit(plain_session.main(explorer(start)))
    _require_terminal()
    gc.disable()  # until the first frame is out: there is nothing to collect, and looking for it costs a tenth of the start
    from msgspec.structs import replace

    settings = option_values.themed(settings)
    start = replace(start, theme=settings.theme)
    from gradtui.tui import app

    sys.exit(app.run(start, settings))


def main() -> None:
    """The entry point: click's own, with a quiet end on ctrl+c and on a closed pipe."""
    if sys.stdin is None:  # the shell may close either: `<&-`
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        sys.exit("Error: standard output is closed")
    standard_output.make_whole()
    standard_output.forgive_errors()
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


def _refuse(names: Container[str | None], why: str) -> None:
    """Options that mean nothing here, of which one was given."""
    context = click.get_current_context()
    for option in context.command.params:
        if option.name in names and context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option.opts[0]}: {why}")


def _saved(path: str, form: Form | None, export: str | None, settings: Settings, plain: bool) -> None:
    """A saved Snapshot or Run, or a folder of Runs: written out, or on the screen."""
    if saved_run.is_folder(path) or saved_run.is_run(path):
        if form is not None or export is not None:
            (saved_run.folder if saved_run.is_folder(path) else saved_run.saved)(path, form, export)
        if plain:
            raise click.UsageError("a run has no session in sentences: --print gives a text report")
        _require_terminal()
        settings = option_values.themed(settings)
        sys.exit(saved_run.shown_on_screen(path, settings))
    if form is not None or export is not None:
        option_values.complain(settings)
        print_or_export.write(print_or_export.load(path, form), form, export)
        return
    if plain:
        from gradtui.tui import plain_session, saved

        sys.exit(plain_session.main(saved.explorer(print_or_export.load(path, form))))
    _require_terminal()
    gc.disable()  # as for a live one
    if _is_large(path):
        settings = option_values.themed(settings)
        from gradtui.tui import saved

        sys.exit(print_or_export.opened(lambda path: saved.run_file(path, settings.theme, settings), path, form))
    snapshot, settings = print_or_export.load(path, form), option_values.themed(settings)
    from gradtui.tui import saved

    sys.exit(saved.run(snapshot, settings.theme, settings))


def _is_large(path: str) -> bool:
    """Whether it takes longer than a frame to read the file."""
    try:
        return os.path.getsize(path) > LARGE_FILE
    except OSError:
        return False  # opening it tells why


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


def _require_terminal() -> None:
    instead = "--plain is the session in sentences, --print gives a text report, --json the same for programs"
    from gradtui.command.serve import served

    if served():
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(f"the screen needs a terminal; {instead}")
    if os.environ.get("TERM") in ("dumb", "unknown"):
        raise click.UsageError(
            f"the screen needs a terminal that can place text (TERM is {os.environ['TERM']}); {instead}"
        )
