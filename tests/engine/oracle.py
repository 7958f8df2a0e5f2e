"""What torch itself says about a line of Python: names, edges, order, gradients, by hooks on a real backward()."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from gradtui.snapshot.model import Graph, Values

NAMES: dict[str, Any] = {
    **{name: getattr(torch, name) for name in dir(torch) if not name.startswith("_")},
    "torch": torch,
    "F": functional,
    "pi": torch.pi,
    "e": torch.e,
}
"""What a line of Python may use; only literals of these tests are evaluated."""

Numbers = tuple[float, ...] | None


@dataclass(frozen=True)
class Ran:
    """One node. For each edge: the target's place in the order, the input number, the gradient."""

    name: str
    shape: tuple[int, ...]
    grad_output: Numbers
    edges: tuple[tuple[int | None, int, Numbers], ...]


def leaves(at: Mapping[str, float | Sequence[float]], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(value, dtype=dtype, requires_grad=True) for name, value in at.items()}


def line(python: str, variables: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The value of a line of Python that these tests hold."""
    output = eval(python, {**NAMES, **variables})  # noqa: S307
    assert isinstance(output, torch.Tensor)
    return output


def numbers(tensor: torch.Tensor | None) -> Numbers:
    """nan as None in the tuple's place would hide it, so it is a word of its own."""
    return None if tensor is None else comparable(tensor.reshape(-1).tolist())


def ran(output: torch.Tensor, told: Callable[[torch.Tensor | None], Numbers] = numbers) -> list[Ran]:
    """The nodes in the order in which the engine runs them under backward(). told: of a gradient."""
    order: list[Any] = []
    incoming: dict[Any, Numbers] = {}
    outgoing: dict[Any, list[Numbers]] = {}

    def before(node: Any) -> Any:
        def hook(grads: Any) -> None:
            order.append(node)
            incoming[node] = told(next((grad for grad in grads if grad is not None), None))

        return hook

    def after(node: Any) -> Any:
        def hook(grad_inputs: Any, grad_outputs: Any) -> None:
            outgoing[node] = [told(grad) for grad in grad_inputs]

        return hook

    nodes, stack = {output.grad_fn}, [output.grad_fn]
    while stack:
        for target, _ in stack.pop().next_functions:  # type: ignore[union-attr]
            if target is not None and target not in nodes:
                nodes.add(target)
                stack.append(target)
    for node in nodes:
        node.register_prehook(before(node))  # type: ignore[union-attr]
        node.register_hook(after(node))  # type: ignore[union-attr]
    output.backward(torch.ones_like(output))  # type: ignore[no-untyped-call]
    place = {node: index for index, node in enumerate(order)} | {None: None}
    return [
        Ran(
            node.name().split("::")[-1],
            tuple(node._input_metadata[0].shape),
            incoming[node],
            tuple(
                (place[target], number, grad)
                for (target, number), grad in zip(node.next_functions, outgoing[node], strict=False)
            ),
        )
        for node in order
    ]


def values(told: Values | None) -> Numbers:
    return None if told is None else comparable(told.numbers)


def ours(graph: Graph, told: Callable[[Values | None], Numbers] = values) -> list[Ran]:
    """The same from a Graph, whose ids are the places in the order."""
    return [
        Ran(
            node.name,
            node.shape,
            told(node.grad_output),
            tuple((edge.target, edge.input, told(edge.grad)) for edge in node.edges),
        )
        for node in graph.nodes
    ]


def comparable(several: Sequence[float]) -> tuple[float, ...]:
    """Floats that compare equal where both are nan."""
    return tuple(NAN if number != number else number for number in several)


NAN = 1.5e-300
"""Stands for nan in comparisons."""
