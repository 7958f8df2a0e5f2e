"""Further derivatives of a file's function, against torch.autograd.functional and the same by hand."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.autograd.gradcheck import GradcheckError

from gradtui.engine.autograd import graph
from gradtui.engine.orders import hessian_and_jacobian
from gradtui.engine.user import rerun
from gradtui.engine.user.evaluate import evaluate
from gradtui.findings.findings import findings
from gradtui.graph.higher_orders import derivative_checks, picture
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Request, Snapshot
from gradtui.snapshot.orders import OrdersRequest

hessian: Any = torch.autograd.functional.hessian
jacobian: Any = torch.autograd.functional.jacobian

CODE = """
import torch

def f(x=1.5, w=0.5):
    return torch.sin(x) * torch.exp(w * x)

def mixed(x=[1.0, 2.0, 0.5]):
    return (x ** 3).sum() * x[0]

def several(x=[1.0, 2.0, 0.5]):
    return torch.softmax(x, 0)

def inner(w=0.5):
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 3.0])
    (slope,) = torch.autograd.grad(((w * x - y) ** 2).mean(), w, create_graph=True)
    return (((w - 0.1 * slope) * x - y) ** 2).mean()

def forgotten(w=0.5):
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 3.0])
    (slope,) = torch.autograd.grad(((w * x - y) ** 2).mean(), w)
    return (((w - 0.1 * slope) * x - y) ** 2).mean()

def freed(w=0.5):
    y = torch.exp(w)
    (slope,) = torch.autograd.grad(y, w)
    return y * slope

class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x.detach() ** 2

def cut(x=1.5):
    return 2 * Cube.apply(x)

class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        return 3 * g * ctx.saved_tensors[0] ** 2

def once(x=1.5):
    return Once.apply(x) ** 2

def once_and_more(x=1.5):
    return Once.apply(x) + x ** 2

net = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1)).double()

def straight(x=[0.5, 1.0]):
    return net(x).sum()

def penalty():
    x = torch.ones(3, 2, dtype=torch.float64, requires_grad=True)
    out = net(x)
    (slope,) = torch.autograd.grad(out.sum(), x, create_graph=True)
    return out.mean() + (slope.norm(dim=1) - 1).pow(2).mean()

def nothing():
    return torch.ones(2).sum()

torch.manual_seed(1)
soft = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
points = torch.tensor([[1.0, 2.0], [0.5, -1.0], [-1.0, 0.25]], dtype=torch.float64)

def loss():
    return (soft(points) ** 2).mean()

def matrix(W=[[1.0, 2.0], [3.0, 4.0]]):
    return (W @ W @ W).sum()

def turned(x=1.5):
    return torch.complex(x, x ** 2)
"""


@pytest.fixture(autouse=True)
def all_the_time_in_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rerun, "HIGHER", 60.0)
    monkeypatch.setattr(rerun, "DIFFERENCES", 60.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.py"
    path.write_text(CODE, encoding="utf-8")
    return path


def asked(
    path: Path, name: str, most: int = 2, curve: CurveRequest | None = None, along: str | None = None
) -> Snapshot:
    orders = OrdersRequest(most, along)
    return evaluate(Request(1, f"{path}:{name}", dtype="float64", origin="function", orders=orders, curve=curve))


def test_two_variables(path: Path) -> None:
    snapshot = asked(path, "f", 4, CurveRequest("x", (0.0, 2.0), 5, order=2))
    orders = snapshot.orders
    assert orders is not None

    def f(at: torch.Tensor) -> torch.Tensor:
        return torch.sin(at[0]) * torch.exp(at[1] * at[0])

    at = torch.tensor([1.5, 0.5], dtype=torch.float64)
    assert orders.hessian is not None
    assert orders.hessian.names == ("x", "w")
    assert orders.hessian.matrix == pytest.approx(hessian(f, at).numpy(), rel=1e-12)
    for order in (2, 3, 4):
        for check in derivative_checks(snapshot, order).values():
            assert (check.autograd, check.calculus, check.differences) == (True, None, True), (order, check)
    assert snapshot.curve is not None
    (second,) = snapshot.curve.higher
    place = torch.tensor([snapshot.curve.x[1], 0.5], dtype=torch.float64)
    assert second[1] == pytest.approx(hessian(f, place)[0, 0].item(), rel=1e-12)


def test_the_graph_of_the_gradient(path: Path) -> None:
    """torch's own walk from grad.grad_fn; of what the function made the value, the line and the place are those of its graph."""
    snapshot = asked(path, "f", along="x")
    x, w = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (1.5, 0.5))
    (slope,) = torch.autograd.grad(torch.sin(x) * torch.exp(w * x), x, create_graph=True)
    wanted = [graph.short(node.name()) for node in graph.walk(graph.root(slope)) if graph.sequence(node) is not None]
    shown = picture(snapshot, 2)
    newest = sorted(shown.graph.nodes, key=lambda node: -1 if node.sequence is None else -node.sequence)
    assert [node.name for node in newest if node.sequence is not None] == wanted
    first = {node.source for node in snapshot.graph.nodes}
    assert {node.source for node in shown.graph.nodes} <= first
    assert all(node.note and node.made_by is not None for node in shown.graph.nodes if node.order)
    assert shown.graph.derivative == 1


def test_a_vector(path: Path) -> None:
    snapshot = asked(path, "mixed")
    at = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)
    wanted = hessian(lambda x: (x**3).sum() * x[0], at)
    assert snapshot.orders is not None
    assert snapshot.orders.orders[1].values["x"].numbers == pytest.approx(tuple(wanted.diag().tolist()), rel=1e-12)
    told = asked(path, "several").orders
    assert told is not None
    assert told.jacobian["x"].rows == pytest.approx(jacobian(lambda x: torch.softmax(x, 0), at).numpy(), rel=1e-12)


def test_behind_a_gradient_of_its_own(path: Path) -> None:
    """What gradtui's pass made is of an order above what the function's own passes made."""
    snapshot = asked(path, "inner")
    assert snapshot.orders is not None
    assert snapshot.orders.orders[1].values["w"].numbers == pytest.approx((1.25,))
    assert {node.order for node in snapshot.graph.nodes} == {0, 1}
    assert {node.order for node in snapshot.orders.orders[1].graph.nodes} == {0, 1, 2}


def whole_hessian() -> tuple[list[str], torch.Tensor]:
    """Names and Hessian of `loss` in CODE, by torch.autograd.functional over the parameters put end to end."""
    torch.manual_seed(1)
    soft = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
    points = torch.tensor([[1.0, 2.0], [0.5, -1.0], [-1.0, 0.25]], dtype=torch.float64)
    known = dict(soft.named_parameters())
    flat = torch.cat([one.detach().reshape(-1) for one in known.values()])

    def f(at: torch.Tensor) -> torch.Tensor:
        parts = at.split_with_sizes([one.numel() for one in known.values()])
        given = {name: part.reshape(one.shape) for (name, one), part in zip(known.items(), parts, strict=True)}
        told: torch.Tensor = torch.func.functional_call(soft, given, (points,))
        return (told**2).mean()

    return [name for name, one in known.items() for _ in range(one.numel())], hessian(f, flat)


def test_by_the_parameters_of_a_module(path: Path) -> None:
    """Where a function has no variable: gradient, second derivatives, graph and Hessian by its parameters."""
    snapshot = asked(path, "loss")
    assert snapshot.orders is not None
    first, second = snapshot.orders.orders
    assert {name: one.numbers for name, one in first.values.items()} == {
        name: one.grad.numbers
        for name, one in snapshot.parameters.items()
        if one.grad is not None and name in first.values
    }
    names, wanted = whole_hessian()
    told = snapshot.orders.hessian
    assert told is not None
    assert told.names[:3] == ("soft.0.weight[0,0]", "soft.0.weight[0,1]", "soft.0.weight[1,0]")
    assert [name.partition("[")[0].removeprefix("soft.") for name in told.names] == names
    assert told.matrix == pytest.approx(wanted.numpy(), rel=1e-9, abs=1e-12)
    assert told.eigenvalues == pytest.approx(torch.linalg.eigvalsh(wanted).tolist(), rel=1e-9, abs=1e-12)
    diagonal = [one for name in first.values for one in second.values[name].numbers]
    assert diagonal == pytest.approx(wanted.diag().tolist(), rel=1e-9)
    assert second.graph.nodes
    assert snapshot.orders.taylor == ()


@pytest.mark.parametrize("most", [150, 10])
def test_a_hessian_too_large_is_told_by_its_ends(path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """From products with it alone; 169 entries are too many, or 13 names already."""
    monkeypatch.setattr(hessian_and_jacobian, "MOST_NUMBERS", most)
    names, wanted = whole_hessian()
    orders = asked(path, "loss").orders
    assert orders is not None
    assert orders.hessian is not None
    told = orders.hessian.spectrum
    values, vectors = torch.linalg.eigh(wanted)
    assert told is not None
    assert told.settled
    ends = values[[0, -1]].tolist()
    assert told.size == 13
    assert (told.lowest, told.highest) == pytest.approx(ends, abs=0.01 * max(map(abs, ends)))
    share = sum(part**2 for name, part in zip(names, vectors[:, -1].tolist(), strict=True) if name == "0.weight")
    assert told.shares["soft.0.weight"] == pytest.approx(share, abs=0.02)
    assert len(orders.hessian.matrix) == (1 if most > 13 else 0)
    assert not orders.hessian.eigenvalues


def test_by_a_matrix(path: Path) -> None:
    at = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
    wanted = hessian(lambda w: (w @ w @ w).sum(), at).reshape(4, 4)
    orders = asked(path, "matrix", 3).orders
    assert orders is not None
    assert orders.hessian is not None
    assert orders.hessian.matrix == pytest.approx(wanted.numpy())
    assert orders.orders[1].values["W"].shape == (2, 2)
    assert orders.orders[1].values["W"].numbers == pytest.approx(wanted.diag().tolist())


WHY = {
    "forgotten": [("no_grad", "proved")],
    "freed": [("freed", "proved")],
    "cut": [("detached", "likely")],
    "once": [("not_differentiable", "proved")],
    "once_and_more": [("detached", "likely")],
    "straight": [("flat", "proved")],
    "penalty": [("flat", "perhaps")],
    "f": [],
    "inner": [],
}


@pytest.mark.parametrize("name", WHY)
def test_why(path: Path, name: str) -> None:
    found = findings(asked(path, name))
    assert [(one.kind, one.certainty) for one in found] == WHY[name]
    assert all(one.source is not None or one.node is not None for one in found)


def test_what_gradgradcheck_refuses_gets_no_tick(path: Path) -> None:
    """The same autograd.Function, whose backward leaves its graph: torch says so of it, and the check of f'' does."""
    cut = runpy.run_path(str(path))["cut"]
    with pytest.raises(GradcheckError):
        torch.autograd.gradgradcheck(cut, [torch.tensor(1.5, dtype=torch.float64, requires_grad=True)])
    check = derivative_checks(asked(path, "cut"), 2)["x"]
    assert (check.autograd, check.differences) == (False, True)


@pytest.mark.parametrize("name", ["nothing", "turned"])
def test_what_cannot_be_differentiated_again_is_noted(path: Path, name: str) -> None:
    snapshot = asked(path, name)
    assert snapshot.problem is None
    assert snapshot.orders is None
    assert any("again" in note.text for note in snapshot.notes)
