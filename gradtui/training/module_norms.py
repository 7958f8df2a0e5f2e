"""The norms of a file's parameters, put together by module. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from gradtui.snapshot.training import Norms

NAMED = 4
"""Of what is trained, by name in a sentence."""


def together(norms: Iterable[Norms]) -> Norms:
    """Several parameters as one; no gradient where none of them has one."""
    found = list(norms)
    grads = [one.grad for one in found if one.grad is not None]
    return Norms(
        math.hypot(*grads) if grads else None,
        math.hypot(*(one.weight for one in found)),
        math.hypot(*(one.change for one in found)),
    )


def module_of(parameter: str) -> str:
    """`encoder.0` of `encoder.0.weight`; a tensor that no module holds stands for itself."""
    return parameter.rpartition(".")[0] or parameter


def by_module(names: Sequence[str], norms: Sequence[Norms]) -> dict[str, Norms]:
    """In the order of the first parameter of each."""
    found: dict[str, list[Norms]] = {}
    for name, one in zip(names, norms, strict=True):
        found.setdefault(module_of(name), []).append(one)
    return {module: together(parts) for module, parts in found.items()}


def in_words(trained: Sequence[str]) -> str:
    """`w, b`, or how many there are where they are many."""
    return ", ".join(trained) if len(trained) <= NAMED else f"{len(trained)} parameters"


def pace(norms: Norms) -> float | None:
    """By what part of itself it moved; None where it is 0."""
    return norms.change / norms.weight if norms.weight else None
