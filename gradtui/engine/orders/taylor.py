"""The coefficients of Taylor's polynomial, of any degree: f differentiated again and again by one number alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd import graph
from gradtui.engine.orders.chain import gradient

MOST_NODES = 50_000
"""Of the graph of a derivative that is differentiated once more: half a second."""


def coefficients(
    f: torch.Tensor,
    known: Sequence[float],
    leaf: torch.Tensor,
    element: int,
    degree: int,
    nodes: dict[Node, None],
) -> tuple[float, ...]:
    """f^(k)/k! from k = 0 to `degree`, of sum(f) where f is a vector; fewer where a graph is too large, or torch cannot go on.

    known: f', f'' and so on, as far as they are. nodes: takes the node objects that are made.
    """
    slopes = [f.detach().sum().item(), *known][: degree + 1]
    if len(slopes) <= degree:
        slopes += _further(f, len(slopes), leaf, element, degree, nodes)
    return tuple(slope / math.factorial(k) for k, slope in enumerate(slopes))


def _further(
    f: torch.Tensor, first: int, leaf: torch.Tensor, element: int, degree: int, nodes: dict[Node, None]
) -> list[float]:
    """The derivatives of the orders `first` to `degree`."""
    told: list[float] = []
    y = f
    for order in range(1, degree + 1):
        if y.requires_grad:
            walked = graph.walk(graph.root(y))
            nodes.update(dict.fromkeys(walked))
            if len(walked) > MOST_NODES:
                break
        try:
            (slope,) = gradient(y, [leaf], again=order < degree)
        except (NotImplementedError, RuntimeError):
            break  # which is told of the derivative itself
        y = slope.reshape(-1)[element] if leaf.ndim else slope
        if order >= first:
            told.append(y.item())
    if y.requires_grad:
        nodes.update(dict.fromkeys(graph.walk(graph.root(y))))
    return told
