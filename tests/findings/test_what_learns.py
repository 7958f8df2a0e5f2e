"""What learns, where nobody says what the model is, and no optimizer is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import gradtui
from gradtui.api import Snapshot

derivative = torch.autograd.grad


def second_derivative(trace: bool, named: bool) -> Snapshot:
    """The model is a variable here, or is not."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
    models = [model]
    if not named:
        del model

    def loss() -> torch.Tensor:
        t = torch.linspace(0, 1, 5).unsqueeze(1).requires_grad_()
        (slope,) = derivative(models[0](t).sum(), t, create_graph=True)
        (bend,) = derivative(slope.sum(), t, create_graph=True)
        return (bend + torch.sin(3 * t)).square().mean()

    if not trace:
        return gradtui.capture(loss())
    with gradtui.trace() as watched:
        made = loss()
    return watched.capture(made)


@pytest.mark.parametrize("trace", [True, False])
@pytest.mark.parametrize("named", [True, False])
def test_the_place_of_a_derivative_does_not_learn(trace: bool, named: bool) -> None:
    """It gets a gradient; all that would learn gets none that is not 0, as torch says."""
    snapshot = second_derivative(trace, named)
    found, *others = snapshot.findings
    assert (found.kind, found.certainty) == ("flat", "proved")
    assert {one.kind for one in others} <= {"unused", "not_in_graph"}  # the layer of which no derivative has anything
    grads = [one.grad for one in snapshot.parameters.values() if one.is_parameter and one.grad is not None]
    assert len(grads) == 4
    assert not any(number for grad in grads for number in grad.numbers)


def test_two_factors_of_0_of_which_one_is_moved_by_another_way() -> None:
    """After one step of SGD the other one gets a gradient: they do not stay so."""
    p, q = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
    p0, q0 = torch.ones(3), torch.ones(3)

    def loss() -> torch.Tensor:
        return ((p - p0) * (q - q0)).sum() + p.square().sum()

    with gradtui.trace() as trace:
        made = loss()
    assert {one.certainty for one in trace.capture(made).findings} == {"perhaps"}
    torch.optim.SGD([p, q], lr=0.1).step(lambda: made.backward())  # type: ignore[no-untyped-call]
    assert bool(derivative(loss(), q)[0].any())


def test_two_factors_of_0_that_nothing_else_moves() -> None:
    p, q = nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(3))
    with gradtui.trace() as trace:
        made = (p * q).sum()
    assert [one.certainty for one in trace.capture(made).findings] == ["proved"]


def test_a_factor_is_not_said_to_have_a_gradient_that_only_its_parts_have_by_another_way() -> None:
    w, z = nn.Parameter(torch.ones(3)), nn.Parameter(torch.zeros(3))
    with gradtui.trace() as trace:
        zero = (z * 1).relu()
        made = (w * zero).sum() + z.exp().sum() - zero.sum() * w.detach()[0]
    assert not bool(derivative(made, zero, retain_graph=True)[0].any())
    found = [one for one in trace.capture(made).findings if one.parameter == "w"]
    assert found
    assert all("gradient itself" not in one.text for one in found)


def test_a_bias_has_no_part_in_a_penalty_on_a_slope() -> None:
    """As a critic's, taken by itself: it is often meant."""
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    with gradtui.trace() as trace:
        x = torch.randn(5, 3, requires_grad=True)
        (slope,) = derivative(critic(x).sum(), x, create_graph=True)
        loss = (slope.norm(dim=1) - 1).square().mean()
    assert {one.certainty for one in trace.capture(loss).findings} <= {"perhaps"}


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_what_is_no_parameter_is_no_layer(factor: float) -> None:
    """The data, of which an attack takes a gradient; where nobody has a parameter, it may be what is to learn."""
    torch.manual_seed(0)
    model, x, noise = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 1)), torch.randn(16, 4), torch.randn(16, 4)
    weights = [one.detach() for one in model.parameters()]
    x.requires_grad_()
    shift = (noise + (x - x.detach()) * factor) @ weights[0].T
    with gradtui.trace(model) as trace:
        loss = (model(noise + (x - x.detach()) * factor) - 5).square().mean()
    assert {one.certainty for one in trace.capture(loss).findings} == {"perhaps"}
    w = torch.ones(1, 8, requires_grad=True)
    (found,) = gradtui.capture((shift * w).square().mean()).findings
    assert (found.kind, found.certainty) == ("vanishing" if factor < 1 else "exploding", "likely")


def _residual(h: torch.Tensor, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return h + one[0] * (torch.sigmoid(h) @ other)


def _adapter(h: torch.Tensor, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return h + nn.functional.linear(h @ one.T, other)


def _in_another_place_too(h: torch.Tensor, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return _residual(h, one, other) + h @ other


@pytest.mark.parametrize(("used", "stay"), [(_residual, True), (_adapter, True), (_in_another_place_too, False)])
def test_two_factors_of_0_behind_a_layer_that_learns(used: Callable[..., torch.Tensor], stay: bool) -> None:
    """Truth is what five steps of an optimizer leave of them."""
    torch.manual_seed(0)
    first, last = nn.Linear(3, 4), nn.Linear(4, 1)
    one, other = nn.Parameter(torch.zeros(4, 4)), nn.Parameter(torch.zeros(4, 4))
    weights = [*first.parameters(), *last.parameters(), one, other]
    optimizer = torch.optim.SGD(weights, lr=0.1)

    def loss() -> torch.Tensor:
        out: torch.Tensor = last(used(first(torch.ones(2, 3)), one, other))
        return out.square().mean()

    with gradtui.trace() as trace:
        made = loss()
    told = {(found.kind, found.certainty) for found in trace.capture(made).findings}
    for _ in range(5):
        optimizer.zero_grad()
        torch.autograd.backward(loss())
        optimizer.step()
    assert bool(one.count_nonzero() or other.count_nonzero()) is not stay
    assert (("zero", "proved") in told) is stay


GATES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "chunk": lambda made: made.chunk(3, 1)[2],
    "split": lambda made: torch.split(made, [2, 2, 2], 1)[2],
    "unbind": lambda made: made.view(5, 3, 2).unbind(1)[2],
    "slice": lambda made: made[:, 4:],
}


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("whole", [True, False])
def test_a_gate_that_starts_at_0_and_learns(gate: str, whole: bool) -> None:
    """As of adaLN-Zero: one of several parts of what one layer makes. Its branch has a gradient after one step."""
    torch.manual_seed(0)
    modulation, branch = nn.Linear(3, 6), nn.Linear(2, 2)
    with torch.no_grad():
        for weight in modulation.parameters():
            weight[0 if whole else 4 :] = 0
    x, condition = torch.randn(5, 2), torch.randn(5, 3)
    optimizer = torch.optim.SGD([*modulation.parameters(), *branch.parameters()], lr=0.1)

    def loss() -> torch.Tensor:
        out: torch.Tensor = x + GATES[gate](modulation(condition)) * branch(x)
        return (out - 1).square().mean()

    with gradtui.trace() as trace:
        made = loss()
    assert {one.certainty for one in trace.capture(made).findings} == {"perhaps"}
    torch.autograd.backward(made)
    assert not branch.weight.grad.count_nonzero()  # type: ignore[union-attr]
    optimizer.step()
    torch.autograd.backward(loss())
    assert branch.weight.grad.count_nonzero()  # type: ignore[union-attr]
