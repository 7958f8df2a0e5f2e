"""Snippets whose gradient ends at a copy, a new leaf, a sample, or in a custom Function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Variable
from torch.distributions import Categorical, Normal
from torch.func import functional_call, stack_module_state, vmap
from torch.utils.checkpoint import checkpoint

from tests.zoo.case import broken


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 1)
        self.register_buffer("bank", torch.zeros(4, 3))


@broken("new_leaf", "a.weight", "none", "nn.Parameter")
def parameter_of_an_output() -> Iterator[Any]:
    model = Two()
    yield model
    h = nn.Parameter(model.a(torch.randn(4, 3)))  # <- here
    yield model.b(h).mean()


@broken("new_leaf", "a.weight", "none", "Variable")
def variable_of_an_output() -> Iterator[Any]:
    model = Two()
    yield model
    h = Variable(model.a(torch.randn(4, 3)), requires_grad=True)  # <- here
    yield model.b(h).mean()


@broken("left_torch", "a.weight", "none", "numpy")
def through_numpy_and_back() -> Iterator[Any]:
    model = Two()
    yield model
    h = torch.from_numpy(model.a(torch.randn(4, 3)).detach().numpy())  # <- here
    yield model.b(h).mean()


@broken("new_leaf", "a.weight", "none", "without their history")
def rows_of_a_bank() -> Iterator[Any]:
    model = Two()
    yield model
    h = model.a(torch.randn(4, 3))
    with torch.no_grad():
        for place in range(4):
            model.get_buffer("bank")[place].copy_(h[place])  # <- here
    yield model.b(model.get_buffer("bank")).mean()


@broken("no_grad", "a.weight", "none", "Normal")
def sample_of_a_learned_mean() -> Iterator[Any]:
    model = Two()
    yield model
    h = Normal(model.a(torch.randn(4, 3)), 1.0).sample()  # type: ignore[no-untyped-call]  # <- here
    yield model.b(h).mean()


@broken("not_differentiable", "a.weight", "none", "draws a choice")
def sample_of_categories() -> Iterator[Any]:
    model = Two()
    table = torch.randn(3, 3)
    yield model
    chosen = Categorical(logits=model.a(torch.randn(4, 3))).sample()  # type: ignore[no-untyped-call]  # <- here
    yield model.b(table[chosen]).mean()


@broken("no_grad", "a.weight", "none", "reentrant")
def checkpoint_of_what_needs_no_gradient() -> Iterator[Any]:
    model = Two()
    yield model
    h = checkpoint(model.a, torch.randn(4, 3), use_reentrant=True)  # <- here
    yield model.b(h).mean()


@broken("no_grad", "a.weight", "none", "reentrant", "in a list, a dict")
def checkpoint_that_gives_out_a_dict() -> Iterator[Any]:
    model = Two()
    x = torch.randn(4, 3, requires_grad=True)
    yield model
    out = checkpoint(lambda h: {"hidden": model.a(h)}, x, use_reentrant=True)  # <- here
    yield model.b(out["hidden"]).mean()


@broken("no_grad", "a.weight", "none", "reentrant", "in a list, a dict")
def checkpoint_that_keeps_what_is_used_later() -> Iterator[Any]:
    model = Two()
    x, kept = torch.randn(4, 3, requires_grad=True), []

    def block(h: Tensor) -> Tensor:
        kept.append(model.a(h).tanh())
        return h * 2

    yield model
    out = checkpoint(block, x, use_reentrant=True)  # <- here
    yield model.b(out + kept[-1]).mean()


@broken("no_grad", "a.weight", "fine", "by that way no gradient")
def checkpoint_that_gives_out_a_list_beside() -> Iterator[Any]:
    model = Two()
    x = torch.randn(4, 3, requires_grad=True)

    def block(h: Tensor) -> tuple[Tensor, list[Tensor]]:
        hidden = model.a(h)
        return hidden.mean(), [hidden]

    yield model
    mean, states = checkpoint(block, x, use_reentrant=True)  # <- here
    yield model.b(states[0]).mean() + mean


@broken("new_leaf", "0.weight", "none", "stack_module_state")
def stacked_for_vmap() -> Iterator[Any]:
    model, base, x = nn.ModuleList(nn.Linear(3, 1) for _ in range(2)), nn.Linear(3, 1), torch.randn(4, 3)
    yield model
    parameters, buffers = stack_module_state([*model])  # <- here
    yield vmap(lambda p, b: functional_call(base, (p, b), (x,)))(parameters, buffers).pow(2).mean()


class Scaled(torch.autograd.Function):
    scale = torch.tensor(2.0, requires_grad=True)

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * Scaled.scale

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        return g * Scaled.scale


@broken("no_grad", "scale", "none", "without its being an input")
def used_in_a_function_unseen() -> Iterator[Any]:
    w = torch.randn(3, requires_grad=True)
    yield {"w": w, "scale": Scaled.scale}
    yield Scaled.apply(w).sum()  # type: ignore[no-untyped-call]  # <- here


@broken("detached", "b.weight", "none", ".detach()")
def the_cut_behind_an_innocent_choice() -> Iterator[Any]:
    model = Two()
    yield model
    rows = model.b.weight.T
    chosen = rows[(rows @ torch.randn(1, 3)).argmax(0)]
    cut = chosen.detach()  # <- here
    yield (model.a(torch.randn(4, 3)) * cut.sum()).mean()


@broken("unused", "aux.weight", "none", "what came of it did not go into the loss")
def an_answer_that_is_dropped() -> Iterator[Any]:
    class Auxiliary(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head, self.aux = nn.Linear(3, 3), nn.Linear(3, 2), nn.Linear(3, 2)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            h = torch.relu(self.body(x))
            return self.head(h), self.aux(h)  # <- here

    model = Auxiliary()
    yield model
    yield model(torch.randn(4, 3))[0].mean()
