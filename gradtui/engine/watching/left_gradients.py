"""Gradients that a step or a pass left: whether they are still there when the next one begins, or somebody cleared them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import torch

from gradtui.engine.torch_sharding import is_flattened
from gradtui.engine.watching import tensor_norms
from gradtui.findings.over_time.history import History
from gradtui.snapshot.source import Source

MOST_LOOKED_AT = 4
"""Gradients of which it is looked whether they were cleared."""

Left = list[tuple[torch.Tensor, int]]
"""Parameters, each with the identity of the gradient it had."""


class Foreign(NamedTuple):
    """Gradients that a pass had left to one optimizer when another stepped. place: of that pass. added: whether one that began
    elsewhere was added to them."""

    stepper: int
    place: Source | None
    left: Left
    versions: tuple[int, ...] = ()
    added: bool = False


class LeftGradients:
    """had: of each optimizer how many gradients were not 0 in its last step. thrown_away: passes since the last step that found
    those of before cleared. carried: optimizers of which what the last step left was changed in place, as a decay by hand does,
    before the next pass."""

    def __init__(self, history: History) -> None:
        self.had: dict[int, int] = {}
        self.thrown_away = 0
        self.carried: set[int] = set()
        self._history = history
        self._by_step: dict[int, Left] = {}
        self._by_pass: Left = []
        self._by_evaluation: Left = []
        self._evaluations = 0
        self._passes_in_closure = 0
        self._place: Source | None = None
        self._passed: set[int] = set()
        self._parameters: dict[int, Sequence[torch.Tensor]] = {}
        self._foreign: dict[int, Foreign] = {}
        self._samples: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._by_hand: set[int] = set()

    def pass_begins(self, place: Source | None, in_closure: bool, accumulates: bool) -> None:
        """Of which optimizers the gradients are those that their last step left, and whether a closure never clears them."""
        self.thrown_away += bool(self._by_pass) and all(not has_gradient(one) for one, _ in self._by_pass)
        for optimizer, left in self._by_step.items():
            self._by_step[optimizer] = _still_there(left) if accumulates and left else []
            sample = self._samples.pop(optimizer, None)  # what passes add later does not count
            if sample is not None and not _is_as_left(*sample):
                self.carried.add(optimizer)
        for optimizer, foreign in self._foreign.items():
            left = _still_there(foreign.left) if accumulates and place != foreign.place and not foreign.added else []
            versions = tuple(one.grad._version for one, _ in left if one.grad is not None)
            self._foreign[optimizer] = foreign if foreign.added else foreign._replace(left=left, versions=versions)
        self._place = place
        self._passes_in_closure += in_closure
        self._passed |= {*self._parameters}
        if in_closure and accumulates and self._by_evaluation:
            if all(_is_there(*one) for one in self._by_evaluation[:MOST_LOOKED_AT]):
                self._history.note("closure_uncleared", place)
            self._by_evaluation = []

    def pass_ends(self, parameters: Sequence[torch.Tensor]) -> None:
        known = sorted((one for one in parameters if one.grad is not None), key=torch.Tensor.numel)
        small = known[: len(known) // 2 + 1]  # the others take long to be looked at
        spread = small[:: max(1, len(small) // MOST_LOOKED_AT)]
        self._by_pass = _with_gradients(filter(has_gradient, spread))
        self._by_pass = self._by_pass or _with_gradients(islice(filter(has_gradient, known), 1))
        for optimizer, foreign in self._foreign.items():
            pairs = zip(foreign.left, foreign.versions, strict=False)
            added = any(one.grad is not None and one.grad._version > version for (one, _), version in pairs)
            self._foreign[optimizer] = foreign._replace(added=foreign.added or added)

    def throws_away(self, places: Sequence[Source | None]) -> bool:
        """places: of the passes since the last step. Whether each but the last was for nothing: its gradients were taken away,
        and by one line of backward all were made."""
        if len(places) < 2 or self.thrown_away < len(places) - 1 or len(set(places)) > 1:
            return False
        return bool(self._by_pass) and all(
            _identity(one) == made for one, made in self._by_pass
        )  # not put together by hand

    def evaluation_begins(self, parameters: Sequence[torch.Tensor]) -> None:
        """An optimizer evaluates its closure, not for the first time in this step or for the first."""
        having = (one for one in parameters if one.grad is not None)
        self._by_evaluation = _with_gradients(having) if self._evaluations else []
        self._evaluations += 1

    def stepped(self, optimizer: int, left: Sequence[torch.Tensor]) -> None:
        """left: parameters whose gradient is not 0."""
        if self._evaluations and not self._passes_in_closure:
            self._history.note("idle_closure", None, optimizer, optimizer=optimizer, evaluations=self._evaluations)
        self._by_pass, self.thrown_away, self._evaluations, self._passes_in_closure = [], 0, 0, 0
        self._by_step[optimizer] = _with_gradients(left)
        self.carried.discard(optimizer)
        if optimizer not in self._by_hand:
            self._used(optimizer, left)
        self.had[optimizer] = len(left)
        step = max(1, len(left) // MOST_LOOKED_AT)
        self._parameters[optimizer] = left[::step]
        self._foreign.pop(optimizer, None)
        self._passed.discard(optimizer)
        for other in self._passed - {*self._foreign}:
            if not self._by_step[other]:
                having = (one for one in self._parameters[other] if has_gradient(one))
                self._foreign[other] = Foreign(optimizer, self._place, _with_gradients(having))

    def foreign(self, optimizer: int) -> Foreign | None:
        """What another loss than that of its last passes has left to an optimizer, and is in the gradients that it finds."""
        found = self._foreign.get(optimizer)
        return found if found is not None and found.added and _still_there(found.left) else None

    def uncleared(self, optimizer: int) -> Sequence[torch.Tensor]:
        """The parameters of which what its last step left is in the gradients that it finds now."""
        left = self._by_step.get(optimizer, [])
        return [one for one, _ in _still_there(left)] if left else ()

    def hand_begins(self, optimizer: int, parameters: Sequence[torch.Tensor]) -> None:
        """An update by hand. Its end comes after what is done to gradients behind it, so they are looked at now."""
        self._by_hand.add(optimizer)
        self._used(optimizer, [one for one in parameters if one.grad is not None])

    def _used(self, optimizer: int, parameters: Sequence[torch.Tensor]) -> None:
        """A small gradient of its step tells whether they are changed before the next pass."""
        smallest = min(parameters, key=torch.Tensor.numel, default=None)
        self._samples.pop(optimizer, None)
        if smallest is not None and has_gradient(smallest):
            self._samples[optimizer] = smallest, _numbers(smallest)


def gradient_of(parameter: torch.Tensor) -> torch.Tensor | None:
    """What its step will use. Where this process holds nothing of what is spread over several, torch may leave it without: that
    of nothing."""
    is_nothing = parameter.grad is None and is_flattened(parameter) and tensor_norms.is_empty(parameter)
    return torch.zeros_like(parameter) if is_nothing else parameter.grad


def has_gradient(parameter: torch.Tensor) -> bool:
    """One that is not 0 throughout."""
    return parameter.grad is not None and bool(tensor_norms.plain(parameter.grad).count_nonzero())


def _numbers(parameter: torch.Tensor) -> torch.Tensor:
    """Of its gradient, to be compared later: nan is equal to nan."""
    assert parameter.grad is not None
    return torch.nan_to_num(tensor_norms.plain(parameter.grad))


def _is_as_left(parameter: torch.Tensor, numbers: torch.Tensor) -> bool:
    """Or cleared."""
    return not has_gradient(parameter) or torch.equal(_numbers(parameter), numbers)


def _with_gradients(parameters: Iterable[torch.Tensor]) -> Left:
    return [(one, _identity(one)) for one in parameters]


def _identity(parameter: torch.Tensor) -> int:
    """Of its gradient: FullyShardedDataParallel makes another view of the same memory before each pass."""
    gradient = parameter.grad
    return gradient.data_ptr() if gradient is not None and is_flattened(parameter) else id(gradient)


def _still_there(left: Left) -> Left:
    """Those that have the same gradient as then; where one of a few is not 0, as most are cleared together."""
    same = [one for one in left if _identity(one[0]) == one[1]]
    step = max(1, len(same) // MOST_LOOKED_AT)
    some = any(has_gradient(parameter) for parameter, _ in (*same[::step], *same[-1:]))
    return [one for one in same if has_gradient(one[0])] if some else []


def _is_there(parameter: torch.Tensor, gradient: int) -> bool:
    return _identity(parameter) == gradient and has_gradient(parameter)
