"""What the command line says of training: how it is read, and how the updates are made without a screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from gradtui.command.option_values import shown, unread

if TYPE_CHECKING:
    from gradtui.snapshot.model import Origin, Request, Snapshot
    from gradtui.snapshot.training import Batches, Optimizer, Training

FIRST_CHUNK, LARGEST_CHUNK = 10, 1000
SECONDS = 1.0
"""That one request takes: far below the deadline of the process that answers it."""
MOST_UPDATES = 1_000_000
MOST_NAMES = 8
"""In a sentence."""


def read_optimizer(text: str | None) -> Optimizer | None:
    """`Adam(lr=0.1)`; a wrong one is click's own complaint, with a caret under the place."""
    if text is None:
        return None
    from gradtui.training.optimizer_text import OptimizerError, read_optimizer

    try:
        return read_optimizer(text)
    except OptimizerError as error:
        line = shown(text)
        pointed = (
            f"\n  {line}\n  {' ' * error.start}{'^' * max(1, error.end - error.start)}" if len(line) <= 200 else ""
        )
        raise click.BadParameter(f"{shown(str(error))}{pointed}", param_hint="--optimizer") from None


def read_data(path: str | None) -> tuple[Mapping[str, tuple[float, ...]], Mapping[str, str]]:
    """The columns of a file of data; and of those that are not all numbers, why."""
    if path is None:
        return {}, {}
    from gradtui.file.plain_file import whole
    from gradtui.training.csv_data import MOST_BYTES, DataError, read_data

    try:
        read = read_data(whole(path, MOST_BYTES))
        return read.columns, read.unusable
    except OSError as error:
        raise click.BadParameter(unread(path, error), param_hint="--data") from None
    except DataError as error:
        raise click.BadParameter(shown(f"{path}: {error}"), param_hint="--data") from None


def check_columns(
    data: Collection[str], unusable: Mapping[str, str], variables: Sequence[str], told: Collection[str]
) -> None:
    """Refuse data of which nothing is in f, a column that f uses and cannot, and one that misses its variable by a capital letter
    or a blank: that would be trained. told: variables that were named elsewhere, and mean no column."""
    columns = (*data, *unusable)
    if (wrong := next((name for name in variables if name in unusable and name not in told), None)) is not None:
        raise click.BadParameter(shown(f"f uses {wrong}, and {unusable[wrong]}"), param_hint="--data")
    unused = [name for name in columns if name not in variables]
    alike = {_bare(name): name for name in unused}
    meant = [name for name in variables if name not in columns and name not in told and _bare(name) in alike]
    if (len(unused) < len(columns) and not meant) or not columns:
        return
    missing = [alike[_bare(name)] for name in meant] if meant else columns
    instead = f"did you mean {_few(meant)}?" if meant else f"its variables are {_few(variables) or 'none'}"
    what = "no column is" if len(unused) == len(columns) else "a column is not"
    raise click.BadParameter(shown(f"{what} in f: {_few(missing)}; {instead}"), param_hint="--data")


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def _few(names: Collection[str]) -> str:
    shown = [*names][:MOST_NAMES]
    return ", ".join([*shown, *(["…"] if len(names) > MOST_NAMES else [])])


def read_trained(
    text: str | None, variables: Sequence[str], data: Mapping[str, object], origin: Origin
) -> tuple[str, ...]:
    """What moves: the names that were given, or all variables that are no data. Those of a file are only known when it has
    run: () for all."""
    if origin == "function":
        return tuple(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))
    free = [name for name in variables if name not in data]
    if text is None:
        return tuple(free)
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name in data:
            raise click.BadParameter(f"{shown(name)} is a column of data, and data do not move", param_hint="--train")
        if name not in free:
            there = f"its variables are {', '.join(free)}" if free else "it has no variables"
            raise click.BadParameter(f"f has no variable {shown(name)}: {there}", param_hint="--train")
    if not names:
        raise click.BadParameter("name the variables that move: w,b", param_hint="--train")
    return tuple(dict.fromkeys(names))


def read_batches(size: int | None, seed: int | None, data: Mapping[str, object]) -> Batches | None:
    if size is None:
        if seed is not None:
            raise click.UsageError("--seed is of the order of the rows in batches: it belongs to --batch")
        return None
    if not data:
        raise click.UsageError("--batch takes rows of data: it belongs to --data")
    from gradtui.snapshot.training import Batches

    return Batches(size, seed or 0)


def made(evaluate: Callable[[Request], Snapshot], request: Request, count: int) -> Snapshot:
    """The Snapshot where the request stands, with `count` updates from there; the first that fails is the answer."""
    from msgspec.structs import replace

    from gradtui.training.continuing import following, joined

    assert request.training is not None
    chunk = min(count, FIRST_CHUNK)
    snapshot = evaluate(replace(request, training=replace(request.training, count=chunk)))
    whole: Training | None = snapshot.training
    request = replace(request, curve=None, along=None)
    while whole is not None and len(whole.updates) < count:
        begun = time.perf_counter()
        chunk = min(chunk, count - len(whole.updates))
        answer = evaluate(following(request, whole, chunk))
        if answer.training is None:
            return answer
        whole = joined(whole, answer.training)
        seconds = max(time.perf_counter() - begun, 1e-3)
        chunk = max(1, min(LARGEST_CHUNK, int(len(answer.training.updates) * min(4.0, SECONDS / seconds))))
    return replace(snapshot, training=whole)
