"""Warnings stand at the person's own lines, as Python shows them where the file is run alone; never at a line of gradtui's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gradtui.engine.user.evaluate import evaluate
from gradtui.snapshot.model import Request
from tests import warm

WARNING = """
import warnings
import torch

w = torch.ones(2, requires_grad=True)

class Old(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1
    @staticmethod
    def backward(ctx, grad):
        warnings.warn("in backward")
        return grad

def here(x): warnings.warn("here"); return x * w
def above(x): warnings.warn("above", stacklevel=2); return x * w
def far_above(x): warnings.warn("far above", stacklevel=50); return x * w
def deprecated(x): warnings.warn("deprecated", DeprecationWarning); return x * w
def deprecated_above(x): warnings.warn("deprecated above", DeprecationWarning, stacklevel=3); return x * w
def pending(x): warnings.warn("pending", PendingDeprecationWarning); return x * w
def of_torch(x): return torch.tensor(w.detach()) * x * w
def broadcast(x): return torch.nn.functional.mse_loss(x * w, torch.zeros(1, 2))
def compiled_in(x): return (x * w).sum() * torch.ones(2).to(torch.complex64).to(torch.float32).sum()
def custom(x): return Old.apply(x * w)
def often(x):
    for _ in range(3):
        warnings.warn("often")
    warnings.warn("often")
    return x * w
def half(x): warnings.warn("half \\ud800"); return x * w
def as_error(x):
    warnings.simplefilter("error")
    warnings.warn("raised")
"""
NAMES = [line.split("(")[0].removeprefix("def ") for line in WARNING.splitlines() if line.startswith("def ")]


def printed(folder: Path, function: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is printed where the function is run twice: the first lines of what is told, and what is told of them."""
    file = folder / "warning.py"
    file.write_text(WARNING)
    request = Request(1, f"{file}:{function}", origin="function")
    evaluate(request)
    capsys.readouterr()
    evaluate(request)
    return capsys.readouterr().err.replace(str(file), "warning.py").splitlines()


@pytest.fixture
def capture(capfd: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    return capfd


@pytest.mark.parametrize("function", NAMES)
def test_at_a_line_of_the_persons(tmp_path: Path, function: str, capture: pytest.CaptureFixture[str]) -> None:
    lines = printed(tmp_path, function, capture)
    assert not [line for line in lines if "gradtui/" in line]
    if function not in ("pending", "as_error"):
        assert any(line.startswith("warning.py:") for line in lines)


@pytest.mark.parametrize(
    ("function", "line", "text"),
    [
        ("here", "UserWarning: here", 'warnings.warn("here")'),
        ("above", "UserWarning: above", "def above(x)"),
        ("far_above", "UserWarning: far above", "def far_above(x)"),
        ("deprecated_above", "DeprecationWarning: deprecated above", "def deprecated_above(x)"),
        ("of_torch", "UserWarning: To copy construct", "def of_torch(x)"),
        ("broadcast", "UserWarning: Using a target size", "def broadcast(x)"),
        ("compiled_in", "UserWarning: Casting complex values to real", "def compiled_in(x)"),
        ("custom", "UserWarning: in backward", 'warnings.warn("in backward")'),
    ],
)
def test_at_which(tmp_path: Path, function: str, line: str, text: str, capture: pytest.CaptureFixture[str]) -> None:
    """Each time, though torch and Python tell some only once in a process."""
    lines = printed(tmp_path, function, capture)
    number = 1 + next(place for place, one in enumerate(WARNING.splitlines()) if text in one)
    (place,) = (place for place, one in enumerate(lines) if line in one)
    assert lines[place].startswith(f"warning.py:{number}: ")
    assert text in lines[place + 1]


def test_each_line_once(tmp_path: Path, capture: pytest.CaptureFixture[str]) -> None:
    lines = printed(tmp_path, "often", capture)
    assert len([line for line in lines if "UserWarning: often" in line]) == 2


@pytest.mark.child
@pytest.mark.long
def test_what_python_does_not_show(tmp_path: Path, capture: pytest.CaptureFixture[str]) -> None:
    """As in a program of its own: run by Python alone it is silent too."""
    assert printed(tmp_path, "pending", capture) == []
    code = WARNING + "\npending(torch.tensor(4.0))\n"
    alone = subprocess.run([*warm.python(), "-c", code], capture_output=True, text=True, check=True)
    assert "pending" not in alone.stderr


def test_what_the_file_says_of_warnings_holds_for_each_run(tmp_path: Path, capture: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "silent.py"
    file.write_text("import warnings\nwarnings.filterwarnings('ignore')\ndef f(x): warnings.warn('said'); return x\n")
    for _ in range(2):
        assert evaluate(Request(1, f"{file}:f", origin="function")).problem is None
    assert "said" not in capture.readouterr().err
