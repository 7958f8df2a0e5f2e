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


def test_what_is_sent_to_a_node_of_the_same_text_goes_to_that_node_by_name() -> None:
    """The two nodes of a cross entropy have one text: the first does not send to itself."""
    nodes = list(examples.quadratic().graph.nodes)
    nodes[1] = replace(nodes[1], source=nodes[0].source)
    told = sentence(Replay(Graph(tuple(nodes))), nodes[0], None, 7)
    assert nodes[0].source is not None
    assert nodes[0].source.text not in told
    assert nodes[1].name in told


def test_one_of_several_outputs_is_not_f_itself() -> None:
    nodes = tuple(replace(node, grad_output=examples.scalar(2.0)) for node in examples.quadratic().graph.nodes)
    replay = Replay(Graph(nodes, roots=(0, 2)))
    told = [sentence(replay, nodes[place], None, 7) for place in (0, 1, 3)]
    assert not any("f itself" in one or one.startswith("f ") for one in told)
    assert "2 outputs" in told[0]
    assert "sum" in told[1]
