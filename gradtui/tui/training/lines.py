"""What the node panel says of the updates of one variable, line by line. Pure: tested without a screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gradtui.snapshot.numbers import number
from gradtui.snapshot.training import Moved, Place, Setting, State, Training, Update
from gradtui.tui.node.lines import Pieces

if TYPE_CHECKING:
    from gradtui.training.rules import Line


def update_lines(
    name: str,
    last: Update | None,
    before: Mapping[str, State],
    following: Training | None,
    settings: Mapping[str, Setting],
) -> Iterator[Pieces]:
    """Why the variable moved in the last update, and how the next one would move it. before: the state before the last."""
    optimizer = following.optimizer.name if following is not None else ""
    if last is not None and name in last.variables:
        moved = last.variables[name]
        yield _head(f"update {last.update}", name, moved)
        yield from _rule(optimizer, name, moved, before.get(name, {}), settings)
        if last.evaluations > 1:
            yield ((f"the optimizer evaluated f {last.evaluations} times for it", "node--quiet"),)
    if following is not None and following.updates and name in following.updates[0].variables:
        update = following.updates[0]
        moved = update.variables[name]
        yield _head(f"next, g: update {update.update}", name, moved)
        yield from _rule(
            following.optimizer.name, name, moved, following.before.get(name, {}), following.settings or settings
        )
        if update.evaluations > 1:
            yield ((f"the optimizer evaluates f {update.evaluations} times for it", "node--quiet"),)


def _head(what: str, name: str, moved: Moved) -> Pieces:
    still = moved.after == moved.value
    why = " stays: its gradient is 0" if still and _is_zero(moved.grad) else " stays" if still else ""
    if why:
        return ((f"{what}  ", "node--next"), (f"{name} = {_few(moved.value)}{why}", "node--value"))
    return ((f"{what}  ", "node--next"), (f"{name}: {_few(moved.value)} → {_few(moved.after)}", "node--value"))


def _rule(optimizer: str, name: str, moved: Moved, before: State, settings: Mapping[str, Setting]) -> Iterator[Pieces]:
    from gradtui.training.rules import lines  # not wanted before the first paint

    for line in lines(optimizer, name, moved, before, settings):
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
