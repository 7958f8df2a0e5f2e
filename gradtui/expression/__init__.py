"""The language: text -> syntax tree, every node with its span. Knows neither torch nor textual, and runs nothing."""

from gradtui.expression.parser import ExpressionError, parse
from gradtui.expression.reads_as import write
from gradtui.expression.syntax import Expression

__all__ = ["Expression", "ExpressionError", "parse", "write"]
