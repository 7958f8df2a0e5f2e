"""A process that does not start: each cause is told as what it is, and PyTorch is only said to be damaged where it may be."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gradtui
from gradtui.service import not_started
from gradtui.service.child_process import ChildError
from gradtui.service.supervised_child import Child
from gradtui.snapshot.model import Request
from tests import warm
from tests.terminal.driver import PATIENCE

pytestmark = [pytest.mark.child, pytest.mark.long]

CODE = "def loss(x: float = 1.0): return x**2\n"
PACKAGE = Path(gradtui.__file__).parents[1]
NOBODY = 65534


def run(folder: Path, *arguments: str, before: tuple[str, ...] = (), **environment: str) -> str:
    """What is said of `gradtui ARGUMENTS`."""
    ran = subprocess.run(
        [*before, sys.executable, "-m", "gradtui", *arguments, "--print"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={**os.environ, **environment},
    )
    assert "Traceback" not in ran.stderr
    return ran.stdout + ran.stderr


@pytest.mark.long
@pytest.mark.parametrize("name", ["-dash \udcff.py", "--help é.py"])
def test_a_file_of_any_name(tmp_path: Path, name: str) -> None:
    """Each is a file, not an option, and its function is run."""
    (tmp_path / name).write_text(CODE)
    target = f"./{name}:loss" if name.startswith("--") else f"{name}:loss"
    ran = subprocess.run(warm.gradtui(target, "--print"), cwd=tmp_path, capture_output=True, text=True, check=True)
    said = ran.stdout + ran.stderr
    assert "PowBackward0" in said
    assert "error" not in said


def shell(limit: str) -> tuple[str, ...]:
    return "bash", "-c", f'ulimit {limit}; exec "$@"', "bash"


@pytest.mark.parametrize(("limit", "named"), [("-n 12", "ulimit -n"), ("-v 400000", "ulimit -v")])
def test_a_limit_of_the_system(tmp_path: Path, limit: str, named: str) -> None:
    said = run(tmp_path, "x^2", before=shell(limit))
    assert named in said
    assert "damaged" not in said


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("setpriv") is None, reason="only root becomes another user")
def test_a_limited_number_of_processes(tmp_path: Path) -> None:
    """Of a user who is not root, for whom it does not hold; who may read what root may, so that Python is found."""
    may = "+dac_override,+dac_read_search"
    become: tuple[str, ...] = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    become += (f"--inh-caps={may}", f"--ambient-caps={may}", "prlimit", "--nproc=1:1")
    said = run(tmp_path, "x^2", before=become)
    assert "ulimit -u" in said
    assert "damaged" not in said


GONE = "bash", "-c", 'mkdir gone; cd gone; rmdir ../gone; exec "$@"', "bash"


@pytest.mark.parametrize(
    ("before", "variables", "named"),
    [(GONE, {}, "no longer there"), ((), {"TORCH_LOGS": "nonsense"}, "TORCH_LOGS, set here")],
    ids=["folder", "variable"],
)
def test_what_pytorch_asks_for(tmp_path: Path, before: tuple[str, ...], variables: dict[str, str], named: str) -> None:
    """A worker that ends as it starts, or says that PyTorch did not, where that is what they find around them."""
    said = run(tmp_path, "x^2", before=before, **variables)
    assert named in said.partition("damaged")[0] or "f(x) = 16" in said  # another PyTorch may do without


def test_another_torch(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("")
    said = run(tmp_path, "x^2", PYTHONPATH=str(tmp_path))
    assert str(tmp_path / "torch.py") in said
    assert "damaged" not in said


def test_gradtui_that_is_not_installed(tmp_path: Path) -> None:
    """Started in its own folder it is found there; its worker, which does not look there, must not blame PyTorch."""
    site = [path for path in sys.path if path and Path(path).resolve() != PACKAGE and "site-packages" in path]
    code = f"import sys; sys.path[:] = [p for p in sys.path if p not in ('', {str(PACKAGE)!r})]; sys.path.insert(0, '')"
    code += "; from gradtui.service.not_started import not_installed; print(not_installed())"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(site)}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE, env=environment, capture_output=True, text=True, check=True
    )
    assert "pip install" in told.stdout
    assert not_started.not_installed() == ""


async def test_too_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio starts a thread beside a process, and says RuntimeError where there can be none."""

    async def refuse(*arguments: object, **options: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("asyncio.BaseEventLoop.subprocess_exec", refuse)
    monkeypatch.setattr(not_started, "_threads", lambda: 100)
    monkeypatch.setattr(resource, "getrlimit", lambda limit: (100 if limit == resource.RLIMIT_NPROC else -1, -1))
    child = Child((sys.executable,), deadline=PATIENCE)
    with pytest.raises(ChildError) as raised:
        await child.ask(Request(1, "x"))
    await child.close()
    assert "can't start new thread" in raised.value.problem.message
    assert "ulimit -u" in raised.value.problem.hint


@pytest.mark.parametrize(("ends", "blamed"), [("SIGTERM", False), ("SIGKILL", False), ("SIGSEGV", True), ("", True)])
async def test_who_is_blamed_for_an_end_at_the_start(ends: str, blamed: bool) -> None:
    """What somebody sends is no fault of PyTorch's; what a process does to itself may be."""
    end = f"os.kill(os.getpid(), signal.{ends})" if ends else "sys.exit(1)"
    child = Child((sys.executable, "-c", f"import os, signal, sys; {end}"), deadline=PATIENCE)
    with pytest.raises(ChildError) as raised:
        await child.ask(Request(1, "x"))
    await child.close()
    assert ("PyTorch" in raised.value.problem.hint) is blamed
