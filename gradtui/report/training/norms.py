"""Updates of a file's own parameters in norms: a table, JSON, CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from gradtui.snapshot.numbers import NOT_KNOWN, number
from gradtui.snapshot.training import Norms, Training, Update
from gradtui.training.module_norms import by_module, pace, together

DIGITS = 5
MOST_MODULES = 40
"""In the table by module."""
HEAD = ("gradient", "weight", "change", "change/weight")


def table(training: Training, shown: tuple[Update, ...], left_out: int) -> Iterator[str]:
    """A line an update, all parameters together; then the last update by module. left_out: updates between the first half and
    the last."""
    rows = [
        ("update", "f", *HEAD),
        *((str(one.update), number(one.value, 7), *_cells(together(one.norms))) for one in shown),
    ]
    for place, line in enumerate(_lines(rows)):
        if left_out and place == len(shown) // 2 + 1:
            yield f"… {left_out:,} more: --json and --export run.csv have all of them"
        yield line
    last = training.updates[-1]
    modules = by_module(training.trained, last.norms)
    yield ""
    yield f"norms by module in update {last.update}"
    told = [(name, *_cells(norms)) for name, norms in [*modules.items()][:MOST_MODULES]]
    yield from _lines([("module", *HEAD), *told], names=True)
    if len(modules) > MOST_MODULES:
        yield f"… {len(modules) - MOST_MODULES:,} more: --json has them all"


def _cells(norms: Norms) -> tuple[str, ...]:
    part = pace(norms)
    told = (norms.grad, norms.weight, norms.change, part)
    return tuple(NOT_KNOWN if one is None else number(one, DIGITS) for one in told)


def _lines(rows: list[tuple[str, ...]], *, names: bool = False) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first = row[0].ljust(widths[0]) if names else row[0].rjust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        yield "  ".join((first, *rest)).rstrip()


def as_json(training: Training, update: Update) -> dict[str, Any]:
    """Of one update: of each parameter, of each module, and of all."""
    parameters = dict(zip(training.trained, update.norms, strict=True))
    return {
        "parameters": {name: _object(norms) for name, norms in parameters.items()},
        "modules": {name: _object(norms) for name, norms in by_module(training.trained, update.norms).items()},
        "grad_norm": json_number(together(update.norms).grad),
    }


def _object(norms: Norms) -> dict[str, Any]:
    return {"grad": json_number(norms.grad), "weight": json_number(norms.weight), "change": json_number(norms.change)}


def json_number(value: float | None) -> float | str | None:
    """JSON has no nan and no infinity: they stand as text."""
    return value if value is None or value - value == 0 else str(value)


def as_csv(training: Training) -> str:
    """A line an update: `update,f,0.weight.grad,0.weight.norm,0.weight.change`, all of them norms."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        ["update", "f", *(f"{name}.{what}" for name in training.trained for what in ("grad", "norm", "change"))]
    )
    for update in training.updates:
        cells = (one for norms in update.norms for one in (norms.grad, norms.weight, norms.change))
        writer.writerow([update.update, repr(update.value), *("" if one is None else repr(one) for one in cells)])
    return file.getvalue()
