"""A storage that is gone, wherever a tensor of it is: the process goes on, nothing is made up, and it is said in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import gradtui
from gradtui.engine.autograd import graph
from gradtui.engine.autograd.saved import lost
from gradtui.snapshot.numbers import UNREAD
from tests.torch_version import sees_what_is_kept

GONE = UNREAD["freed"]
SIZES = (4, 3000, 1_000_000)
"""A tensor whose numbers are all told, one that is summarised with others, one that is read alone."""


def free(tensor: torch.Tensor, left: int = 0) -> None:
    tensor.untyped_storage().resize_(left)


def leaf(size: int) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(size, requires_grad=True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("part", [0.0, 0.5])
def test_a_parameter_whose_numbers_backward_does_not_need(size: int, part: float) -> None:
    """Its gradient is torch's own, and it says of itself that it is gone."""
    weight = leaf(size)
    loss = (weight * 2).sum()
    free(weight, int(part * 4 * size))
    snapshot = gradtui.capture(loss)
    told = snapshot.parameters["weight"]
    assert snapshot.problem is None
    assert told.value.unread == "freed"
    assert told.value.numbers == ()
    assert told.grad is not None
    assert set(told.grad.numbers) == {2.0}
    assert [(finding.kind, finding.parameter) for finding in snapshot.findings] == [("freed", "weight")]
    assert GONE in snapshot.findings[0].text
    assert [finding.kind for finding in snapshot.why("weight")] == ["freed"]


Case = Callable[[int], tuple[Any, dict[str, torch.Tensor]]]


def _saved_leaf(size: int) -> tuple[Any, dict[str, torch.Tensor]]:
    weight, x = leaf(size), leaf(size)
    loss = (weight * x).sum()
    free(weight)
    return loss, {"lost": weight, "x": x}


def _saved_view(size: int) -> tuple[Any, dict[str, torch.Tensor]]:
    weight = leaf(size)
    view = weight[1:]
    loss = view.pow(2).sum()
    free(weight)
    return loss, {"lost": weight}


def _saved_part(size: int) -> tuple[Any, dict[str, torch.Tensor]]:
    """The storage still holds its first half."""
    weight = leaf(size)
    loss = (weight * weight).sum()
    free(weight, 2 * size)
    return loss, {"lost": weight}


def _saved_activation(size: int) -> tuple[Any, dict[str, torch.Tensor]]:
    weight = leaf(size)
    hidden = weight * 2
    loss = (hidden * hidden).sum()
    free(hidden)
    return loss, {"lost": hidden, "weight": weight}


def _saved_result(size: int) -> tuple[Any, dict[str, torch.Tensor]]:
    weight = leaf(size)
    hidden = weight.exp()
    loss = hidden.sum()
    free(hidden)
    return loss, {"lost": hidden, "weight": weight}


def _saved_in_a_list(size: int) -> tuple[Any, dict[str, torch.Tensor]]:
    """A node on lists of tensors shows nothing of what it saved."""
    weight = leaf(size)
    several = [weight * factor for factor in (1, 2, 3)]
    loss = torch.stack(list(torch._foreach_mul(several, several))).sum()
    free(several[1])
    return loss, {"lost": several[1], "weight": weight}


def _saved_by_a_function(size: int) -> tuple[Any, dict[str, torch.Tensor]]:
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            return grads[0] * ctx.saved_tensors[0]

    weight = leaf(size)
    loss = Twice.apply(weight).sum()  # type: ignore[no-untyped-call]
    free(weight)
    return loss, {"lost": weight}


def _saved_by_a_module(size: int) -> tuple[Any, dict[str, torch.Tensor]]:
    first, last = nn.Linear(3, 3), nn.Linear(3, 1)
    loss = nn.Sequential(first, nn.Tanh(), last)(torch.randn(2, 3)).sum()
    free(last.weight)
    return loss, {"lost": last.weight, "first": first.weight}


def _saved_sparse(size: int) -> tuple[Any, dict[str, torch.Tensor]]:
    weight = torch.eye(4).to_sparse().requires_grad_()
    dense = leaf(4 * 2).detach().reshape(4, 2).requires_grad_()
    loss = torch.sparse.mm(weight, dense).sum()
    free(weight._values())
    return loss, {"lost": weight, "dense": dense}


def _saved_jagged(size: int) -> tuple[Any, dict[str, torch.Tensor]]:
    rows = torch.nested.nested_tensor([torch.randn(2, 3), torch.randn(1, 3)], layout=torch.jagged, requires_grad=True)
    loss = (rows * rows).values().sum()
    free(rows.detach().values())
    return loss, {"lost": rows}


NEEDED: dict[str, Case] = {
    name.removeprefix("_saved_"): case
    for name, case in list(globals().items())
    if name.startswith("_saved_") and callable(case)
}


@sees_what_is_kept
@pytest.mark.parametrize("case", NEEDED)
@pytest.mark.parametrize("size", SIZES)
def test_what_backward_needs_and_is_gone(case: str, size: int) -> None:
    """torch itself would end the process: backward is refused, in words, and what is known is told."""
    loss, names = NEEDED[case](size)
    snapshot = gradtui.capture(loss, names=names)
    assert snapshot.problem is not None
    assert "storage is freed" in snapshot.problem.message
    if case != "in_a_list":
        assert "lost" in snapshot.problem.message
    assert snapshot.parameters["lost"].value.unread == "freed"
    assert all(parameter.grad is None for parameter in snapshot.parameters.values())
    for name in names:
        assert any("storage is freed" in finding.text for finding in snapshot.why(name))


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES)
def test_an_output_that_is_gone(size: int) -> None:
    """What is summed up is not read for that."""
    weight = leaf(size)
    output = weight * 3
    free(output)
    for captured in (gradtui.capture(output), gradtui.capture([output, weight.sum() * 0])):
        assert captured.problem is None
        assert captured.value is not None
        assert captured.value.unread == "freed"
        grad = captured.parameters["weight"].grad
        assert grad is not None
        assert set(grad.numbers) == {3.0}


@pytest.mark.parametrize("size", SIZES)
def test_a_gradient_that_a_hook_frees(size: int) -> None:
    """It is there: a parameter that has a gradient has None in no case. Its numbers may have been read before."""
    weight = leaf(size)

    def hook(grad: torch.Tensor) -> None:
        free(grad)

    weight.register_hook(hook)  # type: ignore[no-untyped-call]
    grad = gradtui.capture((weight * 2).exp().sum()).parameters["weight"].grad
    assert grad is not None
    assert grad.unread == "freed" or len(grad.numbers) > 0


def test_while_the_forward_pass_is_traced() -> None:
    weight = leaf(3000)
    with gradtui.trace() as trace:
        hidden = weight * 2
        free(weight)
        loss = (hidden + 1).sum()
    snapshot = trace.capture(loss)
    assert snapshot.problem is None
    assert snapshot.parameters["weight"].value.unread == "freed"
    value = next(node.value for node in snapshot.graph.nodes if node.name == "MulBackward0")
    assert value is not None
    assert value.norm == pytest.approx(hidden.norm().item())


def test_what_comes_back_in_time() -> None:
    """As in fully sharded training: freed after forward, filled again by a hook before the node that needs it runs."""
    weight, x = leaf(8), leaf(8).detach().requires_grad_()
    output = weight * x
    kept = weight.detach().clone()

    def fill(grad: torch.Tensor) -> None:
        weight.untyped_storage().resize_(4 * len(kept))
        weight.data.copy_(kept)

    output.register_hook(fill)  # type: ignore[no-untyped-call]
    loss = output.sum()
    free(weight)
    snapshot = gradtui.capture(loss)
    assert snapshot.problem is None
    grad = snapshot.parameters["x"].grad
    assert grad is not None
    assert list(grad.numbers) == kept.tolist()


def test_what_a_hook_has_packed_is_left_alone() -> None:
    """What was saved is elsewhere, so that backward runs; and to look runs no hook."""
    unpacked = []

    def unpack(packed: torch.Tensor) -> torch.Tensor:
        unpacked.append(packed)
        return packed

    weight = leaf(8)
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor.clone(), unpack):
        loss = (weight * weight).sum()
    free(weight)
    nodes = graph.walk(graph.root(loss))
    assert [lost(node) for node in nodes] == [None] * len(nodes)
    assert unpacked == []
    assert gradtui.capture(loss).problem is None


def test_nothing_is_said_of_what_is_there() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Tanh(), nn.Linear(3, 1))
    loss = model(torch.randn(4, 3)).sum()
    nodes = graph.walk(graph.root(loss))
    assert [lost(node) for node in nodes] == [None] * len(nodes)
    snapshot = gradtui.capture(loss, model=model)
    assert all(parameter.value.unread is None for parameter in snapshot.parameters.values())


def test_a_graph_that_backward_has_freed_saves_nothing() -> None:
    loss = (leaf(4) * leaf(4)).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    assert all(lost(node) is None for node in graph.walk(graph.root(loss)))
