"""What a pass that is made again shows: the line that writes over, the one that cuts off, and what that is a part of."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import gradtui
from gradtui.snapshot.finding import Finding
from tests.torch_version import sees_what_is_kept

functional = nn.functional
distributions: Any = torch.distributions


def found(between: Callable[[torch.Tensor], torch.Tensor], loss: Callable[[torch.Tensor], torch.Tensor]) -> Finding:
    """What is told first of two layers, of what is done between them and of what is made the loss of."""
    torch.manual_seed(0)
    encoder, head = nn.Linear(3, 4), nn.Linear(4, 1)
    optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.1)
    with suppress(RuntimeError), gradtui.watch(encoder) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            loss(head(between(encoder(torch.rand(8, 3))))).square().mean().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return watch.findings[0]


def line(function: Callable[..., object], of: int) -> int:
    return function.__code__.co_firstlineno + of


def as_it_is(x: torch.Tensor) -> torch.Tensor:
    return x


def adds(x: torch.Tensor) -> torch.Tensor:
    x = x.sigmoid()
    y = 2 * x
    x += 1
    return x + y


def sets(x: torch.Tensor) -> torch.Tensor:
    x = x.tanh()
    x[:, 0] = 0
    return x


def by_a_function(x: torch.Tensor) -> torch.Tensor:
    x = x.exp()
    return functional.relu_(x - 1) + x.sub_(1)


@sees_what_is_kept
@pytest.mark.parametrize(("between", "of"), [(adds, 3), (sets, 2), (by_a_function, 2)])
def test_the_line_that_writes_over(between: Callable[[torch.Tensor], torch.Tensor], of: int) -> None:
    told = found(between, as_it_is)
    assert (told.kind, told.certainty) == ("inplace", "proved")
    assert told.source is not None
    assert told.source.line == line(between, of)


def without(x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return x * 1


def detached(x: torch.Tensor) -> torch.Tensor:
    return x.detach()


def chosen(x: torch.Tensor) -> torch.Tensor:
    return x.argmax(0).float()


def listed(x: torch.Tensor) -> torch.Tensor:
    return torch.tensor(x.tolist())


@pytest.mark.parametrize(
    ("loss", "kind", "of"),
    [(without, "no_grad", 2), (detached, "detached", 1), (chosen, "not_differentiable", 1), (listed, "left_torch", 1)],
)
def test_the_line_that_cuts_a_loss_off_which_torch_refuses(
    loss: Callable[[torch.Tensor], torch.Tensor], kind: str, of: int
) -> None:
    told = found(as_it_is, loss)
    assert told.kind == kind
    assert told.source is not None
    assert told.source.line == line(loss, of)


def looks(*_: object) -> None:
    """A hook that leaves the gradient as it is."""


class Between(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return detached(nn.functional.relu(x))


HOOKS: dict[str, Callable[[nn.Module], Any]] = {
    "full": lambda module: module.register_full_backward_hook(looks),
    "before": lambda module: module.register_full_backward_pre_hook(looks),
    "global": lambda module: nn.modules.module.register_module_full_backward_hook(looks),
}


@pytest.mark.filterwarnings("ignore:Full backward hook")
@pytest.mark.parametrize("name", HOOKS)
def test_a_cut_is_seen_in_a_module_with_a_backward_hook(name: str) -> None:
    between = Between()
    handle = HOOKS[name](between)
    try:
        told = found(between, as_it_is)
    finally:
        handle.remove()
    assert told.kind == "detached"
    assert told.source is not None
    assert told.source.line == line(detached, 1)


DRAWN: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], str]] = {
    "normal": (lambda x: distributions.Normal(x, 1.0).sample(), "no_grad"),
    "independent": (lambda x: distributions.Independent(distributions.Laplace(x, 1.0), 1).sample(), "no_grad"),
    "poisson": (lambda x: distributions.Poisson(x.exp()).sample(), "not_differentiable"),
    "block": (without, "no_grad"),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_sample_is_told_as_one(name: str) -> None:
    between, kind = DRAWN[name]
    told = found(between, as_it_is)
    assert told.kind == kind
    assert ("rsample" in told.remedy) is (name != "block")
    assert "set_grad_enabled" not in told.remedy


def switched(x: torch.Tensor) -> torch.Tensor:
    torch.set_grad_enabled(False)
    x = x * 1
    torch.set_grad_enabled(True)
    return x


def inferred(x: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        x = x * 1
    return x.clone()


@pytest.mark.parametrize(
    ("between", "word"), [(without, "under no_grad"), (switched, "set_grad_enabled"), (inferred, "inference_mode")]
)
def test_what_switched_gradients_off(between: Callable[[torch.Tensor], torch.Tensor], word: str) -> None:
    told = found(between, as_it_is)
    assert told.kind == "no_grad"
    assert word in told.text


def listened(x: torch.Tensor) -> torch.Tensor:
    x.register_hook(lambda gradient: 100 * gradient)  # type: ignore[no-untyped-call]
    return x


def silenced(x: torch.Tensor) -> torch.Tensor:
    x.register_hook(lambda gradient: 0 * gradient)  # type: ignore[no-untyped-call]
    return x


def test_a_gradient_behind_a_hook_is_the_one_that_the_step_had() -> None:
    torch.manual_seed(0)
    encoder, head = nn.Linear(3, 4), nn.Linear(4, 1)
    optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.1)
    with gradtui.watch(encoder, every=1) as watch:
        listened(head.weight)
        for _ in range(2):
            optimizer.zero_grad()
            head(listened(encoder(torch.rand(8, 3)))).square().mean().backward()
            optimizer.step()
    run = watch.run
    assert len(run.snapshots) == 2
    for update, snapshot in run.snapshots.items():
        for name, told in run.updates[update].parameters.items():
            seen = snapshot.parameters[name].grad
            assert seen is not None
            assert seen.norm == pytest.approx(told.grad, rel=1e-4)


def test_a_hook_that_makes_zeros_is_told() -> None:
    told = found(silenced, as_it_is)
    assert (told.kind, told.certainty) == ("zero", "likely")
    assert "hook" in told.remedy


def test_a_checkpoint_that_records_nothing_is_told() -> None:
    """It is given no weight to see, and what it is given requires no gradient."""
    torch.manual_seed(0)
    block, head = nn.Sequential(nn.Linear(3, 4), nn.Tanh()), nn.Linear(4, 1)

    def step() -> torch.Tensor:
        loss: torch.Tensor = head(checkpoint(block, torch.rand(8, 3), use_reentrant=True)).square().mean()
        return loss

    optimizer = torch.optim.SGD([*block.parameters(), *head.parameters()], lr=0.1)
    with warnings.catch_warnings(), gradtui.watch(nn.ModuleList([block, head])) as watch:
        warnings.simplefilter("ignore")  # torch says that none of the inputs have requires_grad=True
        for _ in range(5):
            optimizer.zero_grad()
            step().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    told = watch.findings[0]
    assert (told.kind, told.certainty) == ("no_grad", "proved")
    assert told.source is not None
    assert told.source.line == line(step, 1)


@pytest.mark.parametrize("reentrant", [True, False])
def test_averages_in_a_checkpoint_are_left_as_they_were(reentrant: bool) -> None:
    def trained(watched: bool) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        first, block = nn.Linear(3, 4), nn.Sequential(nn.BatchNorm1d(4), nn.Tanh())
        optimizer = torch.optim.SGD([*first.parameters(), *block.parameters()], lr=0.1)
        with gradtui.watch(first, every=1) if watched else nullcontext():
            for _ in range(3):
                optimizer.zero_grad()
                checkpoint(block, first(torch.rand(8, 3)), use_reentrant=reentrant).square().mean().backward()
                optimizer.step()
        return block.state_dict()

    plain, watched = trained(False), trained(True)
    assert all(torch.equal(one, watched[name]) for name, one in plain.items())


BACKWARDS: dict[str, Callable[[torch.Tensor], object]] = {
    "of a loss": lambda out: out.sum().backward(),  # type: ignore[no-untyped-call]
    "with a gradient": lambda out: out.backward(gradient=torch.full_like(out, 5.0)),  # type: ignore[no-untyped-call]
    "of a loss with a gradient": lambda out: out.sum().backward(torch.tensor(3.0)),  # type: ignore[no-untyped-call]
    "of two": lambda out: torch.autograd.backward([out.sum(), out.square().mean()]),
    "of two, each with its own": lambda out: torch.autograd.backward(
        [out, 2 * out], [out.detach(), torch.ones_like(out)]
    ),
}


@pytest.mark.parametrize("name", BACKWARDS)
def test_a_snapshot_begins_where_the_backward_pass_began(name: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, every=1) as watch:
        BACKWARDS[name](model(torch.rand(8, 3)))
        optimizer.step()
    run = watch.run
    assert (0 in run.snapshots) is ("its own" not in name)
    for parameter, told in run.updates[0].parameters.items() if run.snapshots else ():
        seen = run.snapshots[0].parameters[parameter].grad
        assert seen is not None
        assert seen.norm == pytest.approx(told.grad, rel=1e-4)


def as_variable(x: torch.Tensor) -> torch.Tensor:
    return torch.autograd.Variable(x.data, requires_grad=True)


def as_parameter(x: torch.Tensor) -> torch.Tensor:
    return nn.Parameter(x)


class Silent(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return 2 * x

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> None:
        return None


def by_a_silent_function(x: torch.Tensor) -> torch.Tensor:
    y: torch.Tensor = Silent.apply(x)  # type: ignore[no-untyped-call]
    return y


@pytest.mark.parametrize(
    ("between", "kind"), [(as_variable, "detached"), (as_parameter, "new_leaf"), (by_a_silent_function, "zero")]
)
def test_the_line_that_lets_no_gradient_through(between: Callable[[torch.Tensor], torch.Tensor], kind: str) -> None:
    told = found(between, as_it_is)
    assert told.kind == kind
    assert told.source is not None
    assert told.source.line == line(between, 1)


def test_a_parameter_that_is_made_of_another_is_the_one_that_is_trained() -> None:
    torch.manual_seed(0)
    with gradtui.watch(nn.Identity(), every=1) as watch:
        first = nn.Linear(3, 3)
        second = nn.Linear(3, 3)
        second.weight = nn.Parameter(first.weight)
        optimizer = torch.optim.SGD(second.parameters(), lr=0.1)
        for _ in range(2):
            optimizer.zero_grad()
            second(torch.rand(4, 3)).square().mean().backward()
            optimizer.step()
    run = watch.run
    seen = run.snapshots[0].parameters["weight"].grad
    assert seen is not None
    assert seen.norm == pytest.approx(run.updates[0].parameters["weight"].grad, rel=1e-4)
    assert not watch.findings
