"""The one table of functions: a row each. Adding a function is a row here and its counterparts in engine/operations.py and engine/calculus.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    name: canonical, as torch spells it where torch has it. aliases: other spellings that mean the same.
    least, most: how many arguments it takes. kind: `elementwise`, or `reduction` where elements of a vector mix.
    doc: one line for a person.
    """

    name: str
    doc: str
    least: int = 1
    most: int = 1
    aliases: tuple[str, ...] = ()
    kind: Literal["elementwise", "reduction"] = "elementwise"


TABLE: tuple[Function, ...] = (Function("sin", "sine, x in radians"),)

FUNCTIONS: dict[str, Function] = {name: row for row in TABLE for name in (row.name, *row.aliases)}
