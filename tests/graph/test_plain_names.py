"""Plain names, on graphs that torch built."""

from __future__ import annotations

import pytest

from gradtui.engine.typed.evaluate import evaluate
from gradtui.graph.plain_names import plain_name, plainly
from gradtui.snapshot.model import Request


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x^2 + 3x + 1", ["+ 1", "+", "· 3", "^2", "x"]),
        ("x*y - 2", ["− 2", "·", "x", "y"]),
        ("2 - x/4", ["… −", "/ 4", "x"]),
        ("2^x", ["2^", "x"]),
        ("x^y", ["^", "x", "y"]),
        ("-sqrt(sin(x))", ["− …", "√", "sin", "x"]),
        ("log(sigmoid(x))", ["log", "sigmoid", "x"]),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    graph = evaluate(Request(1, text)).graph
    assert sorted(map(plain_name, graph.nodes)) == sorted(names)


def test_a_drawing_by_plain_names_is_the_same_graph() -> None:
    before = evaluate(Request(1, "x^2 + 3x + 1"))
    after = plainly(before)
    assert [node.edges for node in after.graph.nodes] == [node.edges for node in before.graph.nodes]
    assert after.graph.nodes[0].name == "+ 1"
