"""What is reachable by name in user code: its model, and its leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn


def model_in(namespace: Mapping[str, Any]) -> nn.Module | None:
    """The module that has parameters; of several, one that holds them all under their names. None where there is none.

    A module that is part of another one there does not count, nor does the second name of one.
    """
    found: dict[nn.Module, str] = {}
    for name, value in namespace.items():
        if isinstance(value, nn.Module) and next(value.parameters(), None) is not None:
            found.setdefault(value, name)
    parts = {part for module in found for part in module.modules() if part is not module}
    whole = {name: module for module, name in found.items() if module not in parts}
    if len(whole) < 2:
        return next(iter(whole.values()), None)
    several = nn.Module()
    several._modules.update(whole)  # add_module refuses names such as `train`
    return several


def leaves_in(namespace: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Tensors that require a gradient and were made by nobody: `w`, and `weights[0]` in a list or dict of them."""
    found = {}
    for name, value in namespace.items():
        if isinstance(value, list | tuple):
            found.update({f"{name}[{place}]": item for place, item in enumerate(value) if _is_leaf(item)})
        elif isinstance(value, dict) and not name.startswith("__"):
            found.update({f"{name}[{key!r}]": item for key, item in value.items() if _is_leaf(item)})
        elif _is_leaf(value):
            found[name] = value
    return found


def _is_leaf(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.is_leaf and value.requires_grad
