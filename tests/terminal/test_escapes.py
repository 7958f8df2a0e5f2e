"""Files that would take the terminal over, on a real one: every byte that gradtui writes there is its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from gradtui.file.snapshot_format import save
from gradtui.snapshot.model import Snapshot
from tests import examples, warm
from tests.file.test_snapshot_format import EVERYTHING
from tests.hostile import MARK, hostile, obeyed, text_fields
from tests.terminal.driver import Terminal, assert_restored

pytestmark = pytest.mark.child

GRADTUI = str(Path(sys.executable).with_name("gradtui"))
STRING = f"\x1b]0;TITLE\x07\x9b{MARK}m\x1b[{MARK}mRED\u202eBIDI\u200b"
SOURCE = f'''"""{STRING}"""


def scaled(x, how):
    return x * 2


def loss(x: float = 1.0):
    print("{STRING}")
    return scaled(x, "{STRING}") * x.mul(1.5 if "{STRING}" else 0)  # {STRING}


def wrong(x: float = 1.0):
    raise ValueError("{STRING}")
'''

SAVED: dict[str, Snapshot] = {
    "expression": examples.two_variables(),
    "function": replace(EVERYTHING, problem=None),
    "problem": EVERYTHING,
}


@pytest.mark.long
@pytest.mark.parametrize("name", SAVED)
def test_a_saved_snapshot(name: str, tmp_path: Path) -> None:
    save(hostile(SAVED[name], *text_fields()), tmp_path / "run.gradtui")
    with Terminal([GRADTUI, str(tmp_path / "run.gradtui")]) as terminal:
        terminal.wait_for("q quit", "node")
        for keys in (("l",), ("l", "n", "s"), ("t",), ("T",), ("w",)):
            terminal.press(*keys)
            terminal.wait_for("q quit")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert f"␛[{MARK}m" in terminal.raw.decode()
        assert obeyed(terminal.raw.decode()) == []
        assert_restored(terminal)


@pytest.mark.long
def test_a_file_of_ones_own(tmp_path: Path) -> None:
    """In a source line, which is shown beside the graph, quoted in the node panel and in the ledger; then in an exception."""
    (tmp_path / "hostile.py").write_text(SOURCE)
    with Terminal(warm.gradtui(f"{tmp_path}/hostile.py:loss")) as terminal:
        terminal.wait_for("AccumulateGrad", "autograd ✓")
        terminal.press("down", "l")
        terminal.wait_for("by way of")
        terminal.press("l", "n", "T")
        terminal.wait_for("lanes")
        (tmp_path / "hostile.py").write_text(SOURCE.replace("def wrong", "def loss"))
        terminal.wait_for("ValueError")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert f"␛[{MARK}m" in terminal.raw.decode()
        assert obeyed(terminal.raw.decode()) == []


@pytest.mark.long
@pytest.mark.parametrize(("function", "forms"), [("loss", ["--print", "--steps", "--json"]), ("wrong", ["--print"])])
def test_reports_on_a_terminal(function: str, forms: list[str], tmp_path: Path) -> None:
    """In colour; and an exception with its message and its line. What is saved is told as what has just been made."""
    (tmp_path / "hostile.py").write_text(SOURCE)
    saved = str(tmp_path / "run.gradtui")
    reported(f"{tmp_path}/hostile.py:{function}", forms[0], "--export", saved)
    for form in forms[1:]:
        reported(saved, form)


@pytest.mark.long
def test_an_exception_in_json_on_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "hostile.py").write_text(SOURCE)
    reported(f"{tmp_path}/hostile.py:wrong", "--json")


def reported(*arguments: str) -> None:
    with Terminal(warm.gradtui(*arguments)) as terminal:
        terminal.wait_exit()
        assert len(terminal.raw) > 200
        assert "TITLE" in terminal.raw.decode()
        assert obeyed(terminal.raw.decode()) == []
