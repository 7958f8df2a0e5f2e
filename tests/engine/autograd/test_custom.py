"""Whether a custom Function's backward is the derivative of its forward."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from gradtui.engine.autograd.custom import MOST_ELEMENTS, call_of, mismatches
from gradtui.snapshot.events import Mismatch


def found(function: Any, *args: Any) -> list[Mismatch]:
    call = call_of(function, args)
    assert call is not None
    return [*mismatches(call, 0)]


def leaf(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1)).to(dtype).requires_grad_()


class Scaled(torch.autograd.Function):
    """x² · weight, whose backward is `factors` times the derivative; forward and context apart."""

    factors = (1.0, 1.0)

    @staticmethod
    def forward(x: Tensor, weight: Tensor, power: int) -> tuple[Tensor, Tensor]:
        return x**power * weight, x.detach().argmax()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, weight, ctx.power = inputs
        ctx.save_for_backward(x, weight)
        ctx.mark_non_differentiable(output[1])

    @classmethod
    def sends(cls, ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        of_weight = (grad * x**ctx.power).sum(0)
        return ctx.power * x ** (ctx.power - 1) * weight * grad * cls.factors[0], of_weight * cls.factors[1]

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Any) -> Any:
        return (*Scaled.sends(ctx, grad), None)


@pytest.mark.parametrize("factors", [(1.0, 1.0), (0.5, 1.0), (1.0, -1.0), (3.0, 0.0)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.float64])
def test_the_input_and_the_factor(factors: tuple[float, float], dtype: torch.dtype, monkeypatch: Any) -> None:
    monkeypatch.setattr(Scaled, "factors", factors)
    told = {one.name: one for one in found(Scaled, leaf(5, 3, dtype=dtype), leaf(3, dtype=dtype), 3)}
    wanted = {name: factor for name, factor in zip(("x", "weight"), factors, strict=True) if factor != 1}
    assert {name: one.factor for name, one in told.items()} == pytest.approx(wanted)
    for one in told.values():
        assert one.sent == pytest.approx(one.true * wanted[one.name], rel=1e-4)
        assert not one.meant
        assert not one.ignored


@pytest.mark.parametrize("shape", [(48, 1000), (200, 1000)])
def test_a_wrong_column_of_a_large_input(shape: tuple[int, int]) -> None:
    """Some elements alone are moved, and not all of them in the first column."""

    class AllButTheFirst(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 3

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Tensor:
            return torch.cat([grad[:, :1] * 3, grad[:, 1:]], 1)

    (one,) = found(AllButTheFirst, leaf(*shape))
    assert (one.sent, one.true) == pytest.approx((one.true / 3, one.true), rel=1e-4)


class Norm(torch.autograd.Function):
    """Forgets that the mean moves too."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x - x.mean(-1, keepdim=True)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


class Ignoring(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        return ctx.saved_tensors[0]


def test_of_no_factor_an_element_shows_it() -> None:
    (one,) = found(Norm, leaf(4, 6))
    assert one.factor is None
    assert len(one.index) == 2
    assert abs(one.sent - one.true) > 0.01


def test_that_what_comes_in_has_no_say() -> None:
    (one,) = found(Ignoring, leaf(4))
    assert one.ignored


class Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, width: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.round(x / width) * width

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        return grad, (grad * ctx.saved_tensors[0]).sum()


class Clamped(torch.autograd.Function):
    """The gradient passes straight through, also where forward is flat."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clamp(-0.5, 0.5)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


class Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return -grad


@pytest.mark.parametrize(
    ("function", "more"), [(Step, [torch.tensor(0.1).requires_grad_()]), (Clamped, []), (Reversed, [])]
)
def test_stand_ins_are_meant(function: Any, more: list[Tensor]) -> None:
    told = found(function, leaf(30), *more)
    assert told
    assert all(one.meant for one in told)


class Relu(torch.autograd.Function):
    """Writes over what it takes in, and draws at random."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        keep = (x > 0) & (torch.rand_like(x) > 0.3)
        ctx.save_for_backward(keep)
        ctx.mark_dirty(x)
        return x.mul_(keep)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        print("running")
        return grad * ctx.saved_tensors[0]


class Unsteady(torch.autograd.Function):
    calls = 0

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        Unsteady.calls += 1
        return x * Unsteady.calls

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad * 100


class Float32Only(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        if x.dtype is not torch.float32:
            raise TypeError(x.dtype)
        return x * 2

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


@pytest.mark.parametrize("function", [Relu, Unsteady, Float32Only])
def test_nothing_is_said_of_what_is_right_or_cannot_be_run_again(function: Any, capsys: Any) -> None:
    x = leaf(20)
    with torch.no_grad():
        x[:5] = 0
    before, random = x.detach().clone(), torch.get_rng_state()
    assert not found(function, x)
    assert torch.equal(x, before)
    assert torch.equal(torch.get_rng_state(), random)
    assert capsys.readouterr().out == ""


def test_what_is_large_or_runs_something_of_its_own_is_left_alone() -> None:
    assert call_of(Norm, [leaf(MOST_ELEMENTS + 1)]) is None
    assert call_of(Norm, [leaf(3), torch.nn.Linear(3, 3)]) is None
    assert call_of(Norm, [torch.randn(3)]) is None
