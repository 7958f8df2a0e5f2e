"""Curves are torch's own numbers at the same places."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from gradtui.engine.typed import curve as module
from gradtui.engine.typed import forward
from gradtui.engine.typed.curve import curve
from gradtui.engine.typed.limits import work
from gradtui.expression.parser import parse
from gradtui.snapshot.curve import Curve, CurveRequest
from tests.engine import oracle

At = dict[str, float | list[float]]


def drawn(text: str, request: CurveRequest, dtype: torch.dtype = torch.float32, **at: float | list[float]) -> Curve:
    leaves = oracle.leaves(at, dtype)
    return curve(request, forward.run(parse(text, tuple(at)), leaves), leaves)


def bare(
    function: Callable[[torch.Tensor], torch.Tensor], window: tuple[float, float], count: int, dtype: torch.dtype
) -> Curve:
    """f and f' at all places at once, as one writes it by hand."""
    x = torch.linspace(*window, count, dtype=dtype, requires_grad=True)
    f = function(x)
    (derivative,) = torch.autograd.grad(f.sum(), x)
    return Curve("x", window, tuple(x.tolist()), tuple(f.tolist()), tuple(derivative.tolist()))


def comparable(told: Curve) -> list[tuple[float, ...]]:
    return [oracle.comparable(numbers) for numbers in (told.x, told.f, told.derivative)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("x^2 + 3x + 1", lambda x: x**2 + 3 * x + 1),
        ("1/x", lambda x: 1 / x),
        ("sqrt(x)*log(x)", lambda x: torch.sqrt(x) * torch.log(x)),
        ("sin(x^2)*exp(-x)", lambda x: torch.sin(x**2) * torch.exp(-x)),
        ("max(x, 1)", lambda x: torch.maximum(x, torch.tensor(1.0, dtype=x.dtype))),
        ("where(x > 0, sqrt(x), -x)", lambda x: torch.where(x > 0, torch.sqrt(x), -x)),
        ("a = x^2; a + sin(a)", lambda x: (lambda a: a + torch.sin(a))(x**2)),
        ("floor(x)", torch.floor),
        ("x", lambda x: x + 0),
    ],
)
def test_elementwise(text: str, function: Callable[[torch.Tensor], torch.Tensor], dtype: torch.dtype) -> None:
    told = drawn(text, CurveRequest("x", (-10.0, 10.0), 401, key="mine"), dtype, x=4.0)
    assert comparable(told) == comparable(bare(function, (-10.0, 10.0), 401, dtype))
    assert (told.variable, told.key, told.what, len(told.x)) == ("x", "mine", "", 401)


def test_other_variables_stay_where_they_are() -> None:
    told = drawn("(w*x + b)^2", CurveRequest("w", (-1.0, 1.0), 51), x=2.0, w=0.5, b=3.0)
    assert comparable(told) == comparable(bare(lambda w: (w * 2 + 3) ** 2, (-1.0, 1.0), 51, torch.float32))


def test_reduction_of_what_stays() -> None:
    told = drawn("x*sum(v)", CurveRequest("x", (0.0, 1.0), 11), x=2.0, v=[1.0, 2.0])
    assert comparable(told) == comparable(bare(lambda x: x * 3, (0.0, 1.0), 11, torch.float32))


@pytest.mark.parametrize(("text", "at"), [("7", {"x": 1.0}), ("y^2", {"x": 1.0, "y": 2.0}), ("x^0*0", {"x": 1.0})])
def test_constant_is_flat(text: str, at: At) -> None:
    told = drawn(text, CurveRequest("x", (-1.0, 1.0), 5), torch.float32, **at)
    assert set(told.derivative) == {0.0}
    assert len(set(told.f)) == 1


def test_no_path_is_flat_where_f_is() -> None:
    told = drawn("where(x > 0, 1, 2)", CurveRequest("x", (-1.0, 1.0), 4), x=1.0)
    assert told.f == (2, 2, 1, 1)
    assert told.derivative == (0, 0, 0, 0)


def test_sum_over_other_vectors() -> None:
    told = drawn("x*v + x^2", CurveRequest("x", (0.0, 1.0), 5), torch.float64, x=1.0, v=[1.0, 2.0, 3.0])
    assert told.f == tuple(6 * x + 3 * x**2 for x in told.x)
    assert told.derivative == tuple(6 + 6 * x for x in told.x)
    assert told.what == "sum(f)"


def test_one_element_of_an_elementwise_vector() -> None:
    request = CurveRequest("v", (0.0, 1.0), 5, element=2)
    told = drawn("(v*v) + (3*v) + w", request, torch.float64, v=[2.1, 5.4, 3.2], w=[1.0, 2.0, 3.0])
    assert told.f == tuple(x * x + 3 * x + 3 for x in told.x)
    assert told.derivative == tuple(2 * x + 3 for x in told.x)
    assert (told.element, told.what) == (2, "f of one element, v[2]")


def test_other_elements_do_not_poison_the_one_drawn() -> None:
    told = drawn("v^[0.5, 2]", CurveRequest("v", (-1.0, 1.0), 3, element=1), v=[1.0, 1.0])
    assert told.derivative == (-2, 0, 2)


@pytest.mark.parametrize(
    ("text", "what", "f", "derivative"),
    [
        ("sum(v^2)", "f along v[1]", lambda t: 1 + t**2 + 9, lambda t: 2 * t),
        ("v*sum(v)", "sum(f) along v[1]", lambda t: (4 + t) ** 2, lambda t: 2 * (4 + t)),
        ("dot(v, [1, 2, 3])", "f along v[1]", lambda t: 10 + 2 * t, lambda t: 2.0),
        ("[x, 2x]", "sum(f)", lambda t: 3 * t, lambda t: 3.0),
        ("sum([x, 2x])", "", lambda t: 3 * t, lambda t: 3.0),
        ("max(v)", "f along v[1]", lambda t: max(3.0, t), None),
    ],
)
def test_point_by_point(
    text: str, what: str, f: Callable[[float], float], derivative: Callable[[float], float] | None
) -> None:
    request = CurveRequest("x" if "x," in text else "v", (0.0, 4.0), 17, element=0 if "x," in text else 1)
    told = drawn(text, request, torch.float64, x=1.0, v=[1.0, 2.0, 3.0])
    assert told.f == pytest.approx([f(x) for x in told.x], rel=1e-14)
    if derivative is not None:
        assert told.derivative == pytest.approx([derivative(x) for x in told.x], rel=1e-14)
    assert told.what == what
    assert told.x[0] == 0
    assert told.x[-1] == 4


@pytest.mark.long
@pytest.mark.parametrize("text", ["sum(x^2)*x[0]", "prod(x)", "norm(x)", "softmax(x)"])
def test_second_derivative_along_an_element(text: str) -> None:
    """Drawn closely, as the screen asks for it: f'' of the same expression by torch's own `hessian`."""
    request = CurveRequest("x", (-2.0, 2.0), 20, 1, order=2)
    leaves = oracle.leaves({"x": [1.0, 2.0, 3.0]}, torch.float64)
    done = forward.run(parse(text, ("x",)), leaves)
    told = curve(request, done, leaves, closely=True)

    def f(place: torch.Tensor) -> torch.Tensor:
        x = torch.stack([leaves["x"].detach()[0], place, leaves["x"].detach()[2]])
        return torch.as_tensor(forward.run(parse(text, ("x",)), {"x": x}).output).sum()

    places = [torch.tensor(x, dtype=torch.float64) for x in told.x]
    wanted = [torch.autograd.functional.hessian(f, place) for place in places]  # type: ignore[no-untyped-call]
    (second,) = told.higher
    assert second == pytest.approx([one.item() for one in wanted], abs=1e-12)


def test_the_orders_that_do_not_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the second and third derivative the first alone, and not none, where both would be too much."""
    leaves = oracle.leaves({"x": 1.0}, torch.float64)
    done = forward.run(parse("[x^3, sin(x)]", ("x",)), leaves)
    monkeypatch.setattr(module.Drawing, "_cost_singly", lambda self, count: 1)
    for most, orders in ((module.GROWTH**3, 2), (module.GROWTH**2, 1), (module.GROWTH, 0)):
        monkeypatch.setattr(module, "MOST_HIGHER", most)
        told = curve(CurveRequest("x", (-2.0, 2.0), 20, order=3), done, leaves, closely=True)
        assert len(told.higher) == orders
        exact = [[6 * x - math.sin(x) for x in told.x], [6 - math.cos(x) for x in told.x]]
        for values, wanted in zip(told.higher, exact, strict=False):
            assert values == pytest.approx(wanted, abs=1e-12)


def test_fewer_points_rather_than_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as their counted work allows: no clock decides."""
    monkeypatch.setattr(module, "POINT_BY_POINT", 100 * work(2, 2))
    told = drawn("sum(v)", CurveRequest("v", (0.0, 1.0), 400), v=[1.0, 2.0])
    assert len(told.x) == 100
    assert (told.x[0], told.x[-1]) == (0, 1)
    long = " + ".join(["sum(v)*sum(v^2)"] * 200)
    assert len(drawn(long, CurveRequest("v", (0.0, 1.0), 400), v=[1.0, 2.0]).x) == module.FEWEST


@pytest.mark.parametrize(
    "request_",
    [
        CurveRequest("x", (1.0, 1.0)),
        CurveRequest("x", (2.0, 1.0)),
        CurveRequest("x", (float("nan"), 1.0)),
        CurveRequest("x", (0.0, 1.0), points=1),
        CurveRequest("v", (0.0, 1.0), element=2),
    ],
)
def test_no_such_window_or_element(request_: CurveRequest) -> None:
    with pytest.raises(ValueError, match="no"):
        drawn("x*v", request_, x=1.0, v=[1.0, 2.0])
