"""A loss of torch's from which backward starts, with a minus before it."""

from __future__ import annotations

import torch
from torch.autograd.graph import Node

from gradtui.engine.capture.recording import maker
from gradtui.grad_fns.losses import is_never_below_0

ALONG = ("Neg", "Mean", "Sum")


def negated(output: torch.Tensor) -> str | None:
    """The name of the loss (`NllLoss`) that the output is minus of."""
    node, is_minus = maker(output), False
    while node is not None and (name := _operation(node)) in ALONG:
        is_minus, node = is_minus != (name == "Neg"), node.next_functions[0][0]
    if node is None or not is_minus:
        return None
    below = [_operation(one) for one, _ in node.next_functions if one is not None]
    return _operation(node) if is_never_below_0(_operation(node), below) else None


def _operation(node: Node) -> str:
    return node.name().partition("Backward")[0]
