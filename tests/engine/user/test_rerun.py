"""The curve of a function that can only be run: what is found between its points, with few more runs."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from gradtui.engine.typed.curve import GROWTH
from gradtui.engine.typed.differences import STEPS, offsets
from gradtui.engine.user.rerun import CLOSER, HIGHER, Again
from gradtui.snapshot.curve import Curve, CurveRequest

F = Callable[[torch.Tensor], torch.Tensor]


class Runs:
    """f, and how often it was run."""

    def __init__(self, f: F) -> None:
        self.f, self.count = f, 0

    def __call__(self, leaves: dict[str, torch.Tensor]) -> torch.Tensor:
        self.count += 1
        return self.f(leaves["x"])

    def curve(self, points: int = 400, seconds: float = 1e-5) -> Curve | None:
        x = torch.tensor(2.0, dtype=torch.float64)
        return Again(self, {"x": x}, self.f(x), seconds=seconds).curve(CurveRequest("x", (-10.0, 10.0), points))


def drawn(f: F) -> tuple[Curve, int]:
    runs = Runs(f)
    told = runs.curve()
    assert told is not None
    return told, runs.count


@pytest.mark.parametrize(
    ("f", "kind", "place"),
    [
        (lambda x: (x - 0.777).abs(), "gradient", 0.777),
        (lambda x: torch.where(x > 1.234, x + 5, x), "value", 1.234),
        (lambda x: torch.relu(x + 3.1), "gradient", -3.1),
    ],
)
def test_a_jump(f: F, kind: str, place: float) -> None:
    told, count = drawn(f)
    (one,) = told.jumps
    assert one.kind == kind
    assert (one.low + one.high) / 2 == pytest.approx(place, abs=1e-5)
    assert count <= 400 + 400 // CLOSER


@pytest.mark.parametrize("here", [2.0, 1e-9])
def test_further_derivatives_take_no_longer_than_they_may(here: float) -> None:
    """Beside a tiny number f is looked at by two measures: twice as many runs."""
    runs, x = Runs(torch.sin), torch.tensor(here, dtype=torch.float64)
    seconds = 0.75 * HIGHER / len(offsets(STEPS)) / GROWTH**2
    told = Again(runs, {"x": x}, runs.f(x), seconds=seconds).further("x", 2)
    assert bool(told) == (here == 2)
    assert runs.count * seconds * GROWTH**2 < 1.25 * HIGHER, "and a few runs to see how exact f is"


def test_a_pole_and_a_border() -> None:
    (pole,) = drawn(lambda x: 1 / (x - 0.777))[0].trouble
    assert (pole.low, pole.kind, pole.unbounded) == (pytest.approx(0.777, abs=1e-5), "value", True)  # type: ignore[comparison-overlap]
    (border,) = drawn(lambda x: torch.sqrt(x - 0.777))[0].trouble
    assert (border.low, border.high) == (-10, pytest.approx(0.777, abs=1e-5))  # type: ignore[comparison-overlap]
    assert (border.kind, border.unbounded) == ("value", False)


def test_a_narrow_peak() -> None:
    told, count = drawn(lambda x: torch.exp(-1000 * (x - 0.777) ** 2))
    assert max(told.f) == pytest.approx(1, abs=0.03)
    assert list(told.x) == sorted(set(told.x))
    assert count <= 400 + 400 // CLOSER


def test_what_is_smooth_is_run_once_a_point() -> None:
    assert drawn(lambda x: x**3 - 3 * x)[1] == 400


def test_a_slow_function_is_only_sampled() -> None:
    runs = Runs(lambda x: (x - 0.777).abs())
    told = runs.curve(seconds=0.01)
    assert told is not None
    assert (len(told.x), told.jumps) == (16, ())
    assert runs.count <= 16 + 16 // CLOSER
    assert Runs(lambda x: x).curve(seconds=1.0) is None


def test_where_it_raises_there_is_no_number() -> None:
    def f(x: torch.Tensor) -> torch.Tensor:
        if x > 4:
            raise ValueError("too far")
        return x * x

    told, _ = drawn(f)
    (one,) = told.trouble
    assert (one.low, one.high) == (pytest.approx(4, abs=1e-4), 10)  # type: ignore[comparison-overlap]
    assert all(math.isnan(y) == (x > 4) for x, y in zip(told.x, told.f, strict=True))


@pytest.mark.parametrize("beside", [0.003, -0.003])
@pytest.mark.parametrize("jump", [lambda x: torch.round(x * 8) / 8, lambda x: torch.where(x > 0.4375, x + 1, x)])
def test_a_jump_beside_what_is_known_in_float32(jump: F, beside: float) -> None:
    """It is within what is told of: f may have a derivative at the place itself, as torch has it."""
    x = torch.tensor(0.4375 + beside * 0.1, dtype=torch.float64)

    def f(x: torch.Tensor) -> torch.Tensor:
        return jump(x.float())

    told = Again(Runs(f), {"x": x}, f(x), seconds=1e-5).differences("x")
    assert told is not None
    assert math.inf in (told.left[0], told.right[0])
    assert abs(beside * 0.1) < told.reach[0] < 0.01


def test_what_is_known_in_float64_is_told_of_the_place_itself() -> None:
    x = torch.tensor(0.4375, dtype=torch.float64)
    told = Again(Runs(torch.abs), {"x": x}, x.abs(), seconds=1e-5).differences("x")
    assert told is not None
    assert (told.central, told.reach) == ((pytest.approx(1.0),), ())  # type: ignore[comparison-overlap]
