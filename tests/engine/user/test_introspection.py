"""A person's objects are not asked for anything: whatever they would say or raise, the function is the same function."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import gradtui
from gradtui.engine.user.evaluate import evaluate
from gradtui.snapshot.model import Request, Snapshot
from tests import warm

ASKED = """
import torch
from torch import nn

ASKED = []

def refuse(name):
    def method(self, *args, **kwargs):
        ASKED.append(name)
        raise RuntimeError(f"asked for {name}")
    return method

NAMES = '''bool len eq ne lt le gt ge hash repr str format iter next contains getitem reversed getattr index int float complex
           array torch_function bytes length_hint dir reduce instancecheck'''.split()
METHODS = {f"__{name}__": refuse(f"__{name}__") for name in NAMES}

Untouchable = type("Untouchable", (), METHODS)
UntouchableList = type("UntouchableList", (list,), METHODS)
UntouchableTuple = type("UntouchableTuple", (tuple,), METHODS)
UntouchableDict = type("UntouchableDict", (dict,), {**METHODS, "items": refuse("items"), "values": refuse("values")})
UntouchableText = type("UntouchableText", (str,), METHODS)

class Proxy:
    '''As of werkzeug and others, outside of what it stands for: it cannot even be asked for its class.'''
    def __getattribute__(self, name):
        ASKED.append(name)
        raise RuntimeError(f"asked for {name}")

class Meta(type):
    __bool__ = __eq__ = __len__ = __instancecheck__ = __subclasscheck__ = refuse("of the class")
    __hash__ = type.__hash__

class Odd(metaclass=Meta):
    pass

class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(3.0))
        vars(self).update(odd=Untouchable(), proxy=Proxy())  # nn.Module would ask
    __bool__ = __len__ = __eq__ = __iter__ = __repr__ = __contains__ = refuse("of the layer")
    __hash__ = nn.Module.__hash__
    def forward(self, x):
        return x * self.weight

class Unhashable(Layer):
    __hash__ = refuse("__hash__")

leaf = torch.tensor(2.0, requires_grad=True)
odd, proxy, cls = Untouchable(), Proxy(), Odd
text = UntouchableText("abc")
held = UntouchableList([leaf]), UntouchableTuple((leaf,))
table = UntouchableDict({Untouchable.__name__: leaf})
plain = {1: Untouchable(), "a": Proxy(), None: [Untouchable()]}
looped = []
looped.append(looped)
layer = Layer()
"""

FUNCTIONS = """
def globals_alone(x: float = 1.5):
    return layer(x) * leaf

def local(x: float = 1.5):
    here, there, what = Untouchable(), Proxy(), Odd
    several = [here, there], (here,), {"a": here}, UntouchableList([here])
    y = layer(x) * leaf
    return y

def default(x: float = 1.5, odd=Untouchable(), proxy=Proxy(), cls=Odd, numbers=UntouchableList([1.0, 2.0]), none=None,
            more=UntouchableTuple(("a", 1)), table=UntouchableDict(), words=UntouchableText("a"), looped=looped):
    return layer(x) * leaf

def annotated(x: Odd = 1.5, y: Untouchable() = 1.0, z: Proxy() = 2.0, w: list["("] = 3.0):
    return layer(x) * leaf + (y * z * w) * 0

def in_words(x: "float" = 1.5, u: "no.such.name" = 1.0, v: "1/0" = 1.0):
    return layer(x) * leaf + (u * v) * 0

def returned(x: float = 1.5):
    y = layer(x) * leaf
    return UntouchableDict({"loss": UntouchableList([UntouchableTuple((y,)), Untouchable(), Proxy(), None, looped])})

def passed(x: float = 1.5):
    y = torch.stack(UntouchableList([layer(x) * leaf])) if False else torch.stack([layer(x) * leaf])
    return y.sum()

def raising(x: float = 1.5):
    here, there, what = Untouchable(), Proxy(), Odd
    several = UntouchableList([here]), UntouchableDict({"a": here})
    y = layer(x) * leaf
    raise ValueError("on purpose")

class Callable:
    __bool__ = __len__ = __eq__ = __hash__ = __repr__ = __getattr__ = refuse("of the callable")
    def __call__(self, x: float = 1.5):
        return layer(x) * leaf

an_object = Callable()

def decorated():
    pass
decorated = torch.no_grad()(decorated)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hostile.py"
    path.write_text(ASKED + FUNCTIONS)
    return path


def run(file: Path, function: str) -> Snapshot:
    return evaluate(Request(1, f"{file}:{function}", origin="function"))


def asked(file: Path) -> list[str]:
    """What the objects were asked for, by whoever."""
    module = next(module for module in sys.modules.values() if getattr(module, "__file__", None) == str(file))
    found: list[str] = module.ASKED
    return found


@pytest.mark.parametrize(
    "function", ["globals_alone", "local", "default", "annotated", "in_words", "returned", "passed", "an_object"]
)
def test_the_value_and_the_gradients(file: Path, function: str) -> None:
    snapshot = run(file, function)
    assert snapshot.problem is None
    assert snapshot.variables["x"].grad.numbers == (3.0 * 2.0,)
    grads = {name: one.grad.numbers for name, one in snapshot.parameters.items() if one.grad is not None}
    assert grads["weight"] == (1.5 * 2.0,)
    assert grads["leaf"] == (1.5 * 3.0,)
    assert asked(file) == []


def test_where_it_raises(file: Path) -> None:
    snapshot = run(file, "raising")
    assert snapshot.problem is not None
    assert snapshot.problem.message.endswith("raised ValueError: on purpose")
    assert [node.name for node in snapshot.graph.nodes][:2] == ["MulBackward0", "MulBackward0"]
    assert asked(file) == []


@pytest.mark.parametrize("function", ["odd", "proxy", "cls", "held", "layer", "missing"])
def test_what_is_no_function(file: Path, function: str) -> None:
    problem = run(file, function).problem
    assert problem is not None
    assert problem.kind == "name"
    assert asked(file) == []


@pytest.mark.parametrize("several", [False, True])
def test_a_module_that_cannot_be_hashed(tmp_path: Path, several: bool) -> None:
    """torch itself cannot list its parameters."""
    path = tmp_path / "unhashable.py"
    more = "other = Layer()\n" if several else ""
    path.write_text(
        ASKED.replace("layer = Layer()", "layer = Unhashable()\n" + more) + "def f(x=1.5): return layer(x)\n"
    )
    snapshot = run(path, "f")
    assert snapshot.problem is None
    name = "layer.weight" if several else "weight"
    grad = snapshot.parameters[name].grad
    assert grad is not None
    assert grad.numbers == (1.5,)


class Asked:
    """Raises whatever it is asked."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(f"asked for {name}")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("asked whether it is equal")

    def __bool__(self) -> bool:
        raise RuntimeError("asked whether it is true")

    __hash__ = None  # type: ignore[assignment]


class Sized(nn.Linear):
    def __len__(self) -> int:
        raise TypeError("does not support len()")


def test_in_a_program_of_the_persons_own() -> None:
    """`capture` looks at the caller's local variables, and `trace` at the model."""
    here, there = Asked(), [Asked()]
    model = Sized(2, 1)
    with gradtui.trace(model) as trace:
        loss = model(torch.ones(2)).sum()
    for snapshot in (trace.capture(loss), gradtui.capture(loss, model=model), gradtui.capture(loss)):
        assert snapshot.problem is None
        assert "weight" in {name.rpartition(".")[2] for name in snapshot.parameters}
    assert here is not there[0]


def test_names_that_are_a_mapping_of_another_kind() -> None:
    class Names(dict[str, torch.Tensor]):
        def __bool__(self) -> bool:
            raise RuntimeError("asked whether it is true")

    w = torch.tensor(2.0, requires_grad=True)
    assert set(gradtui.capture(w * 3, names=Names(own=w)).parameters) == {"own"}


def test_an_output_that_holds_itself() -> None:
    w = torch.tensor(2.0, requires_grad=True)
    output: list[Any] = [w * 3]
    output.append(output)
    assert gradtui.capture(output).problem is None


LAZY = """
import sys, types

class Lazy(types.ModuleType):
    def __getattr__(self, name):
        raise RuntimeError(f"asked for {name}")

sys.modules["lazy_of_the_person"] = Lazy("lazy_of_the_person")
sys.modules["object_of_the_person"] = type("Any", (), {"__getattribute__": lambda self, name: 1 / 0})()
sys.modules["none_of_the_person"] = None
def f(x=1.5): return x * 2
"""


def test_what_stands_among_the_modules(tmp_path: Path, modules: None) -> None:
    path = tmp_path / "lazy.py"
    path.write_text(LAZY)
    assert run(path, "f").problem is None


@pytest.fixture
def modules() -> Iterator[None]:
    """Takes out again what the file puts in: pytest asks modules for more than gradtui does."""
    yield
    for name in ("lazy_of_the_person", "object_of_the_person", "none_of_the_person"):
        sys.modules.pop(name, None)


COMPILED = """
import torch
graphs = []
def backend(graph, _):
    graphs.append(graph)
    return graph.forward
class Soft(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(3))
    def forward(self, x):
        return torch.nn.functional.softplus(x * self.scale)
model = torch.compile(Soft(), backend=backend)
def loss(x: float = 1.0):
    y = model(torch.full((4, 3), 2.0)).mean() * x
    print("graphs", len(graphs), "frames", torch._dynamo.utils.counters["frames"]["total"])
    return y
"""


@pytest.mark.child
@pytest.mark.long
def test_a_compiled_module_at_the_top_of_a_file(tmp_path: Path) -> None:
    """As the command runs it: torch.compile says of itself that it has no length."""
    (tmp_path / "compiled.py").write_text(COMPILED)
    ran = subprocess.run(
        warm.gradtui("compiled.py:loss", "--json"), cwd=tmp_path, capture_output=True, text=True, check=True
    )
    answer = json.loads(ran.stdout)
    x = torch.full((4, 3), 2.0)
    scale = torch.ones(3, requires_grad=True)
    torch.nn.functional.softplus(x * scale).mean().backward()  # type: ignore[no-untyped-call]
    assert scale.grad is not None
    assert answer["parameters"]["_orig_mod.scale"]["grad"] == pytest.approx(scale.grad.tolist())
    assert answer["printed"] == "graphs 1 frames 1\n"
    assert answer["checks"]["x"]["differences"] is True
