"""In which order the rows of tables stand: whether of two that belong together only one was shuffled, or each by itself."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

import torch

from gradtui.engine.capture.introspection import tensors
from gradtui.engine.torch_private import is_wrapped
from gradtui.engine.watching.calls.loss_inputs import LOSSES
from gradtui.findings.over_time.history import History
from gradtui.snapshot.model import Source

ORDERING = {torch.randperm}
INDEXING = {torch.Tensor.__getitem__, torch.index_select, torch.Tensor.index_select}
TARGETED = LOSSES | {
    torch.nn.functional.binary_cross_entropy, torch.Tensor.sub, torch.Tensor.__sub__, torch.Tensor.__rsub__, torch.sub,
}  # fmt: skip


class Order(NamedTuple):
    """Rows of a table of `rows` rows, by the permutation that was drawn `drawn`-th; 0 for as they stand."""

    rows: int
    drawn: int


MIXED = Order(0, 0)
"""Of what was made of rows in several orders, as a mixup is."""


class RowOrders:
    """Follows permutations of torch (`randperm`) from where they are drawn to what goes into a model and into its loss."""

    def __init__(self, history: History, place: Callable[[Any], Source | None]) -> None:
        self._history, self._place = history, place
        self._drawn: dict[int, tuple[weakref.ref[torch.Tensor], Order]] = {}
        self._ordered: dict[int, tuple[weakref.ref[torch.Tensor], Order]] = {}
        self._places: dict[Order, Source | None] = {}
        self._count = 0
        self._inputs: set[Order] = set()
        self._targets: set[Order] = set()

    def heard(self, func: Any, args: tuple[Any, ...], result: Any, frame: FrameType) -> None:
        if func in ORDERING:
            self._count += 1
            _put(self._drawn, result, Order(len(result), self._count))
        elif self._count:
            given = [*tensors(args)]
            if any(map(is_wrapped, given)):
                return
            if any(one.requires_grad for one in given):
                into = self._targets if func in TARGETED else self._inputs
                orders = (order for one in given if not one.requires_grad for order in (self._of(one), _as_it_is(one)))
                into.update(order for order in orders if order not in (None, MIXED))
                if func in INDEXING and (order := self._by(given)) is not None:  # put in it, or back in the one before
                    self._inputs.update((order, order._replace(drawn=0)))
            elif func in INDEXING and (order := self._by(given)) is not None:
                _put(self._ordered, result, order)
                self._places.setdefault(order, self._place(frame))
            else:
                self._hand_on(given, result)

    def settle(self) -> None:
        """A step is over: inputs and targets of as many rows, none of them in the same order."""
        for rows in {one.rows for one in self._inputs}:
            inputs = {one for one in self._inputs if one.rows == rows}
            targets = {one for one in self._targets if one.rows == rows}
            if targets and not inputs & targets and any(one.drawn for one in inputs | targets):
                places = [self._places.get(max(of)) for of in (inputs, targets)]
                shuffled = [place for place in places if place is not None]
                self._history.note(
                    "row_order", shuffled[-1] if shuffled else None, rows, rows=rows, both=len(shuffled) > 1
                )
        self._inputs, self._targets = set(), set()

    def _by(self, given: list[torch.Tensor]) -> Order | None:
        """The permutation by which a table is indexed, or a part of it is."""
        orders = (_get(self._drawn, one) for one in given[1:])
        return next((one for one in orders if one is not None and given[0].ndim and len(given[0]) == one.rows), None)

    def _hand_on(self, given: list[torch.Tensor], result: Any) -> None:
        """What is made of such rows alone stands in their order."""
        for known in (self._drawn, self._ordered):
            orders = {_get(known, one) for one in given}
            if known is self._ordered and len(given) > 1 and orders == {None}:
                orders = {self._of(one) for one in given}  # rows of one table, put together again
            order = orders.pop() if len(orders) == 1 else MIXED if orders - {None} else None
            if order is not None:
                for one in tensors((result,)):
                    _put(known, one, order)

    def _of(self, tensor: torch.Tensor) -> Order | None:
        table = tensor if tensor._base is None else tensor._base
        return _get(self._ordered, tensor) or (Order(len(table), 0) if table.ndim else None)


def _as_it_is(part: torch.Tensor) -> Order | None:
    """A part of a table is one, too."""
    return None if part._base is None or not part.ndim else Order(len(part), 0)


def _put(known: dict[int, tuple[weakref.ref[torch.Tensor], Order]], tensor: Any, order: Order) -> None:
    if issubclass(type(tensor), torch.Tensor):
        known[id(tensor)] = weakref.ref(tensor), order


def _get(known: dict[int, tuple[weakref.ref[torch.Tensor], Order]], tensor: torch.Tensor) -> Order | None:
    found = known.get(id(tensor))
    return found[1] if found is not None and found[0]() is tensor else None
