"""Leaves that are but terms of a loss, and those that are not. Truth is torch's own gradient: of the former it is the same
whatever all leaves are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gradtui.engine.autograd import graph
from gradtui.engine.autograd.added import added_only
from gradtui.engine.autograd.backward import leaves_of

Loss = Callable[[Tensor, Tensor], Tensor]
"""Of a leaf that is asked about, and of another."""

TERMS: dict[str, Loss] = {
    "begin": lambda a, w: a.sum() + w.square().sum(),
    "factor": lambda a, w: w.square().sum() - 0.5 * a.mean(),
    "divided": lambda a, w: (a.sum() + w.exp().sum()) / 4,
    "stacked": lambda a, w: torch.stack([a.sum(), w.square().sum()]).mean(),
    "beside each row": lambda a, w: (a + w.square()).sum(),
    "a view": lambda a, w: a[0] + a.view(3, 1)[1, 0] + w.square().sum(),
    "alone": lambda a, w: a.sum(),
}
OTHERS: dict[str, Loss] = {
    "squared": lambda a, w: (a + w).square().sum(),
    "factor of a leaf": lambda a, w: (a * w).sum(),
    "divisor": lambda a, w: 1 / a.sum() + w.sum(),
    "divided by a leaf": lambda a, w: a.sum() / w.sum(),
    "both": lambda a, w: a.sum() + (a * w).sum(),
    "below another": lambda a, w: (w + a.sum()).exp().sum(),
    "data": lambda a, w: (a * torch.arange(3.0)).sum() + w.sum(),
}


@pytest.mark.parametrize("name", [*TERMS, *OTHERS])
def test_what_is_a_term(name: str) -> None:
    a, w = (torch.rand(3, requires_grad=True) for _ in range(2))
    loss = (TERMS | OTHERS)[name](a, w)
    nodes = graph.walk(graph.root(loss))
    ends = leaves_of(nodes)
    (end,) = (node for node, leaf in ends.items() if leaf is a)
    assert (end in added_only(nodes, ends)) is (name in TERMS)


@pytest.mark.parametrize("name", TERMS)
def test_the_gradient_of_a_term_depends_on_nothing(name: str) -> None:
    leaves = [[torch.rand(3, requires_grad=True) for _ in range(2)] for _ in range(2)]
    first, second = (torch.autograd.grad(TERMS[name](a, w), a)[0] for a, w in leaves)
    torch.testing.assert_close(first, second, rtol=0, atol=0)
