"""Training -> what is said of it: JSON, a table of updates, a CSV file."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from typing import Any

from gradtui.chart.by_update import Track, draw_values
from gradtui.report.training import norms
from gradtui.report.training.norms import json_number
from gradtui.report.width import WIDTH
from gradtui.snapshot.numbers import SIGNIFICANT, number
from gradtui.snapshot.training import Moved, Place, Remembered, Setting, State, Tensor, Training, Update
from gradtui.training.history import LONG_ENOUGH, growth, is_finite, is_of_one, is_still, stays
from gradtui.training.module_norms import in_words

MOST_ROWS = 40
"""Updates in a table: the first half of them, and the last."""
HEIGHT, FEWEST = 12, 5
"""Cells of the chart of f by update, and the updates from which there is one."""
ELEMENTS = 3
"""Of a vector in a table."""

Json = dict[str, Any]


def as_json(training: Training) -> Json:
    """state: of the optimizer after the update."""
    return {
        "optimizer": training.optimizer.name,
        "settings": {name: _setting(value) for name, value in training.settings.items()},
        "trained": list(training.trained),
        "batch": None if training.batches is None else {"size": training.batches.size, "seed": training.batches.seed},
        "updates": [
            {
                "update": update.update,
                "value": json_number(update.value),
                "variables": {name: _moved(moved) for name, moved in update.variables.items()},
                "evaluations": update.evaluations,
                **({"rows": list(update.rows)} if update.rows else {}),
                **(norms.as_json(training, update) if update.norms else {}),
            }
            for update in training.updates
        ],
    }


def _moved(moved: Moved) -> Json:
    return {
        "value": _place(moved.value),
        "grad": _place(moved.grad),
        "after": _place(moved.after),
        "state": _state(moved.state),
    }


def _state(state: State) -> Json:
    return {name: _remembered(value) for name, value in state.items()}


def _remembered(value: Remembered) -> Any:
    if isinstance(value, Tensor):
        return list(map(json_number, value.numbers)) if value.shape else json_number(value.numbers[0])
    if isinstance(value, tuple):
        return [_remembered(one) for one in value]
    return value if isinstance(value, int) else json_number(value)


def _setting(value: Setting) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _place(place: Place | None) -> Any:
    return list(map(json_number, place)) if isinstance(place, tuple) else json_number(place)


def table(training: Training, dtype: str) -> Iterator[str]:
    """A line an update: its number, f, then each trained variable and its gradient; below where they stand at the end."""
    updates, digits = training.updates, SIGNIFICANT.get(dtype, 7)
    if not updates:
        return
    count = len(updates)
    yield f"{training.optimizer.text} trains {in_words(training.trained)}: {count:,} update{'s' * (count > 1)}"
    cut = count > MOST_ROWS
    shown = (*updates[: MOST_ROWS // 2], *updates[-MOST_ROWS // 2 :]) if cut else updates
    if not _is_whole(training):
        yield from norms.table(training, shown, max(0, count - MOST_ROWS))
        yield from _remarks(training)
        return
    names = [*updates[0].variables]
    head = ("update", "f", *(cell for name in names for cell in (name, f"∂f/∂{name}")))
    rows = [head, *(_row(update, names, digits) for update in shown)]
    last = updates[-1]
    rows.append(("end", "", *(cell for name in names for cell in (_few(last.variables[name].after, digits), ""))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for place, row in enumerate(rows):
        if cut and place == MOST_ROWS // 2 + 1:
            yield f"… {count - MOST_ROWS:,} more: --json and --export run.csv have all of them"
        yield "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    if max(update.evaluations for update in updates) > 1:
        total = sum(update.evaluations for update in updates)
        yield f"{training.optimizer.name} evaluates f several times in an update: {total:,} times in all"
    yield from _remarks(training)


def _remarks(training: Training) -> Iterator[str]:
    """What the run has come to, where that is not what one trains for."""
    updates = training.updates
    if training.changed:
        yield "changed on the way: not all of these updates were made by this optimizer, of this f with these values"
    bad = next((update for update in updates if not (math.isfinite(update.value) and is_finite(update))), None)
    if bad is not None:
        what = "leads to what is not finite" if math.isfinite(bad.value) else f"begins where f is {number(bad.value)}"
        yield f"update {bad.update} {what}: from there on no number tells anything; a smaller lr, or another start"
    elif len(updates) >= LONG_ENOUGH and (factor := growth(updates[-LONG_ENOUGH:])) is not None:
        what = "distance" if is_of_one(updates[-1]) else "step"
        yield f"diverges: each update multiplies the {what} by {number(factor, 3)}, and f gets worse; a smaller lr"
    still = next((place for place, update in enumerate(updates) if is_still(update)), None)
    if still is not None and all(map(is_still, updates[still:])):
        where = f"where f = {number(updates[still].value)}"
        yield f"from update {updates[still].update} on every gradient is 0, {where}: nothing moves"
    elif all(map(stays, updates)):
        yield f"nothing moves, though there is a gradient{': lr is 0' if training.settings.get('lr') == 0 else ''}"


def _is_whole(training: Training) -> bool:
    """Whether all that moves is told by its numbers, as it is small."""
    return not training.updates or training.updates[0].variables.keys() == {*training.trained}


def values_chart(training: Training) -> Iterator[str]:
    """f by update, where there are enough to make a line."""
    values = tuple(update.value for update in training.updates)
    cells = draw_values([Track(training.optimizer, values)], WIDTH, HEIGHT) if len(values) >= FEWEST else None
    yield from ("".join(character for character, _ in line).rstrip() for line in cells or ())


def _row(update: Update, names: Iterable[str], digits: int) -> tuple[str, ...]:
    moved = [update.variables[name] for name in names]
    cells = (cell for one in moved for cell in (_few(one.value, digits), _few(one.grad, digits)))
    return (str(update.update), number(update.value, digits), *cells)


def _few(place: Place | None, digits: int) -> str:
    if not isinstance(place, tuple):
        return number(place, digits)
    shown = ", ".join(number(one, min(digits, 5)) for one in place[:ELEMENTS])
    return f"[{shown}{', …' if len(place) > ELEMENTS else ''}]"


def as_csv(training: Training) -> str:
    """A line an update: `update,f,w,w.grad,w.after`; of a vector a column an element, `v[0]`; of a file's parameters norms."""
    if not _is_whole(training):
        return norms.as_csv(training)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    first = training.updates[0].variables if training.updates else {}
    columns = [
        name + part + what
        for name, moved in first.items()
        for what in ("", ".grad", ".after")
        for part in _parts(moved)
    ]
    writer.writerow(["update", "f", *columns])
    for update in training.updates:
        writer.writerow([update.update, repr(update.value), *_cells(update)])
    return file.getvalue()


def _parts(moved: Moved) -> list[str]:
    return [f"[{index}]" for index in range(len(moved.value))] if isinstance(moved.value, tuple) else [""]


def _cells(update: Update) -> Iterator[str]:
    for moved in update.variables.values():
        for place in (moved.value, moved.grad, moved.after):
            count = len(moved.value) if isinstance(moved.value, tuple) else 1
            numbers = place if isinstance(place, tuple) else (place,) * count
            yield from ("" if one is None else repr(one) for one in numbers)
