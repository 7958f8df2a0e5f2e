"""Is what a custom autograd.Function's backward returns the derivative of its forward? By differences, on its own inputs."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from inspect import signature
from itertools import islice
from typing import Any, NamedTuple

import torch

from gradtui.engine.tensors.values import step_of
from gradtui.graph.exact_sum import exact_sum
from gradtui.snapshot.events import Mismatch

Function = type[torch.autograd.Function]

MOST_ELEMENTS, MOST_INEXACT = 1 << 20, 50_000
"""Of all inputs of a call that is run again; of one that computes in another dtype than float64."""
MOST_LOOKED_AT, LEAST_LOOKED_AT = 12, 4
"""Elements of an input that are moved: of a large one fewer, as each is one more run of it."""
STEP, COARSE = 1e-5, 1e-2
"""How far, in parts of a usual element: of a forward in float64, and of one that computes in another dtype."""
ASIDE = 1e-3
"""Of an element: to where no output is a number of few digits by chance."""
ALIKE, ROUGHLY = 1e-3, 5e-2
"""Up to what part of the larger one two slopes are the same, in these two cases."""
PLAIN = (bool, int, float, str, torch.dtype, torch.device, type(None))
"""What may be handed to a Function again beside tensors: nothing that runs, or keeps count."""


Sent = dict[int, torch.Tensor | None]
"""To each input that needs a gradient."""
NEXT_TO_0 = 1e-6


class Call(NamedTuple):
    """One call of a Function, with copies of what it took in. needs: which of these a gradient goes to."""

    function: Function
    args: tuple[Any, ...]
    needs: tuple[bool, ...]


def call_of(function: Function, args: Sequence[Any]) -> Call | None:
    """None of a call that is not to be run again: a large one, one in several processes, and one that takes in a module, say."""
    tensors = [one for one in args if isinstance(one, torch.Tensor)]
    if sum(one.numel() for one in tensors) > MOST_ELEMENTS or not any(one.requires_grad for one in tensors):
        return None
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return None
    if not all(map(_is_plain, args)):
        return None
    needs = tuple(isinstance(one, torch.Tensor) and one.requires_grad for one in args)
    return Call(function, tuple(map(_copied, args)), needs)


def mismatches(call: Call, node: int) -> Iterator[Mismatch]:
    """Of each input what backward sends and the forward's slopes do not say, in silence. node: that the call made."""
    with redirect_stdout(io.StringIO()):
        found = [*differences(call, node)]
    yield from found


def differences(call: Call, node: int = 0) -> Iterator[Mismatch]:
    """The same, where nothing is printed: what another thread prints meanwhile is there.

    The forward is run again on copies in float64; nothing where it raises, or does not give the same twice.
    """
    random = torch.get_rng_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = _Check(call, random).mismatches(node)
    except Exception:  # it is the person's code, which need not run in float64
        return
    finally:
        torch.set_rng_state(random)
    yield from found


class _Slope(NamedTuple):
    """Of the output by one element: as backward sends it, and by differences."""

    place: tuple[int, ...]
    sent: float
    true: float


class _Check:
    def __init__(self, call: Call, random: torch.Tensor) -> None:
        self.call, self.random = call, random
        self.weights: list[torch.Tensor] = []
        self._elements = sum(one.numel() for one in call.args if isinstance(one, torch.Tensor))
        self._looked_at = MOST_LOOKED_AT if self._elements <= MOST_INEXACT else LEAST_LOOKED_AT

    def mismatches(self, node: int) -> list[Mismatch]:
        inputs = dict(enumerate(self.call.args))
        first = self._outputs(inputs)
        generator = torch.Generator().manual_seed(0)
        self.weights = [torch.rand(one.shape, generator=generator, dtype=torch.float64) + 0.5 for one in first]
        exact = self._is_exact(inputs, first)
        if not first or not (exact or self._elements <= MOST_INEXACT) or self._total(inputs) != self._total(inputs):
            return []
        sent, twice, little = self._sent()
        slopes = {place: [*self._slopes(place, grad, exact)] for place, grad in sent.items() if grad is not None}
        wrong = {place: wrong for place, found in slopes.items() if (wrong := _wrong(found, exact))}
        meant = self._is_identity(first) or any(map(_is_flat, wrong.values()))
        ignored = {place: _is_ignored(sent[place], twice[place], little[place]) for place in wrong}
        meant = meant or any(_is_bent(sent[place], twice[place]) and not ignored[place] for place in wrong)
        names = self._names()
        return [
            Mismatch(
                node,
                self.call.function.__name__,
                place,
                names[place] if place < len(names) else "",
                _factor(found),
                *worst(found),
                ignored=ignored[place],
                meant=meant,
                edge=sum(isinstance(one, torch.Tensor) for one in self.call.args[:place]),
            )
            for place, found in wrong.items()
        ]

    def _is_exact(self, inputs: Mapping[int, Any], first: Sequence[torch.Tensor]) -> bool:
        """Whether forward keeps the digits of float64: what has gone through another dtype on its way has those of float32."""
        if not all(one.dtype is torch.float64 for one in first):
            return False
        moved = {place: one * (1 + ASIDE) for place, one in inputs.items() if self.call.needs[place]}
        aside = self._outputs({**inputs, **moved})
        same = all(map(torch.equal, aside, first))
        return same or not all(torch.equal(one, one.float().double()) for one in aside)

    def _run(self, inputs: Mapping[int, Any]) -> list[torch.Tensor]:
        torch.set_rng_state(self.random)
        function: Any = self.call.function
        result = function.apply(*inputs.values())
        found = result if isinstance(result, tuple) else (result,)
        return [one for one in found if isinstance(one, torch.Tensor) and one.is_floating_point()]

    def _outputs(self, inputs: Mapping[int, Any]) -> list[torch.Tensor]:
        with torch.no_grad():
            return self._run({place: _copied(one) for place, one in inputs.items()})

    def _total(self, inputs: Mapping[int, Any]) -> float:
        found = self._outputs(inputs)
        return exact_sum(float((one.double() * weight).sum()) for one, weight in zip(found, self.weights, strict=True))

    def _sent(self) -> tuple[Sent, Sent, Sent]:
        """What backward sends to each input, and what for a gradient that is twice as large, and for one that is next to 0."""
        inputs = {place: _copied(one) for place, one in enumerate(self.call.args)}
        wanted = [place for place, needs in enumerate(self.call.needs) if needs]
        leaves = [inputs[place].requires_grad_() for place in wanted]
        # a copy, so that a Function may write over what it takes in; of a view its backward is passed over in torch 2.6
        found = self._run({place: one.clone() if place in wanted else one for place, one in inputs.items()})
        pairs = [
            (one, weight.to(one.dtype)) for one, weight in zip(found, self.weights, strict=True) if one.requires_grad
        ]
        outputs = [one for one, _ in pairs]

        def sent(times: float) -> Sent:
            given = [times * weight for _, weight in pairs]
            grads = torch.autograd.grad(outputs, leaves, given, retain_graph=True, allow_unused=True)
            return dict(zip(wanted, grads, strict=True))

        return sent(1), sent(2), sent(NEXT_TO_0)

    def _slopes(self, place: int, grad: torch.Tensor, exact: bool) -> Iterator[_Slope]:
        """Of some elements, spread over the input; not of those where the output has a corner or a jump."""
        whole: torch.Tensor = self.call.args[place]
        usual = float(whole.abs().mean()) or 1.0
        step, alike = (STEP if exact else COARSE) * usual, ALIKE if exact else ROUGHLY
        inputs = dict(enumerate(self.call.args))
        here = self._total(inputs)
        for number in range(0, whole.numel(), step_of(whole.numel(), self._looked_at)):
            index = tuple(int(one) for one in torch.unravel_index(torch.tensor(number), whole.shape))
            if whole[index] == 0:
                continue  # where a relu and the like have their corner
            sides = []
            for sign in (-1, 1):
                moved = whole.clone()
                moved[index] += sign * step
                sides.append(sign * (self._total(inputs | {place: moved}) - here) / step)
            least, most = sorted(map(abs, sides))
            if most - least <= alike * most + abs(here) * 1e-9 and (sides[0] >= 0) == (sides[1] >= 0):
                yield _Slope(index, float(grad[index]), sum(sides) / 2)

    def _is_identity(self, outputs: Sequence[torch.Tensor]) -> bool:
        """Whether forward hands on what it takes in, so that all it is there for is its backward."""
        inputs = [one for one in self.call.args if isinstance(one, torch.Tensor)]
        return any(one.shape == other.shape and bool((one == other).all()) for one in outputs for other in inputs)

    def _names(self) -> list[str]:
        """Of the arguments of forward."""
        names = list(signature(self.call.function.forward).parameters)
        own = self.call.function.setup_context is not torch.autograd.Function.setup_context
        return names if own else names[1:]


def _wrong(slopes: Sequence[_Slope], exact: bool) -> list[_Slope]:
    alike, most = ALIKE if exact else ROUGHLY, max((abs(one.true) for one in slopes), default=0.0)
    return [
        one
        for one in slopes
        if math.isfinite(one.true)
        and not abs(one.sent - one.true) <= 10 * alike * max(abs(one.sent), abs(one.true)) + alike * most * 1e-2
    ]


def worst(slopes: Sequence[_Slope]) -> tuple[tuple[int, ...], float, float]:
    """The element at which the two are the furthest apart."""
    return max(slopes, key=lambda one: abs(one.sent - one.true))


def _is_flat(slopes: Sequence[_Slope]) -> bool:
    """Whether forward is flat wherever backward sends something: a step with a stand-in for its derivative."""
    largest = max((abs(one.sent) for one in slopes), default=0.0)
    return largest > 0 and all(abs(one.true) <= 1e-6 * largest for one in slopes)


def _factor(slopes: Sequence[_Slope]) -> float | None:
    """What is sent, in parts of what should be, where it is the same for all."""
    ratios = [one.sent / one.true for one in slopes if one.true]
    if len(ratios) < 2 or len(ratios) < len(slopes):
        return None
    middle = sum(ratios) / len(ratios)
    return middle if max(ratios) - min(ratios) <= 1e-2 * abs(middle) or not any(ratios) else None


def _is_ignored(once: torch.Tensor | None, *others: torch.Tensor | None) -> bool:
    """Whether the same is sent whatever comes in."""
    if once is None or not bool((once != 0).any()):
        return False
    return all(one is not None and bool((once == one).all()) for one in others)


def _is_bent(once: torch.Tensor | None, twice: torch.Tensor | None) -> bool:
    """Whether twice the gradient that comes in does not make twice of what is sent, as where that is clipped or rounded: no
    derivative does so by mistake."""
    if once is None or twice is None:
        return False
    return not torch.allclose(twice, 2 * once, rtol=COARSE, atol=float(twice.abs().max()) * ALIKE, equal_nan=True)


def _is_plain(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return type(value) in (torch.Tensor, torch.nn.Parameter) and not value.is_complex() and not value.is_sparse
    if isinstance(value, tuple | list):
        return all(isinstance(one, PLAIN) for one in islice(value, 1_000))
    return isinstance(value, PLAIN)


def _copied(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    copy = value.detach().clone()
    return copy.double() if copy.is_floating_point() else copy
