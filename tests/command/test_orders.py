"""`--order`, as a person types it, and in a batch."""

from __future__ import annotations

import json

from tests.command.here import run


def test_batch() -> None:
    lines = 'x^2 + 3x + 1\n{"expression": "x*y^2", "at": {"x": 2, "y": 3}, "order": 3}\n5 + 5\n'
    ended = run("-", "--json", "--order", "2", input=lines)
    assert ended.exit_code == 0, ended.stderr
    first, second, third = map(json.loads, ended.stdout.splitlines())
    assert [(one["order"], one["derivative"], one["value"]) for one in first["orders"]] == [
        (1, {"x": "2*x + 3"}, {"x": 11.0}),
        (2, {"x": "2"}, {"x": 2.0}),
    ]
    assert first["taylor"] == [29.0, 11.0, 1.0]
    assert all(node["order"] in (0, 1) for node in first["orders"][1]["graph"]["nodes"])
    assert [one["derivative"] for one in second["orders"][1:]] == [{"x": "0", "y": "2*x"}, {"x": "0", "y": "0"}]
    assert second["hessian"]["matrix"] == [[0.0, 6.0], [6.0, 4.0]]
    assert "orders" not in third


def test_one_and_misuse() -> None:
    ended = run("softmax(x)", "--at", "x=[0, 0]", "--order", "1", "--json")
    answer = json.loads(ended.stdout)
    assert answer["jacobian"] == {"x": [[0.25, -0.25], [-0.25, 0.25]]}
    for arguments in (("x^2", "--order", "5"), ("run.gradtui", "--order", "2")):
        refused = run(*arguments, "--json")
        assert refused.exit_code == 2
        assert "--order" in refused.stderr or "snapshot" in refused.stderr
        assert "Traceback" not in refused.stderr
