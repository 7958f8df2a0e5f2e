"""One run of the real autograd engine, recorded by hooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch.autograd.graph import Node

Gradients = tuple[torch.Tensor | None, ...]


@dataclass(frozen=True, slots=True)
class Backward:
    """What the engine did.

    order: the nodes as it ran them. grad_outputs: the gradient that came into each, without those that none reached.
    grad_inputs: what each sent along its edges, None for none.
    local: the local derivative along each edge, where both ends are scalars.
    """

    order: list[Node] = field(default_factory=list)
    grad_outputs: dict[Node, torch.Tensor] = field(default_factory=dict)
    grad_inputs: dict[Node, Gradients] = field(default_factory=dict)
    local: dict[Node, tuple[float | None, ...]] = field(default_factory=dict)


def run(output: torch.Tensor, nodes: Sequence[Node]) -> Backward:
    """Differentiate sum(output), that is: a grad_output of ones. Leaves no hook and no `.grad` behind.

    nodes: the whole graph of `output`, which is not freed.
    """
    record = Backward()
    leaves = {node: leaf for node in nodes if (leaf := leaf_of(node)) is not None}
    handles = [leaf.register_hook(_leaf_hook(record, node)) for node, leaf in leaves.items()]  # type: ignore[no-untyped-call]
    handles += [node.register_hook(_hook(record, node)) for node in nodes if node not in leaves]
    try:
        torch.autograd.grad(scalar(output), list(leaves.values()), retain_graph=True, allow_unused=True)
    finally:
        for handle in handles:
            handle.remove()
    with torch.no_grad():
        for node in nodes:
            if node not in leaves:
                record.local[node] = _local(node, record)
    return record


def scalar(output: torch.Tensor) -> torch.Tensor:
    """What to start the engine from. Ones as an argument do the same, but for those torch imports sympy, for 0.3 s."""
    return output.sum() if output.ndim else output


def leaf_of(node: Node) -> torch.Tensor | None:
    """The leaf that an AccumulateGrad accumulates into; None for any other node."""
    return cast(Any, node).variable if node.name() == "torch::autograd::AccumulateGrad" else None


def _hook(record: Backward, node: Node) -> Callable[[Gradients, Gradients], None]:
    def ran(grad_inputs: Gradients, grad_outputs: Gradients) -> None:
        record.order.append(node)
        record.grad_inputs[node] = grad_inputs
        if grad_outputs[0] is not None:
            record.grad_outputs[node] = grad_outputs[0]

    return ran


def _leaf_hook(record: Backward, node: Node) -> Callable[[torch.Tensor], None]:
    """autograd.grad runs no AccumulateGrad, but the hooks of its leaf in its turn."""

    def ran(grad: torch.Tensor) -> None:
        record.order.append(node)
        record.grad_outputs[node] = grad

    return ran


def _local(node: Node, record: Backward) -> tuple[float | None, ...]:
    """The gradient along each edge for a grad_output of 1; None where an end is no scalar or the edge leads nowhere."""
    scalar = [target is not None and _is_scalar(target, number) for target, number in node.next_functions]
    if not _is_scalar(node, 0) or not any(scalar):
        return (None,) * len(scalar)
    grad_output = record.grad_outputs.get(node)
    if grad_output is not None and grad_output.item() == 1:
        gradients: Gradients = record.grad_inputs[node]
    else:
        metadata = node._input_metadata[0]
        result = cast(Any, node)(torch.ones((), dtype=metadata.dtype, device=metadata.device))
        gradients = result if isinstance(result, tuple) else (result,)
    return tuple(
        float(gradient.item()) if wanted and gradient is not None else None
        for wanted, gradient in zip(scalar, gradients, strict=True)
    )


def _is_scalar(node: Node, number: int) -> bool:
    return tuple(node._input_metadata[number].shape) == ()
