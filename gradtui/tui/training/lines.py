"""What the node panel says of the updates of one variable, line by line. Pure: tested without a screen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from gradtui.snapshot.numbers import NOT_KNOWN, number
from gradtui.snapshot.training import Moved, Place, Setting, State, Training, Update
from gradtui.training.history import Maker, is_of_one, is_still
from gradtui.training.module_norms import by_module, pace
from gradtui.tui.node.lines import Pieces
from gradtui.tui.panes.line_view import left

if TYPE_CHECKING:
    from gradtui.training.rules import Line


DIGITS = 3
MOST_NAME, MOST_MODULES = 6, 12
"""Cells of a module's name that has room beside its numbers where the pane is narrow; and modules in a table."""


GOING_ON: State = {"momentum_buffer": 0.0, "step_size": 0.0, "eta": 0.0}
"""What an optimizer has that has made an update before, for a rule without numbers."""


def update_lines(
    name: str,
    last: Update | None,
    before: Mapping[str, State],
    following: Training | None,
    maker: Maker | None,
    growth: float | None = None,
    *,
    keys: Mapping[str, str],
) -> Iterator[Pieces]:
    """Why the variable moved in the last update, and how the next one would move it. before: the state before the last.
    maker: what made the last. growth: by what each step is longer than the one before, where the run diverges. keys: how those
    of the actions are called."""
    if growth is not None:
        what = "distance" if last is not None and is_of_one(last) else "step"
        yield ((f"diverges: each update multiplies the {what} by {growth:.3g}", "node--bad"),)
        yield ((f" {keys['rate.down']} makes lr smaller", "node--quiet"),)
    still = following is not None and bool(following.updates) and is_still(following.updates[0])
    if following is not None and still:
        yield (
            (f"every gradient is 0 where f = {number(following.updates[0].value)}: updates move nothing", "node--next"),
        )
        choose, value, move = keys["variable.next"], keys["value"], keys["update"]
        said = f" {choose} chooses a variable, {value} types another value for it, and {move} then moves them"
        yield ((said, "node--quiet"),)
    if last is not None and maker is not None and name in last.variables:
        moved = last.variables[name]
        yield _head(f"update {last.update}", name, moved)
        yield from _rule(maker[0], name, moved, before.get(name, {}), maker[1], last.variables)
        if last.evaluations > 1:
            yield ((f"the optimizer evaluated f {last.evaluations} times for it", "node--quiet"),)
    if not still and following is not None and following.updates and name in following.updates[0].variables:
        update = following.updates[0]
        moved = update.variables[name]
        yield _head(f"next, {keys['update']}: update {update.update}", name, moved)
        yield from _rule(
            *(following.optimizer.name, name, moved, following.before.get(name, {})),
            *(following.settings, update.variables),
        )
        if update.evaluations > 1:
            yield ((f"the optimizer evaluates f {update.evaluations} times for it", "node--quiet"),)


def norm_lines(
    name: str | None,
    last: Update | None,
    before: Mapping[str, State],
    following: Training | None,
    trained: Sequence[str],
    maker: Maker | None,
    *,
    keys: Mapping[str, str],
) -> Iterator[Pieces]:
    """Of a file's parameters: the selected one by its numbers, or by norms where it is large; then all of them by module."""
    if last is not None and name in last.variables:
        yield from update_lines(name, last, before, None, maker, keys=keys)
    following_one = following.updates[0] if following else None
    for what, update in (("update", last), (f"next, {keys['update']}: update", following_one)):
        if update is None or len(update.norms) != len(trained):
            continue
        if name in trained:
            norms = update.norms[trained.index(name)]
            part = pace(norms)
            of = f", {number(100 * part, 3)} % of it" if part is not None else ""
            grad = "no gradient" if norms.grad is None else f"gradient {number(norms.grad, DIGITS)}"
            told = f"{name} {number(norms.weight, DIGITS)}, {grad}, moves by {number(norms.change, DIGITS)}{of}"
            yield ((f"{what} {update.update}  ", "node--next"), (told, "node--value"))
    if following is not None and name is not None and name in trained:
        yield from _rule_alone(following.optimizer.name, name, following.settings)
    if last is not None and len(last.norms) == len(trained):
        yield from _by_module(last, trained)


def _rule_alone(optimizer: str, name: str, settings: Mapping[str, Setting]) -> Iterator[Pieces]:
    """Without numbers: there are too many of them."""
    from gradtui.training.rules import lines  # not wanted before the first paint

    for line in lines(optimizer, name, Moved(0.0, 0.0, 0.0), GOING_ON, settings):
        yield ((line.rule, "node--quiet"),)


def _by_module(update: Update, trained: Sequence[str]) -> Iterator[Pieces]:
    """A line each, in columns as wide as they need; two where a name is long, so that none is cut and no line is broken."""
    modules = by_module(trained, update.norms)
    shown = dict([*modules.items()][:MOST_MODULES])
    table: list[tuple[str, ...]] = [("gradient", "weight", "change", "/weight")]
    for norms in shown.values():
        cells = (norms.grad, norms.weight, norms.change, pace(norms))
        table.append(tuple(NOT_KNOWN if one is None else number(one, DIGITS) for one in cells))
    widths = [2 + max(map(len, column)) for column in zip(*table, strict=True)]
    head, *rows = ["".join(map(str.rjust, cells, widths)) for cells in table]
    longest = max(len("module"), *map(cell_len, shown))
    is_beside = longest <= MOST_NAME
    yield ((f"norms in update {update.update}", "node--next"),)
    yield ((left("module", longest) + head if is_beside else head, "node--quiet"),)
    for module, told in zip(shown, rows, strict=True):
        if is_beside:
            yield ((left(module, longest), "node--text"), (told, "node--value"))
        else:
            yield ((module, "node--text"),)
            yield ((told, "node--value"),)
    if len(modules) > MOST_MODULES:
        yield ((f"… {len(modules) - MOST_MODULES} modules more: a .csv file has them all", "node--quiet"),)


def _head(what: str, name: str, moved: Moved) -> Pieces:
    still = moved.after == moved.value
    why = " stays: its gradient is 0" if still and _is_zero(moved.grad) else " stays" if still else ""
    if why:
        return ((f"{what}  ", "node--next"), (f"{name} = {_few(moved.value)}{why}", "node--value"))
    return ((f"{what}  ", "node--next"), (f"{name}: {_few(moved.value)} → {_few(moved.after)}", "node--value"))


def _rule(
    optimizer: str,
    name: str,
    moved: Moved,
    before: State,
    settings: Mapping[str, Setting],
    names: Collection[str],
) -> Iterator[Pieces]:
    from gradtui.training.rules import lines  # not wanted before the first paint

    for line in lines(optimizer, name, moved, before, settings, names):
        yield _line(line)


def _line(line: Line) -> Pieces:
    if not line.filled:
        return ((line.rule, "node--text"),)
    result = ((" = ", "node--text"), (line.result, "node--value")) if line.numbers and line.result else ()
    return ((f"{line.rule}  ", "node--quiet"), (line.numbers or line.result, "node--text"), *result)


def _is_zero(place: Place | None) -> bool:
    return place is not None and not any(place if isinstance(place, tuple) else (place,))


def _few(place: Place) -> str:
    if not isinstance(place, tuple):
        return number(place)
    return f"[{', '.join(number(one, 5) for one in place[:3])}{', …' if len(place) > 3 else ''}]"
