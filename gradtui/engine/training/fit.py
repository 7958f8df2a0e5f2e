"""What f makes of its data: the binding that has a value for each row, over the first column that it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Set

import torch

from gradtui.engine.typed import forward
from gradtui.engine.typed.curve import dependents
from gradtui.expression.parser import ExpressionError
from gradtui.expression.syntax import Call, Expression, Node, Reference, Variable
from gradtui.snapshot.surface import Fit, Surface

PLACES = 121
"""Of the line, where it can be drawn between the rows."""
MARGIN = 0.05
COUNTS = 61, 45
"""The same across and up, over two columns."""
MOST_POINTS = 2000
LOGITS = {"sigmoid", "logsigmoid", "binary_cross_entropy_with_logits"}
"""What makes a probability of its operand."""


def fit(expression: Expression, leaves: Mapping[str, torch.Tensor], data: Mapping[str, torch.Tensor]) -> Fit | None:
    """None where f has no such binding, or where there is but one column. Columns that are not in f come last: it may be typed
    over to have them."""
    names = sorted(data, key=lambda name: name not in expression.variables)
    if len(names) < 2:
        return None
    still = {name: leaf.detach() for name, leaf in leaves.items()}
    of_column = {name: dependents(expression, name)[0].keys() for name in names}
    found = _binding(expression, {**still, **data}, of_column, len(data[names[0]]))
    if found is None:
        return None
    name, node, values = found
    used = [other for other in names if node in of_column[other]]
    column = used[0]
    target = _target(expression, node, {other: of_column[other] for other in names if other not in used})
    x, y = (data[one].to(torch.float64).tolist() for one in (column, target))
    points = tuple(zip(x, y, strict=False))[:MOST_POINTS]
    level = _level(expression, node, y)
    if level is not None and len(used) == 2:
        surface = _over_both(expression, node, {**still, **data}, (used[0], used[1]))
        if surface is not None:
            both = zip(*(data[one].to(torch.float64).tolist() for one in used), strict=True)
            classes = tuple(value == max(y) for value in y[:MOST_POINTS])
            return Fit(name, used[0], target, tuple(both)[:MOST_POINTS], (), level, surface, classes)
    line = _between(expression, node, {**still, **data}, column) if used == [column] else None
    if line is None:
        line = sorted(zip(x, values.to(torch.float64).tolist(), strict=False))[:MOST_POINTS]
    return Fit(name, column, target, points, tuple(line), level)


def _level(expression: Expression, node: Node, target: list[float]) -> float | None:
    """Where a target of two classes is decided: half way between them; of what a sigmoid is taken later, at 0."""
    classes = {*target}
    if len(classes) == 1 and classes <= {0, 1}:
        classes = {0, 1}
    if classes == {-1, 1}:
        return 0.0
    if classes != {0, 1}:
        return None
    users = [one for one in forward.ordered(expression) if node in map(_itself, one.operands)]
    return 0.0 if any(isinstance(one, Call) and one.function in LOGITS for one in users) else 0.5


def _itself(node: Node) -> Node:
    """What a name stands for."""
    while isinstance(node, Reference):
        node = node.target
    return node


def _over_both(
    expression: Expression, node: Node, at: Mapping[str, torch.Tensor], names: tuple[str, str]
) -> Surface | None:
    """The binding on a grid over two columns of data; None where it does not go row by row."""
    windows = tuple(_around(at[name]) for name in names)
    across, up = (
        torch.linspace(*window, count, dtype=torch.float64) for window, count in zip(windows, COUNTS, strict=True)
    )
    rows, columns = torch.meshgrid(up, across, indexing="ij")
    places = {name: grid.reshape(-1).to(at[name]) for name, grid in zip(names, (columns, rows), strict=True)}
    value = _values(expression, {**at, **places}, wanted=node).get(node)
    if not isinstance(value, torch.Tensor) or value.shape != (COUNTS[0] * COUNTS[1],):
        return None
    return Surface(names, (windows[0], windows[1]), COUNTS, tuple(value.to(torch.float64).tolist()))


def _around(column: torch.Tensor) -> tuple[float, float]:
    low, high = (float(end) for end in torch.aminmax(column.to(torch.float64)))
    margin = (high - low) * MARGIN or 1.0
    return low - margin, high + margin


def _binding(
    expression: Expression, at: Mapping[str, torch.Tensor], of_column: Mapping[str, Set[Node]], count: int
) -> tuple[str, Node, torch.Tensor] | None:
    """The last one with a value for each row that is made of a column, the first that there is such a one of, and not of all:
    that would be how far it is from its target. It moves with a variable, where f has any: else it is prepared data."""
    values = _values(expression, at)
    in_f = [nodes for name, nodes in of_column.items() if name in expression.variables]
    both = in_f if len(in_f) > 1 else [*of_column.values()]
    moving = [dependents(expression, name)[0] for name in expression.variables if name not in of_column]
    for nodes in of_column.values():
        for binding in reversed(expression.bindings):
            value, node = values.get(binding.value), binding.value
            is_prepared = bool(moving) and not any(node in one for one in moving)
            if node not in nodes or is_prepared or all(node in one for one in both):
                continue
            if isinstance(value, torch.Tensor) and value.shape == (count,):
                return binding.name, node, value
    return None


def _target(expression: Expression, fitted: Node, of_column: Mapping[str, Set[Node]]) -> str:
    """The column that what is fitted meets first; where it meets none, the first."""
    behind = {fitted}
    for node in forward.ordered(expression):
        if behind.intersection(node.operands):
            behind.add(node)
            if met := [name for name, nodes in of_column.items() if node in nodes]:
                return met[0]
    return next(iter(of_column))


def _between(
    expression: Expression, node: Node, at: Mapping[str, torch.Tensor], column: str
) -> list[tuple[float, float]] | None:
    x = torch.linspace(*_around(at[column]), PLACES, dtype=torch.float64)
    value = _values(expression, {**at, column: x.to(at[column])}, wanted=node).get(node)
    if not isinstance(value, torch.Tensor) or value.shape != x.shape:
        return None
    return [*zip(x.tolist(), value.to(torch.float64).tolist(), strict=True)]


def _values(
    expression: Expression, at: Mapping[str, torch.Tensor], wanted: Node | None = None
) -> dict[Node, forward.Value]:
    """Of every syntax node that can be evaluated; up to `wanted`, as what comes after it may want all rows."""
    first = next(iter(at.values()))
    evaluator = forward.Evaluator(expression, at, first.dtype, first.device)
    values: dict[Node, forward.Value] = {}
    with torch.no_grad():
        for node in forward.ordered(expression):
            if isinstance(node, Variable) and node.name not in at:
                return values
            try:
                values[node] = evaluator.value(node, [values[operand] for operand in node.operands])
            except ExpressionError:
                return values
            if node is wanted:
                return values
    return values
