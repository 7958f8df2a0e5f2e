"""`gradtui.watch`, inside of a program: what it records, and that nothing is left of it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import gradtui
from gradtui.snapshot.finding import Finding


def left() -> list[Any]:
    """What a watch might leave behind."""
    module: Any = torch.nn.modules.module
    optimizers: Any = __import__("torch.optim.optimizer", fromlist=["optimizer"])
    return [
        torch.autograd._engine_run_backward,  # type: ignore[attr-defined]
        torch.autograd.Function.__dict__.get("apply"),
        torch.amp.GradScaler.step,
        torch._C._len_torch_function_stack(),
        [*module._global_forward_hooks, *module._global_forward_pre_hooks],
        [*optimizers._global_optimizer_pre_hooks, *optimizers._global_optimizer_post_hooks],
    ]


def train(model: nn.Module, optimizer: torch.optim.Optimizer, updates: int, clear: bool = True) -> None:
    for _ in range(updates):
        if clear:
            optimizer.zero_grad()
        x = torch.rand(8, 3)
        nn.functional.mse_loss(model(x), x[:, :1]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 1))


@pytest.mark.parametrize("first", [0, 1])
def test_nothing_is_left_of_two_in_whatever_order_they_end(model: nn.Module, first: int) -> None:
    before, optimizer = left(), torch.optim.SGD(model.parameters(), lr=0.1)
    both = gradtui.watch(model, optimizer), gradtui.watch(model, optimizer)
    train(model, optimizer, 3)
    both[first].close()
    train(model, optimizer, 2)
    both[1 - first].close()
    train(model, optimizer, 2)
    assert [len(both[which].run.updates) for which in (first, 1 - first)] == [3, 5]
    assert left() == before


def test_numbers_are_those_of_torch_and_nothing_is_left(model: nn.Module, tmp_path: Path) -> None:
    """The same weights, gradients and random numbers as without it, Snapshots or not."""
    before, start = left(), {name: one.clone() for name, one in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    torch.manual_seed(1)
    train(model, optimizer, 4)
    plain = {name: one.clone() for name, one in model.state_dict().items()}
    norms = {name: one.grad.norm().item() for name, one in model.named_parameters() if one.grad is not None}
    model.load_state_dict(start)
    torch.manual_seed(1)
    with gradtui.watch(model, optimizer, tmp_path / "run.gradtui", every=1) as watch:
        train(model, optimizer, 4)
    assert all(torch.equal(one, plain[name]) for name, one in model.state_dict().items())
    assert left() == before
    run = gradtui.load(tmp_path / "run.gradtui")
    assert isinstance(run, gradtui.Run)
    assert run.ended
    assert {name: one.grad for name, one in run.updates[3].parameters.items()} == pytest.approx(norms)
    assert [*run.snapshots] == [0, 1, 2, 3], "with dropout drawn as it was"
    last = run.snapshots[3].parameters["0.weight"].grad
    assert last is not None
    assert last.norm == pytest.approx(norms["0.weight"], rel=1e-4)
    assert watch.findings == ()


@pytest.mark.parametrize(("rates", "told"), [([3.0] * 31, [True]), ([3.0] * 9 + [0.1] * 70, [])])
def test_a_loss_that_grows_until_it_is_infinite_is_told_while_the_training_goes_on(
    rates: list[float], told: list[bool]
) -> None:
    """Of one that is finite nothing is: it may fall again."""
    model = nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    heard: list[bool] = []
    with gradtui.watch(model, optimizer, on_finding=lambda one: heard.append(one.update == 0)):
        for optimizer.param_groups[0]["lr"] in rates:
            optimizer.zero_grad()
            model(torch.ones(1, 1)).square().sum().backward()
            optimizer.step()
        before_the_end = [*heard]
    assert before_the_end == heard == told


class Averages(nn.Module):
    """Held by no module: written over by a function."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(4))
        self.register_buffer("var", torch.ones(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.batch_norm(x, self.mean, self.var, training=True)  # type: ignore[arg-type]


AVERAGING: dict[str, Callable[[], nn.Module]] = {
    "batch norm": lambda: nn.BatchNorm1d(4),
    "batch norm of all batches alike": lambda: nn.BatchNorm1d(4, momentum=None),
    "instance norm": lambda: nn.Sequential(
        nn.Unflatten(1, (2, 2)), nn.InstanceNorm1d(2, track_running_stats=True), nn.Flatten()
    ),
    "a function with averages": Averages,
    "spectral norm": lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4)),
    "an observer": torch.ao.quantization.FusedMovingAvgObsFakeQuantize,
}


@pytest.mark.parametrize("name", AVERAGING)
def test_a_pass_made_again_leaves_running_averages_as_they_were(name: str) -> None:
    """Of some of them torch counts no version."""
    kept = []
    for every in (0, 1):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), AVERAGING[name](), nn.Linear(4, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with gradtui.watch(model, optimizer, every=every) if every else nullcontext():
            train(model, optimizer, 3)
        kept.append({name: one.clone() for name, one in model.state_dict().items()})
    plain, watched = kept
    assert all(torch.equal(one, plain[name]) for name, one in watched.items())


@pytest.mark.parametrize("name", AVERAGING)
def test_averages_of_a_model_that_is_made_while_it_is_watched_too(name: str) -> None:
    kept = []
    for every in (0, 1):
        with gradtui.watch(nn.Linear(1, 1), every=every) if every else nullcontext():
            torch.manual_seed(0)
            model = nn.Sequential(nn.Linear(3, 4), AVERAGING[name](), nn.Linear(4, 1))
            train(model, torch.optim.SGD(model.parameters(), lr=0.1), 3)
        kept.append({name: one.clone() for name, one in model.state_dict().items()})
    plain, watched = kept
    assert all(torch.equal(one, plain[name]) for name, one in watched.items())


@pytest.mark.parametrize("inner", [gradtui.watch, lambda _: gradtui.trace()], ids=["watch", "trace"])
def test_two_at_once_leave_a_mode_where_it_was(model: nn.Module, inner: Callable[[nn.Module], Any]) -> None:
    """Each goes aside for a step, and another may do so meanwhile."""
    before, optimizer = left(), torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model), inner(model):
        for _ in range(3):
            with torch.device("cpu"):
                train(model, optimizer, 1)
    assert left() == before


def test_findings_are_told_while_it_goes_on_and_after_an_exception(model: nn.Module) -> None:
    heard: list[Finding] = []
    before = left()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    watch = gradtui.watch(model, on_finding=heard.append)
    with suppress(KeyError), watch:
        train(model, optimizer, 8, clear=False)
        assert [one.kind for one in heard] == ["zero_grad"]
        raise KeyError
    assert [one.kind for one in watch.run.findings] == ["zero_grad"]
    assert len(watch.run.updates) == 8
    assert left() == before


def test_a_watch_that_breaks_lets_the_training_go_on(
    model: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    start = model[0].weight.clone()
    with gradtui.watch(model) as watch:
        monkeypatch.setattr("gradtui.engine.watching.tensor_norms.norms", lambda tensors: 1 / 0)
        train(model, optimizer, 3)
    assert "is not watched any more: ZeroDivisionError" in capsys.readouterr().err
    assert not torch.equal(start, model[0].weight)
    assert (len(watch.run.updates), watch.run.ended) == (0, True)
    assert watch.run.watch_ended.startswith("ZeroDivisionError")


@pytest.mark.parametrize("keeps", [False, True])
def test_views_of_which_torch_refuses_to_tell_are_no_matter(
    model: Any, keeps: bool, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Made under no_grad, of a weight that is written over with gradients on: torch does not say what made them."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer, tmp_path / "run.gradtui", every=1) as watch:
        for _ in range(3):
            with torch.no_grad():
                views = [model[0].weight.view(-1), model[3].bias.view(-1)[0]]
            optimizer.zero_grad()
            (model(torch.rand(8, 3)).mean() + sum(one.detach().sum() for one in views)).backward(retain_graph=keeps)
            optimizer.step()
            with torch.no_grad():
                for one in views:
                    one.mul_(0.9)
    with pytest.raises(RuntimeError):
        _ = views[0].is_leaf
    assert "not watched any more" not in capsys.readouterr().err
    assert len(watch.run.updates) == 3
    run = gradtui.load(tmp_path / "run.gradtui")
    assert isinstance(run, gradtui.Run)
    assert run.snapshots


def test_results_that_can_be_made_again_are_not_held(model: nn.Module, tmp_path: Path) -> None:
    """What a pass makes is gone when torch lets go of it: a step needs little more memory than without a watch. A Snapshot of the
    pass has all of it nevertheless."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    made: list[weakref.ref[torch.Tensor]] = []
    keep = model.register_forward_hook(lambda module, args, result: made.append(weakref.ref(result)))
    for part in model:  # type: ignore[attr-defined]
        part.register_forward_hook(lambda module, args, result: made.append(weakref.ref(result)))
    with gradtui.watch(model, optimizer, tmp_path / "run.gradtui", every=1):
        for _ in range(3):
            loss = nn.functional.softplus(model(torch.rand(8, 3)) + 1).mean()
            assert made[-1]() is None, "no node saves what a sum is made of"
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            assert not any(one() is not None for one in made)
            optimizer.step()
    keep.remove()
    run = gradtui.load(tmp_path / "run.gradtui")
    assert isinstance(run, gradtui.Run)
    names = {node.name for snapshot in run.snapshots.values() for node in snapshot.graph.nodes}
    assert [*run.snapshots] == [0, 1, 2]
    assert {"TanhBackward0", "SoftplusBackward0"} <= names


def test_data_of_large_passes_are_not_held_for_long(tmp_path: Path) -> None:
    """Data cannot be made again: beside the pass that runs no other of more than 16 MiB is held."""
    model = nn.Linear(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    given = torch.ones(300_000, 8)  # 2 x 9.2 MiB are made of it
    made: list[weakref.ref[torch.Tensor]] = []
    with gradtui.watch(model, optimizer, tmp_path / "run.gradtui"):
        for _ in range(4):
            optimizer.zero_grad()
            for part in (1.0, 2.0):
                scaled = given * part
                moved = scaled + 1
                made += [weakref.ref(scaled), weakref.ref(moved)]
                model(moved).mean().backward()
                del scaled, moved
            assert sum(one() is not None for one in made) <= 4
            optimizer.step()
            assert sum(one() is not None for one in made) <= 2


def test_a_state_that_is_carried_over_is_there_when_a_pass_is_made_again(tmp_path: Path) -> None:
    """Of an earlier pass, by a name that has something else since: it is held as long as calls have it."""
    torch.manual_seed(0)
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer, tmp_path / "run.gradtui", every=1):
        state = torch.zeros(2)
        for _ in range(6):
            optimizer.zero_grad()
            state = model(state.detach() + 1).tanh()
            state.sum().backward()
            optimizer.step()
    run = gradtui.load(tmp_path / "run.gradtui")
    assert isinstance(run, gradtui.Run)
    assert [*run.snapshots] == [0, 1, 2, 3, 4, 5]


class Doubled(torch.autograd.Function):
    """Is given what it shall do by a reference that is no tensor's."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, by: weakref.ref[nn.Module]) -> torch.Tensor:
        return x * (2 if by() is not None else 3)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        return 2 * grads[0], None


def test_a_weak_reference_of_ones_own_stays_one(model: nn.Module, tmp_path: Path) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with gradtui.watch(model, optimizer, tmp_path / "run.gradtui", every=1) as watch:
        for _ in range(2):
            optimizer.zero_grad()
            Doubled.apply(model(torch.rand(8, 3)), weakref.ref(model)).sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    assert len(watch.run.updates) == 2
    run = gradtui.load(tmp_path / "run.gradtui")
    assert isinstance(run, gradtui.Run)
    assert [*run.snapshots] == [0, 1]
