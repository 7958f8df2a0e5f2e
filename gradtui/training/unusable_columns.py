"""Columns of data that no function can be of, as they are not all numbers."""

from __future__ import annotations

from collections.abc import Mapping

from gradtui.expression.expression_error import ExpressionError
from gradtui.expression.syntax import Expression, Variable, postorder


def check_names(expression: Expression, unusable: Mapping[str, str]) -> None:
    """Raises ExpressionError for the first variable that is such a column. unusable: why, by name."""
    wrong = next((name for name in expression.variables if name in unusable), None)
    if wrong is not None:
        uses = (node for node in postorder(expression) if isinstance(node, Variable) and node.name == wrong)
        start, end = next(((node.start, node.end) for node in uses), (0, 0))
        raise ExpressionError("name", f"f uses {wrong}, and {unusable[wrong]}", start, end)
