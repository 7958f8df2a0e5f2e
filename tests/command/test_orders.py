"""`--order`, as a person types it, and in a batch."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

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
    for arguments in (
        ("x^2", "--order", "5"),
        ("run.gradtui", "--order", "2"),
        ("run.gradtui", "--taylor", "2"),
        ("x", "--taylor", "9"),
    ):
        refused = run(*arguments, "--json")
        assert refused.exit_code == 2
        assert any(word in refused.stderr for word in ("--order", "--taylor", "snapshot"))
        assert "Traceback" not in refused.stderr


def test_of_a_file(tmp_path: Path) -> None:
    """f'' of a person's own function, by autograd."""
    path = tmp_path / "model.py"
    path.write_text("import torch\n\ndef f(x=0.5):\n    return torch.exp(2 * x)\n")
    ended = run(f"{path}:f", "--order", "2", "--taylor", "3", "--dtype", "float64", "--json")
    answer = json.loads(ended.stdout)
    e = math.e
    assert answer["orders"][1]["value"]["x"] == pytest.approx(4 * e)
    assert answer["taylor"] == pytest.approx([e, 2 * e, 2 * e, 4 * e / 3])
    assert answer["findings"] == []
