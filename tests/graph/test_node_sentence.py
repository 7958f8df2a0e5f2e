"""The sentence of a node, in words that suit its number."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gradtui.graph.node_sentence import sentence
from gradtui.graph.replay import Replay
from gradtui.snapshot.model import Graph
from tests import examples


@pytest.mark.parametrize("speed", [-2.5, -1.0, -0.0, 0.0, 1e-12, 0.9999999999, 1.0, 3.0])
def test_the_speed_of_f(speed: float) -> None:
    nodes = list(examples.quadratic().graph.nodes)
    nodes[2] = replace(nodes[2], grad_output=examples.scalar(speed))
    told = sentence(Replay(Graph(tuple(nodes))), nodes[2], None, 7).partition(": ")[0]
    counted = round(abs(speed), 7) not in (0.0, 1.0) or 0 < speed < 1e-7
    assert ("times" in told) == counted
    assert ("as fast as 3x" in told) == (speed != 0)
    assert ("opposite" in told) == (speed < 0)
    assert "-0" not in told
