"""How what stands on the command line is read. What cannot be read is click's own complaint, or a RefusedError."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gradtui.settings.read_settings import Settings
    from gradtui.snapshot.model import Origin, Problem

DATA = re.compile(r"[^\s*^=()]+\.(csv|tsv|txt)", re.IGNORECASE)
"""A file of data, by its name."""
LOOKS_LIKE_AN_OPTION = re.compile(r"--[a-z][a-z-]+(=.*)?")
IS_A_FILE = re.compile(r"\.(py|gradtui)$|\.py:")
QUOTED = 100
"""Characters of a value that a complaint about it repeats."""

Value = float | tuple[float, ...]


class RefusedError(Exception):
    """A target that is no function: to be answered in the form that was asked for."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def one_target(target: tuple[str, ...], default: str) -> str:
    """The one argument. A word that was meant as an option is none, nor is a command before a file, of which there are none."""
    file = next(filter(IS_A_FILE.search, target[1:]), None)
    if file is not None and not target[0].startswith("-"):
        raise click.UsageError(f"what is to be shown comes first: gradtui {shown(shlex.quote(file))}")
    for argument in target:
        if LOOKS_LIKE_AN_OPTION.fullmatch(argument):
            from difflib import get_close_matches

            name = argument.partition("=")[0]
            known = [option for one in click.get_current_context().command.params for option in one.opts]
            raise click.NoSuchOption(name, possibilities=get_close_matches(name, known, 1, 0.8))
    if len(target) > 1:
        raise click.UsageError('one function, in quotes: gradtui "x + 1"')
    return target[0] if target else default


def read_places(places: tuple[str, ...]) -> tuple[dict[str, str], str | None]:
    """The texts of `--at` by name, and the one that was given without a name. `x=1,y=2` is two of them."""
    at: dict[str, str] = {}
    alone: str | None = None
    if not places:
        return at, alone
    from gradtui.expression.point import BETWEEN
    from gradtui.expression.words_and_spellings import lowered

    for place in (one for several in places for one in BETWEEN.split(several)):
        name, equals, value = place.partition("=")
        if not equals:
            if alone is not None:
                raise click.BadParameter(f"{alone} and {place} both have no name: x=4, say", param_hint="--at")
            alone = place
            read_value(alone, "--at")
            continue
        name = lowered(name.strip())
        if not name.isidentifier():
            raise click.BadParameter(f"{shown(name)!r} is not a name: x=4, say", param_hint="--at")
        if name in at:
            raise click.BadParameter(f"{name} is given twice", param_hint="--at")
        at[name] = value.strip()
        read_value(value, f"--at {name}")
    return at, alone


def only_variable(variables: Sequence[str], at: Collection[str], value: str) -> str:
    """The variable that a value without a name is for."""
    free = [name for name in variables if name not in at]
    if not variables and not at:
        return "x"
    if len(free) != 1:
        names = ", ".join(free) or "no other variable"
        raise click.BadParameter(f"{value} is for which variable? There is {names}: x=4, say", param_hint="--at")
    return free[0]


def read_value(text: str, option: str = "--at") -> Value:
    """`4.0`, `pi/2`, `[1, 2]` as numbers."""
    from gradtui.expression.point import PointError, read_point

    try:
        return read_point(text).value
    except PointError as error:
        quoted = text if len(text) <= QUOTED else f"{text[:QUOTED]}…"
        of = f"{shown(quoted)}: " if quoted.strip() else ""
        raise click.BadParameter(f"{of}{shown(str(error))}", param_hint=option) from None


def read_setting(name: str, text: str | None) -> Any:
    """The value of an option that is a setting too; None where it was not given."""
    from gradtui.settings.every_setting import ENTRIES, WrongError

    if text is None:
        return None
    try:
        return next(entry for entry in ENTRIES if entry.name == name).read(text)
    except WrongError as error:
        raise click.BadParameter(shown(str(error)), param_hint=f"--{name}") from None


def theme_named(name: str) -> str:
    """Textual's name for it: `light` is enough for `textual-light`, `ansi` for `ansi-dark`. Raises WrongError."""
    from textual.theme import BUILTIN_THEMES

    from gradtui.settings.every_setting import WrongError, written

    for theme in (name, f"textual-{name}", f"{name}-dark"):
        if theme in BUILTIN_THEMES:
            return theme
    raise WrongError(f"{written(name)} is none of {', '.join(BUILTIN_THEMES)}")


def themed(settings: Settings) -> Settings:
    """With Textual's name of the theme. A wrong one is click's complaint where it was asked for, and else left out."""
    from msgspec.structs import replace

    from gradtui.settings.every_setting import WrongError

    if settings.theme is None:
        return settings
    try:
        return replace(settings, values=settings.values | {"theme": theme_named(settings.theme)})
    except WrongError as error:
        if settings.sources["theme"] == "--theme":
            raise click.BadParameter(shown(str(error)), param_hint="--theme") from None
        return settings.without("theme", str(error))


def file_target(text: str) -> str:
    """`package.module:function` as the place in its file, in this folder or where Python looks; another text as it is.

    Raises RefusedError for a module that is not there.
    """
    from gradtui.snapshot.model import Problem
    from gradtui.snapshot.target import MODULE, file_of, is_target

    named = MODULE.fullmatch(text.strip())
    if named is None or is_target(text):
        return text
    found = file_of(text, ("", *sys.path))
    if found is None:
        hint = (
            "a module is looked for in this folder and where Python looks for modules; a file is named as model.py:loss"
        )
        raise RefusedError(Problem("name", f"there is no module {named['module']}", hint=hint))
    return found


def read_variables(target: str, origin: Origin, at: Collection[str]) -> tuple[str, ...]:
    """The variables of the expression, or the parameters of the function of a file. Raises RefusedError."""
    return _parameters(target, at) if origin == "function" else _free(target, at)


def _free(text: str, at: Collection[str]) -> tuple[str, ...]:
    from gradtui.expression.parser import ExpressionError, parse

    try:
        return parse(text, tuple(at)).variables
    except ExpressionError as error:
        raise RefusedError(_of_file(text.strip()) or error.problem) from None


def _of_file(text: str) -> Problem | None:
    """What to say where no function is named but a file that holds none, or a folder."""
    from gradtui.snapshot.model import Problem
    from gradtui.snapshot.shell_words import shell_line

    if os.path.isdir(text):
        hint = "runs of ranks, each a .gradtui file, are opened by the name of their folder; a file by its own, run.gradtui"
        return Problem("name", f"{text} is a folder, and there is no run in it", hint=hint)
    is_data = DATA.fullmatch(text) is not None
    if not is_data and not os.path.exists(text):
        return None
    data = f"data stand beside a function: {shell_line(['gradtui', 'p = w*x + b; (p - y)^2', '--data', text])}"
    others = "files that gradtui opens are model.py:loss, train.py and what it saved, run.gradtui"
    return Problem("name", f"{text} is a file and no function", hint=data if is_data else others)


def _parameters(target: str, at: Collection[str]) -> tuple[str, ...]:
    """As the file has them, which is read, not run. Refuses a target without file or function, and places for parameters
    that there are not."""
    from gradtui.file.plain_file import whole
    from gradtui.snapshot.model import Problem
    from gradtui.snapshot.target import LONGEST, candidates, functions, split

    path, name = split(target)
    try:
        there = functions(whole(path, LONGEST))
    except OSError as error:
        raise RefusedError(Problem("name", unread(path, error))) from None
    except (SyntaxError, ValueError):
        there = {}  # running it tells where
    if not name:
        raise RefusedError(Problem("name", f"which function of {path}?", hint=candidates(path, there)))
    parameters = there.get(name, ())
    unknown = [given for given in at if name in there and given not in parameters]
    if unknown:
        names = f"its parameters are {', '.join(parameters)}" if parameters else "it has none"
        raise RefusedError(Problem("name", f"{name} has no parameter {unknown[0]}", hint=names))
    return parameters


def complain(settings: Settings) -> None:
    """What is wrong in the settings, on stderr: nothing stops for it."""
    for sentence in settings.wrong:
        click.echo(f"settings: {shown(sentence)}", err=True)


def print_schema(context: click.Context, option: click.Parameter, name: str | None) -> None:
    """For `--schema`, which leaves all else alone."""
    if name is not None:
        import json

        from gradtui import schemas

        schema = schemas.answers() if name == "answers" else schemas.config()
        click.echo(json.dumps(schema, ensure_ascii=False, indent=2).encode())
        context.exit()


def unread(path: str, error: OSError) -> str:
    """Why a file could not be read, in a sentence."""
    return shown(f"there is no file {path}" if isinstance(error, FileNotFoundError) else f"{path}: {error.strerror}")


def shown(text: str) -> str:
    """Text of a person, safe for one line of a terminal."""
    from gradtui.snapshot.visible import visible

    return visible(text)
