"""`model.py:loss`: a function of a user's file, as it is named on the command line. Read only, never run here."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Collection

SECONDS = 30.0
"""How long a user's function may take, its imports among them."""

LONGEST = 2**21
"""Bytes of a file: far more than anyone writes, and little to read."""

TARGET = re.compile(r"\s*(?P<path>.+\.py)(?::(?P<function>.*))?", re.DOTALL)


def is_target(text: str) -> bool:
    """Whether `text` names a Python file, or a function of one."""
    return TARGET.fullmatch(text) is not None


def split(text: str) -> tuple[str, str]:
    """The path and the function's name, which is empty where there is none."""
    found = TARGET.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} names no function of a Python file")
    return found["path"], (found["function"] or "").strip()


def functions(code: str | bytes) -> dict[str, tuple[str, ...]]:
    """The functions that a file's text defines at its top level, each with its parameters.

    Raises SyntaxError, and ValueError for what is nested so deeply that Python does not read it.
    """
    found = {}
    try:
        statements = ast.parse(code).body
    except (RecursionError, MemoryError) as error:  # MemoryError: what the parser's own stack says
        raise ValueError(str(error)) from None
    for statement in statements:
        if isinstance(statement, ast.FunctionDef) and not statement.name.startswith("_"):
            arguments = statement.args
            every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
            found[statement.name] = tuple(argument.arg for argument in every)
    return found


def candidates(path: str, names: Collection[str], wrong: str = "") -> str:
    """What to name instead, for a person: the most alike first."""
    if not names:
        return f"{path} has no function: write one that returns a tensor"
    close = difflib.get_close_matches(wrong, names, 1)
    if close:
        return f"did you mean {path}:{close[0]}?"
    return f"it has {', '.join(sorted(names))}: {path}:{min(names)}, say"
