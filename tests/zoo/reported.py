"""Snippets from public reports: data that went bad before the model, steps of torch that have another way, own backwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it
from torch import nn

from tests.zoo.case import broken


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return grad * ctx.saved_tensors[0]  # <- here


@broken("custom", "weight", "fine", "Square.backward", "0.5 times")
def custom_backward_without_its_factor_of_two() -> Iterator[Any]:
    model = nn.Linear(3, 2)
    x = torch.randn(5, 3)
    yield model
    yield cast(Any, Square).apply(model(x)).mean()


@broken("pole", "weight", "nan", "logarithm of 0")
def gumbel_noise_of_a_one() -> Iterator[Any]:
    model = nn.Linear(3, 4)
    x, u = torch.randn(5, 3), torch.rand(5, 4)
    u[3, 2] = 1.0
    yield model
    noise = -torch.log(-torch.log(u))  # <- here
    yield torch.softmax(model(x) + noise, -1).pow(2).sum()


@broken("pole", "weight", "nan", "power -0.5")
def lonely_node_of_a_graph() -> Iterator[Any]:
    model = nn.Linear(3, 4)
    x, adjacency = torch.randn(5, 3), torch.ones(5, 5)
    adjacency[2] = adjacency[:, 2] = 0
    yield model
    root = adjacency.sum(1).pow(-0.5)  # <- here
    yield (root[:, None] * adjacency * root @ model(x)).pow(2).mean()


@broken("zero_by_zero", "weight", "nan", "0/0")
def column_that_never_varies() -> Iterator[Any]:
    model = nn.Linear(3, 1)
    x = torch.rand(40, 3)
    x[:, 1] = 7
    yield model
    scaled = (x - x.amin(0)) / (x.amax(0) - x.amin(0))  # <- here
    yield model(scaled).pow(2).mean()


@broken("input", "0.weight", "nan", "1.running_var", "holds nan")
def running_variance_that_is_gone() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).eval()
    cast(Any, model[1]).running_var[2] = float("nan")
    x = torch.randn(5, 3)
    yield model
    yield model(x).pow(2).mean()  # <- here


@broken("pole", "weight", "nan", "length 4", "length 6")
def words_too_long_for_the_sound() -> Iterator[Any]:
    model = nn.Linear(5, 7)
    sound, words = torch.randn(4, 2, 5), torch.randint(1, 7, (2, 6))
    yield model
    yield cast(Any, F.ctc_loss)(model(sound).log_softmax(-1), words, [4, 4], [6, 2])  # <- here


@broken("pole", "scale", "nan", "determinant is 0")
def determinant_of_a_singular_matrix() -> Iterator[Any]:
    scale, x = nn.Parameter(torch.tensor(1.0)), torch.tensor([0.0, 1.0, 1.0])
    yield {"scale": scale}
    yield torch.logdet(torch.exp(-((x[:, None] - x) ** 2) / scale**2))  # <- here


@broken("domain", "mix", "nan", "determinant is negative")
def determinant_of_a_reflection() -> Iterator[Any]:
    mix, x = nn.Parameter(torch.tensor([[0.0, 1.0], [1.0, 0.0]])), torch.randn(5, 2)
    yield {"mix": mix}
    yield (x @ mix).pow(2).mean() * torch.logdet(mix)  # <- here


@broken("no_grad", "0.weight", "none", "create_graph")
def gradient_without_a_graph() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
    t = torch.linspace(0, 1, 9)[:, None].requires_grad_()
    yield model
    (slope,) = torch.autograd.grad(model(t).sum(), t)  # <- here
    yield (slope - torch.cos(t)).pow(2).mean()


@broken("exploding", "shift", "huge", "as little as 1e-12", kept=True)
def unit_vector_of_zeros() -> Iterator[Any]:
    x, goal, shift = torch.randn(5, 6), torch.randn(5, 6), nn.Parameter(torch.zeros(6))
    x[2] = 0
    yield {"shift": shift}
    yield (F.normalize(x + shift, dim=-1) - goal).pow(2).mean()  # <- here


@broken("constant", "0.weight", "fine", "constant")
def picture_compared_with_itself() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 4))
    x = torch.randn(9, 6)
    yield model
    first = model(x)
    yield -F.cosine_similarity(first, first, dim=-1).mean()  # <- here


@broken("masked", "weight", "nan", "1 of its 3 rows are -inf throughout", kept=True)
def states_that_nothing_leads_to() -> Iterator[Any]:
    model = nn.Linear(4, 3, bias=False)
    yield model
    masked = model(torch.randn(3, 4)) + torch.tensor([[0.0], [-torch.inf], [0.0]])
    yield masked.logsumexp(-1).exp().sum()  # <- here


@broken("overflow", "weight", "zero", "float16")
def root_of_an_overflow() -> Iterator[Any]:
    model = nn.Linear(8, 16).half()
    x = (torch.randn(4, 8) * 3000).half()
    yield model
    h = model(x)
    square = h.pow(2)  # <- here
    yield (h / square.mean(-1, keepdim=True).sqrt()).float().pow(4).mean()


@broken("zero", "0.weight", "zero", "hook")
def hook_on_a_weight() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    cast(Any, model[0]).weight.register_hook(lambda grad: grad * 0)  # <- here
    yield model
    yield model(torch.randn(5, 3)).pow(2).mean()


@broken("masked", "0.weight", "zero", "dropout")
def dropout_of_everything() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(1.0), nn.Linear(4, 1))
    yield model
    yield model(torch.randn(5, 3)).pow(2).mean()  # <- here


@broken("flat", "0.weight", "zero", "flat between its jumps")
def quotient_that_is_floored() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    yield model
    code = torch.div(model[0](torch.randn(5, 3)), 0.1, rounding_mode="floor")  # <- here
    yield model[1](code).pow(2).mean()


@broken("flat", "0.weight", "zero", "second derivative")
def curvature_of_leaky_relu() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(1, 8), nn.LeakyReLU(), nn.Linear(8, 1))
    t = torch.linspace(0, 1, 7)[:, None].requires_grad_()
    yield model
    (slope,) = torch.autograd.grad(model(t).sum(), t, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), t, create_graph=True)  # <- here
    yield (bend - 1).pow(2).mean()


@broken("flat", "0.weight", "zero", "second derivative")
def penalty_of_the_curvature_of_leaky_relu() -> Iterator[Any]:
    model = nn.Sequential(nn.Linear(1, 8), nn.LeakyReLU(), nn.Linear(8, 1))
    t = torch.linspace(0, 1, 7)[:, None].requires_grad_()
    yield model
    (slope,) = torch.autograd.grad(model(t).sum(), t, create_graph=True)
    (bend,) = torch.autograd.grad(slope.square().sum(), t, create_graph=True)  # <- here
    yield bend.abs().mean()


@broken("no_grad", "angle", "none", "ran under no_grad")
def matrix_filled_under_no_grad() -> Iterator[Any]:
    angle = nn.Parameter(torch.tensor(0.3))
    yield {"angle": angle}
    turn = torch.eye(2, requires_grad=True).clone()
    with torch.no_grad():
        turn[0, 0] = torch.cos(angle)  # <- here
    yield (torch.randn(5, 2) @ turn).pow(2).mean()


@broken("exploding", "columns", "huge", "qr", "nearly singular", kept=True)
def columns_that_depend_on_each_other() -> Iterator[Any]:
    columns = torch.randn(6, 3)
    columns[:, 2] = columns[:, 0] * (1 + 1e-7)
    columns.requires_grad_()
    yield {"columns": columns}
    yield torch.linalg.qr(columns).Q.pow(3).sum()  # <- here


@broken("exploding", "matrix", "huge", "inv", "nearly singular", kept=True)
def inverse_of_next_to_nothing() -> Iterator[Any]:
    matrix = torch.diag(torch.tensor([1.0, 1e-5, 1.0])).requires_grad_()
    yield {"matrix": matrix}
    yield torch.linalg.inv(matrix).sum()  # <- here


@broken("exploding", "matrix", "huge", "nearly equal", kept=True)
def eigenvectors_of_nearly_a_circle() -> Iterator[Any]:
    matrix = (torch.eye(3) + torch.diag(torch.tensor([1e-6, 3e-6, 0.5]))).requires_grad_()
    yield {"matrix": matrix}
    vectors = torch.linalg.eigh(matrix).eigenvectors  # <- here
    yield (vectors @ torch.ones(3))[0] + vectors.pow(3).sum()


@broken("constant", "weight", "none", "torch.zeros(())")
def nothing_but_zeros_added_up() -> Iterator[Any]:
    """The line that made the constant, and not the one that adds it to nothing."""
    model = nn.Linear(3, 1)
    yield model
    parts = {"boxes": torch.zeros(()), "masks": torch.zeros(())}  # <- here
    yield sum(parts.values()) / 2


@broken("constant", "weight", "none", "torch.zeros(2, 3)")
def mean_of_a_table_that_nobody_filled() -> Iterator[Any]:
    model = nn.Linear(3, 1)
    yield model
    table = torch.zeros(2, 3)  # <- here
    yield torch.stack([table, table]).flatten().mean()


@broken("constant", "weight", "none", "targets.float().mean()")
def mean_of_the_data_alone() -> Iterator[Any]:
    """Data that were there before are no constant: the operation that made the output of them is named."""
    model, targets = nn.Linear(3, 1), torch.ones(4)
    yield model
    yield targets.float().mean()  # <- here


@broken("loss_input", "weight", "fine", "no log probabilities as its input")
def divergence_of_probabilities() -> Iterator[Any]:
    model = nn.Linear(3, 4)
    x, p = torch.randn(5, 3), torch.randn(5, 4).softmax(-1)
    yield model
    yield F.kl_div(model(x).softmax(-1), p, reduction="batchmean")  # <- here


@broken("domain", "weight", "fine", "negative number")
def divergence_of_logarithms() -> Iterator[Any]:
    model = nn.Linear(3, 4)
    x, p = torch.randn(5, 3), torch.randn(5, 4).log_softmax(-1)
    yield model
    yield F.kl_div(model(x).log_softmax(-1), p, reduction="batchmean")  # <- here


@broken("loss_input", "weight", "fine", "from -1 to 1")
def labels_of_minus_one() -> Iterator[Any]:
    model = nn.Linear(3, 1)
    x, y = torch.randn(6, 3), torch.tensor([[-1.0], [1.0]] * 3)
    yield model
    yield F.binary_cross_entropy_with_logits(model(x), y)  # <- here


@broken("loss_input", "weight", "fine", "add up to 2")
def several_classes_at_once() -> Iterator[Any]:
    model = nn.Linear(3, 4)
    x, y = torch.randn(2, 3), torch.tensor([[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0]])
    yield model
    yield F.cross_entropy(model(x), y)  # <- here


@broken("loss_input", "weight", "fine", "first step in time")
def alignment_of_scores() -> Iterator[Any]:
    model = nn.Linear(3, 4)
    x, y, sizes = torch.randn(6, 2, 3), torch.tensor([[1, 2], [3, 1]]), torch.tensor([6, 6])
    yield model
    yield F.ctc_loss(model(x), y, sizes, torch.tensor([2, 2]))  # <- here
