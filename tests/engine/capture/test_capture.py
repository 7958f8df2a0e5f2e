"""The graph of user code: torch's own names, edges and gradients, and nothing different afterwards."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from torch import nn
from torch.nn import functional

import gradtui
from gradtui.engine.tensors.values import values_of
from tests.engine import oracle


def same_as_torch(snapshot: gradtui.Snapshot, output: torch.Tensor) -> None:
    """Small tensors only: all numbers are compared. Runs the output's own backward()."""
    assert snapshot.problem is None
    assert oracle.ours(snapshot.graph) == oracle.ran(output)


def model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(2, 3), nn.ReLU(), nn.Sequential(nn.Linear(3, 2, bias=False), nn.Tanh()), nn.Linear(2, 1)
    )


CASES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "broadcast": lambda x, w: (x * w[:1] + w.sum()).sum(),
    "shared": lambda x, w: (x * x + x).sum() * w.mean(),
    "view": lambda x, w: (x.view(1, 2).t() @ w.view(2, 1).t()).sum(),
    "in place": lambda x, w: (x * 2).add_(w).mul_(3).sum(),
    "in place on a view": lambda x, w: _written(x * 2, w).sum(),
    "split": lambda x, w: torch.split(torch.cat([x, w]), 2)[1].prod(),
    "vector": lambda x, w: x * w,
    "one output of several": lambda x, w: torch.stack([x, w]).max(0).values.unbind()[1] * 2,
    "leaf twice": lambda x, w: torch.stack([x, x]),
}


def _written(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    x[:1] = w[1:]
    return x


@pytest.mark.parametrize("case", CASES)
def test_same_as_torch(case: str) -> None:
    x, w = torch.tensor([0.3, -1.2], requires_grad=True), torch.tensor([0.5, 2.0], requires_grad=True)
    output = CASES[case](x, w)
    snapshot = gradtui.capture(output, names={"x": x, "w": w})
    assert x.grad is w.grad is None
    same_as_torch(snapshot, output)
    for name, leaf in (("x", x), ("w", w)):
        grad = snapshot.parameters[name].grad
        assert oracle.values(grad) == oracle.numbers(leaf.grad)
        assert snapshot.parameters[name].value == values_of(leaf)


def test_a_leaf_as_output() -> None:
    x = torch.ones(2, requires_grad=True)
    snapshot = gradtui.capture(x)
    assert [(node.name, node.variable, node.step) for node in snapshot.graph.nodes] == [("AccumulateGrad", "x", 0)]
    assert oracle.values(snapshot.parameters["x"].grad) == (1.0, 1.0)
    assert x.grad is None


def test_parameters_of_a_model() -> None:
    net = model()
    unused = nn.Linear(1, 1)
    net.add_module("unused", unused)
    net[0].bias.requires_grad_(False)
    loss = net[:4](torch.ones(4, 2)).mean()
    snapshot = gradtui.capture(loss, model=net)
    assert list(snapshot.parameters) == [name for name, _ in net.named_parameters()]
    loss.backward()
    for name, parameter in net.named_parameters():
        told = snapshot.parameters[name]
        assert oracle.values(told.grad) == oracle.numbers(parameter.grad)
        assert (told.node is None) == (parameter.grad is None)
        assert told.requires_grad == parameter.requires_grad
        if told.node is not None:
            assert snapshot.graph.nodes[told.node].variable == name
    assert {path: module.kind for path, module in snapshot.modules.items()} == {
        path: type(module).__name__ for path, module in net.named_modules()
    }
    assert snapshot.parameters["0.weight"].grad.norm > 0  # type: ignore[union-attr, operator]


def test_modules_are_inferred() -> None:
    net = model()
    snapshot = gradtui.capture(net(torch.ones(4, 2)).mean(), model=net)
    places = [(node.name, node.module) for node in snapshot.graph.nodes if node.name != "AccumulateGrad"]
    assert places == [
        ("MeanBackward0", ""),
        ("AddmmBackward0", "3"),
        ("TBackward0", "3"),
        ("TanhBackward0", ""),
        ("MmBackward0", "2.0"),
        ("TBackward0", "2.0"),
        ("ReluBackward0", ""),
        ("AddmmBackward0", "0"),
        ("TBackward0", "0"),
    ]


def test_names_of_local_variables() -> None:
    weight = torch.ones(2, requires_grad=True)
    net = nn.Linear(2, 1)
    held = {"key": torch.ones(1, requires_grad=True)}
    loss = (net(weight) * held["key"]).sum()
    snapshot = gradtui.capture(loss)
    assert snapshot.expression == "loss"
    assert set(snapshot.parameters) == {"weight", "net.weight", "net.bias", "leaf 1"}


@pytest.mark.long
def test_nothing_is_kept_of_the_caller() -> None:
    """A frame keeps the copy that was read of its variables, in Python before 3.13."""
    x = torch.ones(3, requires_grad=True)
    hidden = x * 2
    seen = weakref.ref(hidden)
    gradtui.capture(hidden.sum())
    del hidden
    gc.collect()
    assert seen() is None


def test_what_the_caller_has_of_its_variables_stays() -> None:
    x = torch.ones(3, requires_grad=True)
    variables = locals()
    gradtui.capture((x * 2).sum())
    assert variables["x"] is x


def test_names_come_first_and_any_tensor_has_one() -> None:
    net = nn.Linear(2, 1)
    hidden = net(torch.ones(2))
    snapshot = gradtui.capture(hidden.exp().sum(), names={"w": net.weight, "hidden": hidden}, model=net)
    assert set(snapshot.parameters) == {"w", "hidden", "bias"}
    told = snapshot.parameters["hidden"]
    assert told.node is not None
    assert snapshot.graph.nodes[told.node].name in ("ViewBackward0", "UnsafeViewBackward0"), "the second from 2.15 on"
    assert oracle.values(told.grad) == oracle.numbers(hidden.detach().exp())


def test_what_is_no_tensor() -> None:
    x = torch.ones(1, requires_grad=True)
    for wrong, hint in [
        (lambda: gradtui.capture(3.0), "float"),
        (lambda: gradtui.capture({"a": [None]}), "dict"),
        (lambda: gradtui.capture(x, names={"x": 3}), "names\\['x'\\]"),  # type: ignore[dict-item]
        (lambda: gradtui.capture(x, model=torch.sin), "builtin"),  # type: ignore[arg-type]
    ]:
        with pytest.raises(TypeError, match=hint):
            wrong()  # type: ignore[no-untyped-call]


def state(net: nn.Module, leaves: list[nn.Parameter]) -> Any:
    return (
        [(leaf.grad, leaf.requires_grad, leaf._version, dict(leaf._backward_hooks or {})) for leaf in leaves],
        [leaf._backward_hooks is None for leaf in leaves],
        [(len(module._forward_hooks), len(module._forward_pre_hooks)) for module in net.modules()],
        torch.get_rng_state().tolist(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_anomaly_enabled(),
        torch.is_anomaly_check_nan_enabled(),
    )


@pytest.mark.parametrize(
    "mode", [torch.no_grad, torch.enable_grad, torch.inference_mode, torch.autograd.detect_anomaly]
)
@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_nothing_is_different_afterwards(mode: Callable[[], Any]) -> None:
    net = model()
    leaves = list(net.parameters())
    leaves[0].grad = torch.full_like(leaves[0], 7.0)
    called: list[str] = []
    leaves[1].register_hook(lambda grad: grad * 2)  # type: ignore[no-untyped-call]
    leaves[2].register_post_accumulate_grad_hook(lambda leaf: called.append("accumulated"))  # type: ignore[no-untyped-call]
    loss = net(torch.ones(4, 2)).log().sum() + 0 * (leaves[0].sum() * 0).sqrt()  # with nan on its way
    with mode():
        before = state(net, leaves)
        snapshot = gradtui.capture(loss, model=net)
        assert repr(state(net, leaves)) == repr(before)
    assert not called
    assert snapshot.problem is None
    leaves[0].grad = None
    loss.backward()
    assert called == ["accumulated"]
    for name, leaf in net.named_parameters():
        assert oracle.values(snapshot.parameters[name].grad) == oracle.numbers(leaf.grad)


def test_the_value_of_the_output_is_known_without_a_trace() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    first, second = x.unbind()
    snapshot = gradtui.capture([x * 3, second * 5, first])
    values = {node.name: node.value for node in snapshot.graph.nodes}
    assert snapshot.graph.nodes[snapshot.graph.roots[0]].value == values_of(x * 3)
    assert snapshot.graph.nodes[snapshot.graph.roots[1]].value == values_of(second * 5)
    assert values["UnbindBackward0"] == values_of(first)


def test_several_outputs() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    a, b, alone = x.sin(), x.exp(), torch.ones(1)
    snapshot = gradtui.capture({"a": a, "more": (b, [alone, None]), "again": a})
    assert len(snapshot.graph.roots) == 2
    assert {snapshot.graph.nodes[root].name for root in snapshot.graph.roots} == {"SinBackward0", "ExpBackward0"}
    (note,) = snapshot.notes
    assert note.kind == "vector"
    (a.sum() + b.sum()).backward()  # type: ignore[no-untyped-call]
    assert oracle.values(snapshot.parameters["x"].grad) == oracle.numbers(x.grad)
    assert snapshot.value is not None
    assert snapshot.value.numbers == pytest.approx([(a.sum() + b.sum()).item()])


def test_complex() -> None:
    z = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    output = z * z * 1j
    snapshot = gradtui.capture(output)
    assert "real parts" in snapshot.notes[0].text
    output.real.sum().backward()  # type: ignore[no-untyped-call]
    assert z.grad is not None
    told = snapshot.parameters["z"].grad
    assert told is not None
    assert told.shape == (2, 2)
    assert list(told.numbers) == torch.view_as_real(z.grad.resolve_conj()).reshape(-1).tolist()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_dtypes(dtype: torch.dtype) -> None:
    x = torch.linspace(-2, 2, 100, dtype=dtype).requires_grad_()
    snapshot = gradtui.capture((x * x).sum())
    grad = snapshot.parameters["x"].grad
    expected = 2 * x.detach().double()
    assert grad is not None
    assert grad.summary is not None
    assert grad.numbers == tuple(expected[:8].tolist())
    assert grad.norm == pytest.approx(expected.norm().item(), rel=1e-3)
    assert (grad.summary.min, grad.summary.max) == (-4, 4)


def test_sparse_embedding() -> None:
    layer, dense = nn.Embedding(50, 4, sparse=True), nn.Embedding(50, 4)
    dense.load_state_dict(layer.state_dict())
    rows = torch.tensor([7, 1, 7])
    factors = torch.arange(12.0).view(3, 4) - 5
    told = gradtui.capture((layer(rows) * factors).sum()).parameters["layer.weight"].grad
    expected = gradtui.capture((dense(rows) * factors).sum()).parameters["dense.weight"].grad
    assert told == expected
    assert told is not None
    assert told.summary is not None
    assert told.summary.zero == 192 + 2


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return cast(torch.Tensor, grads[0] * 3 * x**2)


def test_custom_function() -> None:
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    output = Cube.apply(x).sum()  # type: ignore[no-untyped-call]
    snapshot = gradtui.capture(output)
    assert "custom autograd.Function" in snapshot.graph.nodes[1].note
    same_as_torch(snapshot, output)


def test_no_graph() -> None:
    x = torch.ones(2, requires_grad=True)
    with torch.no_grad():
        under = x * 2
        assert "under no_grad" in message(under)
    with torch.inference_mode():
        inferred = x * 2
    frozen = nn.Linear(2, 1).requires_grad_(False)
    assert "detached" in message(under)
    assert "inference_mode" in message(inferred)
    assert "int64" in message(torch.tensor([1]))
    assert "no parameter" in message(frozen(torch.ones(2)), frozen)
    assert torch.func.grad(lambda t: (len(message(t * t)) > 80) * t)(torch.tensor(1.0)) == 1


def message(output: torch.Tensor, net: nn.Module | None = None) -> str:
    snapshot = gradtui.capture(output, model=net)
    assert snapshot.problem is not None
    assert snapshot.problem.hint
    assert not snapshot.graph.nodes
    assert list(snapshot.parameters) == ([name for name, _ in net.named_parameters()] if net else [])
    return snapshot.problem.message


def test_freed_graph() -> None:
    x = torch.ones(2, requires_grad=True)
    loss = (x * 2).exp().sum()
    loss.backward()  # type: ignore[no-untyped-call]
    snapshot = gradtui.capture(loss)
    assert snapshot.problem is not None
    assert "already" in snapshot.problem.message
    assert [node.name for node in snapshot.graph.nodes][:2] == ["SumBackward0", "ExpBackward0"]
    assert [node.step for node in snapshot.graph.nodes] == [0, None, None, None]


def test_changed_in_place() -> None:
    x = torch.ones(2, requires_grad=True)
    y = (x * 2).exp()
    loss = y.sum()
    y.add_(1)
    with gradtui.trace() as trace:
        z = (x * 2).exp()
        traced = z.sum()
        z.add_(1)
    for output, place in ((loss, None), (traced, "z.add_(1)")):
        problem = gradtui.capture(output).problem
        assert problem is not None
        assert "the output of Exp" in problem.message
        assert (problem.source.text if problem.source else None) == place
    assert trace.capture(traced).problem is not None


def test_a_backward_that_raises() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda grad: 1 / 0)  # type: ignore[no-untyped-call]
    problem = gradtui.capture(y.sum()).problem
    assert problem is not None
    assert "ZeroDivisionError: division by zero" in problem.message


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpoint(reentrant: bool) -> None:
    from torch.utils.checkpoint import checkpoint

    net = model()
    ran: list[int] = []
    net.register_forward_pre_hook(lambda *_: ran.append(1))
    x = torch.ones(3, 2, requires_grad=True)
    loss = (checkpoint(net, x, use_reentrant=reentrant) * 2).sum()
    snapshot = gradtui.capture(loss, model=net)
    assert snapshot.problem is None
    assert len(ran) == 2  # once by itself; backward needs it once more
    assert all(parameter.grad is None for parameter in net.parameters())
    assert not snapshot.notes
    assert any("checkpoint" in node.note for node in snapshot.graph.nodes) is reentrant
    loss.backward()
    for name, parameter in net.named_parameters():
        assert oracle.values(snapshot.parameters[name].grad) == oracle.numbers(parameter.grad)


def test_functional_is_traced_with_modules() -> None:
    net = model()
    with gradtui.trace(net):
        loss = functional.mse_loss(net(net(torch.ones(1, 2)).expand(1, 2)), torch.zeros(1, 1))
    snapshot = gradtui.capture(loss)
    assert {path: module.calls for path, module in snapshot.modules.items()} == {
        path: 2 for path, _ in net.named_modules()
    }
    addmm = [(node.module, node.call) for node in snapshot.graph.nodes if node.name == "AddmmBackward0"]
    assert addmm == [("3", 1), ("0", 1), ("3", 0), ("0", 0)]
    same_as_torch(snapshot, loss)


def test_a_parameter_has_the_name_of_its_module_and_not_of_what_a_loop_left() -> None:
    net = model()
    for p in net.parameters():
        nn.init.normal_(p)
    assert p is net[-1].bias
    every = list(net.parameters())
    snapshot = gradtui.capture(net(torch.ones(4, 2)).sum())
    assert [*snapshot.parameters] == [f"net.{name}" for name, _ in net.named_parameters()]
    assert len(every) == len(snapshot.parameters)
