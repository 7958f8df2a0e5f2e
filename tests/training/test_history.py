"""A run that diverges is told by the factor that the Hessian gives it, and no other run is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from gradtui.snapshot.training import Moved, Norms, Update
from gradtui.training.history import LONG_ENOUGH, growth

Function = Callable[..., torch.Tensor]
X, Y = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([3.0, 5.0, 7.0, 9.5])


def line(w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return ((w * X + b - Y) ** 2).mean()


def bowl(w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return w**2 + b**2


def vector(v: torch.Tensor) -> torch.Tensor:
    return (v * torch.tensor([1.0, 2.0])).pow(2).sum()


def trained(
    f: Function,
    start: tuple[list[float] | float, ...],
    optimizer: str,
    count: int,
    dtype: torch.dtype,
    **settings: float,
) -> list[Update]:
    """The last updates of torch's own run."""
    places = [torch.tensor(value, dtype=dtype, requires_grad=True) for value in start]
    real = getattr(torch.optim, optimizer)(places, **settings)
    made = []
    for number in range(count):
        real.zero_grad()
        value = f(*places)
        value.backward()  # type: ignore[no-untyped-call]
        before = [_place(place) for place in places]
        grads = [_place(place.grad) if place.grad is not None else None for place in places]
        real.step()
        moved = zip("abc", map(Moved, before, grads, map(_place, places)), strict=False)
        made.append(Update(number, value.item(), dict(moved)))
    return made[-LONG_ENOUGH:]


def _place(tensor: torch.Tensor) -> float | tuple[float, ...]:
    return tuple(tensor.tolist()) if tensor.ndim else tensor.item()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("f", "start", "lr"),
    [
        (lambda x: x**2, (3.0,), 1.1),
        (line, (0.5, 0.0), 0.5),
        (line, (0.5, 0.0), 0.13),
        (bowl, (1.0, -2.0), 1.1),
        (vector, ([1.0, 2.0],), 0.3),
        (lambda w, v: w**2 + vector(v), (1.0, [1.0, 2.0]), 0.3),
    ],
)
def test_a_run_that_diverges(
    f: Function, start: tuple[list[float] | float, ...], lr: float, dtype: torch.dtype
) -> None:
    """Gradient descent on a quadratic f multiplies what is off by 1 - lr·λ, λ the largest eigenvalue of the Hessian."""
    places = tuple(torch.tensor(value, dtype=torch.float64) for value in start)
    flat = torch.cat([place.reshape(-1) for place in places])

    def joined(whole: torch.Tensor) -> torch.Tensor:
        parts = torch.split(whole, [place.numel() for place in places])
        return f(*(part.reshape(place.shape) for part, place in zip(parts, places, strict=True)))

    hessian = torch.autograd.functional.hessian(joined, flat)  # type: ignore[no-untyped-call]
    largest = torch.linalg.eigvalsh(hessian)[-1].item()
    told = growth(trained(f, start, "SGD", 20, dtype, lr=lr))
    assert told is not None
    assert told < -1
    assert told == pytest.approx(1 - lr * largest, rel=2e-3)


def linear(w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return 3 * w + b


def well(x: torch.Tensor) -> torch.Tensor:
    return x**4 - x**2


@pytest.mark.parametrize(
    ("f", "start", "optimizer", "settings"),
    [
        (line, (0.5, 0.0), "SGD", {"lr": 0.01}),
        (line, (0.5, 0.0), "SGD", {"lr": 0.1, "momentum": 0.9}),
        (bowl, (1.0, 2.0), "SGD", {"lr": 1.0}),
        (bowl, (1.0, 2.0), "Adam", {"lr": 0.1}),
        (linear, (0.3, 0.7), "SGD", {"lr": 0.1}),
        (linear, (0.3, 0.7), "SGD", {"lr": 0.1, "momentum": 0.99}),
        (lambda x: 3 * x, (0.3,), "SGD", {"lr": 0.1}),
        (lambda w, b: w * 0 + b * 0, (0.3, 0.7), "SGD", {"lr": 0.1}),
        (bowl, (1.0, 2.0), "SGD", {"lr": 0.1, "maximize": True}),
    ],
)
@pytest.mark.parametrize("count", [6, 20, 60])
def test_a_run_that_does_not(
    f: Function, start: tuple[float, ...], optimizer: str, settings: dict[str, float], count: int
) -> None:
    assert growth(trained(f, start, optimizer, count, torch.float32, **settings)) is None


def test_a_way_down_from_a_maximum_is_none() -> None:
    """Its steps grow by the same factor for a while, and f gets better with each."""
    made = trained(well, (1e-4,), "SGD", 12, torch.float64, lr=0.1)
    steps = [abs(moved["a"].after - moved["a"].value) for moved in (one.variables for one in made)]  # type: ignore[operator]
    assert steps[-1] / steps[-2] == pytest.approx(1.2, rel=1e-3)
    assert growth(made) is None


def test_where_there_are_norms_alone() -> None:
    """All parameters of a file together, be a small one of them known by its numbers or not."""
    grown = [
        Update(k, 2.0 * 9**k, {"bias": Moved(1.0, 1.0, 2.0)}, norms=(Norms(1, 1, 3.0 * 3**k), Norms(1, 1, 4.0 * 3**k)))
        for k in range(LONG_ENOUGH)
    ]
    assert growth(grown) == pytest.approx(3)
    falling = [Update(one.update, -one.value, one.variables, norms=one.norms) for one in grown]
    assert growth(falling) is None


def test_other_variables_on_the_way_are_no_run() -> None:
    made = trained(bowl, (1.0, 2.0), "SGD", 6, torch.float64, lr=1.1)
    other = Update(made[-1].update, made[-1].value, {"x": made[-1].variables["a"], "b": made[-1].variables["b"]})
    assert growth([*made[:-1], other]) is None
