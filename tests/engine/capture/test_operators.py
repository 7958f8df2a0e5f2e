"""torch's own operator samples: what capture and trace say of each is torch's gradient, and every node has a rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import islice
from typing import Any

import pytest
import torch
from torch import Tensor

import gradtui
from gradtui.grad_fns.rule_of_node import rule

MOST_SAMPLES = 2
PARTS = 30
WITHOUT_RULE = (
    "Backward",  # the derivative of a backward operation, which torch's samples call as if it were one of the forward pass
    "Sparse",  # its gradient is a matrix with holes
    "GeneratedBackwardFor",  # registered from Python, its own code
    "SegmentReduce",
    "AsStridedScatter",  # torch 2.13's own gradient fails gradcheck where strides are not those of a whole tensor
    *("SpecialBessel", "SpecialModifiedBessel", "LinalgPolar", "LinalgMatrixSqrth"),  # they have one from torch 2.15 on
)

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]


@cache
def operators() -> list[Any]:
    """Those with a gradient. Their table takes a second to import, so no collection of tests waits for it."""
    from torch.testing._internal.common_methods_invocations import op_db

    return [
        op for op in list[Any](op_db) if op.supports_autograd and torch.float64 in op.supported_backward_dtypes("cpu")
    ]


def seeded() -> None:
    """As torch.manual_seed does on the CPU; that one also writes down the whole stack for each kind of device."""
    torch.default_generator.manual_seed(0)


def samples_of(op: Any) -> Iterator[Any]:
    """The first few, past torch's own iterator, which looks through the source of the whole stack before each."""
    seeded()
    return islice(iter(op.sample_inputs_func(op, "cpu", torch.float64, True)), MOST_SAMPLES)


def tensors_in(value: object) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from tensors_in(each)
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))


def outputs_of(op: Any, sample: Any) -> list[Tensor]:
    seeded()
    made = op.op(sample.input, *sample.args, **sample.kwargs)
    return [tensor for tensor in tensors_in(made) if tensor.requires_grad]


def norm(tensor: Tensor) -> float:
    """To all digits, whatever the dtype."""
    dense = tensor if tensor.layout is torch.strided else tensor.to_dense()
    return float(dense.to(torch.complex128 if dense.is_complex() else torch.float64).norm())


@pytest.mark.parametrize("part", range(PARTS))
def test_gradients_are_torchs(part: int) -> None:
    """Of every operator, on its first samples in float64, with a trace and without."""
    with torch.random.fork_rng():
        assert [told for op in operators()[part::PARTS] for told in named(op)] == []


def named(op: Any) -> list[str]:
    """Its faults, each with its name; what it raises has a note of it."""
    name = " ".join((op.name, op.variant_test_name)).strip()
    try:
        return [f"{name}: {told}" for told in faults(op)]
    except Exception as error:
        error.add_note(f"the operator is {name}")
        raise


def faults(op: Any) -> Iterator[str]:
    """What is not as torch has it."""
    for sample in samples_of(op):
        outputs = outputs_of(op, sample)
        leaves = [tensor for tensor in tensors_in([sample.input, sample.args, sample.kwargs]) if tensor.requires_grad]
        if not outputs or not leaves:
            continue
        sums = [(output.real if output.is_complex() else output).sum() for output in outputs]
        try:
            wanted = torch.autograd.grad(sums, leaves, allow_unused=True)
        except RuntimeError:  # the sum of eigenvectors depends on their phase: torch has no gradient to compare with
            continue
        names = {f"leaf {place}": leaf for place, leaf in enumerate(leaves)}
        with gradtui.trace() as trace:
            traced = outputs_of(op, sample)
        for how, snapshot in (
            ("captured", gradtui.capture(outputs_of(op, sample), names=names)),
            ("traced", trace.capture(traced, names=names)),
        ):
            if snapshot.problem is not None:
                yield f"{how}: {snapshot.problem}"
                continue
            for name, grad in zip(names, wanted, strict=True):
                told = snapshot.parameters[name].grad
                if (told is None) != (grad is None):
                    yield f"{how}: the gradient of {name} is {told}, torch's is {grad}"
                elif told is not None and grad is not None and grad.numel():
                    expected = norm(grad)
                    if not math.isnan(expected) and told.norm != pytest.approx(expected, rel=1e-9, abs=1e-12):
                        yield f"{how}: the norm of the gradient of {name} is {told.norm}, torch's is {expected}"
            unknown = {node.name for node in snapshot.graph.nodes if rule(node.name) is None}
            yield from (f"{how}: no rule of {name}" for name in unknown if not is_left_out(name))


def operator(name: str) -> Any:
    return next(op for op in operators() if op.name == name)


def test_the_weights_of_cov_are_float32_whose_norm_torch_rounds() -> None:
    """The samples are of float64, their `aweights` of float32: numbers are torch's to the last bit, and the norm, which torch
    takes in float32, differs from ours, taken in float64, by that rounding (3e-8 of it) and by no more."""
    rounded = 0
    for sample in operator("cov").sample_inputs("cpu", torch.float64, requires_grad=True):
        weights = sample.kwargs.get("aweights")
        if weights is None:
            continue
        (output,) = outputs_of(operator("cov"), sample)
        told = gradtui.capture(output, names={"weights": weights}).parameters["weights"].grad
        (grad,) = torch.autograd.grad(output.sum(), weights)
        assert grad.dtype == torch.float32
        assert told is not None
        assert told.numbers == tuple(grad.tolist())
        assert told.norm == pytest.approx(norm(grad), rel=1e-12)
        assert told.norm == pytest.approx(float(grad.norm()), rel=torch.finfo(torch.float32).eps)
        rounded += told.norm != pytest.approx(float(grad.norm()), rel=1e-9)
    assert rounded


def test_products_with_a_sparse_csr_matrix() -> None:
    """Its memory has no address: what a node keeps of one is counted by its parts. A capture of one once raised."""
    sparse = torch.eye(3, dtype=torch.float64).to_sparse_csr()
    learned = sparse.clone().requires_grad_()
    dense = torch.rand(3, 2, dtype=torch.float64, requires_grad=True)
    products: dict[str, Callable[[], Tensor]] = {
        "constant": lambda: sparse @ dense,
        "learned": lambda: torch.sparse.mm(learned, dense),
    }
    for sample in operator("sparse.mm").sample_inputs("cpu", torch.float64, requires_grad=True):
        products[str(sample.args)] = partial(operator("sparse.mm").op, sample.input, *sample.args)
    for product in products.values():
        with gradtui.trace() as trace:
            output = product()
        for snapshot in (trace.capture(output), gradtui.capture(output)):
            assert snapshot.problem is None
            leaves = {node.variable: node for node in snapshot.graph.nodes if node.variable}
            assert leaves
            assert all(node.grad_output is not None for node in leaves.values())
    (wanted,) = torch.autograd.grad((sparse @ dense).sum(), dense)
    captured = gradtui.capture(sparse @ dense, names={"dense": dense}).parameters["dense"].grad
    assert captured is not None
    assert captured.numbers == tuple(wanted.reshape(-1).tolist())


def is_left_out(name: str) -> bool:
    bare = name.rstrip("0123456789").removesuffix("Backward")
    return any(word in bare for word in WITHOUT_RULE)
