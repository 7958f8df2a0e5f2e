"""Which functions may be called once more, as far as their code shows."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gradtui.engine.watching.kept_calls.effects import has_none

LEVELS, KERNEL, RECORD, draw = 4, torch.ones(3), [0], random.random


class Own(torch.autograd.Function):
    levels, calls = 3, 0

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        ctx.a, ctx.b = Own.levels, LEVELS
        return torch.stack([torch.nn.functional.relu(one) for one in x]) * math.pi

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        (x,) = ctx.saved_tensors

        def inner(t: Tensor) -> Any:
            return t * ctx.a + x

        return inner(grad) if ctx.needs_input_grad[0] else None


def doubled(x: Tensor) -> Any:
    return x.mul_(2)


def helped(ctx: Any, x: Tensor) -> Any:
    return doubled(x)


@torch.amp.custom_fwd(device_type="cpu")  # type: ignore[untyped-decorator]
def decorated(ctx: Any, x: Tensor) -> Any:
    with torch.enable_grad():
        return torch.special.expit(x) + torch.where(x > 0, x, max(0, len(x)))


def by(factor: Any) -> Callable[..., Any]:
    def scaled(ctx: Any, x: Tensor) -> Any:
        return x * factor

    return scaled


@pytest.mark.parametrize("function", [Own.forward, Own.backward, helped, decorated, by(2)])
def test_none(function: Any) -> None:
    assert has_none(function)


def counts(ctx: Any, x: Tensor) -> Tensor:
    Own.calls += 1
    return x


def records(ctx: Any, x: Tensor) -> Tensor:
    RECORD.append(1)
    return x


def constant(ctx: Any, x: Tensor) -> Tensor:
    return x * KERNEL


def sets(ctx: Any, x: Tensor) -> Tensor:
    global LEVELS
    LEVELS = 4
    return x


def prints(ctx: Any, x: Tensor) -> Tensor:
    print(x)
    return x


def seeds(ctx: Any, x: Tensor) -> Tensor:
    torch.manual_seed(0)
    return x


def marks(ctx: Any, x: Any) -> Tensor:
    x.seen = True
    return x  # type: ignore[no-any-return]


def draws(ctx: Any, x: Tensor) -> Tensor:
    return x * draw()


def leaves(ctx: Any, x: Tensor) -> Tensor:
    return torch.from_numpy(np.exp(x.numpy()))


def asks(ctx: Any, x: Tensor) -> Any:
    return Own.apply(x)  # type: ignore[no-untyped-call]


def counter() -> Callable[..., Tensor]:
    n = 0

    def counted(ctx: Any, x: Tensor) -> Tensor:
        nonlocal n
        n += 1
        return x

    return counted


def imports(ctx: Any, x: Tensor) -> Tensor:
    import json

    json.dumps(1)
    return x


@pytest.mark.parametrize(
    "function",
    [
        counts,
        records,
        constant,
        sets,
        prints,
        seeds,
        marks,
        draws,
        leaves,
        asks,
        counter(),
        imports,
        by(KERNEL),
        by([]),
    ],
)
def test_some_or_nobody_knows(function: Any) -> None:
    assert not has_none(function)


def test_what_has_no_code() -> None:
    assert not has_none(len)
    assert not has_none(functools.partial(doubled))
