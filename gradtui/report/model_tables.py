"""The tables of a model in text: the gradients of its parameters and modules, and what its modules keep in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradtui.graph.gradients import Gradient, by_module, by_parameter, ordered
from gradtui.graph.kept import by_module as kept_by_module
from gradtui.graph.kept import in_all, in_units
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.numbers import NOT_KNOWN, UNREAD, number

MOST_PARAMETERS, MOST_MODULES = 40, 12
LONGEST_NAME = 40
DIGITS = 4
HEAD = ("norm", "share", "min", "max", "zeros", "nan", "inf")


def tables(snapshot: Snapshot) -> Iterator[str]:
    """A row for each parameter of a model, and for the modules that hold several; of many, the largest."""
    if not snapshot.parameters:
        return
    parameters = by_parameter(snapshot)
    modules = [
        module
        for module in by_module(snapshot, parameters)
        if module.name and module.holds and not _is_alone(module, parameters)
    ]
    yield from _table("gradient of", parameters, MOST_PARAMETERS)
    if modules:
        yield ""
        yield from _table("in module", modules, MOST_MODULES)
    yield from _kept(snapshot)


def _kept(snapshot: Snapshot) -> Iterator[str]:
    """What costs the memory: in all, and of modules the largest."""
    whole = in_all(snapshot)
    if not whole:
        return
    yield ""
    yield f"kept for backward: {in_units(whole)}, without parameters; what several operations keep is counted once"
    sizes = sorted(((size, path) for path, size in kept_by_module(snapshot).items() if path), key=lambda each: -each[0])
    width = max((len(path) for _, path in sizes[:MOST_MODULES]), default=0)
    for size, path in sizes[:MOST_MODULES]:
        yield f"  {path.ljust(width)}  {in_units(size).rjust(8)}  {100 * size / whole:.3g}%"
    if len(sizes) > MOST_MODULES:
        yield f"  … {len(sizes) - MOST_MODULES:,} more: --json has them all"


def _is_alone(module: Gradient, parameters: Sequence[Gradient]) -> bool:
    """Whether its parameters, which stand in the other table, are its own and no other module's in it."""
    within = f"{module.name}."
    return not any("." in one.name.removeprefix(within) for one in parameters if one.name.startswith(within))


def _table(title: str, gradients: Sequence[Gradient], most: int) -> Iterator[str]:
    shown = gradients
    if len(gradients) > most:
        bad = [one for one in gradients if one.grad is None or one.grad.bad]
        shown = [*bad, *(one for one in ordered(gradients, "norm") if one not in bad)][:most]
    rows = [(title, *HEAD), *(_cells(one) for one in shown)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        name, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join((row[0].ljust(len(name)), *others)).rstrip()
    if len(gradients) > most:
        yield f"… {len(gradients) - most:,} more: --json has them all"


def _cells(gradient: Gradient) -> tuple[str, ...]:
    name, grad = gradient.name, gradient.grad
    name = name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"
    if grad is None:
        return (name, "None", *[""] * (len(HEAD) - 1))
    if grad.unread is not None:
        return (name, UNREAD[grad.unread], *[""] * (len(HEAD) - 1))
    share = NOT_KNOWN if gradient.share is None else f"{100 * gradient.share:.3g}%"
    sizes = [number(size, DIGITS) for size in (grad.norm, grad.min, grad.max)]
    return (name, sizes[0], share, *sizes[1:], *(f"{count:,}" for count in (grad.zeros, grad.nan, grad.inf)))
