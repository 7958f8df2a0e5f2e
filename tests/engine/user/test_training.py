"""Updates of a file's parameters, against the same file trained by torch alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from gradtui.engine.user import training
from gradtui.engine.user.evaluate import evaluate
from gradtui.report.text import report
from gradtui.snapshot.model import Request, Snapshot
from gradtui.snapshot.training import Leg, TrainingRequest, Update
from gradtui.training.history import is_still
from gradtui.training.optimizer_text import read_optimizer

CODE = """
import torch

torch.manual_seed(3)
encoder = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.BatchNorm1d(5), torch.nn.Dropout(0.3))
head = torch.nn.Linear(5, 1)
shift = torch.zeros(2, requires_grad=True)
frozen = torch.nn.Parameter(torch.ones(1), requires_grad=False)

def loss(scale: float = 1.0):
    x = torch.randn(8, 3)
    return ((head(encoder(x)).squeeze() * scale - x.sum(1)) ** 2).mean() + (shift - frozen).pow(2).sum()

def fresh(x: float):
    return torch.nn.Linear(1, 1)(torch.ones(1)).sum() * x
"""
NAMES = [
    *("encoder.0.weight", "encoder.0.bias", "encoder.1.weight", "encoder.1.bias"),
    *("head.weight", "head.bias", "shift"),
]


@pytest.fixture(autouse=True)
def all_the_time_in_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SECONDS", 60.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.py"
    path.write_text(CODE, encoding="utf-8")
    return path


def run(path: Path, legs: list[tuple[int, str]], update: int = 0, count: int = 1, **more: Any) -> Snapshot:
    made = tuple(Leg(number, read_optimizer(text)) for number, text in legs)
    asked = TrainingRequest(made[-1].optimizer, more.pop("trained", ()), update, count, legs=made)
    return evaluate(Request(1, f"{path}:{more.pop('name', 'loss')}", origin="function", training=asked))


def updates(path: Path, *asked: Any, **more: Any) -> tuple[Update, ...]:
    snapshot = run(path, *asked, **more)
    assert snapshot.problem is None
    assert snapshot.training is not None
    made = snapshot.training.updates
    assert snapshot.value is not None
    assert snapshot.value.numbers[0] == made[0].value  # the graph that is shown is that of the first update
    return made


def by_torch(legs: list[tuple[int, str]], count: int, names: list[str] = NAMES) -> list[tuple[float, list[Any]]]:
    """The loss of each update, and of each parameter the norms of gradient, weight and change."""
    torch.manual_seed(0)
    code: dict[str, Any] = {}
    exec(CODE, code)  # noqa: S102
    model = torch.nn.ModuleDict({"encoder": code["encoder"], "head": code["head"]})
    every = {**dict(model.named_parameters()), "shift": code["shift"]}
    parameters = [every[name] for name in names]
    real: Any = None
    found = []
    for number in range(count):
        chosen = dict(legs).get(number)
        if chosen is not None:
            optimizer = read_optimizer(chosen)
            new = getattr(torch.optim, optimizer.name)(parameters, **optimizer.settings)
            if type(new) is type(real):
                real.param_groups[0]["lr"] = optimizer.settings["lr"]
            else:
                real = new
        before = [parameter.detach().clone() for parameter in parameters]

        values: list[Any] = []
        real.step(partial(closure, real, code["loss"], parameters, values))
        norms = [
            (grad, float(old.double().norm()), float((new.detach() - old).double().norm()))
            for grad, old, new in zip(values[0][1], before, parameters, strict=True)
        ]
        found.append((values[0][0], norms))
    return found


def closure(real: Any, loss_of: Any, parameters: list[Any], values: list[Any]) -> torch.Tensor:
    real.zero_grad()
    loss: torch.Tensor = loss_of()
    loss.backward()  # type: ignore[no-untyped-call]
    values.append((loss.item(), [float(one.grad.double().norm()) for one in parameters]))
    return loss


def same(made: tuple[Update, ...], expected: list[tuple[float, list[Any]]]) -> None:
    assert len(made) == len(expected)
    for update, (value, norms) in zip(made, expected, strict=True):
        assert update.value == value
        for one, other in zip(update.norms, norms, strict=True):
            assert (one.grad, one.weight, one.change) == pytest.approx(other, rel=1e-12, abs=1e-15)


@pytest.mark.long
@pytest.mark.parametrize("text", ["Adam(lr=0.01)", "LBFGS(max_iter=3)"])
def test_each_update_is_torchs(path: Path, text: str) -> None:
    """Dropout and the rows of a batch are drawn anew at each, and a norm's running mean goes on."""
    legs = [(0, text)]
    expected = by_torch(legs, 4)
    same(updates(path, legs, 0, 4), expected)
    same(updates(path, legs, 3, 1), expected[3:])
    same(updates(path, legs, 1, 1), expected[1:2])


@pytest.mark.long
def test_another_rate_goes_on_and_another_optimizer_begins_anew(path: Path) -> None:
    legs = [(0, "Adam(lr=0.01)"), (2, "Adam(lr=0.1)"), (4, "SGD(lr=0.05, momentum=0.9)")]
    updates(path, legs[:1], 0, 4)
    same(updates(path, legs, 4, 3), by_torch(legs, 7)[4:])
    same(updates(path, legs[:1], 0, 6), by_torch(legs[:1], 6))


@pytest.mark.long
def test_what_is_let_go_is_made_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "MOST_BYTES", 1)
    monkeypatch.setattr(training, "RECENT", 4)
    legs = [(0, "Adam(lr=0.01)")]
    expected = by_torch(legs, 12)
    same(updates(path, legs, 0, 12), expected)
    for number in (7, 1, 11, 4):
        same(updates(path, legs, number), expected[number : number + 1])


@pytest.mark.long
def test_modules_and_parameters_by_name(path: Path) -> None:
    legs = [(0, "SGD(lr=0.1)")]
    snapshot = run(path, legs, 0, 2, trained=("head", "encoder.1.bias"))
    assert snapshot.training is not None
    assert snapshot.training.trained == ("encoder.1.bias", "head.weight", "head.bias")
    assert {*snapshot.training.trained} <= {*snapshot.parameters}
    same(snapshot.training.updates, by_torch(legs, 2, [*snapshot.training.trained]))


@pytest.mark.long
def test_a_file_that_is_saved_begins_anew(path: Path) -> None:
    legs = [(0, "SGD(lr=0.1)")]
    first = updates(path, legs, 0, 3)
    path.write_text(CODE + "\n", encoding="utf-8")
    assert updates(path, legs, 0, 3) == first
    without = evaluate(Request(2, f"{path}:loss", origin="function")).value
    assert without is not None
    assert without.numbers[0] == first[0].value


@pytest.mark.parametrize(("more", "kind"), [({"trained": ("nothing",)}, "name"), ({"trained": ("frozen",)}, "name")])
def test_what_does_not_move_is_said(path: Path, more: dict[str, Any], kind: str) -> None:
    problem = run(path, [(0, "SGD(lr=0.1)")], **more).problem
    assert problem is not None
    assert problem.kind == kind
    assert "head.weight" in problem.hint or "encoder" in problem.hint


def test_a_file_of_which_nothing_can_move(tmp_path: Path) -> None:
    path = tmp_path / "plain.py"
    path.write_text("import torch\ndef loss():\n    return torch.ones(2).sum()\n", encoding="utf-8")
    problem = run(path, [(0, "SGD(lr=0.1)")]).problem
    assert problem is not None
    assert problem.kind == "domain"
    assert problem.hint


PLAIN = """
import torch

scale = torch.tensor(2.0, requires_grad=True)

def rosenbrock(x: float = -1.5, y: float = 2.0, n: int = 2):
    return (1 - x) ** n + 100 * (y - x ** 2) ** 2

def scaled(v=(1.0, 2.0, 3.0)):
    return (v * scale - 1).pow(2).sum()
"""


def moved(made: tuple[Update, ...], name: str) -> list[tuple[Any, Any, Any]]:
    return [(one.variables[name].value, one.variables[name].grad, one.variables[name].after) for one in made]


@pytest.mark.parametrize("text", ["Adam(lr=0.1)", "SGD(lr=0.001, momentum=0.9)", "LBFGS(max_iter=4)"])
def test_the_arguments_of_a_function_without_parameters(tmp_path: Path, text: str) -> None:
    """Against torch.optim; a later update is what it was, and one that begins elsewhere goes on from there."""
    path = tmp_path / "plain.py"
    path.write_text(PLAIN, encoding="utf-8")
    optimizer = read_optimizer(text)
    starts: dict[int, dict[str, Any]] = {0: {"x": 0.5}, 3: {"x": 1.25, "y": 2.5}}
    legs = tuple(Leg(number, optimizer, at) for number, at in starts.items())

    def asked(legs: tuple[Leg, ...], update: int, count: int) -> tuple[Update, ...]:
        wanted = TrainingRequest(optimizer, (), update, count, legs=legs)
        snapshot = evaluate(
            Request(1, f"{path}:rosenbrock", dict(legs[-1].at), "float64", origin="function", training=wanted)
        )
        assert snapshot.training is not None
        assert (snapshot.training.trained, snapshot.training.arguments) == (("x", "y"), ("x", "y"))
        assert snapshot.value is not None
        assert snapshot.value.numbers[0] == snapshot.training.updates[0].value
        return snapshot.training.updates

    x, y = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (0.5, 2.0))
    real = getattr(torch.optim, optimizer.name)([x, y], **optimizer.settings)
    expected: dict[str, list[Any]] = {"x": [], "y": []}
    for number in range(5):
        if number == 3:
            with torch.no_grad():
                x.fill_(1.25)
                y.fill_(2.5)
        before = [(one.item()) for one in (x, y)]
        grads: list[Any] = []

        def again(grads: list[Any] = grads) -> torch.Tensor:
            real.zero_grad()
            loss: torch.Tensor = (1 - x) ** 2 + 100 * (y - x**2) ** 2
            loss.backward()  # type: ignore[no-untyped-call]
            grads.append([one.grad.item() for one in (x, y)])  # type: ignore[union-attr]
            return loss

        real.step(again)
        for name, place, old, grad in zip("xy", (x, y), before, grads[0], strict=True):
            expected[name].append(pytest.approx((old, grad, place.item()), rel=1e-12, abs=1e-15))
    first = asked(legs[:1], 0, 4)
    made = (*first[:3], *asked(legs, 3, 2))
    assert moved(made, "x") == expected["x"]
    assert moved(made, "y") == expected["y"]
    assert moved(asked(legs, 4, 1), "x") == expected["x"][4:]
    assert moved(asked(legs[:1], 2, 1), "y") == expected["y"][2:3]


def test_arguments_beside_leaves_of_the_file(tmp_path: Path) -> None:
    """By name what is named; all leaves where f depends on one; the arguments where it does not."""
    path = tmp_path / "plain.py"
    path.write_text(PLAIN, encoding="utf-8")
    found = {}
    for name, trained in (("scaled", ()), ("scaled", ("v",)), ("scaled", ("scale", "v")), ("rosenbrock", ())):
        snapshot = run(path, [(0, "SGD(lr=0.01)")], 0, 2, name=name, trained=trained)
        assert snapshot.training is not None
        found[name, trained] = snapshot.training.trained
    assert found == {
        ("scaled", ()): ("scale",),
        ("scaled", ("v",)): ("v",),
        ("scaled", ("scale", "v")): ("scale", "v"),
        ("rosenbrock", ()): ("x", "y"),
    }
    both = updates(path, [(0, "SGD(lr=0.01)")], 1, 1, name="scaled", trained=("scale", "v"))
    v, scale = (torch.tensor(value, requires_grad=True) for value in ([1.0, 2.0, 3.0], 2.0))
    real = torch.optim.SGD([scale, v], lr=0.01)
    for _ in range(2):
        real.zero_grad()
        loss = (v * scale - 1).pow(2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        real.step()
    assert both[0].variables["v"].after == tuple(v.tolist())
    assert both[0].variables["scale"].after == scale.item()


def test_the_parameters_of_the_object_whose_method_it_is(tmp_path: Path) -> None:
    path = tmp_path / "plain.py"
    code = "import torch\nclass Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    code += "        self.part = torch.nn.Linear(2, 1)\n    def loss(self):\n        x = torch.ones(3, 2)\n"
    code += "        return self.part(x).pow(2).mean()\n"
    path.write_text(code, encoding="utf-8")
    snapshot = run(path, [(0, "SGD(lr=0.1)")], 0, 3, name="Net.loss")
    assert snapshot.problem is None
    assert snapshot.training is not None
    assert snapshot.training.trained == ("part.weight", "part.bias")
    values = [update.value for update in snapshot.training.updates]
    assert values == sorted(values, reverse=True)


WIDE = """
import torch
torch.manual_seed(3)
layer = torch.nn.Linear(9, 30)
leaf = torch.randn(40, requires_grad=True)
rows = torch.randn(5, 9)

def layers():
    return torch.nn.functional.silu(layer(rows)).square().mean()

def leaves():
    return (leaf * torch.arange(40)).square().mean()

def beside(x: torch.Tensor):
    return (layer(rows) * x).square().mean()
"""


@pytest.mark.parametrize(
    ("name", "trained", "at"),
    [
        ("layers", ("weight", "bias"), {}),
        ("layers", ("weight",), {}),
        ("leaves", ("leaf",), {}),
        ("beside", ("weight", "x"), {"x": 2.0}),
    ],
)
def test_where_none_is_small_all_are_told_by_norms(
    name: str, trained: tuple[str, ...], at: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "model.py"
    path.write_text(WIDE, encoding="utf-8")
    leg = Leg(0, read_optimizer("SGD(lr=0.1)"), at)
    asked = TrainingRequest(leg.optimizer, trained, legs=(leg,))
    snapshot = evaluate(Request(1, f"{path}:{name}", at, origin="function", training=asked))
    assert snapshot.training is not None, snapshot.problem
    told = snapshot.training
    code: dict[str, Any] = {}
    exec(WIDE, code)  # noqa: S102
    arguments = {key: torch.tensor(value, requires_grad=True) for key, value in at.items()}
    code[name](**arguments).backward()
    every = {"weight": code["layer"].weight, "bias": code["layer"].bias, "leaf": code["leaf"], **arguments}
    wanted = [
        (float(every[one].grad.norm()), float(every[one].detach().norm()), 0.1 * float(every[one].grad.norm()))
        for one in told.trained
    ]
    assert {*told.trained} == {*trained}
    assert told.updates[0].variables.keys() == arguments.keys()
    found = [(one.grad, one.weight, one.change) for one in told.updates[0].norms]
    assert found == [pytest.approx(one, rel=1e-4) for one in wanted]
    assert not is_still(told.updates[0])
    assert "nothing moves" not in report(snapshot)
