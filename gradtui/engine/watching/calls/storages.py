"""Numbers that are known again by where they are kept."""

from __future__ import annotations

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from gradtui.engine.capture.flow import storage_of
from gradtui.engine.torch_private import unwrapped


class Storages:
    """Those that are still there of some: none is held. A tensor is another one within a transform, and its storage is not."""

    def __init__(self) -> None:
        self._known: dict[int, StorageWeakRef] = {}

    def add(self, tensor: torch.Tensor) -> None:
        storage = storage_of(unwrapped(tensor))
        if storage is not None:
            self._known[storage.data_ptr()] = StorageWeakRef(storage)  # type: ignore[no-untyped-call]

    def has(self, tensor: torch.Tensor) -> bool:
        storage = storage_of(unwrapped(tensor)) if self._known else None
        known = None if storage is None else self._known.get(storage.data_ptr())
        return known is not None and not known.expired()  # type: ignore[no-untyped-call]

    def forget_the_dead(self) -> None:
        self._known = {
            place: one
            for place, one in self._known.items()
            if not one.expired()  # type: ignore[no-untyped-call]
        }
