"""Snippets after which `.grad` is None: by a custom autograd.Function, a copy, or a parameter that is switched on too late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it
from torch import Tensor, nn

from tests.zoo.case import broken
from tests.zoo.none import Classifier, batch


class Signs(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        signs = torch.sign(x)
        ctx.mark_non_differentiable(signs)
        return signs

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


class Bins(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return (x * 10).round().long()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        with torch.no_grad():
            return x * 2

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad * 2


@broken("not_differentiable", "encoder.0.weight", "none", "encoder.* (4 parameters)", "mark_non_differentiable")
def function_that_marks_its_result() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    signs = Signs.apply(model.encoder(x))  # type: ignore[no-untyped-call]  # <- here
    yield F.cross_entropy(model.head(torch.relu(signs + 1)), y)


@broken("not_differentiable", "encoder.0.weight", "none", "encoder.* (4 parameters)", "whole numbers")
def function_that_gives_whole_numbers() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    bins = Bins.apply(model.encoder(x))  # type: ignore[no-untyped-call]  # <- here
    yield F.cross_entropy(model.head(bins.float()), y)


@broken("not_differentiable", "cut", "none", "only enters")
def threshold_by_which_a_loop_leaves_out() -> Iterator[Any]:
    cut, seen = nn.Parameter(torch.tensor(0.1)), torch.linspace(-1, 1, 6)
    yield {"cut": cut}
    score: Any = 0.0
    for one in seen:
        if one > cut:  # <- here
            score = score + (one - 0.5) ** 2
    yield score


@broken("not_differentiable", "cut", "none", "only enters")
def threshold_of_a_tree() -> Iterator[Any]:
    cut, leaves = nn.Parameter(torch.tensor(0.1)), nn.Parameter(torch.randn(2))
    yield {"cut": cut, "leaves": leaves}
    yield sum(leaves[0 if one < cut else 1] ** 2 for one in torch.linspace(-1, 1, 6))  # <- here


@broken("constant", "encoder.0.weight", "none", "all 6 parameters", "requires no gradient")
def called_with_weights_detached_before() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    weights = {name: value.detach() for name, value in model.named_parameters()}
    yield model
    yield F.cross_entropy(torch.func.functional_call(model, weights, (x,)), y)  # <- here


@broken("no_grad", "encoder.0.weight", "none", "encoder.* (4 parameters)", "no_grad")
def function_under_no_grad() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    features = model.encoder(x)
    with torch.no_grad():
        doubled = Doubled.apply(features)  # type: ignore[no-untyped-call]  # <- here
    yield F.cross_entropy(model.head(doubled), y)


@broken("detached", "encoder.0.weight", "none", "encoder.* (4 parameters)", "detach()")
def behind_a_function_with_no_grad_inside() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    doubled = Doubled.apply(model.encoder(x))  # type: ignore[no-untyped-call]
    yield F.cross_entropy(model.head(doubled.detach()), y)  # <- here


@broken("new_leaf", "encoder.0.weight", "none", "encoder.* (4 parameters)", "new_tensor")
def copied_by_new_tensor() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    features = x.new_tensor(model.encoder(x))  # <- here
    yield F.cross_entropy(model.head(features), y)


@broken("new_leaf", "encoder.0.weight", "none", "encoder.* (4 parameters)", "torch.nested")
def copied_by_nested_tensor() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    features = model.encoder(x)
    nested = torch.nested.nested_tensor([features[:2], features[2:]], layout=torch.jagged)  # <- here
    yield F.cross_entropy(model.head(nested.values()), y)


@broken("unused", "encoder.0.weight", "none", "encoder.* (4 parameters)", "too late")
def switched_on_after_the_forward_pass() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    model.encoder.requires_grad_(False)
    yield model
    logits = model(x)
    model.encoder.requires_grad_(True)  # <- here
    yield F.cross_entropy(logits, y)


@broken("unused", "encoder.0.weight", "none", "encoder.* (4 parameters)", "too late")
def switched_off_and_on_one_by_one() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    for one in model.encoder.parameters():
        one.requires_grad = False
    logits = model(x)
    for one in model.encoder.parameters():
        one.requires_grad = True  # <- here
    yield F.cross_entropy(logits, y)


@broken("unused", "aside.weight", "none", "its module ran, but")
def switched_on_before_it_ran_for_nothing() -> Iterator[Any]:
    model = Classifier()
    model.add_module("aside", nn.Linear(6, 3))
    x, y = batch()
    yield model
    model.get_submodule("aside").requires_grad_(False)
    model.get_submodule("aside").requires_grad_(True)
    model.get_submodule("aside")(x)
    yield F.cross_entropy(model(x), y)
