"""f differentiated again and again under `create_graph`, and which backward node made what."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd import graph
from gradtui.engine.autograd.backward import scalar
from gradtui.engine.torch_private import DispatchMode, run_below, running_node, sequence_number, with_storage
from gradtui.engine.typed.curve import dependents, is_elementwise
from gradtui.engine.typed.forward import Value
from gradtui.expression import syntax
from gradtui.expression.syntax import Expression
from gradtui.snapshot.orders import Ended

MOST_ELEMENTS = 16
"""Elements of a vector that f mixes, up to which each is differentiated for itself."""

MOST_NODES = 10_000
"""Of a graph that is differentiated once more, times its roots: the next is some three times as large."""

ONCE = "marked with @once_differentiable"
"""What torch says of the backward of such a Function."""
REFUSES = "torch::autograd::Error"
"""What stands in the graph where backward must not go on. Behind it is a leaf of its own: none runs it on the way to x."""

Derivatives = dict[str, tuple[torch.Tensor, ...]]
"""By variable: one tensor of its shape, where one backward pass gives all elements; else one number for each element."""


class Makers(DispatchMode):
    """What backward makes under `create_graph`: by the sequence number of a grad_fn its value, the node that ran, the order."""

    def __init__(self) -> None:
        super().__init__()
        self.order = 1
        self._first = sequence_number()
        self.recorded: dict[int, torch.Tensor] = {}
        self.made_by: dict[int, tuple[int, Node]] = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = run_below(func, args, kwargs)
        node, number = running_node(), sequence_number() - 1
        if node is not None and number >= self._first and number not in self.made_by:
            first = result[0] if isinstance(result, (tuple, list)) else result
            if isinstance(first, torch.Tensor):
                # what torch knows to be 0 throughout it makes without numbers, on the device `meta`
                self.recorded[number] = torch.zeros(first.shape, dtype=first.dtype) if first.is_meta else first
                self.made_by[number] = self.order, node
        return result

    def begin(self, order: int) -> None:
        """From here on backward is that of this order."""
        self.order, self._first = order, sequence_number()


@dataclass(slots=True)
class Chain:
    """derivatives: those of each order, that of order 0 being f itself under each name. makers: of what the passes made.

    ended, reason: why there are no more, where there are fewer than were asked for.
    """

    derivatives: list[Derivatives] = field(default_factory=list)
    makers: Makers = field(default_factory=Makers)
    ended: Ended = ""
    reason: str = ""


def mixed(name: str) -> bool:
    """Of an f of which nobody knows: it may mix the elements of any variable."""
    return False


def chain(
    f: Value,
    leaves: Mapping[str, torch.Tensor],
    most: int,
    separable: Callable[[str], bool] = mixed,
    *,
    recorded: bool = True,
) -> Chain:
    """The derivatives of f up to the order `most`, each but the last with its graph; fewer where a graph is too large.

    separable: whether f is a sum of functions of one element of a variable each. recorded: whether it is wanted which node
    made what.
    """
    done = Chain()
    start = torch.as_tensor(f)
    done.derivatives.append(dict.fromkeys(leaves, (start,)))
    with done.makers if recorded else nullcontext():
        for order in range(1, most + 1):
            done.makers.begin(order)
            before = done.derivatives[-1]
            if order > 1 and recorded and _size(before, leaves, separable) > MOST_NODES:
                done.ended, done.reason = "too_large", f"its graph has more than {MOST_NODES:,} nodes"
                break
            if order == 1:
                done.derivatives.append(_gradients(start, leaves, again=most > 1))
                continue
            again = order < most
            try:
                found = {name: _further(before[name], leaves[name], again, partial(separable, name)) for name in before}
            except (NotImplementedError, RuntimeError) as error:
                done.ended = "once" if ONCE in str(error) else "not_implemented"
                done.reason = str(error).partition("\n")[0]
                break
            if any(node.name() == REFUSES for node in _walked(before)):
                done.ended, done.reason = "once", f"a backward is {ONCE}"
                break
            done.derivatives.append({name: told for name, told in found.items() if told is not None})
    return done


def gradient(f: torch.Tensor, leaves: Sequence[torch.Tensor], *, again: bool) -> list[torch.Tensor]:
    """d sum(f) by each leaf; zeros where autograd sees no path."""
    if not f.requires_grad:
        return [torch.zeros_like(leaf) for leaf in leaves]
    found = torch.autograd.grad(scalar(f), leaves, create_graph=again, retain_graph=True, allow_unused=True)
    return [
        torch.zeros_like(leaf) if grad is None else with_storage(grad) for grad, leaf in zip(found, leaves, strict=True)
    ]


def along(f: torch.Tensor, leaf: torch.Tensor, element: int, most: int) -> list[float]:
    """The derivatives of sum(f) by one element of the leaf alone, of the orders 1 to `most`. Raises what backward raises."""
    told: list[float] = []
    for order in range(1, most + 1):
        (slope,) = gradient(f, [leaf], again=order < most)
        f = slope.reshape(-1)[element]
        told.append(f.item())
    return told


def _size(derivatives: Derivatives, leaves: Mapping[str, torch.Tensor], separable: Callable[[str], bool]) -> int:
    """Nodes, times the roots from which backward runs again."""
    roots = {name: [graph.root(one) for one in told if one.requires_grad] for name, told in derivatives.items()}
    again = sum(len(found) for name, found in roots.items() if leaves[name].numel() <= MOST_ELEMENTS or separable(name))
    return len(_walked(derivatives)) * max(1, again)


def _walked(derivatives: Derivatives) -> list[Node]:
    return graph.walk(*(graph.root(one) for told in derivatives.values() for one in told if one.requires_grad))


def _gradients(f: torch.Tensor, leaves: Mapping[str, torch.Tensor], *, again: bool) -> Derivatives:
    grads = gradient(f, list(leaves.values()), again=again)
    return {name: (grad,) for name, grad in zip(leaves, grads, strict=True)}


def _further(
    before: tuple[torch.Tensor, ...], leaf: torch.Tensor, again: bool, separable: Callable[[], bool]
) -> tuple[torch.Tensor, ...] | None:
    """None where f mixes too many elements."""
    if leaf.ndim == 0 or separable():
        return (gradient(before[0], [leaf], again=again)[0],)
    if leaf.numel() > MOST_ELEMENTS:
        return None
    elements = before[0].reshape(-1) if before[0].ndim else before
    return tuple(gradient(elements[place], [leaf], again=again)[0].reshape(-1)[place] for place in range(leaf.numel()))


def is_separable(expression: Expression, name: str) -> bool:
    """Whether f is a sum of functions of one element of the variable each, as the text shows it."""
    found, _ = dependents(expression, name)
    elementwise: dict[syntax.Node, bool] = {}
    separable: dict[syntax.Node, bool] = {}
    for node in found:
        inner = [operand for operand in node.operands if operand in found]
        elementwise[node] = is_elementwise(node) and all(elementwise[operand] for operand in inner)
        separable[node] = elementwise[node] or (_adds(node, found) and all(separable[operand] for operand in inner))
    return separable.get(expression.body, True)


def _adds(node: syntax.Node, found: Container[syntax.Node]) -> bool:
    """Whether it is linear in what depends on the variable."""
    match node:
        case syntax.Call(function="sum" | "mean") | syntax.Negation() | syntax.Reference():
            return True
        case syntax.Binary(operator="+" | "-"):
            return True
        case syntax.Binary(operator="*"):
            return not all(operand in found for operand in node.operands)
        case syntax.Binary(operator="/"):
            return node.right not in found
    return False


def numbers(derivative: tuple[torch.Tensor, ...], shape: torch.Size) -> torch.Tensor:
    """The derivative of each element, of the variable's shape."""
    whole = derivative[0] if len(derivative) == 1 and derivative[0].shape == shape else torch.stack(list(derivative))
    return whole.reshape(shape)
