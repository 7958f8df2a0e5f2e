"""Which rows of the data an update sees: the rows in another order each epoch, cut into minibatches."""

from __future__ import annotations

import torch
from torch.utils.data import RandomSampler

from gradtui.snapshot.training import Batches


class _Orders:
    """The orders of one seed, epoch by epoch, drawn one after the other by torch's own sampler."""

    def __init__(self, seed: int, count: int) -> None:
        self.seed, self.count = seed, count
        self._generator = torch.Generator().manual_seed(seed)
        self._sampler = RandomSampler(range(count), generator=self._generator)
        self._epoch = -1
        self._order: list[int] = []

    def order(self, epoch: int) -> list[int]:
        if epoch < self._epoch:
            self._generator.manual_seed(self.seed)
            self._epoch = -1
        while self._epoch < epoch:
            self._order = [*self._sampler]
            self._epoch += 1
        return self._order


_last: list[_Orders] = []


def rows(batches: Batches, count: int, update: int) -> tuple[int, ...]:
    """Of update `update`, of `count` rows. The last batch of an epoch has what is left; () where a batch holds all."""
    if batches.size >= count:
        return ()
    epoch, place = divmod(update, -(-count // batches.size))
    if not _last or (_last[0].seed, _last[0].count) != (batches.seed, count):
        _last[:] = [_Orders(batches.seed, count)]
    return tuple(_last[0].order(epoch)[place * batches.size : (place + 1) * batches.size])
