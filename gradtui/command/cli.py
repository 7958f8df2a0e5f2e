"""The command `gradtui`: one command, no subcommands. What may not be needed is not loaded: `--help` is instant."""

from __future__ import annotations

import gc
import os
import re
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.core import ParameterSource

from gradtui.command import option_values, options, print_or_export, saved_run, standard_output, watched_script
from gradtui.command.options import Given

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from gradtui.command.print_or_export import Form
    from gradtui.settings.read_settings import Settings

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
def command(**values: Any) -> None:
    given, script = Given(**values), click.get_current_context().obj
    text = option_values.one_target(given.target, FIRST_EXAMPLE)
    given.check_answers()
    if given.export is not None and not (script and watched_script.is_folder(given.export)):
        print_or_export.check_export(given.export)
    if given.serve is not None:
        from gradtui.command import serve as page

        page.serve(page.without_own(sys.argv[1:]), given.serve)
        return
    at, alone = option_values.read_places(given.places)
    if script:
        _script_without_screen(given, script)
    settings = _settings(given)
    if given.show_settings:
        from gradtui.command import settings as report

        report.show(settings)
        return
    if script:
        from gradtui.command import live_script

        sys.exit(live_script.show(script, given.every, option_values.themed(settings)))
    _refuse(("every",), "Snapshots are kept of a script's updates: gradtui --every 100 train.py")
    if text == "-":
        _batch(given, at, alone, settings)
    elif SAVED.fullmatch(text.strip()) or saved_run.is_folder(text.strip()):
        _refuse(options.OF_A_FUNCTION, "what is saved is what it is")
        _saved(text.strip(), given.form, given.export, settings, given.plain)
    else:
        _function(given, text, at, alone, settings)


def _script_without_screen(given: Given, script: Sequence[str]) -> None:
    """Run and watch it, and end with its status, where its answer is none on the screen."""
    _refuse(options.OF_A_FUNCTION, "a script has options of its own, which stand after its name")
    if given.plain:
        raise click.UsageError("a script has no session in sentences: --print gives a text report")
    if given.wants_no_screen or not _has_terminal():
        sys.exit(watched_script.run(script, given.form, given.export, given.every))


def _settings(given: Given) -> Settings:
    """Those of the files and of the environment, and of the options that are settings too."""
    from gradtui.settings.read_settings import read

    return read().given(
        theme=given.theme,
        vocabulary=given.vocabulary,
        dtype=given.dtype,
        step=option_values.read_setting("step", given.step),
        window=option_values.read_setting("window", given.window),
        mouse=given.mouse,
        keymap=given.keymap,
    )


def _batch(given: Given, at: Mapping[str, str], alone: str | None, settings: Settings) -> NoReturn:
    """Each line of standard input, answered with a line of JSON."""
    if given.as_text or given.as_steps or given.export:
        raise click.UsageError("a batch is answered in JSON: gradtui - --json")
    if given.trains or given.data:
        raise click.UsageError("a batch is not trained: one function at a time")
    from gradtui.command.json_lines import Unsaid, answer_input

    option_values.complain(settings)
    unsaid = Unsaid(
        {name: option_values.read_value(place) for name, place in at.items()},
        None if alone is None else option_values.read_value(alone),
        settings.get("dtype"),
        given.device,
        settings.get("window"),
        given.order,
        given.taylor,
    )
    sys.exit(answer_input(unsaid))


def _function(given: Given, text: str, at: Mapping[str, str], alone: str | None, settings: Settings) -> None:
    """A typed one, or one of a file: answered, told in a session of sentences, or explored on the screen."""
    from gradtui.command import asked_function

    start, variables = asked_function.read(given, text, at, alone, settings)
    if given.wants_no_screen:
        option_values.complain(settings)
        print_or_export.answer(start, variables, given.form, given.export)
        return
    if given.plain:
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
    """The entry point: click's own, with a quiet end on ctrl+c and on a closed pipe, and a sentence about an error of ours."""
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
    except Exception as error:
        from gradtui.snapshot.faults import report, sentence

        click.echo(f"Error: an error within gradtui: {sentence(error)}. {report(error)}", err=True)
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
