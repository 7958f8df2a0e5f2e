"""A target that the estimate's own weights make; truth is torch's gradient with and without detach()."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import gradtui
from gradtui.graph.losses.moving_targets import MovingTargets


class Duel(nn.Module):
    """Two actions: what a state is worth, and what each action adds to that."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.value, self.advantage = nn.Linear(4, 6), nn.Linear(6, 1), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.body(x).relu()
        value: Tensor = self.value(hidden)
        advantage: Tensor = self.advantage(hidden)
        return value + advantage - advantage.mean(1, keepdim=True)


def plain() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))


torch.manual_seed(0)
STATES, LATER, REWARDS = torch.randn(9, 4), torch.randn(9, 4), torch.randn(9)
DONE, TAKEN = torch.arange(9) % 4 == 3, torch.arange(9) % 2
Cut = Callable[[Tensor], Tensor]


def chosen(q: nn.Module) -> Tensor:
    values: Tensor = q(STATES)
    return values.gather(1, TAKEN[:, None]).squeeze(1)


def best(q: nn.Module) -> Tensor:
    values: Tensor = q(LATER)
    return values.max(1).values


def put(q: nn.Module) -> Tensor:
    later = torch.zeros(9)
    later[~DONE] = best(q)[~DONE]
    return later


def along(q: nn.Module, cut: Cut) -> Tensor:
    values: Tensor = q(STATES)[:, 0]
    return (REWARDS[1:] + 0.9 * cut(values[1:]) - values[:-1]).square().mean()


LOSSES: dict[str, Callable[[nn.Module, Cut], Tensor]] = {
    "mse": lambda q, cut: functional.mse_loss(chosen(q), cut(REWARDS + 0.9 * ~DONE * best(q))),
    "the other way": lambda q, cut: functional.mse_loss(cut(REWARDS + 0.9 * ~DONE * best(q)), chosen(q)),
    "huber": lambda q, cut: functional.smooth_l1_loss(chosen(q), cut(REWARDS + 0.9 * put(q))),
    "l1": lambda q, cut: functional.l1_loss(chosen(q), cut(REWARDS + 0.9 * best(q))),
    "where": lambda q, cut: functional.mse_loss(chosen(q), cut(torch.where(DONE, REWARDS, REWARDS + 0.9 * best(q)))),
    "by hand": lambda q, cut: (cut(REWARDS + 0.9 * best(q)) - chosen(q)).pow(2).mean(),
    "along a trajectory": along,
    "expected": lambda q, cut: functional.mse_loss(chosen(q), cut(REWARDS + 0.9 * (0.5 * q(LATER)).sum(1))),
}


@pytest.mark.parametrize("made", [plain, Duel])
@pytest.mark.parametrize("name", LOSSES)
def test_it_is_told_and_is_not_once_it_is_cut(name: str, made: Callable[[], nn.Module]) -> None:
    torch.manual_seed(1)
    model, gradients = made(), []
    for cut in (lambda target: target, Tensor.detach):
        with gradtui.trace(model) as trace:
            loss = LOSSES[name](model, cut)
        kinds = [(one.kind, one.certainty) for one in trace.capture(loss).findings if one.kind == "learned_target"]
        assert kinds == ([] if cut is Tensor.detach else [("learned_target", "perhaps")])
        gradients.append(torch.autograd.grad(loss, [*model.parameters()]))
    assert not all(map(torch.allclose, *gradients)), "it makes a difference"


class ActorCritic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.policy, self.value = nn.Linear(4, 6), nn.Linear(6, 2), nn.Linear(6, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.body(x).tanh()
        return self.policy(hidden), self.value(hidden).squeeze(1)


Policy = Callable[[Tensor], tuple[Tensor, Tensor]]


def by_categorical(q: Policy, cut: Cut) -> Tensor:
    logits, value = q(STATES)
    advantage = REWARDS - value
    own: Any = torch.distributions.Categorical(logits=logits)
    found: Tensor = (
        advantage.pow(2).mean() - (own.log_prob(TAKEN) * cut(advantage)).mean() - 0.01 * own.entropy().mean()
    )
    return found


def by_shares(q: Policy, cut: Cut) -> Tensor:
    """Step by step, as of an episode."""
    policies, values = [], []
    for state, taken, reward in zip(STATES, TAKEN, REWARDS, strict=True):
        logits, value = q(state[None])
        own: Any = torch.distributions.Categorical(logits.softmax(-1))
        policies.append(-own.log_prob(taken) * cut(reward - value))
        values.append(functional.smooth_l1_loss(value, reward[None]))
    return torch.stack(policies).sum() + torch.stack(values).sum()


def by_normal(q: Policy, cut: Cut) -> Tensor:
    mean, value = q(STATES)
    normal: Any = torch.distributions.Normal(mean, 0.5)
    own: Tensor = normal.log_prob(LATER[:, :2]).sum(1)
    return functional.mse_loss(value, REWARDS) - (own * cut(REWARDS - value)).mean()


def by_ratio(q: Policy, cut: Cut) -> Tensor:
    logits, value = q(STATES)
    new, advantage = logits.log_softmax(1).gather(1, TAKEN[:, None]).squeeze(1), cut(REWARDS - value)
    ratio = (new - (new.detach() - 0.1)).exp()
    surrogate = torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage)
    return functional.mse_loss(value, REWARDS) - surrogate.mean()


def by_difference_in_time(q: Policy, cut: Cut) -> Tensor:
    (logits, value), (_, later) = q(STATES), q(LATER)
    error = REWARDS + 0.9 * later.detach() - value
    chosen = functional.logsigmoid(logits).log_softmax(1)[torch.arange(9), TAKEN]
    return (error * error).mean() - (chosen * cut(error)).mean()


POLICIES = [by_categorical, by_shares, by_normal, by_ratio, by_difference_in_time]


@pytest.mark.parametrize("loss", POLICIES)
def test_an_advantage_that_moves_its_baseline(loss: Callable[[Policy, Cut], Tensor]) -> None:
    torch.manual_seed(1)
    model, gradients = ActorCritic(), []
    for cut in (lambda advantage: advantage, Tensor.detach):
        with gradtui.trace(model) as trace:
            made = loss(model, cut)
        found = {(one.kind, one.certainty) for one in trace.capture(made).findings if one.kind == "learned_target"}
        assert found == (set() if cut is Tensor.detach else {("learned_target", "perhaps")})
        gradients.append(torch.autograd.grad(made, [*model.value.parameters()]))
    assert not all(map(torch.allclose, *gradients)), "it makes a difference"


def focal(q: Policy) -> Tensor:
    logits, value = q(STATES)
    shares = logits.softmax(1)
    return functional.mse_loss(value, REWARDS) - ((1 - shares) * shares.log()).mean()


def not_fitted(q: Policy) -> Tensor:
    """A difference that nothing else is said of: two heads that are both to be learned so."""
    logits, value = q(STATES)
    return -(logits.log_softmax(1)[:, 0] * (REWARDS - value)).mean()


def of_one_policy_and_another(q: Policy) -> Tensor:
    (logits, value), (other, _) = q(STATES), q(LATER)
    new, old = logits.log_softmax(1), other.log_softmax(1)
    return functional.mse_loss(value, REWARDS) + (new.exp() * (new - old)).sum(1).mean()


@pytest.mark.parametrize("loss", [focal, not_fitted, of_one_policy_and_another])
def test_other_weights_of_a_logarithm(loss: Callable[[Policy], Tensor]) -> None:
    torch.manual_seed(1)
    model = ActorCritic()
    with gradtui.trace(model) as trace:
        made = loss(model)
    assert "learned_target" not in {one.kind for one in trace.capture(made).findings}


def test_of_a_training_it_is_told_with_what_the_optimizer_moves() -> None:
    ways: list[tuple[Callable[[], nn.Module], Callable[..., Tensor], str]] = [
        (plain, LOSSES["by hand"], "2.bias"),
        (ActorCritic, by_categorical, "value.bias"),
    ]
    for (made, loss, name), cut in itertools.product(ways, (lambda target: target, Tensor.detach)):
        torch.manual_seed(1)
        model = made()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        with gradtui.watch(model, optimizer) as watch:
            for _ in range(5):
                optimizer.zero_grad()
                torch.autograd.backward(loss(model, cut))
                optimizer.step()
        found = [one for one in watch.findings if one.kind == "learned_target"]
        assert len(found) == (cut is not Tensor.detach)
        assert all(name in str(one) for one in found)


def equation(model: nn.Module) -> Tensor:
    """u'' = sin x - 4u: what the network gives stands on both sides, and both are to meet."""
    x = torch.linspace(0, 1, 8)[:, None].expand(8, 4).requires_grad_()
    u = model(x)[:, :1]
    (first,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
    return functional.mse_loss(second[:, :1], x[:, :1].detach().sin() - 4.0 * u)


MEETING: dict[str, Callable[[nn.Module], Tensor]] = {
    "two views": lambda q: functional.mse_loss(q(STATES), q(LATER)),
    "an equation": equation,
    "a margin": lambda q: (1 + best(q) - chosen(q)).relu().square().mean(),
    "a neighbour": lambda q: functional.mse_loss(q(STATES)[1:], q(STATES)[:-1] + 0.1),
    "from the mean": lambda q: (q(STATES) - q(STATES).mean(0)).square().mean(),
}


@pytest.mark.parametrize("name", MEETING)
def test_what_is_to_meet_is_no_target(name: str) -> None:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2))
    with gradtui.trace(model) as trace:
        loss = MEETING[name](model)
    assert "learned_target" not in {one.kind for one in trace.capture(loss).findings}


def test_many_comparisons_in_a_deep_graph_take_no_time_each() -> None:
    """What is looked at is counted: nodes whose edges are asked for. Each block compares with a part of the next one."""
    count, asked = 24_000, []
    names = [f"{name}Backward0" for name in ("Add", "Pow", "Sub", "Sin", "Add", "Mul")]
    edges: list[list[int | None]] = [[1, 6], [1], [1, 2], [3], [1, None], [4, None]]

    def following(node: int) -> list[int | None]:
        asked.append(node)
        return [None if far is None else node + far for far in edges[node % 6]] if node < count else []

    found = MovingTargets[int](lambda node: names[node % 6], following).found(range(count))
    assert len([*found]) < count
    assert len(asked) < 100 * count
