"""Where in a file a variable, or an attribute of `self`, gets its value: read from the text, not run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Place(NamedTuple):
    """Lines from 1, columns in bytes of UTF-8."""

    line: int
    column: int
    last: int
    end: int


def assigned(text: str, name: str) -> Place | None:
    """The value of the only statement that gives `name` one: `image`, at the level of the module, or `self.gate`, anywhere.

    None where there is none, where there are several, and where a part of a tuple goes to it.
    """
    found = _assignments(text).get(name, ())
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=8)
def _assignments(text: str) -> dict[str, list[Place | None]]:
    """Of each name. None for a place that gives it a value which does not stand there by itself."""
    found: dict[str, list[Place | None]] = {}
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return found
    for node, is_global in _statements(module):
        for target, value in _targets(node):
            if isinstance(target, ast.Name) and is_global:
                found.setdefault(target.id, []).append(_place(value))
            elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
                found.setdefault(f"self.{target.attr}", []).append(_place(value))
        for name in node.names if isinstance(node, ast.Global) else ():
            found.setdefault(name, []).append(None)
    return found


def _statements(module: ast.Module) -> Iterator[tuple[ast.AST, bool]]:
    """Each node, and whether a name in it is the module's."""
    waiting: list[tuple[ast.AST, bool]] = [(module, True)]
    while waiting:
        node, is_global = waiting.pop()
        yield node, is_global
        inside = is_global and not isinstance(node, (*FUNCTIONS, ast.ClassDef))
        waiting += [(child, inside) for child in ast.iter_child_nodes(node)]


def _targets(node: ast.AST) -> Iterator[tuple[ast.AST, ast.expr | None]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield target, node.value
            if isinstance(target, ast.Tuple | ast.List):
                yield from ((one, None) for one in target.elts)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
        yield node.target, None if isinstance(node, ast.AugAssign) else node.value
    elif isinstance(node, ast.For | ast.AsyncFor):
        yield node.target, None


def _place(value: ast.expr | None) -> Place | None:
    if value is None or value.end_lineno is None or value.end_col_offset is None:
        return None
    return Place(value.lineno, value.col_offset, value.end_lineno, value.end_col_offset)
