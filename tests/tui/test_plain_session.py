"""The session in sentences: the same keys and texts, and only what changes is told."""

from __future__ import annotations

import pytest

from gradtui.tui import plain_session
from tests.tui.fakes import make_app

X2 = "x^2 + 3x + 1"


async def session(*lines: str) -> list[list[str]]:
    """What is said at the start, and after each line."""
    said: list[list[str]] = [[]]
    waiting = list(lines)

    async def read() -> str:
        if not waiting:
            return ""
        said.append([])
        return f"{waiting.pop(0)}\n"

    await plain_session.run(make_app(), read, lambda sentence: said[-1].append(" ".join(sentence.split())))
    return said


async def test_the_start_tells_all() -> None:
    (start,) = await session()
    told = "\n".join(start)
    for text in (f"f(x) = {X2}", "x = 4.0", "f(x) = 29", "11 = 8 by way of x^2 + 3 by way of 3x", "calculus ✓"):
        assert text in told
    assert "row 1 of 8: AddBackward0" in told
    assert not any(sign in told for sign in "╭│⠁┊")


async def test_only_what_changes_is_told() -> None:
    _, same, stepped = await session("home", "right")
    assert same == []
    assert "x = 4.1" in stepped
    assert not any(line.startswith(("reads as", "view")) for line in stepped)


async def test_keys_and_texts() -> None:
    said = await session("j j", "x=2", "x", "3", "u", "/x*y + sin(y)", "/sin(", "/ +", "u", "all")
    assert any("PowBackward0 of x^2" in line for line in said[1])
    assert "x = 2" in said[2]
    assert "type a line: x" in said[3]
    assert "x = 3" in said[4]
    assert "x = 2" in said[5]
    assert any("x*y + sin(y)" in line for line in said[6])
    assert any(line.startswith("wrong: ") for line in said[7])
    assert f"f(x) = {X2}" in said[10], "what cannot be read changes nothing that could be undone"


async def test_the_pieces_of_a_sum_are_told_apart() -> None:
    """With nothing between them `–`, not there yet, is read as the sign of the number behind it."""
    *_, said = await session("j j j")
    (gradient,) = (line for line in said if line.startswith("x.grad"))
    assert [piece.split()[0] for piece in gradient.split("; ")] == ["x.grad", "8", "3"]


@pytest.mark.parametrize("line", ["sin(x", "nonsense", "ctrl+nonsense", "f99", "no: such"])
async def test_what_is_no_key_is_told(line: str) -> None:
    _, said = await session(line)
    assert len(said) <= 1
    assert line in said[0] if said else line in ("ctrl+nonsense", "f99"), "a key that does nothing"


async def test_a_command_of_the_palette() -> None:
    _, named, unknown = await session(":plain names", ":no such thing")
    assert any("+ 1 of" in line or "+ of" in line for line in named)
    assert "no such thing" in unknown[0]


async def test_a_value_that_is_none() -> None:
    _, said = await session("x=1/0")
    assert "not a finite number" in said[0]


async def test_help_is_a_list() -> None:
    _, said = await session("?")
    assert any(line.startswith("ḡ: ") for line in said)
    assert any("`" not in line.partition(":")[0] and "shift+→" in line for line in said)


async def test_q_leaves() -> None:
    assert len(await session("q", "right")) == 2
