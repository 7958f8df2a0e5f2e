"""Updates by what `torch.autograd.grad` returns, and by weights that are made anew: each is one, with the numbers of torch, and
what is no training of weights is none."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss, softplus
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from gradtui.engine.watching.watch import Watch
from gradtui.findings.over_time.history import YOUR_CODE
from tests.engine.watching.test_updates_by_hand import RATE, SEED, UPDATES, Kept, kept, points, told

__all__ = ["kept"]
hessian_of: Callable[..., Tensor] = torch.autograd.functional.hessian
Grads = Sequence[Tensor]
Leaves = Sequence[Tensor]


def in_place(leaves: Leaves, grads: Grads) -> Leaves:
    with torch.no_grad():
        for one, grad in zip(leaves, grads, strict=True):
            one.sub_(RATE * grad)
    return leaves


def by_sub_(leaves: Leaves, grads: Grads) -> Leaves:
    for one, grad in zip(leaves, grads, strict=True):
        one.data.sub_(grad, alpha=RATE)
    return leaves


def by_copy(leaves: Leaves, grads: Grads) -> Leaves:
    new = [one.detach() - RATE * grad for one, grad in zip(leaves, grads, strict=True)]
    with torch.no_grad():
        for one, other in zip(leaves, new, strict=True):
            one.copy_(other)
    return leaves


def by_foreach(leaves: Leaves, grads: Grads) -> Leaves:
    with torch.no_grad():
        torch._foreach_add_([*leaves], [*grads], alpha=-RATE)
    return leaves


def by_a_vector(leaves: Leaves, grads: Grads) -> Leaves:
    flat = torch.cat([grad.reshape(-1) for grad in grads])
    vector_to_parameters(parameters_to_vector(leaves).detach() - RATE * flat, leaves)
    return leaves


def clipped(leaves: Leaves, grads: Grads) -> Leaves:
    norm = torch.stack([grad.square().sum() for grad in grads]).sum().sqrt()
    return in_place(leaves, [grad * min(1.0, 1 / norm.item()) for grad in grads])


def by_grad(leaves: Leaves, grads: Grads) -> Leaves:
    for one, grad in zip(leaves, grads, strict=True):
        one.grad = grad
    return in_place(leaves, [one.grad for one in leaves if one.grad is not None])


def detached(leaves: Leaves, grads: Grads) -> Leaves:
    return [(one - RATE * grad).detach().requires_grad_() for one, grad in zip(leaves, grads, strict=True)]


def by_detached(leaves: Leaves, grads: Grads) -> Leaves:
    return [(one.detach() - RATE * grad).requires_grad_() for one, grad in zip(leaves, grads, strict=True)]


def copied(leaves: Leaves, grads: Grads) -> Leaves:
    return [torch.tensor(one - RATE * grad, requires_grad=True) for one, grad in zip(leaves, grads, strict=True)]


def by_attribute(leaves: Leaves, grads: Grads) -> Leaves:
    with torch.no_grad():
        new = [one - RATE * grad for one, grad in zip(leaves, grads, strict=True)]
    for one in new:
        one.requires_grad = True
    return new


def as_variables(leaves: Leaves, grads: Grads) -> Leaves:
    pairs = zip(leaves, grads, strict=True)
    return [torch.autograd.Variable(one.data - RATE * grad.data, requires_grad=True) for one, grad in pairs]


def as_parameters(leaves: Leaves, grads: Grads) -> Leaves:
    return [nn.Parameter(one - RATE * grad) for one, grad in zip(leaves, grads, strict=True)]


def all_at_once(leaves: Leaves, grads: Grads) -> Leaves:
    with torch.no_grad():
        new = torch._foreach_sub([*leaves], torch._foreach_mul([*grads], RATE))
    return [one.requires_grad_() for one in new]


def bounded(leaves: Leaves, grads: Grads) -> Leaves:
    return [(one - RATE * grad).clamp(-2, 2).detach().requires_grad_() for one, grad in zip(leaves, grads, strict=True)]


Step = Callable[[Leaves, Grads], Leaves]
IN_PLACE: list[Step] = [in_place, by_sub_, by_copy, by_foreach, by_a_vector, clipped, by_grad]
ANEW: list[Step] = [
    detached, by_detached, copied, by_attribute, as_variables, as_parameters, all_at_once, bounded,
]  # fmt: skip


def returned(loss: Tensor, leaves: Leaves) -> Grads:
    return torch.autograd.grad(loss, leaves)


def read(loss: Tensor, leaves: Leaves) -> Grads:
    torch.autograd.backward(loss)
    grads = [one.grad for one in leaves if one.grad is not None]
    for one in leaves:
        one.grad = None
    return grads


@pytest.mark.filterwarnings("ignore:To copy construct")
@pytest.mark.parametrize(
    ("step", "gives"), [*((one, returned) for one in (*IN_PLACE, *ANEW)), *((one, read) for one in ANEW)]
)
def test_each_is_an_update(kept: Kept, step: Step, gives: Callable[[Tensor, Leaves], Grads]) -> None:
    given, wanted, w = points()
    leaves: Leaves = [w.requires_grad_(), torch.zeros(1, requires_grad=True)]
    true: list[tuple[float, list[float]]] = []
    for _ in range(UPDATES):
        loss = mse_loss(given @ leaves[0] + leaves[1], wanted)
        before = [one.detach().clone() for one in leaves]
        grads = gives(loss, leaves)
        sizes = [grad.norm().item() for grad in grads]
        leaves = step(leaves, grads)
        with torch.no_grad():
            mse_loss(given @ leaves[0] + leaves[1], wanted)
        pairs = zip(before, sizes, leaves, strict=True)
        norms = [(each.norm().item(), size, (now - each).norm().item()) for each, size, now in pairs]
        true.append((loss.item(), [size for three in norms for size in three]))
    told(kept)
    assert kept.optimizers == [YOUR_CODE]
    assert [one.loss for one in kept.updates] == [loss for loss, _ in true]
    for update, (_, norms_) in zip(kept.updates, true, strict=True):
        every = [update.parameters[name] for name in ("w", "leaves[1]")]
        assert [size for one in every for size in (one.weight, one.grad, one.change)] == pytest.approx(norms_, abs=1e-7)
    assert not kept.findings


def network() -> nn.Sequential:
    torch.manual_seed(SEED)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))


def data() -> tuple[Tensor, Tensor]:
    given, wanted, _ = points()
    return given, wanted[:, None]


def error(model: nn.Module, weights: Mapping[str, Tensor] | None = None) -> Tensor:
    given, wanted = data()
    made = model(given) if weights is None else torch.func.functional_call(model, dict(weights), (given,))
    return mse_loss(made, wanted)


Training = Callable[[], list[float]]
"""Gives the losses of its updates."""


def momentum_and_batches() -> list[float]:
    model, (given, wanted), losses = network(), data(), []
    momenta = [torch.zeros_like(one) for one in model.parameters()]
    for _ in range(3):
        for some, target in zip(given.chunk(4), wanted.chunk(4), strict=True):
            loss = mse_loss(model(some), target)
            losses.append(loss.item())
            grads = torch.autograd.grad(loss, [*model.parameters()])
            with torch.no_grad():
                for one, grad, momentum in zip(model.parameters(), grads, momenta, strict=True):
                    momentum.mul_(0.9).add_(grad)
                    one.sub_(0.01 * momentum)
        model.eval()
        with torch.no_grad():
            error(model)
        model.train()
    return losses


def two_by_turns() -> list[float]:
    torch.manual_seed(SEED)
    made, judge, losses = nn.Linear(2, 2), nn.Linear(2, 1), []
    for _ in range(6):
        loss = softplus(-judge(torch.randn(8, 2) + 1)).mean() + softplus(judge(made(torch.randn(8, 2)).detach())).mean()
        in_place([*judge.parameters()], torch.autograd.grad(loss, [*judge.parameters()]))
        losses.append(loss.item())
        loss = softplus(-judge(made(torch.randn(8, 2)))).mean()
        in_place([*made.parameters()], torch.autograd.grad(loss, [*made.parameters()]))
        losses.append(loss.item())
    return losses


def a_dict_of_weights() -> list[float]:
    model, losses = network(), []
    weights = {name: one.detach().clone().requires_grad_() for name, one in model.named_parameters()}
    for _ in range(6):
        loss = error(model, weights)
        losses.append(loss.item())
        grads = torch.autograd.grad(loss, [*weights.values()])
        weights = {
            name: (one - RATE * grad).detach().requires_grad_()
            for (name, one), grad in zip(weights.items(), grads, strict=True)
        }
    return losses


def parameters_of_a_module() -> list[float]:
    given, wanted = data()
    model, losses = nn.Linear(3, 1), []
    for _ in range(6):
        loss = mse_loss(model(given), wanted)
        losses.append(loss.item())
        torch.autograd.backward(loss)
        assert model.weight.grad is not None
        model.weight = nn.Parameter(model.weight - RATE * model.weight.grad)
        assert model.bias.grad is not None
        model.bias = nn.Parameter(model.bias.data - RATE * model.bias.grad)
    return losses


def by_adam_of_its_own() -> list[float]:
    model, losses = network(), []
    first = [torch.zeros_like(one) for one in model.parameters()]
    second = [torch.zeros_like(one) for one in model.parameters()]
    for step in range(1, 7):
        loss = error(model)
        losses.append(loss.item())
        for place, (one, grad) in enumerate(
            zip(model.parameters(), torch.autograd.grad(loss, [*model.parameters()]), strict=True)
        ):
            first[place] = 0.9 * first[place] + 0.1 * grad
            second[place] = 0.999 * second[place] + 0.001 * grad * grad
            one.data = one.data - 0.01 * (first[place] / (1 - 0.9**step)) / (
                (second[place] / (1 - 0.999**step)).sqrt() + 1e-8
            )
    return losses


def two_halves_of_a_batch() -> list[float]:
    """The loss that is told is that of the last pass."""
    model, (given, wanted), losses = network(), data(), []
    for _ in range(6):
        sums = [torch.zeros_like(one) for one in model.parameters()]
        for some, target in zip(given.chunk(2), wanted.chunk(2), strict=True):
            loss = mse_loss(model(some), target)
            for one, grad in zip(sums, torch.autograd.grad(loss, [*model.parameters()]), strict=True):
                one += grad / 2
        losses.append(loss.item())
        in_place([*model.parameters()], sums)
    return losses


def a_picture() -> list[float]:
    torch.manual_seed(SEED)
    model, losses = nn.Conv2d(3, 4, 3).requires_grad_(False), []
    picture, wanted = torch.rand(1, 3, 8, 8, requires_grad=True), torch.rand(1, 4, 6, 6)
    for _ in range(6):
        loss = mse_loss(model(picture), wanted)
        losses.append(loss.item())
        (picture,) = detached([picture], torch.autograd.grad(loss, picture))
    return losses


def two_losses_of_two_weights() -> list[float]:
    """Each loss has one of them; the loss that is told is that of the last pass."""
    losses = []
    a, b = torch.tensor([3.0], requires_grad=True), torch.tensor([-3.0], requires_grad=True)
    for _ in range(6):
        grads = [*torch.autograd.grad((a - 1).square().sum(), a)]
        loss = (b + 1).square().sum()
        losses.append(loss.item())
        a, b = detached([a, b], [*grads, *torch.autograd.grad(loss, b)])
    return losses


def by_a_hessian_of_torch() -> list[float]:
    """The passes that make one are none of the training; nor are those of a Jacobian by transforms."""
    (given, wanted), losses = data(), []
    w = torch.zeros(3, 1, requires_grad=True)
    for _ in range(6):
        loss = mse_loss(given @ w, wanted)
        losses.append(loss.item())
        (grad,) = torch.autograd.grad(loss, w)
        hessian = hessian_of(lambda w: mse_loss(given @ w, wanted), w).reshape(3, 3)
        w = (w - 0.5 * torch.linalg.solve(hessian, grad)).detach().requires_grad_()
        torch.func.jacrev(lambda w: given @ w)(w)
    return losses


def by_newton() -> list[float]:
    """Rows of the Hessian are no losses."""
    w, losses = torch.tensor([1.0, -2.0], requires_grad=True), []
    for _ in range(6):
        loss = w.cosh().sum()
        losses.append(loss.item())
        (grad,) = torch.autograd.grad(loss, w, create_graph=True)
        rows = [torch.autograd.grad(one, w, retain_graph=True)[0] for one in grad]
        with torch.no_grad():
            w -= 0.5 * torch.linalg.solve(torch.stack(rows), grad)
    return losses


def meta_learning(outer: Callable[[Tensor, Leaves], Grads]) -> list[float]:
    """What is made within the graph is no update."""
    model, losses = network(), []
    for _ in range(6):
        weights: dict[str, Tensor] = {**dict(model.named_parameters())}
        for _ in range(2):
            grads = torch.autograd.grad(error(model, weights), [*weights.values()], create_graph=True)
            weights = {name: one - RATE * grad for (name, one), grad in zip(weights.items(), grads, strict=True)}
        loss = error(model, weights)
        losses.append(loss.item())
        in_place([*model.parameters()], outer(loss, [*model.parameters()]))
    return losses


def meta_learning_by_backward() -> list[float]:
    return meta_learning(read)


def meta_learning_by_grad() -> list[float]:
    return meta_learning(returned)


TRAININGS: dict[Training, int] = dict.fromkeys(
    [
        momentum_and_batches, a_dict_of_weights, parameters_of_a_module, by_adam_of_its_own, two_halves_of_a_batch,
        a_picture, two_losses_of_two_weights, by_newton, by_a_hessian_of_torch, meta_learning_by_backward, meta_learning_by_grad,
    ],
    1,
) | {two_by_turns: 2}  # fmt: skip
"""Each with the kinds of its updates."""


@pytest.mark.parametrize("training", TRAININGS)
def test_trainings(kept: Kept, training: Training) -> None:
    losses = training()
    told(kept)
    assert kept.optimizers == [YOUR_CODE] * TRAININGS[training]
    assert [one.loss for one in kept.updates] == pytest.approx(losses)
    assert [one.optimizer for one in kept.updates] == [
        place % TRAININGS[training] for place, _ in enumerate(kept.updates)
    ]
    assert not kept.findings


def test_gradients_of_newton_are_the_first(kept: Kept) -> None:
    by_newton()
    w = torch.tensor([1.0, -2.0])
    assert told(kept).updates[0].parameters["w"].grad == pytest.approx(w.sinh().norm().item())


def test_a_leaf_that_is_left_out(kept: Kept) -> None:
    given, wanted, w = points()
    leaves = [w.requires_grad_(), torch.zeros(1, requires_grad=True)]
    for _ in range(UPDATES):
        grads = torch.autograd.grad(mse_loss(given @ leaves[0] + leaves[1], wanted), leaves)
        leaves = [*detached(leaves[:1], grads[:1]), leaves[1]]
    (found,) = told(kept).findings
    assert (found.kind, found.parameter) == ("not_in_optimizer", "leaves[1]")


@pytest.mark.parametrize("step", [in_place, detached])
def test_one_that_overshoots(kept: Kept, step: Step) -> None:
    given, wanted, w = points()
    leaves: Leaves = [w.requires_grad_()]
    for _ in range(60):
        leaves = step(leaves, torch.autograd.grad(mse_loss(30 * given @ leaves[0], wanted), leaves))
    assert told(kept).findings[0].kind == "divergence"


@pytest.mark.parametrize("step", [in_place, detached])
def test_gradients_that_vanish(kept: Kept, step: Step) -> None:
    """So that nothing is left of what the first layers would change by: they are not left out."""
    given, wanted, _ = points()
    weights: Leaves = [(0.1 * torch.randn(3, 3)).requires_grad_() for _ in range(12)]
    for _ in range(UPDATES):
        made = given
        for one in weights:
            made = (made @ one).sigmoid()
        weights = step(weights, torch.autograd.grad(mse_loss(made.sum(1), wanted), weights))
    assert [one.kind for one in told(kept).findings] == ["vanishing"]


@pytest.mark.parametrize("gives", [returned, read])
@pytest.mark.parametrize("step", [in_place, detached])
def test_snapshots_have_the_weights(step: Step, gives: Callable[[Tensor, Leaves], Grads]) -> None:
    given, wanted, w = points()
    snapshots: dict[int, Any] = {}
    kept = Kept()
    kept.snapshot = lambda update, snapshot: snapshots.update({update: snapshot})  # type: ignore[method-assign]
    kept.watch = Watch(kept, every=2)
    leaves: Leaves = [w.requires_grad_()]
    true = []
    for _ in range(5):
        grads = gives(mse_loss(given @ leaves[0], wanted), leaves)
        true.append(grads[0].norm().item())
        leaves = step(leaves, grads)
    told(kept)
    assert [*snapshots] == [0, 2, 4]
    for update, snapshot in snapshots.items():
        assert [*snapshot.parameters] == ["w"]
        assert snapshot.parameters["w"].grad.norm == pytest.approx(true[update], rel=1e-4)


def a_penalty_on_gradients(optimizer: torch.optim.Optimizer, model: nn.Module) -> None:
    """As of WGAN-GP."""
    given = data()[0].clone().requires_grad_()
    (grad,) = torch.autograd.grad(model(given).sum(), given, create_graph=True)
    torch.autograd.backward(error(model) + (grad.norm(dim=1) - 1).square().mean())
    optimizer.step()


def meta_learning_by_copies(optimizer: torch.optim.Optimizer, model: nn.Module) -> None:
    learner = copy.deepcopy(model)
    for _ in range(2):
        in_place([*learner.parameters()], torch.autograd.grad(error(learner), [*learner.parameters()]))
    grads = torch.autograd.grad(error(learner), [*learner.parameters()])
    for one, grad in zip(model.parameters(), grads, strict=True):
        one.grad = grad
    optimizer.step()


def meta_learning_in_the_graph(optimizer: torch.optim.Optimizer, model: nn.Module) -> None:
    weights: dict[str, Tensor] = {**dict(model.named_parameters())}
    grads = torch.autograd.grad(error(model, weights), [*weights.values()], create_graph=True)
    weights = {name: one - RATE * grad for (name, one), grad in zip(weights.items(), grads, strict=True)}
    torch.autograd.backward(error(model, weights))
    optimizer.step()


def adversarial(optimizer: torch.optim.Optimizer, model: nn.Module) -> None:
    attack(model)
    optimizer.zero_grad()
    torch.autograd.backward(error(model))
    optimizer.step()


def averages_and_bounds(optimizer: torch.optim.Optimizer, model: nn.Module) -> None:
    average = copy.deepcopy(model)
    torch.autograd.backward(error(model))
    optimizer.step()
    with torch.no_grad():
        for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
            slow.mul_(0.9).add_(fast, alpha=0.1)
            fast.clamp_(-5, 5)


def sampled_by_gradients(optimizer: torch.optim.Optimizer, model: nn.Module) -> None:
    """As of a model of energies: what it is given moves, while it is frozen."""
    given = data()[0]
    model.requires_grad_(False)
    for _ in range(3):
        given.requires_grad_()
        (grad,) = torch.autograd.grad(model(given).sum(), given)
        given = (given - 0.01 * grad).detach()
    model.requires_grad_(True)
    torch.autograd.backward(error(model) + model(given).square().mean())
    optimizer.step()


def looked_at_by_hessians(optimizer: torch.optim.Optimizer, model: nn.Module) -> None:
    """Of which each row is a pass of its own."""
    loss = error(model)
    torch.autograd.backward(loss)
    weights = dict(model.named_parameters())
    hessian_of(lambda bias: error(model, {**weights, "2.bias": bias}), weights["2.bias"])
    optimizer.step()


@pytest.mark.parametrize(
    "update",
    [
        a_penalty_on_gradients,
        meta_learning_by_copies,
        meta_learning_in_the_graph,
        adversarial,
        averages_and_bounds,
        sampled_by_gradients,
        looked_at_by_hessians,
    ],
)
def test_what_an_optimizer_does_is_its_own(
    kept: Kept, update: Callable[[torch.optim.Optimizer, nn.Module], None]
) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(UPDATES):
        optimizer.zero_grad()
        update(optimizer, model)
    told(kept)
    assert kept.optimizers == ["SGD"]
    assert len(kept.updates) == UPDATES


def test_the_loss_of_an_update_is_none_of_a_hessian(kept: Kept) -> None:
    model = network()
    loss = error(model).item()
    looked_at_by_hessians(torch.optim.SGD(model.parameters(), lr=0.01), model)
    assert [one.loss for one in told(kept).updates] == [loss]


def attack(model: nn.Module) -> None:
    """By projected gradients: what is written over is what the model is given."""
    given, wanted = data()
    for _ in range(3):
        given = given.requires_grad_()
        (grad,) = torch.autograd.grad(mse_loss(model(given), wanted), given)
        given = (given + 0.01 * grad.sign()).clamp(-3, 3).detach()


def attack_by_backward(model: nn.Module) -> None:
    given, wanted = data()
    for _ in range(3):
        given = given.detach().requires_grad_()
        torch.autograd.backward(mse_loss(model(given), wanted))
        assert given.grad is not None
        given = given.detach() + 0.01 * given.grad.sign()


def attack_in_place(model: nn.Module) -> None:
    given, wanted = data()
    change = torch.zeros_like(given, requires_grad=True)
    for _ in range(3):
        torch.autograd.backward(mse_loss(model(given + change), wanted))
        assert change.grad is not None
        change.data = (change + 0.01 * change.grad.detach().sign()).clamp(-0.1, 0.1)
        change.grad.zero_()


def saliency(model: nn.Module) -> None:
    given = data()[0].requires_grad_()
    torch.autograd.grad(model(given).sum(), given)[0].abs().mean()


@pytest.mark.parametrize("look", [attack, attack_by_backward, attack_in_place, saliency])
def test_what_a_model_is_given_is_no_weight(kept: Kept, look: Callable[[nn.Module], None]) -> None:
    model = network()
    for _ in range(UPDATES):
        look(model)
    told(kept)
    assert not kept.updates
    assert not kept.findings


@pytest.mark.parametrize("gives", [returned, read])
@pytest.mark.parametrize("step", [in_place, detached])
def test_a_model_that_is_only_looked_at_before(
    kept: Kept, step: Step, gives: Callable[[Tensor, Leaves], Grads]
) -> None:
    """Bare weights that are trained after it are none of its inputs."""
    model = network()
    torch.autograd.backward(error(model))
    given, wanted, w = points()
    leaves: Leaves = [w.requires_grad_()]
    for _ in range(UPDATES):
        leaves = step(leaves, gives(mse_loss(given @ leaves[0], wanted), leaves))
    told(kept)
    assert len(kept.updates) == UPDATES
    assert not kept.findings


@pytest.mark.parametrize("gives", [returned, read])
def test_learners_that_are_thrown_away_are_of_few_kinds(kept: Kept, gives: Callable[[Tensor, Leaves], Grads]) -> None:
    """Reptile: a model follows copies that learn by hand."""
    model = network()
    for _ in range(UPDATES):
        learner = copy.deepcopy(model)
        for _ in range(3):
            weights = [*learner.parameters()]
            in_place(weights, gives(error(learner), weights))
        with torch.no_grad():
            for slow, fast in zip(model.parameters(), learner.parameters(), strict=True):
                slow.lerp_(fast, 0.5)
    told(kept)
    assert len(kept.optimizers) < UPDATES
    assert len(kept.updates) == 3 * UPDATES
    assert not kept.findings


@pytest.mark.parametrize("step", [in_place, detached])
def test_twins_that_a_function_calls_the_same(kept: Kept, step: Step) -> None:
    given, wanted, w = points()

    def trained(w: Tensor) -> Tensor:
        return step([w], torch.autograd.grad(mse_loss(given @ w, wanted), w))[0]

    first, second = w.clone().requires_grad_(), w.clone().requires_grad_()
    for _ in range(UPDATES):
        first, second = trained(first), trained(second)
    told(kept)
    assert [one.optimizer for one in kept.updates] == [0, 1] * UPDATES
    assert not kept.findings


def test_what_is_written_without_a_gradient_is_no_update(kept: Kept) -> None:
    given, wanted, w = points()
    w.requires_grad_()
    for _ in range(UPDATES):
        torch.autograd.grad(mse_loss(given @ w, wanted), w)
        with torch.no_grad():
            w.normal_()
        w = torch.randn(3, requires_grad=True)
    assert told(kept).updates == []


@pytest.mark.parametrize("checks", [torch.autograd.gradcheck, torch.autograd.gradgradcheck])
def test_what_checks_a_gradient_by_differences_is_no_update(kept: Kept, checks: Callable[..., bool]) -> None:
    x = torch.tensor([0.5, 1.5, -1.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert checks(lambda x: x**3, (x,))
    assert told(kept).updates == []
