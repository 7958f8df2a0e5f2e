"""A loss that backward goes through more than once before a step, by itself or as a part of another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

import torch
from torch.autograd.graph import Node

from gradtui.engine.capture.recording import maker
from gradtui.engine.torch_private import has_no_numbers, is_wrapped
from gradtui.engine.watching.scalers import Scaled
from gradtui.findings.over_time.history import History
from gradtui.snapshot.source import Source

MARK = "gradtui loss"
LOOKED_AT = 8
"""Updates in which it is looked for a loss that is a part of another."""


class RepeatedLosses:
    """Losses of one number each, with 1 as what comes in: the node that made each is marked until the step."""

    def __init__(self, history: History, scaled: Scaled) -> None:
        self._history, self._scaled = history, scaled
        self._mark, self._is_any = object(), False

    def forget(self) -> None:
        """A step is over, or gradients were cleared."""
        self._mark, self._is_any = object(), False

    def pass_begins(
        self,
        outputs: Sequence[torch.Tensor],
        given: Sequence[Any],
        place: Source | None,
        nodes: Callable[[], AbstractContextManager[Sequence[Node]]],
    ) -> None:
        """A pass that adds to the gradients of all leaves. nodes: of its graph."""
        if not all(map(_is_one_number, outputs)) or not all(one is None or _is_one(one) for one in given):
            return
        made = [node for one in outputs if (node := self._loss(one)) is not None]
        if any(map(self._is_marked, made)):
            self._history.note("repeated_loss", place, "same")
        elif self._is_any and self._history.updates < LOOKED_AT:
            with nodes() as inside:
                if any(map(self._is_marked, inside)):
                    self._history.note("repeated_loss", place, "part")
        for node in made:
            cast(Any, node).metadata[MARK] = self._mark
        self._is_any = self._is_any or bool(made)

    def _is_marked(self, node: Node) -> bool:
        return cast(Any, node).metadata.get(MARK) is self._mark

    def _loss(self, output: torch.Tensor) -> Node | None:
        """The node that made it, before a GradScaler multiplied it."""
        node = maker(output)
        return node if node is None or self._scaled.loss(output) is output else node.next_functions[0][0]


def _is_one_number(tensor: torch.Tensor) -> bool:
    return tensor.numel() == 1 and not is_wrapped(tensor) and not has_no_numbers(tensor)


def _is_one(tensor: torch.Tensor) -> bool:
    return _is_one_number(tensor) and bool(tensor.detach() == 1)
