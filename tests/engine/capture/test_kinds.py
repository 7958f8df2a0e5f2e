"""Graphs of tensors that are not plain: nested, meta, scripted. Right, or said not to be read; never a None that is none."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.testing._internal.two_tensor import TwoTensor

import gradtui
from gradtui.report import json as report_json
from gradtui.report import text

Forward = Callable[[], torch.Tensor]
Made = tuple[nn.Module, Forward, dict[str, torch.Tensor]]


@pytest.fixture(autouse=True)
def _prototypes() -> Iterator[None]:
    """torch warns of nested tensors, and of torch.jit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def rows(layout: torch.layout, width: int = 3, grad: bool = True) -> torch.Tensor:
    return torch.nested.nested_tensor([torch.randn(2, width), torch.randn(1, width)], layout=layout, requires_grad=grad)


def jagged() -> Made:
    model, x = nn.Sequential(nn.Linear(3, 2), nn.Tanh()), rows(torch.jagged)
    return model, lambda: model(x).sum(), {"x": x}


def jagged_values() -> Made:
    model, x = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.LayerNorm(2)), rows(torch.jagged)
    return model, lambda: model(x).values().pow(2).sum(), {"x": x}


def jagged_output() -> Made:
    model, x = nn.Sequential(nn.Linear(3, 2), nn.Tanh()), rows(torch.jagged)
    return model, lambda: model(x), {"x": x}


def jagged_attention() -> Made:
    """In it are nested tensors of the older kind."""
    model, x = nn.Linear(8, 8), rows(torch.jagged, 8, grad=False)

    def forward() -> torch.Tensor:
        heads = model(x).unflatten(-1, [2, 4]).transpose(1, 2)
        attended = nn.functional.scaled_dot_product_attention(heads, heads, heads)
        return attended.transpose(1, 2).flatten(-2).values().sum()

    return model, forward, {}


def nested() -> Made:
    model, x = nn.Linear(3, 2), rows(torch.strided)
    return model, lambda: torch.nested.to_padded_tensor(model(x), 0.0).pow(2).sum(), {"x": x}


def nested_output() -> Made:
    model, x = nn.Linear(3, 2), rows(torch.strided)
    return model, lambda: model(x), {"x": x}


def sparse() -> Made:
    model = nn.Embedding(5, 3, sparse=True)
    return model, lambda: model(torch.tensor([0, 3, 3])).pow(2).sum(), {}


def lazy() -> Made:
    model = nn.ModuleDict({"ran": nn.Linear(3, 2), "waits": nn.LazyLinear(2)})
    return model, lambda: model["ran"](torch.ones(4, 3)).sum(), {}


def meta() -> Made:
    model = nn.Sequential(nn.Linear(3, 2, device="meta"), nn.Tanh())
    return model, lambda: model(torch.empty(4, 3, device="meta")).sum(), {}


def fake() -> Made:
    with FakeTensorMode() as mode:
        model, x = nn.Sequential(nn.Linear(3, 2), nn.Tanh()), torch.empty(4, 3)

    def forward() -> torch.Tensor:
        with mode:
            total: torch.Tensor = model(x).sum()
            return total

    return model, forward, {}


def of_a_class() -> Made:
    model = nn.Linear(3, 2)
    pair = TwoTensor(model.weight.detach(), model.weight.detach())  # type: ignore[no-untyped-call]
    model.weight = nn.Parameter(pair)
    x = TwoTensor(torch.ones(4, 3), torch.ones(4, 3))  # type: ignore[no-untyped-call]
    return model, lambda: model(x).sum(), {}


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear, self.unused = nn.Linear(4, 4), nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.linear(x)) * 2


def scripted(runs: int, script: Callable[[nn.Module], nn.Module]) -> Made:
    """After some runs torch.jit puts what it has into nodes of its own."""
    model = nn.Sequential(script(Inner()), nn.Linear(4, 1))
    for _ in range(runs):
        model(torch.ones(3, 4)).sum().backward()
    model.zero_grad()
    return model, lambda: model(torch.ones(3, 4)).pow(2).mean(), {}


def traced_by_jit(model: nn.Module) -> nn.Module:
    return torch.jit.trace(model, torch.ones(3, 4))  # type: ignore[no-untyped-call, no-any-return]


READ: dict[str, Callable[[], Made]] = {
    "jagged": jagged,
    "jagged values": jagged_values,
    "jagged output": jagged_output,
    "jagged attention": jagged_attention,
    "nested": nested,
    "nested output": nested_output,
    "sparse": sparse,
    "lazy": lazy,
    "scripted": lambda: scripted(0, torch.jit.script),
    "scripted, ran before": lambda: scripted(3, torch.jit.script),
    "traced by jit": lambda: scripted(0, traced_by_jit),
    "traced by jit, ran before": lambda: scripted(3, traced_by_jit),
}
UNREAD: dict[str, tuple[Callable[[], Made], str]] = {
    "meta": (meta, "meta"),
    "fake": (fake, "meta"),
    "of a class": (of_a_class, "opaque"),
}


def captured(made: Made, watched: bool) -> tuple[torch.Tensor, gradtui.Snapshot]:
    model, forward, names = made
    if not watched:
        output = forward()
        return output, gradtui.capture(output, names=names, model=model)
    with gradtui.trace(model) as trace:
        output = forward()
    return output, trace.capture(output, names=names)


def numbers(grad: torch.Tensor) -> list[float]:
    """By torch: row by row, each row of a nested one after the other."""
    if grad.is_nested:
        return torch.cat([row.reshape(-1) for row in grad.unbind()]).tolist()
    return grad.to_dense().reshape(-1).tolist()


def backward(output: torch.Tensor) -> None:
    if output.is_nested and output.layout is torch.strided:
        output = output.values()
    output.sum().backward()  # type: ignore[no-untyped-call]


def everywhere(snapshot: gradtui.Snapshot, path: Any) -> None:
    """It can be saved, and every report can tell it."""
    snapshot.save(path / "snapshot.gradtui")
    assert gradtui.load(path / "snapshot.gradtui") == snapshot
    assert report_json.line(report_json.answer(snapshot))
    assert text.report(snapshot)


@pytest.mark.long
@pytest.mark.parametrize("watched", [False, True], ids=["captured", "traced"])
@pytest.mark.parametrize("kind", READ)
def test_gradients_are_torchs_own(kind: str, watched: bool, tmp_path: Any) -> None:
    torch.manual_seed(0)
    made = READ[kind]()
    output, snapshot = captured(made, watched)
    assert snapshot.problem is None
    assert snapshot.value is not None
    assert snapshot.value.unread is None
    everywhere(snapshot, tmp_path)
    backward(output)
    tensors = dict(made[0].named_parameters()) | made[2]
    assert list(snapshot.parameters) == [*made[2], *dict(made[0].named_parameters())]
    for name, tensor in tensors.items():
        told = snapshot.parameters[name].grad
        assert (told is None) == (tensor.grad is None), name
        if told is not None and tensor.grad is not None:
            whole = numbers(tensor.grad)
            assert list(told.numbers) == pytest.approx(whole[: len(told.numbers)], rel=1e-5, abs=1e-7), name
            assert told.norm == pytest.approx(torch.tensor(whole).norm().item(), rel=1e-5), name
            assert snapshot.parameters[name].node is not None


@pytest.mark.long
@pytest.mark.parametrize("watched", [False, True], ids=["captured", "traced"])
@pytest.mark.parametrize("kind", READ)
def test_nothing_is_wrong_but_what_is_unused(kind: str, watched: bool) -> None:
    """And of what runs without being seen nobody says that it never ran."""
    snapshot = captured(READ[kind](), watched)[1]
    unused = {finding.parameter for finding in snapshot.findings}
    assert unused == {name for name in ("0.unused.weight", "waits.weight") if name in snapshot.parameters}
    for path, module in snapshot.modules.items():
        if "Script" in module.kind or "Traced" in module.kind:
            assert module.calls is None, path
    assert {finding.kind for finding in snapshot.findings if finding.parameter == "0.unused.weight"} <= {"not_in_graph"}


@pytest.mark.parametrize("watched", [False, True], ids=["captured", "traced"])
@pytest.mark.parametrize("kind", UNREAD)
def test_a_gradient_that_cannot_be_read_is_there(kind: str, watched: bool, tmp_path: Any) -> None:
    make, reason = UNREAD[kind]
    made = make()
    output, snapshot = captured(made, watched)
    assert snapshot.problem is None
    everywhere(snapshot, tmp_path)
    output.backward()  # type: ignore[no-untyped-call]
    for name, parameter in made[0].named_parameters():
        assert parameter.grad is not None
        told = snapshot.parameters[name]
        assert told.grad is not None
        assert (told.grad.unread, told.grad.numbers) == (reason, ())
        assert told.grad.shape == tuple(parameter.shape)
        assert [finding.kind for finding in snapshot.why(name)] == ["unread"]
    assert snapshot.findings == ()
    assert [note.kind for note in snapshot.notes] == ["unread"]


def test_values_inside_a_nested_forward_are_known() -> None:
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(3, 2), nn.Tanh()), rows(torch.jagged)
    with gradtui.trace(model) as trace:
        hidden = model(x)
    snapshot = trace.capture(hidden.sum())
    node = next(node for node in snapshot.graph.nodes if node.name == "TanhBackward0")
    assert node.value is not None
    assert list(node.value.numbers) == pytest.approx(numbers(hidden))
    assert node.module == "1"


def test_a_nan_inside_a_nested_tensor_is_found_where_it_begins() -> None:
    x = torch.nested.nested_tensor(
        [torch.tensor([1.0, 4.0]), torch.tensor([0.0])], layout=torch.jagged, requires_grad=True
    )
    loss = (torch.sqrt(x) * 2).sum()
    snapshot = gradtui.capture(loss, names={"x": x})
    assert snapshot.parameters["x"].grad is not None
    assert [snapshot.graph.nodes[finding.node].name for finding in snapshot.findings if finding.node is not None] == [
        "SqrtBackward0"
    ]


def test_no_hook_stays_where_a_trace_cannot_begin() -> None:
    """Scripted modules take none: they are passed over, and all others are as before after the trace."""
    model = nn.Sequential(nn.Linear(4, 4), torch.jit.script(Inner()), nn.Linear(4, 1))
    with gradtui.trace(model) as trace:
        output = model(torch.ones(2, 4)).sum()
    modules = trace.capture(output).modules
    assert (modules["0"].calls, modules["1"].calls, modules["1.linear"].calls, modules["2"].calls) == (1, None, None, 1)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_a_scripted_piece_of_the_graph_says_so() -> None:
    made = scripted(3, torch.jit.script)
    nodes = captured(made, watched=True)[1].graph.nodes
    pieces = [node for node in nodes if node.name == "DifferentiableGraphBackward"]
    assert pieces
    assert all(node.note for node in pieces)


@pytest.mark.parametrize("names", [("first",), ("second",), ("first", "second")])
def test_outputs_of_one_node_have_gradients_of_their_own(names: tuple[str, ...]) -> None:
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    first, second = x.unbind()
    named = {name: {"first": first, "second": second}[name] for name in names}
    snapshot = gradtui.capture((second * 3).sum() + 0 * x.sum(), names=named)
    for name in names:
        grad = snapshot.parameters[name].grad
        if name == "second":
            assert grad is not None
            assert grad.numbers == (3.0, 3.0, 3.0)
        else:
            assert grad is None or set(grad.numbers) == {0.0}
