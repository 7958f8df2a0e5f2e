"""Losses that are made without a graph after a training, as gradients were switched off in between and have stayed so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import CodeType

import torch

from gradtui.engine.capture.places import Places
from gradtui.engine.capture.recording import maker
from gradtui.engine.watching.kept_calls.segments import ON, Call, Segment
from gradtui.engine.watching.kept_calls.tensor_references import results_of
from gradtui.findings.over_time.history import LEAST_UPDATES, History

SWITCH = "set_grad_enabled"


class GradientsOff:
    """Knows the lines that make the losses of the first updates: single numbers with a graph."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._lines: set[tuple[CodeType | None, int]] = set()

    def know(self, segments: Iterable[Segment]) -> None:
        for segment in segments:
            self._lines.update(_line(call) for call in segment.calls if _makes_a_number(call))

    def settle(self, segments: Sequence[Segment]) -> None:
        """The program ends, and gradients are off: since when, and what was made meanwhile by the lines of before."""
        if not self._history.updates or torch.is_grad_enabled():
            return
        made = [one for one in segments[-1].calls if not one.grad and one.switch[0] == SWITCH]
        made = [one for one in made if _line(one) in self._lines]
        _, code, instruction = made[0].switch if made else ON
        if len(made) >= LEAST_UPDATES and code is not None:
            self._history.note("off", Places().of_instruction(code, instruction), count=len(made))


def _line(call: Call) -> tuple[CodeType | None, int]:
    return call.code, call.instruction


def _makes_a_number(call: Call) -> bool:
    made = [tensor for one in results_of(call) if (tensor := one()) is not None]
    return len(made) == 1 and made[0].numel() == 1 and maker(made[0]) is not None
