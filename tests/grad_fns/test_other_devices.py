"""Kernels that no CPU has: their names against torch's own, and rules of theirs alone against the same formula on a CPU."""

from __future__ import annotations

import math

import pytest
import torch

from gradtui.grad_fns.other_devices import KERNELS, known_as
from gradtui.grad_fns.rule_of_node import rule, rule_of
from gradtui.graph.operands import operation
from gradtui.snapshot.model import Node
from tests.torch_version import VERSION

FUNCTIONS = torch._C._functions
TOO_NEW = {"ScaledDotProductCudnnAttention": (2, 5), "ScaledDotProductFusedAttentionOverrideable": (2, 6)}
TOO_NEW |= {"MiopenCtcLoss": (2, 13)}


@pytest.mark.parametrize("kernel", KERNELS)
def test_torch_has_it_and_the_tables_have_what_it_does(kernel: str) -> None:
    name = f"{kernel}Backward0"
    assert hasattr(FUNCTIONS, name) or TOO_NEW.get(kernel, (0, 0)) > VERSION
    node = Node(0, name, (), "float32", "cuda:0", 0, 0, ())
    assert operation(node) == KERNELS[kernel]
    assert rule_of(node) == rule(f"{KERNELS[kernel]}Backward0") is not None


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_kernel_of_a_cpu(kernel: str) -> None:
    assert KERNELS[kernel] not in KERNELS
    assert rule(f"{kernel}Backward0") is None


@pytest.mark.parametrize("name", ["ReluBackward0", "Cudnn", "", "CudnnBatchNormBackwardBackward0", "MyBackward"])
def test_all_others_are_called_what_they_are(name: str) -> None:
    assert known_as(name) == name


def test_attention_with_a_bias() -> None:
    torch.manual_seed(0)
    a, b, c, d, g = (torch.randn(size, dtype=torch.float64) for size in ((3, 4), (5, 4), (5, 4), (3, 5), (3, 4)))
    leaves = [one.requires_grad_() for one in (a, b, c, d)]
    y = torch.nn.functional.scaled_dot_product_attention(a, b, c, attn_mask=d)
    grads = torch.autograd.grad(y, leaves, g)
    with torch.no_grad():
        width = math.sqrt(4)
        p = torch.softmax(a @ b.T / width + d, -1)
        h = g @ c.T
        s = p * (h - (h * p).sum(-1, keepdim=True))
        expected = (s @ b) / width, (s.T @ a) / width, p.T @ g, s
    for grad, one in zip(grads, expected, strict=True):
        torch.testing.assert_close(grad, one)
    found = rule("ScaledDotProductEfficientAttentionBackward0")
    assert found is not None
    assert found.gradients == (
        "(s @ b)/sqrt(width) with s = p*(h - sum(h*p)), h = ḡ @ cᵀ", "(sᵀ @ a)/sqrt(width)", "pᵀ @ ḡ", "s",
    )  # fmt: skip
