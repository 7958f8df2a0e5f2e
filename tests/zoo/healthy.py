"""Models that learn as they should, of all the sorts that could be taken for broken ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from tests.zoo.none import Classifier, batch

Snippet = Callable[[], Iterator[Any]]
HEALTHY: list[Snippet] = []


def healthy(code: Snippet) -> Snippet:
    HEALTHY.append(code)
    return code


@healthy
def classifier() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    loss = F.cross_entropy(model(x), y)
    print(f"loss {loss.item():.3f}", (model(x).argmax(1) == y).float().mean().item())
    yield loss


@healthy
def convolutions_with_batch_norm() -> Iterator[Any]:
    """The biases before the normalisation get a gradient of rounding errors only."""
    layers = [nn.Sequential(nn.Conv2d(3 if n == 0 else 8, 8, 3), nn.BatchNorm2d(8), nn.ReLU(True)) for n in range(3)]
    model = nn.Sequential(*layers, nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(200, 4))
    x, y = torch.randn(6, 3, 16, 16), torch.randint(4, (6,))
    yield model
    yield F.cross_entropy(model(x), y)


@healthy
def deep_relu() -> Iterator[Any]:
    """Twenty layers, each with the initial weights that are usual for it."""
    layers: list[nn.Module] = []
    for _ in range(20):
        linear = nn.Linear(32, 32)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        layers += [linear, nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(32, 1))
    x = torch.randn(16, 32)
    yield model
    yield F.mse_loss(model(x), x.sum(1, keepdim=True))


@healthy
def default_tanh() -> Iterator[Any]:
    model = nn.Sequential(*(nn.Sequential(nn.Linear(32, 32), nn.Tanh()) for _ in range(6)), nn.Linear(32, 1))
    yield model
    yield model(torch.randn(16, 32)).pow(2).mean()


@healthy
def transformer() -> Iterator[Any]:
    """A causal mask of -inf, and padding, are no fault."""
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    model = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
    x, mask = torch.randn(2, 7, 16), nn.Transformer.generate_square_subsequent_mask(7)
    yield model
    yield (model(x, mask=mask, is_causal=True)[:, :, 0] * torch.randn(2, 7)).mean()


@healthy
def own_causal_attention() -> Iterator[Any]:
    model = nn.Linear(8, 24)
    x, causal = torch.randn(2, 5, 8), torch.ones(5, 5).triu(1).bool()
    yield model
    q, k, v = model(x).chunk(3, -1)
    scores = (q @ k.transpose(1, 2) / 8**0.5).masked_fill(causal, float("-inf"))
    yield (scores.softmax(-1) @ v).pow(2).mean()


@healthy
def lstm_language_model() -> Iterator[Any]:
    """Words that this batch has not, and the padding, get zeros: that is as it should be."""
    embedding, model = nn.Embedding(50, 12, padding_idx=0), nn.LSTM(12, 16, 2, batch_first=True)
    whole = nn.ModuleDict({"embedding": embedding, "lstm": model, "head": nn.Linear(16, 50)})
    tokens = torch.randint(1, 20, (3, 9))
    tokens[1, 5:] = 0
    yield whole
    hidden, _ = model(embedding(tokens[:, :-1]))
    yield F.cross_entropy(whole["head"](hidden).flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=0)


@healthy
def variational_autoencoder() -> Iterator[Any]:
    model = nn.ModuleDict({"encoder": nn.Linear(10, 8), "decoder": nn.Linear(4, 10)})
    x = torch.rand(6, 10)
    yield model
    mean, log_variance = model["encoder"](x).chunk(2, -1)
    z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
    divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1).mean()
    yield F.binary_cross_entropy_with_logits(model["decoder"](z), x) + 0.1 * divergence


@healthy
def frozen_backbone_on_purpose() -> Iterator[Any]:
    model = Classifier()
    model.encoder.requires_grad_(False)
    x, y = batch()
    yield model
    with torch.no_grad():
        features = model.encoder(x)
    yield F.cross_entropy(model.head(features), y)


@healthy
def target_network() -> Iterator[Any]:
    """A detached target, as in Q-learning, beside the same network with a gradient."""
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    state, after, reward = torch.randn(8, 4), torch.randn(8, 4), torch.randn(8)
    yield model
    best = model(after).max(1).values.detach()
    yield F.smooth_l1_loss(model(state)[:, 0], reward + 0.9 * best)


@healthy
def straight_through() -> Iterator[Any]:
    model = nn.Linear(4, 4)
    x = torch.randn(8, 4)
    yield model
    h = model(x)
    yield (h + (h.round() - h).detach()).pow(2).mean()


@healthy
def bfloat16() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 1)).bfloat16()
    yield model
    yield model(torch.randn(8, 16).bfloat16()).pow(2).mean()


@healthy
def autocast_with_loss_scaling() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 1))
    x = torch.randn(8, 16)
    yield model
    with torch.autocast("cpu", torch.bfloat16):
        out = model(x)
    yield out.float().pow(2).mean() * 1024


@healthy
def checkpointed() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    features = checkpoint(model.encoder, x, use_reentrant=False)
    yield F.cross_entropy(model.head(features), y)


@healthy
def checkpointed_with_reentrance() -> Iterator[Any]:
    """Beside what comes of it, it keeps something to be looked at."""
    model = Classifier()
    x, y = batch()
    kept: list[torch.Tensor] = []

    def block(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = model.encoder(x)
        kept.append(hidden.detach())
        return hidden, hidden.mean()

    yield model
    features, mean = checkpoint(block, x.requires_grad_(), use_reentrant=True)
    assert kept[0].mean() == mean
    yield F.cross_entropy(model.head(features), y)


@healthy
def wrong_divergence_is_looked_at_alone() -> Iterator[Any]:
    model = Classifier()
    x, y = batch()
    yield model
    scores = model(x)
    assert F.kl_div(scores, torch.full_like(scores, 0.2), reduction="batchmean").isfinite()
    yield F.cross_entropy(scores, y)


@healthy
def nearly_converged() -> Iterator[Any]:
    """Gradients next to nothing, in all layers alike."""
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    x = torch.randn(32, 4)
    yield model
    yield F.mse_loss(model(x), model(x).detach() + 1e-5 * torch.randn(32, 1))


@healthy
def contrastive() -> Iterator[Any]:
    model = nn.Linear(6, 4)
    a, b = torch.randn(8, 6), torch.randn(8, 6)
    yield model
    one, other = F.normalize(model(a), dim=1), F.normalize(model(b), dim=1)
    yield F.cross_entropy(one @ other.T / 0.07, torch.arange(8))


@healthy
def tied_weights() -> Iterator[Any]:
    model = nn.ModuleDict({"embedding": nn.Embedding(20, 8), "head": nn.Linear(8, 20, bias=False)})
    model["head"].weight = model["embedding"].weight
    tokens = torch.randint(20, (4, 6))
    yield model
    hidden: Tensor = model["embedding"](tokens).cumsum(1)
    yield F.cross_entropy(model["head"](hidden).flatten(0, 1), tokens.flatten())


@healthy
def in_place_where_it_does_no_harm() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(inplace=True), nn.Linear(8, 2))
    x = torch.randn(8, 4)
    yield model
    h = model(x)
    h += 1
    yield h.clamp_(min=-3).sum()


@healthy
def penalty_on_the_gradient() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.Softplus(), nn.Linear(8, 1))
    x = torch.randn(8, 4, requires_grad=True)
    yield model
    score = model(x).sum()
    (slope,) = torch.autograd.grad(score, x, create_graph=True)
    yield score + ((slope.norm(dim=1) - 1) ** 2).mean()


@healthy
def large_inputs_before_a_norm() -> Iterator[Any]:
    """The norm divides the gradient by their size, as it should."""
    model = nn.Sequential(nn.Linear(8, 16), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 1))
    x, y = 1e4 * torch.randn(32, 8), torch.randn(32, 1)
    yield model
    yield F.mse_loss(model(x), y)


@healthy
def hooks_that_look_and_scale() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(8, 16), nn.Linear(16, 1))
    x, y = torch.randn(32, 8), torch.randn(32, 1)
    yield model
    hidden = model[0](x)
    hidden.register_hook(lambda grad: None)
    hidden.register_hook(lambda grad: 0.5 * grad)
    yield F.mse_loss(model[1](hidden), y)
