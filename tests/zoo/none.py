"""Snippets after which `.grad` is None: something took the values out of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it
from torch import Tensor, nn

from tests.zoo.case import broken


class Classifier(nn.Module):
    """An encoder and a head, as in a thousand tutorials."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 8))
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.encoder(x))
        return logits


def batch() -> tuple[Tensor, Tensor]:
    return torch.randn(5, 6), torch.tensor([0, 1, 2, 0, 1])


@broken("detached", "encoder.0.weight", "none", "encoder.* (4 parameters)", "features.detach()")
def detach_in_the_middle() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    features = model.encoder(x)
    logits = model.head(features.detach())  # <- here
    yield F.cross_entropy(logits, y)


@broken("no_grad", "encoder.2.bias", "none", "encoder.* (4 parameters)", "no_grad")
def no_grad_around_the_encoder() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    with torch.no_grad():
        features = model.encoder(x)  # <- here
    yield F.cross_entropy(model.head(features), y)


@broken("detached", "encoder.0.weight", "none", ".data")
def data_attribute() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    features = F.normalize(model.encoder(x).data, dim=1)  # <- here
    yield F.cross_entropy(model.head(features), y)


@broken("not_differentiable", "head.weight", "none", "encoder.*, head.* (6 parameters)", "argmax")
def argmax_then_loss() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    predicted = model(x).argmax(dim=1)  # <- here
    loss = F.mse_loss(predicted.float(), y.float())
    yield loss.requires_grad_()


@broken("not_differentiable", "head.weight", "none", "m(x).max(dim=1)")
def indices_of_max() -> Iterator[Any]:
    m = Classifier()
    x, y = batch()
    yield m
    accuracy = (m(x).argmax(1) == y).float().mean()
    best, predicted = m(x).max(dim=1)  # <- here
    assert best.requires_grad
    assert accuracy >= 0
    yield F.mse_loss(predicted.float(), y.float()).requires_grad_()


@broken("integer", "encoder.0.bias", "none", "whole numbers")
def integer_cast() -> Iterator[Any]:
    model = Classifier()
    table = nn.Embedding(10, 6)
    x, y = batch()
    yield model
    codes = model.encoder(x).long().clamp(0, 9)  # <- here
    yield F.cross_entropy(model.head(table(codes).mean(1).repeat(1, 2)[:, :8]), y)


@broken("left_torch", "head.bias", "none", ".item()")
def item_in_the_loss() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    total = 0.0
    for row, label in zip(model(x), y, strict=True):
        total += F.cross_entropy(row, label).item()  # <- here
    yield torch.tensor(total / len(y), requires_grad=True)


@broken("new_leaf", "head.weight", "none", "torch.tensor")
def tensor_of_a_loss() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    losses = [F.cross_entropy(row, label) for row, label in zip(model(x), y, strict=True)]
    yield torch.tensor(losses, requires_grad=True).mean()  # <- here


@broken("left_torch", "encoder.0.weight", "none", "numpy")
def round_trip_through_numpy() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    features = model.encoder(x).detach().numpy()  # <- here
    centred = features - features.mean(axis=0)
    yield F.cross_entropy(model.head(torch.from_numpy(centred)), y)


@broken("frozen", "w", "none", "requires_grad is False", told=False)
def forgot_requires_grad() -> Iterator[Any]:
    w, b = torch.randn(6), torch.zeros(1, requires_grad=True)
    x = torch.randn(20, 6)
    yield {"w": w, "b": b}
    yield ((x @ w + b - x.sum(1)) ** 2).mean()


@broken("frozen", "encoder.0.weight", "none", "frozen", told=False)
def frozen_backbone() -> Iterator[Any]:
    model = Classifier()
    for parameter in model.encoder.parameters():
        parameter.requires_grad = False
    x, y = batch()
    yield model
    yield F.cross_entropy(model(x), y)


@broken("frozen", "head.weight", "none", "all 6 parameters")
def froze_everything() -> Iterator[Any]:
    model = Classifier().requires_grad_(False)
    x, y = batch()
    yield model
    yield F.cross_entropy(model(x), y)


@broken("unused", "auxiliary.weight", "none", "auxiliary.* (2 parameters)", "never ran")
def unused_head() -> Iterator[Any]:
    model = Classifier()
    model.auxiliary = nn.Linear(8, 3)
    x, y = batch()
    yield model
    yield F.cross_entropy(model(x), y)


@broken("unused", "auxiliary.weight", "none", "auxiliary.* (2 parameters)", "its module ran, but")
def head_left_out_of_the_loss() -> Iterator[Any]:
    model = Classifier()
    model.auxiliary = nn.Linear(8, 3)
    x, y = batch()
    yield model
    features = model.encoder(x)
    main, extra = model.head(features), model.auxiliary(features)
    losses = [F.cross_entropy(main, y), F.cross_entropy(extra, y)]
    yield losses[0]


@broken("unused", "weight in the optimizer", "none", "never used")
def parameter_replaced_after_the_optimizer() -> Iterator[Any]:
    model = nn.Linear(6, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.weight = nn.Parameter(torch.randn(3, 6) / 10)
    x, y = batch()
    yield {"weight in the optimizer": optimizer.param_groups[0]["params"][0], "weight": model.weight}
    yield F.cross_entropy(model(x), y)


@broken("not_a_leaf", "w", "none", "not a leaf")
def parameter_cast_to_float64() -> Iterator[Any]:
    w = nn.Parameter(torch.randn(6)).to(torch.float64)
    optimizer_would_get = {"w": w}
    x = torch.randn(20, 6, dtype=torch.float64)
    yield optimizer_would_get
    yield ((x @ w - x.sum(1)) ** 2).mean()


@broken("not_a_leaf", "w", "none", "not a leaf", "to")
def parameter_moved_where_it_is_seen() -> Iterator[Any]:
    raw = torch.randn(6, requires_grad=True)
    names = {"raw": raw}
    yield names
    w = raw.to(torch.float64)  # <- here
    names["w"] = w
    x = torch.randn(20, 6, dtype=torch.float64)
    yield ((x @ w - x.sum(1)) ** 2).mean()


@broken("detached", "temperature", "none", "detach")
def only_one_parameter_detached() -> Iterator[Any]:
    model = Classifier()
    model.temperature = nn.Parameter(torch.ones(()))
    x, y = batch()
    yield model
    accuracy = (model(x).argmax(1) == y).float().mean().item()
    scaled = model(x) / model.temperature.detach()  # <- here
    assert accuracy <= 1
    yield F.cross_entropy(scaled, y)


@broken("detached", "encoder.0.weight", "none", "detach")
def argmax_for_the_accuracy_is_not_to_blame() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    logits = model(x)
    correct = (logits.argmax(1) == y).sum()
    probabilities = F.softmax(logits, dim=1).detach()  # <- here
    scale = torch.ones(3, requires_grad=True)
    assert correct >= 0
    yield F.nll_loss((probabilities * scale).log(), y)


@broken("no_grad", "encoder.0.weight", "none", "sample()")
def sample_of_a_normal_distribution() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    drawn = torch.distributions.Normal(model.encoder(x), 1.0).sample()  # type: ignore[no-untyped-call]  # <- here
    yield F.cross_entropy(model.head(drawn), y)


@broken("not_differentiable", "encoder.0.weight", "none", "multinomial")
def sample_of_a_policy() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    choice = torch.distributions.Categorical(logits=model.encoder(x)).sample()  # type: ignore[no-untyped-call]  # <- here
    yield F.cross_entropy(model.head(F.one_hot(choice, 8).float()), y)


@broken("new_leaf", "0.weight", "none", "writes the values into another tensor")
def pasted_through_data() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    canvas = torch.zeros(2, 4, requires_grad=True)
    yield model
    canvas.data[:] = model[0](torch.randn(2, 3))  # <- here
    yield model[1](canvas).pow(2).mean()


@broken("no_grad", "0.weight", "none", "sample")
def drawn_by_a_function_of_torchs_own() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    yield model
    share = torch.distributions.Dirichlet(F.softplus(model[0](torch.randn(5, 3)))).sample()  # <- here
    yield model[1](share).pow(2).mean()


@broken("new_leaf", "0.weight", "none", "another module")
def copied_by_its_state() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    yield model
    learner = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    learner.load_state_dict(model.state_dict())  # <- here
    yield learner(torch.randn(5, 3)).pow(2).mean()


@broken("detached", "weight", "none", "before anything is made of it")
def weights_of_a_functional_call() -> Iterator[Any]:
    model = nn.Linear(3, 2)
    x = torch.randn(5, 3)
    scale = torch.ones((), requires_grad=True)
    yield model
    weights = {name: one.detach() for name, one in model.named_parameters()}  # <- here
    yield (torch.func.functional_call(model, weights, x) * scale).pow(2).mean()


@broken("detached", "0.weight", "none", "data in nn.utils.vector_to")
def weights_written_by_another_net() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(3, 10), nn.Linear(4, 2))
    yield model
    written = model[0](torch.randn(3))
    nn.utils.vector_to_parameters(written, model[1].parameters())  # <- here
    yield model[1](torch.randn(5, 4)).pow(2).mean()


@broken("detached", "0.weight", "none", ".detach()")
def bias_put_in_as_data() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(4, 2))
    yield model
    model[1].bias.data = model[0](torch.randn(3)).detach()  # <- here
    yield model[1](torch.randn(5, 4)).pow(2).mean()
