"""What may be named: methods, functions of a package, coroutines and generators; against torch run on the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gradtui.engine.user.evaluate import evaluate
from gradtui.snapshot.model import Request, Snapshot, Values

CODE = """
import asyncio
import torch

class Net(torch.nn.Module):
    def __init__(self, width=3):
        super().__init__()
        self.head = torch.nn.Linear(2, width)

    def loss(self, scale: float = 2.0):
        return (scale * self.head(torch.ones(1, 2))).pow(2).sum()

    @staticmethod
    def plain(x: float = 3.0):
        return x * x

    @classmethod
    def made(cls, x: float = 3.0):
        return x * cls.plain(x)

    class Inner:
        def cube(self, x=2.0):
            return x ** 3

class Needs:
    def __init__(self, width):
        self.width = width

    def loss(self, x=2.0):
        return x * self.width

class Fails:
    def __init__(self):
        raise RuntimeError("no data here")

    def loss(self, x=2.0):
        return x

net = Net()
ready = Needs(4.0)

async def later(x: float = 3.0):
    await asyncio.sleep(0)
    return x ** 2

def batches(x: float = 3.0):
    for power in (2, 3):
        yield x ** power

async def stream(x: float = 3.0):
    yield x ** 2
    raise AssertionError("only the first is asked for")

def nothing(x: float = 3.0):
    return
    yield x
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("gradtui.engine.user.rerun.DIFFERENCES", 60.0)
    (tmp_path / "model.py").write_text(CODE)
    return tmp_path / "model.py"


def asked(path: Path, name: str, **at: float) -> Snapshot:
    return evaluate(Request(1, f"{path}:{name}", dict(at), "float64", origin="function"))


@pytest.mark.parametrize(
    ("name", "value", "grad"),
    [
        ("Net.plain", 9.0, 6.0),
        ("Net.made", 27.0, 27.0),
        ("Net.Inner.cube", 8.0, 12.0),
        ("ready.loss", 8.0, 4.0),
        ("later", 9.0, 6.0),
        ("batches", 9.0, 6.0),
        ("stream", 9.0, 6.0),
    ],
)
def test_value_and_gradient(path: Path, name: str, value: float, grad: float) -> None:
    snapshot = asked(path, name)
    assert snapshot.problem is None
    assert snapshot.value is not None
    assert snapshot.value.numbers == (value,)
    ((variable, state),) = snapshot.variables.items()
    assert state.grad.numbers == (grad,)
    assert snapshot.differences[variable].central[0] == pytest.approx(grad, rel=1e-5), "it can be run again"


@pytest.mark.parametrize("name", ["Net.loss", "net.loss"])
def test_a_method_of_a_module(path: Path, name: str) -> None:
    """Its instance is made with the same numbers each time, and its parameters have their names."""
    snapshot, again = asked(path, name), asked(path, name)
    assert snapshot.problem is None
    assert snapshot.value == again.value
    assert {parameter.rpartition("head.")[2] for parameter in snapshot.parameters} == {"weight", "bias", "scale"}
    weight = next(one for key, one in snapshot.parameters.items() if key.endswith("head.weight"))
    bias = next(one for key, one in snapshot.parameters.items() if key.endswith("head.bias"))
    w, b = (torch.tensor(one.value.numbers, requires_grad=True) for one in (weight, bias))
    loss = (2 * (w.reshape(3, 2) @ torch.ones(2) + b)).pow(2).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    assert weight.grad is not None
    assert w.grad is not None
    assert weight.grad.numbers == pytest.approx(w.grad.tolist(), rel=1e-4)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Needs.loss", ("Needs", "width")),
        ("Fails.loss", ("no data here",)),
        ("Net.lss", ("Net", "lss", "did you mean", "Net.loss")),
        ("Nett.loss", ("Nett",)),
        ("Net", ("class",)),
        ("nothing", ("nothing",)),
        ("net.head", ("Linear",)),
    ],
)
def test_what_cannot_be_is_one_sentence(path: Path, name: str, words: tuple[str, ...]) -> None:
    problem = asked(path, name).problem
    assert problem is not None
    told = f"{problem.message} {problem.hint}"
    assert all(word in told for word in words), told


@pytest.mark.parametrize(
    ("package", "init"), [("empty", ""), ("importing", "from .model import loss\n"), ("none", None)]
)
def test_relative_imports(tmp_path: Path, package: str, init: str | None) -> None:
    """As `python -m package.model` has them, also where the package imports the file itself, or has no __init__.py."""
    folder = tmp_path / package / "deep"
    folder.mkdir(parents=True)
    (tmp_path / package / "tools.py").write_text("def square(x):\n    return x * x\n")
    (folder / "layers.py").write_text("from ..tools import square\n")
    (folder / "model.py").write_text("from .layers import square\ndef loss(x: float = 3.0):\n    return square(x)\n")
    if init is not None:
        (tmp_path / package / "__init__.py").write_text("")
        (folder / "__init__.py").write_text(init)
    if init is None:  # how far up the file's own imports reach is all that is known
        (folder / "layers.py").write_text("def square(x):\n    return x * x\n")
    snapshot = asked(folder / "model.py", "loss")
    assert snapshot.problem is None, snapshot.problem
    assert snapshot.value is not None
    assert snapshot.value.numbers == (9.0,)
    (folder / "layers.py").write_text("def square(x):\n    return x ** 3\n")
    assert asked(folder / "model.py", "loss").value == Values((), (27.0,)), "a changed module counts"


def test_an_import_beside_the_file_goes_on_in_a_package(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("raise RuntimeError('nobody asked for the package')\n")
    (tmp_path / "beside_it.py").write_text("def square(x):\n    return x * x\n")
    (tmp_path / "model.py").write_text("import beside_it\ndef loss(x: float = 3.0):\n    return beside_it.square(x)\n")
    assert asked(tmp_path / "model.py", "loss").problem is None
