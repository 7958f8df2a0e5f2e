"""A loss of torch's from which backward starts, with a minus before it."""

from __future__ import annotations

import torch

from gradtui.engine.capture.recording import maker
from gradtui.grad_fns.losses import is_never_below_0
from gradtui.graph.operands import operation_of

ALONG = ("Neg", "Mean", "Sum")


def negated(output: torch.Tensor) -> str | None:
    """The name of the loss (`NllLoss`) that the output is minus of."""
    node, is_minus = maker(output), False
    while node is not None and (name := operation_of(node.name())) in ALONG:
        is_minus, node = is_minus != (name == "Neg"), node.next_functions[0][0]
    if node is None or not is_minus:
        return None
    below = [operation_of(one.name()) for one, _ in node.next_functions if one is not None]
    return name if is_never_below_0(name, below) else None
