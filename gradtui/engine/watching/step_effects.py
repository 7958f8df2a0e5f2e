"""What a step of an optimizer made of its gradients: nothing that is a number, or hardly anything."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from typing import Any

import torch

from gradtui.engine.capture.introspection import is_a
from gradtui.engine.watching.optimizer_settings import setting
from gradtui.findings.over_time.history import DIVIDING, History
from gradtui.runs.run import ParameterNorms
from gradtui.snapshot.model import Source

DECOUPLED = {"AdamW", "Adafactor", "Muon"}
"""Take weight decay off the weights themselves; the others add it to the gradient."""
NEXT_TO_NOTHING = 1e-3
"""Of what a step changes, or of what is added to a gradient: what a gradient can be that is not felt."""
HELD = 1e-2
"""Of eps: a gradient so small makes a step that much shorter than the learning rate."""
ROUNDING = 16
"""Epsilons of a loss that its own computation may be off by."""


def look_whether_spoilt(
    history: History,
    number: int,
    optimizer: Any,
    place: Source | None,
    own: Container[int],
    named: Mapping[str, torch.Tensor],
    told: Mapping[str, ParameterNorms],
) -> None:
    """Weights and gradients were finite, and what the step made of them is not. own: ids of the parameters that it stepped."""
    finite = [name for name, one in named.items() if id(one) in own and math.isfinite(told[name].weight)]
    bad = [name for name in finite if not math.isfinite(told[name].change)]
    if bad and not history.of("bad_step"):
        dtype, eps = named[bad[0]].dtype, optimizer.param_groups[0].get("eps", None)
        is_lost = is_a(eps, float) and eps > 0 and not float(torch.tensor(eps, dtype=dtype))
        history.note(
            "bad_step", place, names=tuple(bad), dtype=str(dtype).removeprefix("torch."), eps=eps, is_lost=is_lost,
            optimizer=number,
        )  # fmt: skip


def is_unfelt(optimizer: str, group: Mapping[str, Any], norms: ParameterNorms, size: int) -> bool:
    """Whether a gradient that is not 0 has hardly a part in what the step changed: nothing changed, weight decay alone did, or it
    is next to nothing beside the eps that it is divided by. size: of the parameter, in elements."""
    if not norms.grad or not math.isfinite(norms.grad):
        return False
    decay, eps = setting(group, "weight_decay"), setting(group, "eps")
    decayed = setting(group, "lr") * decay * norms.weight
    if not norms.change or (decayed and abs(norms.change - decayed) <= NEXT_TO_NOTHING * norms.change):
        return True
    is_decoupled = optimizer in DECOUPLED or bool(group.get("decoupled_weight_decay"))
    if decay and not is_decoupled:
        return norms.grad < NEXT_TO_NOTHING * decay * norms.weight
    return optimizer in DIVIDING and norms.grad < HELD * eps * math.sqrt(size)


def is_rounding(loss: float, gradients: Sequence[float], weights: Sequence[float], dtype: torch.dtype) -> bool:
    """Whether to move all weights as far as they are long would hardly change the last digit of the loss, by their gradients."""
    if not dtype.is_floating_point or not math.isfinite(loss):
        return False
    return 0 < math.hypot(*gradients) * math.hypot(*weights) < ROUNDING * torch.finfo(dtype).eps * abs(loss)
