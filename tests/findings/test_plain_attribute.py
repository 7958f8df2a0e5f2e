"""A plain tensor that a module holds is none of its parameters: told, unless somebody else holds it too."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import gradtui


class Holder(nn.Module):
    """An `nn.Linear`, and a plain tensor that is trained in the person's mind alone."""

    def __init__(self, plain: object) -> None:
        super().__init__()
        self.embed = nn.Linear(3, 3)
        self.plain = plain

    def forward(self, x: Tensor) -> Tensor:
        plain = self.plain[0] if isinstance(self.plain, list) else self.plain
        assert isinstance(plain, Tensor)
        return torch.cdist(self.embed(x), plain).sum()


def leaf() -> Tensor:
    return torch.randn(4, 3, requires_grad=True)


def told(snapshot: gradtui.Snapshot) -> list[tuple[str, str | None]]:
    return [(finding.certainty, finding.parameter) for finding in snapshot.findings]


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize(
    ("model", "name"),
    [
        (Holder(leaf()), "plain"),
        (nn.Sequential(nn.Linear(3, 3), Holder(leaf())), "1.plain"),
        (Holder([leaf()]), "plain[0]"),
    ],
    ids=["of the model", "of a module in it", "in a list"],
)
def test_is_told(model: nn.Module, name: str, watched: bool) -> None:
    x = torch.randn(5, 3)
    if watched:
        with gradtui.trace(model):
            loss = model(x)
    else:
        loss = model(x)
    assert told(gradtui.capture(loss, model=model)) == [("likely", name)]


def test_not_where_an_optimizer_among_the_variables_has_it() -> None:
    plain = leaf()
    model = Holder(plain)
    optimizer = torch.optim.SGD([*model.parameters(), plain], lr=0.1)
    del plain
    assert not told(gradtui.capture(model(torch.randn(5, 3)), model=model))
    assert optimizer.param_groups


def test_not_of_a_variable() -> None:
    """As an input that is kept to be looked at afterwards."""
    given = leaf()
    model = Holder(given)
    assert not told(gradtui.capture(model(torch.randn(5, 3)), model=model))


class Noisy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 1)

    def forward(self, x: Tensor) -> Tensor:
        self.delta = torch.zeros(3, requires_grad=True)
        out: Tensor = self.layer(x + self.delta).sum()
        return out


def test_not_of_what_is_made_in_each_step() -> None:
    model = Noisy()
    with gradtui.trace(model):
        loss = model(torch.randn(5, 3))
    assert not told(gradtui.capture(loss, model=model))
