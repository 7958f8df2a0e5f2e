"""The Snapshots that the tests of the screen are made with are what the engine answers."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gradtui.engine.typed.evaluate import evaluate
from gradtui.snapshot.model import Dtype, Request, Snapshot
from tests import examples


@pytest.mark.parametrize(
    "example",
    [
        examples.quadratic(),
        examples.quadratic(-1.5),
        examples.vector_quadratic(),
        examples.two_variables(),
        examples.nan_gradient(),
        examples.constant(),
    ],
    ids=lambda example: f"{example.expression} {example.id}",
)
def test_example(example: Snapshot) -> None:
    at = {
        name: state.value.numbers if state.value.shape else state.value.numbers[0]
        for name, state in example.variables.items()
    }
    dtype: Dtype = "float64" if example.dtype == "float64" else "float32"
    answer = evaluate(Request(example.id, example.expression, at, dtype))
    nodes = tuple(
        replace(node, kept=None) for node in answer.graph.nodes
    )  # the bytes kept: tests/engine/autograd/test_kept.py
    assert repr(replace(answer.graph, nodes=nodes)) == repr(example.graph)  # as text: nan is not nan
    assert repr(answer.variables) == repr(example.variables)
    assert repr(answer.value) == repr(example.value)
    assert answer.reads_as == example.reads_as
    assert {note.kind for note in example.notes} <= {note.kind for note in answer.notes}


def test_problem() -> None:
    example = examples.problem()
    problem = evaluate(Request(example.id, example.expression)).problem
    assert problem is not None
    assert example.problem is not None
    assert (problem.kind, problem.start, problem.end) == (example.problem.kind, 3, 3)
