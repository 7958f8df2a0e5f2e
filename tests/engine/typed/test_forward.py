"""Values, constants that stay Python numbers, and errors that say where."""

from __future__ import annotations

import math

import pytest
import torch

from gradtui.engine.typed import forward
from gradtui.engine.typed.forward import Forward
from gradtui.expression.parser import ExpressionError, parse
from gradtui.expression.syntax import Call


def run(text: str, **at: float | list[float]) -> Forward:
    leaves = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in at.items()}
    return forward.run(parse(text), leaves)


def number(value: forward.Value) -> float:
    return float(torch.as_tensor(value).detach())


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("2", 2),
        ("2 + 3*4", 2 + 3 * 4),
        ("7/2", 7 / 2),
        ("2^10", 2**10),
        ("2^-1", 2**-1),
        ("-2^2", -(2**2)),
        ("(-8)^3", (-8) ** 3),
        ("10^308", 10**308),
        ("(-1)^(10^300)", 1),
        ("2^0.5", 2**0.5),
        ("1e300*1e300", math.inf),
    ],
)
def test_constants_are_python_numbers(text: str, python: float) -> None:
    output = run(text).output
    assert type(output) is type(python)
    assert output == python


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sqrt(2*pi)", math.sqrt(2 * math.pi)),
        ("sin(1)", math.sin(1)),
        ("max(1, 2)", 2),
        ("atan2(1, 2)", math.atan2(1, 2)),
        ("clamp(5, 0, 1)", 1),
        ("where(1 < 2, 3, 4)", 3),
        ("where(1 >= 2, 3, 4)", 4),
    ],
)
def test_function_of_constants_is_a_python_float(text: str, value: float) -> None:
    output = run(text).output
    assert type(output) is float
    assert output == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("9**9**9**9", "limit", "9**9**9"),
        ("x + 10^309", "limit", "10^309"),
        ("2^2000 - 2^2000", "limit", "2^2000"),
        ("10^300*10^300", "limit", "10^300*10^300"),
        ("2.5^10000", "limit", "2.5^10000"),
        ("x + 1/0", "domain", "1/0"),
        ("0^-1", "domain", "0^-1"),
        ("(-8)^(1/3)", "domain", "(-8)^(1/3)"),
        ("x*[1, 2] + [1, 2, 3]", "domain", "x*[1, 2] + [1, 2, 3]"),
        ("atan2([1, 2], [1, 2, 3])", "domain", "atan2([1, 2], [1, 2, 3])"),
        ("where(v > [1, 2], 1, 0)", "domain", "v > [1, 2]"),
        ("x + dot(x, v)", "domain", "dot(x, v)"),
        ("dot(v, [1, 2])", "domain", "dot(v, [1, 2])"),
        ("[x, v]", "domain", "v"),
        ("std(x)", "domain", "std(x)"),
        ("var([1])", "domain", "var([1])"),
    ],
)
def test_what_has_no_value_is_an_error_at_its_place(text: str, kind: str, place: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        run(text, x=4.0, v=[1.0, 2.0, 3.0])
    error = caught.value
    assert error.kind == kind
    assert place in text[error.start : error.end]
    assert error.end - error.start <= len(place) + 2
    assert "\n" not in error.message


def test_mismatch_names_both_lengths() -> None:
    with pytest.raises(ExpressionError, match=r"\[1,2\] has 2 elements and \[1,2,3\] has 3"):
        run("[1,2]+[1,2,3]")


@pytest.mark.parametrize(
    "text", ["x*10^30", "10^30*x", "x^(10^30)", "x > 10^30", "x/10^300", "max(x, 10^30)", "x + 2^64"]
)
def test_integers_beyond_64_bits_meet_tensors(text: str) -> None:
    """torch refuses such an int; as a float it has a value."""
    run(f"where({text}, x, 0)" if ">" in text else text, x=4.0)


def test_tensors_follow_ieee() -> None:
    assert run("x/0", x=4.0).output == math.inf
    assert math.isnan(number(run("x^(1/3)", x=-8.0).output))


def test_vectors() -> None:
    assert torch.equal(torch.as_tensor(run("[1, 2, 3]^2").output), torch.tensor([1.0, 4.0, 9.0]))
    output = run("[x, 2x, 1]", x=4.0).output
    assert isinstance(output, torch.Tensor)
    assert output.dtype is torch.float64
    assert output.tolist() == [4, 8, 1]
    assert torch.as_tensor(run("3*[1, 2]", x=1.0).output).dtype is torch.float64


def test_values_of_every_node_and_shared_bindings() -> None:
    done = run("a = x^2; b = sin(a); a*b + b", x=1.5)
    calls = [number(value) for node, value in done.values.items() if isinstance(node, Call)]
    assert calls == [pytest.approx(math.sin(1.5**2))]
    assert number(done.output) == pytest.approx(1.5**2 * math.sin(1.5**2) + math.sin(1.5**2))


def test_every_grad_fn_has_a_maker_and_a_value() -> None:
    """softsign is three operations in torch: the values inside it are recorded too."""
    done = run("softsign(x)", x=-4.0)
    assert isinstance(done.output, torch.Tensor)
    quotient = done.output.grad_fn
    assert quotient is not None
    one_more = quotient.next_functions[1][0]
    assert one_more is not None
    size = one_more.next_functions[0][0]
    assert size is not None
    found = [number(done.recorded[node._sequence_nr()]) for node in (quotient, one_more, size)]
    assert found == pytest.approx([-0.8, 5, 4])
    assert {done.makers[node._sequence_nr()] for node in (quotient, one_more, size)} == {done.expression.body}
