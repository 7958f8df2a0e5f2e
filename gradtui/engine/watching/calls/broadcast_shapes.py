"""Whether a loss, or a subtraction or a product, made all pairs of `[n, 1]` and `[n]`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from gradtui.findings.over_time.history import History
from gradtui.snapshot.model import Source

functional = torch.nn.functional
ARITHMETIC = {
    torch.Tensor.sub, torch.Tensor.__sub__, torch.Tensor.__rsub__, torch.sub, torch.subtract, torch.rsub,
}  # fmt: skip
WEIGHING = {torch.Tensor.mul, torch.Tensor.__mul__, torch.mul, torch.multiply}
COMPARING = ARITHMETIC | WEIGHING | {
    functional.mse_loss, functional.l1_loss, functional.smooth_l1_loss, functional.huber_loss,
    functional.binary_cross_entropy_with_logits,
}  # fmt: skip


def note(history: History, func: Any, args: tuple[Any, ...], place: Callable[[], Source | None]) -> None:
    """func: one of COMPARING. place: where it was called."""
    given = [one for one in args[:2] if issubclass(type(one), torch.Tensor)]
    if len(given) < 2 or given[0].requires_grad == given[1].requires_grad:
        return  # of two tensors that are learned, or of none, all pairs may well be wanted
    a, b = (tuple(one.shape) for one in given)
    if is_column_and_row(a, b) or is_column_and_row(b, a):
        made = torch.broadcast_shapes(a, b)  # type: ignore[no-untyped-call]
        kind = "product" if func in WEIGHING else "difference" if func in ARITHMETIC else "loss"
        history.note("broadcast", place(), of=kind, a=str([*a]), b=str([*b]), made=str([*made]))
    elif a[::-1] == b and len(a) == 2 and 1 in a and max(a) > 1 and func not in WEIGHING:
        made = torch.broadcast_shapes(a, b)  # type: ignore[no-untyped-call]
        history.note("broadcast", place(), of="pairs", a=str([*a]), b=str([*b]), made=str([*made]))


def is_column_and_row(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """`[n, 1]` and `[n]`, which make `[n, n]`."""
    return len(a) == len(b) + 1 and a[-1] == 1 and len(b) >= 1 and b[-1] > 1 and a[:-1] == b
