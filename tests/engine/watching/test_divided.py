"""Losses of several backward passes: whether each is divided, however that is written. And an embedding's name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import gradtui

PASSES = 4
Loss = Callable[[Tensor, nn.Module], Tensor]

DIVIDED: dict[str, Loss] = {
    "divided": lambda error, model: error.mean() / PASSES,
    "multiplied": lambda error, model: 0.25 * error.mean(),
    "and then summed": lambda error, model: (error.mean() / PASSES).sum(),
    "and then viewed": lambda error, model: (error.mean(0, keepdim=True) / PASSES).squeeze(),
    "and then converted": lambda error, model: (error.mean() / PASSES).double(),
    "by Python's sum": lambda error, model: sum([error.mean() / PASSES], torch.tensor(0.0)),
    "term by term": lambda error, model: error.mean() / PASSES + 0.01 * penalty(model) / PASSES,
}
UNDIVIDED: dict[str, Loss] = {
    "mean": lambda error, model: error.mean(),
    "viewed": lambda error, model: error.mean(0, keepdim=True).squeeze(),
    "one term is not": lambda error, model: error.mean() + 0.01 * penalty(model),
    "divided before the mean": lambda error, model: (error / 2).mean(),
    "stacked": lambda error, model: torch.stack([error.mean(), penalty(model) / PASSES]).sum(),
}


def penalty(model: nn.Module) -> Tensor:
    return torch.stack([one.square().sum() for one in model.parameters()]).sum()


def kinds(loss: Loss) -> set[str]:
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for number in range(1, 6 * PASSES + 1):
            error = (model(torch.rand(8, 3)) - 1).square()[:, 0]
            torch.autograd.backward(loss(error, model))
            if not number % PASSES:
                optimizer.step()
                optimizer.zero_grad()
    return {one.kind for one in watch.findings}


@pytest.mark.parametrize("name", DIVIDED)
def test_a_loss_that_is_divided(name: str) -> None:
    assert "accumulation" not in kinds(DIVIDED[name])


@pytest.mark.parametrize("name", UNDIVIDED)
def test_a_loss_that_is_not(name: str) -> None:
    assert "accumulation" in kinds(UNDIVIDED[name])


@pytest.mark.parametrize("updates", [3, 6, 12])
def test_gradients_that_are_cleared_between_passes(updates: int) -> None:
    """Of a short training too: those before its first step are not seen."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as watch:
        for number in range(1, updates * PASSES + 1):
            optimizer.zero_grad()
            torch.autograd.backward((model(torch.rand(8, 3)) - 1).square().mean() / PASSES)
            if not number % PASSES:
                optimizer.step()
    assert [(one.kind, one.certainty) for one in watch.findings] == [("zero_grad", "likely")]


@pytest.mark.parametrize("by_method", [False, True])
def test_an_embedding_is_called_by_what_holds_it(by_method: bool) -> None:
    """Whether it runs within the model, or by itself."""

    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.look = nn.Embedding(4, 2, padding_idx=0)
            self.out = nn.Linear(2, 1)

        def forward(self, ids: Tensor) -> Tensor:
            return self.out(self.look(ids).mean(1))  # type: ignore[no-any-return]

    torch.manual_seed(0)
    words = Words()
    optimizer = torch.optim.SGD(words.parameters(), lr=0.1)
    ids = torch.tensor([[1, 0, 2], [3, 0, 1]])
    with gradtui.watch(words, optimizer) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            out = words.forward(ids) if by_method else words(ids)
            torch.autograd.backward(out.square().mean())
            optimizer.step()
    found = next(one for one in watch.findings if one.kind == "padding")
    assert found.parameter == "look.weight"


@pytest.mark.parametrize(
    ("ids", "index", "certainty"),
    [([[1, 3, 2], [3, 0, 1]], 3, "likely"), ([[1, 3, 2], [3, 0, 1]], -1, "likely"), ([[1, 2, 3], [0, 3, 3]], -1, "")],
)
@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("functional", [False, True])
def test_a_row_of_padding_that_is_looked_up(
    ids: list[list[int]], index: int, certainty: str, frozen: bool, functional: bool
) -> None:
    """By a module or a function; a table that is frozen gets no gradient anyhow."""
    torch.manual_seed(0)
    words = nn.Embedding(4, 2, padding_idx=index)
    weight, out = words.weight.requires_grad_(not frozen), nn.Linear(2, 1)
    optimizer = torch.optim.SGD([weight, *out.parameters()], lr=0.1)
    rows = torch.tensor(ids)
    with gradtui.watch(nn.ModuleList([words, out]), optimizer) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            looked = nn.functional.embedding(rows, weight, index) if functional else words(rows)
            torch.autograd.backward(out(looked.mean(1)).square().mean())
            optimizer.step()
    found = [one.certainty for one in watch.findings if one.kind == "padding"]
    assert found == ([certainty] if certainty and not frozen else [])


def test_a_gradient_of_0_is_no_cleared_one() -> None:
    """Of parameters behind a factor of 0, or a rectifier that is off, where gradients are set to 0 and not to None."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 4), nn.Hardtanh(5, 6), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    with gradtui.watch(model, optimizer) as watch:
        for number in range(24):
            torch.autograd.backward(model(torch.rand(4, 3)).square().mean() / 4)
            if number % 4 == 3:
                optimizer.step()
                optimizer.zero_grad(set_to_none=False)
    assert [one.kind for one in watch.findings] == ["clamped"]


def test_two_parts_of_a_model_each_with_passes_of_its_own() -> None:
    """As stages of a pipeline: gradients are divided by the passes of each."""
    torch.manual_seed(0)
    first, second = nn.Linear(3, 3), nn.Linear(3, 1)
    both = nn.Sequential(first, second)
    optimizer = torch.optim.SGD(both.parameters(), lr=0.1)
    with gradtui.watch(both, optimizer) as watch:
        for _ in range(6):
            optimizer.zero_grad()
            for _ in range(2):
                for model in (first, second):
                    torch.autograd.backward((model(torch.rand(8, 3)) - 1).square().mean())
            for one in both.parameters():
                assert one.grad is not None
                one.grad.div_(2)
            optimizer.step()
    assert watch.findings == ()
