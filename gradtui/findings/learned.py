"""Which leaves a training would move, as far as that is known where neither a model nor an optimizer may be."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gradtui.graph.operands import is_zero
from gradtui.snapshot.model import Parameter


def learning(leaves: Mapping[str, Parameter]) -> frozenset[str]:
    """Those of them that have a gradient: parameters of the model; without one every nn.Parameter; without any what has a name.
    Not the place at which it is differentiated."""
    of_a_model = {name for name, leaf in leaves.items() if leaf.registered}
    parameters = of_a_model or {name for name, leaf in leaves.items() if leaf.is_parameter}
    return frozenset(
        name for name in parameters or leaves if _has_gradient(leaves[name]) and (parameters or " " not in name)
    )


def are_beside_a_model(names: Collection[str], leaves: Mapping[str, Parameter]) -> bool:
    """Whether there are parameters, and these are none."""
    is_model = any(leaf.registered or leaf.is_parameter for leaf in leaves.values())
    return is_model and all(
        name in leaves and leaves[name].registered is None and not leaves[name].is_parameter for name in names
    )


def _has_gradient(leaf: Parameter) -> bool:
    return leaf.grad is not None and not is_zero(leaf.grad)
