"""The engine and the language, in this process, against bare torch."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.measure import alternating, timed
from tests.benchmarks.table import Other, Row

TEXT = "sin(x)*exp(-x^2)"
LONG = " + ".join(["sin(x)^2 + 3x*exp(-x/2)"] * 39)
RUNS = 50


def rows() -> Iterator[Row]:
    import torch

    from gradtui.engine.typed.curve import curve
    from gradtui.engine.typed.evaluate import evaluate
    from gradtui.engine.typed.forward import run
    from gradtui.expression import parse
    from gradtui.snapshot.curve import CurveRequest
    from gradtui.snapshot.model import Request

    torch.set_num_threads(1)  # as the worker does
    request = Request(id=0, expression=TEXT, at={"x": 0.5})
    asked = CurveRequest(variable="x", window=(-10, 10), points=1000)
    higher = CurveRequest(variable="x", window=(-10, 10), points=1000, order=2)
    leaves = {"x": torch.tensor(0.5, requires_grad=True)}
    forward = run(parse(TEXT), leaves)

    def bare_curve() -> tuple[list[float], list[float], list[float]]:
        x = torch.linspace(-10, 10, 1000, requires_grad=True)
        f = torch.sin(x) * torch.exp(-(x**2))
        (derivative,) = torch.autograd.grad(f.sum(), x)
        return x.tolist(), f.tolist(), derivative.tolist()

    def bare_second() -> list[list[float]]:
        x = torch.linspace(-10, 10, 1000, requires_grad=True)
        f = torch.sin(x) * torch.exp(-(x**2))
        (derivative,) = torch.autograd.grad(f.sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(derivative.sum(), x)
        return [each.tolist() for each in (x, f, derivative, second)]

    def bare_step() -> float:
        x = torch.tensor(0.5, requires_grad=True)
        (grad,) = torch.autograd.grad(torch.sin(x) * torch.exp(-(x**2)), x)
        return grad.item()

    ours, bare = alternating(timed(lambda: curve(asked, forward, leaves)), timed(bare_curve), runs=RUNS)
    yield Row("curve of f and f' at 1,000 points", ours, floor=Other(bare, "bare torch"), bar=1.5, of="floor")
    ours, bare = alternating(timed(lambda: curve(higher, forward, leaves)), timed(bare_second), runs=RUNS)
    yield Row("the same with f''", ours, floor=Other(bare, "bare torch"), bar=1.5, of="floor")
    ours, bare = alternating(timed(lambda: evaluate(request)), timed(bare_step), runs=RUNS)
    yield Row("one evaluation with the whole record", ours, floor=Other(bare, "bare forward and backward"))
    (ours,) = alternating(timed(lambda: parse(LONG)), runs=RUNS)
    yield Row(f"parsing {len(LONG):,} characters", ours)
