"""A part that a penalty on its weights alone gives a gradient. Truth: torch's own gradient of the loss without the penalty, which
is None or 0 there, and is neither of the healthy ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import gradtui
from gradtui.snapshot.finding import CUT_OFF, Finding

X = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
Y = X.sum(1, keepdim=True).tanh()


class Model(nn.Module):
    def __init__(self, between: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 8))
        self.head, self.between = nn.Linear(8, 1), between

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.head(self.between(self.encoder(x)) + x[:, :1])
        return made


def without_graph(x: Tensor) -> Tensor:
    with torch.no_grad():
        return x * 1.0


FAULTY: dict[str, Callable[[Tensor], Tensor]] = {
    "detached": lambda x: x.detach(),
    "no_grad": without_graph,
    "left_torch": lambda x: torch.tensor(x.tolist()),
    "flat": lambda x: x.floor(),
    "dead": lambda x: (x - 100).relu(),
    "masked": lambda x: x * 0,
}


class Centred(nn.Module):
    """A bias before a normalisation, which takes it away."""

    def forward(self, x: Tensor) -> Tensor:
        return (x - x.mean(0)) / (x.std(0) + 0.1)


HEALTHY: dict[str, Callable[[Tensor], Tensor]] = {
    "as it is": lambda x: x,
    "normalised": Centred(),
    "straight through": lambda x: x + (x.round() - x).detach(),
    "half of it detached": lambda x: torch.cat([x[:, :4].detach(), x[:, 4:]], 1),
}
PENALTIES: dict[str, Callable[[Sequence[Tensor]], Tensor]] = {
    "squares": lambda every: 1e-3 * sum(((one**2).sum() for one in every), torch.tensor(0.0)),
    "norms": lambda every: 1e-3 * torch.stack([one.norm() for one in every]).sum(),
    "sizes": lambda every: 1e-3 * torch.cat([one.flatten() for one in every]).abs().sum(),
    "products": lambda every: sum((one * one).mean() for one in every) / torch.tensor(100.0),
}


def loss_of(model: Model, penalty: str) -> Tensor:
    return functional.mse_loss(model(X), Y) + PENALTIES[penalty]([*model.parameters()])


def reaches_encoder(model: Model) -> bool:
    functional.mse_loss(model(X), Y).backward()  # type: ignore[no-untyped-call]
    found = [one.grad for one in model.encoder.parameters()]
    model.zero_grad()
    return any(one is not None and bool(one.any()) for one in found)


def of_encoder(found: Sequence[Finding]) -> list[Finding]:
    return [one for one in found if (one.parameter or "").startswith("encoder")]


def captured(model: Model, penalty: str) -> tuple[Finding, ...]:
    with gradtui.trace(model):
        loss = loss_of(model, penalty)
    return gradtui.capture(loss, model=model).findings


def watched(model: Model, penalty: str, steps: int = 6) -> tuple[Finding, ...]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as run:
        for _ in range(steps):
            optimizer.zero_grad()
            loss_of(model, penalty).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return run.findings


@pytest.mark.parametrize("look", [captured, watched])
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("kind", FAULTY)
def test_what_keeps_the_rest_from_it_is_named(
    kind: str, penalty: str, look: Callable[..., tuple[Finding, ...]]
) -> None:
    model = Model(FAULTY[kind])
    assert not reaches_encoder(model)
    (found,) = of_encoder(look(model, penalty))
    assert found.kind == kind
    assert found.source is not None or found.node is not None
    assert (found.certainty == "proved") == (kind in ("flat", "left_torch"))


@pytest.mark.parametrize("look", [captured, watched])
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("way", HEALTHY)
def test_nothing_where_the_rest_reaches_it(way: str, penalty: str, look: Callable[..., tuple[Finding, ...]]) -> None:
    model = Model(HEALTHY[way])
    assert reaches_encoder(model)
    assert not of_encoder(look(model, penalty))


def test_nor_where_it_begins_to_learn_later() -> None:
    """A warm-up of the head."""
    model = Model(lambda x: x)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer) as run:
        for update in range(12):
            model.between = FAULTY["detached"] if update < 5 else HEALTHY["as it is"]
            optimizer.zero_grad()
            loss_of(model, "squares").backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    assert not of_encoder(run.findings)


class Codes(nn.Module):
    """Vectors that are moved to what falls to each, and are handed on cut off: meant so."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.codes, self.head = nn.Linear(5, 4), nn.Parameter(torch.randn(6, 4)), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.encoder(x)
        nearest = self.codes[torch.cdist(seen, self.codes).argmin(1)]
        return self.head(seen + (nearest - seen).detach()), (nearest - seen.detach()).square().mean()


class Ahead(nn.Module):
    """A first layer that a loss of its own fits to the data; the rest is cut off from it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.head = nn.Parameter(torch.randn(5, 1)), nn.Linear(1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        made = x @ self.first
        return self.head(made.detach()), (made - Y).square().mean()


@pytest.mark.parametrize("make", [Codes, Ahead])
def test_what_a_term_fits_to_data_is_no_penalty(make: Callable[[], nn.Module]) -> None:
    model = make()
    with gradtui.trace(model):
        made, term = model(X)
        loss = functional.mse_loss(made, Y) + term
    assert not {"codes", "first"} & {one.parameter for one in gradtui.capture(loss, model=model).findings}


def test_a_loss_of_nothing_else_is_no_fault() -> None:
    weight = nn.Parameter(torch.randn(9))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    with gradtui.watch(nn.ParameterList([weight]), optimizer) as run:
        for _ in range(6):
            optimizer.zero_grad()
            loss = sum([(weight**2).sum(), weight.abs().sum()], torch.tensor(0.0))
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    assert not run.findings
    assert not gradtui.capture(sum([(weight**2).sum(), torch.tensor(1.0)])).findings


def test_all_that_learns_nothing_is_proved() -> None:
    model = Model(lambda x: x)
    with gradtui.trace(model):
        loss = functional.mse_loss(model(X).detach(), Y) + PENALTIES["squares"]([*model.parameters()])
    found = [one for one in gradtui.capture(loss, model=model).findings if one.kind in CUT_OFF]
    assert [(one.kind, one.certainty) for one in found] == [("detached", "proved")]


def test_a_layer_that_never_ran() -> None:
    model = Model(lambda x: x)
    model.unused = nn.Linear(8, 8)
    found = watched(model, "squares")
    assert [one.parameter for one in found] == ["unused.weight"]
    assert [one.certainty for one in found] == ["perhaps"]
