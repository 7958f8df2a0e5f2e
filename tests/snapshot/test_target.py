"""Targets by module name, and what a file defines, read without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradtui.snapshot.target import MOST_NAMES, candidates, file_of, functions, gives


def test_a_module_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    for name in ("package/__init__.py", "package/model.py", "alone.py"):
        (tmp_path / name).write_text("raise RuntimeError\n")
    here = str(tmp_path)
    assert file_of("package.model:Net.loss", ("/nowhere", here)) == f"{here}/package/model.py:Net.loss"
    assert file_of("package:loss", (here,)) == f"{here}/package/__init__.py:loss"
    assert file_of("alone:loss", (here,)) == f"{here}/alone.py:loss"


@pytest.mark.parametrize("text", ["x[1:2]", "x:y z", "a..b:c", "nowhere.at:all", "1:2", "x^2", "a.b", "model.py:loss"])
def test_what_is_none(text: str, tmp_path: Path) -> None:
    assert file_of(text, (str(tmp_path),)) is None


def test_functions_and_methods() -> None:
    code = """
class Net:
    def loss(self, x, *, y=1): ...
    @staticmethod
    def plain(x): ...
    @classmethod
    def made(cls, x): ...
    def _own(self): ...
async def later(x, /, y): ...
def _hidden(): ...
"""
    assert functions(code) == {"Net.loss": ("x", "y"), "Net.plain": ("x",), "Net.made": ("x",), "later": ("x", "y")}


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        ("def it(x): return x * x", True),
        ("async def it(x): return x", True),
        ("def it(x): yield x", True),
        ("class it:\n    pass", False),
        ("def it(): train()", False),
        ("def it():\n    train()\n    return 0", False),
        ("def it():\n    for batch in data:\n        optimizer.step()\n    return model", False),
        ("def it(x) return", False),
        ("it = 3", False),
    ],
)
def test_a_function_to_show_or_a_training_to_run(tmp_path: Path, function: str, shown: bool) -> None:
    (tmp_path / "model.py").write_text(function)
    assert gives("model:it", [str(tmp_path)]) is shown
    assert not gives("nowhere:it", [str(tmp_path)])


@pytest.mark.parametrize("count", [1, MOST_NAMES, MOST_NAMES + 1, 60])
def test_of_many_functions_some_are_named_and_the_others_counted(count: int) -> None:
    names = [f"f{number:02}" for number in range(count)]
    told = candidates("model.py", names)
    named = [name for name in names if f" {name}" in told]
    assert named == names[:MOST_NAMES]
    assert (f" {count - MOST_NAMES} " in told) == (count > MOST_NAMES)
