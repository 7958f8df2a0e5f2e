"""The table: one meaning a name, and torch has them all."""

from __future__ import annotations

from collections import Counter

import torch

from gradtui.expression.functions import FUNCTIONS, OF_A_NAME, TABLE
from gradtui.expression.vocabulary import CONSTANTS, is_variable


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
