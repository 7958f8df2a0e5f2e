"""The one table of keys, and what is made from it: the help, and the table of docs/keys.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import pytest
from rich.cells import cell_len

from gradtui.tui.configured_keys import in_full, in_short
from gradtui.tui.dialogs.help import GLOSSARY
from gradtui.tui.keys import ASKING, KEYS, NO_ROOM, ROWS, Row
from gradtui.tui.run.help import GLOSSARY as OF_RUN
from tests.tui.fakes import make_app
from tests.tui.test_app import press, text_of, until

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"
IDS = [key.id or "" for key in KEYS]
HEAD = "| key | does | key | does |"


def names(row: Row) -> list[str]:
    return " ".join(row.groups).split()


def test_every_key_is_explained_once() -> None:
    told = Counter(name for row in ROWS for name in names(row))
    assert {key: told[key] for key in IDS} == dict.fromkeys(IDS, 1)
    assert told.keys() - set(IDS) == {"tab", "ctrl+p", "click", "wheel"}, "Textual's own"
    assert set(IDS) >= NO_ROOM


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.groups[0])
def test_a_row_fits_its_line_of_the_help(row: Row) -> None:
    assert cell_len(in_short(row)) < 12
    assert cell_len(row.short) <= 31
    shown = {name for name in names(row) if name not in NO_ROOM}
    assert len(in_short(row).split()) == len(shown) > 0


@pytest.mark.parametrize("terms", [GLOSSARY, OF_RUN], ids=["explorer", "run"])
def test_a_blank_stands_behind_each_term(terms: Sequence[tuple[str, str]]) -> None:
    assert [term for term, _ in terms if cell_len(term) >= 16] == []


@pytest.mark.parametrize("size", [(80, 24), (80, 40), (120, 36)])
async def test_the_help_has_all_rows(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await press(pilot, "question_mark")
        screen = text_of(app)
        assert all(f"{in_short(row)} " in screen and row.short in screen for row in ROWS)


@pytest.mark.parametrize("size", [(40, 200), (60, 200), (74, 200)])
async def test_the_help_of_a_narrow_screen_is_one_below_the_other(size: tuple[int, int]) -> None:
    """Nothing is broken but within its column; as soon as there is room again, they stand beside each other."""
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await press(pilot, "question_mark")
        lines = [line.strip() for line in text_of(app).splitlines()]
        told = " ".join(" ".join(lines).split())
        assert all(" ".join(f"{in_short(row)} {row.short}".split()) in told for row in ROWS)
        assert lines.index("keys") < lines.index("what can be typed")
        assert any(line.startswith("x^2 + 3x + 1") for line in lines)
        await pilot.resize_terminal(120, 36)
        await until(pilot, lambda: "x^2 + 3x + 1      f(x)" in text_of(app), "the columns")
        await until(pilot, lambda: all(row.short in text_of(app) for row in ROWS), "all rows in them")


def table() -> list[str]:
    """The page's: the rows in two columns, down the left one first."""
    cells = [f"{' '.join(f'`{key}`' for key in in_full(row))} | {row.long}" for row in ROWS]
    half = (len(cells) + 1) // 2
    rows = zip_longest(cells[:half], cells[half:], fillvalue=" | ")
    return [HEAD, "|---|---|---|---|", *(f"| {left} | {right} |" for left, right in rows)]


def test_the_table_of_the_page() -> None:
    """Where it differs: what is printed here belongs there."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index(HEAD)
    end = next(number for number in range(start, len(lines)) if not lines[number].startswith("|"))
    assert lines[start:end] == table(), "\n" + "\n".join(table())


async def test_every_action_is_one() -> None:
    app = make_app()
    for key in KEYS:
        name = key.action.partition("(")[0]
        assert callable(getattr(app, f"action_{name}", None)), key.id
    assert {key.action.partition("(")[0] for key in KEYS} > ASKING
