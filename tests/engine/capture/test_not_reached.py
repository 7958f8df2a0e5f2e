"""`capture(loss)` alone: what an optimizer or a model among the variables has and the graph lacks is told; of no other is."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

import gradtui
from gradtui.engine.capture.capture import capture
from gradtui.findings.findings import findings
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Snapshot

X, Y = torch.ones(8, 3), torch.full((8, 1), 9.0)
Program = tuple[dict[str, Any], Callable[[], torch.Tensor]]
"""The variables, and what makes the loss."""
CUTS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "detach": lambda h: h.detach(),
    "data": lambda h: h.data,
    "a new tensor": lambda h: torch.tensor(h.tolist()),
    "item": lambda h: torch.stack([torch.full((8,), one.sum().item()) for one in h.T], 1),
    "rounded": lambda h: (h > 0).float(),
    "no_grad": lambda h: torch.no_grad()(lambda: h * 1)(),
}


def adam(*parts: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam([one for part in parts for one in part.parameters()])


def two_models(cut: Callable[[torch.Tensor], torch.Tensor]) -> Program:
    encoder, head = nn.Linear(3, 4), nn.Linear(4, 1)
    scope = {"encoder": encoder, "head": head, "optimizer": adam(encoder, head)}
    return scope, lambda: functional.mse_loss(head(cut(encoder(X))), Y)


def one_model(cut: Callable[[torch.Tensor], torch.Tensor]) -> Program:
    model = nn.ModuleDict({"encoder": nn.Linear(3, 4), "head": nn.Linear(4, 1)})
    return {"model": model}, lambda: functional.mse_loss(model["head"](cut(model["encoder"](X))), Y)


def asked(program: Program, trace: bool) -> Snapshot:
    scope, loss = program
    if not trace:
        return capture(loss(), None, None, None, scope)
    with gradtui.trace() as watched:
        made = loss()
    return capture(made, None, None, watched._trace.recording, scope)


def absent(snapshot: Snapshot) -> set[str]:
    return {name for name, one in snapshot.parameters.items() if one.node is None}


def without_gradient(parts: Iterable[tuple[str, nn.Module]], loss: torch.Tensor) -> set[str]:
    """By torch."""
    loss.backward()  # type: ignore[no-untyped-call]
    return {f"{name}.{path}" for name, part in parts for path, one in part.named_parameters() if one.grad is None}


@pytest.mark.parametrize("trace", [True, False])
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("make", [two_models, one_model])
def test_what_is_cut_off_is_told(
    make: Callable[[Callable[[torch.Tensor], torch.Tensor]], Program], cut: str, trace: bool
) -> None:
    torch.manual_seed(0)
    scope, loss = make(CUTS[cut])
    snapshot = asked((scope, loss), trace)
    modules = [(name, one) for name, one in scope.items() if isinstance(one, nn.Module)]
    missing = without_gradient(modules, loss())
    assert absent(snapshot) == missing != set()
    told: list[Finding] = [*findings(snapshot)]
    assert any(one.parameter in missing for one in told)
    if trace:
        assert all(one.source is not None for one in told if one.parameter in missing)


@pytest.mark.parametrize("trace", [True, False])
@pytest.mark.parametrize("make", [two_models, one_model])
def test_where_nothing_is_cut_off_nothing_is_told(
    make: Callable[[Callable[[torch.Tensor], torch.Tensor]], Program], trace: bool
) -> None:
    torch.manual_seed(0)
    snapshot = asked(make(torch.tanh), trace)
    assert not absent(snapshot)
    assert not findings(snapshot)


def critic() -> Program:
    maker, judge = nn.Linear(3, 3), nn.Linear(3, 1)
    scope = {"maker": maker, "judge": judge, "first": adam(maker), "second": adam(judge)}
    return scope, lambda: judge(X).mean() - judge(maker(X).detach()).square().mean()


def maker() -> Program:
    scope, _ = critic()
    return scope, lambda: -scope["judge"](scope["maker"](X)).square().mean()


def teacher() -> Program:
    student, other = nn.Linear(3, 1), nn.Linear(3, 1)

    def loss() -> torch.Tensor:
        with torch.no_grad():
            target = other(X)
        return functional.mse_loss(student(X), target)

    return {"student": student, "teacher": other, "optimizer": adam(student)}, loss


def average() -> Program:
    model = nn.Linear(3, 1)
    return {"model": model, "average": copy.deepcopy(model)}, lambda: functional.mse_loss(model(X), Y)


def averaged() -> Program:
    model = nn.Linear(3, 1)
    average = torch.optim.swa_utils.AveragedModel(model)
    return {"model": model, "average": average, "adam": adam(model)}, lambda: functional.mse_loss(model(X), Y)


def frozen() -> Program:
    scope, loss = one_model(lambda h: h)
    scope["model"]["encoder"].requires_grad_(False)
    return scope, loss


def another_experiment() -> Program:
    old, new = nn.Linear(3, 1), nn.Linear(3, 1)
    return {"old": old, "new": new, "optimizer": adam(old)}, lambda: functional.mse_loss(new(X), Y)


def no_loss_of_a_model() -> Program:
    w = torch.ones(3, requires_grad=True)
    return {"w": w, "model": nn.Linear(3, 1)}, lambda: w.square().sum()


def in_the_middle_of_a_pass() -> Program:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    return {"self": model}, lambda: model[0](X).sum()


def no_loss() -> Program:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    return {"model": model}, lambda: model[0](X)


@pytest.mark.parametrize("trace", [True, False])
@pytest.mark.parametrize(
    "make",
    [
        critic, maker, teacher, average, averaged, frozen, another_experiment, no_loss_of_a_model, in_the_middle_of_a_pass,
        no_loss,
    ],
)  # fmt: skip
def test_what_is_for_another_loss_is_no_fault(make: Callable[[], Program], trace: bool) -> None:
    torch.manual_seed(0)
    snapshot = asked(make(), trace)
    assert not absent(snapshot)
    assert not findings(snapshot)


@pytest.mark.parametrize(
    "cut", [torch.Tensor.detach, lambda loss: torch.tensor(loss.item(), requires_grad=True)], ids=["detach", "anew"]
)
def test_of_a_loss_that_is_cut_off_itself_there_is_one_model_that_can_be_meant(
    cut: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    model, other = nn.Linear(3, 1), nn.Linear(3, 1)
    loss = lambda: cut(functional.mse_loss(model(X), Y))  # noqa: E731
    assert absent(asked(({"model": model}, loss), False)) == {"model.weight", "model.bias"}
    assert not absent(asked(({"model": model, "other": other}, loss), False))


def test_leaves_of_an_optimizer_that_no_variable_holds_are_named_by_it() -> None:
    w, b = (torch.ones(3, requires_grad=True) for _ in range(2))
    scope = {"w": w, "sgd": torch.optim.SGD([w, b], lr=0.1)}
    snapshot = asked((scope, lambda: (w * b.data).sum()), False)
    (name,) = absent(snapshot)
    assert "sgd" in name


def test_the_variables_are_those_of_the_caller() -> None:
    encoder, head = nn.Linear(3, 4), nn.Linear(4, 1)
    optimizer = adam(encoder, head)
    snapshot = gradtui.capture(functional.mse_loss(head(encoder(X).detach()), Y))
    assert absent(snapshot) == {"encoder.weight", "encoder.bias"}
    with gradtui.trace() as trace:
        loss = functional.mse_loss(head(encoder(X).detach()), Y)
    assert [one.kind for one in trace.capture(loss).findings] == ["detached"]
    assert not absent(gradtui.capture(loss, names={"W": head.weight}))
    assert len(optimizer.param_groups[0]["params"]) == 4
