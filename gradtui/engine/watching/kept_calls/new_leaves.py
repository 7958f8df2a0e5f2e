"""Leaves that a graph begins at, and that calls have made of what is learned: they have the numbers, and not the graph."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from gradtui.engine.capture.introspection import items
from gradtui.engine.watching.kept_calls.segments import Call, Segment
from gradtui.engine.watching.kept_calls.tensor_references import given_to, has_graph, is_leaf, results_of


def cut_before(
    learned: Sequence[torch.Tensor], leaves: Sequence[torch.Tensor], segments: Sequence[Segment]
) -> Call | None:
    """The call at which one of the leaves lost the graph that its numbers came by, from what is learned; None where no leaf is
    seen to come of that."""
    makers: dict[int, list[Call]] = {}
    for segment in segments:
        for call in segment.calls:
            for key in (*map(id, results_of(call)), *map(id, _numbers(call.result))):
                makers.setdefault(key, []).append(call)
    # a tensor is known by the one reference to it: of one that is gone another may have the id
    held, ends = [*map(weakref.ref, learned)], [*map(weakref.ref, leaves)]
    wanted = {*map(id, held)}
    for leaf in ends:
        for call in _cutting(id(leaf), makers) if id(leaf) not in wanted else ():
            if wanted & _before({*map(id, given_to(call))}, makers):
                return call
    return None


def _cutting(leaf: int, makers: Mapping[int, Sequence[Call]]) -> Iterator[Call]:
    """Calls that were given something with a graph, or what is learned: the first such ones on the ways back from a leaf."""
    seen, waiting = {leaf}, [leaf]
    while waiting:
        for call in makers.get(waiting.pop(), ()):
            if any(is_leaf(one) or has_graph(one) for one in given_to(call) if id(one) != leaf):
                yield call
                continue
            before = _given(call) - seen
            waiting += before
            seen |= before


def _before(known: set[int], makers: Mapping[int, Sequence[Call]]) -> set[int]:
    """All that these came of, and they themselves."""
    waiting = [*known]
    while waiting:
        for call in makers.get(waiting.pop(), ()):
            before = _given(call) - known
            waiting += before
            known |= before
    return known


def _given(call: Call) -> set[int]:
    return {*map(id, given_to(call)), *map(id, _numbers((call.args, [*call.kwargs.values()])))}


def _numbers(what: Any) -> Iterator[float]:
    """Python's own, in lists of lists, as `item()` and `tolist()` give them."""
    if type(what) is float:
        yield what
    for one in items(what):
        yield from _numbers(one)
