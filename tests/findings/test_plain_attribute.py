"""A plain tensor that a module holds is none of its parameters: told, unless somebody else holds it too."""

from __future__ import annotations

from collections.abc import Callable

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


class Scaling:
    """It has weights, and is no module."""

    def __init__(self, weight: nn.Parameter | nn.Module) -> None:
        self.weight = weight


class Held(nn.Module):
    def __init__(self, weight: nn.Parameter | nn.Module) -> None:
        super().__init__()
        self.embed, self.scaling = nn.Linear(3, 3), Scaling(weight)

    def forward(self, x: Tensor) -> Tensor:
        hidden, weight = self.embed(x), self.scaling.weight
        out: Tensor = (weight(hidden) if isinstance(weight, nn.Module) else hidden * weight).square().sum()
        return out


@pytest.mark.parametrize(
    ("make", "certainty", "names"),
    [
        (lambda: nn.Parameter(torch.ones(3)), "likely", {"scaling.weight"}),
        (
            lambda: nn.Linear(3, 2),
            "perhaps",
            {"scaling.weight.weight", "scaling.weight.bias"},
        ),  # it may be another model
    ],
)
def test_of_an_object_that_is_no_module(
    make: Callable[[], nn.Parameter | nn.Module], certainty: str, names: set[str]
) -> None:
    model = Held(make())
    found = gradtui.capture(model(torch.randn(5, 3)), model=model).findings
    assert {(one.certainty, one.parameter in names) for one in found} == {(certainty, True)}
    assert all("scaling, which holds it, is no nn.Module" in one.text for one in found)


def test_of_an_object_whose_weights_an_optimizer_has() -> None:
    model = Held(nn.Parameter(torch.ones(3)))
    weight = model.scaling.weight
    assert isinstance(weight, nn.Parameter)
    optimizer = torch.optim.SGD([*model.parameters(), weight], lr=0.1)
    del weight
    assert not told(gradtui.capture(model(torch.randn(5, 3)), model=model))
    assert optimizer.param_groups


def test_in_a_training_it_has_its_name() -> None:
    model = nn.Sequential(Held(nn.Linear(3, 2)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            torch.autograd.backward(model(torch.randn(5, 3)))
            optimizer.step()
    (found,) = watch.findings
    assert (found.kind, found.certainty) == ("not_in_optimizer", "likely")
    assert "0.scaling.weight.* (2 parameters)" in found.text


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
