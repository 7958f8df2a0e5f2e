"""The lowest and the highest eigenvalue of a Hessian too large to be made: Lanczos, from products with it alone.

Each product is one backward pass over the graph of the gradient (Pearlmutter 1994), by `torch.autograd.grad`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from gradtui.engine.autograd import graph
from gradtui.snapshot.orders import Spectrum

MOST_PRODUCTS = 40
MOST_NODES = 400_000
"""Of the graph, times products: some seconds."""
MOST_ELEMENTS = 2_000_000
"""As many numbers has each of the directions that are kept."""
CLOSE = 1e-2
"""An end of the spectrum is found where what is left is this part of the larger one; the eigenvalue is far closer then."""


def spectrum(slopes: Mapping[str, torch.Tensor], leaves: Mapping[str, torch.Tensor]) -> Spectrum | None:
    """slopes: the gradient by each leaf, with its graph. None where that would take long, or is not finite."""
    sizes = [leaf.numel() for leaf in leaves.values()]
    varying = [name for name, slope in slopes.items() if slope.requires_grad]
    nodes = len(graph.walk(*(graph.root(slopes[name]) for name in varying)))
    most = min(MOST_PRODUCTS, sum(sizes), MOST_NODES // max(1, nodes))
    if sum(sizes) > MOST_ELEMENTS or most < 1:
        return None
    start = torch.randn(sum(sizes), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    kept = [start / start.norm()]
    across: list[float] = []
    beside: list[float] = []
    for _ in range(most):
        found = _product(slopes, leaves, varying, kept[-1])
        if not found.isfinite().all():
            return None
        across.append(float(found @ kept[-1]))
        for _ in range(2):  # once leaves what rounding lets through
            for one in kept:
                found = found - (found @ one) * one
        beside.append(float(found.norm()))
        whole = torch.diag(torch.tensor(across, dtype=torch.float64))
        if len(beside) > 1:
            near = torch.tensor(beside[:-1], dtype=torch.float64)
            whole = whole + torch.diag(near, 1) + torch.diag(near, -1)
        values, vectors = torch.linalg.eigh(whole)
        largest = float(values.abs().max())
        left = beside[-1] * float(vectors[-1, [0, -1]].abs().max())
        if left <= CLOSE * largest or beside[-1] <= torch.finfo(torch.float32).eps * largest:
            break
        kept.append(found / beside[-1])
    steepest = torch.stack(kept[: len(across)]).T @ vectors[:, -1]
    shares = [float(part.square().sum()) for part in steepest.split_with_sizes(sizes)]
    return Spectrum(
        sum(sizes),
        float(values[0]),
        float(values[-1]),
        len(across),
        left <= CLOSE * largest or len(across) == sum(sizes),
        dict(zip(leaves, shares, strict=True)),
    )


def _product(
    slopes: Mapping[str, torch.Tensor], leaves: Mapping[str, torch.Tensor], varying: list[str], by: torch.Tensor
) -> torch.Tensor:
    """The Hessian times this direction, in float64."""
    parts = dict(zip(leaves, by.split_with_sizes([leaf.numel() for leaf in leaves.values()]), strict=True))
    if not varying:
        return torch.zeros_like(by)
    found = torch.autograd.grad(
        [slopes[name] for name in varying],
        list(leaves.values()),
        [parts[name].reshape(slopes[name].shape).to(slopes[name]) for name in varying],
        retain_graph=True,
        allow_unused=True,
        materialize_grads=True,
    )
    return torch.cat([one.detach().double().cpu().reshape(-1) for one in found])
