"""Models that nobody here wrote: names, edges, order and gradients are torch's, and parameters are told by their names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional

import gradtui
from gradtui.snapshot.model import Values
from tests.engine import oracle
from tests.engine.oracle import Numbers, Ran
from tests.models.language import bert, gpt2

FIRST = 8
STEPS = 8_000

Made = tuple[nn.Module, Callable[[], torch.Tensor]]


def words() -> torch.Tensor:
    return torch.randint(0, 100, (2, 7))


def masked() -> Made:
    model, ids = bert(3).double(), words()
    return model, lambda: model(ids, labels=ids).loss


def causal() -> Made:
    model, ids = gpt2(3).double(), words()
    return model, lambda: model(ids, labels=ids).loss


def transformer() -> Made:
    model = nn.Transformer(16, 2, 2, 2, 32, batch_first=True).double()
    source, target = torch.randn(2, 7, 16).double(), torch.randn(2, 5, 16).double()
    return model, lambda: model(source, target).square().mean()


def lstm() -> Made:
    model, x = nn.LSTM(4, 6, 2, bidirectional=True).double(), torch.randn(9, 2, 4).double()
    return model, lambda: model(x)[0].sum() + model(x)[1][1].prod()


def gru() -> Made:
    model, x = nn.GRU(4, 6).double(), torch.randn(9, 2, 4).double()
    return model, lambda: model(x)[0].square().sum()


def convolutions() -> Made:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, groups=2, padding=1), nn.GroupNorm(2, 8), nn.SiLU(), nn.ConvTranspose2d(8, 4, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(4, 5),
    ).double()  # fmt: skip
    x, y = torch.randn(4, 3, 16, 16).double(), torch.tensor([0, 1, 2, 3])
    return model, lambda: functional.cross_entropy(model(x), y)


MODELS = [masked, causal, transformer, lstm, gru, convolutions]


def digest(tensor: torch.Tensor | None) -> Numbers:
    """The first elements and, of more than those, least, most, mean and norm, by torch's own functions."""
    if tensor is None:
        return None
    flat = tensor.detach().reshape(-1)
    first = tuple(flat[:FIRST].tolist())
    if len(flat) <= FIRST:
        return first
    return (*first, flat.min().item(), flat.max().item(), flat.mean().item(), flat.norm().item())


def told(values: Values | None) -> Numbers:
    if values is None or values.summary is None:
        return None if values is None else values.numbers
    summary = values.summary
    assert summary.nan == summary.inf == 0
    assert summary.min is not None
    assert summary.max is not None
    assert summary.mean is not None
    assert summary.norm is not None
    return (*values.numbers, summary.min, summary.max, summary.mean, summary.norm)


def numbers(ran: list[Ran]) -> list[Numbers]:
    return [each for node in ran for each in (node.grad_output, *(grad for _, _, grad in node.edges))]


def shape(ran: list[Ran]) -> list[object]:
    """All but the numbers."""
    return [(node.name, node.shape, [(target, number) for target, number, _ in node.edges]) for node in ran]


@pytest.mark.long
@pytest.mark.parametrize("traced", [True, False], ids=["traced", "untraced"])
@pytest.mark.parametrize("make", MODELS, ids=lambda make: str(make.__name__))
def test_names_edges_and_gradients_are_torchs(make: Callable[[], Made], traced: bool) -> None:
    torch.manual_seed(0)
    model, run = make()
    if traced:
        with gradtui.trace(model):
            loss = run()
    else:
        loss = run()
    snapshot = gradtui.capture(loss, model=model)
    assert snapshot.problem is None
    ours, theirs = oracle.ours(snapshot.graph, told), oracle.ran(loss, digest)
    assert shape(ours) == shape(theirs)
    for one, other in zip(numbers(ours), numbers(theirs), strict=True):
        assert one == pytest.approx(other, rel=1e-5, abs=1e-7)
    parameters = dict(model.named_parameters())
    assert list(snapshot.parameters) == list(parameters)
    for name, parameter in parameters.items():
        assert told(snapshot.parameters[name].grad) == pytest.approx(digest(parameter.grad), rel=1e-9, abs=1e-12), name
        assert told(snapshot.parameters[name].value) == pytest.approx(digest(parameter), rel=1e-9), name


@pytest.mark.long
@pytest.mark.parametrize("make", MODELS, ids=lambda make: str(make.__name__))
def test_modules_and_values_are_what_hooks_saw(make: Callable[[], Made]) -> None:
    """Hooks on the modules themselves say which numbers were given while each ran, and what came out of it."""
    torch.manual_seed(0)
    model, run = make()
    paths = {module: path for path, module in model.named_modules()}
    inside: dict[int, str] = {}
    outputs: dict[int, Numbers] = {}
    begun: list[int] = []

    def begin(module: nn.Module, inputs: object) -> None:
        begun.append(next_number())

    def end(module: nn.Module, inputs: object, output: object) -> None:
        for number in range(begun.pop(), next_number()):
            inside.setdefault(number, paths[module])
        if isinstance(output, torch.Tensor) and output.grad_fn is not None:
            outputs.setdefault(output.grad_fn._sequence_nr(), digest(output))

    for module in model.modules():
        module.register_forward_pre_hook(begin)
        module.register_forward_hook(end)
    with gradtui.trace(model):
        loss = run()
    nodes = gradtui.capture(loss, model=model).graph.nodes
    assert loss.grad_fn is not None
    assert nodes[0].sequence is not None
    oldest = loss.grad_fn._sequence_nr() - nodes[0].sequence
    seen = 0
    for node in nodes:
        if node.sequence is not None:
            assert node.module == inside.get(oldest + node.sequence, "")
            if oldest + node.sequence in outputs:
                assert told(node.value) == pytest.approx(outputs[oldest + node.sequence], rel=1e-5, abs=1e-7)
                seen += 1
    assert seen or make in (lstm, gru)


def next_number() -> int:
    number: int = torch._C._autograd._get_sequence_nr()
    return number


@pytest.mark.long
def test_a_long_recurrence() -> None:
    weight, h = torch.tensor(0.9, dtype=torch.float64, requires_grad=True), torch.tensor(0.1, dtype=torch.float64)
    for _ in range(STEPS):
        h = torch.tanh(weight * h) + 0.01
    snapshot = gradtui.capture(h, names={"w": weight})
    assert len(snapshot.graph.nodes) == 3 * STEPS + 1
    assert oracle.ours(snapshot.graph) == oracle.ran(h)
    assert oracle.values(snapshot.parameters["w"].grad) == oracle.numbers(weight.grad)
