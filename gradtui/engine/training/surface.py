"""f over two of its variables, for a contour: all places at once where f is elementwise, else one by one."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from gradtui.engine.typed import forward
from gradtui.engine.typed.curve import dependents
from gradtui.engine.typed.limits import MOST_NUMBERS, operations, work
from gradtui.expression.parser import ExpressionError
from gradtui.expression.syntax import Expression
from gradtui.snapshot.surface import Surface, SurfaceRequest

MOST_WORK = 60_000_000
"""Of places that are evaluated one by one, in the unit of `limits.work`: a few tenths of a second."""


def surface(
    request: SurfaceRequest,
    expression: Expression,
    leaves: Mapping[str, torch.Tensor],
    data: Mapping[str, torch.Tensor],
) -> Surface | None:
    """None where a variable is no number, or is none of f."""
    if any(name not in leaves or leaves[name].ndim for name in request.names):
        return None
    first, second = request.names
    still = {**{name: leaf.detach() for name, leaf in leaves.items()}, **data}
    like = still[first]
    axes = [
        torch.linspace(*window, count, dtype=torch.float64).to(like)
        for window, count in zip(request.windows, request.counts, strict=True)
    ]
    rows, columns = torch.meshgrid(axes[1], axes[0], indexing="ij")
    places = {**still, first: columns.reshape(-1), second: rows.reshape(-1)}
    with torch.no_grad():
        values = _together(expression, request, places, still) if first != second else None
        if values is None:
            values = _one_by_one(expression, request, places, still, mean=bool(data))
    numbers = tuple(values.to(torch.float64).tolist())
    return Surface(request.names, request.windows, request.counts, numbers, request.key)


def _together(
    expression: Expression,
    request: SurfaceRequest,
    places: Mapping[str, torch.Tensor],
    still: Mapping[str, torch.Tensor],
) -> torch.Tensor | None:
    """Data stand across, places down. None where f mixes elements, or where that is too much."""
    count = len(places[request.names[0]])
    longest = max((leaf.numel() for leaf in still.values()), default=1)
    mixed = not all(dependents(expression, name)[1] for name in expression.variables)
    if mixed or count * longest * operations(expression) > MOST_NUMBERS:
        return None
    down = {name: value.reshape(-1, 1) if name in request.names else value for name, value in places.items()}
    try:
        value = torch.as_tensor(forward.output(expression, down))
    except (ExpressionError, RuntimeError):
        return None
    wide = value.expand(count, longest) if value.ndim < 2 else value
    if wide.shape[0] != count:
        return None
    return wide.mean(dim=1) if longest > 1 else wide[:, 0]


def _one_by_one(
    expression: Expression,
    request: SurfaceRequest,
    places: Mapping[str, torch.Tensor],
    still: Mapping[str, torch.Tensor],
    *,
    mean: bool,
) -> torch.Tensor:
    """As many places as the time allows, evenly; each stands for those beside it."""
    columns, rows = request.counts
    grid = torch.full((rows, columns), torch.nan, dtype=torch.float64)
    step = _step(expression, still, columns * rows)
    for row in range(0, rows, step):
        for column in range(0, columns, step):
            at = row * columns + column
            here = {**still, **{name: places[name][at] for name in request.names}}
            try:
                value = forward.total(forward.output(expression, here), mean=mean)
            except ExpressionError:
                continue
            grid[row : row + step, column : column + step] = value.item()
    return grid.reshape(-1)


def _step(expression: Expression, still: Mapping[str, torch.Tensor], count: int) -> int:
    """Counted work, not time: the same picture on any machine."""
    longest = max((leaf.numel() for leaf in still.values()), default=1)
    return max(1, math.ceil(math.sqrt(count * work(operations(expression), longest) / MOST_WORK)))
