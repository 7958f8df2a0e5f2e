"""Biases by their names, and the weights of the same layer: of parametrizations, weight_norm and pruning too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradtui.findings.over_time.history import History, ParameterHistory

BIAS = re.compile("(?<![a-z])b(ias)?(?![a-z])")
"""In small letters, as a word of a name: bias, bias_ih_l0, k_bias, b, b1, b_out."""
PARAMETRIZED = "parametrizations"
"""The module in which torch keeps what `layer.weight` is made of: layer.parametrizations.weight.original0."""
REPARAMETRIZED = ("", "_v", "_g", "_orig")
"""What the hooks of weight_norm, spectral_norm and pruning add to the name of a weight."""


def is_bias(name: str) -> bool:
    return BIAS.search(_in_its_layer(name)[1]) is not None


def weights_beside(history: History, bias: str) -> Iterator[ParameterHistory]:
    """Those that the same layer has for a bias: weight_ih_l0 for bias_ih_l0, w1 for b1."""
    layer, name = _in_its_layer(bias)
    weight = BIAS.sub(lambda found: "weight" if found[1] else "w", name, count=1)
    named = {weight + more for more in REPARAMETRIZED}
    for other in history.parameters.values():
        its_layer, its_name = _in_its_layer(other.name)
        if its_layer == layer and its_name in named:
            yield other


def _in_its_layer(parameter: str) -> tuple[str, str]:
    """The layer that has it, and its name there, in small letters."""
    *path, name = parameter.split(".")
    if PARAMETRIZED in path[:-1]:
        place = path.index(PARAMETRIZED)
        path, name = path[:place], path[place + 1]
    return ".".join(path), name.lower()
