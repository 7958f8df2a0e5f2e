"""Snippets of which a part learns by one term of the loss, and gets nothing from another that it is meant to learn by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from tests.zoo.case import broken
from tests.zoo.healthy import healthy


class Coder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(8, 8)
        self.book = nn.Embedding(16, 8)
        self.decoder = nn.Linear(4, 8)
        self.whole = nn.Linear(8, 8)

    def code(self, x: Tensor) -> Normal:
        mean, log_scale = self.encoder(x).chunk(2, 1)
        return Normal(mean, log_scale.exp())


def divergence(code: Normal) -> Tensor:
    return kl_divergence(code, Normal(torch.zeros(4), torch.ones(4))).mean()


def coder() -> Coder:
    model = Coder()
    model.book.requires_grad_(False)
    model.whole.requires_grad_(False)
    return model


@broken("no_grad", "encoder.weight", "fine", "encoder.* (2 parameters)", "sample")
def autoencoder_by_sample() -> Iterator[Any]:
    model, x = coder(), torch.randn(16, 8)
    yield model
    code = model.code(x)
    out = model.decoder(code.sample())  # type: ignore[no-untyped-call]  # <- here
    yield F.mse_loss(out, x) + divergence(code)


@broken("flat", "encoder.weight", "fine", "encoder.* (2 parameters)", "derivative of 0")
def autoencoder_by_normal() -> Iterator[Any]:
    model, x = coder(), torch.randn(16, 8)
    yield model
    code = model.code(x)
    out = model.decoder(torch.normal(code.mean, code.stddev))  # <- here
    yield F.mse_loss(out, x) + divergence(code)


@healthy
def autoencoder_by_rsample() -> Iterator[Any]:
    model = nn.ModuleDict({"encoder": nn.Linear(8, 8), "decoder": nn.Linear(4, 8)})
    x = torch.randn(16, 8)
    yield model
    mean, log_scale = model["encoder"](x).chunk(2, 1)
    code = Normal(mean, log_scale.exp())
    yield F.mse_loss(model["decoder"](code.rsample()), x) + divergence(code)


@healthy
def policy_gradient_with_a_value_of_the_state() -> Iterator[Any]:
    model = nn.ModuleDict({"mean": nn.Linear(4, 2), "value": nn.Linear(4, 1)})
    state = torch.randn(16, 4)
    yield model
    policy, value = Normal(model["mean"](state), 1.0), model["value"](state).squeeze(1)
    action = policy.sample()  # type: ignore[no-untyped-call]
    reward = -(action - state[:, :2]).pow(2).sum(1)
    gain = (reward - value).detach()
    scored: Tensor = policy.log_prob(action).sum(1)  # type: ignore[no-untyped-call]
    yield -(scored * gain).mean() + F.mse_loss(value, reward)


@broken("not_differentiable", "encoder.weight", "fine", "encoder.* (2 parameters)", "argmin")
def quantised_without_straight_through() -> Iterator[Any]:
    model, x = Coder(), torch.randn(16, 8)
    model.decoder.requires_grad_(False)
    yield model
    latent = model.encoder(x)
    nearest = torch.cdist(latent, model.book.weight).argmin(-1)  # <- here
    rows = model.book(nearest)
    fit = F.mse_loss(rows, latent.detach()) + 0.25 * F.mse_loss(latent, rows.detach())
    yield F.mse_loss(model.whole(rows), x) + fit


def quantised(model: nn.ModuleDict, x: Tensor) -> Tensor:
    latent = model["encoder"](x)
    book = model["book"]
    assert isinstance(book, nn.Embedding)
    rows = book(torch.cdist(latent, book.weight).argmin(-1))
    fit = F.mse_loss(rows, latent.detach()) + 0.25 * F.mse_loss(latent, rows.detach())
    return F.mse_loss(model["decoder"](latent + (rows - latent).detach()), x) + fit


@healthy
def quantised_straight_through() -> Iterator[Any]:
    model = nn.ModuleDict({"encoder": nn.Linear(8, 8), "book": nn.Embedding(16, 8), "decoder": nn.Linear(8, 8)})
    x = torch.randn(16, 8)
    yield model
    yield quantised(model, x)


@healthy
def words_that_are_fed_back() -> Iterator[Any]:
    """The likeliest word goes on into the next step, by the table that scores it."""
    model = nn.ModuleDict({"table": nn.Embedding(12, 8), "first": nn.Linear(8, 8), "cell": nn.GRUCell(8, 8)})
    state, words = torch.randn(4, 8), torch.randint(0, 12, (4, 3))
    yield model
    word, losses = torch.zeros(4, dtype=torch.long), []
    for place in range(3):
        state = model["cell"](model["first"](model["table"](word)), state)
        scores = state @ model["table"].weight.T
        losses.append(F.cross_entropy(scores, words[:, place]))
        word = scores.argmax(-1)
    yield torch.stack(losses).mean()
