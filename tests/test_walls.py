"""The two walls, and the one way that imports run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def loaded_by(statement: str) -> set[str]:
    """Names in sys.modules after `statement` in a fresh interpreter, with those of the packages that they are in."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def modules(package: str) -> list[str]:
    folder = ROOT / package.replace(".", "/")
    files = sorted(path.relative_to(ROOT).with_suffix("") for path in folder.rglob("*.py"))
    return [".".join(path.parts).removesuffix(".__init__") for path in files]


def test_import_contracts() -> None:
    """The contracts of pyproject.toml, on the import graph: also imports inside functions count."""
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("package", "strangers"),
    [
        ("gradtui.expression", {"torch", "textual", "sympy", "plotext"}),
        ("gradtui.snapshot", {"torch", "textual", "sympy", "plotext"}),
        ("gradtui.graph", {"torch", "textual", "sympy", "plotext"}),
        ("gradtui.grad_fns", {"torch", "textual", "sympy", "plotext"}),
        ("gradtui.findings", {"torch", "textual", "sympy", "plotext"}),
        ("gradtui.outline", {"torch", "textual", "sympy", "plotext"}),
        ("gradtui.file", {"torch", "textual", "sympy", "plotext"}),
        ("gradtui.calculus", {"torch", "textual"}),
        ("gradtui.tui", {"torch", "sympy"}),
        ("gradtui.report", {"torch", "textual", "sympy"}),
    ],
)
def test_wall(package: str, strangers: set[str]) -> None:
    """Importing every module of the package loads none of the strangers."""
    imports = "\n".join(f"import {module}" for module in modules(package))
    assert not loaded_by(imports) & strangers


@pytest.mark.parametrize("module", ["gradtui", "gradtui.command.cli", "gradtui.service.client"])
def test_light_entry(module: str) -> None:
    """What runs before it is known what is wanted loads neither torch nor textual."""
    assert not loaded_by(f"import {module}") & {"torch", "textual", "sympy", "plotext"}


MOST_LINES, MOST_MODULES = 400, 22


def test_rooms_are_small() -> None:
    """A module beyond that holds several topics, a folder too: they are parted by topic."""
    paths = [*(ROOT / "gradtui").rglob("*.py")]
    lines = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    assert not {str(path): count for path, count in lines.items() if count > MOST_LINES}
    folders = Counter(str(path.parent) for path in lines)
    assert not {folder: count for folder, count in folders.items() if count > MOST_MODULES}


LATER = {
    *(
        "gradtui.findings",
        "gradtui.report",
        "gradtui.file",
        "gradtui.training.rules",
        "gradtui.calculus",
        "gradtui.schemas",
    ),
    *("csv", "tomllib", "tomlkit"),
}


def test_first_paint() -> None:
    """What the first picture does not need is loaded behind it."""
    assert not LATER & loaded_by("import gradtui.tui.app")


def test_private_names_of_torch_stand_in_one_file() -> None:
    """What a new torch moves is mended there. Not so its foreach functions, which stay, nor the text of a remedy."""
    private = re.compile(
        r"torch\._(?!_|foreach_|functorch\.config)\w|\._C\b|_forward_cls|_per_optimizer_states|_get_sequence_nr"
    )
    engine = ROOT / "gradtui" / "engine"
    found = {
        str(path.relative_to(engine))
        for path in engine.rglob("*.py")
        if private.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"torch_private.py"}
