"""One run of the real autograd engine, recorded by hooks."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, cast

import torch
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import GradientEdge, Node, get_gradient_edge

from gradtui.engine.autograd.inner import Operations, listening
from gradtui.engine.autograd.nested import Nested, nested
from gradtui.engine.autograd.saved import guarded, lost
from gradtui.engine.autograd.undisturbed import without_anomaly_mode
from gradtui.engine.distributed import unlearned
from gradtui.engine.tensors.readable_tensors import is_freed
from gradtui.engine.torch_private import with_storage
from gradtui.snapshot.model import Experiment

Gradients = tuple[torch.Tensor | None, ...]
LARGE_GRADIENT = 1 << 14
"""Elements of a gradient that is worth not to be held."""


@dataclass(frozen=True, slots=True)
class Backward:
    """What the engine did.

    order: the nodes as it ran them. grad_outputs: the gradient that came into each, without those that none reached.
    grad_inputs: what each sent along its edges, None for none.
    local: the local derivative along each edge, where both ends are scalars. inside: the tensor operations of the nodes
    that no rule is known for.
    """

    order: list[Node] = field(default_factory=list)
    grad_outputs: dict[Node, torch.Tensor] = field(default_factory=dict)
    grad_inputs: dict[Node, Gradients] = field(default_factory=dict)
    local: dict[Node, tuple[float | None, ...]] = field(default_factory=dict)
    inside: Operations = field(default_factory=dict)

    def ran(self, node: Node, grad_inputs: Gradients, grad_outputs: Gradients) -> None:
        self.order.append(node)
        self.grad_inputs[node] = grad_inputs
        if grad_outputs[0] is not None:
            self.grad_outputs[node] = grad_outputs[0]

    def reached(self, leaf: Node, grad: torch.Tensor | None) -> None:
        self.order.append(leaf)
        if grad is not None:
            self.grad_outputs[leaf] = grad


class Record(Protocol):
    """Is told what the engine does, in its order."""

    @property
    def inside(self) -> Operations:
        """Takes the operations of the nodes that no rule is known for."""

    def ran(self, node: Node, grad_inputs: Gradients, grad_outputs: Gradients) -> None:
        """A node that is no AccumulateGrad: what it sent along its edges, and what came in."""

    def reached(self, leaf: Node, grad: torch.Tensor | None) -> None:
        """An AccumulateGrad, which is not run: what came in, None where a backward of user code sent none."""


def run(output: torch.Tensor, nodes: Sequence[Node], *further: torch.Tensor) -> Backward:
    """Differentiate sum(output), that is: a grad_output of ones. Leaves no hook and no `.grad` behind.

    nodes: the whole graph of `output`, which is not freed. further: outputs of the same graph that are added to it.
    """
    record = Backward()
    within = {*drive([scalar(one) for one in (output, *further)], nodes, leaves_of(nodes), record).nodes.values()}
    with torch.no_grad():
        for node in nodes:
            if leaf_of(node) is None and node not in within:
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
        drive([scalar(output)], nodes, leaves_of(nodes), record)
    finally:
        for handle in handles:
            handle.remove()
    return record


def drive(
    scalars: Sequence[torch.Tensor],
    nodes: Sequence[Node],
    leaves: Mapping[Node, torch.Tensor],
    record: Record,
    losers: Sequence[Node] | None = None,
) -> Nested:
    """Run the engine once from the sum of `scalars` and tell `record`. No `.grad` is changed, no hook is left.

    Gives the whole gradients of the leaves that get theirs, or a part of it, by a backward within a node. scalars: of
    `scalar`. leaves: `leaves_of(nodes)`. losers: the nodes of `guarded`, where they are known. autograd.grad runs no
    AccumulateGrad, and so none of its hooks, but those of its leaf in its turn. Raises what backward raises;
    FreedStorageError where it needs what is gone.
    """
    inner = [node for node in nodes if node not in leaves]
    functions = [node for node in inner if isinstance(node, BackwardCFunction)]
    losers = [node for node in nodes if lost(node) is not None] if losers is None else losers
    ends = [GradientEdge(node, 0) for node in leaves] or [get_gradient_edge(scalar) for scalar in scalars]
    ones = [torch.ones_like(each) if each.ndim else None for each in scalars]
    with ExitStack() as around:
        around.enter_context(without_anomaly_mode())
        around.enter_context(guarded(losers))
        around.enter_context(unlearned(functions))
        within = around.enter_context(nested(functions))
        operations = around.enter_context(listening(inner))
        # last: what it does in its turn is in no node any more
        around.enter_context(_told(record, inner, leaves, keeps=bool(functions)))
        came = torch.autograd.grad(scalars, ends, ones, retain_graph=True, allow_unused=True)
    record.inside.update(operations)
    if leaves:
        within.add(dict(zip(leaves.values(), came, strict=True)))
    return within


@contextmanager
def _told(record: Record, inner: Sequence[Node], leaves: Mapping[Node, torch.Tensor], keeps: bool) -> Iterator[None]:
    """Within it `record` is told of what the engine does. keeps: whether the engine gives the gradients of the leaves."""
    reached = record.reached if keeps else partial(_reached, record)
    hookless: list[torch.Tensor] = []
    handles: list[Any] = []
    try:
        handles.extend([node.register_hook(partial(record.ran, node)) for node in inner])
        for node, leaf in leaves.items():
            if leaf.requires_grad and leaf._backward_hooks is None:
                leaf._backward_hooks = OrderedDict({0: partial(reached, node)})  # what register_hook does
                hookless.append(leaf)
            elif leaf.requires_grad:
                handles.append(leaf.register_hook(partial(reached, node)))  # type: ignore[no-untyped-call]
        yield
    finally:
        for handle in handles:
            handle.remove()
        for leaf in hookless:
            leaf._backward_hooks = None


def _reached(record: Record, leaf: Node, grad: torch.Tensor | None) -> torch.Tensor | None:
    """The engine holds what a hook makes of a gradient until all of them are there, which may be as much as all the weights: of a
    large one it gets its shape alone, one number that is repeated."""
    record.reached(leaf, grad)
    if (
        grad is None
        or grad.numel() <= LARGE_GRADIENT
        or type(grad) is not torch.Tensor
        or grad.layout is not torch.strided
    ):
        return None
    return grad.new_zeros(()).expand(grad.shape)


def scalar(output: torch.Tensor) -> torch.Tensor:
    """What to start the engine from. Ones as an argument do the same, but for those torch imports sympy, for 0.3 s.

    What cannot be read, and so not be summed up, is its own start.
    """
    if output.is_nested and output.layout is torch.strided:
        output = cast(Any, output).values()  # torch sums up no other form of it
    return output.sum() if output.ndim and not is_freed(output) else output


def leaf_of(node: Node) -> torch.Tensor | None:
    """The leaf that an AccumulateGrad accumulates into; None for any other node."""
    return cast(Any, node).variable if node.name() == "torch::autograd::AccumulateGrad" else None


def leaves_of(nodes: Sequence[Node]) -> dict[Node, torch.Tensor]:
    """The leaf of each AccumulateGrad among `nodes`."""
    return {node: leaf for node in nodes if (leaf := leaf_of(node)) is not None}


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
    """The gradient along each edge for a grad_output of 1; None where an end is no real scalar or the edge leads nowhere."""
    scalar = [target is not None and _is_scalar(target, number) for target, number in node.next_functions]
    if not _is_scalar(node, 0) or not any(scalar):
        return (None,) * len(scalar)
    grad_output = record.grad_outputs.get(node)
    if isinstance(node, BackwardCFunction):  # which cannot be called: by what it made of the gradient that came in
        came = 0.0 if grad_output is None else with_storage(grad_output).item()
        if not came or not math.isfinite(came):
            return (None,) * len(scalar)
        gradients: Gradients = tuple(
            None if one is None else with_storage(one) / came for one in record.grad_inputs[node]
        )
    elif grad_output is not None and with_storage(grad_output).item() == 1:
        gradients = record.grad_inputs[node]
    else:
        metadata = node._input_metadata[0]
        result = cast(Any, node)(torch.ones((), dtype=metadata.dtype, device=metadata.device))
        gradients = result if isinstance(result, tuple) else (result,)
    return tuple(
        float(with_storage(gradient).item()) if wanted and gradient is not None else None
        for wanted, gradient in zip(scalar, gradients, strict=True)
    )


def _is_scalar(node: Node, number: int) -> bool:
    """A complex number is none: no single number is the derivative by it."""
    metadata = node._input_metadata[number]
    return tuple(metadata.shape) == () and not metadata.dtype.is_complex
