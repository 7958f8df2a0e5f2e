"""One run of the real autograd engine, recorded by hooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch.autograd.graph import Node

from gradtui.snapshot.model import Experiment

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
    _run(output, nodes, record)
    with torch.no_grad():
        for node in nodes:
            if leaf_of(node) is None:
                record.local[node] = _local(node, record)
    return record


def run_changed(
    output: torch.Tensor, nodes: Sequence[Node], true: Backward, experiments: Sequence[Experiment]
) -> Backward:
    """The same run, but for what `experiments` change; they name nodes by their place in the order of the `true` run.

    Local derivatives stay the true ones. Raises ValueError for an edge that sends no gradient.
    """
    record = Backward(local=true.local)
    factors: dict[Node, dict[int, float]] = {}
    for experiment in experiments:
        node, edges = _edges(true, experiment)
        changed = factors.setdefault(node, {})
        for edge in edges:
            changed[edge] = changed.get(edge, 1.0) * experiment.factor
    handles = [node.register_hook(_scaling(changed)) for node, changed in factors.items()]
    try:
        _run(output, nodes, record)
    finally:
        for handle in handles:
            handle.remove()
    return record


def _run(output: torch.Tensor, nodes: Sequence[Node], record: Backward) -> None:
    leaves = {node: leaf for node in nodes if (leaf := leaf_of(node)) is not None}
    handles = [leaf.register_hook(_leaf_hook(record, node)) for node, leaf in leaves.items()]  # type: ignore[no-untyped-call]
    handles += [node.register_hook(_hook(record, node)) for node in nodes if node not in leaves]
    try:
        torch.autograd.grad(scalar(output), list(leaves.values()), retain_graph=True, allow_unused=True)
    finally:
        for handle in handles:
            handle.remove()


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


def _edges(true: Backward, experiment: Experiment) -> tuple[Node, list[int]]:
    """The node, and the numbers of its edges that an experiment is about."""
    if not 0 <= experiment.node < len(true.order):
        raise ValueError(f"backward runs no node {experiment.node} here")
    node = true.order[experiment.node]
    sent = [number for number, grad in enumerate(true.grad_inputs.get(node, ())) if grad is not None]
    if experiment.edge is None and sent:
        return node, sent
    if experiment.edge is None:
        raise ValueError(f"node {experiment.node} sends no gradient on")
    if experiment.edge not in sent:
        raise ValueError(f"node {experiment.node} sends no gradient along an edge {experiment.edge}")
    return node, [experiment.edge]


def _scaling(factors: dict[int, float]) -> Callable[[Gradients, Gradients], Gradients]:
    def scale(grad_inputs: Gradients, grad_outputs: Gradients) -> Gradients:
        return tuple(_scaled(grad, factors.get(edge, 1.0)) for edge, grad in enumerate(grad_inputs))

    return scale


def _scaled(grad: torch.Tensor | None, factor: float) -> torch.Tensor | None:
    """0 cuts: it makes 0 of inf and nan too."""
    if grad is None or factor == 1:
        return grad
    return grad * factor if factor else torch.zeros_like(grad)


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
