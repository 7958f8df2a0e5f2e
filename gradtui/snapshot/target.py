"""`model.py:loss`: a function of a user's file, or a method, as it is named on the command line. Read only, never run here."""

from __future__ import annotations

import ast
import difflib
import os
import re
from collections.abc import Collection, Iterable, Iterator
from typing import TypeAlias

LONGEST = 2**21
"""Bytes of a file: far more than anyone writes, and little to read."""

MOST_NAMES = 8
"""Of functions that are named at once."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
MODULE = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<function>[^\W\d]\w*(?:\.[^\W\d]\w*)*)")
"""`package.module:function`, which is no expression: a colon stands in slices alone."""
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
    """The functions that a file's text defines at its top level, and the methods of its classes, each with its parameters.

    Raises SyntaxError, and ValueError for what is nested so deeply that Python does not read it.
    """
    try:
        statements = ast.parse(code).body
    except (RecursionError, MemoryError) as error:  # MemoryError: what the parser's own stack says
        raise ValueError(str(error)) from None
    found: dict[str, tuple[str, ...]] = {}
    for name, within, function in _defined(statements):
        if not function.name.startswith("_"):
            found[name] = _parameters(function)[within is not None and not _is_static(function) :]
    return found


def line_of(text: str, function: str) -> int | None:
    """The line of a file's text, from 1 on, that begins a function or a method; None where it defines none of this name."""
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return next((one.lineno for name, _, one in _defined(statements) if name == function), None)


def _defined(statements: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.ClassDef | None, Function]]:
    """By name, with the class that it is a method of."""
    for statement in statements:
        if isinstance(statement, ast.ClassDef):
            for inside in statement.body:
                if isinstance(inside, FUNCTIONS):
                    yield f"{statement.name}.{inside.name}", statement, inside
        elif isinstance(statement, FUNCTIONS):
            yield statement.name, None, statement


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    arguments = function.args
    return tuple(one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))


def _is_static(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in function.decorator_list)


def file_of(text: str, folders: Iterable[str]) -> str | None:
    """`package.module:function` -> `package/module.py:function`, in the first of the folders that has it; None for another
    text, and where there is no such file. Nothing is imported."""
    found = MODULE.fullmatch(text.strip())
    if found is None:
        return None
    way = found["module"].replace(".", "/")
    for folder in folders:
        for path in (f"{way}.py", f"{way}/__init__.py"):
            whole = os.path.join(folder, path)
            if os.path.isfile(whole):
                return f"{whole}:{found['function']}"
    return None


def gives(text: str, folders: Iterable[str]) -> bool:
    """Whether `package.module:function` names a function that can be shown, rather than a training that is to be run.

    A function that can be shown returns or yields something that is no constant, and calls neither `step` nor `backward` itself.
    """
    place = file_of(text, folders)
    if place is None:
        return False
    path, name = split(place)
    try:
        with open(path, "rb") as file:
            body: list[ast.stmt] = ast.parse(file.read(LONGEST)).body
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for part in name.split("."):
        found = next((one for one in body if isinstance(one, (ast.ClassDef, *FUNCTIONS)) and one.name == part), None)
        if found is None:
            return False
        body = found.body
    inside = [one for statement in body for one in ast.walk(statement)]
    trains = any(isinstance(one, ast.Attribute) and one.attr in ("step", "backward") for one in inside)
    given = [one.value for one in inside if isinstance(one, ast.Return | ast.Yield)]
    return not trains and any(value is not None and not isinstance(value, ast.Constant) for value in given)


def candidates(path: str, names: Collection[str], wrong: str = "") -> str:
    """What to name instead, for a person: the most alike first."""
    if not names:
        return f"{path} has no function: write one that returns a tensor"
    close = difflib.get_close_matches(wrong, names, 1)
    if close:
        return f"did you mean {path}:{close[0]}?"
    first, more = sorted(names)[:MOST_NAMES], len(names) - MOST_NAMES
    return f"it has {', '.join(first)}{f' and {more} more' if more > 0 else ''}: {path}:{first[0]}, say"
