"""Tensors that what runs for us may write over, and that are afterwards as they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import torch

from gradtui.engine.autograd.torch_private import unversioned


@contextmanager
def put_back(tensors: Iterable[torch.Tensor]) -> Iterator[None]:
    before = []
    for one in tensors:
        with suppress(RuntimeError, NotImplementedError):  # it has no version, or no numbers of its own
            before.append((one, one._version, one.detach().clone()))
    try:
        yield
    finally:
        for one, version, numbers in before:
            if one._version != version or _differs(one, numbers):
                with unversioned(one), torch.no_grad():
                    one.copy_(numbers)


def _differs(one: torch.Tensor, before: torch.Tensor) -> bool:
    """Normalisations and observers write into their averages, and torch counts no version of that."""
    try:
        return not torch.equal(one, before)
    except (RuntimeError, NotImplementedError):
        return False
