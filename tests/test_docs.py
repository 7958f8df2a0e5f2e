"""Every command that README and docs show is run, and every finding that is shown by an example is found by it.

All in this process, on one torch: what the command does in others is tested elsewhere.
"""

from __future__ import annotations

import io
import re
import runpy
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from msgspec.structs import replace

from gradtui.calculus.derivative import derivatives
from gradtui.calculus.exact_backward import truth
from gradtui.command.cli import command
from gradtui.engine.training.evaluate import evaluate as typed
from gradtui.engine.user.evaluate import evaluate as user
from gradtui.engine.watching.watch import Watch
from gradtui.file.snapshot_format import save
from gradtui.findings.findings import findings
from gradtui.runs.run import Update
from gradtui.snapshot.finding import Finding, Kind
from gradtui.snapshot.model import Request, Snapshot
from tests import examples
from tests.command.runner import runner
from tests.runs import made

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
REFUSED = {'gradtui "x +" --json'}
"""Those that are there to show what a refusal looks like."""

MODEL = """
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(2, 1)
    def loss(self, scale=1.0):
        return scale * self.head(torch.ones(1, 2)).sum()
encoder, head = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
def loss(scale=1.0, target=[0.5, -0.5]):
    return (scale * head(encoder(torch.ones(2))) - target).pow(2).mean()
"""


class Nowhere:
    """Keeps nothing."""

    def optimizer(self, name: str) -> None:
        pass

    def shards(self, names: Sequence[str]) -> None:
        pass

    def update(self, update: Update) -> None:
        pass

    def snapshot(self, update: int, snapshot: Snapshot) -> None:
        pass

    def finding(self, finding: Finding) -> None:
        pass

    def watch_ended(self, why: str) -> None:
        pass


def commands() -> Iterator[str]:
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            for line in block.splitlines():
                line = line.removeprefix("$ ")
                if line == "gradtui" or line.startswith("gradtui "):
                    yield re.split(r"\s{2,}", line)[0].strip()


COMMANDS = sorted(set(commands()))


@contextmanager
def here(function: str | None = None) -> Iterator[Callable[[Request], Snapshot]]:
    """Evaluation in this process, in place of those of the command."""

    def evaluate(request: Request) -> Snapshot:
        if request.origin == "function":
            return user(request)
        return replace(typed(request), derivative=derivatives(request), truth=truth(request))

    yield evaluate


def trained(target: Sequence[str], path: str, every: int, aloud: bool) -> tuple[int, None]:
    """In place of a script that is run: a healthy training of a few updates."""
    run = made.run(5)
    with made.begun(Path(path), run) as writer:
        made.write(writer, run)
    return 0, None


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the commands speak of is there, and no screen opens."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gradtui.engine.working_folder.HERE", str(tmp_path))
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text(MODEL)
    (tmp_path / "train.py").write_text("")
    (tmp_path / "points.csv").write_text("x,y\n1,2\n2,4.5\n3,6\n")
    save(examples.quadratic(), str(tmp_path / "run.gradtui"))
    monkeypatch.setattr("gradtui.command.evaluator.evaluator", here)
    monkeypatch.setattr("gradtui.command.json_lines.evaluator", here)
    monkeypatch.setattr("gradtui.command.cli._require_terminal", lambda: None)
    monkeypatch.setattr("gradtui.command.watched_script.watched", trained)
    for screen in ("tui.app.run", "tui.saved.run", "tui.plain_session.main"):
        monkeypatch.setattr(f"gradtui.{screen}", lambda *_: 0)
    return tmp_path


def test_there_are_some() -> None:
    assert len(COMMANDS) > 30
    assert set(COMMANDS) >= REFUSED


@pytest.mark.long
@pytest.mark.parametrize("line", COMMANDS)
def test_command(line: str, folder: Path) -> None:
    words = shlex.split(line.partition(" < ")[0])[1:]
    given = b'x^2\n{"expression": "x + w", "at": {"x": 2}}\n' if words[:1] == ["-"] else None
    before = set(folder.iterdir())
    told = runner().invoke(command, words, input=io.BytesIO(given) if given else None, catch_exceptions=False)
    assert told.exit_code == (2 if line in REFUSED else 0), told.output
    if "--export" in words:
        (written,) = set(folder.iterdir()) - before
        assert written.stat().st_size > 50


def shown() -> dict[str, list[str]]:
    """The examples of docs/findings.md by the kind that stands over them."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"^### ", (ROOT / "docs" / "findings.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        kinds = re.findall(r"`(\w+)`", part.splitlines()[0].partition(" – ")[0])
        for kind in kinds:
            found[kind] = BLOCK.findall(part.partition("\n## ")[0])
    return found


def seen(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Sequence[Finding]:
    """What is found by a script that captures, or that trains."""
    path = folder / "shown.py"
    path.write_text(f"import torch\nfrom torch import nn\n{code}")
    monkeypatch.chdir(folder)
    torch.manual_seed(0)
    names: dict[str, Any] = {}
    watch = Watch(Nowhere()) if "optimizer" in code else None
    try:
        names = runpy.run_path(str(path), run_name="__main__")
    finally:
        if watch is not None:
            watch.close()
    if watch is not None:
        return watch.findings
    found: Sequence[Finding] = names["found"] if "found" in names else names["snapshot"].findings
    return found


SHOWN = shown()
BEGIN = BLOCK.findall(
    (ROOT / "docs" / "findings.md").read_text(encoding="utf-8").partition("## In a whole training")[2]
)[0]
"""What stands before each training."""


def test_every_kind_is_explained_by_an_example() -> None:
    assert set(SHOWN) == set(get_args(Kind)) - {"ordinary", "unfinished"}
    assert [kind for kind in SHOWN if not SHOWN[kind]] == ["ranks"], "which takes several processes"


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", [kind for kind in SHOWN if SHOWN[kind]])
def test_an_example_of_a_finding(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, code in enumerate(SHOWN[kind]):
        if "import gradtui" in code or "optimizer" in code:
            found = seen(code if "import gradtui" in code else BEGIN + code, tmp_path, monkeypatch)
            assert [one.kind for one in found][:1] == [kind], found
            continue
        if code.startswith("gradtui "):
            words = shlex.split(re.split(r"\s{2,}", code.strip())[0])
            at: dict[str, Any] = {}
            if "--at" in words:
                at = {"x": float(words[words.index("--at") + 1])}
            request = Request(1, words[1], at)
            snapshot = replace(typed(request), derivative=derivatives(request), truth=truth(request))
        else:
            (tmp_path / f"shown{number}.py").write_text(f"import torch\nfrom torch import nn\n{code}")
            snapshot = user(Request(1, f"{tmp_path}/shown{number}.py:loss", origin="function"))
        found = findings(snapshot)
        assert [one.kind for one in found][:1] == [kind], (snapshot.problem, found)


NAMED = re.compile(r"`((?:\w+/)*\w+\.(?:py|md|tcss)|(?:\w+/)+)`")


def test_what_changing_gradtui_names_is_there() -> None:
    """A bare name of a file stands in the folder that its row named before."""
    rows = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8").splitlines()
    named = 0
    for row in rows:
        folders = [ROOT / "gradtui", ROOT]
        for name in NAMED.findall(row):
            place = next((folder / name for folder in folders if (folder / name).exists()), None)
            assert place is not None, name
            folders.insert(0, place if place.is_dir() else place.parent)
            named += 1
    assert named > 50
