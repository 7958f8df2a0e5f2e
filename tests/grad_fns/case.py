"""An operation on random operands, and what its rule says that they get."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Shape = tuple[int, ...]
Gradients = Tensor | tuple[Tensor, ...]


@dataclass(frozen=True)
class Case:
    """An operation on operands of these shapes, and its rule: (ḡ, y, *operands) -> what each operand gets.

    positive: operands between 0.1 and 0.9. Where the operation has several results, ḡ and y are tuples.
    """

    shapes: tuple[Shape, ...]
    forward: Callable[..., Any]
    rule: Callable[..., Gradients]
    positive: bool = False


def case(*shapes: Shape, positive: bool = False) -> Callable[[Callable[..., Any], Callable[..., Gradients]], Case]:
    return lambda forward, rule: Case(shapes, forward, rule, positive)


def put_back(like: Tensor, place: Any, g: Tensor) -> Tensor:
    """Zeros like `like`, with g added at `place`, one by one."""
    return torch.zeros_like(like).index_put_(place if isinstance(place, tuple) else (place,), g, accumulate=True)


def origins(move: Callable[[Tensor], Tensor], a: Tensor) -> Tensor:
    """Where in `a` (flat) each element of move(a) comes from."""
    return move(torch.arange(a.numel(), dtype=torch.float64).reshape(a.shape)).round().long()


def moved_back(move: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """ḡ added up where each element came from: the rule of whatever only moves or copies elements."""

    def rule(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
        return (
            torch.zeros(a.numel(), dtype=a.dtype)
            .index_add_(0, origins(move, a).reshape(-1), g.reshape(-1))
            .reshape(a.shape)
        )

    return rule


def moves(shape: Shape, move: Callable[[Tensor], Tensor]) -> Case:
    return Case((shape,), move, moved_back(move))


def transposed(linear: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """The rule of a linear map, from its matrix, column by column."""

    def rule(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
        columns = [linear(unit.reshape(a.shape)).reshape(-1) for unit in torch.eye(a.numel(), dtype=a.dtype)]
        return (torch.stack(columns) @ g.reshape(-1)).reshape(a.shape)

    return rule


def linear(shape: Shape, map_: Callable[[Tensor], Tensor]) -> Case:
    return Case((shape,), map_, transposed(map_))


def ties(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    return g * (a == y) / (a == y).sum()


def as_of(equal: Callable[..., Any]) -> Callable[..., Gradients]:
    """The rule, by the gradients of an `equal` function of simpler operations, whose own rules are held against torch."""

    def rule(g: Any, y: Any, *operands: Tensor) -> Gradients:
        leaves = [operand.detach().clone().requires_grad_() for operand in operands]
        found = torch.autograd.grad(equal(*leaves), leaves, g, allow_unused=True)
        return tuple(torch.zeros_like(leaf) if grad is None else grad for grad, leaf in zip(found, leaves, strict=True))

    return rule


def quiet(operation: Callable[..., Any]) -> Callable[..., Any]:
    """For those of which torch says that they are new, or will go."""

    def call(*operands: Tensor) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return operation(*operands)

    return call


def by_rule(forward: Callable[..., Any], rule: Callable[..., Gradients]) -> Callable[..., Any]:
    """`forward`, differentiated by `rule` and not by torch: for an operation that only takes operands of a certain form."""

    class ByRule(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *operands: Tensor) -> Any:
            result = forward(*operands)
            single = isinstance(result, Tensor)
            ctx.single, ctx.count = single, len(operands)
            ctx.save_for_backward(*operands, *((result,) if single else result))
            return result

        @staticmethod
        def backward(ctx: Any, *g: Tensor) -> Any:
            operands, results = ctx.saved_tensors[: ctx.count], ctx.saved_tensors[ctx.count :]
            return rule(*((g[0], results[0]) if ctx.single else (g, results)), *operands)

    return ByRule.apply


def operand(shape: Shape, positive: bool) -> Tensor:
    uniform = torch.rand(shape, dtype=torch.float64) * 0.8 + 0.1
    return (uniform if positive else torch.randn(shape, dtype=torch.float64)).requires_grad_()
