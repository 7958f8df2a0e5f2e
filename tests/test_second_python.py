"""That .ci/run tries another Python where there is one, and says so in one line where there is none."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SAME, OLD, NEWER, NEWEST = ".".join(map(str, sys.version_info[:2])), "3.10", "3.98", "3.99"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(ROOT)
    code = runpy.run_path(str(ROOT / ".ci" / "second_python.py"))
    names: dict[str, Any] = code["main"].__globals__
    return names


def programs(folder: Path, *versions: str) -> Iterator[str]:
    """Each says that it is of its version; one of none starts and fails, as a shim without a version does."""
    for number, version in enumerate(versions):
        path = folder / f"python{number}"
        path.write_text(f"#!/bin/sh\necho {version.replace('.', ' ')}\n" if version else "#!/bin/sh\nexit 127\n")
        path.chmod(0o755)
        yield str(path)


@pytest.mark.child
@pytest.mark.parametrize(
    ("versions", "chosen"),
    [((SAME, NEWER, "", OLD, NEWEST), 4), ((NEWEST, NEWER), 0), (("", SAME, OLD), None), ((), None)],
)
def test_which(script: dict[str, Any], tmp_path: Path, versions: tuple[str, ...], chosen: int | None) -> None:
    there = [*programs(tmp_path, *versions), str(tmp_path / "none")]
    script["pythons"] = lambda: iter(there)
    assert script["another"]() == (None if chosen is None else there[chosen])


def test_one_line_where_there_is_none(script: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    script["pythons"] = lambda: iter(())
    script["main"]()
    assert capsys.readouterr().out.count("\n") == 1


def test_what_it_runs_is_there(script: dict[str, Any]) -> None:
    assert all((ROOT / path).exists() for path in script["WITHOUT_TORCH"] + script["WITH_TORCH"])
    needed = {script["_name"](one) for one in script["requirements"]()}
    assert needed >= {"textual", "sympy", *script["TESTS"]}
    assert "torch" not in needed
    assert ".ci/second_python.py" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.child
def test_a_failure_ends_it(script: dict[str, Any]) -> None:
    with pytest.raises(SystemExit, match="no luck"):
        script["run"](sys.executable, "-c", "import sys; sys.exit('no luck')")
    for command in ("print('AccumulateGrad'); raise SystemExit(3)", "pass"):
        with pytest.raises(SystemExit, match="on a terminal"):
            script["screen"](sys.executable, "-c", command)
