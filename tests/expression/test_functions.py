"""The table: one meaning a name, and torch has them all."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import torch

from gradtui.expression.functions import FUNCTIONS, OF_A_NAME, TABLE, Function
from gradtui.expression.words_and_spellings import CONSTANTS, is_variable

PAGE = Path(__file__).parents[2] / "docs" / "functions.md"
HEAD = "| function | means | also written |"


def test_names_are_unique() -> None:
    names = Counter(name for row in TABLE for name in (row.name, *row.aliases))
    assert [name for name, count in names.items() if count > 1] == []
    assert not FUNCTIONS.keys() & CONSTANTS.keys()


def test_at_least_seventy() -> None:
    assert sum(not row.operator for row in TABLE) >= 70


def test_torch_has_each() -> None:
    homes = {"torch": torch, "torch.special": torch.special, "F": torch.nn.functional}
    assert [row.name for row in TABLE if not row.script and not hasattr(homes[row.home], row.name)] == []
    assert [row.name for row in TABLE if row.script and any(hasattr(home, row.name) for home in homes.values())] == []


def test_arities() -> None:
    for row in TABLE:
        assert 1 <= row.least <= row.most
        assert row.settings <= len(row.parameters) < row.most or not row.parameters
        assert row.doc.isprintable()


def test_few_functions_look_like_variables() -> None:
    """Of those, the Greek ones are functions only right before a parenthesis."""
    assert {name for name in FUNCTIONS if is_variable(name)} == {"i0", "i1", "l1_loss", *OF_A_NAME}


def test_the_table_of_the_page() -> None:
    """Where it differs: what is printed here belongs there."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [HEAD, "|---|---|---|", *map(row_of_page, sorted(TABLE, key=lambda row: row.name))]
    assert lines[lines.index(HEAD) :] == rows, "\n" + "\n".join(rows)


def row_of_page(row: Function) -> str:
    also = " ".join(f"`{name}`" for name in row.aliases)
    return f"| `{row.name}` | {row.doc.replace('|', chr(92) + '|')} | {also} |"
