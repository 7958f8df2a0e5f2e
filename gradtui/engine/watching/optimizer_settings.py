"""How an optimizer is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from gradtui.engine.capture.introspection import instance_variables, is_a
from gradtui.findings.over_time.history import History, OptimizerHistory

ELSEWHERE = "learning_rate"
"""What `lr` is called by others, and no optimizer of torch asks for."""


def setting(group: Mapping[str, Any], name: str) -> float:
    value = group.get(name)
    return float(value) if is_a(value, float, int, torch.Tensor) else 0.0


def add_settings(mine: OptimizerHistory, optimizer: Any) -> None:
    """How it is set, and which tensors it keeps of a parameter."""
    first = optimizer.param_groups[0]
    mine.uphill = any(bool(group.get("maximize")) for group in optimizer.param_groups)
    mine.misnamed = _misnamed(optimizer)
    mine.scheduled = float(first["initial_lr"]) if "initial_lr" in first else None
    state: Mapping[str, Any] = next(iter(optimizer.state.values()), {})
    mine.keeps = tuple(name for name, one in state.items() if name != "step" and is_a(one, torch.Tensor))


def look_whether_emptied(history: History, number: int, optimizer: Any) -> None:
    """As a step begins: whether what it had kept of its parameters is gone, and they are as they were: else another training
    begins, as of another fold."""
    if not history.optimizers[number].keeps or optimizer.state:
        return
    if all(one.last != history.updates for one in history.of("written")):
        history.note("emptied", None, number, optimizer=number)


def _misnamed(optimizer: Any) -> tuple[str, float] | None:
    """A learning rate that stands where an optimizer of torch looks for none, and is no rate of its groups: where, and it."""
    if not type(optimizer).__module__.startswith("torch.optim."):
        return None
    groups, own = optimizer.param_groups, instance_variables(optimizer)
    held = [(f"optimizer.{name}", own[name]) for name in ("lr", ELSEWHERE) if name in own]
    held += [
        (f"param_groups[{place}]['{ELSEWHERE}']", group[ELSEWHERE])
        for place, group in enumerate(groups)
        if ELSEWHERE in group
    ]
    if not held:  # as at nearly each step of nearly all
        return None
    rates = {setting(group, name) for group in groups for name in ("lr", "initial_lr")}
    found = ((name, float(value)) for name, value in held if is_a(value, float, int))
    return next(((name, value) for name, value in found if value not in rates), None)
