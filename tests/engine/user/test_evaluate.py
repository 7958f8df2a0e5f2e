"""A function of a user's file, against torch run on the same function."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gradtui.engine.user.evaluate import evaluate
from gradtui.findings.findings import findings
from gradtui.graph.agreement import checks
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Problem, Request, Snapshot

Write = Callable[[str], None]

CODE = '''
import math
import torch
from torch import Tensor

scale = 3.0

def smooth(x: float = 0.5, w: float = 2.0):
    """ö before the line: columns are characters, not bytes."""
    é = torch.sin(x * w); return é * torch.exp(-x) + scale * w ** 2

def vector(v: list[float] = [1.0, 2.0, 4.0], *, n: int = 2, flag=True, name="a"):
    assert flag is True and name == "a" and type(n) is int
    return (v ** n).sum()

def tensors(a: Tensor, m=torch.ones(2, 2), ids=torch.tensor([0, 1])):
    return (a * m)[ids].sum()
'''


@pytest.fixture(autouse=True)
def all_the_time_in_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradtui.engine.user.rerun.CURVE", 60.0)
    monkeypatch.setattr("gradtui.engine.user.rerun.DIFFERENCES", 60.0)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes model.py, later than before."""

    def write(text: str) -> None:
        path = tmp_path / "model.py"
        before = path.stat().st_mtime_ns if path.exists() else 0
        path.write_text(text, encoding="utf-8")
        os.utime(path, ns=(before + 10**9, before + 10**9))

    return write


def run(tmp_path: Path, function: str, **asked: Any) -> Snapshot:
    return evaluate(Request(1, f"{tmp_path / 'model.py'}:{function}", origin="function", **asked))


def good(tmp_path: Path, function: str, **asked: Any) -> Snapshot:
    snapshot = run(tmp_path, function, **asked)
    assert snapshot.problem is None
    assert snapshot.origin == "function"
    return snapshot


def bad(tmp_path: Path, function: str, **asked: Any) -> Problem:
    problem = run(tmp_path, function, **asked).problem
    assert problem is not None
    return problem


def namespace() -> dict[str, Any]:
    """The same code, run by Python alone."""
    found: dict[str, Any] = {}
    exec(CODE, found)  # noqa: S102
    return found


def test_value_gradients_and_checks(tmp_path: Path, write: Write) -> None:
    write(CODE)
    snapshot = good(tmp_path, "smooth", at={"x": 0.7}, dtype="float64")
    leaves = {
        name: torch.tensor(at, dtype=torch.float64, requires_grad=True) for name, at in {"x": 0.7, "w": 2.0}.items()
    }
    f = namespace()["smooth"](**leaves)
    f.backward()
    assert snapshot.value is not None
    assert snapshot.value.numbers == (f.item(),)
    for name, leaf in leaves.items():
        assert leaf.grad is not None
        assert snapshot.variables[name].grad.numbers == (leaf.grad.item(),)
        assert snapshot.differences[name].central[0] == pytest.approx(leaf.grad.item(), rel=1e-9)
    assert snapshot.derivative == {}


def test_every_operation_has_its_place(tmp_path: Path, write: Write) -> None:
    write(CODE)
    snapshot = good(tmp_path, "smooth")
    (name,) = snapshot.files
    text = snapshot.files[name]
    assert text == CODE
    made = {node.name: node.source for node in snapshot.graph.nodes if node.source is not None}
    assert {kind: source.text for kind, source in made.items()} == {
        "AddBackward0": "é * torch.exp(-x) + scale * w ** 2",
        "SinBackward0": "torch.sin(x * w)",
        "ExpBackward0": "torch.exp(-x)",
        "NegBackward0": "-x",
        "PowBackward0": "w ** 2",
        "MulBackward0": made["MulBackward0"].text,
    }
    for source in made.values():
        assert (source.file, text[source.start : source.end]) == (name, source.text)
        assert source.line == text[: source.start].count("\n") + 1


def test_vectors_and_what_stays_as_it_is(tmp_path: Path, write: Write) -> None:
    write(CODE)
    snapshot = good(tmp_path, "vector", at={"n": 3.0})
    assert list(snapshot.variables) == ["v"]
    assert snapshot.variables["v"].grad.numbers == (3.0, 12.0, 48.0)
    assert snapshot.differences["v"].central == pytest.approx((3, 12, 48))
    assert good(tmp_path, "vector", at={"v": (5.0,)}).variables["v"].grad.numbers == (10.0,)


def test_tensor_parameters(tmp_path: Path, write: Write) -> None:
    write(CODE)
    snapshot = good(tmp_path, "tensors", at={"a": 2.0})
    assert list(snapshot.variables) == ["a"], "a matrix cannot be stepped"
    leaves = {node.variable: node for node in snapshot.graph.nodes if node.name == "AccumulateGrad"}
    assert leaves["m"].grad_output is not None
    assert leaves["m"].grad_output.numbers == (2.0,) * 4


def test_the_curve_is_the_function_at_each_point(tmp_path: Path, write: Write) -> None:
    write(CODE)
    asked = CurveRequest("x", (-1.0, 2.0), 9, key="k")
    curve = good(tmp_path, "smooth", dtype="float64", curve=asked).curve
    assert curve is not None
    assert (len(curve.x), curve.key) == (9, "k")
    for x, f, slope in zip(curve.x, curve.f, curve.derivative, strict=True):
        leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        value = namespace()["smooth"](leaf, torch.tensor(2.0, dtype=torch.float64))
        value.backward()
        assert leaf.grad is not None
        assert (f, slope) == (value.item(), leaf.grad.item())


def test_float32_parameters_of_its_own(tmp_path: Path, write: Write) -> None:
    """Such a function takes no float64: its differences are coarser, and say so."""
    write("import torch\nlayer = torch.nn.Linear(1, 1)\ndef f(x): return layer(x.reshape(1)).sin().sum()")
    snapshot = good(tmp_path, "f")
    (central,), (error,) = snapshot.differences["x"].central, snapshot.differences["x"].error
    assert error is not None
    assert error < 1e-2
    assert central == pytest.approx(snapshot.variables["x"].grad.numbers[0], abs=error + 1e-4)


def test_float32_on_the_way_to_float64(tmp_path: Path, write: Write) -> None:
    """The result of float64 hides that x was rounded: small steps would tell nothing."""
    write("def f(x=1.0, y=[2.0, 3.0]): return ((x.float() * 0.7).sin() - y).sum()")
    snapshot = good(tmp_path, "f")
    (central,), (error,) = snapshot.differences["x"].central, snapshot.differences["x"].error
    assert error is not None
    assert error < 1e-3
    assert central == pytest.approx(snapshot.variables["x"].grad.numbers[0], abs=error)
    assert snapshot.differences["y"].central == pytest.approx((-1, -1), abs=1e-9)


def test_it_runs_afresh_when_its_file_changed(tmp_path: Path, write: Write) -> None:
    write("def f(x): return 2 * x")
    assert good(tmp_path, "f", at={"x": 3.0}).variables["x"].grad.numbers == (2.0,)
    write("def f(x): return 5 * x")
    assert good(tmp_path, "f", at={"x": 3.0}).variables["x"].grad.numbers == (5.0,)


def test_and_when_a_module_of_its_folder_changed(tmp_path: Path, write: Write) -> None:
    helper = tmp_path / "gradtui_test_helper.py"
    helper.write_text("factor = 2")
    write("import gradtui_test_helper\ndef f(x): return gradtui_test_helper.factor * x")
    snapshot = good(tmp_path, "f")
    assert snapshot.variables["x"].grad.numbers == (2.0,)
    assert {Path(file).name for file in snapshot.files} == {"model.py", helper.name}
    helper.write_text("factor = 22")
    assert good(tmp_path, "f").variables["x"].grad.numbers == (22.0,)


def test_its_module_keeps_its_state_while_nothing_changed(tmp_path: Path, write: Write) -> None:
    write("import torch\nw = torch.randn(())\ndef f(x): return w * x + torch.rand(())")
    first, second = good(tmp_path, "f"), good(tmp_path, "f")
    assert first.value == second.value, "the same random numbers each time"
    assert first.differences["x"].central[0] == pytest.approx(first.variables["x"].grad.numbers[0], rel=1e-6)


def test_a_function_that_changes_itself_has_no_curve(tmp_path: Path, write: Write) -> None:
    write("n = 0\ndef f(x):\n    global n\n    n += 1\n    return n * x")
    snapshot = good(tmp_path, "f", curve=CurveRequest("x", (0.0, 1.0)))
    assert (snapshot.curve, snapshot.differences) == (None, {})
    assert [note.kind for note in snapshot.notes] == ["code"]


def test_it_is_not_main_and_finds_its_folder(tmp_path: Path, write: Write) -> None:
    write(
        "import sys\nfrom pathlib import Path\nassert __name__ != '__main__' and sys.argv == [__file__]\n"
        "assert Path(sys.path[0]) == Path(__file__).parent\ndef f(x): return x"
    )
    good(tmp_path, "f")


@pytest.mark.parametrize(
    ("code", "function", "kind", "says", "hint"),
    [
        ("def loss(x): return x", "los", "name", "has no function los", "model.py:loss?"),
        ("def a(): 1\ndef b(): 1\nimport torch", "xyz", "name", "no function xyz", "it has a, b"),
        ("x = 1", "x", "name", "is a int, not a function", "a loss"),
        ("class A: pass", "A", "name", "is a class", "a loss"),
        ("def f(x): pass", "f", "domain", "f returned nothing", "return the tensor"),
        ("def f(x): return 'a'", "f", "domain", "f returned a str", "return the tensor"),
        ("def f(batch: dict): return 1", "f", "arity", "f needs batch, which is said to be dict", "batch=..."),
    ],
)
def test_what_is_missing(
    tmp_path: Path, write: Write, code: str, function: str, kind: str, says: str, hint: str
) -> None:
    write(code)
    problem = bad(tmp_path, function)
    assert problem.kind == kind
    assert says in problem.message
    assert hint in problem.hint


def test_no_such_parameter(tmp_path: Path, write: Write) -> None:
    write("def f(x): return x")
    """A person may have taken it out of the function, whose file was just saved."""
    snapshot = good(tmp_path, "f", at={"z": 1.0, "x": 2.0})
    assert list(snapshot.variables) == ["x"]
    assert [(note.kind, note.text) for note in snapshot.notes] == [("code", "f has no parameter z")]


def test_no_such_file(tmp_path: Path) -> None:
    problem = bad(tmp_path, "f")
    assert problem.kind == "name"
    assert "there is no file" in problem.message


def test_an_exception_ends_at_the_users_line(tmp_path: Path, write: Write) -> None:
    write(
        "import torch\n\ndef inner(z):\n    y = 'é'; return torch.nn.functional.linear(z, torch.ones(2, 3))\n\n"
        "def f(x):\n    return inner(x * 2)\n"
    )
    problem = bad(tmp_path, "f")
    assert problem.kind == "crash"
    assert "raised RuntimeError: " in problem.message
    assert "\n" not in problem.message
    assert problem.source is not None
    assert problem.source.text == "torch.nn.functional.linear(z, torch.ones(2, 3))"
    assert problem.source.line == 4
    assert len(problem.traceback) == 6, "two calls, both the user's"
    assert problem.traceback[2].index("^") == problem.traceback[1].index("inner")
    assert "in inner" in problem.traceback[3]
    assert problem.traceback[5].count("^") == len(problem.source.text)


@pytest.mark.parametrize(
    ("code", "line", "text"),
    [
        ("def f(x):\n    return x +\n", 2, ""),
        ("é = 1; def f(x): return x", 1, "def"),
        ("def f(x):\nreturn x", 2, "return"),
        ("def f(x): return '\0'", 1, ""),
    ],
)
def test_a_file_that_is_not_python(tmp_path: Path, write: Write, code: str, line: int, text: str) -> None:
    write(code)
    problem = bad(tmp_path, "f")
    assert problem.kind == "syntax"
    assert "is not Python" in problem.message
    assert problem.source is not None
    assert problem.source.line == line
    assert text in problem.source.text


def test_a_good_version_after_a_bad_one(tmp_path: Path, write: Write) -> None:
    write("def f(x) return x")
    assert bad(tmp_path, "f").kind == "syntax"
    write("def f(x): return x")
    good(tmp_path, "f")


def test_parameters_have_the_names_of_the_model_and_not_of_what_a_loop_left(write: Write, tmp_path: Path) -> None:
    write("""
import torch
from torch import nn
net = nn.Linear(2, 1)
weights = list(net.parameters())
for p in net.parameters():
    nn.init.ones_(p)
loose = torch.ones(1, requires_grad=True)
def f():
    return (net(torch.ones(3, 2)) * loose).sum()
""")
    assert [*good(tmp_path, "f").parameters] == ["loose", "weight", "bias"]


@pytest.mark.parametrize(
    ("limit", "left_out", "there"), [("CURVE", "curve", "differences"), ("DIFFERENCES", "differences by x, w", "curve")]
)
def test_what_takes_too_long_is_named_and_nothing_else(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch, limit: str, left_out: str, there: str
) -> None:
    monkeypatch.setattr(f"gradtui.engine.user.rerun.{limit}", 0.0)
    write(CODE)
    snapshot = run(tmp_path, "smooth", curve=CurveRequest("x", (-1.0, 1.0), 20))
    assert (bool(snapshot.differences), snapshot.curve is None) == (limit == "CURVE", limit == "CURVE")
    (note,) = snapshot.notes
    assert left_out in note.text
    assert there not in note.text


def test_anomaly_mode_that_a_file_switches_on_hides_nothing(tmp_path: Path, write: Write) -> None:
    """In it torch itself stops at the first nan."""
    code = """
import torch

torch.set_anomaly_enabled({mode})

def f(x=0.0):
    return 0 * torch.sqrt(x)
"""
    try:
        write(code.format(mode="False"))
        plain = findings(good(tmp_path, "f", at={"x": 0.0}))
        write(code.format(mode="True"))
        assert [one.kind for one in findings(good(tmp_path, "f", at={"x": 0.0}))] == [one.kind for one in plain]
        assert plain
    finally:
        torch.set_anomaly_enabled(False)


NARROW = """
import torch
from torch import nn

torch.manual_seed(0)
layer = nn.Linear(4, 1)
def half(x=torch.ones(3, 4, dtype=torch.half)): return layer.half()(x).mean()
def brain(x=torch.ones(4, dtype=torch.bfloat16)): return layer.bfloat16()(x).mean()
def double(x=torch.ones(4, dtype=torch.double)): return layer.double()(x).mean()
def single(x=torch.ones(4)): return layer.float()(x).mean()
def nothing(): return layer.bfloat16()(torch.ones(4, dtype=torch.bfloat16)).mean()
def nothing_double(): return layer.double()(torch.ones(4, dtype=torch.double)).mean()
def autocast(x=torch.ones(4)):
    with torch.autocast("cpu", dtype=torch.bfloat16): return layer.float()(x).float().mean()
def cast(x=torch.ones(4)): return layer.half()(x.half()).float().square().mean()
"""


@pytest.mark.parametrize(
    ("function", "dtype"),
    [
        ("half", "float16"),
        ("brain", "bfloat16"),
        ("double", "float64"),
        ("single", "float32"),
        ("nothing", "bfloat16"),
        ("nothing_double", "float64"),
        ("autocast", "float32"),
    ],
)
def test_what_the_file_has_chosen_is_its_dtype(tmp_path: Path, write: Write, function: str, dtype: str) -> None:
    write(NARROW)
    snapshot = good(tmp_path, function)
    assert snapshot.dtype == dtype
    for name, state in snapshot.variables.items():
        (node,) = [node for node in snapshot.graph.nodes if node.variable == name]
        assert node.dtype == dtype
        assert good(tmp_path, function, at={name: state.value.numbers}).value == snapshot.value, (
            "as the screen asks for it"
        )


@pytest.mark.parametrize("function", ["brain", "autocast", "cast"])
def test_steps_of_a_narrow_dtype_are_no_slopes(tmp_path: Path, write: Write, function: str) -> None:
    """Differences of what goes in steps would call a right gradient wrong."""
    write(NARROW)
    snapshot = good(tmp_path, function)
    assert "x" not in snapshot.differences
    assert checks(snapshot)["x"].autograd is not False


def test_what_is_constant_is_no_narrow_dtype(tmp_path: Path, write: Write) -> None:
    write("import torch\nlayer = torch.nn.Linear(1, 1)\ndef f(x): return layer(0 * x.reshape(1)).sin().sum()")
    assert good(tmp_path, "f").differences["x"].central == (0.0,)


UNTOLD = """
import torch

base = torch.ones(3, requires_grad=True) * 2
with torch.no_grad():
    known = base.view(-1)
base.add_(1)

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(3, 3)
    def forward(self, x):
        h = self.inner(x)
        with torch.no_grad():
            self.seen = h.view(-1)
        h.add_(1)
        return h.sum()

net = Net()

def fine(w=1.0):
    h = w * torch.ones(3)
    with torch.no_grad():
        seen = h.view(-1)
    h.add_(1)
    seen.tolist(), seen.detach(), seen.numel()
    return h.sum()

def of_module(w=1.0): return net(torch.ones(2, 3)) * w

def raises(w=1.0):
    h = w * torch.ones(3)
    with torch.no_grad():
        seen = h.view(-1)
    h.add_(1)
    raise ValueError("mine")
"""
"""Views made under no_grad of what is changed after that: torch raises where it is asked what made them, or whether they are
leaves."""


def test_tensors_of_which_torch_does_not_tell_what_made_them(write: Write, tmp_path: Path) -> None:
    write(UNTOLD)
    assert run(tmp_path, "fine").problem is None
    assert run(tmp_path, "fine").variables["w"].grad.numbers == (3.0,)
    assert run(tmp_path, "of_module").problem is None
    told = run(tmp_path, "raises").problem
    assert told is not None
    assert told.message.endswith("ValueError: mine")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there whoever asks stops what takes too long")
@pytest.mark.parametrize("place", ["w > 1", "w < 1", "w > 3"])
def test_a_function_that_does_not_end_at_another_place(write: Write, tmp_path: Path, place: str) -> None:
    """By differences, or by the curve. The time is up when the function says so, and not by a clock."""
    write(f"import signal\ndef loss(w=1.0):\n    if {place}: signal.raise_signal(signal.SIGALRM)\n    return w*w")
    told = run(tmp_path, "loss", curve=CurveRequest("w", (-10.0, 10.0), 50))
    assert told.problem is None
    assert told.variables["w"].grad.numbers == (2.0,)
    assert told.graph.nodes
    assert told.curve is None
    assert [note.kind for note in told.notes] == ["code"]
