"""A snippet and its true cause.

A snippet is a generator: it makes a model (or named tensors) and yields it, then runs the forward pass and yields the
loss. The line that is to blame ends in `# <- here`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Literal

import torch
from torch import Tensor, nn

import gradtui
from gradtui.snapshot.finding import Kind
from gradtui.snapshot.model import Snapshot

Snippet = Callable[[], Iterator[Any]]
Symptom = Literal["none", "zero", "nan", "tiny", "huge", "fails", "fine"]
"""What torch itself does to the gradient: of a parameter (`none` to `huge`), or of the whole of backward."""

MARK = "# <- here"


@dataclass(frozen=True)
class Case:
    """kind: of the finding. parameter: the one whose gradient is asked for. also: words that the sentence must have.

    told: whether it is a finding of the snapshot too, and not only an answer to `why`. kept: whether it is told by what nodes
    keep for backward.
    """

    code: Snippet
    kind: Kind
    parameter: str
    symptom: Symptom
    also: tuple[str, ...] = ()
    told: bool = True
    kept: bool = False

    def __str__(self) -> str:
        return self.code.__name__

    @property
    def line(self) -> int | None:
        """Of the mark."""
        lines, first = inspect.getsourcelines(self.code)
        return next((first + place for place, line in enumerate(lines) if MARK in line), None)


_zoo: list[Case] = []


def cases_of(module: ModuleType) -> list[Case]:
    """The snippets that are broken in this file."""
    return [case for case in _zoo if case.code.__module__ == module.__name__]


def broken(
    kind: Kind, parameter: str, symptom: Symptom, *also: str, told: bool = True, kept: bool = False
) -> Callable[[Snippet], Snippet]:
    """Adds the snippet to the zoo."""

    def add(code: Snippet) -> Snippet:
        _zoo.append(Case(code, kind, parameter, symptom, also, told, kept))
        return code

    return add


@cache
def run(code: Snippet, *, traced: bool = True) -> Snapshot:
    """What gradtui sees of it."""
    torch.manual_seed(0)
    steps = code()
    model, names = _subject(next(steps))
    if not traced:
        return gradtui.capture(next(steps), names=names, model=model)
    with gradtui.trace(model) as trace:
        loss = next(steps)
    return trace.capture(loss, names=names)


def symptom(case: Case) -> Symptom:
    """What torch does, without gradtui."""
    torch.manual_seed(0)
    steps = case.code()
    model, names = _subject(next(steps))
    loss: Tensor = next(steps)
    tensors = dict(model.named_parameters()) if model is not None else dict(names or {})
    tensor = tensors[case.parameter]
    try:
        loss.backward()  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        return "none" if "does not require grad" in str(error) else "fails"
    grad = tensor.grad if tensor.is_leaf else None
    if grad is None:
        return "none"
    if not grad.isfinite().all():
        return "nan"
    if not grad.any():
        return "zero"
    largest = max(float(other.grad.norm()) for other in tensors.values() if other.grad is not None)
    norm = float(grad.norm())
    if norm > 1e4 * max(1.0, float(tensor.detach().norm())):
        return "huge"
    return "tiny" if norm < 1e-6 * largest else "fine"


def _subject(given: object) -> tuple[nn.Module | None, Mapping[str, Tensor] | None]:
    if isinstance(given, nn.Module):
        return given, None
    assert isinstance(given, dict)
    return None, given
