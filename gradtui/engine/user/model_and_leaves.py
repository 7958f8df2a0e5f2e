"""What is reachable by name in user code: its model, and its leaves."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import torch
from torch import nn

from gradtui.engine.capture.introspection import entries, is_a, items, named_parameters, shown_key, submodules
from gradtui.engine.capture.recording import is_leaf

MOST = 10_000
"""Items of a list, tuple or dict that are looked at for leaves: a vocabulary, say, holds none."""


def model_in(namespace: Mapping[str, Any]) -> nn.Module | None:
    """The module that has parameters; of several, one that holds them all under their names. None where there is none.

    A module that is part of another one there does not count, nor does the second name of one.
    """
    found: dict[int, tuple[str, nn.Module]] = {}
    for name, value in namespace.items():
        if is_a(value, nn.Module) and named_parameters(value):
            found.setdefault(id(value), (name, value))
    parts = {id(part) for _, module in found.values() for part in submodules(module).values() if part is not module}
    whole = {name: module for place, (name, module) in found.items() if place not in parts}
    if len(whole) < 2:
        return next(iter(whole.values()), None)
    several = nn.Module()
    several._modules.update(whole)  # add_module refuses names such as `train`
    return several


def leaves_in(namespace: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Tensors that require a gradient and were made by nobody: `w`, and `weights[0]` in a list or dict of them."""
    found = {}
    for name, value in namespace.items():
        if _is_leaf(value):
            found[name] = value
        found.update(
            {f"{name}[{place}]": item for place, item in enumerate(islice(items(value), MOST)) if _is_leaf(item)}
        )
        if not name.startswith("__"):
            found.update(
                {f"{name}[{shown_key(key)}]": item for key, item in islice(entries(value), MOST) if _is_leaf(item)}
            )
    return found


def _is_leaf(value: object) -> bool:
    return is_a(value, torch.Tensor) and value.requires_grad and is_leaf(value)
