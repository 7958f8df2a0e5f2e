"""The Hessian and the Jacobian, row by row: each row is one more backward pass over the same graph.

`torch.func.hessian` and `torch.func.jacrev` give the same, but importing what they need takes longer than a request may.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import torch

from gradtui.engine.autograd import graph
from gradtui.engine.orders.chain import gradient
from gradtui.engine.orders.lanczos_spectrum import spectrum
from gradtui.snapshot.orders import Hessian, Jacobian

MOST_NODES = 50_000
"""Of the graph, for each row: half a second. Of a larger matrix one row is told."""
MOST_NUMBERS = 10_000
"""Of a matrix that is told whole."""


def hessian(
    slopes: Mapping[str, torch.Tensor], leaves: Mapping[str, torch.Tensor], along: str, element: int
) -> Hessian | None:
    """slopes: the gradient by each variable, with its graph. None for a single number."""
    count = sum(leaf.numel() for leaf in leaves.values())
    if count < 2:
        return None
    if count > MOST_NUMBERS:
        return Hessian((), (), spectrum=spectrum(slopes, leaves))
    names = tuple(name for key, leaf in leaves.items() for name in element_names(key, leaf))
    flat = [one for slope in slopes.values() for one in slope.reshape(-1)]
    if not _fits(count, count, list(slopes.values())):
        before = list(leaves)[: list(leaves).index(along)]
        row = sum(leaves[name].numel() for name in before) + element
        return Hessian(names, (_row(flat[row], leaves),), row=row, spectrum=spectrum(slopes, leaves))
    return _with_eigenvalues(names, tuple(_row(slope, leaves) for slope in flat))


def jacobian(f: torch.Tensor, leaves: Mapping[str, torch.Tensor], element: int) -> dict[str, Jacobian]:
    """Of a vector-valued f by each variable; of a large one the row of `element` alone."""
    count, width = len(f), sum(leaf.numel() for leaf in leaves.values())
    if width > MOST_NUMBERS:
        return {}
    whole = _fits(count, width, [f])
    places = range(count) if whole else [min(element, count - 1)]
    rows = [gradient(f[place], list(leaves.values()), again=False) for place in places]
    return {
        name: Jacobian(tuple(tuple(row[number].reshape(-1).tolist()) for row in rows), places[0], count)
        for number, name in enumerate(leaves)
    }


def element_names(name: str, leaf: torch.Tensor) -> list[str]:
    """`x`, `x[0]`, and of a matrix `weight[0,1]`."""
    places = product(*map(range, leaf.shape))
    return [f"{name}[{','.join(map(str, place))}]" if place else name for place in places]


def _fits(rows: int, columns: int, roots: list[torch.Tensor]) -> bool:
    starts = [graph.root(root) for root in roots if root.requires_grad]
    return rows * columns <= MOST_NUMBERS and rows * len(graph.walk(*starts)) <= MOST_NODES


def _row(slope: torch.Tensor, leaves: Mapping[str, torch.Tensor]) -> tuple[float, ...]:
    found = gradient(slope, list(leaves.values()), again=False)
    return tuple(number for one in found for number in one.reshape(-1).tolist())


def _with_eigenvalues(names: tuple[str, ...], matrix: tuple[tuple[float, ...], ...]) -> Hessian:
    """Of its symmetric part: rounding leaves the two halves a little apart."""
    whole = torch.tensor(matrix, dtype=torch.float64)
    if not whole.isfinite().all():
        return Hessian(names, matrix)
    values, vectors = torch.linalg.eigh((whole + whole.T) / 2)
    return Hessian(names, matrix, tuple(values.tolist()), tuple(tuple(row) for row in vectors.T.tolist()))
