"""A model that is compiled: what is told of its training is what is told of the same model as it is written."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

import gradtui
from tests.torch_version import sees_into_compiled

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def compiled_anew() -> Iterator[None]:
    yield
    torch.compiler.reset()


class Net(nn.Module):
    """way: what is done to what the first layer makes."""

    def __init__(self, way: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.second, self.way = nn.Linear(3, 4), nn.Linear(4, 1), way
        self.norm = nn.BatchNorm1d(4, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(self.way(self.norm(self.first(x))))
        return y


def under_no_grad(x: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.tanh(x)


WAYS: dict[str, Callable[[Tensor], Tensor]] = {
    "detached": lambda x: x.detach(),
    "under no_grad": under_no_grad,
    "dead": lambda x: torch.relu(x - 100),
    "argmax": lambda x: nn.functional.one_hot(x.argmax(1), 4).float(),
    "nan": lambda x: torch.log(x * 0),
    "a bad gradient": lambda x: x + torch.sqrt(x * 0),
    "none": torch.tanh,
}


def told(way: Callable[[Tensor], Tensor], backend: str | None, in_place: bool = False) -> list[tuple[object, ...]]:
    torch.manual_seed(0)
    model, x = Net(way), torch.rand(5, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    run: Callable[[Tensor], Tensor] = model
    if backend is not None and in_place:
        model.compile(backend=backend)
    elif backend is not None:
        run = torch.compile(model, backend=backend)
    mean: list[float] = []
    with gradtui.watch(model, optimizer) as watch:
        for update in range(8):
            model.train(update < 4 or way is not torch.tanh)
            loss = (run(x) - 1).square().mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            assert isinstance(model.norm.running_mean, Tensor)
            mean.append(float(model.norm.running_mean.sum()))
    found = [(one.kind, one.certainty, one.parameter, one.update, one.source) for one in watch.findings]
    return [*found, ("mean", *(round(one, 4) for one in mean if one == one))]


@sees_into_compiled
@pytest.mark.parametrize(("backend", "in_place"), [("eager", False), ("aot_eager", False), ("eager", True)])
@pytest.mark.parametrize("name", WAYS)
def test_as_it_is_written(name: str, backend: str, in_place: bool) -> None:
    expected = told(WAYS[name], None)
    assert len(expected) > 1
    assert told(WAYS[name], backend, in_place) == expected


@sees_into_compiled
def test_a_function_that_is_compiled() -> None:
    way = WAYS["dead"]
    model, x = Net(way), torch.rand(5, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    @torch.compile(backend="eager")
    def loss_of(x: Tensor) -> Tensor:
        y: Tensor = model(x) - 1
        return y.square().mean()

    with gradtui.watch(model, optimizer) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            torch.autograd.backward(loss_of(x))
            optimizer.step()
    assert [(one.kind, one.parameter) for one in watch.findings] == [("dead", "first.weight")]


@pytest.mark.parametrize("compiled", [pytest.param(True, marks=sees_into_compiled), False])
def test_a_model_of_layers_alone_is_of_the_line_that_calls_it(compiled: bool) -> None:
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(3, 4), nn.Threshold(50, 0), nn.Linear(4, 1)), torch.rand(5, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    run = torch.compile(model, backend="eager") if compiled else model
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(5):
            y = run(x)
            optimizer.zero_grad()
            torch.autograd.backward(y.square().mean())
            optimizer.step()
    (told,) = watch.findings
    assert told.kind == "dead"
    assert told.source is not None
    assert told.source.text == "run(x)"


class Counting(Net):
    """Does more than to compute."""

    def __init__(self) -> None:
        super().__init__(WAYS["dead"])
        self.calls = 0
        self.drawn: list[float] = []

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def look(self) -> None:
        self.calls += 1
        self.drawn = [*self.drawn, random.random()]
        print("called")

    def forward(self, x: Tensor) -> Tensor:
        self.look()
        return super().forward(x)


@sees_into_compiled
def test_what_it_does_beside_is_done_once(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = []
    for watched in (False, True):
        torch.manual_seed(0)
        random.seed(0)
        model, x = Counting(), torch.rand(5, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        run = torch.compile(model, backend="eager")
        with gradtui.watch(model, optimizer) if watched else nullcontext() as watch:
            for _ in range(5):
                optimizer.zero_grad()
                torch.autograd.backward(run(x).square().mean())
                optimizer.step()
        outcomes.append((model.calls, model.drawn, capsys.readouterr().out))
    assert watch is not None
    assert watch.findings[0].kind == "dead", "it was run again"
    assert outcomes[0] == outcomes[1]


@pytest.mark.filterwarnings("ignore")  # torch's own
def test_a_step_that_is_compiled() -> None:
    torch.manual_seed(0)
    model, x = Net(WAYS["none"]), torch.rand(5, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    step = torch.compile(optimizer.step, backend="eager")
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            torch.autograd.backward((model(x) - 1).square().mean())
            step()
    assert watch.findings == ()


@pytest.mark.filterwarnings("ignore")
def test_forward_backward_and_step_compiled_as_one() -> None:
    torch.manual_seed(0)
    model, x = Net(WAYS["none"]), torch.rand(5, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    @torch.compile(backend="eager")
    def update() -> Tensor:
        loss: Tensor = (model(x) - 1).square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss

    with gradtui.watch(model, optimizer) as watch:
        losses = []
        for _ in range(5):
            optimizer.zero_grad()
            losses.append(update().item())
    assert losses[-1] < losses[0]
    assert watch.findings == ()


@sees_into_compiled
@pytest.mark.filterwarnings("ignore")
def test_a_compiled_step_is_of_the_line_that_calls_it() -> None:
    """Within it all has the first line."""
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1)), torch.randn(256, 8)[:32]
    optimizer = torch.optim.SGD(model.parameters(), lr=1e3)

    @torch.compile(backend="aot_eager")
    def update() -> Tensor:
        optimizer.zero_grad()
        loss: Tensor = nn.functional.mse_loss(model(x), x[:, :1] - x[:, 1:2])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss

    with gradtui.watch(model, optimizer) as watch:
        for _ in range(12):
            update()
    first = watch.findings[0]
    assert "zero_grad" not in first.text
    assert first.source is not None
    assert first.source.text.strip() == "update()"


@sees_into_compiled
def test_a_compiled_step_is_not_made_to_trace_the_watch(recwarn: pytest.WarningsRecorder) -> None:
    """Dynamo warns of what it cannot trace."""
    model = nn.Linear(3, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=torch.tensor(0.01))
    step = torch.compile(optimizer.step, backend="eager")
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(4):
            optimizer.zero_grad()
            torch.autograd.backward(model(torch.rand(5, 3)).square().mean())
            step()
    assert len(watch.run.updates) == 4
    assert [str(one.message) for one in recwarn if "trace the builtin" in str(one.message)] == []


def test_torch_warns_of_hooks_of_all_modules_that_are_a_persons_and_of_no_others() -> None:
    """No warning is one where there is a watch: here each would be an error."""
    written = nn.Linear(3, 1)
    model = torch.compile(written, backend="eager")
    asked = getattr(nn.modules.module, "_has_any_global_hook", None)
    first, second = gradtui.watch(written).__enter__(), gradtui.watch(written).__enter__()
    model(torch.rand(5, 3))
    hook = nn.modules.module.register_module_forward_hook(lambda module, args, result: None)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        model(torch.rand(5, 3))
    assert bool(warned) == (asked is not None)
    hook.remove()
    first.close()
    model(torch.rand(5, 3))
    second.close()
    assert getattr(nn.modules.module, "_has_any_global_hook", None) is asked
