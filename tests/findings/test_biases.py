"""Which weights of a training belong to which bias, by the names that torch and people give them."""

from __future__ import annotations

import pytest
from torch import nn
from torch.nn.utils import parametrizations

from gradtui.findings.over_time.biases import is_bias, weights_beside
from gradtui.findings.over_time.history import History, ParameterHistory


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for name in ("W1", "b1", "k_weight", "k_bias", "emb", "beta"):
            self.register_parameter(name, nn.Parameter(nn.Linear(1, 1).weight.detach()))


@pytest.mark.parametrize(
    ("module", "pairs"),
    [
        (nn.Linear(2, 3), {"bias": {"weight"}}),
        (nn.GRU(2, 3), {"bias_ih_l0": {"weight_ih_l0"}, "bias_hh_l0": {"weight_hh_l0"}}),
        (nn.MultiheadAttention(4, 2), {"in_proj_bias": {"in_proj_weight"}, "out_proj.bias": {"out_proj.weight"}}),
        (
            parametrizations.weight_norm(nn.Linear(2, 3)),
            {"bias": {"parametrizations.weight.original0", "parametrizations.weight.original1"}},
        ),
        (Own(), {"b1": {"W1"}, "k_bias": {"k_weight"}}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_weights_beside_a_bias(module: nn.Module, pairs: dict[str, set[str]]) -> None:
    history = History()
    for name, one in module.named_parameters():
        history.parameters[name] = ParameterHistory(name, tuple(one.shape), "float32", True)
    found = {name: {one.name for one in weights_beside(history, name)} for name in history.parameters if is_bias(name)}
    assert found == pairs
