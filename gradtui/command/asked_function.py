"""The function that the command line asks for, typed or of a file: where it stands, and how it is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from gradtui.command import option_values, print_or_export, training

if TYPE_CHECKING:
    from gradtui.command.options import Given
    from gradtui.settings.read_settings import Settings
    from gradtui.snapshot.model import Origin
    from gradtui.snapshot.start import Start


def read(
    given: Given, text: str, at: Mapping[str, str], alone: str | None, settings: Settings
) -> tuple[Start, Sequence[str]]:
    """Where to start, and the variables of the function. text: the target. alone: the place that was given without a name.

    What cannot be read is click's own complaint; a target that is no function is answered, and ends the process.
    """
    from gradtui.snapshot.start import Start
    from gradtui.snapshot.target import is_target

    try:
        text = option_values.file_target(text)
    except option_values.RefusedError as error:
        print_or_export.refuse(text, error.problem, given.form)
    origin: Origin = "function" if is_target(text) else "expression"
    _check_training(given, origin)
    (columns, unusable), optimizer = training.read_data(given.data), training.read_optimizer(given.optimizer)
    named = (*columns, *filter(str.isidentifier, unusable))
    twice = next((name for name in at if name in columns), None)
    if twice is not None:
        raise click.BadParameter(f"{twice} is a column of the data already", param_hint="--at")
    try:
        variables = option_values.read_variables(text, origin, (*at, *named))
    except option_values.RefusedError as error:
        print_or_export.refuse(text, error.problem, given.form)
    if origin == "expression":
        training.check_columns(columns, unusable, variables, (*at, *(given.train or "").split(",")))
    places: dict[str, str | tuple[str, ...]] = dict(at)
    if alone is not None:
        places[option_values.only_variable(variables, (*at, *columns), alone)] = alone
    start = Start(
        text,
        places,
        settings.get("dtype"),
        given.device,
        settings.get("window"),
        settings.get("step"),
        names=tuple(dict.fromkeys((*places, *named))),
        origin=origin,
        optimizer=optimizer,
        trained=training.read_trained(given.train, variables, columns, origin) if given.trains else None,
        updates=given.updates or (1 if given.trains and given.wants_no_screen else 0),
        data=dict(columns),
        unusable=dict(unusable),
        batches=training.read_batches(given.batch, given.seed, columns),
        order=given.order or (0 if given.taylor is None else 1),
        degree=given.taylor,
    )
    return start, variables


def _check_training(given: Given, origin: Origin) -> None:
    if origin == "function" and (given.data or given.batch is not None or given.seed is not None):
        raise click.UsageError("the data of a file's function are its own: --data and --batch belong to a typed one")
    if given.trains and given.wants_no_screen:
        print_or_export.check_updates(given.form, given.export)
