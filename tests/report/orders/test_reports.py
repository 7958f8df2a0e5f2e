"""Orders in text, as a script and as LaTeX: the numbers in them are torch's and sympy's."""

from __future__ import annotations

import math
import re
import runpy
from pathlib import Path

import pytest
from msgspec.structs import replace

from gradtui.calculus.higher_orders import derivatives
from gradtui.engine.training.evaluate import evaluate
from gradtui.expression.parser import parse
from gradtui.graph.taylor_text import taylor_text
from gradtui.report.export import export
from gradtui.report.text import curve_request, report
from gradtui.snapshot.model import Request, Snapshot
from gradtui.snapshot.orders import OrdersRequest

At = dict[str, float | tuple[float, ...]]


def asked(expression: str, at: At, most: int) -> Snapshot:
    curve = curve_request(tuple(at), at, None)
    request = Request(1, expression, at, dtype="float64", orders=OrdersRequest(most), curve=curve)
    known = tuple(derivatives(replace(request, orders=OrdersRequest(order))) for order in range(1, most + 1))
    return replace(evaluate(request), derivatives=known, derivative=known[0])


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d[\d.]*(?:e-?\d+)?", text)]


def test_print() -> None:
    """x^3 at 2: 12, 12, 6; Taylor of degree 3 is the function itself."""
    told = report(asked("x^3", {"x": 2.0}, 3))
    assert "f''(x) = 12\n" in told
    assert "f''(x) = 6*x\n" in told
    assert "f'''(x) = 6\n" in told
    assert told.count("autograd ✓ calculus ✓ differences ✓") == 3
    assert "8 + 12*(x - 2) + 6*(x - 2)^2 + (x - 2)^3" in told
    assert "off by 0 at -10 and 0 at 10" in told
    assert "∂ x^3" in told, "the nodes that backward made are told apart"


def test_how_far_off_where_f_ends() -> None:
    """At the last places in the window where f has a value."""
    told = report(asked("atanh(x)", {"x": 0.4}, 2))
    (line,) = (line for line in told.splitlines() if "is off by" in line)
    found = numbers(line)
    for off, x in zip(found[::2], found[1::2], strict=True):
        polynomial = math.atanh(0.4) + (x - 0.4) / 0.84 + 0.4 * (x - 0.4) ** 2 / 0.84**2
        assert 0.9 < abs(x) < 1
        assert off == pytest.approx(polynomial - math.atanh(x), rel=1e-3)


def test_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The script gives the same numbers by itself."""
    snapshot = asked("sum(x^2)*y^3", {"x": (1.0, 2.0), "y": 3.0}, 3)
    export(snapshot, str(tmp_path / "script.py"))
    runpy.run_path(str(tmp_path / "script.py"))
    printed = capsys.readouterr().out
    assert snapshot.orders is not None
    assert snapshot.orders.hessian is not None
    rows = [numbers(line.partition(":")[2]) for line in printed.splitlines() if line.startswith("row of the Hessian")]
    assert [tuple(row) for row in rows] == list(snapshot.orders.hessian.matrix)
    assert rows[-1][-1] == 5 * 6 * 3
    assert "order 3 by y alone: [30.0]" in printed
    (taylor,) = (line.partition(":")[2] for line in printed.splitlines() if line.startswith("Taylor along x"))
    assert numbers(taylor) == pytest.approx(snapshot.orders.taylor)


def test_tex(tmp_path: Path) -> None:
    export(asked("x^3", {"x": 2.0}, 2), str(tmp_path / "f.tex"))
    written = (tmp_path / "f.tex").read_text()
    assert r"\frac{d^{2} f}{d x^{2}} = 6 x" in written
    plain = written.replace(r"\left(", "(").replace(r"\right)", ")").replace(r" \cdot", "")
    assert r"T_{2}(x) = 8 + 12 (x - 2) + 6 (x - 2)^{2}" in plain


@pytest.mark.parametrize(("expression", "x"), [("exp(x)", 0.0), ("x^4 - x", -1.5), ("3", 1.0)])
def test_taylor_reads_back(expression: str, x: float) -> None:
    snapshot = asked(f"{expression} + 0*x", {"x": x}, 2)
    assert snapshot.orders is not None
    text = taylor_text(snapshot, snapshot.orders)
    there = evaluate(Request(1, text, {"x": x + 0.5}, dtype="float64", names=("x",)))
    wanted = sum(c * 0.5**k for k, c in enumerate(snapshot.orders.taylor))
    assert there.value is not None
    assert there.value.numbers[0] == pytest.approx(wanted, rel=1e-4)
    assert parse(text, ("x",)) is not None


@pytest.mark.parametrize(
    ("expression", "at", "told", "not_told"),
    [
        (
            "x^2 + 100y^2",
            {"x": 0.0, "y": 0.0},
            ["a minimum", "condition number 100", "2/λmax = 0.01"],
            ["saddle", "flat"],
        ),
        ("-x^2 - y^2", {"x": 0.0, "y": 0.0}, ["a maximum"], ["minimum", "learning rate"]),
        ("x^2 - y^2", {"x": 0.0, "y": 0.0}, ["a saddle", "up along (x: 1, y: 0)"], ["condition"]),
        ("x^2 + y^2", {"x": 1.0, "y": 0.0}, ["curves up in every direction"], ["a minimum"]),
        ("(x + y)^2", {"x": 1.0, "y": -1.0}, ["flat along (x: 0.71, y: -0.71)"], ["condition", "a minimum"]),
        ("x + 2y", {"x": 1.0, "y": 1.0}, ["does not curve"], ["flat along", "learning"]),
    ],
)
def test_what_a_hessian_means(expression: str, at: At, told: list[str], not_told: list[str]) -> None:
    text = " ".join(report(asked(expression, at, 2)).partition("Hessian:")[2].split())
    for part in told:
        assert part in text
    for part in not_told:
        assert part not in text
