"""What a witness says, held against torch; and that looking again leaves nothing behind."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it
from torch import Tensor, nn

import gradtui
from gradtui.findings.findings import findings
from gradtui.snapshot.model import Snapshot, Witness
from tests.torch_version import sees_what_is_kept

torch.manual_seed(0)
X = torch.randn(5, 4)


def seen(made: Callable[[Tensor], Tensor], x: Tensor = X) -> tuple[Snapshot, list[Witness]]:
    leaf = x.clone().requires_grad_()
    with gradtui.trace() as trace:
        loss = made(leaf).sum()
    snapshot = trace.capture(loss, names={"x": leaf})
    return snapshot, [one for one in snapshot.witnesses if one.bad]


@pytest.mark.parametrize("made", [torch.log, torch.sqrt, torch.acos, lambda x: x**0.3, lambda x: 1 / x.floor()])
def test_the_first_bad_element_and_its_operand(made: Callable[[Tensor], Tensor]) -> None:
    _, (first, *_) = seen(made)
    result = made(X)
    assert not math.isfinite(float(result[first.index]))
    assert first.bad == int((~result.isfinite()).sum())
    (operand, *_) = [one for one in first.operands if one.name in ("self", "other")]
    source = X.floor() if first.operation in ("reciprocal", "div") else X
    assert operand.number == float(source[first.index])


@sees_what_is_kept
def test_of_a_gradient_what_came_in_and_what_the_node_keeps() -> None:
    x = torch.tensor([1.0, 0.0, 4.0])
    _, (witness,) = seen(lambda x: 3 * x.sqrt(), x)
    assert (witness.phase, witness.index, witness.came) == ("backward", (1,), 3.0)
    assert [one.number for one in witness.operands if one.name == "result"] == [0.0]


def test_within_a_function_of_torch_the_very_operation() -> None:
    x = torch.zeros(3, 4, dtype=torch.float16)
    _, (witness, *_) = seen(lambda x: F.normalize(x, dim=-1), x)
    assert witness.operation == "div"
    assert witness.rows["lost"] == 1
    assert [one.number for one in witness.operands][:2] == [0.0, 0.0]


def test_rows_of_a_softmax_that_are_masked_throughout() -> None:
    mask = torch.zeros(5, 4, dtype=torch.bool)
    mask[1:3] = True
    _, found = seen(lambda x: x.masked_fill(mask, -torch.inf).softmax(-1))
    softmax = next(one for one in found if "softmax" in one.operation)
    assert softmax.rows == {"all": 5, "masked": 2}


def test_data_that_carry_no_gradient_by_their_name() -> None:
    table = X.clone()
    table[2, 1] = math.nan
    _, (first, *_) = seen(lambda x: x * table)
    (data,) = [one for one in first.operands if not one.carries]
    assert data.variable == "table"


OTHERS: dict[str, Callable[[Tensor], Tensor]] = {
    "complex": lambda x: (x + 0j).log().abs(),
    "complex and more": lambda x: ((x + 0j).log() * 2).reshape(-1).real,
    "complex without a float": lambda x: torch.view_as_real((x + 0j).reciprocal()),
    "a product of complex": lambda x: ((x + 0j).log()[None] @ (x + 1j)[:, None]).real,
    "8 bits": lambda x: (1e6 / x).to(torch.float8_e4m3fnuz).reshape(-1, 1).float(),
    "sparse": lambda x: ((x + 1)[None].to_sparse() * torch.inf).to_dense(),
    "sparse, nan": lambda x: torch.sparse.sum((x + 1)[None].to_sparse() * torch.nan),
    "jagged": lambda x: torch.nested.to_padded_tensor(
        torch.nested.as_nested_tensor([x, x[:1]], layout=torch.jagged).log(), 0.0
    ),
}
"""What is not finite in a tensor that torch does not ask for it as it does an ordinary one."""


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", OTHERS)
def test_the_program_goes_on_whatever_the_tensor(name: str) -> None:
    x = torch.tensor([0.0, 1.0, 2.0])
    snapshot, (first, *_) = seen(OTHERS[name], x)
    assert first.bad
    assert snapshot.value is not None
    assert snapshot.value.numbers == pytest.approx((OTHERS[name](x).sum().item(),), nan_ok=True)
    assert findings(snapshot)[0].kind != "overflow", "of numbers that were not seen"


def test_of_a_complex_number_the_part_that_is_not_finite() -> None:
    x = torch.tensor([1.0, 0.0, 4.0])
    _, (witness,) = seen(lambda x: torch.complex(x, x.detach() / 0).abs(), x)
    assert witness.index == (1,)
    assert witness.result is not None
    assert math.isnan(witness.result)
    _, (witness, *_) = seen(lambda x: (x + 0j).log().imag + (x + 0j).log().real, x)
    assert (witness.index, witness.result, witness.bad) == ((1,), -math.inf, 1)


def test_nothing_on_a_healthy_model() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))
    with gradtui.trace(model) as trace:
        loss = F.cross_entropy(model(X), torch.tensor([0, 1, 0, 1, 1]))
    assert [one for one in trace.capture(loss).witnesses if one.bad] == []


@pytest.mark.parametrize("scale", [1e30, 0.0])
@pytest.mark.parametrize("width", [4, 300], ids=["all small", "some large"])
def test_a_gradient_is_worse_than_the_one_that_came_in(scale: float, width: int) -> None:
    """In the numbers of the graph itself, whether they are read at once or wait for others."""
    torch.manual_seed(0)
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(width, 2, 4 * width, batch_first=True), 2)
    snapshot = gradtui.capture(model(torch.randn(8, 6, width) * scale).square().mean(), model=model)
    for one in snapshot.witnesses:
        assert one.node is not None
        assert one.edge is not None
        node = snapshot.graph.nodes[one.node]
        assert node.grad_output is not None
        sent = node.edges[one.edge].grad
        assert sent is not None
        if one.bad:
            assert math.isfinite(node.grad_output.norm or 0.0)
            assert not math.isfinite(sent.norm or 0.0)
        else:
            assert node.grad_output.norm != 0
            assert sent.norm == 0


def test_looking_again_disturbs_nothing() -> None:
    """Random numbers go on as they would, and buffers are not written over twice."""

    def step(watched: bool) -> tuple[float, Tensor]:
        torch.manual_seed(1)
        model = nn.BatchNorm1d(4)
        bad = X.clone()
        bad[0, 0] = math.inf
        with gradtui.trace(model) if watched else torch.enable_grad():
            h = F.dropout(model(bad), 0.5) / 0.0
            h = F.rrelu(h, training=True)
        assert model.running_mean is not None
        return float(torch.rand(()) + h.isnan().sum()), model.running_mean

    (plain, mean), (watched, own) = step(False), step(True)
    assert plain == watched
    assert torch.equal(mean.nan_to_num(), own.nan_to_num())


def test_what_a_hook_has_packed_stays_packed() -> None:
    unpacked = []

    def unpack(tensor: Tensor) -> Tensor:
        unpacked.append(tensor)
        return tensor

    x = torch.tensor([0.0, 1.0], requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, unpack), gradtui.trace() as trace:
        loss = x.sqrt().sum()
    trace.capture(loss)
    assert len(unpacked) == 1


class Both(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return a.clone(), b.clone()

    @staticmethod
    def backward(ctx: object, *grads: Tensor) -> tuple[Tensor, ...]:
        return grads


def hooked(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    class Two(nn.Module):
        def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
            return a, b

    two = Two()
    two.register_full_backward_hook(lambda *_: None)
    return two(a, b)  # type: ignore[no-any-return]


SEVERAL: dict[str, Callable[[Tensor, Tensor], tuple[Tensor, ...]]] = {
    "chunk": lambda a, b: torch.cat([a, b], 1).chunk(2, 1),
    "split": lambda a, b: torch.split(torch.cat([a, b], 1), [4, 4], 1),
    "unbind": lambda a, b: torch.stack([a, b]).unbind(),
    "custom": lambda a, b: Both.apply(a, b),  # type: ignore[no-untyped-call]
    "backward hook": hooked,
}


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize("other", [torch.tanh, lambda x: x * 2])
def test_one_of_several_outputs_is_bad(name: str, other: Callable[[Tensor], Tensor]) -> None:
    """What made it is found behind it, whichever output is seen first."""

    def loss(x: Tensor, first: int) -> Tensor:
        bad, good = x.log(), other(x)
        parts = SEVERAL[name](bad, good) if first == 0 else SEVERAL[name](good, bad)
        return parts[1] * 3 + parts[0] * 2

    for first in (0, 1):
        snapshot, (witness, *_) = seen(lambda x, first=first: loss(x, first))  # type: ignore[misc]
        assert witness.operation == "log"
        assert witness.node is not None
        told = findings(snapshot)[0]
        assert told.certainty == "proved"
        assert told.node == witness.node
        assert snapshot.graph.nodes[witness.node].name == "LogBackward0"
