"""Losses of torch's, by the names of their grad_fns without `Backward0`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.grad_fns.traits import has


def is_never_below_0(operation: str, below: Sequence[str]) -> bool:
    """Whether it is a loss that cannot be below 0. below: the operations that made what it takes."""
    if operation.startswith("NllLoss"):  # of logarithms of probabilities
        return [*below] == ["LogSoftmax"]
    return has(operation, "loss") or operation == "BinaryCrossEntropyWithLogits"
