"""Functions of a file that take complex numbers, against torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gradtui.engine.user.evaluate import evaluate
from gradtui.grad_fns.rule_of_node import explain
from gradtui.snapshot.model import Request, Snapshot

STARTS = {
    "torch.tensor(1 + 2j)": torch.tensor(1 + 2j),
    "torch.tensor([1 + 2j, 3 - 1j])": torch.tensor([1 + 2j, 3 - 1j]),
}
BODIES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "z.abs().sum()": lambda z: z.abs().sum(),
    "(z * z.conj()).real.sum()": lambda z: (z * z.conj()).real.sum(),
    "(z * z).sum()": lambda z: (z * z).sum().real,
    "torch.exp(z).imag.sum()": lambda z: torch.exp(z).imag.sum(),
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("body", BODIES)
def test_complex_numbers(start: str, body: str, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(f"import torch\ndef f(z={start}):\n    return {body}\n")
    answer = evaluate(Request(1, f"{tmp_path / 'model.py'}:f", {}, origin="function"))
    assert isinstance(answer, Snapshot)
    z = STARTS[start].clone().requires_grad_()
    (grad,) = torch.autograd.grad(BODIES[body](z), z)
    leaf = next(node for node in answer.graph.nodes if node.variable == "z")
    assert leaf.grad_output is not None
    assert leaf.grad_output.numbers == pytest.approx(torch.view_as_real(grad).reshape(-1).tolist())
    told = [
        one.sent for node in answer.graph.nodes if "complex" in node.dtype for one in explain(answer.graph, node.id)
    ]
    assert not any("sum(" in sent for sent in told), "pairs of numbers are no broadcast"
